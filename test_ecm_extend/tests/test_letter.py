from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError

from .common import HOME, MOBILE, NEXT, LetterCase
from odoo.addons.ecm_campaign.exceptions import ChannelError, InDoubt
from odoo.addons.ecm_campaign.tests.common import CampaignCase
from odoo.addons.test_ecm_extend.models.letter import POSTED, EcmLetterOffice, LetterSender


class TestLetter(LetterCase):
    """A second channel beside voice, brought by a module, without a change of the core (M5, S1)."""

    def start_letter(self, **values):
        """A contact whose letter was posted, of a strategy of letters."""
        strategy = self.mix(("letter", NEXT[2]), ("letter", {}))
        contact = self.create_contact(self.run_mixed(strategy), phone_1=HOME, **values)
        self.post()
        return contact

    # -- both channels --------------------------------------------------------------------------------

    def test_voice_letter_voice_is_one_strategy_and_one_budget(self):
        strategy = self.mix(
            ("voice", NEXT[2]), ("letter", NEXT[3]), ("voice", NEXT[1]), max_attempts=3
        )
        contact = self.create_contact(self.run_mixed(strategy), phone_1=HOME)
        self.assertEqual((self.post(), len(self.feed())), ([], 1))
        self.end(contact, "busy")
        self.wait(minutes=5)
        self.assertEqual((self.feed(), len(self.post()), contact.state), ([], 1, "letter_sent"))
        self.assertEqual(self.report(contact, "no_answer"), 1)
        self.wait(minutes=5)
        self.assertEqual((self.post(), len(self.feed())), ([], 1))
        self.end(contact, "busy")
        found = (contact.state, contact.close_reason, contact.attempt_count)
        self.assertEqual(found, ("retries_completed", "budget", 3))
        made = [(attempt.channel, attempt.position) for attempt in contact.attempt_ids.sorted("id")]
        self.assertEqual(made, [("voice", 1), ("letter", 2), ("voice", 3)])

    def test_each_channel_takes_only_its_own_contacts(self):
        strategy = self.mix(("voice", NEXT[2]), ("letter", NEXT[1]))
        campaign = self.run_mixed(strategy)
        called = self.create_contact(campaign, phone_1=HOME)
        self.call(called, "busy")
        self.wait(minutes=5)
        fresh = self.create_contact(campaign, phone_1=MOBILE)
        self.assertEqual([sent.contact_id for sent in self.post()], called.ids)
        self.assertEqual([sent.contact_id for sent in self.feed()], fresh.ids)
        attempts = called.attempt_ids | fresh.attempt_ids
        self.assertFalse(
            attempts.filtered(lambda each: each.fake_target_id and each.letter_office_id)
        )

    def test_a_contact_at_the_office_is_counted_and_explained(self):
        contact = self.start_letter()
        campaign = contact.campaign_id
        self.assertEqual((campaign.at_dialer_count, campaign.pending_count), (1, 0))
        self.assertEqual(campaign.get_state_tally()["letter_sent"], 1)
        verdict, sentence = self.check(contact, "state")
        self.assertEqual(verdict, "waits")
        self.assertIn("Attempt 1 was sent on", sentence)
        groups = campaign.explain()["groups"]
        self.assertEqual([(group["code"], group["count"]) for group in groups], [("sent", 1)])

    # -- nobody is stranded ---------------------------------------------------------------------------

    def make_stranded(self):
        """A contact that waits for a letter, of a stopped campaign that now only calls."""
        strategy = self.mix(("voice", NEXT[2]), ("letter", NEXT[1]))
        contact = self.create_contact(self.run_mixed(strategy), phone_1=HOME)
        self.call(contact, "busy")
        campaign = contact.campaign_id
        campaign.action_stop()
        calls = self.mix(("voice", NEXT[1]), ("voice", NEXT[1]))
        campaign.write({"strategy_id": calls.id, "letter_office_id": False})
        return contact

    def test_a_contact_goes_on_where_the_new_strategy_has_no_letters(self):
        contact = self.make_stranded()
        contact.campaign_id.action_start()
        self.wait(minutes=5)
        self.assertEqual(contact.channel, "letter")
        sent = self.feed() or self.feed()
        self.assertEqual([outgoing.contact_id for outgoing in sent], contact.ids)
        self.assertEqual((contact.channel, contact.current_attempt_id.position), ("voice", 2))

    def test_a_ready_contact_goes_on_at_once(self):
        contact = self.make_stranded()
        self.wait(minutes=5)
        self.env["ecm.contact"]._promote_due(contact.campaign_id, contact.next_attempt_at, 1)
        contact.campaign_id.action_start()
        self.assertEqual(len(self.feed()), 1)

    def test_a_campaign_that_cannot_write_letters_does_not_start(self):
        strategy = self.mix(("voice", NEXT[2]), ("letter", {}))
        with self.assertRaisesRegex(UserError, "nothing in this campaign sends on: Letter"):
            self.run_mixed(strategy, letter_office_id=False)

    def test_explain_names_the_missing_office_to_those_who_wait_for_a_letter(self):
        strategy = self.mix(("voice", NEXT[2]), ("letter", NEXT[1]))
        campaign = self.run_mixed(strategy)
        written = self.create_contact(campaign, phone_1=HOME)
        self.call(written, "busy")
        called = self.create_contact(campaign, phone_1=MOBILE)
        self.office.unlink()
        self.env.invalidate_all()
        verdict, sentence = self.check(written, "target")
        self.assertEqual(verdict, "held")
        self.assertIn("Letter", sentence)
        self.assertEqual(self.check(called, "target")[0], "passes")

    def test_a_full_dialer_does_not_keep_letters_back(self):
        strategy = self.mix(("letter", NEXT[2]), ("voice", {}))
        contact = self.create_contact(self.run_mixed(strategy), phone_1=HOME)
        with patch.object(self.registry["ecm.fake.target"], "_get_room", lambda _target: 0):
            self.assertEqual(self.check(contact, "room")[0], "passes")
            self.assertEqual(len(self.post()), 1)

    def test_a_dialer_that_fails_does_not_keep_letters_back(self):
        strategy = self.mix(("letter", NEXT[2]), ("voice", {}))
        contact = self.create_contact(self.run_mixed(strategy), phone_1=HOME)
        self.target._note_failure("down", datetime.now())
        try:
            contact.campaign_id.action_feed_now()
            self.fail("the failure is told")
        except UserError as error:
            self.assertIn("down", str(error))
        self.env.invalidate_all()
        self.assertEqual((contact.state, len(POSTED)), ("letter_sent", 1))

    # -- sends in doubt -------------------------------------------------------------------------------

    def test_a_letter_in_doubt_counts_as_sent_and_is_never_sent_again(self):
        strategy = self.mix(("letter", {}))
        contact = self.create_contact(self.run_mixed(strategy), phone_1=HOME)

        def lose_answer(_sender, batch):
            POSTED.extend(batch)
            raise InDoubt("no answer")

        with patch.object(LetterSender, "send", lose_answer):
            self.engine._feed_safely(self.office)
        self.env.invalidate_all()
        self.assertEqual(self.office.last_error, "no answer")
        self.assertEqual(contact.attempt_ids.state, "claimed")
        self.assertFalse(self.post(), "it may be on its way")
        self.wait(hours=1)
        self.assertFalse(self.post(), "it cannot be asked about")
        self.assertEqual((contact.attempt_ids.state, contact.state), ("sent", "letter_sent"))
        self.wait(hours=1)
        self.assertFalse(self.post())
        self.assertEqual(len(POSTED), 1)
        self.assertEqual(self.report(contact, "voice"), 1)

    # -- results that are told ------------------------------------------------------------------------

    def test_a_result_that_is_told_twice_changes_nothing(self):
        contact = self.start_letter()
        key = contact.current_attempt_id.key
        self.assertEqual(self.office.receive_results({key: "no_answer"}), 1)
        before = contact.read()
        self.assertEqual(self.office.receive_results({key: "voice", "L0": "voice"}), 0)
        self.env.invalidate_all()
        self.assertEqual(contact.read(), before)
        self.assertEqual(contact.attempt_ids.outcome_id.code, "no_answer")

    def test_a_result_after_the_withdrawal_is_recorded_and_leads_to_nothing(self):
        contact = self.start_letter()
        key = contact.current_attempt_id.key
        contact.action_withdraw("Paid")
        self.assertEqual(self.office.receive_results({key: "no_answer"}), 1)
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.next_attempt_at), ("withdrawn", False))
        self.assertTrue(contact.attempt_ids.is_late)
        self.wait(days=1)
        self.assertFalse(self.post())

    def test_an_office_tells_of_its_own_letters_only(self):
        contact = self.start_letter()
        other = self.office.copy({"name": "Other"})
        key = contact.current_attempt_id.key
        self.assertEqual(other.receive_results({key: "voice"}), 0)
        self.assertEqual(contact.state, "letter_sent")
        agent = CampaignCase.create_user.__func__(type(self), "agent")
        with self.assertRaises(AccessError):
            self.office.with_user(agent).receive_results({key: "voice"})

    # -- keys -----------------------------------------------------------------------------------------

    def test_keys_have_the_form_of_the_channel(self):
        contact = self.start_letter()
        self.assertRegex(POSTED[0].key, r"^L[0-9A-F]{8}\d{10}$")
        self.assertEqual(POSTED[0].key, contact.current_attempt_id.key)

    def test_keys_that_may_be_too_long_are_refused_before_anything_is_written(self):
        contact = self.create_contact(self.run_mixed(self.mix(("letter", {}))), phone_1=HOME)
        with patch.object(EcmLetterOffice, "_key_size", 18):
            with self.assertRaisesRegex(ChannelError, "Office keeps 18 characters"):
                self.post()
            self.engine._feed_safely(self.office)
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.is_ready), ("pending", True))
        self.assertFalse(contact.attempt_ids)
        self.assertFalse(POSTED)
        self.assertIn("up to 19", self.check(contact, "target")[1])
        self.wait(minutes=1)
        self.assertEqual(len(self.post()), 1)

    def test_a_letter_may_take_its_time(self):
        strategy = self.mix(("letter", NEXT[1]))
        contact = self.create_contact(self.run_mixed(strategy, dangling_hours=24 * 14))
        self.post()
        sent_at = contact.last_attempt_at
        self.wait(days=10)
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "letter_sent")
        self.report(contact, "no_answer")
        self.env.invalidate_all()
        self.assertEqual(contact.next_attempt_at, sent_at + timedelta(days=10, minutes=5))
