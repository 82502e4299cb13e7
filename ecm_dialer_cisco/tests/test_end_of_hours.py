from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import Command

from ..clients.exceptions import Unreachable
from .common import BUSY, DialerCase

# A Friday; the campaign is open until 20:00.
EVENING = datetime(2026, 11, 27, 19, 0)


class TestEndOfHours(DialerCase):
    """Nobody is called out of hours by what waits at the dialer (C3, C4, N3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dialer.results_connection = "DSN=uccx"
        cls.campaign.write(
            {"calendar_id": cls._create_calendar(9, 20), "keeps_region_rules": False}
        )

    @classmethod
    def _create_calendar(cls, start, end):
        lines = [Command.clear()]
        for day in range(5):
            line = {"name": "Hours", "dayofweek": str(day), "hour_from": start, "hour_to": end}
            lines.append(Command.create(line))
        values = {"name": f"{start} to {end}", "tz": "UTC", "attendance_ids": lines}
        return cls.env["resource.calendar"].create(values).id

    def setUp(self):
        super().setUp()
        frozen = freeze_time(EVENING)
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        # What waits at the dialer is deleted by a purge; what it calls is not.
        self.client.deletes = True
        self.calling = set()
        purge = self.client.purge

        def purge_waiting(key):
            purge(key)
            self.client.deleted -= self.calling

        self.client.purge = purge_waiting

    def wait(self, **delta):
        """The next turn comes so much later."""
        self.clock.tick(timedelta(**delta))
        self.feed()

    def _of(self, campaign):
        return self.env["ecm.contact"].search([("campaign_id", "=", campaign.id)])

    # -- as much as it can call -------------------------------------------------------------------

    def test_no_more_is_sent_than_the_dialer_calls_until_the_end(self):
        self._create_contacts(60)
        self.target.pace = 2
        self.clock.tick(timedelta(minutes=39))
        self.feed()
        self.assertEqual(len(self.client.dialled), 40, "two a minute, for twenty minutes")

    def test_what_is_there_already_counts(self):
        self._create_contacts(60)
        self.dialer.contacts_at_dialer = 30
        self.target.pace = 2
        self.clock.tick(timedelta(minutes=39))
        self.feed()
        self.dialer.contacts_at_dialer = 1000
        self.target.held_count = 0
        self.feed()
        self.assertEqual(len(self.client.dialled), 40)

    def test_without_a_measured_pace_the_room_shrinks_too(self):
        self._create_contacts(80)
        self.clock.tick(timedelta(minutes=54))
        self.feed()
        self.assertEqual(len(self.client.dialled), 50, "ten a minute, for five minutes")

    def test_a_campaign_that_never_closes_gets_all_the_room(self):
        self.campaign.calendar_id = False
        self._create_contacts(80)
        self.clock.tick(timedelta(minutes=58))
        self.feed()
        self.assertEqual(len(self.client.dialled), 80)

    def test_a_contact_whose_own_hours_end_before_its_turn_waits(self):
        self.campaign.hours_zone = "contact"
        late = self._create_contacts(1, tz="Europe/Berlin")
        early = self._create_contacts(1, tz="Europe/London")
        # 19:59:30 in Berlin, 18:59:30 in London.
        self.clock.move_to(datetime(2026, 11, 27, 18, 59, 30))
        self.feed()
        self.assertEqual(early.state, "sent_to_dialer")
        self.assertEqual((late.state, late.block_reason), ("pending", "drain"))
        self.assertEqual(late.next_attempt_at, datetime(2026, 11, 30, 8), "Monday at nine there")

    def test_the_pace_is_measured_by_what_is_gone(self):
        contacts = self._create_contacts(60)
        self.feed()
        self.clock.tick(timedelta(minutes=1))
        self.results(*[(contact, BUSY) for contact in contacts[:20]])
        self.feed()
        self.assertEqual(self.target.pace, 20)

    # -- what was not called ----------------------------------------------------------------------

    def test_what_was_not_called_comes_back_before_the_hours_end(self):
        contacts = self._create_contacts(5)
        self.feed()
        self.calling = set(contacts[0].current_attempt_id.mapped("key"))
        self.wait(minutes=58)
        self.assertFalse(self.client.purged)
        self.wait(minutes=1, seconds=10)
        self.assertEqual(self.client.purged, ["7"])
        self.assertEqual(contacts[0].state, "sent_to_dialer", "it is being called")
        self.assertEqual(set(contacts[1:].mapped("state")), {"pending"})
        self.assertFalse(contacts[1:].attempt_ids, "no try took place")

    def test_it_is_asked_for_once(self):
        contacts = self._create_contacts(3)
        self.feed()
        self.calling = set(contacts[0].current_attempt_id.mapped("key"))
        for _turn in range(3):
            self.wait(minutes=59)
        self.assertEqual(self.client.purged, ["7"])
        self.assertEqual(len(self.client.dialled), 3, "and nothing was sent again")

    def test_they_are_sent_again_when_the_hours_begin(self):
        contacts = self._create_contacts(2)
        self.feed()
        self.wait(minutes=59, seconds=30)
        self.client.deleted = set()
        self.clock.move_to(datetime(2026, 11, 30, 9, 0))
        self.feed()
        self.assertEqual(len(self.client.dialled), 4)
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})

    def test_a_stopped_campaigns_contacts_come_back(self):
        contacts = self._create_contacts(3)
        self.feed()
        self.campaign.action_stop()
        self.feed()
        self.assertEqual(set(contacts.mapped("state")), {"pending"})

    def test_who_calls_when_another_campaign_may_still_call_is_not_interrupted(self):
        self._create_contacts(3)
        other = self._create_campaign("Late offer", calendar_id=False)
        self._create_contacts(3, other)
        self.feed()
        self.wait(minutes=59, seconds=30)
        self.assertFalse(self.client.purged)
        self.dialer.take_back = "always"
        self.feed()
        self.assertEqual(self.client.purged, ["7"])
        self.assertEqual(set(self._of(self.campaign).mapped("state")), {"pending"})
        self.assertEqual(set(self._of(other).mapped("state")), {"sent_to_dialer"})

    def test_nothing_comes_back_where_nobody_wants_it(self):
        contacts = self._create_contacts(3)
        self.feed()
        self.dialer.take_back = "never"
        self.wait(minutes=59, seconds=30)
        self.assertFalse(self.client.purged)
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})

    def test_contacts_whose_own_hours_end_come_back_while_others_are_called(self):
        self.campaign.hours_zone = "contact"
        late = self._create_contacts(1, tz="Europe/Berlin")
        early = self._create_contacts(1, tz="Europe/London")
        self.clock.move_to(datetime(2026, 11, 27, 18, 0))
        self.feed()
        self.assertEqual(len(self.client.dialled), 2)
        self.clock.move_to(datetime(2026, 11, 27, 18, 59, 30))
        self.feed()
        self.assertEqual(self.client.purged, ["7"])
        self.assertEqual(late.state, "pending")
        self.assertEqual(early.state, "sent_to_dialer", "sent again: it is 19:00 there")

    def test_a_dialer_that_cannot_be_asked_is_tried_again(self):
        contacts = self._create_contacts(2)
        self.feed()
        self.client.purge_error = Unreachable("down")
        self.client.deletes = False
        self.wait(minutes=59, seconds=10)
        self.assertEqual(self.target.last_error, "down")
        self.client.purge_error, self.client.deletes = None, True
        self.wait(seconds=20)
        self.assertEqual(set(contacts.mapped("state")), {"pending"})

    def test_a_dialer_that_is_left_alone_gives_back_all_the_same(self):
        contacts = self._create_contacts(2)
        self.feed()
        self.target.paused_until = EVENING + timedelta(hours=2)
        self.wait(minutes=59, seconds=10)
        self.assertEqual(set(contacts.mapped("state")), {"pending"})

    def test_a_doubt_that_cannot_be_settled_keeps_nobody_at_the_dialer(self):
        contacts = self._create_contacts(2)
        self.feed()
        doubtful = contacts[0].current_attempt_id
        self.env.cr.execute("UPDATE ecm_attempt SET state = 'claimed' WHERE id = %s", doubtful.ids)
        self.calling, self.client.find_error = {doubtful.key}, Unreachable("behind")
        self.wait(minutes=59, seconds=10)
        self.assertEqual(self.target.last_error, "behind")
        self.assertEqual(contacts[1].state, "pending")

    def test_what_came_back_says_nothing_of_the_pace(self):
        self._create_contacts(40)
        self.feed()
        self.wait(minutes=55)
        self.target.pace = 2
        self.wait(minutes=4, seconds=10)
        self.assertLessEqual(self.target.pace, 2)

    def test_one_whose_send_is_in_doubt_is_asked_for_again(self):
        contacts = self._create_contacts(2)
        self.feed()
        self.env.cr.execute(
            "UPDATE ecm_attempt SET state = 'claimed' WHERE id = %s",
            contacts[0].current_attempt_id.ids,
        )
        self.calling = set(contacts.current_attempt_id.mapped("key"))
        self.env["ecm.engine"]._note_recall(self.target)
        self.assertEqual(self.target.recalled_at, EVENING)
