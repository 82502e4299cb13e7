from datetime import timedelta

from odoo.exceptions import AccessError

from .common import NOW, CallbackCase

HOUR = timedelta(hours=1)


class TestAccess(CallbackCase):
    """Who may ask, change and configure (R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")
        cls.other = cls.create_user("agent", login="ecm_other_agent")

    def test_an_agent_asks_and_changes_what_is_their_own(self):
        own = self.ask(agent_id=self.anna.id, user=self.user)
        own.due_at = NOW + 2 * HOUR
        own.action_cancel()
        asked = self.ask("+493023125001", user=self.user)
        asked.due_at = NOW + 2 * HOUR

    def test_an_agent_sees_others_and_changes_none(self):
        callback = self.ask(agent_id=self.anna.id).with_user(self.other)
        self.assertEqual(callback.number, "+493023125000")
        with self.assertRaises(AccessError):
            callback.due_at = NOW + 2 * HOUR
        with self.assertRaises(AccessError):
            callback.action_cancel()
        with self.assertRaises(AccessError):
            callback.note = "Mine"

    def test_a_supervisor_changes_all_and_deletes_none(self):
        callback = self.ask(agent_id=self.anna.id).with_user(self.supervisor)
        callback.due_at = NOW + 2 * HOUR
        with self.assertRaises(AccessError):
            callback.unlink()

    def test_what_the_engine_writes_nobody_does(self):
        callback = self.ask().with_user(self.supervisor)
        for name, value in (("state", "finished"), ("kept", "on_time"), ("seat", 7)):
            with self.subTest(field=name), self.assertRaises(AccessError):
                callback[name] = value
        with self.assertRaises(AccessError):
            self.ask("+493023125001", user=self.supervisor, kept="on_time")

    def test_agents_do_not_configure(self):
        with self.assertRaises(AccessError):
            self.skill.with_user(self.user).capacity = 99
        with self.assertRaises(AccessError):
            self.anna.with_user(self.user).open_limit = 0

    def test_without_a_role_nothing_is_seen(self):
        nobody = self.env["res.users"].create({"name": "No role", "login": "ecm_no_role"})
        callback = self.ask()
        with self.assertRaises(AccessError):
            callback.with_user(nobody).read(["number"])
        with self.assertRaises(AccessError):
            self.ask("+493023125001", user=nobody)
        with self.assertRaises(AccessError):
            self.env["ecm.callback"].with_user(nobody).api_offer_slots(self.skill.id, number="+1")

    def test_another_team_sees_only_its_own(self):
        callback = self.ask(agent_id=self.anna.id)
        team, others = self.env["ecm.team"].create([{"name": "Ours"}, {"name": "Others"}])
        self.campaign.team_ids = team
        others.user_ids = self.other | self.user
        self.env.flush_all()
        found = self.env["ecm.callback"].search([("id", "=", callback.id)])
        self.assertFalse(found.with_user(self.other).search([("id", "=", callback.id)]))
        # Whose callback it is sees it all the same.
        self.assertTrue(found.with_user(self.user).search([("id", "=", callback.id)]))
        team.user_ids = self.other
        others.user_ids = False
        self.env.flush_all()
        self.assertTrue(found.with_user(self.other).search([("id", "=", callback.id)]))

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.create_user(
            "administrator",
            login="ecm_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        self.ask()
        for model in ("ecm.callback", "ecm.callback.skill", "ecm.callback.agent"):
            found = self.env[model].with_user(foreign).search([])
            self.assertNotIn(self.env.company, found.sudo().company_id)
