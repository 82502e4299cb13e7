from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..common import ResultCase


class TestWrapUps(ResultCase):
    """What agents' wrap-ups mean, and that each detail of their rules is kept (S6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.env.ref("ecm_campaign.ecm_business_outcome_group_wrapup_code").copy()
        cls.campaign.business_outcome_group_id = cls.group
        cls.campaign.callback_strategy_id = False

    def wrap_up(self, code):
        return self.group.outcome_ids.filtered(lambda outcome: outcome.code == code)

    def add(self, code, **values):
        return self.env["ecm.business.outcome"].create(
            {"group_id": self.group.id, "name": code.title(), "code": code, **values}
        )

    # -- which wrap-up ----------------------------------------------------------------------------

    def test_the_shipped_group_is_the_one_of_the_seed(self):
        outcomes = self.env.ref("ecm_campaign.ecm_business_outcome_group_wrapup_code").outcome_ids
        names = [
            "Follow-Up",
            "Campaign-WrapUp",
            "Callback Requested",
            "Sale",
            "Transferred",
            "Pending Case",
            "Closed",
        ]
        self.assertEqual(outcomes.mapped("name"), names)
        callback = outcomes[2]
        self.assertEqual(
            (
                callback.kind,
                callback.action,
                callback.delay_minutes,
                callback.max_retry,
                callback.asks_callback,
            ),
            ("failure", "again", 5, 3, True),
        )
        others = outcomes - callback
        self.assertEqual(
            set(others.mapped("kind")) | set(others.mapped("action")), {"success", "close"}
        )

    def test_code_name_and_alias_are_found_in_any_case(self):
        sale = self.wrap_up("sale")
        sale.texts = "Sold it;  VERKAUFT "
        for text in ("sale", "SALE", " Sale ", "sold IT", "verkauft"):
            with self.subTest(text=text):
                attempt = self.call(self.create_contact(), "voice", wrap_up=text)
                self.assertEqual((attempt.business_outcome_id, attempt.wrap_up), (sale, text))

    def test_an_unknown_text_leaves_the_strategys_rule(self):
        self.add_rule(self.own_strategy.attempt_ids[0], "voice", action="again", delay_minutes=7)
        contact = self.create_contact()
        attempt = self.call(contact, "voice", wrap_up="Lunch")
        self.assertFalse(attempt.business_outcome_id)
        self.assertNext(contact, 1, 7)

    def test_a_wrap_up_may_follow_the_strategy(self):
        self.add_rule(self.own_strategy.attempt_ids[0], "voice", action="again", delay_minutes=7)
        self.add("later", action="strategy")
        contact = self.create_contact()
        attempt = self.call(contact, "voice", wrap_up="later")
        self.assertEqual(attempt.business_outcome_id.code, "later")
        self.assertNext(contact, 1, 7)

    def test_tries_that_a_wrap_up_decided_use_up_no_retries_of_the_strategy(self):
        self.own_strategy.write({"is_capped": True, "max_attempts": 9})
        first = self.own_strategy.attempt_ids[0]
        self.add_rule(first, "busy", action="again", max_retry=1, delay_minutes=7)
        self.add("noise", action="again", delay_minutes=3)
        contact = self.create_contact()
        for _call in range(2):
            self.call(contact, "busy", wrap_up="noise")
            self.assertNext(contact, 1, 3)
        self.call(contact, "busy")
        self.assertNext(contact, 1, 7)

    def test_retries_of_wrap_ups_come_on_top_of_a_budget_that_nobody_set(self):
        """Three retries of a wrap-up, on a strategy of one attempt and then of two (O4)."""
        self.group.outcome_ids.max_retry = 0
        self.add("noise", action="again", max_retry=3, delay_minutes=3)
        self.assertEqual(self.campaign._get_plan().budget, 5)
        gates = self.campaign._get_campaign_plans()[self.campaign.id]
        self.assertEqual(gates.plans[None].budget, 5)
        self.add_rule(self.own_strategy.attempt_ids[0], "busy", action="next", delay_minutes=7)
        contact = self.create_contact()
        for _call in range(3):
            self.call(contact, "busy", wrap_up="noise")
            self.assertNext(contact, 1, 3)
        self.call(contact, "busy")
        self.assertNext(contact, 2, 7)

    def test_a_wrap_up_may_close_when_its_retries_are_used_up(self):
        self.own_strategy.write({"is_capped": True, "max_attempts": 9})
        again = self.add("noise", action="again", max_retry=1, then_close=True)
        self.assertIn("then close", again.summary)
        contact = self.create_contact()
        self.call(contact, "busy", wrap_up="noise")
        self.assertNext(contact, 1, 0)
        self.call(contact, "busy", wrap_up="noise")
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "retries"))

    def test_a_text_means_one_outcome(self):
        with self.assertRaisesRegex(ValidationError, "means two"):
            self.wrap_up("closed").texts = "SALE"

    # -- its rule ---------------------------------------------------------------------------------

    def test_a_closing_wrap_up_closes_whatever_the_strategy_says(self):
        self.add_rule(self.own_strategy.attempt_ids[0], "voice", action="again", delay_minutes=7)
        contact = self.create_contact()
        self.call(contact, "voice", wrap_up="Sale")
        self.assertEqual((contact.state, contact.close_reason), ("connected", "wrap_up_close"))

    def test_retries_then_the_next_attempt_at_once(self):
        self.add("later", action="again", delay_days=1, delay_hours=2, delay_minutes=3, max_retry=1)
        contact = self.create_contact(phone_2="+493023125999")
        self.own_strategy.write({"is_capped": True, "max_attempts": 9})
        self.call(contact, "voice", wrap_up="later")
        self.assertNext(contact, 1, 1563)
        self.call(contact, "voice", wrap_up="later")
        self.assertNext(contact, 2, 0, number_to_call="+493023125999")

    def test_priority_is_written_to_the_contact(self):
        self.own_strategy.write({"is_capped": True, "max_attempts": 9})
        self.add("urgent", action="again", priority=70)
        self.add("as_before", action="again")
        contact = self.create_contact(priority=5)
        self.call(contact, "voice", wrap_up="as_before")
        self.assertEqual(contact.priority, 5)
        self.call(contact, "voice", wrap_up="urgent")
        self.assertEqual(contact.priority, 70)

    def test_a_suppressing_wrap_up_lists_the_number_at_once(self):
        self.add("never", action="again", suppresses=True)
        contact = self.create_contact()
        self.call(contact, "voice", wrap_up="never")
        self.assertEqual((contact.state, contact.close_reason), ("dnc_listed", "suppressed"))
        self.assertTrue(self.env["ecm.dnc.entry"].search([("value", "=", contact.phone_1)]))

    def test_the_budget_ends_wrap_ups_too(self):
        self.own_strategy.write({"is_capped": True, "max_attempts": 2})
        self.add("again", action="again")
        contact = self.create_contact()
        self.call(contact, "voice", wrap_up="again")
        self.call(contact, "voice", wrap_up="again")
        self.assertEqual((contact.state, contact.close_reason), ("connected", "budget"))

    # -- the group --------------------------------------------------------------------------------

    def test_parents_are_of_the_same_group_and_have_none(self):
        sale, closed = self.wrap_up("sale"), self.wrap_up("closed")
        sale.parent_id = closed
        with self.assertRaises(ValidationError):
            closed.parent_id = self.wrap_up("transferred")
        with self.assertRaises(ValidationError):
            sale.parent_id = self.env.ref("ecm_campaign.ecm_business_outcome_sale")

    def test_a_copy_has_its_own_parents(self):
        self.wrap_up("sale").parent_id = self.wrap_up("closed")
        copy = self.group.copy()
        twins = {outcome.code: outcome for outcome in copy.outcome_ids}
        self.assertEqual(twins["sale"].parent_id, twins["closed"])
        self.assertEqual(copy.name, f"{self.group.name} (copy)")

    def test_wrap_ups_in_use_cannot_change(self):
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        sale = self.wrap_up("sale")
        self.assertTrue(self.group.is_locked)
        other = self.group.copy()
        for change in (
            lambda: sale.write({"action": "again"}),
            lambda: sale.write({"texts": "Sold"}),
            lambda: sale.unlink(),
            lambda: self.add("new"),
            lambda: self.group.write({"active": False}),
            lambda: self.group.write({"outcome_ids": [fields.Command.delete(sale.id)]}),
            lambda: self.campaign.write({"business_outcome_group_id": other.id}),
        ):
            with self.assertRaises(UserError):
                change()
        self.group.description = "A description is not a rule"

    def test_what_was_recorded_stays(self):
        self.call(self.create_contact(), "voice", wrap_up="Sale")
        with self.assertRaisesRegex(UserError, "Results were recorded"):
            self.wrap_up("sale").unlink()
        with self.assertRaisesRegex(UserError, "Campaigns use"):
            self.group.unlink()
        self.campaign.business_outcome_group_id = False
        with self.assertRaisesRegex(UserError, "Results were recorded"):
            self.group.unlink()

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_agents_read_wrap_ups_and_strangers_do_not(self):
        agent = self.create_user("agent")
        sale = self.wrap_up("sale")
        for record in (self.group, sale):
            record.with_user(agent).read(["display_name"])
            with self.assertRaises(AccessError):
                record.with_user(agent).write({"name": "Mine"})
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.create_user(
            "supervisor", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        self.group.company_id = self.env.company
        for record in (self.group, sale):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["display_name"])

    def test_what_follows_in_words(self):
        texts = {outcome.code: outcome.summary for outcome in self.group.outcome_ids}
        self.assertEqual(texts["callback_requested"], "call back after 5 min (3 × at most)")
        self.assertEqual(texts["sale"], "close")
        self.assertEqual(self.add("never", suppresses=True).summary, "do not contact again")
        self.assertEqual(self.add("plain", action="strategy").summary, "as the strategy says")
