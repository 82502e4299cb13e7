from functools import partial

from odoo import api, fields, models

from ...tools.crash_points import reach
from ...tools.turn import Turn

SWEEP_BATCH = 2000
RELEASE_BATCH = 20_000


class EcmEngineSweep(models.AbstractModel):
    """What closes or releases contacts by itself, a batch a transaction."""

    _name = "ecm.engine.sweep.mixin"
    _description = "Sweeps of the Campaign Engine"

    @api.model
    def _cron_sweep_dangling(self):
        """Close contacts whose result never came (requirement F4); where none are read, none are
        missing.
        """
        if not self.env["ecm.database.identity"]._may_call():
            return
        self._sweep(self.env["ecm.attempt"]._sweep_dangling)

    @api.model
    def _cron_expire_contacts(self):
        """Close contacts whose time to live is over (requirement C5)."""
        self._sweep(self.env["ecm.contact"]._expire_old)

    def _sweep(self, close):
        """Close contacts, a batch per transaction; what the turn leaves no time for is closed in
        the next one, which comes soon.

        :param close: takes a moment (naive UTC) and how many at most; returns the contacts' ids
        """
        self.env.flush_all()

        def close_batch():
            return close(fields.Datetime.now(), SWEEP_BATCH)

        turn = Turn()
        while self._atomically(partial(self._close_and_chain, close_batch)):
            reach("sweep.closed")
            if not turn.goes_on():
                self._trigger_next_run()
                break
        self._drop_cached_rows()

    @api.model
    def _close_and_chain(self, close):
        """Close contacts, which may lead to other campaigns (requirement C9), in one transaction.

        :param close: returns the ids of contacts that it closed
        :return: these ids
        """
        closed = close()
        if closed:
            self._chain_closed(closed)
        return closed

    def _release_changed(self, target, turn):
        """Have the gates look again at what the selections of a target's campaigns held back, and
        at what waits for calling hours or a limit, where these have changed.

        :param turn: ``tools.turn.Turn``
        :return: whether all of them could be released in it
        """
        running = target._get_running_campaigns()
        for campaign in running.filtered("selection_changed_at"):
            self._release_held_back(campaign, turn)
        for campaign in running.filtered("times_changed_at"):
            self._release_waiting(campaign, turn)
        return not turn.is_cut

    def _release_waiting(self, campaign, turn):
        """Have what waits for a time looked at now: a gate says anew until when."""
        contacts, changed_at = self.env["ecm.contact"], campaign.times_changed_at
        release = partial(contacts._release_waiting, campaign, fields.Datetime.now(), RELEASE_BATCH)
        # A batch a transaction; what was released is not found again.
        while self._atomically(release):
            if not turn.goes_on():
                return
        self._atomically(partial(self._note_released, campaign, "times_changed_at", changed_at))

    def _release_held_back(self, campaign, turn):
        """Release what a campaign held back, so that the gate looks at it by the new selection
        (requirement C11).
        """
        contacts, last = self.env["ecm.contact"], 0
        changed_at = campaign.selection_changed_at
        # A batch a transaction, so that nobody waits for all of them.
        while last is not None:
            release = partial(contacts._release_next, campaign, last, RELEASE_BATCH)
            last = self._atomically(release)
            # What was released so far is not found again.
            if last is not None and not turn.goes_on():
                return
        self._atomically(partial(self._note_released, campaign, "selection_changed_at", changed_at))

    def _note_released(self, campaign, name, changed_at):
        # What was changed meanwhile is looked at in the next feed.
        campaign.invalidate_recordset([name])
        if campaign[name] == changed_at:
            campaign[name] = False
