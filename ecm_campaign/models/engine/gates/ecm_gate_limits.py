from dataclasses import replace
from datetime import UTC, timedelta

from odoo import models

from ....tools.gates import LimitsRule, get_limits
from ....tools.limits import LIFE, ROLLING, used
from ....tools.open_time import LONGEST_WAIT

# A calendar day with a change of clocks.
LONGEST_DAY = timedelta(hours=26)


class EcmGateLimits(models.AbstractModel):
    """Contacts that were tried as often as allowed wait until they may be tried again (requirement
    S4). The tries themselves are the ledger.
    """

    _name = "ecm.gate.limits"
    _inherit = ["ecm.gate"]
    _description = "Gate: Limits"
    _sequence = 70

    def _get_label(self):
        return self.env._("Limits")

    def _get_block_reasons(self):
        return [("limit", self.env._("Limit of attempts"))]

    def _get_rule(self, campaigns, at, channel=None):
        return LimitsRule(campaigns._get_campaign_plans(), is_claiming=channel is not None)

    def _read_candidates(self, rule, candidates, at):
        # Who was claimed before these is in the ledger; who passed and was not is no try.
        return replace(rule)

    def _explain(self, campaign, before, judged, rule, at):
        attempt, plan = before.attempt, rule.campaigns[campaign.id]
        number = attempt.number
        limits = get_limits(plan, before, number, attempt.channel)
        if not limits:
            return self.env._("There is no limit.")
        moment, sentences = at.replace(tzinfo=UTC), []
        for limit in limits:
            count = used(limit, before.tries, number, moment, plan.zone)
            # A label says whose limit it is; without one the number must do.
            label = limit.label or limit.count
            sentence = self.env._("%(label)s: %(used)s used.", label=label, used=count)
            sentences.append(sentence)
        return " ".join(sentences)

    # -- the ledger -------------------------------------------------------------------------------

    def _read_tries(self, campaigns, candidates, at):
        """Read what the limits count into ``tries`` of these candidates, for all at once.

        :param campaigns: ``{campaign id: tools.gates.CampaignPlan}``
        :param at: naive UTC
        """
        asked, limits = [], set()
        for candidate in candidates:
            if found := _get_limits(campaigns[candidate.campaign_id], candidate):
                asked.append(candidate)
                limits |= found
        if not asked:
            return

        # One query for all: as far back as the longest of their limits.
        everywhere = any(limit.everywhere for limit in limits)
        since = _get_ledger_start(limits, at, self._get_longest_wait())
        tries = self.env["ecm.attempt"]._get_tries(asked, since, everywhere)
        for candidate in asked:
            callbacks = campaigns[candidate.campaign_id].callbacks
            made = tries[candidate.contact_id]
            candidate.tries = _forget_before_callback(callbacks, candidate, made)

    def _get_longest_wait(self):
        """How long a contact may be on any dialer before it is called."""
        campaigns = self.env["ecm.campaign"].sudo().with_context(active_test=False)
        [[hours]] = campaigns._read_group([], [], ["dangling_hours:max"])
        # Only open hours count as waiting: in all, it is far longer.
        return max(LONGEST_WAIT, timedelta(hours=hours or 0))


def _get_limits(campaign, candidate):
    """Every limit that may hold for an attempt on a candidate."""
    find_limits, limits = campaign.find_limits[candidate.callback], set()
    for number in candidate.get_numbers():
        for channel in campaign.channels:
            limits.update(find_limits(number, channel, candidate.place))
    return limits


def _get_ledger_start(limits, at, longest_wait):
    """From when tries matter: naive UTC, or None for ever. A call may come long after its contact
    was sent.

    :param longest_wait: for a call, of any campaign
    """
    longest = timedelta(0)
    for limit in limits:
        if limit.period == LIFE:
            return None
        window = limit.window if limit.period == ROLLING else LONGEST_DAY
        longest = max(longest, window)
    return at - longest - longest_wait


def _forget_before_callback(callbacks, candidate, tries):
    """Own tries before the customer asked to be called back count for limits by law only, where the
    campaign says so (S7).
    """
    asked_at = candidate.callback_since
    if not (asked_at and callbacks and callbacks.resets):
        return tries
    since = asked_at.replace(tzinfo=UTC)
    return [replace(made, is_forgotten=made.is_own and made.at <= since) for made in tries]
