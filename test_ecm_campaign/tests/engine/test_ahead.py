import threading
from datetime import timedelta
from unittest.mock import patch

from odoo import Command

from ...models.ecm_fake_target import FakeSender
from ..common import START, FeedCase
from odoo.addons.ecm_campaign.exceptions import Unavailable
from odoo.addons.ecm_campaign.tools.ahead import Ahead
from odoo.addons.ecm_campaign.tools.gates import DncRule
from odoo.addons.ecm_campaign.tools.turn import Turn

SECONDS = 20


class TestAhead(FeedCase):
    """A batch is claimed while another is on its way: what happens meanwhile still counts."""

    def setUp(self):
        super().setUp()
        self.target.batch_size = 2
        self.contacts = self.create_contacts(4)
        self.claimed = threading.Event()

    def meanwhile(self, work=lambda: None, answer=None):
        """Do this when the second batch was claimed, while the first is on its way.

        :param answer: to the first batch
        """
        look_ahead = Ahead._look_ahead

        def look(ahead):
            look_ahead(ahead)
            if not self.claimed.is_set():
                work()
                self.env.flush_all()
            self.claimed.set()

        def wait(_batch):
            self.assertTrue(self.claimed.wait(SECONDS), "nothing was claimed meanwhile")
            return answer

        self.target.fault = wait
        return patch.object(Ahead, "_look_ahead", look)

    def test_all_are_sent_once(self):
        with self.meanwhile():
            sent = self.feed()
        self.assertEqual([outgoing.contact_id for outgoing in sent], self.contacts.ids)
        self.assertEqual(self.target.other_side.requests, [2, 2])

    def test_a_target_that_fails_gives_back_what_was_claimed_ahead(self):
        with self.meanwhile(answer="unavailable"):
            self.assertFalse(self.feed())
        self.assertEqual(set(self.contacts.mapped("state")), {"pending"})
        self.assertFalse(self.contacts.attempt_ids, "no trace of a try that never was")

    def test_nothing_leaves_after_the_campaign_was_stopped(self):
        with self.meanwhile(self.campaign.action_stop):
            sent = self.feed()
        self.assertEqual([outgoing.contact_id for outgoing in sent], self.contacts[:2].ids)
        self.assertEqual(set(self.contacts[2:].mapped("state")), {"pending"})
        self.assertFalse(self.contacts[2:].attempt_ids)

    def test_who_is_listed_meanwhile_is_not_called(self):
        listed = self.contacts[2]
        wishes = self.env.ref("ecm_campaign.ecm_dnc_list_wishes")
        with self.meanwhile(lambda: wishes.api_add([listed.phone_1])):
            sent = self.feed()
        expected = (self.contacts - listed).ids
        self.assertEqual([outgoing.contact_id for outgoing in sent], expected)
        self.feed()
        self.assertEqual(listed.state, "dnc_listed")
        self.assertFalse(listed.attempt_ids)

    def test_who_is_listed_and_passes_the_gate_all_the_same_is_called(self):
        """A customer who asked for the call, for example: the gate alone says so."""
        listed = self.contacts[2]
        self.env.ref("ecm_campaign.ecm_dnc_list_wishes").api_add([listed.phone_1])
        with patch.object(DncRule, "get_lists", lambda *_args: ()):
            sent = self.feed()
        self.assertEqual([outgoing.contact_id for outgoing in sent], self.contacts.ids)


