from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.note import PLACEHOLDERS, find_unknown
from .ecm_phone_quality import QUALITIES

TARGETS = {"lead": "crm.lead", "partner": "res.partner"}
# What only leads have.
LEAD_FIELDS = ("stage_id", "lost_reason_id", "is_lost", "tag_ids", "team_id")


class EcmWritebackRule(models.Model):
    """What a result writes on the lead or customer that the contact is about: data, no code
    (requirement R2).

    A rule runs once for each result that it is about. ``ecm.writeback.task`` remembers that.
    """

    _name = "ecm.writeback.rule"
    _description = "Write-back Rule"
    _inherit = ["ecm.logged.mixin", "ecm.writeback.apply.mixin", "mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10, help="Of several rules the lowest comes first.")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )

    # -- of which results --
    campaign_ids = fields.Many2many(
        "ecm.campaign", string="Campaigns", check_company=True, help="None: all campaigns."
    )
    outcome_ids = fields.Many2many("ecm.outcome", string="Outcomes", help="None: all outcomes.")
    business_outcome_ids = fields.Many2many(
        "ecm.business.outcome", string="Wrap-ups", help="None: whatever the agent says."
    )
    moment = fields.Selection(
        [("each", "Each result"), ("last", "The result that closes the contact")],
        "When",
        required=True,
        default="each",
        tracking=True,
    )

    # -- what it writes --
    target = fields.Selection(
        [("lead", "Lead or opportunity"), ("partner", "Customer")],
        "Writes on",
        required=True,
        default="lead",
        tracking=True,
    )
    note = fields.Text(
        help="A note in the history. In braces: " + ", ".join(PLACEHOLDERS) + ".",
    )
    activity_type_id = fields.Many2one("mail.activity.type", "Activity", ondelete="restrict")
    activity_summary = fields.Char("Subject", help="As in the note, with what the result says.")
    activity_days = fields.Integer("Due after (days)", default=1)
    activity_assignee = fields.Selection(
        [
            ("salesperson", "The salesperson, or who is responsible for the campaign"),
            ("responsible", "Who is responsible for the campaign"),
            ("user", "Always the same user"),
        ],
        "Assigned to",
        required=True,
        default="salesperson",
    )
    activity_user_id = fields.Many2one("res.users", "User", ondelete="restrict")
    stage_id = fields.Many2one("crm.stage", ondelete="restrict")
    may_go_back = fields.Boolean(
        "Back as well",
        help="Off: a lead that is in a later stage, or won, stays there.",
    )
    is_lost = fields.Boolean("Mark as lost")
    lost_reason_id = fields.Many2one("crm.lost.reason", "Lost because of", ondelete="restrict")
    tag_ids = fields.Many2many("crm.tag", string="Tags")
    category_ids = fields.Many2many("res.partner.category", string="Customer tags")
    team_id = fields.Many2one("crm.team", "Sales team", ondelete="restrict", check_company=True)
    user_id = fields.Many2one("res.users", "Salesperson", ondelete="restrict")
    value_ids = fields.One2many("ecm.writeback.value", "rule_id", "Fields", copy=True)
    phone_quality = fields.Selection(
        QUALITIES,
        "The number is",
        help="Kept by the number, and shown on customers and leads with it.",
    )
    mail_template_id = fields.Many2one("mail.template", "E-mail", ondelete="restrict")
    sms_template_id = fields.Many2one("sms.template", "Text message", ondelete="restrict")
    server_action_id = fields.Many2one(
        "ir.actions.server",
        "Server action",
        ondelete="restrict",
        groups="ecm_campaign.ecm_campaign_group_administrator",
        help="Runs with all rights, so only administrators choose it. It may run again where the "
        "server died while it ran.",
    )

    target_model = fields.Char(compute="_compute_target_model")
    task_count = fields.Integer("Written", compute="_compute_task_counts")
    failed_count = fields.Integer("Failed", compute="_compute_task_counts")

    _running = models.Index("(company_id) WHERE active")

    @api.depends("target")
    def _compute_target_model(self):
        for rule in self:
            rule.target_model = rule._get_target_model()

    def _get_target_model(self):
        """:return: the technical name of what it writes on"""
        return TARGETS[self.target or "lead"]

    def _compute_task_counts(self):
        tasks = self.env["ecm.writeback.task"].sudo()
        domain = Domain("rule_id", "in", self.ids)
        groups = tasks._read_group(domain, ["rule_id", "state"], ["__count"])
        counts = {(rule.id, state): count for rule, state, count in groups}
        for rule in self:
            rule.task_count = counts.get((rule.id, "done"), 0)
            rule.failed_count = counts.get((rule.id, "failed"), 0)

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        # One that names nothing at all names no field whose constraint would look at it.
        rules._check_does_something()
        return rules

    # -- checks -----------------------------------------------------------------------------------

    @api.constrains("note", "activity_summary")
    def _check_placeholders(self):
        for rule in self:
            for text in (rule.note, rule.activity_summary):
                if unknown := find_unknown(text or ""):
                    raise ValidationError(
                        self.env._(
                            "{%(unknown)s} says nothing. What may stand in braces: %(known)s.",
                            unknown=unknown[0],
                            known=", ".join(PLACEHOLDERS),
                        )
                    )

    @api.constrains("target", *LEAD_FIELDS, "category_ids")
    def _check_target(self):
        for rule in self:
            names = LEAD_FIELDS if rule.target == "partner" else ("category_ids",)
            for name in names:
                if rule[name]:
                    raise ValidationError(
                        self.env._(
                            "%(field)s is not of what this rule writes on. Take it out, or make a "
                            "rule for the other.",
                            field=self._fields[name]._description_string(self.env),
                        )
                    )

    @api.constrains("target", "mail_template_id", "sms_template_id", "server_action_id")
    def _check_models(self):
        for rule in self.sudo():
            templates = (rule.mail_template_id, rule.sms_template_id, rule.server_action_id)
            for chosen in templates:
                if chosen and chosen.model_id.model != rule._get_target_model():
                    raise ValidationError(
                        self.env._("%s is for other records than this rule.", chosen.display_name)
                    )

    @api.constrains("activity_type_id", "activity_assignee", "activity_user_id", "activity_days")
    def _check_activity(self):
        for rule in self.filtered("activity_type_id"):
            if rule.activity_assignee == "user" and not rule.activity_user_id:
                raise ValidationError(self.env._("Say to which user the activity is assigned."))
            if not 0 <= rule.activity_days <= 3650:
                raise ValidationError(self.env._("An activity is due after 0 to 3,650 days."))
            model = rule.activity_type_id.res_model
            if model and model != rule._get_target_model():
                raise ValidationError(
                    self.env._("%s is for other records.", rule.activity_type_id.name)
                )

    @api.constrains(
        "note",
        "activity_type_id",
        *LEAD_FIELDS,
        "category_ids",
        "user_id",
        "value_ids",
        "phone_quality",
        "mail_template_id",
        "sms_template_id",
        "server_action_id",
    )
    def _check_does_something(self):
        for rule in self.sudo():
            if not any(rule[name] for name in rule._get_action_fields()):
                raise ValidationError(self.env._("%s writes nothing: choose what.", rule.name))

    def _get_action_fields(self):
        """Names of the fields of which one at least is filled. A module may add some."""
        return [
            "note",
            "activity_type_id",
            "stage_id",
            "is_lost",
            "tag_ids",
            "category_ids",
            "team_id",
            "user_id",
            "value_ids",
            "phone_quality",
            "mail_template_id",
            "sms_template_id",
            "server_action_id",
        ]

    # -- which results ----------------------------------------------------------------------------

    @api.model
    def _is_any_active(self):
        """Results of a database without rules cost one look (index ``_running``)."""
        query = SQL("SELECT 1 FROM ecm_writeback_rule WHERE active LIMIT 1")
        return bool(self.env.execute_query(query))

    @api.model
    def _get_matches(self, attempt_ids):
        """Which rules are about which results.

        :rtype: SQL
        :return: a query of ``(attempt id, rule id, contact id, campaign id, company id)``
        """
        return SQL(
            """SELECT a.id, r.id, a.contact_id, a.campaign_id, a.company_id
                 FROM unnest(%s::int[]) AS i(id)
                 JOIN ecm_attempt a ON a.id = i.id AND a.state IN ('done', 'dangling')
                 JOIN ecm_contact c ON c.id = a.contact_id
                 JOIN ecm_writeback_rule r ON r.active AND r.company_id = a.company_id
                WHERE a.outcome_id IS NOT NULL
                  AND (r.moment = 'each' OR c.closed_at IS NOT NULL AND NOT a.is_late)
                  AND %s AND %s AND %s""",
            list(attempt_ids),
            _is_listed("ecm_campaign_ecm_writeback_rule_rel", "ecm_campaign_id", "campaign_id"),
            _is_listed("ecm_outcome_ecm_writeback_rule_rel", "ecm_outcome_id", "outcome_id"),
            _is_listed(
                "ecm_business_outcome_ecm_writeback_rule_rel",
                "ecm_business_outcome_id",
                "business_outcome_id",
            ),
        )

    # -- buttons ----------------------------------------------------------------------------------

    def action_view_tasks(self):
        """What this rule has written, and what failed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecm_crm_bridge.ecm_writeback_task_action"
        )
        return {**action, "domain": [("rule_id", "=", self.id)], "context": {}}


def _is_listed(table, column, attempt_column):
    """That a rule ``r`` names nothing there, or what the attempt ``a`` has."""
    return SQL(
        """(NOT EXISTS (SELECT 1 FROM %(table)s t WHERE t.ecm_writeback_rule_id = r.id)
            OR EXISTS (SELECT 1 FROM %(table)s t
                        WHERE t.ecm_writeback_rule_id = r.id AND t.%(column)s = a.%(own)s))""",
        table=SQL.identifier(table),
        column=SQL.identifier(column),
        own=SQL.identifier(attempt_column),
    )
