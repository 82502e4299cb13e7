from ..common import ResultCase


class TestCorrections(ResultCase):
    """A channel tells that a call was answered, and later what its agent made of it (F2)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_rule(cls.own_strategy.attempt_ids[0], "busy", action="again", delay_minutes=20)
        cls.campaign.business_outcome_group_id = cls.env.ref(
            "ecm_campaign.ecm_business_outcome_group_wrapup_code"
        )

    def answered(self, **values):
        """An attempt that was answered, by whom is not known."""
        return self.call(self.create_contact(), "voice", **values)

    def test_what_the_agent_wrote_completes_the_result(self):
        attempt = self.answered()
        self.end(attempt, "voice", agent="Anna", wrap_up="Sale", duration_seconds=9, corrects=True)
        self.assertEqual((attempt.agent, attempt.wrap_up), ("Anna", "Sale"))
        self.assertEqual(attempt.contact_id.attempt_count, 1)
        self.assertEqual(attempt.contact_id.state, "connected")

    def test_who_does_not_want_to_be_called_is_listed(self):
        attempt = self.answered()
        self.end(attempt, "do_not_call", agent="Anna", corrects=True)
        contact = attempt.contact_id
        self.assertEqual((contact.state, attempt.outcome_id.code), ("dnc_listed", "do_not_call"))
        entries = self.env["ecm.dnc.entry"].search([("value", "=", contact.phone_1)])
        self.assertTrue(entries)

    def test_the_contact_goes_on_as_the_strategy_says(self):
        attempt = self.answered()
        contact = attempt.contact_id
        self.assertEqual(contact.state, "connected")
        self.end(attempt, "busy", corrects=True)
        self.assertNext(contact, 1, 20, attempt_count=1, closed_at=False, close_reason=False)

    def test_a_wrap_up_asks_for_a_callback(self):
        attempt = self.answered()
        self.end(attempt, "voice", agent="Anna", wrap_up="callback requested", corrects=True)
        self.assertEqual(attempt.business_outcome_id.name.lower(), "callback requested")

    def test_who_was_withdrawn_since_stays_so_and_the_result_is_written_down(self):
        attempt = self.answered()
        contact = attempt.contact_id
        contact.state = "withdrawn"
        self.end(attempt, "busy", corrects=True)
        self.assertEqual((contact.state, attempt.outcome_id.code), ("withdrawn", "busy"))
        self.assertFalse(attempt.is_late)

    def test_who_was_called_again_since_is_not_decided_on_anew(self):
        self.add_rule(self.own_strategy.attempt_ids[0], "voice", action="again", delay_minutes=1)
        attempt = self.answered()
        contact = attempt.contact_id
        self.send(contact)
        self.end(attempt, "busy", corrects=True)
        self.assertEqual((contact.state, attempt.outcome_id.code), ("sent_to_dialer", "busy"))

    def test_who_has_a_new_contact_since_is_not_opened_a_second_time(self):
        attempt = self.answered()
        contact = attempt.contact_id
        self.create_contact(phone_1=contact.phone_1)
        self.end(attempt, "busy", corrects=True)
        self.assertEqual((contact.state, attempt.outcome_id.code), ("connected", "busy"))

        # Likewise where the new contact is another campaign's.
        attempt = self.answered()
        other = self.create_campaign("Second wave", strategy_id=self.own_strategy.id)
        self.create_contact(other).sudo().again_from_id = attempt.contact_id
        self.end(attempt, "busy", corrects=True)
        self.assertEqual(attempt.contact_id.state, "connected")

    def test_what_has_an_agent_or_another_outcome_is_not_corrected(self):
        for code, values in (("voice", {"agent": "Anna"}), ("busy", {})):
            attempt = self.call(self.create_contact(), code, **values)
            self.end(attempt, "do_not_call", corrects=True)
            self.assertEqual(attempt.outcome_id.code, code)

    def test_only_a_correction_corrects(self):
        attempt = self.answered()
        self.end(attempt, "do_not_call")
        self.assertEqual(attempt.outcome_id.code, "voice")

    def test_what_has_its_result_is_not_even_locked(self):
        done, open_one = self.answered(), self.send(self.create_contact())
        keys = [done.key, open_one.key]
        self.assertEqual(
            [row.id for row in self.env["ecm.attempt"]._lock_by_key(keys)], [open_one.id]
        )
        locked = self.env["ecm.attempt"]._lock_by_key(keys, keys)
        self.assertEqual([row.id for row in locked], [done.id, open_one.id])
