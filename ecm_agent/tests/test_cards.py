from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AgentCase


@tagged("post_install", "-at_install")
class TestCards(AgentCase):
    """From the card to its end: what agents do is what dialers do (R7)."""

    def test_a_card_is_a_claim(self):
        contact = self.create_contact(first_name="Ida", last_name="Brandt")
        card = self.take()
        self.assertEqual(card.contact_id, contact)
        self.assertEqual(card.state, "offered")
        self.assertEqual(contact.state, "with_agent")
        attempt = contact.current_attempt_id
        self.assertEqual((attempt.state, attempt.channel), ("sent", "manual"))
        self.assertEqual(attempt.agent_team_id, self.team)

    def test_a_second_request_gives_the_same_card(self):
        self.create_contacts(2)
        self.assertEqual(self.take(), self.take())

    def test_two_agents_have_two_cards(self):
        self.create_contacts(2)
        self.assertNotEqual(self.take().contact_id, self.take(self.boris).contact_id)

    def test_a_sale_closes_and_counts(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        card.sudo().called_at = fields.Datetime.now() - timedelta(minutes=3)
        desk = card.wrap_up(self.choose("sold"), duration_seconds=95, note="Wants two.")
        self.env.invalidate_all()
        attempt = contact.attempt_ids
        self.assertEqual(contact.state, "connected")
        self.assertEqual(attempt.outcome_id.code, "voice")
        self.assertEqual(attempt.business_outcome_id.code, "sold")
        self.assertEqual((attempt.agent, attempt.duration_seconds), ("anna", 95))
        self.assertEqual(card.note, "Wants two.")
        today = {"calls": 1, "reached": 1, "success": 1, "skipped": 0, "seconds": 95}
        self.assertEqual(desk["today"], today)
        self.assertFalse(desk["card"])

    def test_no_answer_is_tried_again_as_the_strategy_says(self):
        contact = self.create_contact()
        self.end(self.take(), "no_answer")
        self.assertEqual((contact.state, contact.next_position), ("pending", 2))
        self.assertEqual(contact.channel, "manual")
        wait = contact.next_attempt_at - fields.Datetime.now()
        self.assertAlmostEqual(wait.total_seconds(), 7200, delta=10)
        self.assertFalse(self.take())

    def test_a_wrap_up_may_suppress(self):
        contact = self.create_contact()
        self.end(self.take(), "never")
        self.assertEqual(contact.state, "dnc_listed")

    def test_nobody_talks_longer_than_since_the_call(self):
        contact = self.create_contact()
        self.end(self.take(), "sold", duration_seconds=10_000)
        self.assertLess(contact.attempt_ids.duration_seconds, 60)

    def test_skipped_comes_back_when_the_reason_says(self):
        contact = self.create_contact()
        card = self.take()
        reason = self.env["ecm.skip.reason"].create({"name": "Finnish", "delay_minutes": 7})
        card.skip(reason.id, "Speaks Finnish.")
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.block_reason), ("pending", "skipped"))
        self.assertEqual(contact.block_detail, "Finnish")
        self.assertEqual((contact.attempt_count, contact.uncounted_count), (0, 0))
        self.assertFalse(contact.attempt_ids)
        wait = contact.next_attempt_at - fields.Datetime.now()
        self.assertAlmostEqual(wait.total_seconds(), 420, delta=10)
        self.assertEqual((card.state, card.skip_reason_id), ("skipped", reason))
        self.assertFalse(self.take())

    def test_who_was_called_is_not_skipped(self):
        self.create_contact()
        card = self.take()
        card.call()
        with self.assertRaisesRegex(UserError, "wrap the call up"):
            card.skip(self.env["ecm.skip.reason"].search([], limit=1).id)

    def test_a_wrap_up_of_another_campaign_is_refused(self):
        self.create_contact()
        card = self.take()
        card.call()
        with self.assertRaisesRegex(UserError, "what the call came to"):
            card.wrap_up("wrap_up:1")

    def test_saved_once(self):
        self.create_contact()
        card = self.take()
        self.end(card, "sold")
        with self.assertRaisesRegex(UserError, "already"):
            card.wrap_up(self.choose("sold"))

    # -- gates ------------------------------------------------------------------------------------

    def test_a_listed_number_is_no_card(self):
        contact = self.create_contact()
        self.env["phone.blacklist"].sudo().add(contact.phone_1)
        self.assertFalse(self.take())
        self.env.invalidate_all()
        self.assertEqual(contact.state, "dnc_listed")

    def test_listed_while_in_hand_is_not_called(self):
        contact = self.create_contact()
        card = self.take()
        self.env["phone.blacklist"].sudo().add(contact.phone_1)
        desk = card.call()
        self.env.invalidate_all()
        self.assertIn("do-not-contact", desk["notice"])
        self.assertEqual((card.state, contact.state), ("barred", "pending"))
        self.assertFalse(contact.attempt_ids)

    def test_stopped_while_in_hand_is_not_called(self):
        contact = self.create_contact()
        card = self.take()
        self.campaign.action_stop()
        self.assertIn("was stopped", card.call()["notice"])
        self.env.invalidate_all()
        self.assertEqual((card.state, contact.state), ("barred", "pending"))

    def test_hours_that_end_bring_cards_back(self):
        contact = self.create_contact()
        card = self.take()
        self.campaign.calling_hours_id = self.env["ecm.calling.hours"].create({"name": "Never"})
        never = dict.fromkeys(
            ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), False
        )
        self.campaign.calling_hours_id.write({**never, "monday": "00:00–00:01"})
        self.take_turn()
        self.assertEqual((card.state, contact.state), ("barred", "pending"))

    def test_region_rules_of_calls_hold_for_calls_by_hand(self):
        rule = self.env["ecm.region.rule"].search([("channel", "=", "voice")], limit=1)
        rule = rule or self.env["ecm.region.rule"].create(
            {"name": "Of calls", "country_id": self.env.ref("base.de").id, "channel": "voice"}
        )
        self.assertEqual(rule._get_single_channel(), {"voice", "manual"})

    def test_the_feeder_takes_no_card(self):
        contact = self.create_contact()
        self.take_turn()
        self.assertEqual(contact.state, "pending")
        self.assertFalse(self.env["ecm.card"].search([("contact_id", "=", contact.id)]))

    # -- callbacks --------------------------------------------------------------------------------

    def promise(self, card, at, **values):
        """A callback at a moment, naive UTC; the customers' clock is Berlin's."""
        card.call()
        local = fields.Datetime.context_timestamp(self.env(user=self.anna).user, at)
        text = local.strftime("%Y-%m-%dT%H:%M")
        return card.wrap_up(self.choose("later"), callback_at=text, **values)

    def test_a_callback_is_made_when_the_customer_wants_it(self):
        contact = self.create_contact()
        at = (fields.Datetime.now() + timedelta(days=1)).replace(second=0, microsecond=0)
        desk = self.promise(self.take(), at)
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.callback), ("pending", "personal"))
        self.assertEqual(contact.next_attempt_at, at)
        self.assertEqual(contact.callback_agent, "anna")
        self.assertEqual([each["id"] for each in desk["callbacks"]], [contact.id])

    def test_a_callback_in_the_past_is_refused(self):
        self.create_contact()
        with self.assertRaisesRegex(UserError, "is over"):
            self.promise(self.take(), fields.Datetime.now() - timedelta(hours=1))

    def test_a_callback_out_of_hours_is_refused(self):
        self.create_contact()
        card = self.take()
        hours = self.env["ecm.calling.hours"].create({"name": "Short", "monday": "09:00–10:00"})
        hours.write(
            dict.fromkeys(("tuesday", "wednesday", "thursday", "friday", "saturday"), False)
        )
        self.campaign.calling_hours_id = hours
        at = fields.Datetime.now() + timedelta(days=1)
        at = at.replace(hour=20, minute=0, second=0, microsecond=0)
        card.sudo().state = "calling"
        text = (at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        with self.assertRaisesRegex(UserError, "may not be called at that time"):
            card.wrap_up(self.choose("later"), callback_at=text)

    def make_due(self, contact, minutes=1):
        due = fields.Datetime.now() - timedelta(minutes=minutes)
        contact.write({"next_attempt_at": due, "callback_due": due})
        self.env.flush_all()

    def test_own_callbacks_come_first(self):
        contact = self.create_contact()
        self.promise(self.take(), fields.Datetime.now() + timedelta(hours=2))
        self.create_contacts(3)
        self.make_due(contact)
        self.assertEqual(self.take().contact_id, contact)

    def test_nobody_else_gets_a_personal_callback(self):
        contact = self.create_contact()
        self.promise(self.take(), fields.Datetime.now() + timedelta(hours=2))
        self.make_due(contact)
        self.assertFalse(self.take(self.boris))

    def test_anybody_gets_a_callback_of_the_team(self):
        contact = self.create_contact()
        wanted = fields.Datetime.now() + timedelta(hours=2)
        self.promise(self.take(), wanted, is_personal=False)
        self.env.invalidate_all()
        self.assertEqual(contact.callback, "normal")
        self.make_due(contact)
        self.assertEqual(self.take(self.boris).contact_id, contact)

    def test_a_callback_whose_agent_does_not_come_is_anybodys(self):
        contact = self.create_contact()
        self.promise(self.take(), fields.Datetime.now() + timedelta(hours=2))
        self.make_due(contact, minutes=20)
        self.take_turn()
        self.assertEqual(contact.callback, "normal")
        self.assertEqual(self.take(self.boris).contact_id, contact)

    # -- setting up -------------------------------------------------------------------------------

    def test_a_team_brings_its_strategies(self):
        campaign = self.env["ecm.campaign"].create({"name": "New", "agent_team_id": self.team.id})
        by_hand = self.env.ref("ecm_agent.ecm_strategy_manual")
        self.assertEqual(campaign.strategy_id, by_hand)
        callbacks = self.env.ref("ecm_agent.ecm_strategy_manual_callback")
        self.assertEqual(campaign.callback_strategy_id, callbacks)
        campaign.agent_team_id = False
        self.assertEqual(campaign.strategy_id, self.env.ref("ecm_campaign.ecm_strategy_voice"))

    def test_it_starts_with_a_team_that_has_members(self):
        empty = self.create_team("Nobody yet", self.env["res.users"])
        with self.assertRaisesRegex(UserError, "no members"):
            self.create_manual("Without members", agent_team_id=empty.id)
        with self.assertRaisesRegex(UserError, "Choose the team"):
            self.create_manual("Without a team", agent_team_id=False)

    def test_a_team_at_work_is_not_archived(self):
        with self.assertRaisesRegex(UserError, "Stop them first"):
            self.team.active = False

    def test_the_action_of_a_team_goes_with_its_module(self):
        action = self.team.sudo().cron_id
        data = self.env["ir.model.data"].search(
            [("model", "=", "ir.cron"), ("res_id", "=", action.id)]
        )
        self.assertTrue(action.active)
        self.assertEqual(data.module, "ecm_agent")

    def test_explain_says_that_people_take_cards(self):
        self.create_contact()
        checks = {each["check"]: each for each in self.campaign.explain()["checks"]}
        self.assertIn("take cards themselves", checks["room"]["detail"])

    def test_why_there_is_no_card(self):
        self.assertIn("no more cards", self.cards().request_card()["notice"])
        contact = self.create_contact()
        self.end(self.take(), "no_answer")
        self.assertTrue(contact.next_attempt_at)
        self.assertIn("next one may be called", self.cards().request_card()["notice"])
        self.campaign.action_stop()
        self.assertIn("is running", self.cards().request_card()["notice"])

    # -- what is shown ----------------------------------------------------------------------------

    def test_a_card_shows_the_customer(self):
        self.campaign.parameters_definition = [
            {"name": "business_parameter_1", "type": "char", "string": "Machine"}
        ]
        self.campaign.agent_script = (
            "<p>Good day {{ First name }}, your {{machine}}: {{ what }}</p>"
        )
        contact = self.create_contact(
            first_name="<b>Ida</b>",
            account_number="K-1",
            tz="Europe/Berlin",
            business_parameters={"business_parameter_1": "Fridge"},
        )
        self.end(self.take(), "no_answer", note="Try in the evening.")
        contact.write({"next_attempt_at": False, "is_ready": True})
        self.take()
        card = self.cards().get_desk()["card"]
        self.assertIn("Good day &lt;b&gt;Ida&lt;/b&gt;, your Fridge: {{ what }}", card["script"])
        self.assertEqual(card["parameters"], [{"label": "Machine", "value": "Fridge"}])
        self.assertIn({"label": "Customer key", "value": "K-1"}, card["details"])
        [earlier] = card["history"]
        self.assertEqual(earlier["outcome"], "No answer")
        self.assertEqual((earlier["agent"], earlier["note"]), ("anna", "Try in the evening."))
        self.assertEqual((card["zone"], card["step"]), ("Europe/Berlin", 2))
