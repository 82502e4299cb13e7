from collections import Counter, defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...actions import notify, open_form, open_window
from ...const import BUSINESS_PARAMETERS, CLOSED_STATES, PENDING, REACHED_STATES
from ...exceptions import ChannelError
from ...formatting import say_moment
from ...tools.turn import Turn
from ..shared.ecm_results_mixin import ResultsScope
from .ecm_campaign_schedule import LIMIT_FIELDS

# More attempts than this are not counted for a button.
COUNTED_ATTEMPTS = 10_000


class StartGap(NamedTuple):
    """What keeps a campaign from starting, and in which field that is to be mended."""

    field: str | None
    text: str


class EcmCampaign(models.Model):
    """Whom to contact, when, by which strategy (requirements C1 to C6)."""

    _name = "ecm.campaign"
    _description = "Campaign"
    _inherit = [
        "ecm.logged.mixin",
        "ecm.copy.name.mixin",
        "ecm.engine.fields.mixin",
        "ecm.campaign.strategy.mixin",
        "ecm.campaign.schedule.mixin",
        "ecm.campaign.region.mixin",
        "ecm.campaign.pacing.mixin",
        "ecm.campaign.selection.mixin",
        "ecm.campaign.explain.mixin",
        "ecm.campaign.forecast.mixin",
        "ecm.campaign.template.mixin",
        "ecm.campaign.steps.mixin",
        "ecm.campaign.retention.mixin",
        "ecm.results.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "is_running desc, name, id"
    _check_company_auto = True

    def _default_parameters_definition(self):
        definitions = []
        for number, name in enumerate(BUSINESS_PARAMETERS, start=1):
            label = self.env._("Business Parameter %s", number)
            definitions.append({"name": name, "type": "char", "string": label})
        return definitions

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
        help="Agent: answered calls go to agents. IVR: to a script on the dialer. SMS: messages "
        "only. The kind cannot change after the campaign was created.",
    )
    dangling_hours = fields.Float(
        string="Wait for a result (hours)",
        default=24.0,
        required=True,
        tracking=True,
        help="A contact at the dialer without a result for so long closes as Dangling. Only the "
        "campaign's calling hours count: nights, weekends and holidays do not. A later result is "
        "recorded, but never makes another call.",
    )
    parameters_definition = fields.PropertiesDefinition(
        string="Business parameters", default=lambda self: self._default_parameters_definition()
    )
    duplicate_policy = fields.Selection(
        [("reject", "Refuse the contact"), ("allow", "Store it again")],
        string="Known number, by hand or API",
        required=True,
        default="reject",
        help="What becomes of a contact that is entered by hand or by another system, and whose "
        "phone 1 the campaign knows already. Files have a setting of their own.",
    )
    is_running = fields.Boolean(
        string="Running",
        copy=False,
        tracking=True,
        help="On: contacts are sent in the calling hours. Off: nothing more is sent, and what the "
        "dialer has not called yet is taken back where its settings allow it.",
    )
    started_at = fields.Datetime("Last started on", copy=False, readonly=True)
    stopped_at = fields.Datetime("Last stopped on", copy=False, readonly=True)

    team_ids = fields.Many2many(
        "ecm.team",
        string="Teams",
        check_company=True,
        help="Whose agents take the calls and see the campaign with its contacts and attempts. "
        "None: the teams of its campaign group; without these, everybody.",
    )
    calling_team_ids = fields.Many2many(
        "ecm.team",
        "ecm_campaign_calling_team_rel",
        string="Teams that call",
        compute="_compute_calling_team_ids",
        store=True,
        context={"active_test": False},
    )
    chain_ids = fields.One2many("ecm.campaign.chain", "campaign_id", string="Chaining", copy=True)
    prompt_ids = fields.One2many("ecm.campaign.prompt", "campaign_id", string="Prompts", copy=True)

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
    attempts_text = fields.Char("Attempts", compute="_compute_attempts_text")

    _name_unique = models.Constraint(
        "UNIQUE(company_id, name)", "There is already a campaign with this name."
    )
    _dangling_positive = models.Constraint(
        "CHECK(dangling_hours > 0)", "Wait for a result: more than 0 hours."
    )
    _running_index = models.Index("(id) WHERE is_running")

    @api.constrains("name")
    def _check_name(self):
        for campaign in self:
            is_too_short = len(campaign.name.strip()) < 3
            if is_too_short:
                raise ValidationError(self.env._("A campaign's name has at least 3 characters."))

    @api.depends("team_ids", "group_id.team_ids")
    def _compute_calling_team_ids(self):
        # Its own come first: otherwise whoever changes a group could open campaigns to themselves.
        for campaign in self.with_context(active_test=False):
            campaign.calling_team_ids = campaign.team_ids or campaign.group_id.team_ids

    # -- counters ---------------------------------------------------------------------------------

    def _compute_contact_counts(self):
        tallies = self._get_state_tallies()
        awaiting = self.env["ecm.contact"]._get_awaiting_states()
        for campaign in self:
            tally = tallies[campaign.id]
            total = sum(tally.values())
            closed = sum(tally[state] for state in CLOSED_STATES)

            campaign.contact_count = total
            campaign.pending_count = tally[PENDING]
            campaign.at_dialer_count = sum(tally[state] for state in awaiting)
            # Who answers a message was reached like who takes a call.
            campaign.connected_count = sum(tally[state] for state in REACHED_STATES)
            campaign.closed_count = closed
            # An empty campaign has not begun.
            campaign.progress = 100.0 * closed / total if total else 0.0

    def _compute_attempts_text(self):
        """As in lists of Odoo: nobody waits for millions to be counted (index on the campaign)."""
        for campaign in self:
            query = SQL(
                "SELECT count(*) FROM (SELECT FROM ecm_attempt WHERE campaign_id = %s LIMIT %s) a",
                campaign._origin.id or None,
                COUNTED_ATTEMPTS + 1,
            )
            [(count,)] = self.env.execute_query(query)
            text = f"{min(count, COUNTED_ATTEMPTS):,}"
            campaign.attempts_text = f"{text}+" if count > COUNTED_ATTEMPTS else text

    def _get_state_tallies(self):
        """Contacts per state, from one grouped query.

        :return: ``{campaign id: {state: count}}``, 0 for what is missing
        """
        tallies = defaultdict(lambda: defaultdict(int))
        for campaign_id, state, count in self.env["ecm.contact"]._count_by_campaign(self):
            tallies[campaign_id][state] = count
        return tallies

    def get_state_tally(self):
        """Contacts per state for API clients and the demo.

        :return: ``{state: count}`` over the campaigns of this set, every state named
        """
        self.check_access("read")
        totals = Counter()
        for tally in self._get_state_tallies().values():
            totals.update(tally)
        # A client wants 0 for a state that nobody is in.
        states = dict(self.env["ecm.contact"]._fields["state"].selection)
        return {state: totals[state] for state in states}

    @api.depends("list_ids")
    def _compute_list_count(self):
        domain = [("campaign_id", "in", self.ids)]
        lists = self.env["ecm.contact.list"]
        counts = dict(lists._read_group(domain, ["campaign_id"], ["__count"]))
        for campaign in self:
            campaign.list_count = counts.get(campaign, 0)

    @api.depends("list_ids.state")
    def _compute_is_importing(self):
        importing = self.env["ecm.contact.list"].search(
            [("campaign_id", "in", self.ids), ("state", "in", ("queued", "importing"))]
        )
        for campaign in self:
            campaign.is_importing = campaign in importing.campaign_id

    # -- start and stop ---------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        campaigns = super().create(vals_list)
        campaigns.filtered("is_running")._on_started()
        return campaigns

    def write(self, vals):
        self._check_kind_change(vals)
        self._check_running_change(vals)
        self._check_target_change(vals)
        self._check_archiving(vals)
        self._check_company_change(vals)

        # Who starts and whose selection changes is known only before the values are written.
        starting = self.browse()
        if vals.get("is_running"):
            starting = self.filtered(lambda campaign: not campaign.is_running)
        stopping = self.browse()
        if vals.get("is_running") is False:
            stopping = self.filtered("is_running")
        selecting = self._get_changing_selection(vals)

        result = super().write(vals)
        selecting._on_selection_changed()
        if (self._get_time_fields() | LIMIT_FIELDS).intersection(vals):
            self._on_times_changed()
        starting._on_started()
        # What waits at the dialer is taken back soon.
        if vals.get("is_running") is False:
            self._trigger_feed()
        super(EcmCampaign, stopping.sudo()).write({"stopped_at": fields.Datetime.now()})
        return result

    def _check_kind_change(self, vals):
        """Channels and strategies were chosen for the kind that the campaign began with."""
        if "kind" not in vals:
            return
        if any(campaign.kind != vals["kind"] for campaign in self):
            raise UserError(
                self.env._("The kind of a campaign cannot change. Duplicate the campaign instead.")
            )

    def _check_target_change(self, vals):
        """Where its attempts go stays while it runs: what was sent there is awaited from there."""
        for name in self._get_target_fields() & set(vals):
            if any(campaign.is_running and campaign[name].id != vals[name] for campaign in self):
                label = self.fields_get([name], ["string"])[name]["string"]
                raise UserError(
                    self.env._("Stop the campaign before you give it another %s.", label)
                )

    @api.model
    def _get_target_fields(self):
        """Names of the fields that say where a campaign's attempts go, one of each channel."""
        models_of_targets = self.env["ecm.engine"]._get_target_models()
        return {model._attempt_field for model in models_of_targets}

    def _check_archiving(self, vals):
        """What runs without being seen would surprise everybody."""
        if vals.get("active") is False and any(self.mapped("is_running")):
            raise UserError(self.env._("Stop the campaign before you archive it."))

    def _check_company_change(self, vals):
        """Contacts keep their company, and so must their campaign."""
        if "company_id" not in vals:
            return
        domain = [("campaign_id", "in", self.ids)]
        if self.env["ecm.contact"].sudo().search_count(domain, limit=1):
            raise UserError(self.env._("A campaign with contacts cannot move to another company."))

    def _on_started(self):
        for campaign in self:
            campaign._check_can_start()
        super(EcmCampaign, self.sudo()).write({"started_at": fields.Datetime.now()})
        self._trigger_feed()

    def _check_can_start(self):
        """:raise UserError: with what to do first, when the campaign could never be fed"""
        self.ensure_one()
        gap = self._get_start_gap()
        if gap and (gap.field or self.is_template):
            raise UserError(gap.text)
        # Nothing that is filled in helps a strategy whose channel is not there.
        for strategy in self.strategy_id | self.callback_strategy_id:
            strategy._check_usable()
        if gap:
            raise UserError(gap.text)
        if sentence := self._get_missing_target_text():
            raise UserError(sentence)

    def _get_only_channel(self):
        """The channel of a kind of campaign that has no other; None where attempts may be on any of
        them.
        """
        return "sms" if self.kind == "sms" else None

    def _get_start_gap(self):
        """The setting that is missing before this campaign can start; extensions know more.

        :rtype: StartGap or None
        """
        self.ensure_one()
        if self.is_template:
            return StartGap(None, self.env._("A template never runs."))
        if self._is_over(fields.Datetime.now()):
            return StartGap("date_end", self._get_over_text())
        # No Cisco campaign can place calls for a campaign of messages.
        channels = set(self.strategy_id.sudo().attempt_ids.mapped("channel"))
        only = self._get_only_channel()
        if only and channels and channels != {only}:
            label = dict(self.env["ecm.engine"]._get_channels()).get(only, only)
            sentence = self.env._(
                "An %(kind)s campaign needs a strategy that holds %(kind)s attempts only.",
                kind=label,
            )
            return StartGap("strategy_id", sentence)
        if not self._get_feed_targets():
            return StartGap(None, self.env._("Choose the dialer that is to call these contacts."))
        return None

    def get_start_gap(self):
        """What is to be filled in before *Start* (U18).

        :return: ``{"field", "text"}``, the field may be False; False where nothing is missing
        """
        self.ensure_one()
        self.check_access("read")
        gap = self._get_start_gap()
        return {"field": gap.field or False, "text": gap.text} if gap else False

    def action_start_or_complete(self):
        """Start, or open the form at what is missing."""
        self.ensure_one()
        self.check_access("write")
        if self._get_start_gap():
            return open_form(self, context={"ecm_shows_gap": True})
        self.action_start()
        return open_form(self)

    def action_start(self):
        """Start feeding in the calling hours (requirement C3). Starting twice changes nothing."""
        self.filtered(lambda campaign: not campaign.is_running).write({"is_running": True})
        return True

    def action_stop(self):
        """Cut the feed (requirement C3). The next turn takes back what the dialer has not contacted
        yet, where it can.
        """
        self.check_access("write")
        self.filtered("is_running").write({"is_running": False})
        return True

    def action_feed_now(self):
        """Send what is ready now, rather than at the feeder's next interval."""
        self.ensure_one()
        self.check_access("write")
        if not self.is_running:
            raise UserError(self.env._("Start the campaign first."))
        counts, problems = [], []
        for target in self._get_feed_targets():
            # Who runs campaigns need not have rights on what they are sent to.
            try:
                counts.append(self._feed_target_now(target.sudo()))
            except UserError as error:
                # A dialer that fails keeps no letters back.
                problems.append(str(error))
        if problems:
            raise UserError("\n".join(problems))
        if None in counts:
            busy = self.env._("The dialer is being fed at this moment: contacts are on their way.")
            return notify(busy, "info")
        message = self.env._("%s contacts were sent to the dialer.", sum(counts))
        return notify(message, "success" if any(counts) else "info")

    def _feed_target_now(self, target):
        """
        :return: how many contacts were sent; None where another process feeds the dialer, which then
            looks once more
        :raise UserError: it failed, or it failed before and is left alone for a while
        """
        if target._is_paused(fields.Datetime.now()):
            raise UserError(
                self.env._(
                    "Nothing is sent until %(until)s, because this failed: %(error)s",
                    until=say_moment(self.env, target.paused_until),
                    error=target.last_error,
                )
            )

        # A failure counts for the feeder too, which leaves the target alone for a while.
        engine, turn = self.env["ecm.engine"].sudo(), Turn()
        try:
            with engine._telling_of_lost_connection():
                sent = engine._feed_target(target, turn)
        except ChannelError as error:
            engine._note_failure(target, error)
            raise UserError(str(error)) from error
        # Nobody waits long for a button: the rest is sent in the background.
        if sent is None or turn.is_cut:
            target._get_owner()._trigger_turn()
        return sent

    def action_purge(self):
        """Take back the contacts that wait at the dialer; only channels that can offer this
        (requirement C3).
        """
        self.ensure_one()
        raise UserError(self.env._("The dialer of this campaign cannot give contacts back."))

    def _trigger_feed(self):
        """Have the feeder look soon, rather than at its next interval."""
        for owner in self._get_feed_owners():
            owner._trigger_turn()

    def _get_feed_owners(self):
        """Whose turns these campaigns are fed in.

        :return: list of single records of ``ecm.feed.owner`` models, with all rights
        """
        owners = {}
        for campaign in self.sudo():
            for target in campaign._get_feed_targets():
                owner = target._get_owner()
                owners[owner._name, owner.id] = owner
        return list(owners.values())

    def _needs_dialer(self):
        """Whether a dialer is to call its contacts; modules know of other ways."""
        return not self._get_only_channel()

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
        calls = [("campaign_id", "in", self.ids)]
        if self.env["ecm.attempt"].sudo().search_count(calls, limit=1):
            raise UserError(
                self.env._(
                    "Contacts of this campaign were called: the history must stay. "
                    "Archive it instead."
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

    # -- business parameters ----------------------------------------------------------------------

    def _get_parameter_labels(self):
        """What this campaign calls its business parameters, those that nobody has named left out.

        :return: ``{name: label}``
        """
        self.ensure_one()
        unnamed = {item["name"]: item["string"] for item in self._default_parameters_definition()}
        labels = {}
        for item in self.parameters_definition or ():
            name, label = item["name"], item.get("string")
            if label and label not in (name, unnamed.get(name)):
                labels[name] = label
        return labels

    def _label_parameters(self, labels):
        """Name the business parameters that nobody has named.

        :param dict labels: by name; other names are left out
        """
        self.ensure_one()
        # What was named in another language is named: the default's words are the user's.
        known = self._get_parameter_labels()
        definition = []
        for item in self.parameters_definition or ():
            label = labels.get(item["name"], "").strip()
            is_free = item["name"] not in known
            definition.append({**item, "string": label} if label and is_free else item)
        if definition != list(self.parameters_definition or ()):
            self.parameters_definition = definition

    # -- results ----------------------------------------------------------------------------------

    def _get_results_scope(self):
        own = [("campaign_id", "=", self.id)]
        attempts_sql = SQL("WHERE a.campaign_id = %s", self.id)
        contacts_sql = SQL("c.campaign_id = %s", self.id)
        counters_sql = SQL("n.campaign_id = %s", self.id)
        return ResultsScope(own, own, attempts_sql, contacts_sql, counters_sql, self.tz, self.kind)

    # -- buttons ----------------------------------------------------------------------------------

    def action_upload_contacts(self):
        """Open the upload wizard for this campaign."""
        self.ensure_one()
        context = {"default_campaign_id": self.id, "dialog_size": "extra-large"}
        return open_window(self.env, "ecm_campaign.ecm_contact_upload_action", context=context)

    def action_view_contacts(self):
        """Open the contacts; a stat button names the states in the context key ``ecm_states``."""
        self.ensure_one()
        domain = [("campaign_id", "=", self.id)]
        # The closed states are many: a button names them by one word.
        if names := self.env.context.get("ecm_states"):
            states = CLOSED_STATES if names == "closed" else names.split(",")
            domain.append(("state", "in", list(states)))
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_action",
            domain=domain,
            context={"default_campaign_id": self.id, "search_default_group_state": 0},
        )

    def action_call_again(self):
        """Ask which closed contacts of these campaigns are called again."""
        return self.env["ecm.bulk.start"]._open(self, "again")

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
        domain = [("campaign_id", "=", self.id)]
        xml_id = "ecm_campaign.ecm_attempt_action"
        return open_window(self.env, xml_id, domain=domain, context={})

    # -- for API clients --------------------------------------------------------------------------

    def get_prompts(self):
        """The prompts of an IVR campaign, for the dialer's script and other API clients
        (requirement C8).

        :return: ``{key: prompt}``; campaigns that share a Cisco campaign may differ in them
        """
        self.ensure_one()
        self.check_access("read")
        return {line.key: line.prompt for line in self.prompt_ids}
