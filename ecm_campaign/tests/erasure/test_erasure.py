from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ...const import PHONE_FIELDS
from ..common import ResultCase

NUMBER, SECOND, OTHER = "+493023125001", "+493023125002", "+493023125003"
PERSON = {
    "phone_1": NUMBER,
    "phone_2": SECOND,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "Ada@Example.com",
    "account_number": "K-4711",
    "zip": "10115",
}


@tagged("post_install", "-at_install")
class TestErasure(ResultCase):
    """Who asks for it is erased, and not called again when somebody uploads the number (N6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.create_contact(**PERSON)
        cls.stranger = cls.create_contact(phone_1=OTHER, first_name="Grace")
        cls.erasures = cls.env["ecm.erasure"]

    def erase(self, **given):
        ids = self.erasures.api_erase(**given)
        self.env.invalidate_all()
        return self.erasures.browse(ids)

    def get_rows_with(self, *texts):
        """Tables of the suite in whose rows one of these texts stands."""
        self.env.flush_all()
        found = {}
        self.env.cr.execute(
            """SELECT c.relname FROM pg_class c
                WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
                  AND (c.relname LIKE 'ecm\\_%' OR c.relname IN ('phone_blacklist'))"""
        )
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE ANY(%s)',
                [[f"%{text}%" for text in texts]],
            )
            [(count,)] = self.env.cr.fetchall()
            if count:
                found[table] = count
        return found

    def test_nothing_of_the_person_is_left_in_any_table(self):
        self.call(self.contact, "no_answer")
        self.env["ecm.contact.number"]._cron_list()
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        wishes._add([SECOND])
        self.assertTrue(self.get_rows_with(NUMBER, SECOND, "Lovelace", "ada@example.com"))

        report = self.erase(numbers=["030 23125001"], reference="REQ-1")
        self.env["ecm.contact.number"]._cron_list()
        self.assertEqual(
            self.get_rows_with(NUMBER, SECOND, "Lovelace", "ada@example.com", "K-4711", "10115"),
            {},
        )
        counts = {line.model: line.count for line in report.line_ids}
        expected = {"ecm.contact": 1, "ecm.attempt": 1, "ecm.dnc.entry": 1}
        self.assertEqual(counts, expected)
        self.assertEqual((report.reference, report.user_id), ("REQ-1", self.env.user))

    def test_the_call_stays_as_evidence(self):
        attempt = self.call(self.contact, "no_answer")
        self.erase(numbers=[NUMBER])
        self.assertEqual(attempt.outcome_id, self.outcome("no_answer"))
        self.assertTrue(attempt.claimed_at)
        self.assertFalse(attempt.number)
        self.assertEqual(self.contact.state, "not_connected")
        self.assertTrue(self.contact.erased_at)
        self.assertEqual([self.contact[name] for name in PHONE_FIELDS[1:]], [False] * 4)
        self.assertEqual(self.stranger.first_name, "Grace")

    def test_an_open_contact_closes(self):
        self.erase(numbers=[NUMBER])
        self.assertEqual(self.contact.state, "withdrawn")

    def test_found_by_email_and_by_key(self):
        for given in ({"emails": ["ada@example.com"]}, {"keys": ["K-4711"]}):
            self.assertEqual(self.erasures.api_find(**given), {"ecm.contact": 1}, given)
        self.erase(emails=["ada@example.com"])
        self.assertTrue(self.contact.erased_at)

    def test_uploaded_again_it_is_not_called(self):
        self.erase(numbers=[NUMBER])
        self.upload(f"phone\n{NUMBER}\n{OTHER.replace('3', '4')}\n{SECOND}\n")
        contacts = self.contacts_of(self.campaign) - self.contact - self.stranger
        states = {contact.phone_1: contact.state for contact in contacts}
        self.assertEqual((states[NUMBER], states[SECOND]), ("dnc_listed", "dnc_listed"))
        self.assertEqual(list(states.values()).count("pending"), 1)

    def test_a_key_that_comes_again_with_another_number_is_not_called(self):
        self.erase(numbers=[NUMBER])
        self.upload("phone,account_number\n+493023125009,K-4711\n")
        self.assertEqual(self.contacts_of(self.campaign)[-1].state, "dnc_listed")

    def test_entered_by_hand_it_is_closed_before_it_is_sent(self):
        self.erase(numbers=[NUMBER])
        again = self.create_contact(phone_1=NUMBER)
        found = self.env["ecm.dnc.list"].check_number(NUMBER)
        self.assertEqual(len(found), 1)
        self.assertNotIn(NUMBER, str(found))
        told = str(again.explain())
        self.assertIn("A number that was erased", told)

    def test_without_suppression_it_may_be_called_again(self):
        report = self.erase(numbers=[NUMBER], suppress=False)
        self.assertEqual(report.suppressed_count, 0)
        self.upload(f"phone\n{NUMBER}\n")
        self.assertEqual(self.contacts_of(self.campaign)[-1].state, "pending")

    def test_who_changes_their_mind_is_taken_off(self):
        self.erase(numbers=[NUMBER])
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        self.assertEqual(wishes.api_remove([NUMBER]), 1)
        self.assertEqual(self.env["ecm.dnc.list"].check_number(NUMBER), [])

    def test_a_list_that_held_the_number_still_counts_until_the_same_day(self):
        own = self.env["ecm.dnc.list"].create({"name": "Own"})
        values = {"list_id": own.id, "value": NUMBER, "date_to": "2020-01-01", "reason": "Ada said"}
        self.env["ecm.dnc.entry"].create(values)
        self.erase(numbers=[NUMBER], suppress=False)
        entry = self.env["ecm.dnc.entry"].search([("list_id", "=", own.id)])
        self.assertEqual((entry.kind, str(entry.date_to)), ("digest", "2020-01-01"))
        self.assertFalse(entry.reason)
        self.assertEqual(self.env["ecm.dnc.list"].check_number(NUMBER), [])

    def test_our_entry_on_odoos_blacklist_goes_and_a_persons_own_stays(self):
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        wishes._add([NUMBER])
        self.env["phone.blacklist"].create({"number": SECOND})
        self.erase(numbers=[NUMBER])
        blacklist = self.env["phone.blacklist"].with_context(active_test=False)
        self.assertFalse(blacklist.search([("number", "=", NUMBER)]))
        self.assertTrue(blacklist.search([("number", "=", SECOND)]))

    def test_a_call_that_is_going_on_ends_without_a_new_wish(self):
        self.env["ecm.dnc.list"]._get_wishes_of(self.env.company).wish_scope = "person"
        attempt = self.send(self.contact)
        self.erase(numbers=[NUMBER])
        self.end(attempt, "do_not_call")
        self.assertTrue(attempt.is_late)
        self.assertEqual(self.get_rows_with(NUMBER, "'erased'"), {})
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        entries = self.env["ecm.dnc.entry"].search([("list_id", "=", wishes.id)])
        self.assertEqual(set(entries.mapped("kind")), {"digest"})

    def test_the_file_that_the_contact_came_in_and_rejected_rows_go(self):
        text = "phone,email\n+493023125011,eve@example.com\nnonsense,eve@example.com\n"
        contact_list = self.upload(text)
        self.assertTrue(contact_list.attachment_id)
        self.assertEqual(contact_list.reject_ids.mapped("row_text")[0][:8], "nonsense")
        self.erase(emails=["eve@example.com"])
        self.assertFalse(contact_list.attachment_id)
        self.assertEqual(contact_list.reject_ids.mapped("row_text"), [False])

    def test_erasing_twice_finds_nothing(self):
        self.erase(numbers=[NUMBER])
        self.assertEqual(self.erasures.api_find(numbers=[NUMBER]), {})
        again = self.erase(numbers=[NUMBER])
        self.assertFalse(again.line_ids)

    def test_an_erased_contact_is_not_called_again_in_bulk(self):
        self.erase(numbers=[NUMBER])
        [(_id, _campaign, reason)] = self.env["ecm.contact"]._sort_for_calling_again(
            self.contact.ids, None
        )
        self.assertNotEqual(reason, "fits")
        self.assertFalse(self.contact._get_earlier())

    def test_another_companys_contacts_stay(self):
        company = self.env["res.company"].create(
            {"name": "Other", "country_id": self.env.ref("base.de").id}
        )
        elsewhere = self.create_campaign("Elsewhere", company_id=company.id)
        theirs = self.create_contact(elsewhere, **PERSON)
        own = self.erasures.with_context(allowed_company_ids=self.env.company.ids)
        own.api_erase(numbers=[NUMBER])
        self.env.invalidate_all()
        self.assertTrue(self.contact.erased_at)
        self.assertEqual(theirs.first_name, "Ada")

    def test_only_administrators_erase(self):
        for role in ("agent", "supervisor"):
            erasures = self.erasures.with_user(self.create_user(role))
            with self.assertRaises(AccessError):
                erasures.api_erase(numbers=[NUMBER])
            with self.assertRaises(AccessError):
                erasures.api_find(numbers=[NUMBER])
        administrator = self.create_user("administrator")
        ids = self.erasures.with_user(administrator).api_erase(numbers=[NUMBER])
        self.assertEqual(self.erasures.browse(ids).user_id, administrator)
        self.assertTrue(self.contact.erased_at)

    def test_nonsense_is_refused_in_words(self):
        for given in (
            {},
            {"numbers": ["12"]},
            {"emails": ["x"]},
            {"numbers": NUMBER},
            {"keys": [1]},
        ):
            with self.assertRaises(UserError, msg=given):
                self.erasures.api_erase(**given)

    def test_the_wizard_shows_what_there_is_before_it_erases_a_customer(self):
        partner = self.env["res.partner"].create(
            {"name": "Ada Lovelace", "phone": "030 23125001", "email": "ada@example.com"}
        )
        wizards = self.env["ecm.erasure.start"].with_context(
            active_model="res.partner", active_ids=partner.ids
        )
        with Form(wizards) as form:
            self.assertEqual(form.numbers, NUMBER)
            self.assertIn("Contact: 1", form.found_text)
            form.reference = "REQ-2"
        action = form.record.action_erase()
        report = self.erasures.browse(action["res_id"])
        self.assertEqual((report.reference, report.record_count), ("REQ-2", 1))
        self.assertTrue(self.contact.erased_at)
