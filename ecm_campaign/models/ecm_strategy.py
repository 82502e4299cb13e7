from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import strategy as decision
from ..tools import strategy_check

MAX_ATTEMPTS = 100


class EcmStrategy(models.Model):
    """An ordered plan of attempts and what follows each outcome (requirements S1, S8)."""

    _name = "ecm.strategy"
    _description = "Strategy"
    _inherit = ["mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [("simple", "Simple"), ("advanced", "Advanced"), ("callback", "Callback")],
        required=True,
        default="advanced",
        tracking=True,
        help="Simple: the numbers are tried in order, with the same rules for each, once in each cycle. Advanced: each "
        "attempt has its own rules. Callback: like Advanced; takes over when the customer asked to be called back.",
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
    max_cycles = fields.Integer(
        "Cycles",
        default=1,
        required=True,
        tracking=True,
        help="How often the attempts are run through. The next cycle begins when the last attempt's retries are used "
        "up, or when a cycle has made as many attempts as it may.",
    )
    cycle_days = fields.Integer("Days between cycles", tracking=True)
    cycle_hours = fields.Integer("Hours between cycles", tracking=True)
    cycle_minutes = fields.Integer("Minutes between cycles", tracking=True)
    cycle_limit = fields.Integer(
        "Attempts in a cycle at most", tracking=True, help="Then the next cycle begins. 0: no such limit."
    )
    limit_ids = fields.One2many("ecm.strategy.limit", "strategy_id", string="Limits", copy=True)
    simple_rule_ids = fields.One2many(
        "ecm.strategy.rule",
        "strategy_id",
        string="Rules of every attempt",
        domain=[("attempt_id", "=", False)],
        copy=False,
        help="A simple strategy has the same rules for each attempt.",
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

    _cycles_positive = models.Constraint(
        "CHECK(max_cycles BETWEEN 1 AND 100 AND cycle_limit BETWEEN 0 AND 100)",
        "A strategy has 1 to 100 cycles, and a cycle at most 100 attempts.",
    )
    _cycle_interval_positive = models.Constraint(
        "CHECK(cycle_days BETWEEN 0 AND 365 AND cycle_hours BETWEEN 0 AND 999 AND cycle_minutes BETWEEN 0 AND 9999)",
        "Between two cycles lie 0 minutes to 365 days.",
    )

    @api.depends(
        "attempt_ids.rule_ids.max_retry",
        "attempt_ids.rule_ids.action",
        "simple_rule_ids.max_retry",
        "simple_rule_ids.action",
        "is_capped",
        "max_cycles",
        "kind",
    )
    def _compute_max_attempts(self):
        for record in self:
            if not record.is_capped or not record.max_attempts:
                record.max_attempts = min(record._make_plan(max_attempts=None).budget, MAX_ATTEMPTS)

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

    @api.depends(
        "is_capped",
        "max_attempts",
        "kind",
        "attempt_ids.channel",
        "attempt_ids.rule_ids.next_attempt_id",
        "attempt_ids.rule_ids.branch_attempt_id",
        "attempt_ids.rule_ids.max_retry",
        "simple_rule_ids.max_retry",
        "simple_rule_ids.branch_attempt_id",
    )
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

    _plan_fields = (
        "phone_fallback",
        "is_capped",
        "max_attempts",
        "max_uncounted",
        "kind",
        "attempt_ids",
        "simple_rule_ids",
        "limit_ids",
        "max_cycles",
        "cycle_days",
        "cycle_hours",
        "cycle_minutes",
        "cycle_limit",
        "active",
    )

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
        for rule in self.attempt_ids.rule_ids | self.simple_rule_ids:
            rule.copy(
                {
                    "strategy_id": new.id,
                    "attempt_id": twins[rule.attempt_id].id if rule.attempt_id else False,
                    "next_attempt_id": twins[rule.next_attempt_id].id if rule.next_attempt_id else False,
                    "branch_attempt_id": twins[rule.branch_attempt_id].id if rule.branch_attempt_id else False,
                }
            )

    def _get_plan(self):
        """The strategy as the decision sees it.

        :rtype: tools.strategy.Plan
        """
        return self._make_plan(self.max_attempts if self.is_capped else None)

    def _make_plan(self, max_attempts):
        self.ensure_one()
        positions = {attempt.id: number for number, attempt in enumerate(self.attempt_ids, start=1)}
        return decision.Plan(
            attempts=tuple(attempt._get_planned_attempt(positions) for attempt in self.attempt_ids),
            max_attempts=max_attempts,
            max_uncounted=self.max_uncounted,
            phone_fallback=self.phone_fallback,
            cycles=self.max_cycles,
            cycle_interval=timedelta(days=self.cycle_days, hours=self.cycle_hours, minutes=self.cycle_minutes),
            cycle_limit=self.cycle_limit or None,
        )

    def _get_limits(self):
        """:return: tuple of ``tools.limits.Limit``"""
        return tuple(limit._get_limit() for limit in self.limit_ids)

    @api.model
    def _get_channels(self):
        """Channels that attempts may use; a channel module adds its own."""
        return set()

    def _get_problem_texts(self, errors_only=False):
        """:return: list of sentences; with ``errors_only`` what only warns is left out"""
        self.ensure_one()
        outcomes = self.env["ecm.outcome"].search([])
        uncounted = outcomes.filtered(lambda outcome: not outcome.counts_as_attempt)
        suppressing = outcomes.filtered("suppresses")
        problems = strategy_check.validate(
            self._get_plan(), self._get_channels(), set(uncounted.mapped("code")), set(suppressing.mapped("code"))
        )
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
            "unused_rule": self.env._(
                "Attempt %(position)s, outcome %(outcome)s: this rule is never used, the outcome closes the contact as "
                "DNC Listed.",
                **parameters,
            ),
            "unreachable_attempt": self.env._("No rule leads to attempt %(position)s.", **parameters),
        }
        return texts.get(problem.code) or strategy_check.PROBLEMS[problem.code] % parameters

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
