from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from .common import NOW, NUMBER, CallbackCase

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class TestSchedule(CallbackCase):
    """What is due becomes a contact of the callback campaign, and follows it (B3, B5)."""

    def test_nothing_before_its_time(self):
        callback = self.ask()
        self.pass_time(minutes=58)
        self.assertEqual((callback.state, callback.contact_id.id), ("scheduled", False))

    def test_early_enough_for_the_dialer(self):
        self.skill.early_minutes = 5
        callback = self.ask()
        self.pass_time(minutes=55)
        self.assertEqual(callback.state, "queued")

    def test_a_contact_of_the_callback_campaign(self):
        callback = self.ask(agent_id=self.anna.id, last_name="Brandt", account_number="K7")
        self.pass_time(hours=1)
        contact = callback.contact_id
        self.assertEqual((contact.campaign_id, contact.phone_1), (self.campaign, NUMBER))
        self.assertEqual((contact.callback, contact.callback_agent), ("personal", "Anna"))
        self.assertEqual((contact.callback_due, contact.last_name), (NOW + HOUR, "Brandt"))
        self.assertTrue(contact.is_ready)
        candidate = contact._get_candidates()[0]
        self.assertTrue(candidate.is_requested)

    def test_the_gates_let_it_pass_by_the_callback_strategy(self):
        callback = self.ask()
        self.pass_time(hours=1)
        engine, now = self.env["ecm.engine"], fields.Datetime.now()
        rules = engine._get_rules(self.campaign, now)
        passed, verdicts = engine._judge(rules, callback.contact_id._get_candidates(), now)
        self.assertFalse(verdicts)
        self.assertEqual((passed[0].attempt.position, passed[0].attempt.number), (1, NUMBER))

    def test_once_only_whoever_runs(self):
        callback = self.ask()
        self.pass_time(hours=1)
        contact = callback.contact_id
        for _run in range(3):
            self.pass_time(minutes=1)
        self.assertEqual(callback.contact_id, contact)
        self.assertEqual(self.contacts_of(self.campaign), contact)

    def test_a_number_that_is_known_in_the_campaign_is_called_back(self):
        self.campaign.duplicate_policy = "reject"
        self.create_contact(phone_1=NUMBER)
        callback = self.ask()
        self.pass_time(hours=1)
        self.assertEqual(callback.state, "queued")

    def test_business_parameters_come_along(self):
        self.campaign.callback_skill_id = self.skill
        contact = self.create_contact(phone_1=NUMBER)
        contact.business_parameters = {"business_parameter_1": "Gold"}
        callback = self.ask(origin_contact_id=contact.id)
        self.pass_time(hours=1)
        self.assertEqual(callback.contact_id.business_parameters["business_parameter_1"], "Gold")

    def test_reached_on_time(self):
        callback = self.ask()
        self.pass_time(hours=1)
        attempt = self.send(callback.contact_id)
        self.run_scheduler()
        self.assertEqual(callback.state, "dialing")
        self.end(attempt, "voice", agent="Anna", called_at=NOW + HOUR + 3 * MINUTE)
        self.assertEqual((callback.state, callback.kept), ("finished", "on_time"))
        self.assertEqual((callback.attempt_count, callback.late_minutes), (1, 3))
        self.assertEqual(callback.called_at, NOW + HOUR + 3 * MINUTE)

    def test_reached_late(self):
        callback = self.ask()
        self.pass_time(hours=1)
        self.call(callback.contact_id, "voice", called_at=NOW + HOUR + 6 * MINUTE)
        self.assertEqual((callback.state, callback.kept), ("finished", "late"))

    def test_a_retry_waits_and_is_due_again(self):
        callback = self.ask()
        self.pass_time(hours=1)
        self.call(callback.contact_id, "busy", called_at=NOW + HOUR)
        self.assertEqual((callback.state, callback.attempt_count), ("scheduled", 1))
        self.assertEqual(callback.next_attempt_at, NOW + HOUR + 20 * MINUTE)
        self.assertEqual(callback.kept, "on_time")
        self.pass_time(minutes=21)
        self.assertEqual(callback.state, "queued")
        self.call(callback.contact_id, "no_answer")
        self.assertEqual((callback.state, callback.attempt_count), ("failed", 2))

    def test_a_personal_callback_becomes_anybodys(self):
        callback = self.ask(agent_id=self.anna.id)
        self.pass_time(hours=1)
        self.call(callback.contact_id, "agent_no_answer")
        self.assertEqual((callback.kind, callback.state), ("normal", "scheduled"))

    def test_what_the_engine_closes_closes_the_callback(self):
        for state, expected in (
            ("expired", "missed"),
            ("dnc_listed", "blocked"),
            ("withdrawn", "cancelled"),
            ("dangling", "failed"),
        ):
            with self.subTest(state=state):
                self.skill.repeat_policy = "new"
                callback = self.ask()
                self.pass_time(hours=1)
                callback.contact_id.sudo().write({"state": state, "is_ready": False})
                self.run_scheduler()
                self.assertEqual(callback.state, expected)

    # -- missed -----------------------------------------------------------------------------------

    def test_a_missed_one_is_called_all_the_same(self):
        callback = self.ask()
        self.pass_time(hours=3)
        self.assertEqual(callback.state, "queued")

    def test_a_missed_one_moves_to_the_next_free_slot(self):
        self.skill.missed_policy = "next"
        callback = self.ask()
        self.pass_time(hours=1)
        contact = callback.contact_id
        self.pass_time(minutes=61)
        self.assertEqual((callback.state, callback.miss_count), ("scheduled", 1))
        self.assertEqual(callback.due_at, NOW + timedelta(hours=2, minutes=30))
        self.assertEqual(callback.promised_at, NOW + HOUR)
        self.assertEqual(contact.callback_due, callback.due_at)
        self.pass_time(minutes=30)
        self.call(contact, "voice", called_at=fields.Datetime.now())
        self.assertEqual((callback.state, callback.kept), ("finished", "late"))

    def test_one_that_is_missed_too_often_is_given_up(self):
        self.skill.missed_policy = "next"
        callback = self.ask()
        for _day in range(3):
            self.pass_time(hours=2, minutes=40)
        self.assertEqual((callback.state, callback.kept), ("missed", "missed"))

    def test_a_missed_one_is_given_up_and_somebody_is_told(self):
        self.skill.missed_policy = "give_up"
        callback = self.ask(agent_id=self.anna.id)
        self.pass_time(hours=1)
        self.pass_time(minutes=61)
        self.assertEqual((callback.state, callback.kept), ("missed", "missed"))
        self.assertEqual(callback.contact_id.state, "withdrawn")
        self.assertEqual(callback.activity_ids.user_id, self.user)
        self.assertIn("Missed callback", callback.activity_ids.summary)

    def test_one_that_is_at_the_dialer_is_not_missed(self):
        self.skill.missed_policy = "give_up"
        callback = self.ask()
        self.pass_time(hours=1)
        self.send(callback.contact_id)
        self.pass_time(hours=2)
        self.assertEqual(callback.state, "dialing")

    def test_after_an_outage_what_is_not_handed_over_is_missed_too(self):
        self.skill.missed_policy = "give_up"
        callback = self.ask()
        self.pass_time(hours=3)
        self.assertEqual((callback.state, callback.contact_id.id), ("missed", False))

    # -- the agent is away ------------------------------------------------------------------------

    def go_on_leave(self):
        self.anna.hours_id = self.hours.copy({"name": "Anna's", "wednesday": "13:00–17:00"})

    def test_the_skill_takes_the_callback_of_an_agent_who_is_away(self):
        callback = self.ask(agent_id=self.anna.id)
        self.go_on_leave()
        self.pass_time(hours=1)
        self.assertEqual((callback.kind, callback.state), ("normal", "queued"))
        self.assertFalse(callback.contact_id.callback_agent)

    def test_a_callback_waits_for_its_agent(self):
        self.skill.away_policy = "wait"
        callback = self.ask(agent_id=self.anna.id)
        self.go_on_leave()
        self.pass_time(hours=1)
        self.assertEqual((callback.kind, callback.state), ("personal", "scheduled"))
        self.assertEqual(callback.due_at, NOW + 4 * HOUR)

    # -- the scheduler itself ---------------------------------------------------------------------

    def test_a_copy_of_the_database_hands_nothing_over(self):
        callback = self.ask()
        self.env["ir.config_parameter"].sudo().set_param("database.is_neutralized", "True")
        with self.assertLogs("odoo.addons.ecm_campaign", "WARNING"):
            self.pass_time(hours=1)
        self.assertEqual(callback.state, "scheduled")

    def test_many_are_handed_over_in_batches(self):
        self.skill.write({"capacity": 0, "repeat_policy": "new"})
        for place in range(5):
            self.ask(f"+4930231250{place:02}")
        with patch("odoo.addons.ecm_callback.models.ecm_callback_schedule_mixin.BATCH", 2):
            self.pass_time(hours=1)
        self.assertEqual(len(self.contacts_of(self.campaign)), 5)


