from dataclasses import dataclass, field

from odoo import models

from ..tools.lateness import LATE, STALE, Pause, find_end, find_lateness
from odoo.addons.ecm_campaign.tools.strategy import Close, Outcome


@dataclass(frozen=True, slots=True)
class LateRule:
    """Messages that are of no use any more are not sent: what follows says the strategy's rule for
    the outcome *Message too late*; without one their contacts close.

    :param good_for: how long a message is good for after it was due, by ``Candidate.step``; steps
        whose messages are always good are missing
    :param pauses: of campaigns that do not send after a stop what was due before, by id
    :param plans: ``tools.gates.CampaignPlan`` of campaigns with such rules, by id
    :param outcome: the ``tools.strategy.Outcome`` *Message too late*, None where somebody has
        archived it
    :param outcome_id: its id
    """

    good_for: dict
    pauses: dict
    plans: dict = field(default_factory=dict)
    outcome: Outcome | None = None
    outcome_id: int | None = None

    @property
    def is_idle(self):
        """See ``tools.gates.is_idle``."""
        return not (self.good_for or self.pauses)

    def judge(self, candidate, at):
        """See ``tools.gates.Rule``."""
        if candidate.attempt is None or candidate.attempt.channel != "sms":
            return candidate
        good_for, pause = self.get_good_for(candidate), self.pauses.get(candidate.campaign_id)
        reason = find_lateness(candidate.added_at, candidate.due_at, good_for, pause, at)
        if not reason:
            return candidate
        following = self.follow(candidate, at) if reason == LATE else None
        return following or Close("expired", reason)

    def follow(self, candidate, at):
        """What the strategy says follows a message that is too late.

        :param at: naive UTC
        :rtype: tools.gates.Skip, or None: nothing
        """
        campaign = self.plans.get(candidate.campaign_id)
        if not campaign or not self.outcome:
            return None
        return campaign.skip(candidate, LATE, self.outcome, self.outcome_id, at)

    def get_good_for(self, candidate):
        """How long the message that is due is good for, None for ever."""
        return self.good_for.get(candidate.step)

    def get_end(self, candidate):
        """When it is of no use any more, naive UTC; None for never."""
        return find_end(candidate.due_at, self.get_good_for(candidate))


class EcmGateLate(models.AbstractModel):
    """A message that would come too late is not sent (requirement M4)."""

    _name = "ecm.gate.late"
    _inherit = ["ecm.gate"]
    _description = "Gate: Late Messages"
    # The step must be named; whether it is the hour does not matter to what is over.
    _sequence = 55

    def _get_label(self):
        return self.env._("Late messages")

    def _get_block_reasons(self):
        return [(LATE, self.env._("Message too late"))]

    def _get_close_reasons(self):
        return [
            (LATE, self.env._("Message too late")),
            (STALE, self.env._("Message from before the stop")),
        ]

    def _get_rule(self, campaigns, at, channel=None):
        # Calls are never late.
        if channel not in (None, "sms"):
            return LateRule({}, {})
        good_for, pauses = campaigns._get_good_for("sms", "good_hours"), {}
        for campaign in campaigns.sudo():
            if campaign.sms_drops_stale and campaign.stopped_at:
                pauses[campaign.id] = self._get_pause(campaign, at)
        outcome = self._get_outcome() if good_for else None
        if not outcome:
            return LateRule(good_for, pauses)

        # What follows is looked up only where somebody has said so.
        leading_on = campaigns.filtered(lambda campaign: self._leads_on(campaign, outcome))
        plans = leading_on._get_campaign_plans()
        value = outcome._get_decision_outcome()
        return LateRule(good_for, pauses, plans, value, outcome.id)

    def _get_outcome(self):
        """The outcome of a message that is too late; empty where somebody has archived it."""
        return self.env["ecm.outcome"].sudo().search([("code", "=", LATE)])

    def _leads_on(self, campaign, outcome):
        """Whether a rule of its strategies says what follows."""
        strategies = (campaign.strategy_id | campaign.callback_strategy_id).sudo()
        rules = strategies.attempt_ids.rule_ids | strategies.simple_rule_ids
        return outcome in rules.outcome_id

    def _get_pause(self, campaign, at):
        """The last time in which it was stopped, which may go on.

        :rtype: tools.lateness.Pause
        """
        started_at = campaign.started_at
        is_over = started_at and started_at >= campaign.stopped_at
        return Pause(campaign.stopped_at, started_at if is_over else at)
