import contextlib
import contextvars
import logging
import random
import time

from psycopg2 import InterfaceError, OperationalError
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR

from odoo import models, modules
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

CONCURRENCY_TRIES = 5
_sql_logger = logging.getLogger("odoo.sql_db")
_is_tried_again = contextvars.ContextVar("is_tried_again", default=False)


def _note_concurrency(record):
    """Another transaction in the way is no error where the work is tried again (finding X11): a
    filter of Odoo's SQL log.
    """
    if _is_tried_again.get() and _has_concurrency_error(record):
        record.levelno, record.levelname = logging.INFO, "INFO"
        return _sql_logger.isEnabledFor(logging.INFO)
    return True


def _has_concurrency_error(record):
    values = record.args if isinstance(record.args, tuple) else ()
    return any(isinstance(value, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) for value in values)


_sql_logger.addFilter(_note_concurrency)


@contextlib.contextmanager
def trying_again(is_tried_again):
    """:param is_tried_again: whether the work within starts anew when it fails"""
    token = _is_tried_again.set(is_tried_again)
    try:
        yield
    finally:
        _is_tried_again.reset(token)


class EcmTransactionMixin(models.AbstractModel):
    """Work in several transactions: what scheduled actions and background jobs are made of.

    Odoo's scheduled actions run REPEATABLE READ and are not retried by the framework.
    """

    _name = "ecm.transaction.mixin"
    _description = "Work in Several Transactions"

    def _commit(self, processed=0, remaining=None):
        """End the transaction (in a test: only flush).

        :return: seconds left for this run of the scheduled action
        """
        if modules.module.current_test:
            self.env.flush_all()
            return float("inf")
        if processed or remaining is not None:
            return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)
        # Nothing to tell of the progress: its row is not read and written with each commit.
        cursor = self.env.cr
        cursor.commit()
        ends_at = self.env.context.get("cron_end_time", float("inf"))
        return max(ends_at - time.monotonic(), 0)

    def _trigger_next_run(self):
        """Have the scheduled action that runs this go on as soon as others had their turn.

        Odoo plans the next run of one that has work left, but wakes nobody for it: the servers
        would notice up to a minute later.
        """
        job = self.env["ir.cron"].sudo().browse(self.env.context.get("cron_id"))
        if job and not modules.module.current_test:
            job._trigger()

    def _rollback(self):
        """Give up what this transaction changed (in a test: only what is not flushed)."""
        if not modules.module.current_test:
            self.env.cr.rollback()
        self.env.invalidate_all(flush=False)

    def _atomically(self, work):
        """Run ``work`` and commit it; again when another transaction was in the way.

        :param work: callable without arguments; may run more than once
        :return: what it returns
        """
        for tries_left in reversed(range(CONCURRENCY_TRIES)):
            try:
                with trying_again(bool(tries_left)):
                    result = work()
                    self._commit()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self._rollback()
                if not tries_left:
                    raise
                time.sleep(random.uniform(0.05, 0.3))
            else:
                return result

    def _see_others_commits(self):
        """Have each statement of this transaction see what others have committed before it, where
        nothing was asked yet: rows that another changes meanwhile are looked at again then, instead
        of failing the transaction.
        """
        if self.env.cr._cnx.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            self.env.cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def _work_through(self, jobs, waiting):
        """Work through jobs one after the other, by their ``_run_safely``, until the scheduled
        action's time is up; what another process is at is left to it.

        :param jobs: in their order
        :param waiting: values of ``state`` with which a job is not over
        """
        self._commit(remaining=len(jobs))
        for place, job in enumerate(jobs, start=1):
            left = len(jobs) - place
            with self._exclusively(job) as is_ours:
                if is_ours:
                    job._run_safely()
                    left += job.state in waiting
            if self._commit(processed=1, remaining=left) <= 0:
                break

    @contextlib.contextmanager
    def _exclusively(self, record):
        """Hold a record's advisory lock over several transactions; it goes with the connection when
        the process dies.

        :return: whether this process holds it
        """
        lock = SQL("hashtext(%s), %s", f"ecm:{record._name}", record.id)
        self.env.cr.execute(SQL("SELECT pg_try_advisory_lock(%s)", lock))
        is_ours = self.env.cr.fetchone()[0]
        try:
            yield is_ours
        finally:
            if is_ours:
                self._unlock(lock)

    def _unlock(self, lock):
        """:param SQL lock: what the advisory lock was taken with"""
        # A lost connection has lost its locks: what went wrong must not be hidden by another error.
        if self._is_lost():
            return
        if self._is_aborted():
            self._rollback()
        # In a test nothing is rolled back, and the lock goes with the connection.
        if not self._is_aborted():
            self.env.cr.execute(SQL("SELECT pg_advisory_unlock(%s)", lock))

    def _is_lost(self):
        """Whether the connection is gone: PostgreSQL was restarted, or has ended it. Nothing more
        can be noted then, and the cause is told once (finding X11).
        """
        return bool(self.env.cr._cnx.closed)

    @contextlib.contextmanager
    def _telling_of_lost_connection(self):
        """Tell a person who pressed a button what a lost connection means.

        :raise UserError: it was lost within
        """
        try:
            yield
        except (InterfaceError, OperationalError) as error:
            if not self._is_lost():
                raise
            raise UserError(
                self.env._(
                    "The connection to Odoo's database was lost. What was sent until then is not "
                    "sent again. Try again in a minute."
                )
            ) from error

    def _is_aborted(self):
        """Whether a statement has failed, after which PostgreSQL takes no other."""
        return self.env.cr._cnx.get_transaction_status() == TRANSACTION_STATUS_INERROR