class TestParts(FeedCase):
    """One claim for several requests: each part is looked at right before it leaves."""

    def setUp(self):
        super().setUp()
        self.target.batch_size = 2
        self.contacts = self.create_contacts(6)
        self.patch(Ahead, "_requests", 3)
        # What happens between two parts looks into the database.
        self.claim_nothing_ahead()

    def after_the_first(self, work, answer=None):
        """Do this while the first part is on its way.

        :param answer: to the second part
        """

        def first(_batch):
            work()
            self.env.flush_all()
            self.env.invalidate_all()
            self.target.fault = answer

        self.target.fault = first

    def feed_ids(self):
        return [outgoing.contact_id for outgoing in self.feed()]

    def count_claims(self):
        """:return: list that a number is added to with each claim: of how many contacts"""
        sizes, claim = [], type(self.engine)._claim

        def counted(engine, *args):
            batch = claim(engine, *args)
            sizes.append(len(batch or []))
            return batch

        self.patch(type(self.engine), "_claim", counted)
        return sizes

    def assert_waiting(self, contacts):
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
        self.assertFalse(contacts.attempt_ids, "no trace of a try that never was")

    def test_one_claim_leaves_in_requests_of_the_usual_size(self):
        sizes = self.count_claims()
        self.assertEqual(self.feed_ids(), self.contacts.ids)
        self.assertEqual(self.target.other_side.requests, [2, 2, 2])
        self.assertEqual(sizes[0], 6)
        self.assertEqual(set(self.contacts.attempt_ids.mapped("state")), {"sent"})

    def test_no_more_are_claimed_than_there_is_room_for(self):
        self.target.capacity = 3
        sizes = self.count_claims()
        self.assertEqual(self.feed_ids(), self.contacts[:3].ids)
        self.assertEqual(sizes[0], 3)

    def test_a_target_that_cannot_be_asked_gets_one_request_a_claim(self):
        self.patch(type(self.target), "_can_be_asked", False)
        sizes = self.count_claims()
        self.feed()
        self.assertEqual(sizes[:3], [2, 2, 2])

    def test_a_target_that_has_failed_gets_one_request_a_claim(self):
        self.target.failure_count = 1
        sizes = self.count_claims()
        self.feed()
        self.assertEqual(sizes[0], 2)

    def test_a_part_does_not_leave_after_the_campaign_was_stopped(self):
        self.after_the_first(self.campaign.action_stop)
        self.assertEqual(self.feed_ids(), self.contacts[:2].ids)
        self.assert_waiting(self.contacts[2:])

    def test_who_is_listed_between_two_parts_is_not_called(self):
        listed = self.contacts[3]
        wishes = self.env.ref("ecm_campaign.ecm_dnc_list_wishes")
        self.after_the_first(lambda: wishes.api_add([listed.phone_1]))
        self.assertEqual(self.feed_ids(), (self.contacts - listed).ids)

    def test_a_part_does_not_leave_after_the_hours(self):
        self.campaign.date_end = START + timedelta(minutes=1)
        self.after_the_first(lambda: self.wait(minutes=1))
        self.assertEqual(self.feed_ids(), self.contacts[:2].ids)
        self.assert_waiting(self.contacts[2:])

    def test_a_part_does_not_leave_after_its_contacts_hours(self):
        monday = {"name": "Monday", "dayofweek": "0", "hour_from": 8, "hour_to": 10}
        calendar = self.env["resource.calendar"].create(
            {"name": "Morning", "attendance_ids": [Command.clear(), Command.create(monday)]}
        )
        values = {"calendar_id": calendar.id, "hours_zone": "contact", "drain_minutes": 0}
        self.campaign.write(values)
        # In Lisbon the clock shows UTC; elsewhere the hours go on.
        self.contacts.tz = "Europe/Lisbon"
        self.wait(minutes=59)
        self.after_the_first(lambda: self.wait(minutes=1))
        self.assertEqual(self.feed_ids(), self.contacts[:2].ids)
        self.assert_waiting(self.contacts[2:])

    def test_a_part_that_leaves_late_is_in_doubt_from_then_on(self):
        self.after_the_first(lambda: self.wait(seconds=10), "lost_answer")
        with self.assertRaisesRegex(Exception, "no answer"):
            self.engine._feed_target(self.target)
        self.env.invalidate_all()
        late, unsent = self.contacts[2:4].attempt_ids, self.contacts[4:]
        self.assertEqual(set(late.mapped("claimed_at")), {START + timedelta(seconds=10)})
        self.assertEqual(set(late.mapped("state")), {"claimed"})
        self.assert_waiting(unsent)

    def test_a_part_that_leaves_at_once_is_not_written_again(self):
        stamped, stamp = [], type(self.env["ecm.attempt"])._stamp

        def noted(attempts, ids, now):
            stamped.extend(ids)
            return stamp(attempts, ids, now)

        self.patch(type(self.env["ecm.attempt"]), "_stamp", noted)
        self.after_the_first(lambda: self.wait(seconds=2))
        self.assertEqual(self.feed_ids(), self.contacts.ids)
        self.assertFalse(stamped)

    def test_a_doubt_begins_no_earlier_than_a_part_may_leave(self):
        """What was claimed and not stamped may have left four seconds later."""
        self.target.fault = "lost_answer"
        with self.assertRaisesRegex(Exception, "no answer"):
            self.engine._feed_target(self.target)
        asked = []
        self.patch(FakeSender, "find", lambda _sender, keys, sent_at: asked.append(sent_at) or keys)
        seconds = self.target._get_doubt_seconds()
        self.wait(seconds=seconds + 4)
        self.engine._reconcile(self.target)
        self.assertFalse(asked)
        self.wait(seconds=1)
        self.engine._reconcile(self.target)
        self.assertEqual(asked, [START + timedelta(seconds=4)])

    def test_a_target_that_fails_gives_back_the_parts_that_did_not_leave(self):
        self.after_the_first(lambda: None, "unavailable")
        with self.assertRaisesRegex(Unavailable, "down"):
            self.engine._feed_target(self.target)
        self.env.invalidate_all()
        self.assertEqual(set(self.contacts[:2].attempt_ids.mapped("state")), {"sent"})
        self.assert_waiting(self.contacts[2:])

    def test_a_turn_that_is_over_gives_back_the_parts_that_did_not_leave(self):
        self.engine._feed_target(self.target, Turn(0))
        self.env.invalidate_all()
        self.assertEqual(set(self.contacts[:2].attempt_ids.mapped("state")), {"sent"})
        self.assert_waiting(self.contacts[2:])

    def test_of_a_part_that_is_refused_the_others_leave(self):
        bad = self.contacts[1]
        self.target.other_side.spoiling = {bad.phone_1}
        self.assertEqual(self.feed_ids(), (self.contacts - bad).ids)
        self.assertEqual(bad.state, "pending")


