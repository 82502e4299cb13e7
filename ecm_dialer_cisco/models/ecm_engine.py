import logging
import time
from datetime import UTC, timedelta
from functools import partial
from typing import NamedTuple

from psycopg2 import InterfaceError, OperationalError

from odoo import fields, models
from odoo.exceptions import UserError

from ..clients.exceptions import DialerError
from odoo.addons.ecm_campaign.models.engine.ecm_engine_results import RESULT_BATCH
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.results import Promise, Result
from odoo.addons.ecm_campaign.tools.turn import Turn

_logger = logging.getLogger(__name__)

# So many results that cannot be applied are passed over; more have one cause, and wait for its end.
MOST_BAD_RESULTS = 10
# So long results are applied before the dialer is fed again: after an outage there may be hundreds of
# thousands.
RESULT_SECONDS = 30.0
# A late result is looked for so long after its attempt has closed as dangling, once in each
# interval (requirement F4).
LATE_TIME = timedelta(days=7)
LATE_INTERVAL = timedelta(hours=1)
LATE_BATCH = 5000
# The dialer's campaigns change seldom, and each button that matters fetches them anew.
MIRROR_INTERVAL = timedelta(hours=1)


class Applied(NamedTuple):
    """What became of a client's results: how many attempts got theirs, keys of those that cannot be
    applied, and whether the time was too short for all.
    """

    count: int
    bad_keys: list
    is_cut: bool = False


