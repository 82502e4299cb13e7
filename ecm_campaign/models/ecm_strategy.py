from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import strategy as decision


class EcmStrategy(models.Model):
    """An ordered plan of attempts and what follows each outcome (requirements S1, S8)."""

    _name = "ecm.strategy"
    _description = "Strategy"
    _inherit = ["mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [("contact", "Contact strategy"), ("callback", "Callback strategy")],
        required=True,
        default="contact",
        tracking=True,
        help="A callback strategy takes over when the customer has asked to be called back.",
    )
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company, help="Empty: all companies.")
    description = fields.Text(translate=True)
    phone_fallback = fields.Selection(
        [
            ("first", "Call phone 1"),
            ("skip", "Skip the attempt"),
            ("next_valid", "Call the next phone that is filled"),
        ],
        string="When a phone is empty",
        required=True,
        default="first",
        tracking=True,
        help="What an attempt on phone 2 to 5 does for a contact that has no such phone.",
    )
    is_capped = fields.Boolean(
        string="Own budget",
        tracking=True,
        help="Give the strategy a budget of its own. Needed when a rule leads back to an earlier attempt.",
    )
    max_attempts = fields.Integer(
        string="Attempts at most",
        compute="_compute_max_attempts",
        store=True,
        readonly=False,
        tracking=True,
        help="All attempts on a contact together, whatever their outcomes. Without an own budget, one of each.",
    )
    max_uncounted = fields.Integer(
        string="Failed tries at most",
        default=10,
        required=True,
        tracking=True,
        help="Tries that do not count as an attempt (a refused preview, a gateway error) before the contact is closed.",
    )
    attempt_ids = fields.One2many("ecm.strategy.attempt", "strategy_id", string="Attempts", copy=False)
    attempt_count = fields.Integer(compute="_compute_attempt_count")
    campaign_ids = fields.One2many("ecm.campaign", "strategy_id", string="Campaigns")
    campaign_count = fields.Integer(compute="_compute_campaign_count")
    is_locked = fields.Boolean(
        compute="_compute_is_locked", help="A campaign that uses this strategy is running: stop it or duplicate this."
    )
    warnings = fields.Text(compute="_compute_warnings", help="What would keep this strategy from working as drawn.")

    _max_attempts_positive = models.Constraint(
        "CHECK(max_attempts BETWEEN 0 AND 100)", "A strategy makes between 1 and 100 attempts."
    )
    _max_uncounted_positive = models.Constraint(
        "CHECK(max_uncounted BETWEEN 0 AND 100)", "Failed tries at most: a number from 0 to 100."
    )

    @api.depends("attempt_ids", "is_capped")
    def _compute_max_attempts(self):
        for record in self:
            if not record.is_capped or not record.max_attempts:
                record.max_attempts = len(record.attempt_ids)

    @api.depends("attempt_ids")
    def _compute_attempt_count(self):
        for record in self:
            record.attempt_count = len(record.attempt_ids)

    def _compute_campaign_count(self):
        groups = self.env["ecm.campaign"]._read_group([("strategy_id", "in", self.ids)], ["strategy_id"], ["__count"])
        counts = {record.id: count for record, count in groups}
        for record in self:
            record.campaign_count = counts.get(record.id, 0)

    @api.depends("campaign_ids.is_running")
    def _compute_is_locked(self):
        running = self._get_running()
        for record in self:
            record.is_locked = record._origin in running

    @api.depends("is_capped", "max_attempts", "attempt_ids.channel", "attempt_ids.rule_ids.next_attempt_id")
    def _compute_warnings(self):
        for record in self:
            record.warnings = "\n".join(record._get_problem_texts()) or False

    def _get_running(self):
        """Strategies of this set that a running campaign uses, in whatever company."""
        campaigns = self.env["ecm.campaign"].sudo().search([("strategy_id", "in", self.ids), ("is_running", "=", True)])
        return campaigns.strategy_id & self

    def _check_editable(self):
        """Requirement S8: a strategy changes only while no campaign that uses it runs.

        :raise UserError: naming the running campaigns
        """
        running = self._get_running()
        if not running:
            return
        names = ", ".join(running.sudo().campaign_ids.filtered("is_running").mapped("name"))
        raise UserError(
            self.env._(
                "This strategy is in use by a running campaign (%(campaigns)s). Stop the campaign first, or "
                "duplicate the strategy and change the copy.",
                campaigns=names,
            )
        )

    _plan_fields = ("phone_fallback", "is_capped", "max_attempts", "max_uncounted", "kind", "attempt_ids", "active")

    def write(self, vals):
        if any(name in vals for name in self._plan_fields):
            self._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.sudo().with_context(active_test=False).campaign_ids:
            raise UserError(self.env._("Campaigns use this strategy. Archive it instead."))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for record, vals in zip(self, vals_list, strict=True):
            vals.setdefault("name", "")
            vals["name"] = self.env._("%s (copy)", record.name)
        return vals_list

    def copy(self, default=None):
        copies = super().copy(default)
        for record, new in zip(self, copies, strict=True):
            record._copy_attempts_to(new)
        return copies

    def _copy_attempts_to(self, new):
        """Attempts and rules, with each rule's target translated to the copy's attempt."""
        self.ensure_one()
        twins = {attempt: attempt.copy({"strategy_id": new.id}) for attempt in self.attempt_ids}
        for attempt, twin in twins.items():
            for rule in attempt.rule_ids:
                target = twins.get(rule.next_attempt_id)
                rule.copy({"attempt_id": twin.id, "next_attempt_id": target.id if target else False})

    def _get_plan(self):
        """The strategy as the decision sees it.

        :rtype: tools.strategy.Plan
        """
        self.ensure_one()
        positions = {attempt.id: number for number, attempt in enumerate(self.attempt_ids, start=1)}
        return decision.Plan(
            attempts=tuple(attempt._get_planned_attempt(positions) for attempt in self.attempt_ids),
            max_attempts=self.max_attempts if self.is_capped else None,
            max_uncounted=self.max_uncounted,
            phone_fallback=self.phone_fallback,
        )

    @api.model
    def _get_channels(self):
        """Channels that attempts may use; a channel module adds its own."""
        return set()

    def _get_problem_texts(self, errors_only=False):
        """:return: list of sentences; with ``errors_only`` what only warns is left out"""
        self.ensure_one()
        uncounted = self.env["ecm.outcome"].search([("counts_as_attempt", "=", False)]).mapped("code")
        problems = decision.validate(self._get_plan(), self._get_channels(), set(uncounted))
        return [
            self._describe_problem(problem) for problem in problems if problem.severity == "error" or not errors_only
        ]

    def _describe_problem(self, problem):
        """One sentence for a supervisor about what ``tools.strategy.validate`` found."""
        parameters = dict(problem.parameters)
        outcome = self.env["ecm.outcome"].search([("code", "=", problem.outcome_code)], limit=1)
        parameters["outcome"] = outcome.name
        texts = {
            "no_attempts": self.env._("The strategy has no attempts."),
            "bad_budget": self.env._("The budget must allow at least one attempt."),
            "unknown_channel": self.env._(
                "Attempt %(position)s uses a channel that is not installed (%(channel)s).", **parameters
            )
            if "channel" in parameters
            else "",
            "missing_attempt": self.env._(
                "Attempt %(position)s, outcome %(outcome)s: the attempt that should follow does not exist.",
                **parameters,
            ),
            "uncapped_loop": self.env._(
                "Attempt %(position)s, outcome %(outcome)s leads back to an earlier attempt: give the strategy an own "
                "budget.",
                **parameters,
            ),
            "unreachable_attempt": self.env._("No rule leads to attempt %(position)s.", **parameters),
        }
        return texts.get(problem.code) or decision.PROBLEMS[problem.code] % parameters

    def _check_usable(self):
        """:raise ValidationError: when a campaign could not run by this strategy."""
        self.ensure_one()
        problems = self._get_problem_texts(errors_only=True)
        if problems:
            raise ValidationError("\n".join([self.env._("The strategy %s cannot be used:", self.name), *problems]))

    def action_view_campaigns(self):
        """Open the campaigns that use this strategy."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_campaign.ecm_campaign_action")
        return {**action, "domain": [("strategy_id", "=", self.id)], "context": {"default_strategy_id": self.id}}

    def action_duplicate(self):
        """Open a copy that can be changed while this one is in use."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.copy().id,
            "view_mode": "form",
        }