class TestDeletedContact(CallbackCase):
    """The row of a callback's contact is gone, whoever deleted it."""

    def setUp(self):
        super().setUp()
        self.callback = self.ask(agent_id=self.anna.id)
        self.pass_time(hours=1)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM ecm_contact WHERE id = %s", [self.callback.contact_id.id])
        self.env.invalidate_all()

    def test_it_is_closed_with_a_reason_and_nobody_is_called(self):
        self.run_scheduler()
        self.assertEqual(self.callback.state, "cancelled")
        self.assertEqual(self.callback.cancel_reason, "Its contact was deleted.")
        self.assertFalse(self.callback.contact_id)
        self.assertFalse(self.callback.activity_ids)
        self.pass_time(hours=3)
        self.assertFalse(self.contacts_of(self.campaign))

    def test_the_customer_may_ask_anew(self):
        again = self.ask()
        self.assertNotEqual(again, self.callback)
        self.assertEqual((again.state, self.callback.state), ("scheduled", "cancelled"))

    def test_whoever_changes_it_is_told(self):
        for change in (
            lambda: self.callback.write({"due_at": NOW + timedelta(days=1)}),
            self.callback.action_cancel,
            self.callback.action_view_contact,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
            self.env.invalidate_all()

    def test_its_form_opens(self):
        view = self.env.ref("ecm_callback.ecm_callback_view_form")
        names = self.callback.get_view(view.id, "form")["models"]["ecm.callback"]
        [values] = self.callback.web_read({name: {} for name in names})
        self.assertEqual((values["state"], values["has_contact"]), ("queued", False))

    def test_links_of_closed_ones_go_with_the_contact(self):
        contact = self.create_contact(phone_1="+493023125099")
        values = {"number": NUMBER, "due_at": NOW, "promised_at": NOW, "contact_id": contact.id}
        closed = self.env["ecm.callback"]._create_unchecked({**values, "state": "finished"})
        contact.unlink()
        self.assertEqual((closed.state, closed.contact_id.id), ("finished", False))

    def test_an_open_one_is_closed_with_its_contact(self):
        contact = self.create_contact(phone_1="+493023125099")
        values = {"number": NUMBER, "due_at": NOW, "promised_at": NOW, "contact_id": contact.id}
        waiting = self.env["ecm.callback"]._create_unchecked({**values, "state": "queued"})
        contact.unlink()
        self.assertEqual((waiting.state, waiting.contact_id.id), ("cancelled", False))