class TestReceipts(FeedCase):
    """What became of a request is written while the next one is on its way."""

    def setUp(self):
        super().setUp()
        self.target.batch_size = 2
        self.contacts = self.create_contacts(4)

    def test_those_of_parts_that_left_together_are_written_together(self):
        self.patch(Ahead, "_requests", 2)
        receive, noted = type(self.engine)._receive_noted, []

        def note(engine, target, sent, has_failed):
            noted.append([len(each.part) for each in sent])
            receive(engine, target, sent, has_failed)

        self.patch(type(self.engine), "_receive_noted", note)
        self.feed()
        self.assertEqual(noted, [[2, 2]])
        self.assertEqual(self.states(self.contacts), {"sent"})

    def fail_with_the_second_request(self):
        def fail_next(_batch):
            self.target.fault = "unavailable"

        self.target.fault = fail_next
        with self.assertRaisesRegex(Unavailable, "down"):
            self.engine._feed_target(self.target)

    def test_the_first_is_written_although_what_left_with_it_fails(self):
        self.patch(Ahead, "_requests", 2)
        self.fail_with_the_second_request()
        self.assertEqual(self.states(self.contacts[:2]), {"sent"})
        self.assertEqual(set(self.contacts[2:].mapped("state")), {"pending"})
        self.assertFalse(self.contacts[2:].attempt_ids)

    def states(self, contacts):
        self.env.invalidate_all()
        return set(contacts.attempt_ids.mapped("state"))

    def test_it_is_written_before_anything_is_claimed(self):
        seen, claim = [], type(self.engine)._claim

        def noted(engine, *args):
            seen.append(self.states(self.contacts))
            return claim(engine, *args)

        self.patch(type(self.engine), "_claim", noted)
        self.patch(Ahead, "_look_ahead", lambda _ahead: None)
        self.feed()
        self.assertEqual(seen, [set(), {"sent"}, {"sent"}])

    def test_it_is_written_although_the_next_request_fails(self):
        self.fail_with_the_second_request()
        self.assertEqual(self.states(self.contacts[:2]), {"sent"})
        self.assertEqual(set(self.contacts[2:].mapped("state")), {"pending"})

    def test_what_was_not_written_is_asked_about(self):
        """The process dies before: nobody is called twice."""
        with self.engine._open_ahead(self.target, self.campaign) as ahead:
            batch = ahead.next()
            self.engine._push(self.target, ahead, batch)
        self.assertEqual(self.states(self.contacts[:2]), {"claimed"})
        self.wait(seconds=self.target._get_doubt_seconds() + 10)
        self.feed()
        self.assertEqual(self.states(self.contacts), {"sent"})
        self.assertEqual([each.contact_id for each in self.target.sent], self.contacts.ids)
