from ..common import CampaignCase

LISTED, FREE = "+12145550143", "+12145550144"
LINKS = ("is_open", "dnc_numbers")


class TestContactDetails(CampaignCase):
    """What whoever takes the call sees, and which numbers have a link to call (P11, U4, U29)."""

    def read_as_agent(self, contact, *names):
        """What the web client reads for the form."""
        agent = contact.with_user(self.create_user("agent"))
        return agent.web_read({name: {} for name in names})[0]

    def test_a_contact_is_typed_in(self):
        """The form of a new contact opens, before its campaign is chosen."""
        self.assertFalse(self.env["ecm.contact"].new({"phone_1": LISTED}).dnc_numbers)

    def test_an_agent_sees_all_of_a_session_on_one_view(self):
        group = self.env["ecm.campaign.group"].create({"name": "Renewals"})
        self.campaign.group_id = group
        contact_list = self.env["ecm.contact.list"].create(
            {"name": "May", "campaign_id": self.campaign.id}
        )
        contact = self.create_contact(
            phone_1=LISTED, region="tx", zip="75201", list_id=contact_list.id
        )
        names = (
            "campaign_number campaign_kind campaign_group list_number area_code state_name zip "
            "zone_text"
        ).split()
        details = self.read_as_agent(contact, *names)
        self.assertEqual(
            [details[name] for name in names],
            [
                self.campaign.id,
                "Agent voice",
                "Renewals",
                contact_list.id,
                "214",
                "Texas",
                "75201",
                "America/Chicago",
            ],
        )

    def test_a_mobile_number_has_no_area_code_and_may_be_in_many_zones(self):
        contact = self.create_contact(phone_1="+61412345678", region="Somewhere")
        details = self.read_as_agent(contact, "area_code", "state_name", "zone_text")
        self.assertFalse(details["area_code"])
        self.assertEqual(details["state_name"], "Somewhere")
        self.assertRegex(details["zone_text"], r"^\w+/\w+, \w+/\w+ and \d+ more$")

    def test_listed_numbers_are_named_and_the_others_are_not(self):
        contact = self.create_contact(phone_1=FREE, phone_2=LISTED)
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        wishes._add([LISTED])
        links = self.read_as_agent(contact, *LINKS)
        self.assertEqual((links["is_open"], links["dnc_numbers"]), (True, [LISTED]))

    def test_who_is_listed_by_the_key_is_listed_with_all_numbers(self):
        contact = self.create_contact(phone_1=FREE, phone_2=LISTED, account_number="K-1")
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        self.env["ecm.dnc.entry"].create({"list_id": wishes.id, "kind": "key", "value": "K-1"})
        links = self.read_as_agent(contact, *LINKS)
        self.assertEqual(links["dnc_numbers"], [FREE, LISTED])

    def test_no_number_has_odoos_links_to_calls_and_messages(self):
        for model in ("ecm.contact", "ecm.attempt"):
            views = self.env[model].get_views([(False, "form"), (False, "list")])["views"]
            for kind, view in views.items():
                with self.subTest(model=model, kind=kind):
                    self.assertNotIn('widget="phone"', view["arch"])

    def test_what_only_the_engine_understands_is_not_offered(self):
        described = self.env["ecm.contact"].fields_get()
        for name in ("is_drawn", "resume_at", "dial_key"):
            with self.subTest(field=name):
                offered = [described[name][key] for key in ("groupable", "searchable", "sortable")]
                self.assertFalse(any(offered))
        self.assertTrue(described["last_outcome_id"]["groupable"])

    def test_an_attempt_is_known_by_its_number_and_time(self):
        attempt = self.env["ecm.attempt"].create(
            {
                "key": "81040e37-7a0",
                "contact_id": self.create_contact(phone_1=FREE).id,
                "campaign_id": self.campaign.id,
                "company_id": self.env.company.id,
                "number": FREE,
                "channel": "voice",
                "claimed_at": "2026-03-02 10:00:00",
            }
        )
        self.assertRegex(attempt.display_name, rf"^\{FREE}, Mon 2 Mar 2026")
