import logging
import time
from functools import partial

from odoo import fields, models

from ..clients.exceptions import DialerError
from odoo.addons.ecm_campaign.exceptions import ChannelError
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.turn import Turn

_logger = logging.getLogger(__name__)

# So long a dialer is purged before it is fed again.
PURGE_SECONDS = 30.0


class EcmEnginePurge(models.AbstractModel):
    """Contacts that a dialer is through with are deleted there when it is time (requirement F7).

    Only what has its result here goes; what waits, is called, or is in doubt stays, or comes back
    and is sent again. A process that dies on the way leaves the time as it was: the next turn
    begins anew, and deletes what is still there.
    """

    _name = "ecm.engine.purge.mixin"
    _description = "Purge of Finished Contacts at Dialers"

    def _purge_safely(self, dialer):
        """Purge a dialer that is due; whatever is wrong with it, it is fed all the same."""
        now = fields.Datetime.now()
        if not dialer._is_purge_due(now) or dialer._is_left_alone("purge", now):
            return
        self._work_safely(
            partial(self._purge_exclusively, dialer),
            partial(self._note_purge_failure, dialer),
            partial(_logger.exception, "Deleting finished contacts at %s failed", dialer.name),
            expected=(DialerError, ChannelError),
        )

    def _purge_exclusively(self, dialer):
        with self._exclusively(dialer) as is_ours:
            if is_ours:
                self._purge_dialer(dialer)

    def _note_purge_failure(self, dialer, error):
        # The first in a row calls for somebody, the others only tell that it goes on.
        level = logging.INFO if dialer.purge_failures else logging.WARNING
        _logger.log(level, "%s: finished contacts cannot be deleted: %s", dialer.name, error)
        now = fields.Datetime.now()
        self._atomically(lambda: dialer._note_trouble("purge", error, now))

    def _purge_dialer(self, dialer):
        """
        :raise clients.exceptions.DialerError: it cannot be asked
        :raise exceptions.ChannelError: what is in doubt cannot be settled
        """
        started, turn = time.monotonic(), Turn(PURGE_SECONDS)
        count, notes = 0, []
        for target in dialer._get_present_campaigns():
            if not turn.goes_on():
                break
            deleted, note = target._purge_finished(turn)
            count += deleted
            if note:
                notes.append(f"{target.name}: {note}")

        # An operator reads the log: what was deleted, and what was left and why.
        if count:
            seconds = time.monotonic() - started
            _logger.info("%s: %d finished deleted in %.1f s", dialer.name, count, seconds)
        for note in notes:
            _logger.info("%s: finished contacts stay: %s", dialer.name, note)
        self._atomically(lambda: self._note_purge(dialer, count, notes, turn.is_cut))
        reach("finished.noted")

    def _note_purge(self, dialer, count, notes, is_cut):
        now, plan = fields.Datetime.now(), dialer._get_purge_plan()
        dialer._close_circuit("purge")
        values = {"last_purge_at": now, "last_purge_count": count}
        # The next turn goes on where this one was cut.
        if is_cut:
            dialer.write({**values, "purge_note": False})
            dialer._trigger_turn()
            return
        due_at = plan.again(now) if notes else plan.following(now)
        note = "; ".join(notes)[:500] or False
        dialer.write({**values, "purge_due_at": due_at, "purge_note": note})
