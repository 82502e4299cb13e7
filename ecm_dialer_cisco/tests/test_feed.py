from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from ..clients.exceptions import Busy, InDoubt, Rejected, Unauthorized, Unreachable
from .common import DialerCase


class TestFeed(DialerCase):
    """What the Contacts Feeder sends, and what it makes of the dialer's answers (F1, F5, F6, C3,
    C6).
    """

    def age_claims(self):
        """Make unconfirmed sends old enough to be asked about."""
        self.env.cr.execute(
            "UPDATE ecm_attempt SET claimed_at = claimed_at - interval '1 hour' WHERE state = 'claimed'"
        )

    def test_sends_ready_contacts_and_writes_attempts(self):
        contacts = self._create_contacts(3)
        self.feed()
        self.assertEqual(contacts.mapped("state"), ["sent_to_dialer"] * 3)
        self.assertEqual([sent.number for sent in self.client.dialled], contacts.mapped("phone_1"))
        attempts = contacts.attempt_ids
        self.assertEqual(set(attempts.mapped("state")), {"sent"})
        self.assertEqual({sent.key for sent in self.client.dialled}, set(attempts.mapped("key")))
        self.assertTrue(all(len(key) <= 25 for key in attempts.mapped("key")))

    def test_sends_nothing_twice(self):
        self._create_contacts(3)
        self.feed()
        self.feed()
        self.assertEqual(len(self.client.dialled), 3)

    def test_stopped_campaign_is_not_fed(self):
        contacts = self._create_contacts(1)
        self.campaign.action_stop()
        self.feed()
        self.assertEqual(contacts.state, "pending")
        self.campaign.action_start()
        self.feed()
        self.assertEqual(contacts.state, "sent_to_dialer")

    def test_outside_calling_hours_nothing_is_sent(self):
        closed = self.env["resource.calendar"].create(
            {"name": "Never", "attendance_ids": [(5, 0, 0)]}
        )
        closed.attendance_ids.unlink()
        self.campaign.calendar_id = closed
        contacts = self._create_contacts(1)
        self.feed()
        self.assertEqual(contacts.state, "pending")
        self.assertEqual(self.campaign.status, "waiting")

    def test_before_start_date_nothing_is_sent(self):
        self.campaign.date_start = fields.Datetime.now() + timedelta(hours=1)
        contacts = self._create_contacts(1)
        self.feed()
        self.assertEqual(contacts.state, "pending")

    def test_waiting_contact_is_sent_when_due(self):
        contact = self._create_contacts(
            1, next_attempt_at=fields.Datetime.now() + timedelta(minutes=10)
        )
        self.feed()
        self.assertEqual(contact.state, "pending")
        self.env.cr.execute(
            "UPDATE ecm_contact SET next_attempt_at = next_attempt_at - interval '11 minutes'"
        )
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer")

    def test_room_limits_what_is_sent(self):
        self.dialer.contacts_at_dialer = 2
        self._create_contacts(5)
        self.feed()
        self.assertEqual(len(self.client.dialled), 2)
        self.assertEqual(self.campaign.at_dialer_count, 2)
        self.assertEqual(self.campaign.pending_count, 3)

    def test_a_request_holds_no_more_rows_than_allowed(self):
        self.dialer.rows_per_request = 2
        self._create_contacts(5)
        self.feed()
        self.assertEqual([len(batch) for batch in self.client.taken], [2, 2, 1])

    def test_campaigns_share_the_room(self):
        other = self._create_campaign("Second offer")
        self.dialer.contacts_at_dialer = 6
        self._create_contacts(5)
        self._create_contacts(5, other)
        self.feed()
        self.assertEqual((self.campaign.at_dialer_count, other.at_dialer_count), (3, 3))

    def test_room_that_one_campaign_leaves_goes_to_the_other(self):
        other = self._create_campaign("Second offer")
        self.dialer.contacts_at_dialer = 6
        self._create_contacts(1)
        self._create_contacts(8, other)
        self.feed()
        self.assertEqual((self.campaign.at_dialer_count, other.at_dialer_count), (1, 5))

    def test_dial_orders(self):
        self.dialer.contacts_at_dialer = 2
        for order, expected in (("fifo", [0, 1]), ("lifo", [3, 2]), ("priority", [2, 0])):
            with self.subTest(order=order):
                campaign = self._create_campaign(order, dial_order=order)
                contacts = self._create_contacts(4, campaign)
                contacts[2].priority = 9
                self.campaign.is_running = False
                self.feed()
                sent = contacts.filtered(lambda contact: contact.state == "sent_to_dialer")
                self.assertEqual(sent, contacts[expected[0]] | contacts[expected[1]])
                campaign.is_running = False
                self.env.cr.execute("UPDATE ecm_attempt SET state = 'done'")

    def test_retries_before_or_after_fresh_contacts(self):
        self.dialer.contacts_at_dialer = 1
        for order, first in (("before", 1), ("after", 0)):
            with self.subTest(order=order):
                campaign = self._create_campaign(f"Retries {order}", retry_order=order)
                contacts = self._create_contacts(2, campaign)
                self.env.flush_all()
                self.env.cr.execute(
                    "UPDATE ecm_contact SET is_retry = TRUE WHERE id = %s", [contacts[1].id]
                )
                self.feed()
                self.assertEqual(contacts[first].state, "sent_to_dialer")
                campaign.is_running = False
                self.env.cr.execute("UPDATE ecm_attempt SET state = 'done'")

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

    def test_a_failing_dialer_is_left_alone_then_fed_again(self):
        self._create_contacts(1)
        self.client.failures = [Unreachable("down")]
        self.feed()
        self.feed()
        self.assertFalse(self.client.taken)
        self.target.paused_until = fields.Datetime.now() - timedelta(seconds=1)
        self.feed()
        self.assertEqual(len(self.client.dialled), 1)
        self.assertFalse(self.target.last_error)

    def test_a_failing_dialer_does_not_stop_another(self):
        other_dialer = self.dialer.copy({"name": "UCCX 2", "is_enabled": True})
        other_target = self.target.copy({"dialer_id": other_dialer.id})
        other = self._create_campaign("On the other", dialer_campaign_id=other_target.id)
        self._create_contacts(1)
        contact = self._create_contacts(1, other)
        self.client.failures = [Unreachable("down")]
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer")

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

    def test_lost_answer_is_never_sent_again_before_it_was_asked_about(self):
        contacts = self._create_contacts(2)
        self.client.failures = [InDoubt("no answer")]
        self.feed()
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"claimed"})
        self.target.paused_until = False
        self.feed()
        self.assertFalse(self.client.taken)

    def test_in_doubt_and_known_to_the_dialer_counts_as_sent(self):
        contacts = self._create_contacts(2)
        self.client.failures = [InDoubt("no answer")]
        self.feed()
        self.client.known = set(contacts.attempt_ids.mapped("key"))
        self.age_claims()
        self.target.paused_until = False
        self.feed()
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"sent"})
        self.assertFalse(self.client.taken)

    def test_in_doubt_and_unknown_to_the_dialer_is_sent_again(self):
        contacts = self._create_contacts(2)
        self.client.failures = [InDoubt("no answer")]
        self.feed()
        self.age_claims()
        self.target.paused_until = False
        self.feed()
        self.assertEqual(len(self.client.dialled), 2)
        self.assertEqual(len(contacts.attempt_ids), 2)

    def test_in_doubt_stays_while_the_dialer_cannot_be_asked(self):
        contacts = self._create_contacts(2)
        self.client.failures = [InDoubt("no answer")]
        self.feed()
        self.age_claims()
        self.target.paused_until = False
        self.client.find_error = Busy("importing")
        self.feed()
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"claimed"})
        self.assertFalse(self.client.taken)

    def test_doubts_of_a_stopped_campaign_are_settled_too(self):
        contacts = self._create_contacts(1)
        self.client.failures = [InDoubt("no answer")]
        self.feed()
        self.campaign.action_stop()
        self.age_claims()
        self.target.paused_until = False
        self.feed()
        self.assertEqual(contacts.state, "pending")

    def test_the_contact_that_spoils_a_batch_is_found(self):
        contacts = self._create_contacts(8)
        spoiler = contacts[5].phone_1
        push = self.client.push

        def refusing(key, name, batch):
            if any(contact.number == spoiler for contact in batch):
                raise Rejected("cvc-complex-type.2.4.a", "InvalidInput")
            return push(key, name, batch)

        self.client.push = refusing
        self.feed()
        self.assertEqual(len(self.client.dialled), 7)
        self.assertEqual(contacts[5].state, "pending")
        self.assertEqual(contacts[5].last_outcome_id.code, "dialer_rejected")
        self.assertGreater(contacts[5].next_attempt_at, fields.Datetime.now())

    def test_when_everything_is_refused_the_dialer_is_at_fault(self):
        contacts = self._create_contacts(16)
        self.client.failures = [Rejected("bad", "InvalidInput")] * 50
        self.feed()
        self.assertGreater(len(self.client.failures), 40)
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
        self.assertEqual(len(contacts.attempt_ids), 2)
        self.assertIn("refused", self.target.last_error)

    def test_a_number_that_is_refused_again_and_again_closes(self):
        contacts = self._create_contacts(3)
        self.client.refuse_numbers = {contacts[1].phone_1}
        for _day in range(3):
            self.env.cr.execute(
                "UPDATE ecm_contact SET next_attempt_at = now() AT TIME ZONE 'UTC' - interval '1 second' "
                "WHERE state = 'pending' AND next_attempt_at IS NOT NULL"
            )
            self._create_contacts(1, first_name="Another")
            self.feed()
        self.assertEqual(
            (contacts[1].state, contacts[1].close_reason), ("not_connected", "refused")
        )
        self.assertEqual(contacts[1].uncounted_count, 3)

    def test_disabled_cisco_campaign_is_not_fed_and_says_why(self):
        contact = self._create_contacts(1)
        self.target.is_enabled = False
        self.feed()
        self.assertEqual(contact.state, "pending")
        self.assertEqual(self.campaign.status, "blocked")
        self.assertIn("disabled", self.campaign.status_reason)

    def test_withdrawn_contact_is_not_sent(self):
        contacts = self._create_contacts(2)
        contacts[0].action_withdraw()
        self.feed()
        self.assertEqual([sent.number for sent in self.client.dialled], [contacts[1].phone_1])
        self.assertEqual((contacts[0].state, contacts[0].close_reason), ("withdrawn", "withdrawn"))

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
        self.engine._cron_sync_results()
        self.env.invalidate_all()
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
