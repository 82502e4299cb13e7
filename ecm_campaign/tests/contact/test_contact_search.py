from unittest.mock import patch

from ...models.contact import ecm_contact_number
from ..common import CampaignCase

NUMBER = "+493023125000"


class TestContactSearch(CampaignCase):
    """One search over numbers, names, the key and the e-mail, with Enter (U6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.create_contact(
            phone_1=NUMBER,
            phone_3="+4915123456789",
            first_name="Ada",
            last_name="Lovelace",
            account_number="K-10023",
            email="ada@example.com",
        )
        cls.other = cls.create_contact(
            phone_1="+12145550143", first_name="Ada", last_name="Byron", account_number="4711"
        )

    def search_as_agent(self, text):
        """What the web client asks when somebody types and presses Enter."""
        contacts = self.env["ecm.contact"].with_user(self.agent)
        domain = [("display_name", "ilike", text), ("campaign_id", "=", self.campaign.id)]
        found = contacts.web_search_read(domain, {"display_name": {}}, count_limit=10001)
        self.assertEqual(found["length"], len(found["records"]))
        return self.env["ecm.contact"].browse(each["id"] for each in found["records"])

    def setUp(self):
        super().setUp()
        self.agent = self.create_user("agent")

    def test_it_is_the_first_field_of_the_search_bar(self):
        arch = self.env["ecm.contact"].get_views([(False, "search")])["views"]["search"]["arch"]
        self.assertIn('<search>\n                <field name="display_name"', arch)

    def test_each_of_them_finds_the_contact(self):
        for text in (
            "ada lovelace",
            "Lovelace Ada",
            "lace",
            "k-10023",
            "10023",
            "ada@example.com",
            "030 2312 5000",
            "0049 30 23125000",
            "+49 151 234",
            "Ada 0302312",
            "23125000",
        ):
            with self.subTest(text=text):
                self.assertEqual(self.search_as_agent(text), self.ada)

    def test_all_words_must_match(self):
        self.assertEqual(self.search_as_agent("ada"), self.ada | self.other)
        self.assertFalse(self.search_as_agent("Ada Smith"))
        self.assertFalse(self.search_as_agent("Ada 999999"))

    def test_a_number_without_its_country_code(self):
        self.assertEqual(self.search_as_agent("(214) 555-0143"), self.other)
        self.assertEqual(self.search_as_agent("4711"), self.other)

    def test_who_was_never_called_comes_last(self):
        """P31: by their last attempts, whichever way round, and on every page."""
        late, early = self.create_contact(), self.create_contact()
        late.last_attempt_at = "2026-03-02 10:00:00"
        early.last_attempt_at = "2026-03-01 10:00:00"
        domain = [("campaign_id", "=", self.campaign.id)]
        contacts = self.env["ecm.contact"].with_user(self.agent)
        for limit in (1, 2, 3, 80):
            with self.subTest(limit=limit):
                found = contacts.search(domain, limit=limit, order="last_attempt_at DESC, id")
                expected = late | early | self.ada | self.other
                self.assertEqual(found.ids, expected.ids[:limit])
        found = contacts.search(domain, limit=2, order="last_attempt_at")
        self.assertEqual(found, early | late)
        found = contacts.search(domain, limit=2, offset=1, order="last_attempt_at asc, id")
        self.assertEqual(found, late | self.ada)

    def test_signs_of_like_are_no_jokers(self):
        self.assertFalse(self.search_as_agent("L%e"))

    def test_choosing_a_contact_elsewhere_searches_alike(self):
        found = self.env["ecm.contact"].name_search("Lovelace", operator="ilike")
        self.assertEqual([contact_id for contact_id, _name in found], self.ada.ids)

    def test_other_companies_are_not_found(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids |= company
        campaign = self.create_campaign("Theirs", company_id=company.id)
        self.create_contact(campaign, phone_1=NUMBER)
        contacts = self.env["ecm.contact"].with_user(self.agent)
        self.assertEqual(contacts.search([("display_name", "ilike", NUMBER)]), self.ada)

    def list_numbers(self):
        self.env.flush_all()
        numbers = self.env["ecm.contact.number"]
        # A turn may be over sooner, where the machine is slow.
        while self.env["ecm.contact.unlisted"].search_count([]):
            numbers._cron_list()

    def test_numbers_are_found_before_and_after_they_are_listed(self):
        for _twice in range(2):
            for text in (
                "2312500",
                "3125000",
                NUMBER,
                "0049 30 23125000",
                "+49 1512",
                "0151 23456",
                "456789",
                "10023",
            ):
                self.assertEqual(self.search_as_agent(text), self.ada, text)
            self.assertEqual(self.search_as_agent("471"), self.other)
            self.list_numbers()

    def test_a_part_that_many_have_is_found_without_the_index(self):
        """P31: two digits, or the beginning of a country's numbers, among millions of contacts."""
        numbers = self.env["ecm.contact.number"]
        self.list_numbers()
        self.assertTrue(numbers._is_common(["%49%"]), "an index of parts knows no two signs")
        self.assertFalse(numbers._is_common(["%3125000%"]))
        sample = {"SAMPLED_PERCENT": 100, "SAMPLED_ROWS": 1, "COMMON_SHARE": 0.5}
        for name, value in sample.items():
            self.startPatcher(patch.object(ecm_contact_number, name, value))
        many = [f"+4930231251{number:02d}" for number in range(60)]
        self.env["ecm.contact"].create(
            [{"campaign_id": self.campaign.id, "phone_1": number} for number in many]
        )
        self.list_numbers()
        self.assertTrue(numbers._is_common(["+4930%"]))
        self.assertFalse(numbers._is_common(["+1214%"]))
        self.assertEqual(len(self.search_as_agent("+49 30")), 61)
        self.assertEqual(self.search_as_agent("+1 214"), self.other)

    def test_a_number_that_changed_is_found_at_once_and_the_old_one_no_more(self):
        self.list_numbers()
        self.ada.phone_1 = "+493023125111"
        for _twice in range(2):
            self.assertEqual(self.search_as_agent("3125111"), self.ada)
            self.assertFalse(self.search_as_agent("3125000"))
            self.list_numbers()

    def test_what_follows_in_the_list_is_no_part_of_a_number(self):
        for _twice in range(2):
            self.assertFalse(self.search_as_agent("0143 4711"))
            self.list_numbers()

    def test_a_contact_that_is_deleted_leaves_no_number(self):
        self.list_numbers()
        lines = self.env["ecm.contact.number"]
        self.assertTrue(lines.search([("contact_id", "=", self.other.id)]))
        contact_id = self.other.id
        self.other.unlink()
        self.env.flush_all()
        self.assertFalse(lines.search([("contact_id", "=", contact_id)]))

    def test_many_are_listed_in_parts(self):
        first_id = self.other.id - 50
        self.env["ecm.contact.unlisted"].create({"first_id": first_id, "last_id": self.other.id})
        with patch.object(ecm_contact_number, "LISTED_AT_ONCE", 7):
            self.list_numbers()
        counted = self.env["ecm.contact.number"].search_count([])
        self.assertEqual(counted, self.env["ecm.contact"].search_count([]))
        self.assertEqual(self.search_as_agent("3125000"), self.ada)

    def test_a_change_of_something_else_lists_nothing(self):
        self.list_numbers()
        self.ada.write({"last_name": "King", "phone_1": self.ada.phone_1})
        self.env.flush_all()
        self.assertFalse(self.env["ecm.contact.unlisted"].search_count([]))
