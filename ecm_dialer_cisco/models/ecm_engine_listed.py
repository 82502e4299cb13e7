import logging
from functools import partial

from odoo import fields, models

from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.turn import Turn

_logger = logging.getLogger(__name__)

LISTED_BATCH = 1000
# So long numbers are written before the dialer is fed.
LISTED_SECONDS = 20.0


class EcmEngineListed(models.AbstractModel):
    """A dialer's own do-not-call list has the numbers of ours (requirement N2).

    What is about to be written is noted first: a process that dies in between leaves numbers that
    the next turn writes, and somebody else's number is never deleted for one of ours.
    """

    _name = "ecm.engine.listed.mixin"
    _description = "Numbers for the Do-not-call Lists of Dialers"

    def _write_listed_safely(self, dialer):
        """Bring a dialer's list up to date, when it is time; whatever is wrong, it is fed all the
        same.
        """
        now = fields.Datetime.now()
        if not dialer._is_listing_due(now) or dialer._is_left_alone("listed", now):
            return
        self._work_safely(
            partial(self._write_listed_exclusively, dialer),
            partial(self._note_listed_failure, dialer),
            partial(_logger.exception, "Writing the do-not-call list of %s failed", dialer.name),
        )

    def _write_listed_exclusively(self, dialer):
        with self._exclusively(dialer) as is_ours:
            if is_ours:
                self._write_listed(dialer)

    def _note_listed_failure(self, dialer, error):
        _logger.warning("%s: its do-not-call list cannot be written: %s", dialer.name, error)
        now = fields.Datetime.now()
        self._atomically(lambda: dialer._note_trouble("listed", error, now))

    def _write_listed(self, dialer):
        """
        :raise clients.exceptions.DialerError: it cannot be asked; the next turn goes on
        """
        turn, client = Turn(LISTED_SECONDS), dialer._get_client()
        added = self._add_listed(dialer, client, turn)
        removed = self._remove_listed(dialer, client, turn)
        # An operator reads the log: one line for what was changed, none for an idle look.
        if added or removed:
            _logger.info("%s: %d numbers listed, %d taken off", dialer.name, added, removed)
        # The next turn goes on where this one was cut.
        at = False if turn.is_cut else fields.Datetime.now()
        self._atomically(lambda: self._note_listed(dialer, at))
        reach("listed.noted")

    def _note_listed(self, dialer, at):
        dialer._close_circuit("listed")
        dialer.write({"cce_listed_at": at})

    def _add_listed(self, dialer, client, turn):
        """:return: how many numbers were written"""
        listed, count = self.env["ecm.dialer.listed"], 0
        # No transaction is open while the dialer is asked.
        while True:
            # Those of a process that died go first.
            if numbers := listed._find_begun(dialer, LISTED_BATCH):
                self._commit()
                client.add_listed(numbers)
                reach("listed.written")
                self._atomically(partial(listed._note_written, dialer, numbers))
                reach("listed.kept")
                count += len(numbers)
            if not turn.goes_on():
                return count
            numbers = listed._find_new(dialer, LISTED_BATCH)
            self._commit()
            if not numbers:
                return count
            found = client.find_listed(numbers)
            reach("listed.asked")
            self._atomically(partial(listed._begin, dialer, numbers, found))
            reach("listed.begun")

    def _remove_listed(self, dialer, client, turn):
        """:return: how many numbers were deleted"""
        listed, count = self.env["ecm.dialer.listed"], 0
        while turn.goes_on():
            gone = listed._find_gone(dialer, LISTED_BATCH)
            self._commit()
            if not gone:
                break
            # What stood there before stays.
            if ours := [number for number, state in gone.items() if state != "found"]:
                client.remove_listed(ours)
                reach("listed.removed")
            self._atomically(partial(listed._forget, dialer, list(gone)))
            reach("listed.forgotten")
            count += len(ours)
        return count
