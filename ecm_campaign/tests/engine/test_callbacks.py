from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from ...models.contact.ecm_contact_queue import Sent
from ...tools.results import Promise
from ..common import ResultCase


class TestCallbacks(ResultCase):
    """A customer asks to be called back: who calls, how often, and by which rules (S7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.callbacks = cls.create_strategy(
            "12", name="Callbacks", kind="callback", is_capped=True, max_attempts=4
        )
        first = cls.callbacks.attempt_ids[0]
        for code in ("busy", "agent_no_answer", "callback_missed"):
            cls.add_rule(first, code, action="again", delay_minutes=20)
        cls.campaign.callback_strategy_id = cls.callbacks
        cls.campaign.business_outcome_group_id = cls.env.ref(
            "ecm_campaign.ecm_business_outcome_group_wrapup_code"
        )

    def ask(self, contact=None, **values):
        """A contact that asked Anna to be called back."""
        contact = contact or self.create_contact()
        self.call(contact, "callback", agent="Anna", **values)
        return contact

    def test_the_callback_strategy_takes_over_for_the_same_agent(self):
        contact = self.ask()
        self.assertNext(contact, 1, 0, callback="personal", callback_agent="Anna", cycle=1)
        self.assertTrue(contact.callback_since)

    def test_the_one_call_that_was_asked_for_is_known(self):
        """O1: a region rule may exempt it, and no call after it."""
        contact = self.create_contact()
        self.assertFalse(contact._get_candidates()[0].is_requested)
        self.ask(contact)
        self.assertTrue(contact._get_candidates()[0].is_requested)
        contact.sudo().callback_since -= timedelta(hours=1)
        self.call(contact, "busy")
        self.assertFalse(contact._get_candidates()[0].is_requested)

        rule = self.env["ecm.region.rule"].create(
            {
                "name": "Once",
                "country_id": self.env.ref("base.de").id,
                "limit_ids": [fields.Command.create({"count": 1, "exempts_requests": True})],
            }
        )
        self.assertTrue(rule.limit_ids._get_limit().exempts_requests)

    def test_after_the_last_attempt_all_are_used(self):
        """U14: that no rule follows it is no fault of the strategy."""
        contact = self.create_contact(self.create_campaign("Once", callback_strategy_id=False))
        contact.campaign_id.strategy_id = self.create_strategy("1", name="One attempt")
        self.call(contact, "busy")
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "no_rule"))
        self.assertEqual(contact.close_text, "All attempts used (last: Busy)")
        self.assertIn("All attempts used (last: Busy)", contact.explain()[0]["summary"])

    def test_the_callback_strategy_says_when_where_no_rule_does(self):
        self.callbacks.callback_minutes = 90
        self.assertNext(self.ask(), 1, 90, callback="personal")
        shipped = self.env.ref("ecm_campaign.ecm_strategy_callback")
        self.assertEqual(shipped.callback_minutes, 60)

    def test_a_callback_is_kept_for_its_agent_from_when_it_is_due(self):
        self.campaign.write({"callback_release": "duration", "callback_personal_hours": 24})
        rule = self.add_rule(self.own_strategy.attempt_ids[0], "callback", action="again")
        rule.delay_days = 3
        contact = self.ask()
        self.assertNext(contact, 1, 3 * 24 * 60, callback="personal", callback_agent="Anna")
        self.assertEqual(contact.callback_due, contact.next_attempt_at)

    def test_a_wrap_up_asks_for_a_callback_after_its_delay(self):
        contact = self.create_contact()
        self.call(contact, "voice", agent="Anna", wrap_up="callback requested")
        self.assertNext(contact, 1, 5, callback="personal", callback_agent="Anna")

    def test_counters_begin_anew(self):
        self.add_rule(self.own_strategy.attempt_ids[0], "busy", action="again")
        self.own_strategy.write({"is_capped": True, "max_attempts": 3})
        contact = self.create_contact()
        self.call(contact, "busy")
        self.call(contact, "busy")
        self.ask(contact)
        self.assertEqual(contact.attempt_count, 0)
        self.call(contact, "busy")
        self.assertNext(contact, 1, 20, attempt_count=1)

    def test_counters_go_on_where_the_campaign_says_so(self):
        self.campaign.callback_resets = False
        self.add_rule(self.own_strategy.attempt_ids[0], "busy", action="again")
        self.own_strategy.write({"is_capped": True, "max_attempts": 9})
        contact = self.create_contact()
        for _call in range(2):
            self.call(contact, "busy")
        self.ask(contact)
        self.assertEqual((contact.attempt_count, contact.callback), (3, "personal"))
        self.call(contact, "busy")
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "budget"))

    def test_a_budget_that_nobody_set_begins_anew_anyway(self):
        self.campaign.callback_resets = False
        self.callbacks.is_capped = False
        self.add_rule(self.own_strategy.attempt_ids[0], "busy", action="again")
        self.own_strategy.write({"is_capped": True, "max_attempts": 9})
        contact = self.create_contact()
        for _call in range(4):
            self.call(contact, "busy")
        self.ask(contact)
        self.assertNext(contact, 1, 0, callback="personal")

    def test_who_asks_again_is_called_back_anew_by_the_new_agent(self):
        contact = self.ask()
        first = contact.callback_since
        contact.callback_since = first - timedelta(hours=1)
        self.call(contact, "callback", agent="Bert")
        self.assertNext(contact, 1, 0, callback="personal", callback_agent="Bert", attempt_count=0)
        self.assertGreaterEqual(contact.callback_since, first)

    def test_its_own_rules_decide_afterwards(self):
        self.add_rule(self.own_strategy.attempt_ids[0], "no_answer", action="again")
        contact = self.ask()
        self.call(contact, "busy")
        self.assertNext(contact, 1, 20, callback="personal", callback_agent="Anna")
        self.call(contact, "no_answer")
        self.assertEqual((contact.state, contact.close_reason), ("not_connected", "no_rule"))

    def test_without_a_callback_strategy_the_strategys_rule_decides(self):
        self.campaign.callback_strategy_id = False
        self.add_rule(
            self.own_strategy.attempt_ids[0], "callback", action="again", delay_minutes=40
        )
        contact = self.ask()
        self.assertNext(contact, 1, 40, callback=False)

    def test_a_callback_is_anybodys_after_so_many_tries_to_reach_the_agent(self):
        self.campaign.callback_agent_tries = 2
        contact = self.ask()
        self.call(contact, "agent_no_answer")
        self.assertNext(contact, 1, 20, callback="personal")
        self.call(contact, "busy")
        self.assertEqual(contact.callback, "personal")
        self.call(contact, "callback_missed")
        self.assertNext(contact, 1, 20, callback="normal")

    def test_a_callback_is_anybodys_when_its_next_call_is_too_late_for_the_agent(self):
        self.campaign.write({"callback_release": "duration", "callback_personal_hours": 0.25})
        contact = self.ask()
        self.assertEqual(contact.callback, "personal")
        self.call(contact, "agent_no_answer")
        self.assertEqual(contact.callback, "normal")

    def test_a_rule_keeps_the_callback_for_its_agent(self):
        self.callbacks.attempt_ids.rule_ids.retain_pcb = True
        contact = self.ask()
        self.call(contact, "agent_no_answer")
        self.assertNext(contact, 1, 20, callback="personal", callback_retained=True)

    def test_never_means_never(self):
        self.campaign.callback_release = "never"
        contact = self.ask()
        for _call in range(2):
            self.call(contact, "agent_no_answer")
        self.assertEqual(contact.callback, "personal")

    # -- arranged on the channel ------------------------------------------------------------------

    def arrange(self, contact=None, at=None, **values):
        """The channel's agent arranges a callback that the channel makes itself.

        :return: the attempt
        """
        attempt = self.send(contact or self.create_contact())
        self.promise(attempt, at, **values)
        return attempt

    def promise(self, attempt, at=None, **values):
        at = at or fields.Datetime.now() + timedelta(hours=5)
        values = {"agent": "Anna", "number": "+493023125999", **values}
        self.engine._note_promises([Promise(attempt.key, at, **values)])
        self.env.invalidate_all()

    def test_a_callback_that_the_channel_makes_waits_there(self):
        at = fields.Datetime.now() + timedelta(days=2)
        attempt = self.arrange(at=at)
        contact = attempt.contact_id
        self.assertEqual((contact.state, contact.current_attempt_id), ("sent_to_dialer", attempt))
        self.assertEqual((contact.callback, contact.callback_agent), ("personal", "Anna"))
        self.assertEqual((contact.callback_due, contact.number_to_call), (at, "+493023125999"))
        self.assertEqual((attempt.callback_at, attempt.callback_number), (at, "+493023125999"))
        explained = contact.explain()[0]["checks"][0]["detail"]
        self.assertIn("An agent has arranged a callback for", explained)
        self.assertIn("+493023125999", explained)

    def test_what_the_channels_callback_comes_to_is_the_callback_strategys_first_attempt(self):
        contact = self.create_contact(phone_2="+493023125111")
        self.add_rule(self.own_strategy.attempt_ids[0], "no_answer", action="again")
        self.own_strategy.write({"is_capped": True, "max_attempts": 9})
        self.call(contact, "no_answer")
        attempt = self.arrange(contact)
        self.assertEqual((attempt.position, contact.attempt_count), (1, 0))
        self.end(attempt, "busy")
        self.assertNext(contact, 1, 20, callback="personal", callback_agent="Anna", attempt_count=1)

    def test_a_reached_customer_is_closed(self):
        attempt = self.arrange()
        self.end(attempt, "voice", agent="Bert")
        self.assertEqual(attempt.contact_id.state, "connected")

    def test_moving_a_callback_begins_nothing_anew(self):
        attempt = self.arrange()
        contact = attempt.contact_id
        contact.attempt_count = 2
        contact.callback_since = since = fields.Datetime.now() - timedelta(hours=3)
        later = fields.Datetime.now() + timedelta(days=1)
        self.promise(attempt, later)
        self.assertEqual((contact.callback_due, attempt.callback_at), (later, later))
        self.assertEqual((contact.attempt_count, contact.callback_since), (2, since))

    def test_without_a_callback_strategy_the_channels_callback_is_the_same_attempt(self):
        self.campaign.callback_strategy_id = False
        self.add_rule(self.own_strategy.attempt_ids[1], "busy", action="again", delay_minutes=7)
        contact = self.create_contact(phone_2="+493023125111")
        contact.next_position = 2
        attempt = self.arrange(contact)
        self.end(attempt, "busy")
        self.assertNext(contact, 2, 7, attempt_count=1)

    def test_a_callback_of_somebody_who_was_withdrawn_changes_nothing(self):
        attempt = self.send(self.create_contact())
        attempt.contact_id.action_withdraw()
        self.promise(attempt)
        self.assertFalse(attempt.callback_at or attempt.contact_id.callback)

    def test_it_dangles_when_its_time_is_long_over(self):
        attempt = self.arrange()
        contact = attempt.contact_id
        now = fields.Datetime.now()
        attempt.claimed_at = now - timedelta(days=6)
        for hours, state in ((23, "sent_to_dialer"), (25, "dangling")):
            attempt.callback_at = now - timedelta(hours=hours)
            self.env.flush_all()
            self.env["ecm.attempt"]._sweep_dangling(now, 9)
            self.env.invalidate_all()
            self.assertEqual(contact.state, state)

    def test_a_callback_that_is_ours_is_made_when_the_customer_wants_it(self):
        at = fields.Datetime.now() + timedelta(hours=5)
        self.assertNext(self.ask(callback_at=at), 1, 300, callback="personal")
        past = fields.Datetime.now() - timedelta(hours=5)
        self.assertNext(self.ask(self.create_contact(), callback_at=past), 1, 0)

    # -- while it waits ---------------------------------------------------------------------------

    def claim(self, contact, **later):
        """The gates, some time later.

        :return: whose callback it is when it is sent
        """
        now = fields.Datetime.now() + timedelta(**later)
        rules = self.engine._get_rules(self.campaign, now)
        candidates, verdicts = self.engine._judge(rules, contact._get_candidates(), now)
        self.assertFalse(verdicts)
        return candidates[0].callback

    def test_a_callback_whose_time_passes_while_it_waits_is_anybodys_at_its_claim(self):
        self.campaign.write({"callback_release": "duration", "callback_personal_hours": 2})
        contact = self.ask()
        self.assertEqual(self.claim(contact, hours=1), "personal")
        self.assertEqual(self.claim(contact, hours=3), "normal")
        self.assertEqual(contact.callback, "personal")
        self.env["ecm.contact"]._mark_sent(
            [Sent(contact.id, None, contact.phone_1, "normal")],
            "sent_to_dialer",
            fields.Datetime.now(),
        )
        self.env.invalidate_all()
        self.assertEqual(contact.callback, "normal")

    def test_time_releases_no_callback_that_a_rule_keeps(self):
        self.campaign.write({"callback_release": "duration", "callback_personal_hours": 2})
        self.callbacks.attempt_ids.rule_ids.retain_pcb = True
        contact = self.ask()
        self.call(contact, "busy")
        self.assertEqual(self.claim(contact, hours=30), "personal")

    def test_time_releases_no_callback_where_tries_do(self):
        self.assertEqual(self.claim(self.ask(), hours=300), "personal")

    # -- settings ---------------------------------------------------------------------------------

    def test_settings_that_make_no_sense_are_refused(self):
        for values in (
            {"callback_agent_tries": 0},
            {"callback_release": "duration", "callback_personal_hours": 0},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.campaign.write(values)

    def test_a_running_campaign_keeps_its_callback_strategy(self):
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            self.campaign.callback_strategy_id = False
