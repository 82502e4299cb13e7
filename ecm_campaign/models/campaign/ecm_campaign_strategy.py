from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import CALLBACKS, LONE_CHANNELS
from ...tools.gates import CampaignPlan, find_no_limits
from ...tools.limits import DAY, Limit
from ...tools.region_rules import NOWHERE
from ...tools.strategy import Callbacks


class EcmCampaignStrategyMixin(models.AbstractModel):
    """What follows an attempt of a campaign, and how often a contact is tried (requirements S1, S4,
    S7).
    """

    _name = "ecm.campaign.strategy.mixin"
    _description = "Strategy of a Campaign"
    _inherit = ["mail.thread"]

    strategy_id = fields.Many2one(
        "ecm.strategy",
        required=True,
        ondelete="restrict",
        index=True,
        compute="_compute_strategy_id",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        check_company=True,
        domain="[('kind', '!=', 'callback')]",
    )
    business_outcome_group_id = fields.Many2one(
        "ecm.business.outcome.group",
        string="Wrap-ups",
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
        help="What the agents' wrap-ups mean. Their rules go before the strategy's.",
    )
    cap_total = fields.Integer(
        "In all at most", tracking=True, help="Instead of the strategy's budget. 0: as it says."
    )
    cap_day = fields.Integer(
        "In one day at most",
        tracking=True,
        help="Instead of the strategy's limit of attempts on a contact in one day. 0: as it says.",
    )
    cap_cycle = fields.Integer(
        "In a cycle at most",
        tracking=True,
        help="Instead of the strategy's attempts in a cycle. 0: as it says.",
    )
    callback_strategy_id = fields.Many2one(
        "ecm.strategy",
        string="Callback strategy",
        ondelete="restrict",
        index=True,
        compute="_compute_callback_strategy_id",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        check_company=True,
        domain="[('kind', '=', 'callback')]",
        help="Takes over when a customer asks to be called back. Empty: the strategy's own rule "
        "for that outcome.",
    )
    callback_resets = fields.Boolean(
        "Reset the counters",
        default=True,
        tracking=True,
        help="A contact that becomes a callback starts again with no attempts made today or in "
        "all. Off: what was tried before counts against the limit of all attempts of the callback strategy. "
        "Limits of region rules hold either way.",
    )
    callback_release = fields.Selection(
        [
            ("retries", "After tries to reach the agent"),
            ("duration", "After a time"),
            ("never", "Never"),
        ],
        "Any agent may take it",
        default="retries",
        required=True,
        tracking=True,
        help="When a personal callback is no longer kept for its agent (PCB to NCB).",
    )
    callback_agent_tries = fields.Integer("Tries to reach the agent", default=1, tracking=True)
    callback_personal_hours = fields.Float(
        "Kept for the agent",
        default=24.0,
        tracking=True,
        help="Hours from when the callback is due first.",
    )

    _caps_range = models.Constraint(
        "CHECK(cap_total BETWEEN 0 AND 100 AND cap_day BETWEEN 0 AND 100 "
        "AND cap_cycle BETWEEN 0 AND 100)",
        "Attempts at most: 1 to 100, or 0 for the strategy's own.",
    )

    @api.depends("kind")
    def _compute_strategy_id(self):
        """What was chosen stays where it is of the campaign's kind (S8)."""
        for campaign in self:
            if not campaign._fits_kind(campaign.strategy_id):
                campaign.strategy_id = campaign._get_usual_strategy()

    def _get_usual_strategy(self):
        """The shipped strategy of this campaign's kind; empty where it was deleted."""
        name = "ecm_strategy_default" if self.kind == "sms" else "ecm_strategy_voice"
        return self.env.ref(f"ecm_campaign.{name}", False)

    def _fits_kind(self, strategy):
        """Whether a strategy contacts on the channels of this campaign's kind."""
        channels = set(strategy.sudo().attempt_ids.mapped("channel"))
        if not channels:
            return bool(strategy)
        if only := self._get_only_channel():
            return channels == {only}
        return channels not in [{channel} for channel in LONE_CHANNELS]

    @api.depends("kind")
    def _compute_callback_strategy_id(self):
        """Nobody who gets messages asks on the telephone to be called back."""
        for campaign in self:
            if campaign._get_only_channel():
                campaign.callback_strategy_id = False
            elif not campaign.callback_strategy_id:
                strategy = self.env.ref("ecm_campaign.ecm_strategy_callback", False)
                campaign.callback_strategy_id = strategy

    @api.constrains("callback_release", "callback_agent_tries", "callback_personal_hours")
    def _check_callback_release(self):
        for campaign in self:
            release = campaign.callback_release
            if release == "retries" and campaign.callback_agent_tries < 1:
                raise ValidationError(self.env._("Tries to reach the agent: at least 1."))
            if release == "duration" and campaign.callback_personal_hours <= 0:
                raise ValidationError(self.env._("Kept for the agent: more than 0 hours."))

    def _get_strategy(self, callback=None):
        """The strategy in effect.

        :param callback: of the contact; the callback strategy follows its request
        """
        self.ensure_one()
        return (callback and self.callback_strategy_id) or self.strategy_id

    @api.model
    def _get_step(self, step):
        """
        :param step: as ``Candidate.step`` has it
        :return: ``(ecm.campaign, ecm.strategy.attempt)`` with all rights; the second is empty where
            the strategy in effect has no such step
        """
        campaign_id, callback, position = step
        campaign = self.sudo().browse(campaign_id)
        attempts = campaign._get_strategy(callback)._get_ordered_attempts()
        return campaign, attempts[position - 1 : position]

    def _get_good_for(self, channel, field):
        """How long what is sent on a channel is good for after it was due; what is always good is
        missing.

        :param str field: of ``ecm.strategy.attempt``, in hours
        :return: ``{step as ``Candidate.step`` has it: timedelta}``
        """
        good_for = {}
        for campaign in self.sudo():
            for callback in CALLBACKS:
                steps = campaign._get_strategy(callback)._get_ordered_attempts()
                for position, step in enumerate(steps, start=1):
                    if step.channel == channel and step[field]:
                        good_for[campaign.id, callback, position] = timedelta(hours=step[field])
        return good_for

    def _get_plan(self, callback=None):
        """:rtype: tools.strategy.Plan"""
        return self._adapt_plan(self._get_strategy(callback).sudo()._get_plan(), callback)

    def _adapt_plan(self, plan, callback):
        """A strategy's plan with room for the retries of the campaign's wrap-ups, and its caps."""
        changes = {}
        if retries := self.business_outcome_group_id.sudo()._get_retries():
            changes["wrap_up_retries"] = retries
        if self._has_own_caps(callback):
            if self.cap_total:
                changes["max_attempts"] = self.cap_total
            if self.cap_cycle:
                changes["cycle_limit"] = self.cap_cycle
        return replace(plan, **changes) if changes else plan

    def _has_own_caps(self, callback):
        """Whether its caps hold: a callback strategy has its own."""
        return not (callback and self.callback_strategy_id)

    def _adapt_limits(self, limits, callback):
        """A strategy's limits with the campaign's own of a day.

        :return: tuple of ``tools.limits.Limit``
        """
        if not (self.cap_day and self._has_own_caps(callback)):
            return limits
        label = self.env._("At most %s attempts on a contact in one day", self.cap_day)
        own = Limit(self.cap_day, DAY, label=label)
        return (*filter(_is_other_limit, limits), own)

    def _get_callbacks(self):
        """What becomes of contacts that ask to be called back (requirement S7).

        :rtype: tools.strategy.Callbacks or None
        """
        self.ensure_one()
        return self._make_callbacks(self._get_plan("normal")) if self.callback_strategy_id else None

    def _make_callbacks(self, plan):
        """:param plan: of the callback strategy"""
        tries = personal_for = None
        if self.callback_release == "retries":
            tries = self.callback_agent_tries
        elif self.callback_release == "duration":
            personal_for = timedelta(hours=self.callback_personal_hours)
        return Callbacks(
            plan,
            resets=self.callback_resets,
            agent_tries=tries,
            personal_for=personal_for,
            delay=timedelta(minutes=self.callback_strategy_id.sudo().callback_minutes),
        )

    def _make_limit_finder(self, limits):
        """How often a number may be tried: as the strategy says, and the regions that the number
        belongs to, whose limits count over all campaigns (requirements S4, N3).

        :param limits: of the strategy
        :return: function from a number, a channel and a ``Place`` to a tuple of
            ``tools.limits.Limit``
        """
        rules = self._get_region_rules()
        # Asked for each number of each candidate: most campaigns have no regions to look up.
        if not rules.has_limits:
            return (lambda _number, _channel, _place=NOWHERE: limits) if limits else find_no_limits

        def find(number, channel, place=NOWHERE):
            regional = rules.get_limits(number, channel, place) if number else ()
            return (*limits, *regional)

        return find

    def _get_campaign_plans(self):
        """What these campaigns say about the next attempt and how often, as values.

        :return: ``{campaign id: tools.gates.CampaignPlan}``
        """
        plans, limits = {}, {}
        # Many campaigns share few strategies: each is read once.
        for strategy in (self.strategy_id | self.callback_strategy_id).sudo():
            plans[strategy.id] = strategy._get_plan()
            limits[strategy.id] = strategy._get_limits()
        found = {}
        for campaign in self:
            found[campaign.id] = campaign._make_campaign_plan(plans, limits)
        return found

    def _make_campaign_plan(self, plans, limits):
        """:param plans: by strategy id; ``limits``: likewise
        :rtype: tools.gates.CampaignPlan
        """
        used, finders = {}, {}
        for kind in CALLBACKS:
            strategy_id = self._get_strategy(kind).id
            used[kind] = self._adapt_plan(plans[strategy_id], kind)
            finders[kind] = self._make_limit_finder(self._adapt_limits(limits[strategy_id], kind))
        # Without a callback strategy the strategy's own rule decides.
        callback_plan = used["normal"] if self.callback_strategy_id else None
        return CampaignPlan(
            zone=ZoneInfo(self.tz),
            plans=used,
            find_limits=finders,
            callbacks=self._make_callbacks(callback_plan) if callback_plan else None,
        )

    def _get_channels(self):
        """Channels that the campaign contacts on: those of its strategies' attempts.

        :return: tuple of codes
        """
        self.ensure_one()
        # One strategy after the other, so that the strategy's own channels come first.
        channels = self.strategy_id.sudo().attempt_ids.mapped("channel")
        channels += self.callback_strategy_id.sudo().attempt_ids.mapped("channel")
        return tuple(dict.fromkeys(channels))

    def _has_shared_limits(self):
        """Whether a limit counts the tries of other campaigns too."""
        self.ensure_one()
        strategies = (self.strategy_id | self.callback_strategy_id).sudo()
        if "all" in strategies.limit_ids.mapped("scope"):
            return True
        return self._get_region_rules().has_limits

    def _check_running_change(self, vals):
        """A strategy is exchanged only while the campaign is stopped (requirement S8)."""
        stays = self.filtered("is_running")
        if vals.get("is_running") is False:
            stays = self.browse()
        for name in {"strategy_id", "callback_strategy_id", "business_outcome_group_id"} & set(
            vals
        ):
            # A form sends values that stay as they are.
            if any(campaign[name].id != vals[name] for campaign in stays):
                raise UserError(
                    self.env._("Stop the campaign before you change its strategy or its wrap-ups.")
                )


def _is_other_limit(limit):
    """Whether a limit is of something else than a contact's day in its campaign."""
    return limit.period != DAY or limit.per_number or limit.everywhere