class EcmEngine(models.AbstractModel):
    _name = "ecm.engine"
    _inherit = [
        "ecm.engine",
        "ecm.engine.purge.mixin",
        "ecm.engine.listed.mixin",
        "ecm.engine.figures.mixin",
    ]

    def _get_check_names(self):
        return {**super()._get_check_names(), "dialer_hours": self.env._("Dialer's hours")}

    # -- results ----------------------------------------------------------------------------------

    def _sync_safely(self, dialer):
        """*Call Results Synchronizer* (requirement F2): a dialer that fails is noted, and left alone
        for a while when that goes on.
        """
        if dialer._is_left_alone("results", fields.Datetime.now()):
            return
        self._work_safely(
            partial(self._sync_dialer, dialer),
            partial(self._note_sync_failure, dialer),
            partial(_logger.exception, "Reading the results of %s failed", dialer.name),
        )

    def _work_safely(self, work, note, log, expected=DialerError):
        """Work at a dialer and commit; whatever is wrong with it, it is fed all the same.

        :param work: what to do
        :param note: what notes a failure, called with the error, or with a sentence where it was none
            of the expected ones
        :param log: what logs an error that was not expected
        """
        try:
            work()
        except expected as error:
            note(error)
        except Exception:
            if self._is_lost():
                raise
            log()
            self._rollback()
            note(self.env._("Unexpected error: see the server's log."))
        self._commit(processed=1)

    def _note_sync_failure(self, dialer, error):
        # What nobody expected stands in the log already.
        if isinstance(error, DialerError):
            # The first in a row calls for somebody, the others only tell that it goes on.
            level = logging.INFO if dialer.last_error else logging.WARNING
            _logger.log(level, "%s: no results: %s", dialer.name, error)
        self._atomically(lambda: self._write_sync_failure(dialer, error))

    def _write_sync_failure(self, dialer, error):
        dialer.last_error = str(error)[:500]
        dialer._note_trouble("results", error, fields.Datetime.now())

    def _sync_dialer(self, dialer):
        """Read one dialer's results since its watermark, and apply them.

        The watermark is saved last: after a crash the same rows come again, and change nothing.

        :return: how many attempts got a result
        :raise clients.exceptions.DialerError: it cannot be read
        :raise UserError: the dialer is switched off, or this database is a copy
        """
        self.env["ecm.database.identity"]._check()
        if not dialer.is_enabled:
            raise UserError(self.env._("The dialer %s is switched off.", dialer.name))
        started = time.monotonic()
        with self._exclusively(dialer) as is_ours:
            if not is_ours:
                return 0
            # No transaction is open while the dialer is asked.
            client, watermark = dialer._get_client(reads_results=True), dialer.watermark or ""
            self._commit()
            reach("results.asking")
            found, watermark = client.results(watermark)
            reach("results.read")
            applied = self._apply_found(dialer, found)
            if applied.is_cut:
                # The watermark stays: what was applied comes again, and costs little then.
                self._log_sync(dialer, applied, time.monotonic() - started)
                dialer._trigger_turn()
                self._commit()
                return applied.count
            late = self._read_late_results(dialer, client)
            applied = Applied(applied.count + late.count, applied.bad_keys + late.bad_keys)
            self._log_sync(dialer, applied, time.monotonic() - started)
            self._atomically(lambda: self._note_sync(dialer, watermark, applied))
            reach("results.noted")
        return applied.count

    def _log_sync(self, dialer, applied, seconds):
        """An operator reads the log: one line for what came, none for an idle minute."""
        if dialer.last_error and not applied.bad_keys:
            _logger.info("%s: works again", dialer.name)
        if applied.count:
            _logger.info("%s: %d results in %.1f s", dialer.name, applied.count, seconds)

    def _note_sync(self, dialer, watermark, applied):
        dialer._close_circuit("results")
        dialer.write(
            {
                "watermark": watermark,
                "last_sync_at": fields.Datetime.now(),
                "last_sync_count": applied.count,
                "last_error": self._get_bad_text(applied.bad_keys),
            }
        )

    def _apply_found(self, dialer, found):
        """Apply what a client found, a batch per transaction.

        One result that cannot be applied keeps no other waiting: its batch is halved until it
        stands alone, and it is passed over then. When the time is up, some are new and others
        left, the next turn goes on.

        :rtype: Applied
        :raise Exception: too many cannot be applied
        """
        if not found:
            return Applied(0, [])
        self._take_back_undialled(found)
        self._note_found_callbacks(found)
        codes = self._get_outcome_codes(dialer.provider)
        final = [row for row in found if row.final]
        starts = range(0, len(final), RESULT_BATCH)
        waiting = [final[start : start + RESULT_BATCH] for start in reversed(starts)]
        count, bad_keys, turn = 0, [], Turn(RESULT_SECONDS)
        while waiting and (not count or turn.goes_on()):
            batch = waiting.pop()
            try:
                count += self._atomically(partial(self._apply_rows, dialer, batch, codes))
                reach("results.applied")
            # No connection is nobody's result.
            except (InterfaceError, OperationalError):
                raise
            except Exception:
                self._rollback()
                if len(batch) == 1:
                    bad_keys.append(batch[0].key)
                    _logger.exception("The result of %s cannot be applied", batch[0].key)
                    inbox = self.env["ecm.dialer.result"]
                    self._atomically(partial(inbox._keep_failed, dialer, batch[0]))
                if len(bad_keys) > MOST_BAD_RESULTS:
                    raise
                waiting += _halve(batch)
        return Applied(count, bad_keys, turn.is_cut)

    def _apply_rows(self, dialer, rows, codes):
        """Apply results in one transaction; what fits nothing is kept in the inbox.

        :return: how many attempts got a result
        """
        applied = self._apply_results([self._prepare_result(row, codes) for row in rows])
        self.env["ecm.dialer.result"]._keep_what_fits_nothing(dialer, rows, applied)
        return len(applied)

    def _note_found_callbacks(self, found):
        """Callbacks that agents have arranged on the dialer, which makes them itself."""
        promises = []
        for row in found:
            if not (row.final or row.undialled):
                at, number = _naive(row.callback_at), row.callback_number or None
                promises.append(Promise(row.key, at, number, row.agent or None))
        for start in range(0, len(promises), RESULT_BATCH):
            batch = promises[start : start + RESULT_BATCH]
            self._atomically(partial(self._note_promises, batch))
            reach("results.promised")

    def _get_bad_text(self, keys):
        if not keys:
            return False
        return self.env._(
            "%(count)s results cannot be applied, see the server's log: %(keys)s",
            count=len(keys),
            keys=", ".join(keys[:3]),
        )

    def _take_back_undialled(self, found):
        """What was deleted at the dialer before it was called is pending again: by a purge whose
        answer was lost, or in the dialer's own administration.
        """
        deleted, called = set(), set()
        for row in found:
            keys = deleted if row.undialled else called
            keys.add(row.key)
        # A key may have several rows: one that was called says that it was.
        never_called = list(deleted - called)
        if not never_called:
            return
        awaiting = [("key", "in", never_called), ("state", "in", ("claimed", "sent"))]
        attempts = self.env["ecm.attempt"].search(awaiting)
        if not attempts:
            return
        _logger.info("%d contacts were deleted at the dialer and never called", len(attempts))
        take_back = self.env["ecm.dialer.campaign"]._take_back
        self._atomically(lambda: take_back(attempts.ids))
        reach("results.taken_back")

    def _get_outcome_codes(self, provider):
        """:return: ``{(source, dialer code): outcome code}``"""
        outcomes = self.env["ecm.outcome.mapping"].sudo()._get_outcomes(provider)
        return {key: outcome.code for key, outcome in outcomes.items()}

    def _prepare_result(self, row, codes):
        """A client's result in the engine's terms.

        :param row: clients.base.CallResult
        :rtype: tools.results.Result
        """
        return Result(
            key=row.key,
            outcome_code=codes.get((row.table, row.raw_code), "unknown"),
            raw_code=row.raw_code,
            called_at=_naive(row.called_at),
            agent=row.agent or None,
            duration_seconds=row.duration_seconds,
            wrap_up=row.wrap_up or None,
            reference=row.dialer_ref,
            callback_at=_naive(row.callback_at),
            corrects=row.corrects,
        )

    def _read_late_results(self, dialer, client):
        """Results of attempts that dangle: they are recorded and lead to nothing (requirement F4).

        :rtype: Applied
        """
        now = fields.Datetime.now()
        if dialer.last_late_sync_at and dialer.last_late_sync_at > now - LATE_INTERVAL:
            return Applied(0, [])
        dangling = [
            ("dialer_campaign_id", "in", dialer.dialer_campaign_ids.ids),
            ("state", "=", "dangling"),
            ("claimed_at", ">", now - LATE_TIME - timedelta(seconds=dialer._get_patience())),
        ]
        attempts = self.env["ecm.attempt"].search(
            dangling, limit=LATE_BATCH, order="claimed_at DESC"
        )

        # A copy of the database forgets the original's keys: their results are not ours.
        known = tuple(self.env["ecm.attempt"]._get_known_prefixes())
        keys = [key for key in attempts.mapped("key") if key.startswith(known)]
        self._atomically(lambda: dialer.write({"last_late_sync_at": now}))
        reach("results.late")
        if not keys:
            return Applied(0, [])
        return self._apply_found(dialer, client.results_for(keys))

    # -- mirror -----------------------------------------------------------------------------------

    def _mirror_safely(self, dialer):
        """Keep the mirror of a dialer's campaigns fresh (requirement C2): once in an interval,
        also where it fails.
        """
        now = fields.Datetime.now()
        is_fresh = dialer.last_mirror_at and dialer.last_mirror_at > now - MIRROR_INTERVAL
        if is_fresh or dialer._is_left_alone("sending", now):
            return
        try:
            dialer._mirror_campaigns()
        except DialerError as error:
            _logger.info("The campaigns of %s cannot be fetched: %s", dialer.name, error)
        except Exception:
            if self._is_lost():
                raise
            # Whatever it was, results are read and contacts sent all the same.
            _logger.exception("Fetching the campaigns of %s failed", dialer.name)
            self._rollback()
        self._atomically(lambda: dialer.write({"last_mirror_at": now}))


def _naive(moment):
    """A dialer's moment as Odoo keeps it: naive UTC, of whole seconds."""
    if moment and moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment and moment.replace(tzinfo=None, microsecond=0)


def _halve(batch):
    """:return: the halves of a batch that is worth halving, the first one last"""
    half = len(batch) // 2
    return [batch[half:], batch[:half]] if half else []
