import logging
from dataclasses import replace
from datetime import UTC, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tools import SQL, mute_logger

from ..clients.exceptions import Unreachable
from ..models import ecm_engine
from .common import (
    BUSY,
    CALL_FAILED,
    CALLBACK,
    CONNECTED,
    DO_NOT_CALL,
    INVALID,
    MACHINE,
    NO_ANSWER,
    DialerCase,
)

LOGGER = "odoo.addons.ecm_dialer_cisco.models.ecm_engine"


class TestResults(DialerCase):
    """What the Call Results Synchronizer reads from a dialer, and what it makes of it (F2, F4)."""

    def sent(self, count=1, **values):
        contacts = self._create_contacts(count, **values)
        self.feed()
        return contacts

    def test_live_voice_closes_connected(self):
        contact = self.sent()
        self.client.rows = [
            self.result_row(
                contact,
                CONNECTED,
                agent="jdoe",
                duration_seconds=42,
                wrap_up="Sale",
                dialer_ref="815",
            )
        ]
        self.sync()
        self.assertEqual((contact.state, contact.close_reason), ("connected", "live_voice"))
        attempt = contact.attempt_ids
        self.assertEqual(
            (
                attempt.state,
                attempt.agent,
                attempt.duration_seconds,
                attempt.wrap_up,
                attempt.dialer_reference,
            ),
            ("done", "jdoe", 42, "Sale", "815"),
        )
        self.assertEqual((attempt.raw_code, attempt.outcome_id.code), ("1", "voice"))

    def test_codes_of_the_dialer_are_our_outcomes(self):
        for code, outcome in (
            (CONNECTED, "voice"),
            (MACHINE, "answering_machine"),
            (INVALID, "invalid_number"),
            (DO_NOT_CALL, "do_not_call"),
            (BUSY, "busy"),
            (NO_ANSWER, "no_answer"),
            (CALL_FAILED, "call_failed"),
        ):
            with self.subTest(code=code):
                contact = self._create_contacts(1, phone_1=f"+49302312513{code:0>2}")
                self.feed()
                self.results((contact, code))
                self.assertEqual(contact.last_outcome_id.code, outcome)

    def test_a_repeated_result_changes_nothing(self):
        contact = self.sent()
        row = self.result_row(contact, BUSY)
        for _twice in range(2):
            self.client.rows = [row]
            self.sync()
        self.assertEqual(
            (contact.attempt_count, contact.next_position, contact.state), (1, 2, "pending")
        )

    def test_many_results_are_applied_in_several_turns(self):
        """The dialer is fed in between, and nobody dangles whose result was not applied yet."""
        first, second = self._create_contacts(2)
        self.feed()
        self.client.rows = [self.result_row(first, BUSY), self.result_row(second, BUSY)]
        before = self.dialer.watermark, self.dialer.last_sync_at
        with (
            patch.object(ecm_engine, "RESULT_BATCH", 1),
            patch.object(ecm_engine, "RESULT_SECONDS", -1.0),
        ):
            self.sync()
            self.assertEqual((first.state, second.state), ("pending", "sent_to_dialer"))
            self.assertEqual((self.dialer.watermark, self.dialer.last_sync_at), before)
            self.sync()
        self.assertEqual((first.attempt_count, second.state), (1, "pending"))

    # -- callbacks on the dialer ------------------------------------------------------------------

    def arrange(self, contact, **values):
        """UCCX tells of a callback: it is never final (status 4), UCCX makes it itself."""
        at = fields.Datetime.now().replace(tzinfo=UTC) + timedelta(days=2)
        values = {"final": False, "raw_status": "4", "callback_at": at, **values}
        row = self.result_row(contact, CALLBACK, callback_number="+4930999", agent="Anna", **values)
        self.client.rows = [row]
        self.sync()
        self.env.invalidate_all()
        return row

    def test_a_callback_at_the_dialer_is_kept_there_and_sent_to_nobody(self):
        contact = self.sent()
        row = self.arrange(contact)
        self.assertEqual((contact.state, contact.callback), ("sent_to_dialer", "personal"))
        at = row.callback_at.replace(tzinfo=None)
        self.assertEqual((contact.callback_due, contact.callback_agent), (at, "Anna"))
        self.assertEqual(contact.number_to_call, "+4930999")
        self.feed()
        self.engine._cron_sweep_dangling()
        self.assertEqual(len(self.client.dialled), 1)
        self.assertEqual(self.dialer.last_sync_count, 0, "the result is still awaited")

        self.results((contact, CONNECTED))
        self.assertEqual((contact.state, len(self.client.dialled)), ("connected", 1))

    def test_a_callback_that_was_deleted_at_the_dialer_is_made_by_us_at_its_time(self):
        self.campaign.action_stop()
        self.campaign.callback_strategy_id = self.env.ref("ecm_campaign.ecm_strategy_callback")
        self.campaign.action_start()
        contact = self.sent()
        self.arrange(contact)
        row = self.arrange(contact, final=True)
        self.assertEqual((contact.state, contact.callback), ("pending", "personal"))
        self.assertEqual(contact.next_attempt_at, row.callback_at.replace(tzinfo=None))

    def test_an_answer_is_corrected_by_what_the_agent_says_hours_later(self):
        contact = self.sent()
        row = self.result_row(contact, CONNECTED)
        self.client.rows = [row]
        self.sync()
        self.client.rows = [replace(row, raw_code=DO_NOT_CALL, agent="Anna", corrects=True)]
        self.sync()
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.attempt_ids.agent), ("dnc_listed", "Anna"))

    # -- how long results are awaited -------------------------------------------------------------

    def test_what_is_archived_or_old_is_waited_for_too(self):
        self.assertEqual(self.dialer._get_patience(), 24 * 3600)
        self.campaign.action_stop()
        self.campaign.write({"dangling_hours": 100, "active": False})
        self.assertEqual(self.dialer._get_patience(), 100 * 3600)
        self.campaign.write({"active": True})
        self.campaign.action_start()
        contact = self.sent()
        contact.attempt_ids.claimed_at -= timedelta(hours=500)
        self.env.flush_all()
        self.assertGreaterEqual(self.dialer._get_patience(), 500 * 3600)

    def test_the_oldest_attempt_is_found_by_an_index(self):
        cursor, statements = self.env.cr, []
        execute = cursor.execute
        with patch.object(
            cursor, "execute", lambda query: statements.append(query) or execute(query)
        ):
            self.env["ecm.attempt"]._get_oldest_open(self.dialer)
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(SQL("EXPLAIN %s", *statements))
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        self.assertEqual(plan.count("ecm_attempt_dialer_open"), 2, plan)

    def test_previews_are_waited_for_as_long_as_the_dialer_says(self):
        self.dialer.preview_hours = 2.5
        self.assertEqual(self.dialer._prepare_client_config().preview_patience, 9000)

    def test_a_late_result_is_looked_for_however_long_the_campaign_waited(self):
        contact = self.sent()
        self.campaign.dangling_hours = 300
        contact.attempt_ids.claimed_at -= timedelta(hours=301)
        self.env.flush_all()
        self.dialer.last_sync_at = fields.Datetime.now()
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "dangling")
        self.client.results_for = lambda keys: [self.result_row(key, BUSY) for key in keys]
        self.results()
        self.assertEqual((contact.state, contact.attempt_ids.outcome_id.code), ("dangling", "busy"))

    def test_foreign_and_unknown_rows_are_passed_over(self):
        contact = self.sent()
        self.client.rows = [
            self.result_row("somebody-else", CONNECTED),
            self.result_row(contact, "99"),
        ]
        self.sync()
        self.assertEqual(contact.last_outcome_id.code, "unknown")
        self.assertEqual(contact.attempt_ids.raw_code, "99")

    def test_late_results_are_asked_of_own_keys_only(self):
        [contact] = self._create_contacts(1)
        self.feed()
        self.env["ecm.attempt"]._abandon()
        asked = []
        self.client.results_for = lambda keys: asked.extend(keys) or []
        self.results()
        self.assertEqual(asked, contact.attempt_ids.mapped("key"))

        # In a copy whose original goes on they are the original's.
        self.env["ecm.attempt"]._renew_key_prefix(keep=False)
        self.dialer.last_late_sync_at = False
        asked.clear()
        self.results()
        self.assertFalse(asked)

    def test_a_failing_dialer_is_noted_and_the_others_are_read(self):
        contact = self.sent()
        self.client.results = self.fail_to_read
        self.sync()
        self.assertEqual(self.dialer.last_error, "The database is down.")
        self.assertEqual(contact.state, "sent_to_dialer")

    def test_the_log_says_how_many_results_what_fails_and_what_works_again(self):
        contact = self.sent()
        read = self.client.results
        self.client.results = self.fail_to_read
        failed = "UCCX: no results: The database is down."
        self.assertEqual(self.log_sync(), [(logging.WARNING, failed)], "the first in a row")
        self.assertEqual(self.log_sync(), [(logging.INFO, failed)], "one of many")

        self.client.results = read
        self.client.rows = [self.result_row(contact, CONNECTED)]
        recovery, (level, text) = self.log_sync()
        self.assertEqual(recovery, (logging.INFO, "UCCX: works again"))
        self.assertEqual(level, logging.INFO)
        self.assertRegex(text, r"^UCCX: 1 results in \d+\.\d s$")

    def test_the_log_names_dialer_and_campaign_of_a_feed(self):
        with self.assertLogs(
            "odoo.addons.ecm_campaign.models.engine.ecm_engine", logging.INFO
        ) as logged:
            self.sent(2)
        self.assertRegex(logged.records[-1].getMessage(), r"^UCCX/Sales: 2 sent in \d+\.\d s$")

    def log_sync(self):
        """One run of the Call Results Synchronizer.

        :return: list of ``(level, text)``
        """
        with self.assertLogs(
            "odoo.addons.ecm_dialer_cisco.models.ecm_engine", logging.INFO
        ) as logged:
            self.sync()
        return [(record.levelno, record.getMessage()) for record in logged.records]

    def fail_to_read(self, _watermark):
        raise Unreachable("The database is down.")

    def spoil(self, *contacts):
        """Let the decision fail for these contacts."""
        decide = self.registry["ecm.engine"]._decide

        def fail(engine, case, *others):
            if case.contact_id in {contact.id for contact in contacts}:
                raise KeyError("unheard-of")
            return decide(engine, case, *others)

        self.patch(self.registry["ecm.engine"], "_decide", fail)

    def test_a_result_that_cannot_be_applied_keeps_no_other_waiting(self):
        contacts = self._create_contacts(7)
        self.feed()
        self.spoil(contacts[4])
        with mute_logger(LOGGER):
            self.results(*[(contact, CONNECTED) for contact in contacts])
        self.assertEqual(contacts[4].state, "sent_to_dialer")
        self.assertEqual(set((contacts - contacts[4]).mapped("state")), {"connected"})
        self.assertEqual((self.dialer.watermark, self.dialer.last_sync_count), ("7", 6))
        self.assertIn(contacts[4].current_attempt_id.key, self.dialer.last_error)

    def test_when_hardly_any_result_can_be_applied_they_wait(self):
        contacts = self._create_contacts(20)
        self.feed()
        self.spoil(*contacts[:15])
        with mute_logger(LOGGER):
            self.results(*[(contact, CONNECTED) for contact in contacts])
        self.assertFalse(self.dialer.watermark, "they come again")
        self.assertIn("Unexpected error", self.dialer.last_error)

    def test_what_was_not_read_since_the_deadline_is_not_missing(self):
        contact = self.sent()
        now = fields.Datetime.now()
        self.env.flush_all()
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = %s", [now - timedelta(hours=25)])
        self.dialer.last_sync_at = now - timedelta(hours=2)
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "sent_to_dialer", "the dialer could not be read for hours")
        self.results()
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "dangling")
