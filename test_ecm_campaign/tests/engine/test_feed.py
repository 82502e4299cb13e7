from datetime import timedelta

from odoo import fields

from ..common import FeedCase


class TestFeed(FeedCase):
    """What the Contacts Feeder sends, and what it makes of the target's answers (F1, F5, F6, C3,
    C6).
    """

    def age_claims(self):
        """Make unconfirmed sends old enough to be asked about."""
        self.env.cr.execute(
            "UPDATE ecm_attempt SET claimed_at = claimed_at - interval '1 hour'"
            " WHERE state = 'claimed'"
        )

    def test_sends_ready_contacts_and_writes_attempts(self):
        contacts = self.create_contacts(3)
        self.feed()
        self.assertEqual(contacts.mapped("state"), ["sent_to_dialer"] * 3)
        self.assertEqual([sent.number for sent in self.target.sent], contacts.mapped("phone_1"))
        attempts = contacts.attempt_ids
        self.assertEqual(set(attempts.mapped("state")), {"sent"})
        self.assertEqual({sent.key for sent in self.target.sent}, set(attempts.mapped("key")))
        self.assertTrue(all(len(key) <= self.target._key_size for key in attempts.mapped("key")))

    def test_sends_nothing_twice(self):
        self.create_contacts(3)
        self.feed()
        self.feed()
        self.assertEqual(len(self.target.sent), 3)

    def test_stopped_campaign_is_not_fed(self):
        contacts = self.create_contacts(1)
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
        contacts = self.create_contacts(1)
        self.feed()
        self.assertEqual(contacts.state, "pending")
        self.assertEqual(self.campaign.status, "waiting")

    def test_before_start_date_nothing_is_sent(self):
        self.campaign.date_start = fields.Datetime.now() + timedelta(hours=1)
        contacts = self.create_contacts(1)
        self.feed()
        self.assertEqual(contacts.state, "pending")

    def test_waiting_contact_is_sent_when_due(self):
        contact = self.create_contacts(
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
        self.target.capacity = 2
        self.create_contacts(5)
        self.feed()
        self.assertEqual(len(self.target.sent), 2)
        self.assertEqual(self.campaign.at_dialer_count, 2)
        self.assertEqual(self.campaign.pending_count, 3)

    def test_a_request_holds_no_more_rows_than_allowed(self):
        self.target.batch_size = 2
        self.create_contacts(5)
        self.feed()
        self.assertEqual(self.target.other_side.requests, [2, 2, 1])

    def test_campaigns_share_the_room(self):
        other = self.create_running("Second offer")
        self.target.capacity = 6
        self.create_contacts(5)
        self.create_contacts(5, other)
        self.feed()
        self.assertEqual((self.campaign.at_dialer_count, other.at_dialer_count), (3, 3))

    def test_room_that_one_campaign_leaves_goes_to_the_other(self):
        other = self.create_running("Second offer")
        self.target.capacity = 6
        self.create_contacts(1)
        self.create_contacts(8, other)
        self.feed()
        self.assertEqual((self.campaign.at_dialer_count, other.at_dialer_count), (1, 5))

    def test_dial_orders(self):
        self.target.capacity = 2
        for order, expected in (("fifo", [0, 1]), ("lifo", [3, 2]), ("priority", [2, 0])):
            with self.subTest(order=order):
                campaign = self.create_running(order, dial_order=order)
                contacts = self.create_contacts(4, campaign)
                contacts[2].priority = 9
                self.campaign.is_running = False
                self.feed()
                sent = contacts.filtered(lambda contact: contact.state == "sent_to_dialer")
                self.assertEqual(sent, contacts[expected[0]] | contacts[expected[1]])
                campaign.is_running = False
                self.env.cr.execute("UPDATE ecm_attempt SET state = 'done'")

    def test_retries_before_or_after_fresh_contacts(self):
        self.target.capacity = 1
        for order, first in (("before", 1), ("after", 0)):
            with self.subTest(order=order):
                campaign = self.create_running(f"Retries {order}", retry_order=order)
                contacts = self.create_contacts(2, campaign)
                self.env.flush_all()
                self.env.cr.execute(
                    "UPDATE ecm_contact SET is_retry = TRUE WHERE id = %s", [contacts[1].id]
                )
                self.feed()
                self.assertEqual(contacts[first].state, "sent_to_dialer")
                campaign.is_running = False
                self.env.cr.execute("UPDATE ecm_attempt SET state = 'done'")

    def test_a_definite_failure_loses_nothing_and_leaves_no_trace(self):
        contacts = self.create_contacts(2)
        self.target.fault = "unavailable"
        self.feed()
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
        self.assertFalse(contacts.attempt_ids)
        self.assertEqual(self.target.last_error, "down")
        self.assertGreater(self.target.paused_until, fields.Datetime.now())

    def test_a_failing_dialer_is_left_alone_then_fed_again(self):
        self.create_contacts(1)
        self.target.fault = "unavailable"
        self.feed()
        self.feed()
        self.assertFalse(self.target.sent)
        self.target.paused_until = fields.Datetime.now() - timedelta(seconds=1)
        self.feed()
        self.assertEqual(len(self.target.sent), 1)
        self.assertFalse(self.target.last_error)

    def test_a_failing_dialer_does_not_stop_another(self):
        other_target = self.env["ecm.fake.target"].create({"name": "Another"})
        other = self.create_running("On the other", fake_target_id=other_target.id)
        self.create_contacts(1)
        contact = self.create_contacts(1, other)
        self.target.fault = "unavailable"
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer")

    def test_lost_answer_is_never_sent_again_before_it_was_asked_about(self):
        contacts = self.create_contacts(2)
        self.target.fault = "lost_request"
        self.feed()
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"claimed"})
        self.target.paused_until = False
        self.feed()
        self.assertFalse(self.target.sent)

    def test_in_doubt_and_known_to_the_dialer_counts_as_sent(self):
        contacts = self.create_contacts(2)
        self.target.fault = "lost_answer"
        self.feed()
        self.age_claims()
        self.target.paused_until = False
        self.assertFalse(self.feed())
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"sent"})

    def test_in_doubt_and_unknown_to_the_dialer_is_sent_again(self):
        contacts = self.create_contacts(2)
        self.target.fault = "lost_request"
        self.feed()
        self.age_claims()
        self.target.paused_until = False
        self.feed()
        self.assertEqual(len(self.target.sent), 2)
        self.assertEqual(len(contacts.attempt_ids), 2)

    def test_in_doubt_stays_while_the_dialer_cannot_be_asked(self):
        contacts = self.create_contacts(2)
        self.target.fault = "lost_request"
        self.feed()
        self.age_claims()
        self.target.paused_until = False
        self.target.other_side.is_silent = True
        self.feed()
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"claimed"})
        self.assertFalse(self.target.sent)

    def test_doubts_of_a_stopped_campaign_are_settled_too(self):
        contacts = self.create_contacts(1)
        self.target.fault = "lost_request"
        self.feed()
        self.campaign.action_stop()
        self.age_claims()
        self.target.paused_until = False
        self.feed()
        self.assertEqual(contacts.state, "pending")

    def test_the_contact_that_spoils_a_batch_is_found(self):
        contacts = self.create_contacts(8)
        self.target.other_side.spoiling = {contacts[5].phone_1}
        self.feed()
        self.assertEqual(len(self.target.sent), 7)
        self.assertEqual(contacts[5].state, "pending")
        self.assertEqual(contacts[5].last_outcome_id.code, "dialer_rejected")
        self.assertGreater(contacts[5].next_attempt_at, fields.Datetime.now())

    def test_when_everything_is_refused_the_dialer_is_at_fault(self):
        contacts = self.create_contacts(16)
        self.target.other_side.spoiling = set(contacts.mapped("phone_1"))
        self.feed()
        self.assertLess(len(self.target.other_side.requests), 10)
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
        self.assertEqual(len(contacts.attempt_ids), 2)
        self.assertIn("refused", self.target.last_error)

    def test_a_number_that_is_refused_again_and_again_closes(self):
        contacts = self.create_contacts(3)
        self.target.other_side.refused = {contacts[1].phone_1}
        for _day in range(3):
            self.wait(days=1)
            self.create_contacts(1, first_name="Another")
            self.feed()
        self.assertEqual(
            (contacts[1].state, contacts[1].close_reason), ("not_connected", "refused")
        )
        self.assertEqual(contacts[1].uncounted_count, 3)

    def test_withdrawn_contact_is_not_sent(self):
        contacts = self.create_contacts(2)
        contacts[0].action_withdraw()
        self.feed()
        self.assertEqual([sent.number for sent in self.target.sent], [contacts[1].phone_1])
        self.assertEqual((contacts[0].state, contacts[0].close_reason), ("withdrawn", "withdrawn"))
