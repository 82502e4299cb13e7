from collections import defaultdict
from datetime import timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...actions import notify, open_window
from ...const import BUSINESS_PARAMETERS, CLOSED_STATES, PENDING
from ...exceptions import ChannelError
from ...formatting import format_moment
from ...tools import strategy as decision
from ...tools.explain import HELD, Finding
from ...tools.gates import CampaignPlan
from odoo.addons.base.models.res_partner import _tz_get


class EcmCampaign(models.Model):
    """Whom to contact, when, by which strategy (requirements C1 to C6)."""

    _name = "ecm.campaign"
    _description = "Campaign"
    _inherit = [
        "ecm.copy.name.mixin",
        "ecm.engine.fields.mixin",
        "ecm.campaign.schedule.mixin",
        "ecm.campaign.pacing.mixin",
        "ecm.campaign.selection.mixin",
        "ecm.campaign.explain.mixin",
        "ecm.campaign.forecast.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "is_running desc, name, id"
    _check_company_auto = True

    def _default_strategy_id(self):
        return self.env.ref("ecm_campaign.ecm_strategy_voice", raise_if_not_found=False)

    def _default_calendar_id(self):
        return self.env.ref(
            "ecm_campaign.resource_calendar_calling_hours", raise_if_not_found=False
        )

    def _default_parameters_definition(self):
        return [
            {"name": name, "type": "char", "string": self.env._("Business Parameter %s", number)}
            for number, name in enumerate(BUSINESS_PARAMETERS, start=1)
        ]

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        tracking=True,
        help="Who gets the alerts.",
    )
    description = fields.Text()
    color = fields.Integer()
    kind = fields.Selection(
        [("agent", "Agent voice"), ("ivr", "IVR voice"), ("sms", "SMS")],
        required=True,
        default="agent",
        help="Agent: answered calls go to agents. IVR: to a script on the dialer. SMS: messages only. "
        "The kind cannot change after the campaign was created.",
    )
    strategy_id = fields.Many2one(
        "ecm.strategy",
        required=True,
        ondelete="restrict",
        index=True,
        default=_default_strategy_id,
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
    callback_strategy_id = fields.Many2one(
        "ecm.strategy",
        string="Callback strategy",
        ondelete="restrict",
        index=True,
        default=lambda self: self.env.ref(
            "ecm_campaign.ecm_strategy_callback", raise_if_not_found=False
        ),
        tracking=True,
        check_company=True,
        domain="[('kind', '=', 'callback')]",
        help="Takes over when a customer asks to be called back. Empty: the strategy's own rule for that outcome.",
    )
    callback_resets = fields.Boolean(
        "Reset the counters",
        default=True,
        tracking=True,
        help="A contact that becomes a callback starts again with no attempts made today or in all. "
        "Off: what was tried before counts against an own budget of the callback strategy. Limits "
        "of region rules hold either way.",
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
    callback_personal_hours = fields.Float("Kept for the agent", default=24.0, tracking=True)
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Calling hours",
        default=_default_calendar_id,
        tracking=True,
        domain="[('flexible_hours', '=', False)]",
        help="Contacts are sent in these hours only; the calendar's holidays are closed. Empty: at any time.",
    )
    tz = fields.Selection(
        _tz_get,
        string="Time zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        tracking=True,
        help="The calling hours are in this zone.",
    )
    date_start = fields.Datetime(
        string="Starts on", tracking=True, help="Not fed before. Empty: as soon as it is started."
    )
    date_end = fields.Datetime(
        string="Ends on", tracking=True, help="Not fed afterwards. Empty: no end."
    )
    dial_order = fields.Selection(
        [
            ("fifo", "First in, first out"),
            ("lifo", "Last in, first out"),
            ("priority", "Highest priority first"),
        ],
        string="Dial order",
        required=True,
        default="fifo",
        tracking=True,
    )
    retry_order = fields.Selection(
        [("before", "Retries before fresh contacts"), ("after", "Fresh contacts before retries")],
        string="Retries",
        required=True,
        default="before",
        tracking=True,
    )
    dangling_hours = fields.Float(
        string="Dangling after (hours)",
        default=24.0,
        required=True,
        tracking=True,
        help="A contact at the dialer without a result for so long closes as Dangling. A later result is recorded, "
        "but never makes another call.",
    )
    parameters_definition = fields.PropertiesDefinition(
        string="Business parameters", default=lambda self: self._default_parameters_definition()
    )
    is_running = fields.Boolean(
        string="Running",
        copy=False,
        tracking=True,
        help="On: contacts are sent in the calling hours. Off: nothing more is sent; contacts already at the dialer "
        "are still called.",
    )
    started_at = fields.Datetime("Last started on", copy=False, readonly=True)
    status = fields.Selection(
        [
            ("stopped", "Stopped"),
            ("waiting", "Outside calling hours"),
            ("blocked", "Cannot dial"),
            ("running", "Running"),
            ("finished", "Finished"),
        ],
        compute="_compute_status",
    )
    status_reason = fields.Char(compute="_compute_status")
    next_opening_at = fields.Datetime(compute="_compute_status", string="Next opening")

    list_ids = fields.One2many("ecm.contact.list", "campaign_id", string="Contact lists")
    list_count = fields.Integer(compute="_compute_list_count")
    is_importing = fields.Boolean(
        compute="_compute_is_importing", help="A file is being read: the form follows it."
    )
    contact_count = fields.Integer(compute="_compute_contact_counts")
    pending_count = fields.Integer(compute="_compute_contact_counts", string="Pending")
    at_dialer_count = fields.Integer(compute="_compute_contact_counts", string="At the dialer")
    connected_count = fields.Integer(compute="_compute_contact_counts", string="Connected")
    closed_count = fields.Integer(compute="_compute_contact_counts", string="Closed")
    progress = fields.Float(
        compute="_compute_contact_counts", help="Closed contacts, in per cent of all."
    )

    _name_unique = models.Constraint(
        "UNIQUE(company_id, name)", "There is already a campaign with this name."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_end IS NULL OR date_start IS NULL OR date_end > date_start)",
        "A campaign ends after it starts.",
    )
    _dangling_positive = models.Constraint(
        "CHECK(dangling_hours > 0)", "Dangling after: more than 0 hours."
    )
    _running_index = models.Index("(id) WHERE is_running")

    @api.constrains("name")
    def _check_name(self):
        for campaign in self:
            if len(campaign.name.strip()) < 3:
                raise ValidationError(self.env._("A campaign's name has at least 3 characters."))

    @api.constrains("callback_release", "callback_agent_tries", "callback_personal_hours")
    def _check_callback_release(self):
        for campaign in self:
            if campaign.callback_release == "retries" and campaign.callback_agent_tries < 1:
                raise ValidationError(self.env._("Tries to reach the agent: at least 1."))
            if campaign.callback_release == "duration" and campaign.callback_personal_hours <= 0:
                raise ValidationError(self.env._("Kept for the agent: more than 0 hours."))

    # -- counters ---------------------------------------------------------------------------------

    def _compute_contact_counts(self):
        tallies = self._get_state_tallies()
        awaiting = self.env["ecm.contact"]._get_awaiting_states()
        for campaign in self:
            tally = tallies[campaign.id]
            total = sum(tally.values())
            campaign.contact_count = total
            campaign.pending_count = tally[PENDING]
            campaign.at_dialer_count = sum(tally[state] for state in awaiting)
            campaign.connected_count = tally["connected"]
            campaign.closed_count = sum(tally[state] for state in CLOSED_STATES)
            campaign.progress = 100.0 * campaign.closed_count / total if total else 0.0

    def _get_state_tallies(self):
        """Contacts per state, from one grouped query (index ``ecm_contact__campaign_state``).

        :return: ``{campaign id: {state: count}}``, 0 for what is missing
        """
        tallies = defaultdict(lambda: defaultdict(int))
        contacts = self.env["ecm.contact"].sudo()
        for campaign, state, count in contacts._read_group(
            [("campaign_id", "in", self.ids)], ["campaign_id", "state"], ["__count"]
        ):
            tallies[campaign.id][state] = count
        return tallies

    def get_state_tally(self):
        """Contacts per state for API clients and the demo.

        :return: ``{state: count}`` over the campaigns of this set, every state named
        """
        self.check_access("read")
        tallies = self._get_state_tallies().values()
        states = dict(self.env["ecm.contact"]._fields["state"].selection)
        return {state: sum(tally[state] for tally in tallies) for state in states}

    @api.depends("list_ids")
    def _compute_list_count(self):
        groups = self.env["ecm.contact.list"]._read_group(
            [("campaign_id", "in", self.ids)], ["campaign_id"], ["__count"]
        )
        counts = {campaign.id: count for campaign, count in groups}
        for campaign in self:
            campaign.list_count = counts.get(campaign.id, 0)

    @api.depends("list_ids.state")
    def _compute_is_importing(self):
        importing = self.env["ecm.contact.list"].search(
            [("campaign_id", "in", self.ids), ("state", "in", ("queued", "importing"))]
        )
        for campaign in self:
            campaign.is_importing = campaign in importing.campaign_id

    # -- schedule ---------------------------------------------------------------------------------

    @api.depends(
        "is_running", "calendar_id", "tz", "date_start", "date_end", "hours_zone", "drain_minutes"
    )
    def _compute_status(self):
        now = fields.Datetime.now()
        windows = self._get_windows(now)
        for campaign in self:
            window = windows[campaign.id]
            campaign.next_opening_at = not window.is_open and window.opens_at
            campaign.status, campaign.status_reason = campaign._get_status(window)

    def _get_status(self, window):
        """:return: ``(status, sentence or False)``"""
        if not self.is_running:
            return "stopped", False
        if self.contact_count and self.closed_count == self.contact_count:
            return "finished", self.env._("Every contact is closed. Upload a list to go on.")
        if not window.is_open:
            return "waiting", self._get_waiting_reason(window)
        if reason := self._get_blocking_reason():
            return "blocked", reason
        # Open as a whole is not enough: all that are left may wait for hours of their own.
        if opens_at := self._get_contacts_opening():
            return "waiting", self.env._(
                "All contacts wait for calling hours where they are. The next may be called on "
                "%(opening)s (%(zone)s).",
                **self._describe_moment(opens_at),
            )
        return "running", False

    def _get_blocking_reason(self):
        """Why an open campaign cannot be fed, as a sentence, or False."""
        obstacle = next(iter(self._get_obstacles(fields.Datetime.now())), None)
        return obstacle.detail if obstacle else False

    def _get_obstacles(self, now, channel=None):
        """What keeps an open campaign from being fed; extensions add theirs.

        :param channel: the one that is asked about; none for all that it contacts on
        :return: list of ``tools.explain.Finding``, none of which passes
        """
        self.ensure_one()
        obstacles = []
        # A copied database goes first: nothing else matters there.
        if reason := self.env["ecm.database.identity"]._get_stop_reason():
            obstacles.append(Finding("database", HELD, reason))

        if sentence := self._get_missing_target_text(channel):
            obstacles.append(Finding("target", HELD, sentence))
        if outdated := self.env["ecm.dnc.list"]._get_outdated(self, channel):
            names = ", ".join(outdated.mapped("name"))
            sentence = self.env._("A do-not-contact registry is too old: %s. Load it again.", names)
            obstacles.append(Finding("registry", HELD, sentence))

        of_targets = (target._get_obstacle(now) for target in self._get_channel_targets(channel))
        return [*obstacles, *filter(None, of_targets)]

    def _get_channel_targets(self, channel=None):
        """Feed targets that send on a channel; none for all of them.

        :return: list of single records
        """
        targets = self._get_feed_targets()
        return [target for target in targets if channel in (None, target._channel)]

    def _get_missing_target_text(self, channel=None):
        """Which channels of the strategies nothing of this campaign sends on, as a sentence, or
        False.

        :param channel: the only one to look at
        """
        targets = self._get_feed_targets()
        if not targets:
            return self.env._("No dialer is assigned to this campaign.")
        served = {target._channel for target in targets}
        missing = set(self._get_channels()) - served
        # Who is called is not kept waiting by a letter that nobody could send.
        if channel:
            missing &= {channel}
        if not missing:
            return False

        labels = dict(self.env["ecm.engine"]._get_channels())
        names = ", ".join(labels.get(code, code) for code in sorted(missing))
        return self.env._(
            "The strategy contacts on a channel that nothing in this campaign sends on: %s.", names
        )

    # -- strategy ---------------------------------------------------------------------------------

    def _get_strategy(self, callback=None):
        """The strategy in effect.

        :param callback: of the contact; the callback strategy follows its request
        """
        self.ensure_one()
        return (callback and self.callback_strategy_id) or self.strategy_id

    def _get_plan(self, callback=None):
        """:rtype: tools.strategy.Plan"""
        retries = self.business_outcome_group_id.sudo()._get_retries()
        return self._get_strategy(callback).sudo()._get_plan(retries)

    def _get_callbacks(self):
        """What becomes of contacts that ask to be called back (requirement S7).

        :rtype: tools.strategy.Callbacks or None
        """
        self.ensure_one()
        strategy = self.callback_strategy_id.sudo()
        return self._make_callbacks(strategy._get_plan()) if strategy else None

    def _make_callbacks(self, plan):
        """:param plan: of the callback strategy"""
        by_tries, by_time = self.callback_release == "retries", self.callback_release == "duration"
        return decision.Callbacks(
            plan=plan,
            resets=self.callback_resets,
            agent_tries=self.callback_agent_tries if by_tries else None,
            personal_for=timedelta(hours=self.callback_personal_hours) if by_time else None,
        )

    def _get_limit_finder(self, callback=None):
        """How often a number of this campaign may be tried: as its strategy says, and the regions
        that the number belongs to, whose limits count over all campaigns (requirements S4, N3).

        :return: function from a number and a channel to a tuple of ``tools.limits.Limit``
        """
        return self._make_limit_finder(self._get_strategy(callback).sudo()._get_limits())

    def _make_limit_finder(self, limits):
        """:param limits: of the strategy"""
        rules = self._get_region_rules()
        if not rules.has_limits:
            return lambda _number, _channel: limits

        def find(number, channel):
            return (*limits, *(rules.get_limits(number, channel) if number else ()))

        return find

    def _get_campaign_plans(self):
        """What these campaigns say about the next attempt and how often, as values.

        :return: ``{campaign id: tools.gates.CampaignPlan}``
        """
        # Many campaigns share few strategies: each is read once.
        strategies = (self.strategy_id | self.callback_strategy_id).sudo()
        plans = {strategy.id: strategy._get_plan() for strategy in strategies}
        limits = {strategy.id: strategy._get_limits() for strategy in strategies}
        return {campaign.id: campaign._make_campaign_plan(plans, limits) for campaign in self}

    def _make_campaign_plan(self, plans, limits):
        """:param plans: by strategy id; ``limits``: likewise
        :rtype: tools.gates.CampaignPlan
        """
        used = {kind: self._get_strategy(kind).id for kind in (None, "personal", "normal")}
        callback_plan = plans.get(self.callback_strategy_id.id)
        return CampaignPlan(
            zone=ZoneInfo(self.tz),
            plans={kind: plans[strategy] for kind, strategy in used.items()},
            find_limits={
                kind: self._make_limit_finder(limits[strategy]) for kind, strategy in used.items()
            },
            callbacks=self._make_callbacks(callback_plan) if callback_plan else None,
        )

    def _get_channels(self):
        """Channels that the campaign contacts on: those of its strategies' attempts.

        :return: tuple of codes
        """
        self.ensure_one()
        strategies = self.strategy_id, self.callback_strategy_id
        attempts = [strategy.sudo().attempt_ids.mapped("channel") for strategy in strategies]
        return tuple(dict.fromkeys(chain(*attempts)))

    def _has_shared_limits(self):
        """Whether a limit counts the tries of other campaigns too."""
        self.ensure_one()
        strategies = (self.strategy_id | self.callback_strategy_id).sudo()
        is_shared = "all" in strategies.limit_ids.mapped("scope")
        return is_shared or self._get_region_rules().has_limits

    # -- start and stop ---------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        campaigns = super().create(vals_list)
        campaigns.filtered("is_running")._on_started()
        return campaigns

    def write(self, vals):
        if "kind" in vals and any(campaign.kind != vals["kind"] for campaign in self):
            raise UserError(
                self.env._("The kind of a campaign cannot change. Duplicate the campaign instead.")
            )
        starting = (
            self.filtered(lambda campaign: not campaign.is_running)
            if vals.get("is_running")
            else self.browse()
        )
        selecting = self._get_changing_selection(vals)
        self._check_running_change(vals)
        result = super().write(vals)
        selecting._on_selection_changed()
        starting._on_started()
        return result

    def _check_running_change(self, vals):
        """A strategy is exchanged only while the campaign is stopped (requirement S8)."""
        stays = self.browse() if vals.get("is_running") is False else self.filtered("is_running")
        for name in ("strategy_id", "callback_strategy_id", "business_outcome_group_id"):
            if name in vals and any(campaign[name].id != vals[name] for campaign in stays):
                raise UserError(
                    self.env._("Stop the campaign before you change its strategy or its wrap-ups.")
                )
        if vals.get("active") is False and any(self.mapped("is_running")):
            raise UserError(self.env._("Stop the campaign before you archive it."))
        if "company_id" in vals and self.env["ecm.contact"].sudo().search_count(
            [("campaign_id", "in", self.ids)], limit=1
        ):
            raise UserError(self.env._("A campaign with contacts cannot move to another company."))

    def _on_started(self):
        for campaign in self:
            campaign._check_can_start()
        super(EcmCampaign, self.sudo()).write({"started_at": fields.Datetime.now()})
        self._trigger_feed()

    def _check_can_start(self):
        """:raise UserError: with what to do first, when the campaign could never be fed"""
        self.ensure_one()
        self.strategy_id._check_usable()
        if self.callback_strategy_id:
            self.callback_strategy_id._check_usable()
        channels = set(self.strategy_id.attempt_ids.mapped("channel"))
        if self.kind == "sms" and channels != {"sms"}:
            raise UserError(
                self.env._("An SMS campaign needs a strategy that holds SMS attempts only.")
            )
        if not self._get_feed_targets():
            raise UserError(
                self.env._("Choose the dialer campaign that is to call these contacts, then start.")
            )
        if sentence := self._get_missing_target_text():
            raise UserError(sentence)

    def action_start(self):
        """Start feeding in the calling hours (requirement C3). Starting twice changes nothing."""
        self.filtered(lambda campaign: not campaign.is_running).write({"is_running": True})
        return True

    def action_stop(self):
        """Cut the feed (requirement C3). Contacts at the dialer stay there."""
        self.filtered("is_running").write({"is_running": False})
        return True

    def action_feed_now(self):
        """Send what is ready now, rather than at the feeder's next interval."""
        self.ensure_one()
        self.check_access("write")
        if not self.is_running:
            raise UserError(self.env._("Start the campaign first."))
        targets = [target.sudo() for target in self._get_feed_targets()]
        sent = sum(self._feed_target_now(target) for target in targets)
        message = self.env._("%s contacts were sent to the dialer.", sent)
        return notify(message, "success" if sent else "info")

    def _feed_target_now(self, target):
        """
        :return: how many contacts were sent
        :raise UserError: it failed, or it failed before and is left alone for a while
        """
        if target._is_paused(fields.Datetime.now()):
            raise UserError(
                self.env._(
                    "Nothing is sent until %(until)s, because this failed: %(error)s",
                    until=format_moment(self.env, target.paused_until),
                    error=target.last_error,
                )
            )
        engine = self.env["ecm.engine"].sudo()
        try:
            return engine._feed_target(target) or 0
        except ChannelError as error:
            engine._note_failure(target, error)
            raise UserError(str(error)) from error

    def action_purge(self):
        """Take back the contacts that wait at the dialer; only channels that can offer this
        (requirement C3).
        """
        self.ensure_one()
        raise UserError(self.env._("The dialer of this campaign cannot give contacts back."))

    def _trigger_feed(self):
        """Have the feeder look soon, rather than at its next interval."""
        cron = self.env.ref("ecm_campaign.ir_cron_feed", raise_if_not_found=False)
        if self and cron:
            cron.sudo()._trigger()

    def _get_feed_targets(self):
        """Records of ``ecm.feed.target`` models that this campaign's attempts go to: one for each
        channel at most.

        :return: list of single records
        """
        self.ensure_one()
        targets = []
        for model in self.env["ecm.engine"]._get_target_models():
            targets += self[model._attempt_field]
        return targets

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if any(self.mapped("is_running")):
            raise UserError(self.env._("Stop the campaign before you delete it."))
        if self.env["ecm.attempt"].sudo().search_count([("campaign_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "Contacts of this campaign were called: the history must stay. Archive it instead."
                )
            )
        # The database removes the lists, past their own guards.
        self.sudo().list_ids._unlink_except_importing()

    def unlink(self):
        # The guards look for calls of the contacts, so the contacts go last.
        campaigns = self.ids
        result = super().unlink()
        self.env["ecm.contact"]._delete_of("campaign_id", campaigns)
        return result

    # -- buttons ----------------------------------------------------------------------------------

    def action_upload_contacts(self):
        """Open the upload wizard for this campaign."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_upload_action",
            context={"default_campaign_id": self.id, "dialog_size": "extra-large"},
        )

    def action_view_contacts(self):
        """Open the contacts; a stat button names the states in the context key ``ecm_states``."""
        self.ensure_one()
        states = self.env.context.get("ecm_states")
        domain = [("campaign_id", "=", self.id)]
        if states:
            domain.append(
                ("state", "in", list(CLOSED_STATES) if states == "closed" else states.split(","))
            )
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_action",
            domain=domain,
            context={"default_campaign_id": self.id, "search_default_group_state": 0},
        )

    def action_view_lists(self):
        """Open the contact lists of this campaign."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_list_action",
            domain=[("campaign_id", "=", self.id)],
            context={"default_campaign_id": self.id},
        )

    def action_view_attempts(self):
        """Open the attempts of this campaign."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_attempt_action",
            domain=[("campaign_id", "=", self.id)],
            context={},
        )
