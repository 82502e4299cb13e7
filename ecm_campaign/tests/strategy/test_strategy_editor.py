from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..common import ResultCase


class TestStrategyEditor(ResultCase):
    """What people see and get while they build a strategy (S1, S3, S4, S8)."""

    # -- rules as data ----------------------------------------------------------------------------

    def test_every_detail_of_a_rule_is_kept(self):
        first, _second, third = self.create_strategy(
            "123", is_capped=True, max_attempts=9
        ).attempt_ids
        self.campaign.strategy_id = first.strategy_id
        self.add_rule(
            first,
            "busy",
            action="again",
            delay_minutes=5,
            max_retry=1,
            branch_attempt_id=third.id,
            priority=8,
        )
        contact = self.create_contact(phone_3="+493023125333")
        self.call(contact, "busy")
        self.assertNext(contact, 1, 5, priority=8, attempt_count=1)
        self.call(contact, "busy")
        self.assertNext(contact, 3, 0, number_to_call="+493023125333")

    def test_a_rule_may_close_when_its_retries_are_used_up(self):
        first = self.own_strategy.attempt_ids[0]
        rule = self.add_rule(first, "busy", action="again", max_retry=1, then_close=True)
        self.assertIn("then close", rule.summary)
        contact = self.create_contact()
        self.call(contact, "busy")
        self.assertNext(contact, 1, 0)
        self.call(contact, "busy")
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "retries"))

    def test_a_suppressing_rule_lists_the_number(self):
        self.add_rule(
            self.own_strategy.attempt_ids[0], "wrong_person", action="close", suppresses=True
        )
        contact = self.create_contact()
        self.call(contact, "wrong_person")
        self.assertEqual(contact.state, "dnc_listed")
        self.assertTrue(self.env["ecm.dnc.entry"].search([("value", "=", contact.phone_1)]))

    def test_a_simple_strategy_goes_through_its_numbers_in_cycles(self):
        strategy = self.create_strategy("12", kind="simple", max_cycles=2, cycle_hours=3)
        strategy.action_add_default_rules()
        self.campaign.strategy_id = strategy
        contact = self.create_contact(phone_2="+493023125222")
        self.call(contact, "no_answer")
        self.assertNext(contact, 2, 120, number_to_call="+493023125222")
        self.call(contact, "busy")
        self.assertNext(contact, 2, 15)
        self.call(contact, "busy")
        self.assertNext(contact, 1, 180, cycle=2)
        self.call(contact, "invalid_number")
        self.assertNext(contact, 2, 15)
        self.call(contact, "no_answer")
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "cycles"))

    def test_shipped_simple_strategy_can_be_used(self):
        strategy = self.env.ref("ecm_campaign.ecm_strategy_simple")
        self.assertFalse(strategy.warnings)
        self.assertEqual(
            (strategy.kind, strategy.max_cycles, strategy.phone_fallback), ("simple", 2, "skip")
        )
        strategy._check_usable()

    # -- the form that is not saved yet -----------------------------------------------------------

    def test_warnings_follow_the_unsaved_form(self):
        form = Form(self.env["ecm.strategy"])
        form.name = "Draft"
        self.assertIn("no steps", form.warnings)
        for _attempt in range(2):
            with form.attempt_ids.new():
                pass
        self.assertEqual(form.warnings, "No rule leads to step 2.")
        form.kind = "simple"
        with form.simple_rule_ids.new() as rule:
            rule.outcome_id = self.outcome("busy")
            rule.action = "again"
            rule.max_retry = 0
        self.assertIn("Step 1 to 2, outcome Busy goes round without end", form.warnings)
        form.is_capped = True
        form.max_attempts = 6
        self.assertNotIn("without end", form.warnings)
        with form.simple_rule_ids.edit(0) as rule:
            rule.max_retry = 2
        self.assertFalse(form.warnings)
        with form.simple_rule_ids.new() as rule:
            rule.outcome_id = self.outcome("do_not_call")
            rule.action = "close"
        self.assertIn("this rule is never used", form.warnings)

    def test_warnings_follow_a_saved_strategy_that_is_changed(self):
        with Form(self.strategy.copy()) as form:
            self.assertFalse(form.warnings)
            form.attempt_ids.remove(2)
            self.assertIn("does not exist", form.warnings)
            form.attempt_ids.remove(1)
            self.assertIn(
                "Step 1, outcome Busy: the step that should follow does not exist.",
                form.warnings,
            )

    def test_the_new_order_counts_before_it_is_saved(self):
        strategy = self.strategy.copy()
        draft = strategy.new(origin=strategy)
        draft.attempt_ids[0].sequence = 99
        self.assertEqual(draft.warnings, "No rule leads to step 3.")

    def test_rules_of_the_other_kind_are_kept_and_counted(self):
        strategy = self.strategy.copy()
        count = len(strategy.attempt_ids.rule_ids)
        strategy.kind = "simple"
        self.assertEqual(
            (strategy.unused_rule_count, strategy._get_plan().attempts[0].rules), (count, {})
        )
        strategy.action_add_default_rules()
        strategy.kind = "advanced"
        self.assertEqual(strategy.unused_rule_count, len(strategy.simple_rule_ids))
        self.assertEqual(strategy._get_plan(), self.strategy._get_plan())

    def test_copy_of_a_simple_strategy_has_rules_limits_and_cycles(self):
        strategy = self.env.ref("ecm_campaign.ecm_strategy_simple")
        self.env["ecm.strategy.limit"].create({"strategy_id": strategy.id, "count": 2})
        copy = strategy.copy()
        self.assertEqual(
            (copy._get_plan(), copy._get_limits()), (strategy._get_plan(), strategy._get_limits())
        )

    # -- default rules ----------------------------------------------------------------------------

    def test_default_rules_lead_from_each_attempt_to_the_next(self):
        strategy = self.create_strategy("123")
        strategy.action_add_default_rules()
        first, second, third = strategy.attempt_ids
        self.assertEqual(
            (first.rule_ids.next_attempt_id, second.rule_ids.next_attempt_id), (second, third)
        )
        self.assertEqual(first.rule_ids.outcome_id, second.rule_ids.outcome_id)
        self.assertFalse(third.rule_ids)
        self.assertFalse(strategy.warnings)

    def test_default_rules_of_an_attempt_are_those_of_the_one_before(self):
        first, second, third = self.create_strategy("123").attempt_ids
        self.add_rule(first, "busy", action="attempt", next_attempt_id=second.id, delay_minutes=9)
        self.add_rule(first, "fax", action="close")
        second.action_add_default_rules()
        busy, fax = second.rule_ids
        self.assertEqual(
            (busy.next_attempt_id, busy.delay_minutes, fax.action), (third, 9, "close")
        )
        second.action_add_default_rules()
        self.assertEqual(len(second.rule_ids), 2)
        with self.assertRaisesRegex(UserError, "last step"):
            third.action_add_default_rules()

    def test_default_rules_of_a_simple_strategy_are_added_once(self):
        strategy = self.create_strategy(kind="simple")
        strategy.action_add_default_rules()
        rules = strategy.simple_rule_ids
        strategy.action_add_default_rules()
        self.assertEqual(strategy.simple_rule_ids, rules)
        self.assertFalse(strategy.warnings)

    # -- in use -----------------------------------------------------------------------------------

    def test_a_callback_strategy_of_a_running_campaign_is_locked(self):
        callback = self.env.ref("ecm_campaign.ecm_strategy_callback")
        self.campaign.callback_strategy_id = callback
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        self.assertTrue(callback.is_locked)
        with self.assertRaisesRegex(UserError, "Spring offer"):
            callback.attempt_ids[0].phone_index = "2"
        action = callback.action_view_campaigns()
        self.assertIn(self.campaign, self.env["ecm.campaign"].search(action["domain"]))
        self.assertGreaterEqual(callback.campaign_count, 1)

    def test_no_part_moves_into_a_strategy_of_a_running_campaign(self):
        other = self.create_strategy(name="Other")
        limit = self.env["ecm.strategy.limit"].create({"strategy_id": other.id})
        self.campaign.strategy_id = self.own_strategy
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        for part in (limit, other.attempt_ids[0]):
            refused = self.assertRaisesRegex(UserError, "Spring offer")
            with self.subTest(part=part), refused, self.env.cr.savepoint():
                part.strategy_id = self.own_strategy
        with self.assertRaisesRegex(UserError, "Spring offer"):
            self.env["ecm.strategy.limit"].create({"strategy_id": self.own_strategy.id})
        self.assertEqual(limit.strategy_id, other)

    def test_a_used_strategy_does_not_become_one_for_callbacks(self):
        with self.assertRaisesRegex(ValidationError, "Spring offer"):
            self.own_strategy.kind = "callback"
        self.own_strategy.kind = "simple"

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_agents_add_no_rules_and_no_limits(self):
        agent = self.create_user("agent")
        with self.assertRaises(AccessError):
            self.create_strategy(kind="simple").with_user(agent).action_add_default_rules()
        with self.assertRaises(AccessError):
            self.env["ecm.strategy.limit"].with_user(agent).create(
                {"strategy_id": self.own_strategy.id}
            )

    def test_limits_read_as_sentences(self):
        limit = self.env["ecm.strategy.limit"].create(
            {
                "strategy_id": self.own_strategy.id,
                "count": 3,
                "subject": "number",
                "period": "24h",
                "scope": "all",
            }
        )
        self.assertEqual(
            limit.display_name, "At most 3 attempts on a number in any 24 hours, in all campaigns"
        )
