from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AgentCase


@tagged("post_install", "-at_install")
class TestLease(AgentCase):
    """A card is in hand while its agent's browser is heard of (R7)."""

    def test_kept_while_the_browser_is_heard_of(self):
        self.create_contact()
        card = self.take()
        self.lose_browser(card)
        self.assertEqual(card.keep(), {"state": "offered", "notice": ""})
        self.take_turn()
        self.assertEqual(card.state, "offered")

    def test_a_closed_browser_brings_the_card_back(self):
        contact = self.create_contact()
        card = self.take()
        self.lose_browser(card)
        self.take_turn()
        self.assertEqual((card.state, contact.state), ("expired", "pending"))
        self.assertTrue(contact.is_ready)
        self.assertFalse(contact.attempt_ids)
        self.assertFalse(contact.last_attempt_at)

    def test_whoever_asks_next_need_not_wait_for_the_turn(self):
        contact = self.create_contact()
        card = self.take()
        self.lose_browser(card)
        self.assertEqual(self.take(self.boris).contact_id, contact)
        answer = card.keep()
        self.assertEqual(answer["state"], "expired")
        self.assertIn("went back to the queue", answer["notice"])

    def test_wrapped_up_late_counts_where_nobody_has_the_contact(self):
        contact = self.create_contact()
        card = self.take()
        self.lose_browser(card)
        self.take_turn()
        card.wrap_up(self.choose("sold"))
        self.env.invalidate_all()
        self.assertEqual(contact.state, "connected")
        self.assertEqual(contact.attempt_ids.agent, "anna")

    def test_wrapped_up_late_is_refused_where_another_has_the_contact(self):
        contact = self.create_contact()
        card = self.take()
        self.lose_browser(card)
        other = self.take(self.boris)
        with self.assertRaisesRegex(UserError, "Nothing was stored"):
            card.wrap_up(self.choose("sold"))
        self.env.invalidate_all()
        self.assertEqual((other.state, contact.state), ("offered", "with_agent"))

    def test_who_was_called_is_in_no_other_hand(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.lose_browser(card)
        self.assertFalse(self.take(self.boris))
        self.assertEqual((card.state, contact.state), ("unfinished", "with_agent"))
        self.assertEqual(self.take(), card)
        self.assertEqual(card.state, "calling")
        card.wrap_up(self.choose("sold"))
        self.env.invalidate_all()
        self.assertEqual(contact.state, "connected")

    def test_a_call_that_nobody_wraps_up_is_tried_again(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.lose_browser(card)
        self.take_turn()
        self.lose_browser(card)
        self.take_turn()
        self.assertEqual((card.state, contact.state), ("lost", "pending"))
        self.assertEqual(contact.attempt_ids.outcome_id.code, "no_wrap_up")
        self.assertEqual(contact.attempt_count, 1)
        wait = contact.next_attempt_at - fields.Datetime.now()
        self.assertAlmostEqual(wait.total_seconds(), 1800, delta=10)
        with self.assertRaisesRegex(UserError, "closed without one"):
            card.wrap_up(self.choose("sold"))

    def test_tried_again_where_the_strategy_has_no_rule_for_it(self):
        strategy = self.env["ecm.strategy"].create(
            {
                "name": "Without rules",
                "attempt_ids": [
                    fields.Command.create({"channel": "manual", "phone_index": "1"}),
                    fields.Command.create({"channel": "manual", "phone_index": "1"}),
                ],
            }
        )
        self.create_manual("Without rules", strategy_id=strategy.id)
        self.campaign.action_stop()
        contact = self.create_contact(
            self.env["ecm.campaign"].search([("strategy_id", "=", strategy.id)])
        )
        for _times in range(2):
            contact.write({"next_attempt_at": False, "is_ready": True})
            card = self.take()
            card.call()
            card.sudo().take_back()
            self.env.invalidate_all()
        self.assertEqual(contact.attempt_count, 2)
        self.assertEqual(contact.state, "retries_completed")

    def test_withdrawn_while_in_hand(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        contact.action_withdraw()
        self.assertIn("withdrawn", card.keep()["notice"])
        card.wrap_up(self.choose("sold"))
        self.env.invalidate_all()
        self.assertEqual(contact.state, "withdrawn")
        self.assertTrue(contact.attempt_ids.is_late)

    def test_a_supervisor_takes_it_back(self):
        supervisor = self.create_user("supervisor")
        contact = self.create_contact()
        card = self.take()
        card.with_user(supervisor).take_back()
        self.env.invalidate_all()
        self.assertEqual((card.state, contact.state), ("taken_back", "pending"))
        self.assertIn("took this card back", card.keep()["notice"])

    def test_the_desk_is_heard_of_itself(self):
        self.create_contact()
        card = self.take()
        card.sudo().lease_until = fields.Datetime.now() + timedelta(seconds=5)
        self.cards().get_desk()
        self.env.invalidate_all()
        self.assertGreater(card.lease_until, fields.Datetime.now() + timedelta(seconds=60))
