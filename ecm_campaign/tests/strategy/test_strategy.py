import collections
from datetime import UTC, datetime, timedelta
from itertools import product
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError

from ...tools.strategy import Close, Counters, NextAttempt, Outcome, decide, first_attempt
from ..common import CampaignCase

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class TestStrategy(CampaignCase):
    """Strategies as records: plan, locks, copies, checks (S1, S8)."""

    def test_shipped_strategies(self):
        default = self.env.ref("ecm_campaign.ecm_strategy_default")
        self.assertEqual(default.attempt_ids.mapped("channel"), ["sms"])
        callback = self.env.ref("ecm_campaign.ecm_strategy_callback")
        self.assertEqual((callback.kind, callback.max_attempts), ("callback", 3))

    def test_shipped_strategies_never_call_a_number_twice_in_a_row_without_a_pause(self):
        codes = self.env["ecm.outcome"].search([]).mapped("code")
        for name in ("voice", "simple", "callback"):
            plan = self.env.ref(f"ecm_campaign.ecm_strategy_{name}")._get_plan()
            for code, filled in product(codes, product((True, False), repeat=3)):
                phones = [f"+49301234{index}" if has else None for index, has in enumerate(filled)]
                with self.subTest(strategy=name, outcome=code, phones=filled):
                    self._assert_pauses(plan, phones, Outcome(code))

    def test_a_fax_is_called_once_where_there_is_no_other_number(self):
        plan = self.env.ref("ecm_campaign.ecm_strategy_voice")._get_plan()
        for code in ("fax", "invalid_number"):
            choice = decide(plan, ["+49301234"], 1, Outcome(code), Counters(1), NOW)
            self.assertEqual(choice, Close("retries_completed", "no_number"))

    def _assert_pauses(self, plan, phones, outcome):
        """Let every call end alike, and look at the calls to each number."""
        last, uses = {}, collections.Counter()
        choice = first_attempt(plan, phones, None, NOW)
        while isinstance(choice, NextAttempt):
            before = last.get(choice.number)
            self.assertTrue(before is None or choice.at - before >= timedelta(minutes=5))
            last[choice.number] = choice.at
            uses[choice.cycle, choice.position] += 1
            counters = Counters(
                counted=uses.total(),
                cycle=choice.cycle,
                in_cycle=sum(count for (cycle, _), count in uses.items() if cycle == choice.cycle),
                uses={(choice.position, outcome.code): uses[choice.cycle, choice.position]},
                number=choice.number,
            )
            choice = decide(plan, phones, choice.position, outcome, counters, choice.at)

    def test_plan_says_what_the_records_say(self):
        plan = self.strategy._get_plan()
        self.assertEqual(
            [(attempt.position, attempt.phone_index) for attempt in plan.attempts],
            [(1, 1), (2, 2), (3, 1)],
        )
        rule = plan.attempts[0].rules["no_answer"]
        self.assertEqual(
            (rule.action, rule.next_attempt, rule.delay.total_seconds()), ("attempt", 2, 7200)
        )
        self.assertEqual(plan.budget, 3)

    def test_order_of_attempts_follows_the_sequence(self):
        first, second, third = self.strategy.attempt_ids
        first.sequence = 99
        self.env.invalidate_all()
        self.assertEqual((second.position, third.position, first.position), (1, 2, 3))

    def test_sms_attempt_is_refused_until_the_channel_exists(self):
        strategy = self.env.ref("ecm_campaign.ecm_strategy_default")
        # Whatever modules are installed beside this one.
        nothing = patch.object(self.registry["ecm.strategy"], "_get_channels", lambda _self: set())
        with nothing, self.assertRaisesRegex(ValidationError, "not installed"):
            strategy._check_usable()

    def test_loop_needs_an_own_budget(self):
        strategy = self.strategy.copy()
        last = strategy.attempt_ids[-1]
        self.env["ecm.strategy.rule"].create(
            {
                "attempt_id": last.id,
                "outcome_id": self.env.ref("ecm_campaign.ecm_outcome_busy").id,
                "next_attempt_id": strategy.attempt_ids[0].id,
            }
        )
        self.assertIn("limit all attempts", strategy.warnings)
        strategy.write({"is_capped": True, "max_attempts": 9})
        self.assertNotIn("limit all attempts", strategy.warnings or "")
        self.assertEqual(strategy._get_plan().budget, 9)

    def test_unreachable_attempt_is_pointed_out(self):
        strategy = self.strategy.copy()
        strategy.attempt_ids[0].rule_ids.unlink()
        self.assertIn("No rule leads to step 2", strategy.warnings)

    def test_copy_leads_to_its_own_attempts(self):
        copy = self.strategy.copy()
        self.assertEqual(copy._get_plan(), self.strategy._get_plan())
        self.assertEqual(copy.attempt_ids.rule_ids.next_attempt_id, copy.attempt_ids[1:])
        self.assertNotEqual(copy.name, self.strategy.name)

    def test_strategy_in_use_cannot_change(self):
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        attempt = self.strategy.attempt_ids[0]
        self.assertTrue(self.strategy.is_locked)
        for change in (
            lambda: self.strategy.write({"phone_fallback": "skip"}),
            lambda: attempt.write({"phone_index": "3"}),
            lambda: attempt.rule_ids[0].write({"delay_minutes": 1}),
            lambda: attempt.unlink(),
            lambda: attempt.rule_ids[0].unlink(),
            lambda: attempt.copy(),
        ):
            with self.assertRaisesRegex(UserError, "Spring offer"):
                change()
        self.strategy.name = "A name is not a rule"

    def test_rule_needs_its_next_attempt(self):
        rule = self.strategy.attempt_ids[0].rule_ids[0]
        with self.assertRaises(ValidationError):
            rule.next_attempt_id = False
        with self.assertRaises(ValidationError):
            rule.next_attempt_id = self.strategy.copy().attempt_ids[0]

    def test_used_strategy_is_not_deleted(self):
        with self.assertRaises(UserError):
            self.strategy.unlink()

    def test_recorded_outcome_is_not_deleted(self):
        contact = self.create_contact()
        outcome = self.env["ecm.outcome"].create({"name": "Odd", "code": "odd"})
        self.env["ecm.attempt"].create(
            {
                "key": "test-1",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.env.company.id,
                "channel": "voice",
                "claimed_at": "2026-01-01 10:00:00",
                "outcome_id": outcome.id,
                "state": "done",
            }
        )
        with self.assertRaises(UserError):
            outcome.unlink()
