import contextlib
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock, patch

from psycopg2 import InterfaceError, OperationalError

from odoo import fields
from odoo.exceptions import UserError

from ..common import START, EngineCase
from odoo.addons.ecm_campaign.exceptions import Unavailable
from odoo.addons.ecm_campaign.models.contact.ecm_attempt import Doubtful
from odoo.addons.ecm_campaign.tools.channel import Receipt


class TestDoubts(EngineCase):
    """A send whose end is not known is asked about, and never repeated before that (F6)."""

    def setUp(self):
        super().setUp()
        self.claim_nothing_ahead()
        self.strategy = self.create_strategy((1, {}))
        self.campaign = self.run_campaign(self.strategy)
        self.attempts = self.env["ecm.attempt"]

    def create_contacts(self, count):
        numbers = [f"+4930231250{n:02d}" for n in range(count)]
        contacts = self.env["ecm.contact"]
        for number in numbers:
            contacts |= self.create_contact(self.campaign, phone_1=number)
        return contacts

    def take(self, *answers):
        """Let the next requests end so, each after ten minutes, and note when their attempts were
        stamped.
        """
        stamps, left = [], list(answers)

        def answer(batch):
            attempts = self.attempts.browse([outgoing.attempt_id for outgoing in batch])
            attempts.invalidate_recordset()
            now = self.clock().replace(microsecond=0)
            stamps.append({now - stamp for stamp in attempts.mapped("claimed_at")})
            self.wait(minutes=10)
            if len(left) > 1:
                self.target.fault = answer
            return left.pop(0)

        self.target.fault = answer
        return stamps

    def test_every_request_is_stamped_right_before_it_leaves(self):
        self.create_contacts(4)
        stamps = self.take("rejected", None, "rejected", None, None)
        self.feed()
        self.assertEqual(stamps, [{timedelta()}] * 5, "the whole, its halves, and their halves")
        self.assertEqual(len(self.target.sent), 4)

    def test_the_last_half_is_not_asked_about_before_its_own_time(self):
        contacts = self.create_contacts(4)
        self.take("rejected", None, "lost_request")
        with self.assertRaisesRegex(Exception, "no answer"):
            self.feed()
        self.env.invalidate_all()
        doubtful = contacts.attempt_ids.filtered(lambda attempt: attempt.state == "claimed")
        self.assertEqual(len(doubtful), 2)
        self.assertEqual(set(doubtful.mapped("claimed_at")), {START + timedelta(minutes=20)})

    def test_what_another_process_has_settled_is_not_sent(self):
        contacts = self.create_contacts(4)

        def settle(_batch):
            self.env.invalidate_all()
            waiting = contacts.sorted("id")[2:].current_attempt_id
            doubtful = []
            for attempt in waiting:
                row = Doubtful(attempt.key, attempt.id, False, attempt.claimed_at)
                doubtful.append(row)
            self.engine._settle_doubt(doubtful, set())
            return "rejected"

        self.target.fault = settle
        with self.engine._open_ahead(self.target, self.campaign) as ahead:
            self.engine._push(self.target, ahead, ahead.next())
            ahead.settle()
        self.env.invalidate_all()
        self.assertEqual(
            contacts.mapped("state"), ["sent_to_dialer", "sent_to_dialer", "pending", "pending"]
        )
        sent = [outgoing.contact_id for outgoing in self.target.sent]
        self.assertEqual(sent, contacts[:2].ids)

    def fail_import(self, taken):
        """Let the next request fail: the target knows none of it at first, and then these many.

        :return: what tells the target to go on
        """
        late = []

        def answer(batch):
            late.extend(batch[:taken])
            return Receipt(frozenset(), doubtful=frozenset(row.key for row in batch))

        self.target.fault = answer
        return lambda: self.target.sent.extend(late)

    def test_what_a_failed_import_did_not_bring_is_asked_about_later(self):
        contacts = self.create_contacts(3)
        go_on = self.fail_import(taken=2)
        with self.assertRaisesRegex(Unavailable, "refused"):
            self.feed()
        self.env.invalidate_all()
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})
        self.wait(seconds=60)
        self.assertFalse(self.feed(), "it may still go on")

        go_on()
        self.wait(seconds=65)
        self.assertFalse(self.feed())
        self.assertEqual(contacts.mapped("state"), ["sent_to_dialer", "sent_to_dialer", "pending"])
        self.assertEqual(contacts.attempt_ids.mapped("state").count("sent"), 2)
        self.assertEqual(contacts[2].last_outcome_id.code, "dialer_rejected")
        self.assertGreater(contacts[2].next_attempt_at, fields.Datetime.now())

    def test_send_now_leaves_a_failing_target_alone(self):
        contact = self.create_contacts(1)
        self.target.fault = "unavailable"
        with self.assertRaisesRegex(UserError, "down"):
            self.campaign.action_feed_now()
        self.assertTrue(self.target.paused_until, "a failure of Send now counts as any other")
        with self.assertRaisesRegex(UserError, "Nothing is sent until .*: down"):
            self.campaign.action_feed_now()
        self.assertFalse(self.target.sent)
        self.wait(hours=1)
        self.campaign.action_feed_now()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "sent_to_dialer")

    def test_the_ledger_is_free_again_when_its_commit_fails(self):
        limit = {"count": 1, "period": "24h", "subject": "number", "scope": "all"}
        campaign = self.run_campaign(self.create_strategy((1, {}), limits=[limit]), "Limited")

        held_before = self.count_locks()

        def fail(_engine, *_values, **_options):
            raise OperationalError

        with (
            patch.object(self.registry["ecm.engine"], "_commit", fail),
            self.assertRaises(OperationalError),
            self.engine._lock_ledger(campaign),
        ):
            self.fail("entered without the lock's own transaction")
        self.assertEqual(self.count_locks(), held_before)

    def count_locks(self):
        self.env.cr.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return self.env.cr.fetchone()[0]

    def test_a_lost_connection_is_told_as_what_it_is(self):
        for feed in (self.engine._feed_target, self.engine._feed_safely):
            with (
                self.subTest(feed.__name__),
                self.assertRaises(OperationalError) as raised,
                self.losing_connection(),
            ):
                feed(self.target)
            self.assertIsNone(raised.exception.__context__, "no other error on top of it")

    def test_who_presses_a_button_reads_what_a_lost_connection_means(self):
        with self.assertRaisesRegex(UserError, "not sent again"), self.losing_connection():
            self.campaign.action_feed_now()

    @contextlib.contextmanager
    def losing_connection(self):
        """The connection is lost while a target is fed."""
        cursor, lost = self.env.cr, SimpleNamespace(closed=2)
        broken = Mock(side_effect=InterfaceError("closed"))

        def lose_connection(*_values):
            stack.enter_context(patch.object(cursor, "_cnx", lost))
            stack.enter_context(patch.object(cursor, "execute", broken))
            raise OperationalError("server closed the connection")

        engine, stack = self.registry["ecm.engine"], contextlib.ExitStack()
        try:
            with stack, patch.object(engine, "_reconcile", lose_connection):
                yield
        finally:
            # The connection of the test was not lost.
            cursor.execute("SELECT pg_advisory_unlock_all()")
