from odoo.tests import tagged

from .common import ScriptCase
from odoo.addons.ecm_campaign.tests.common import ResultCase


@tagged("post_install", "-at_install")
class TestWrapUpOfCards(ScriptCase):
    """Answers set the wrap-up, and agents have the last word (R10)."""

    def test_the_last_answer_in_the_order_of_the_script_counts(self):
        second = self.buys.copy({"sequence": 9, "title": "And now?"})
        self.create_contact()
        attempt = self.get_attempt(self.take())
        sheet = self.open(attempt)
        sheet._save_lines(second, str(second.suggested_answer_ids[1].id))
        self.answer(sheet, self.yes)
        self.assertEqual(sheet._get_script_outcome().code, "later")
        sheet._save_lines(second, str(second.suggested_answer_ids[3].id))
        self.env.invalidate_all()
        # What sets none changes nothing.
        self.assertEqual(sheet._get_script_outcome().code, "sold")

    def test_nothing_is_decided_before_the_agent_saves(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.fill_in(self.get_attempt(card), self.no)
        self.assertEqual((card.state, contact.state), ("calling", "with_agent"))
        listed = self.env["ecm.dnc.entry"].search([("value", "=", contact.phone_1)])
        self.assertFalse(listed)

    def test_the_agent_may_choose_another(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.fill_in(self.get_attempt(card), self.no)
        card.wrap_up(self.choose("sold"))
        self.env.invalidate_all()
        self.assertEqual(contact.attempt_ids.business_outcome_id.code, "sold")
        self.assertEqual(contact.state, "connected")

    def test_that_nobody_was_reached_stands(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.fill_in(self.get_attempt(card), self.yes)
        card.wrap_up(self.choose("no_answer"))
        self.env.invalidate_all()
        self.assertFalse(contact.attempt_ids.business_outcome_id)
        self.assertEqual(contact.state, "pending")

    def test_completed_after_the_wrap_up_it_changes_nothing(self):
        contact = self.create_contact()
        card = self.take()
        attempt = self.get_attempt(card)
        self.end(card, "sold")
        self.fill_in(attempt, self.no)
        self.assertEqual(contact.attempt_ids.business_outcome_id.code, "sold")
        self.assertEqual(contact.state, "connected")

    def test_who_is_gone_without_a_word_has_said_it_in_the_script(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.fill_in(self.get_attempt(card), self.no)
        card.sudo().take_back()
        self.env.invalidate_all()
        # Nobody calls somebody again who does not want it.
        self.assertEqual((card.state, contact.state), ("taken_back", "dnc_listed"))
        self.assertEqual(contact.attempt_ids.business_outcome_id.code, "never")

    def test_who_is_gone_with_the_script_half_done_has_said_nothing(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.answer(self.open(self.get_attempt(card)), self.no)
        card.sudo().take_back()
        self.env.invalidate_all()
        self.assertEqual(contact.attempt_ids.outcome_id.code, "no_wrap_up")
        self.assertEqual(contact.state, "pending")


@tagged("post_install", "-at_install")
class TestWrapUpOfCalls(ScriptCase, ResultCase):
    """What a dialer does not tell, the script does; each thing happens once (R10, S6)."""

    # Of attempts, not of cards.
    end = ResultCase.end

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dialled = cls.create_campaign(
            "By a dialer",
            strategy_id=cls.own_strategy.id,
            business_outcome_group_id=cls.wrap_ups.id,
            survey_id=cls.script.id,
        )

    def send_one(self):
        contact = self.create_contact(self.dialled)
        return contact, self.send(contact)

    def count_listed(self, contact):
        domain = [("value", "=", contact.phone_1)]
        return self.env["ecm.dnc.entry"].search_count(domain)

    def test_the_result_comes_after_the_script(self):
        contact, attempt = self.send_one()
        self.fill_in(attempt, self.no, agent="berta")
        self.assertEqual(contact.state, "sent_to_dialer")
        self.end(attempt, "voice", agent="berta", duration_seconds=60)
        self.assertEqual(attempt.business_outcome_id.code, "never")
        self.assertEqual((contact.state, contact.attempt_count), ("dnc_listed", 1))
        self.assertFalse(attempt.wrap_up)
        self.assertEqual(self.count_listed(contact), 1)

    def test_the_result_comes_before_the_script(self):
        contact, attempt = self.send_one()
        self.end(attempt, "voice", agent="berta", duration_seconds=60, raw_code="1")
        self.assertEqual(contact.state, "connected")
        self.fill_in(attempt, self.no, agent="berta")
        self.assertEqual(attempt.business_outcome_id.code, "never")
        self.assertEqual((contact.state, contact.attempt_count), ("dnc_listed", 1))
        told = (attempt.agent, attempt.duration_seconds, attempt.raw_code, attempt.is_late)
        self.assertEqual(told, ("berta", 60, "1", False))
        self.assertEqual(self.count_listed(contact), 1)

    def test_a_wrap_up_that_calls_again_does_so_once(self):
        contact, attempt = self.send_one()
        self.end(attempt, "voice", agent="berta")
        self.fill_in(attempt, self.later, agent="berta")
        self.assertEqual((contact.state, contact.attempt_ids), ("pending", attempt))
        # As if the dialer had told it.
        other, its_attempt = self.send_one()
        self.end(its_attempt, "voice", agent="berta", wrap_up="Later")
        for name in ("callback", "callback_agent", "attempt_count", "next_position", "cycle"):
            self.assertEqual(contact[name], other[name], name)

    def test_what_the_dialer_tells_comes_first(self):
        for first in (True, False):
            with self.subTest(script_first=first):
                contact, attempt = self.send_one()
                if first:
                    self.fill_in(attempt, self.no)
                self.end(attempt, "voice", agent="berta", wrap_up="Sold")
                if not first:
                    self.fill_in(attempt, self.no)
                self.assertEqual(attempt.business_outcome_id.code, "sold")
                self.assertEqual(contact.state, "connected")

    def test_a_wrap_up_that_the_campaign_does_not_know_is_none(self):
        _contact, attempt = self.send_one()
        self.fill_in(attempt, self.yes)
        self.end(attempt, "voice", wrap_up="Ready")
        self.assertEqual((attempt.wrap_up, attempt.business_outcome_id.code), ("Ready", "sold"))

    def test_nobody_was_reached_whatever_was_filled_in(self):
        contact, attempt = self.send_one()
        self.fill_in(attempt, self.no)
        self.end(attempt, "busy")
        self.assertFalse(attempt.business_outcome_id)
        self.assertNotEqual(contact.state, "dnc_listed")

    def test_who_was_called_again_since_is_not_decided_on_anew_and_is_listed(self):
        self.add_rule(self.own_strategy.attempt_ids[0], "voice", action="again", delay_minutes=1)
        contact, attempt = self.send_one()
        self.end(attempt, "voice", agent="berta")
        following = self.send(contact)
        self.fill_in(attempt, self.no)
        self.assertEqual(contact.current_attempt_id, following)
        self.assertEqual(attempt.business_outcome_id.code, "never")
        self.assertEqual(self.count_listed(contact), 1)

    def test_the_dialer_corrects_its_own_guess_and_keeps_the_scripts_wrap_up(self):
        contact, attempt = self.send_one()
        self.end(attempt, "voice")
        self.fill_in(attempt, self.yes)
        self.end(attempt, "voice", agent="berta", duration_seconds=33, corrects=True)
        self.assertEqual((attempt.agent, attempt.business_outcome_id.code), ("berta", "sold"))
        self.assertEqual((contact.state, contact.attempt_count), ("connected", 1))

    def test_a_copy_of_the_group_has_wrap_ups_of_its_own(self):
        group = self.wrap_ups.copy({"name": "Other"})
        self.dialled.business_outcome_group_id = group
        _contact, attempt = self.send_one()
        self.fill_in(attempt, self.yes)
        self.end(attempt, "voice")
        self.assertEqual(attempt.business_outcome_id.group_id, group)
