from datetime import timedelta

from odoo import fields
from odoo.tools import mute_logger

from .common import BUSY, CONNECTED, DialerCase

LOGGER = "odoo.addons.ecm_dialer_cisco.models.ecm_engine"


class TestResultInbox(DialerCase):
    """Results that fit nothing are kept and lead to nothing (F4)."""

    def inbox(self):
        of_dialer = [("dialer_id", "=", self.dialer.id)]
        return self.env["ecm.dialer.result"].search(of_dialer, order="id")

    def kept(self):
        inbox = self.inbox()
        return [(result.key, result.problem) for result in inbox]

    def sent(self):
        contact = self._create_contacts(1)
        self.feed()
        return contact, contact.current_attempt_id

    def test_a_result_that_fits_is_not_kept(self):
        contact, _attempt = self.sent()
        self.results((contact, CONNECTED))
        self.assertEqual(self.kept(), [])

    def test_a_late_result_is_kept_once_and_the_contact_stays_given_up(self):
        contact, attempt = self.sent()
        self.env["ecm.attempt"]._abandon()
        row = self.result_row(attempt.key, CONNECTED, agent="jdoe", number="+49302312500")
        for _twice in range(2):
            self.client.rows = [row]
            self.sync()
        self.assertEqual(contact.state, "dangling")
        self.assertEqual(self.kept(), [(attempt.key, "late")])
        result = self.inbox()
        self.assertEqual((result.contact_id, result.attempt_id), (contact, attempt))
        self.assertEqual(
            (result.agent, result.number, result.raw_code), ("jdoe", "+49302312500", "1")
        )

    def test_a_result_for_a_contact_that_was_withdrawn_meanwhile(self):
        contact, attempt = self.sent()
        contact.action_withdraw("Has paid")
        self.client.rows = [self.result_row(attempt.key, BUSY)]
        self.sync()
        self.assertEqual((contact.state, attempt.is_late), ("withdrawn", True))
        self.assertEqual(self.kept(), [(attempt.key, "closed")])

    def test_a_call_that_nobody_here_knows(self):
        contact, attempt = self.sent()
        self.client.rows = [
            self.result_row("other-system-815", BUSY, called_at=None),
            self.result_row(attempt.key, CONNECTED),
        ]
        for _twice in range(2):
            self.sync()
        self.assertEqual(contact.state, "connected", "it keeps no other waiting")
        self.assertEqual(self.kept(), [("other-system-815", "unknown")])

    def test_calls_of_others_are_read_where_the_dialer_says_so(self):
        own = tuple(self.env["ecm.attempt"]._get_known_prefixes())
        self.assertEqual(self.dialer._prepare_client_config(True).key_prefixes, own)
        self.dialer.keeps_others = True
        self.assertEqual(self.dialer._prepare_client_config(True).key_prefixes, ("",))
        # What is deleted and closed at the dialer is never anybody else's.
        self.assertEqual(self.dialer._prepare_client_config().key_prefixes, own)

    def test_what_cannot_be_applied_is_kept_to_be_looked_at(self):
        _contact, attempt = self.sent()

        def fail(*_arguments):
            raise KeyError("unheard-of")

        self.patch(self.registry["ecm.engine"], "_decide", fail)
        self.client.rows = [self.result_row(attempt.key, CONNECTED)]
        with mute_logger(LOGGER):
            self.sync()
        self.assertEqual(self.kept(), [(attempt.key, "failed")])

    def test_what_is_old_is_deleted(self):
        self.client.rows = [self.result_row(f"unknown-{n}", BUSY) for n in range(2)]
        self.sync()
        now = fields.Datetime.now()
        inbox = self.inbox()
        self.env.cr.execute(
            "UPDATE ecm_dialer_result SET received_at = %s WHERE id = %s",
            [now - timedelta(days=91), inbox[0].id],
        )
        self.env.invalidate_all()
        self.env["ecm.dialer.result"]._gc_old()
        self.assertEqual(self.kept(), [("unknown-1", "unknown")])
        self.env["ir.config_parameter"].set_param("ecm_dialer_cisco.result_inbox_days", "0")
        self.assertEqual(self.env["ecm.dialer.result"]._gc_old(), (0, 0), "for ever")
