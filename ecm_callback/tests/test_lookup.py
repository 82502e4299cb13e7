from odoo.exceptions import AccessError

from .common import NUMBER, CallbackCase


class TestLookup(CallbackCase):
    """The dialer's script asks who is called, and who takes the call (B4, C8)."""

    def look_up(self, key, user=None):
        return self.env["ecm.callback"].with_user(user or self.env.user).api_look_up(key)

    def call_back(self, **values):
        """A callback whose call is on.

        :return: the attempt
        """
        callback = self.ask(**values)
        self.pass_time(hours=1)
        return self.send(callback.contact_id)

    def test_a_personal_callback(self):
        self.skill.write({"queue": "Sales_CSQ", "next_script": "More.aef"})
        self.env["ecm.campaign.prompt"].create(
            {"campaign_id": self.campaign.id, "key": "greeting", "prompt": "Hello.wav"}
        )
        attempt = self.call_back(
            agent_id=self.anna.id, last_name="Brandt", account_number="K7", note="Offer"
        )
        attempt.contact_id.business_parameters = {"business_parameter_1": "Gold"}
        found = self.look_up(f" {attempt.key} ")
        self.assertEqual(found["status"], "known")
        self.assertEqual(found["routes"], ["agent", "skill", "external"])
        self.assertEqual((found["agent"], found["queue"]), ("Anna", "Sales_CSQ"))
        self.assertEqual(found["next_script"], "More.aef")
        self.assertEqual(found["customer"]["number"], NUMBER)
        self.assertEqual(found["customer"]["last_name"], "Brandt")
        self.assertEqual(found["customer"]["account_number"], "K7")
        self.assertEqual(list(found["business_parameters"].values()), ["Gold"])
        self.assertEqual(found["prompts"], {"greeting": "Hello.wav"})
        self.assertEqual(found["campaign"]["name"], "Spring offer")
        self.assertEqual(found["callback"]["note"], "Offer")

    def test_a_callback_of_the_skill(self):
        found = self.look_up(self.call_back().key)
        self.assertEqual((found["routes"], found["agent"]), (["skill"], None))
        self.assertEqual(found["queue"], "Sales desk")

    def test_any_other_call_of_a_campaign(self):
        contact = self.create_contact(first_name="Ida")
        attempt = self.send(contact)
        found = self.look_up(attempt.key)
        self.assertEqual((found["status"], found["routes"]), ("known", []))
        self.assertEqual((found["customer"]["first_name"], found["callback"]), ("Ida", None))
        self.campaign.callback_skill_id = self.skill
        self.assertEqual(self.look_up(attempt.key)["routes"], ["skill"])

    def test_a_call_whose_result_was_read_already(self):
        attempt = self.call_back(agent_id=self.anna.id)
        self.end(attempt, "voice")
        found = self.look_up(attempt.key)
        self.assertEqual((found["status"], found["routes"]), ("finished", ["agent", "skill"]))

    def test_what_is_not_ours(self):
        for key in ("none", "", "x" * 500, "'; --", "\x00", None):
            with self.subTest(key=key):
                found = self.look_up(key)
                self.assertEqual((found["status"], found["routes"]), ("unknown", []))
                self.assertEqual((found["prompts"], found["campaign"]), ({}, None))

    def test_another_company_learns_nothing(self):
        attempt = self.call_back()
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.create_user(
            "administrator",
            login="ecm_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        self.assertEqual(self.look_up(attempt.key, foreign)["status"], "unknown")

    def test_another_team_learns_nothing(self):
        attempt = self.call_back()
        team, other = self.env["ecm.team"].create([{"name": "Ours"}, {"name": "Others"}])
        self.campaign.team_ids = team
        other.user_ids = self.user
        self.assertEqual(self.look_up(attempt.key, self.user)["status"], "unknown")

    def test_without_a_role_nobody_asks(self):
        nobody = self.env["res.users"].create({"name": "No role", "login": "ecm_no_role"})
        with self.assertRaises(AccessError):
            self.look_up("none", nobody)

    def test_one_statement_finds_the_call_by_its_key(self):
        attempt = self.call_back()
        self.look_up(attempt.key)
        self.env.invalidate_all()
        # The call, and whether the caller may see its contact.
        with self.assertQueryCount(4):
            self.look_up(attempt.key)
        self.assertEqual(attempt.state, "sent")
