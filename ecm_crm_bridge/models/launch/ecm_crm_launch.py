import ast
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...const import AGENT, LINKS, SUPERVISOR
from odoo.addons.ecm_campaign.actions import open_form, open_window

# So many records are brought into the campaign at once; more in the background.
AT_ONCE = 2000
# A selection of as many as the web client hands over at most is all that the filter finds.
SELECTED_AT_MOST = 20_000
KEPT_DRAFT_DAYS = 7


class EcmCrmLaunch(models.Model):
    """CRM records that come into a campaign: chosen ones, those of a filter, or a live segment
    (requirement R1).

    They are read with the rights of whoever launches, written as a file and imported like any
    other, so that numbers are checked, lists asked and duplicates found by the same code.
    """

    _name = "ecm.crm.launch"
    _inherit = [
        "ecm.engine.fields.mixin",
        "ecm.crm.launch.reader",
        "ecm.crm.launch.preview",
        "ecm.crm.launch.segment",
    ]
    _description = "Launch from CRM"
    _order = "id desc"
    _fixed_fields = ("record_ids", "model", "company_id")

    name = fields.Char(required=True, default=lambda self: self.env._("Launch from CRM"))
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("queued", "Queued"),
            ("live", "Live"),
            ("done", "Launched"),
            ("stopped", "Stopped"),
            ("failed", "Failed"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Launched by",
        required=True,
        default=lambda self: self.env.user,
        readonly=True,
        copy=False,
        index=True,
        help="With whose rights records are found.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    model = fields.Selection(
        "_get_models",
        string="Kind of records",
        required=True,
        default=lambda self: self._get_default_model(),
    )
    may_read_records = fields.Boolean(compute="_compute_may_read_records")
    choice = fields.Selection(
        [("chosen", "Chosen records"), ("domain", "All of a filter"), ("filter", "A saved filter")],
        string="Who",
        required=True,
        default="domain",
    )
    record_ids = fields.Json("Chosen", copy=False)
    chosen_text = fields.Char("Chosen records", compute="_compute_chosen_text")
    domain = fields.Char("Filter", default="[]")
    filter_id = fields.Many2one(
        "ir.filters", "Saved filter", ondelete="set null", domain="[('model_id', '=', model)]"
    )
    is_new_campaign = fields.Boolean("New campaign from a template")
    campaign_id = fields.Many2one(
        "ecm.campaign", index=True, ondelete="cascade", domain="[('company_id', '=', company_id)]"
    )
    template_id = fields.Many2one(
        "ecm.campaign",
        ondelete="set null",
        context={"active_test": False},
        domain="[('is_template', '=', True), ('active', '=', False), "
        "('company_id', '=', company_id)]",
    )
    campaign_name = fields.Char("Its name")
    line_ids = fields.One2many("ecm.crm.launch.line", "launch_id", string="Fields", copy=True)
    known_scope = fields.Selection(
        [("campaign", "In this campaign"), ("company", "In any campaign")],
        string="Leave out who is",
        required=True,
        default="campaign",
        help="By the record, and by its first number. Closed contacts count as well: nobody is "
        "contacted twice.",
    )
    list_ids = fields.One2many(
        "ecm.contact.list", "launch_id", string="Contact lists", readonly=True, groups=AGENT
    )
    added_count = fields.Integer("Contacts", compute="_compute_counts")
    failed_count = fields.Integer("Without a number", compute="_compute_counts")
    duplicate_count = fields.Integer("Known already", compute="_compute_counts")
    listed_count = fields.Integer("Do not contact (stored)", compute="_compute_counts")
    progress = fields.Float("Progress (%)", compute="_compute_counts")
    is_busy = fields.Boolean(compute="_compute_counts")

    _due = models.Index("(next_run_at) WHERE state IN ('queued', 'live')")

    @api.model
    def _get_models(self):
        """Records that campaigns are launched from; a module adds its own."""
        models = [("crm.lead", self.env._("Leads")), ("res.partner", self.env._("Customers"))]
        # Their numbers come with Odoo's SMS marketing.
        if "mailing.contact" in self.env and "mobile" in self.env["mailing.contact"]._fields:
            models.append(("mailing.contact", self.env._("Contacts of mailing lists")))
        return models

    @api.model
    def _get_default_model(self):
        """The first kind of records that the user may read."""
        names = [name for name, _label in self._get_models()]
        readable = [name for name in names if self.env[name].has_access("read")]
        return (readable or names)[0]

    @api.depends_context("uid")
    @api.depends("model")
    def _compute_may_read_records(self):
        for launch in self:
            model = launch.model
            launch.may_read_records = bool(model) and self.env[model].has_access("read")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if "line_ids" in fields and not values.get("line_ids"):
            model = values.get("model") or self._get_default_model()
            values["line_ids"] = self._prepare_lines(model)
        return values

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # What the form shows other systems need not send.
            if "line_ids" not in vals:
                vals["line_ids"] = self._prepare_lines(
                    vals.get("model") or self._get_default_model()
                )
        return super().create(vals_list)

    @api.model
    def _prepare_lines(self, model):
        lines = []
        for place, (target, path) in enumerate(self._get_default_fields(model), start=1):
            line = {"sequence": place, "target": target, "field_name": path}
            lines.append(fields.Command.create(line))
        return lines

    @api.onchange("model")
    def _onchange_model(self):
        """Other records have other fields."""
        lines = [(line.target, line.field_name) for line in self.line_ids]
        # The form asks when it is opened, too.
        if self.model and lines != self._get_default_fields(self.model):
            self.filter_id, self.domain = False, "[]"
            self.line_ids = [fields.Command.clear(), *self._prepare_lines(self.model)]

    @api.depends("record_ids")
    def _compute_chosen_text(self):
        for launch in self:
            launch.chosen_text = self.env._("%s records", f"{len(launch.record_ids or ()):,}")

    @api.depends("list_ids.state", "list_ids.progress", "list_ids.uploaded_count", "state")
    def _compute_counts(self):
        for launch in self:
            lists = launch.sudo().list_ids
            launch.added_count = sum(lists.mapped("uploaded_count"))
            launch.failed_count = sum(lists.mapped("failed_count"))
            launch.duplicate_count = sum(lists.mapped("duplicate_count"))
            launch.listed_count = launch._count_listed()
            progress = sum(lists.mapped("progress")) / len(lists) if lists else 0.0
            waits = lists.filtered(lambda one: one.state in ("queued", "importing"))
            launch.is_busy = bool(waits) or launch.state == "queued"
            launch.progress = 100.0 if launch.state == "done" and not lists else progress

    def _count_listed(self):
        if not self.ids:
            return 0
        stored = [
            ("origin_list_id.launch_id", "in", self.ids),
            ("state", "=", "dnc_listed"),
        ]
        return self.env["ecm.contact"].sudo().search_count(stored)

    # -- opened -----------------------------------------------------------------------------------

    @api.model
    def _open(self, records):
        """Ask which campaign chosen records come into; without a choice, those of the filter.

        :param records: of a model of `_get_models`
        """
        self.check_access("create")
        values = self._prepare_choice(records)
        context = {f"default_{name}": value for name, value in values.items()}
        return open_form(self, name=self.env._("Launch campaign"), context=context)

    @api.model
    def _prepare_choice(self, records):
        filtered = self.env.context.get("active_domain")
        is_all = filtered is not None and not 0 < len(records) < SELECTED_AT_MOST
        label = self.env["ir.model"]._get(records._name).name
        today = fields.Date.context_today(self)
        values = {"model": records._name, "name": f"{label} {today:%Y-%m-%d}"}
        if filtered is not None:
            values["domain"] = repr(list(filtered))
        if is_all or not records:
            return {**values, "choice": "domain"}
        return {**values, "choice": "chosen", "record_ids": records.ids}

    # -- who --------------------------------------------------------------------------------------

    def _as_launcher(self, records):
        """The same records with the rights of whoever launches."""
        if self.user_id.id == self.env.uid and not self.env.su:
            return records
        company = self.company_id.id
        return records.with_user(self.user_id).with_context(allowed_company_ids=[company])

    def _get_domain(self):
        """Who is meant.

        :rtype: Domain
        :raise UserError: the filter cannot be read
        """
        if self.choice == "chosen":
            found = Domain("id", "in", self.record_ids or [])
        elif self.choice == "filter" and not self.filter_id:
            raise UserError(self.env._("Choose the saved filter."))
        else:
            chosen = self._as_launcher(self.filter_id)
            chosen.check_access("read")
            text = chosen.domain if self.choice == "filter" else self.domain
            found = Domain(self._read_domain(text))
        if self.model == "mailing.contact":
            # Whoever wants no more of one list is in no campaign for being in another.
            found &= Domain("subscription_ids", "not any", [("opt_out", "=", True)])
        of_company = Domain("company_id", "in", [False, self.company_id.id])
        return found & of_company if "company_id" in self.env[self.model]._fields else found

    def _read_domain(self, text):
        try:
            return ast.literal_eval(text or "[]")
        except (ValueError, SyntaxError) as error:
            raise UserError(
                self.env._(
                    "The filter has values that change with whoever looks, such as “me”: choose "
                    "fixed ones, or dates such as “today -7d”."
                )
            ) from error

    def _search_records(self):
        """:rtype: Query of what is found with the rights of whoever launches
        :raise UserError: the filter is none
        """
        records = self._as_launcher(self.env[self.model])
        records.env.flush_all()
        records.check_access("read")
        try:
            return records._search(self._get_domain(), order="id")
        except ValueError as error:
            raise UserError(self.env._("The filter cannot be used: %s", error)) from error

    def _find_ids(self):
        return list(self._search_records().get_result_ids())

    # -- launched ---------------------------------------------------------------------------------

    def action_launch(self):
        """Bring the records into the campaign, many of them in the background.

        :return: the launch, which tells how far it is
        :raise UserError: something is missing
        :raise AccessError: the user may not launch this campaign
        """
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("draft", "failed", "stopped"):
            raise UserError(self.env._("It was launched already."))
        self._check_choices()
        self._make_campaign()
        self._check_campaign()
        launch = self.sudo()
        launch.write({"state": "queued", "error": False})
        count = len(launch._find_ids())
        if not (count or self.is_live):
            raise UserError(self.env._("There is nobody to launch: the filter finds no record."))
        if count <= self._count_at_once():
            launch._run()
        else:
            self.env.ref("ecm_crm_bridge.ir_cron_launch").sudo()._trigger()
        return open_form(self)

    def _count_at_once(self):
        """How many records are launched while somebody waits."""
        return AT_ONCE

    def _check_choices(self):
        """:raise UserError: says what to choose"""
        if self.user_id != self.env.user:
            raise UserError(self.env._("Only %s can launch this draft.", self.user_id.name))
        if not (self.template_id if self.is_new_campaign else self.campaign_id):
            raise UserError(self.env._("Choose the campaign, or a template for a new one."))
        if self.is_live and self.choice == "chosen":
            raise UserError(
                self.env._("Only a filter can be kept up to date: chosen records stay the same.")
            )
        if self.is_live and self.model not in LINKS:
            raise UserError(self.env._("Only leads and customers can be kept up to date."))

    def _make_campaign(self):
        """A new campaign from the template that was chosen."""
        if not self.is_new_campaign or self.campaign_id:
            return
        self._check_may_launch(self.template_id)
        base = self.campaign_name or self.name
        self.campaign_id = self.template_id.sudo()._copy_as(base, active=True)

    def _get_campaign(self):
        """The campaign, or what a new one will be like."""
        return (self.template_id if self.is_new_campaign else self.campaign_id)._origin.sudo()

    def _check_campaign(self):
        """:raise AccessError: whoever launches may not launch this campaign"""
        self._check_may_launch(self.campaign_id)

    def _check_may_launch(self, campaign):
        campaign = campaign.sudo(False)
        campaign.check_access("read")
        may_write = self.env.user.has_group(SUPERVISOR) and campaign.has_access("write")
        if not (may_write or campaign.is_crm_launch):
            raise AccessError(
                self.env._(
                    "%s is not for sales people to launch: ask a supervisor.",
                    campaign.sudo().name,
                )
            )

    def _prepare_list_values(self):
        """How the import takes the records: nobody is contacted twice."""
        return {
            "source": "crm",
            "mode": "append",
            "duplicate_policy": "reject",
            "duplicate_scope": self.known_scope,
            "duplicate_closed": True,
        }

    def _get_list_name(self):
        if not self.is_live:
            return self.name
        now = fields.Datetime.context_timestamp(self, fields.Datetime.now())
        return f"{self.name} {now:%Y-%m-%d %H:%M}"

    # -- life -------------------------------------------------------------------------------------

    def action_stop(self):
        """Look at these segments no more; their contacts stay in the campaign."""
        self.check_access("write")
        stopped = self.filtered(lambda launch: launch.state in ("live", "queued"))
        stopped.sudo().write({"state": "stopped", "next_run_at": False})
        return True

    def action_look_now(self):
        """Ask the filter of a live segment at once."""
        self.check_access("write")
        live = self.filtered(lambda launch: launch.state == "live")
        live.sudo().next_run_at = fields.Datetime.now()
        self.env.ref("ecm_crm_bridge.ir_cron_launch").sudo()._trigger()
        return True

    def action_view_contacts(self):
        """Open the contacts that this launch has brought."""
        self.ensure_one()
        self.check_access("read")
        domain = [("origin_list_id.launch_id", "=", self.id)]
        return open_window(
            self.env, "ecm_campaign.ecm_contact_action", domain=domain, context={"create": False}
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_launched(self):
        for launch in self:
            if launch.state in ("queued", "live"):
                raise UserError(self.env._("Stop %s before you delete it.", launch.name))

    @api.autovacuum
    def _gc_drafts(self):
        before = fields.Datetime.now() - timedelta(days=KEPT_DRAFT_DAYS)
        self.search([("state", "=", "draft"), ("write_date", "<", before)]).unlink()
