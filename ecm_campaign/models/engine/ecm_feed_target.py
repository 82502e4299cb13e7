from datetime import timedelta

from odoo import fields, models

from ...tools.explain import HELD, WAITS, Finding

# Seconds that a failing target is left alone: doubled with each failure in a row, up to the last.
BACK_OFF_FIRST = 30
BACK_OFF_LAST = 900


class EcmFeedTarget(models.AbstractModel):
    """Where attempts are sent: a dialer campaign, a gateway (the port of architecture §3).

    A channel module inherits this on its own model, adds a Many2one to that model on
    ``ecm.attempt`` (indexed where the attempt awaits an answer), names it in ``_attempt_field``,
    registers the model in ``ecm.engine._get_feed_target_models`` and returns its records in
    ``ecm.campaign._get_feed_targets``.
    """

    _name = "ecm.feed.target"
    _description = "Feed Target"

    _attempt_field = None  # the Many2one on ecm.attempt
    _channel = None  # code of const.CHANNELS

    last_feed_at = fields.Datetime("Last fed", readonly=True, copy=False)
    last_error = fields.Char("Last error", readonly=True, copy=False)
    failure_count = fields.Integer("Failures in a row", readonly=True, copy=False)
    paused_until = fields.Datetime("Left alone until", readonly=True, copy=False)

    def _get_running_campaigns(self):
        """:return: running ``ecm.campaign`` records whose attempts go here, in a stable order"""
        raise NotImplementedError

    def _get_room(self):
        """How many more contacts it can take now (requirement F5)."""
        raise NotImplementedError

    def _get_most_held(self):
        """How many contacts it holds at most at a time; 0 for not known."""
        return 0

    def _get_batch_size(self):
        """How many contacts one request carries at most."""
        raise NotImplementedError

    def _get_doubt_seconds(self):
        """After how long an unconfirmed send is asked about: longer than any send can take."""
        return 120

    def _send(self, batch):
        """Send a batch; called outside any transaction that holds row locks.

        :param batch: list of ``tools.results.Outgoing``
        :rtype: tools.results.Receipt
        :raise exceptions.Rejected: refused for what it holds, nothing accepted
        :raise exceptions.Unavailable: nothing accepted
        :raise exceptions.InDoubt: perhaps accepted
        """
        raise NotImplementedError

    def _find(self, keys):
        """Which of these attempt keys the other side knows.

        :rtype: set
        :raise exceptions.Unavailable: it cannot be asked now
        """
        raise NotImplementedError

    def _get_off_reason(self):
        """Why nothing is sent here until somebody acts, as a sentence, or False: it is switched
        off, it is gone.
        """
        return False

    def _is_paused(self, now):
        """Whether it failed and is left alone for a while."""
        return bool(self.paused_until and self.paused_until > now)

    def _get_obstacle(self, now):
        """Why nothing is sent here now.

        :rtype: tools.explain.Finding or None
        """
        self.ensure_one()
        if reason := self._get_off_reason():
            return Finding("dialer", HELD, reason)
        if self._is_paused(now):
            return Finding(
                "dialer",
                WAITS,
                self.env._("The dialer fails: %s", self.last_error),
                self.paused_until,
            )
        return None

    def _has_unconfirmed(self):
        """Whether a send to this target was never confirmed."""
        self.ensure_one()
        attempts = self.env["ecm.attempt"].sudo()
        return bool(
            attempts.search_count(
                [(self._attempt_field, "=", self.id), ("state", "=", "claimed")], limit=1
            )
        )

    def _note_success(self, now):
        """The target answered: forget its failures."""
        self.write(
            {"last_feed_at": now, "last_error": False, "failure_count": 0, "paused_until": False}
        )

    def _note_failure(self, error, now):
        """The target failed: leave it alone for a while, longer with each failure in a row."""
        seconds = min(BACK_OFF_FIRST * 2 ** min(self.failure_count, 10), BACK_OFF_LAST)
        self.write(
            {
                "last_error": str(error)[:500],
                "failure_count": self.failure_count + 1,
                "paused_until": now + timedelta(seconds=seconds),
            }
        )
