from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from ..clients.exceptions import Busy, Unauthorized, Unreachable
from .common import BUSY, DialerCase

ENGINES = (
    "odoo.addons.ecm_dialer_cisco.models.ecm_engine",
    "odoo.addons.ecm_campaign.models.engine.ecm_engine",
)


class TestCircuit(DialerCase):
    """A dialer that fails several times in a row is left alone, then tried with a few contacts; what
    it still answers is used (F8).
    """

    def setUp(self):
        super().setUp()
        frozen = freeze_time("2026-03-02 09:00:00")
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        self.reads = 0
        read = self.client.results

        def count_reads(watermark):
            self.reads += 1
            if self.read_error:
                raise self.read_error
            return read(watermark)

        self.read_error, self.client.results = None, count_reads

    def turn(self, seconds=60):
        """A turn of the dialer, so many seconds after the last one."""
        self.clock.tick(timedelta(seconds=seconds))
        with mute_logger(*ENGINES):
            self.dialer._take_turn()
        self.env.invalidate_all()

    def break_sending(self, error=None):
        contacts = self._create_contacts(2)
        self.client.failures = [error or Unreachable("no network")] * 3
        for _turn in range(3):
            self.turn()
        self.assertEqual(self.dialer.circuit_state, "open")
        return contacts

    def test_results_are_read_while_nothing_can_be_sent(self):
        self.break_sending()
        self.dialer.sending_until = fields.Datetime.now() + timedelta(minutes=10)
        pushes, reads = len(self.client.taken), self.reads
        self.turn()
        self.assertEqual(len(self.client.taken), pushes)
        self.assertEqual(self.reads, reads + 1)
        self.assertIn("no network", self.dialer.circuit_text)

    def test_contacts_are_sent_while_no_results_can_be_read(self):
        self.read_error = Unreachable("no database")
        for _turn in range(3):
            self.turn()
        self.assertEqual(self.dialer.results_failures, 3)
        self.assertIn("no database", self.dialer.circuit_text)
        self.dialer.results_until = fields.Datetime.now() + timedelta(minutes=10)
        reads = self.reads
        self._create_contacts(1)
        self.turn()
        self.assertEqual(self.reads, reads, "left alone")
        self.assertEqual(len(self.client.dialled), 1)

    def test_one_read_that_works_closes_it(self):
        self.read_error = Unreachable("no database")
        for _turn in range(4):
            self.turn(1000)
        self.read_error = None
        self.turn(1000)
        self.assertEqual(self.dialer.circuit_state, "closed")
        self.assertFalse(self.dialer.last_error)

    def test_a_wrong_password_is_tried_once_and_not_each_minute(self):
        self._create_contacts(1)
        refusal = Unauthorized("401", "401")
        self.client.failures = [refusal] * 5
        for _turn in range(4):
            self.turn()
        self.assertEqual(len(self.client.failures), 4)
        self.assertEqual(self.dialer.circuit_state, "open")

    def test_another_password_is_tried_at_once(self):
        self._create_contacts(1)
        self.client.failures = [Unauthorized("401", "401")]
        self.turn()
        self.dialer.password = "right"
        self.turn()
        self.assertEqual(len(self.client.dialled), 1)
        self.assertEqual(self.dialer.circuit_state, "closed")

    def test_what_one_cisco_campaign_fails_with_is_not_the_dialers(self):
        self._create_contacts(2)
        self.client.failures = [Busy("importing")] * 4
        for _turn in range(4):
            self.turn(1000)
        self.assertEqual(self.target.failure_count, 4)
        self.assertEqual(self.dialer.circuit_state, "closed")

    def test_a_supervisor_has_it_tried_now(self):
        contacts = self.break_sending()
        self.dialer.sending_until = fields.Datetime.now() + timedelta(minutes=10)
        self.dialer.with_user(self._user("supervisor")).action_try_now()
        self.assertEqual(self.dialer.circuit_state, "trying")
        self.turn(1)
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})
        self.assertEqual(self.dialer.circuit_state, "closed")
        with self.assertRaises(AccessError):
            self.dialer.with_user(self._user("agent")).action_try_now()

    def test_hours_that_end_take_contacts_back_all_the_same(self):
        self.dialer.results_connection = "DSN=uccx"
        contacts = self._create_contacts(2)
        self.turn()
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})
        limits = {"sending_failures": 5, "sending_until": "2026-03-02 12:00:00"}
        self.dialer.write(limits)
        self.client.deletes = True
        self.campaign.is_running = False
        self.turn()
        self.assertEqual(set(contacts.mapped("state")), {"pending"})

    def test_a_result_that_comes_meanwhile_is_applied(self):
        contact = self._create_contacts(1)
        self.turn()
        self.dialer.write({"sending_failures": 5, "sending_until": "2026-03-02 12:00:00"})
        self.client.rows = [self.result_row(contact, BUSY)]
        self.turn()
        self.assertEqual(contact.last_outcome_id.code, "busy")
