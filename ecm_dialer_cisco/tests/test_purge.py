from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..clients.base import CALLBACKS, FinishedContact, Holding
from ..clients.exceptions import Busy, NotFound, Unreachable
from .common import CONNECTED, DialerCase

ENGINE = "odoo.addons.ecm_dialer_cisco.models.ecm_engine_purge"
NIGHT = datetime(2026, 3, 2, 3, 0)


class TestPurge(DialerCase):
    """Finished contacts are deleted at the dialer when it is time, and never what waits (F7)."""

    def setUp(self):
        super().setUp()
        frozen = freeze_time(NIGHT - timedelta(hours=1))
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        self.dialer.write({"purge_schedule": "daily", "purge_hour": 3, "tz": "UTC"})
        # Of a UCCX only its database says who is finished.
        self.dialer.results_connection = "DSN=uccx"

    def turn(self, **delta):
        self.clock.tick(timedelta(**delta))
        with mute_logger(ENGINE):
            self.dialer._take_turn()
        self.env.invalidate_all()

    def at_dialer(self, count, start=0):
        """Contacts that were sent, and their keys."""
        contacts = self._create_contacts(count)
        self.feed()
        return contacts, contacts.current_attempt_id.mapped("key")

    def read_health(self):
        readings = self.env["ecm.health"].sudo()._get_health_readings()
        key = f"ecm.dialer,{self.dialer.id},purge"
        [reading] = [each for each in readings if each.key == key]
        return reading

    # -- when -------------------------------------------------------------------------------------

    def test_it_is_planned_by_day_and_by_interval(self):
        self.assertEqual(self.dialer.purge_due_at, NIGHT)
        self.dialer.write({"purge_schedule": "interval", "purge_hours": 4})
        self.assertEqual(self.dialer.purge_due_at, NIGHT + timedelta(hours=3))
        self.dialer.purge_schedule = "never"
        self.assertFalse(self.dialer.purge_due_at)

    def test_a_dialer_that_is_not_due_is_not_asked(self):
        self.client.deletes_finished = True
        self.client.kept = [FinishedContact("x-1", "1")]
        self.client.finished = None
        self.turn(minutes=30)
        self.assertFalse(self.dialer.last_purge_at)

    def test_after_it_was_done_the_next_day_is_waited_for(self):
        self.turn(minutes=61)
        self.assertEqual(self.dialer.last_purge_at, NIGHT + timedelta(minutes=1))
        self.assertEqual(self.dialer.purge_due_at, NIGHT + timedelta(days=1))

    def test_a_supervisor_has_it_done_at_once(self):
        self.dialer.with_user(self._user("supervisor")).action_purge_finished()
        self.turn(seconds=1)
        self.assertTrue(self.dialer.last_purge_at)
        with self.assertRaises(AccessError):
            self.dialer.with_user(self._user("agent")).action_purge_finished()

    def test_the_form_asks_for_what_fits(self):
        with Form(self.dialer) as form:
            form.purge_schedule = "interval"
            form.purge_hours = 12
        self.assertEqual(self.dialer.purge_due_at, NIGHT + timedelta(hours=11))

    # -- one by one -------------------------------------------------------------------------------

    def test_only_what_has_its_result_here_is_deleted(self):
        self.client.deletes_finished = True
        contacts, keys = self.at_dialer(3)
        prefix = self.env["ecm.attempt"]._get_key_prefix()
        self.results((contacts[0], CONNECTED))
        self.client.rows = []
        self.client.kept = [
            # Its result is here; it is not; it was taken back, which is known; which is not.
            FinishedContact(keys[0], "1"),
            FinishedContact(keys[1], "2"),
            FinishedContact(f"{prefix}ffffff", "3", undialled=True),
            FinishedContact(keys[2], "4", undialled=True),
            # Whose attempt is not here any more.
            FinishedContact(f"{prefix}fffffe", "5"),
        ]
        with patch(f"{ENGINE}._logger.info") as info:
            self.turn(minutes=61)
        self.assertIn("2 finished deleted", info.call_args[0][0] % info.call_args[0][1:])
        self.assertEqual([each.ref for each in self.client.kept], ["2", "4", "5"])
        self.assertEqual(self.dialer.last_purge_count, 2)
        self.assertIn("2 on", self.dialer.purge_text)

    def test_a_list_that_is_gone_keeps_no_other_from_being_purged(self):
        self.client.deletes_finished = True
        other = self.target.copy({"key": "8", "name": "Other"})
        contacts, keys = self.at_dialer(1)
        self.results((contacts, CONNECTED))
        self.client.rows = []
        self.client.kept = [FinishedContact(keys[0], "1")]
        finished = self.client.finished

        def fail_first(key):
            if key == other.key:
                raise NotFound("gone")
            return finished(key)

        self.client.finished = fail_first
        self.turn(minutes=61)
        self.assertEqual(self.client.kept, [])
        self.assertFalse(self.dialer.purge_note)

    # -- all at once ------------------------------------------------------------------------------

    def finish_one_of(self, count):
        """One has its result, the others wait at the dialer."""
        contacts, keys = self.at_dialer(count)
        self.results((contacts[0], CONNECTED))
        self.client.rows = []
        self.client.held = Holding(frozenset(keys[1:]), frozenset(keys[:1]))
        self.client.deletes = True
        return contacts, keys

    def test_what_waits_comes_back_and_is_sent_again(self):
        _contacts, keys = self.finish_one_of(3)
        self.client.known -= {keys[0]}
        self.turn(minutes=61)
        self.assertEqual(self.client.purged, ["7"])
        self.assertEqual(self.dialer.last_purge_count, 1)
        again = {contact.key for contact in self.client.taken[-1]}
        self.assertEqual(len(again), 2)
        self.assertFalse(again & set(keys), "an attempt that was deleted is not sent twice")

    def test_nothing_is_deleted_where_nothing_is_finished(self):
        self.at_dialer(2)
        self.turn(minutes=61)
        self.assertEqual(self.client.purged, [])
        self.assertFalse(self.dialer.purge_note)

    def check_obstacle(self, words, **changes):
        held = self.client.held
        values = {name: getattr(held, name) for name in ("waiting", "finished", "obstacle")}
        self.client.held = Holding(**{**values, **changes})
        self.turn(minutes=61)
        self.assertEqual(self.client.purged, [])
        self.assertIn(words, self.dialer.purge_note)
        self.assertEqual(self.dialer.purge_due_at, NIGHT + timedelta(minutes=61))
        reading = self.read_health()
        self.assertIn(words, reading.error)
        self.assertFalse(reading.is_failing)

    def test_promised_callbacks_stay(self):
        self.finish_one_of(2)
        self.check_obstacle("callbacks are promised", obstacle=CALLBACKS)

    def test_nobody_is_deleted_while_somebody_is_called(self):
        self.finish_one_of(2)
        self.check_obstacle("some are being called", waiting=frozenset())

    def test_a_result_that_is_to_be_read_is_waited_for(self):
        _contacts, keys = self.finish_one_of(2)
        self.check_obstacle("results are still to be read", finished=frozenset(keys))

    def test_without_a_database_nothing_is_deleted(self):
        self.finish_one_of(2)
        self.dialer.results_connection = False
        self.check_obstacle("without its results database")

    def test_a_dialer_that_gives_nothing_back_is_cleared_when_nobody_waits(self):
        self.patch(self.registry["ecm.dialer"], "_can_give_back", lambda dialer: False)
        _contacts, keys = self.finish_one_of(2)
        self.check_obstacle("gives nothing back")
        self.client.rows = [self.result_row(keys[1], CONNECTED)]
        self.client.held = Holding(frozenset(), frozenset(keys))
        self.turn(minutes=61)
        self.assertEqual(self.client.purged, ["7"])
        self.assertEqual(self.dialer.last_purge_count, 2)
        self.assertFalse(self.dialer.purge_note)

    def test_an_import_of_others_is_waited_for(self):
        self.finish_one_of(2)

        def be_busy(key):
            raise Busy("UCCX is still importing other contacts.")

        self.client.holding = be_busy
        self.turn(minutes=61)
        self.assertIn("still importing", self.dialer.purge_note)

    # -- failures ---------------------------------------------------------------------------------

    def test_a_dialer_that_fails_is_left_alone_and_fed_all_the_same(self):
        _contacts, keys = self.finish_one_of(2)

        def fail(key):
            raise Unreachable("no network")

        self.client.holding = fail
        self._create_contacts(2)
        self.turn(minutes=61)
        self.assertEqual(self.dialer.purge_due_at, NIGHT, "it is still to be done")
        self.assertEqual(len(self.client.dialled), 4)
        for _turn in range(2):
            self.turn(minutes=1)
        reading = self.read_health()
        self.assertEqual((reading.failures, reading.error), (3, "no network"))
        self.assertTrue(reading.is_failing)
        self.assertIn("Deleting finished contacts failed 3 times", self.dialer.circuit_text)
        del self.client.holding
        waiting = frozenset(contact.key for contact in self.client.dialled) - {keys[0]}
        self.client.held = Holding(waiting, frozenset(keys[:1]))
        self.env["ecm.health"]._retry_reading("purge", self.dialer)
        self.turn(minutes=1)
        self.assertFalse(self.dialer.purge_failures)
        self.assertEqual(self.client.purged, ["7"])

    def test_a_copy_of_the_database_deletes_nothing(self):
        self.finish_one_of(2)
        self.patch(self.registry["ecm.database.identity"], "_may_call", lambda model: False)
        self.turn(minutes=61)
        self.assertEqual(self.client.purged, [])
