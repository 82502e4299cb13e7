import logging

from odoo import fields, models

from ...exceptions import ChannelError
from ...tools.crash_points import reach
from ...tools.pacing import RECALL_AHEAD

_logger = logging.getLogger(__name__)


class EcmEngineRecall(models.AbstractModel):
    """Nobody is contacted out of hours by what still waits at the other side (requirements C3, N3).

    A minute before the hours of some end, or when their campaign is stopped, what a target has not
    contacted yet is taken back. Who is being contacted stays there, and is not asked for again.
    """

    _name = "ecm.engine.recall.mixin"
    _description = "Taking Contacts Back at the End of Hours"

    def _recall_safely(self, target):
        """`_recall`, whatever else keeps the target from being fed: that it failed and is left
        alone, or that what it was sent is in doubt.

        :return: whether the owner's other targets may be asked as well
        """
        if not (self._has_to_recall(target) and self.env["ecm.database.identity"]._may_call()):
            return True
        goes_on = True
        try:
            with self._exclusively(target._get_owner()) as is_ours:
                if is_ours:
                    self._recall(target)
        except ChannelError as error:
            # The feed says so where people see it; the next turn tries again.
            _logger.info("%s: cannot give back: %s", target._get_log_name(), error)
            goes_on = not getattr(error, "whole_service", False)
        except Exception:
            if self._is_lost():
                raise
            _logger.exception("Taking back from %s failed", target._get_log_name())
            self._rollback()
        self._commit()
        return goes_on

    def _recall(self, target):
        """Take back what a target holds, where somebody there may not be contacted any more.

        :return: how many contacts came back
        :raise exceptions.ChannelError: it cannot be asked; the next turn tries again
        """
        if not self._has_to_recall(target):
            return 0
        count = target._recall()
        self._atomically(lambda: self._note_recall(target))
        reach("recall.noted")
        _logger.info("%s: %d taken back, their hours end", target._get_log_name(), count)
        return count

    def _note_recall(self, target):
        # What may still arrive there is looked at again: its send is in doubt.
        doubtful = self.env["ecm.attempt"]._get_oldest_claim(target)
        target.recalled_at = doubtful or fields.Datetime.now()

    def _has_to_recall(self, target):
        """Whether somebody who waits at a target may not be contacted any more, and nobody else is
        in the way.
        """
        if not target._may_take_back():
            return False
        standing = self.env["ecm.attempt"]._get_standing(target, target.recalled_at)
        campaigns = self.env["ecm.campaign"].browse({row.campaign_id for row in standing})
        closing = self._get_closing_campaigns(campaigns, standing, target._channel)
        if not closing or target._is_shared_taken_back():
            return bool(closing)
        # Another campaign's contacts would come back too.
        others = target._get_running_campaigns() - closing
        return not self._filter_open(others, target._channel)

    def _get_closing_campaigns(self, campaigns, standing, channel):
        """Campaigns of whose contacts at a target some may not be contacted any more.

        :param standing: list of ``ecm.attempt``'s ``Standing``
        :param channel: of the target
        """
        now = fields.Datetime.now()
        moments = now, now + RECALL_AHEAD
        hours = self._get_whole_hours(campaigns, now)
        closing = set()
        for campaign in campaigns:
            is_open = _is_open(hours[campaign.id].for_campaign(channel), moments)
            if not campaign.is_running or not is_open:
                closing.add(campaign.id)
        # Where the campaign goes on, the hours of some contacts may be over all the same.
        for row in standing:
            if row.campaign_id in closing:
                continue
            if not _is_open(_get_own_hours(hours, row), moments):
                closing.add(row.campaign_id)
        return campaigns.browse(closing)

    def _get_whole_hours(self, campaigns, now):
        """:return: ``{campaign id: hours}``, each to its very end"""
        hours = campaigns._get_campaign_hours(now)
        return {campaign_id: value.without_drain() for campaign_id, value in hours.items()}

    def _find_closed(self, target, attempt_ids):
        """Which attempts that are about to leave may not be made any more, because the hours of
        their campaign or of their contact have ended since they were claimed (requirements C4, N3).

        :return: set of keys
        """
        if not attempt_ids:
            return set()
        now, closed = fields.Datetime.now(), set()
        rows = self.env["ecm.attempt"]._get_leaving(attempt_ids)
        campaigns = self.env["ecm.campaign"].browse({row.campaign_id for row in rows})
        hours = self._get_whole_hours(campaigns, now)
        for row in rows:
            of_campaign = hours[row.campaign_id].for_campaign(target._channel)
            if not (_is_open(of_campaign, [now]) and _is_open(_get_own_hours(hours, row), [now])):
                closed.add(row.key)
        return closed


def _is_open(hours, moments):
    """Whether hours are open at each of some moments, naive UTC."""
    return all(hours.opening(moment).is_open for moment in moments)


def _get_own_hours(hours, row):
    """When a contact may be contacted.

    :param hours: by campaign id
    :param row: ``ecm.attempt``'s ``Standing``
    """
    own = hours[row.campaign_id]
    return own.for_contact(row.tz, row.number, row.channel, row.phones, row.place)
