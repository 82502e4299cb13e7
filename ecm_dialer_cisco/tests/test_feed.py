from datetime import UTC, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.exceptions import UserError

from ..clients.base import PushReceipt
from ..clients.exceptions import Busy, InDoubt, Unauthorized, Unreachable
from .common import DialerCase
from odoo.addons.ecm_campaign.exceptions import Unavailable


class TestFeed(DialerCase):
    """What the Contacts Feeder makes of a dialer's settings and answers (F1, F5, F6, C3)."""

    def age_claims(self):
        """Make unconfirmed sends old enough to be asked about."""
        self.env.cr.execute(
            "UPDATE ecm_attempt SET claimed_at = claimed_at - interval '1 hour'"
            " WHERE state = 'claimed'"
        )

    def test_contacts_arrive_under_keys_that_the_dialer_keeps(self):
        contacts = self._create_contacts(3)
        self.feed()
        keys = contacts.attempt_ids.mapped("key")
        self.assertEqual({sent.key for sent in self.client.dialled}, set(keys))
        self.assertEqual([sent.number for sent in self.client.dialled], contacts.mapped("phone_1"))
        self.assertTrue(all(len(key) <= 25 for key in keys))

    def test_agents_see_callbacks_at_their_time_in_direct_preview(self):
        ordinary, promised = self._create_contacts(2)
        due_at = fields.Datetime.now() + timedelta(minutes=30)
        self.env.cr.execute(
            "UPDATE ecm_contact SET callback = 'normal', callback_due = %s WHERE id = %s",
            [due_at, promised.id],
        )
        # Far from midnight, whatever the time is.
        hour = fields.Datetime.now().hour
        self.dialer.tz = "UTC" if 2 < hour < 22 else "Asia/Tokyo"
        self.target.dialing_mode = "preview"
        self.feed()
        sent = {contact.number: contact.dial_time for contact in self.client.dialled}
        local = due_at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.dialer.tz))
        self.assertEqual(sent, {ordinary.phone_1: "", promised.phone_1: f"{local:%H:%M}"})

    def test_other_campaigns_know_no_dial_time(self):
        contact = self._create_contacts(1)
        self.env.cr.execute(
            "UPDATE ecm_contact SET callback = 'normal', callback_due = now() + interval '1 hour'"
            " WHERE id = %s",
            [contact.id],
        )
        self.feed()
        self.assertEqual([sent.dial_time for sent in self.client.dialled], [""])

    def cut_short(self, error, is_unsent):
        """The first of two contacts was accepted in a request of its own, then another failed."""
        contacts = self._create_contacts(2)

        def push(_key, _name, batch):
            self.client.known.add(batch[0].key)
            left = frozenset(contact.key for contact in batch[1:])
            unsent = left if is_unsent else frozenset()
            accepted = frozenset({batch[0].key})
            return PushReceipt(accepted, frozenset(), unsent=unsent, failure=error)

        with patch.object(self.client, "push", push):
            self.feed()
        self.assertEqual(self.target.failure_count, 1)
        self.assertIn(str(error), self.target.last_error)
        return contacts

    def test_what_a_push_did_not_come_to_is_sent_with_the_next(self):
        first, second = self.cut_short(Busy("importing"), is_unsent=True)
        self.assertEqual(first.current_attempt_id.state, "sent")
        self.assertEqual((second.state, second.attempt_ids), ("pending", self.env["ecm.attempt"]))
        self.target.paused_until = False
        self.feed()
        self.assertEqual([sent.number for sent in self.client.dialled], [second.phone_1])

    def test_what_a_push_left_in_doubt_is_asked_about(self):
        first, second = self.cut_short(InDoubt("no answer"), is_unsent=False)
        self.assertEqual(first.current_attempt_id.state, "sent")
        self.assertEqual(second.current_attempt_id.state, "claimed")
        self.target.paused_until = False
        self.feed()
        self.assertEqual(self.client.dialled, [], "nobody knows yet")
        self.age_claims()
        self.feed()
        self.assertEqual([sent.number for sent in self.client.dialled], [second.phone_1])

    def test_the_dialers_settings_limit_what_it_gets(self):
        self._create_contacts(9)
        self.dialer.write({"rows_per_request": 2, "contacts_at_dialer": 5})
        self.feed()
        self.assertEqual([len(batch) for batch in self.client.taken], [2, 2, 1])
        self.dialer.write({"contacts_at_dialer": 9, "max_contacts_per_campaign": 7})
        self.feed()
        self.assertEqual(len(self.client.dialled), 7)

    def test_definite_failures_lose_nothing_and_leave_no_trace(self):
        for failure in (Unreachable("down"), Busy("503"), Unauthorized("401", "401")):
            with self.subTest(failure=type(failure).__name__):
                contacts = self._create_contacts(2)
                self.client.failures = [failure]
                self.feed()
                self.assertEqual(set(contacts.mapped("state")), {"pending"})
                self.assertFalse(contacts.attempt_ids)
                self.assertEqual(self.target.last_error, str(failure))
                self.assertGreater(self.target.paused_until, fields.Datetime.now())
                self.target._note_success(fields.Datetime.now())
                contacts.unlink()

    def test_a_dead_dialer_is_asked_once_for_all_its_campaigns(self):
        other_target = self.target.copy({"key": "8"})
        self._create_contacts(1)
        self._create_contacts(
            1, self._create_campaign("Second offer", dialer_campaign_id=other_target.id)
        )
        self.client.failures = [Unreachable("down")]
        self.feed()
        self.assertFalse(self.client.taken)
        self.assertEqual(other_target.last_error, "down")

    def test_what_the_dialer_failed_with_is_forgotten_by_all_its_campaigns(self):
        idle, busy = self.target.copy({"key": "8"}), self.target.copy({"key": "9"})
        self._create_contacts(1)
        self.client.failures = [Unreachable("down")]
        self.feed()
        busy._note_failure(Busy("its own"), fields.Datetime.now())
        self.target.paused_until = False
        self.feed()
        self.assertEqual(len(self.client.dialled), 1)
        self.assertEqual(
            (idle.last_error, idle.paused_until, idle.failure_count), (False, False, 0)
        )
        self.assertEqual(busy.last_error, "its own")

    def test_a_test_of_the_connection_ends_the_pause_of_its_campaigns(self):
        error = Unavailable("down", whole_service=True)
        self.target._note_failure(error, fields.Datetime.now())
        self.dialer.action_test_connection()
        self.assertFalse(self.target.last_error)
        self.assertFalse(self.target.paused_until)

    def test_disabled_cisco_campaign_is_not_fed_and_says_why(self):
        contact = self._create_contacts(1)
        self.target.is_enabled = False
        self.feed()
        self.assertEqual(contact.state, "pending")
        self.assertEqual(self.campaign.status, "blocked")
        self.assertIn("disabled", self.campaign.status_reason)

    def test_purge_takes_undialled_contacts_back(self):
        contacts = self._create_contacts(3)
        self.feed()
        self.client.deleted = set(contacts[1:].current_attempt_id.mapped("key"))
        self.campaign.action_stop()
        self.campaign.action_purge()
        self.env.invalidate_all()
        self.assertEqual(self.client.purged, ["7"])
        self.assertEqual(contacts.mapped("state"), ["sent_to_dialer", "pending", "pending"])
        self.assertFalse(contacts[1:].attempt_ids)

    def feed_in_doubt(self):
        """Have the dialer take a batch whose answer is lost."""
        push = self.client.push

        def lose_answer(key, name, batch):
            push(key, name, batch)
            raise InDoubt("no answer")

        with patch.object(self.client, "push", lose_answer):
            self.feed()

    def test_purge_takes_back_what_is_in_doubt(self):
        contacts = self._create_contacts(3)
        self.feed_in_doubt()
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"claimed"})
        self.client.deletes = True
        self.campaign.action_purge()
        self.env.invalidate_all()
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
        self.assertFalse(contacts.attempt_ids)

    def test_doubts_that_a_purge_deleted_are_no_sends(self):
        contacts = self._create_contacts(3)
        self.feed_in_doubt()
        self.client.deleted = set(self.client.known)
        self.age_claims()
        self.target.paused_until = False
        self.campaign.is_running = False
        self.feed()
        self.assertEqual(set(contacts.mapped("state")), {"pending"})

    def test_what_a_purge_deleted_comes_back_although_its_answer_was_lost(self):
        contacts = self._create_contacts(3)
        self.feed()
        keys = contacts.current_attempt_id.mapped("key")
        self.client.deletes, self.client.purge_error = True, InDoubt("no answer")
        with self.assertRaisesRegex(UserError, "no answer"):
            self.campaign.action_purge()
        undialled = {"final": False, "undialled": True, "raw_status": "1"}
        self.client.rows = [self.result_row(key, "0", **undialled) for key in keys]
        self.sync()
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
        self.assertFalse(contacts.attempt_ids, "no try took place")

    def test_nothing_is_purged_while_results_cannot_be_read(self):
        self._create_contacts(3)
        self.feed()
        unreadable = Unreachable("no database")
        with (
            patch.object(self.client, "undialled", side_effect=unreadable),
            self.assertRaisesRegex(UserError, "no database"),
        ):
            self.campaign.action_purge()
        self.assertFalse(self.client.purged)
