from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import strategy as decision


class EcmStrategyRule(models.Model):
    """What follows one outcome of one attempt: another attempt after D:H:M, or close (requirement S1)."""

    _name = "ecm.strategy.rule"
    _description = "Strategy Rule"
    _order = "attempt_id, sequence, id"

    attempt_id = fields.Many2one("ecm.strategy.attempt", required=True, ondelete="cascade", index=True)
    strategy_id = fields.Many2one(related="attempt_id.strategy_id")
    sequence = fields.Integer(default=10)
    outcome_id = fields.Many2one("ecm.outcome", required=True, ondelete="restrict")
    action = fields.Selection(
        [("attempt", "Go to attempt"), ("close", "Close the contact")], required=True, default="attempt"
    )
    next_attempt_id = fields.Many2one(
        "ecm.strategy.attempt", string="Next attempt", domain="[('strategy_id', '=', strategy_id)]", ondelete="cascade"
    )
    delay_days = fields.Integer(string="Days")
    delay_hours = fields.Integer(string="Hours")
    delay_minutes = fields.Integer(string="Minutes")
    summary = fields.Char(compute="_compute_summary")

    _outcome_unique = models.Constraint(
        "UNIQUE(attempt_id, outcome_id)", "An attempt has one rule for each outcome: change the rule that is there."
    )
    _delay_positive = models.Constraint(
        "CHECK(delay_days BETWEEN 0 AND 365 AND delay_hours BETWEEN 0 AND 999 AND delay_minutes BETWEEN 0 AND 9999)",
        "A delay is between 0 minutes and 365 days.",
    )

    @api.depends("outcome_id", "action", "next_attempt_id", "delay_days", "delay_hours", "delay_minutes")
    def _compute_summary(self):
        for rule in self:
            rule.summary = rule._get_summary()

    def _get_summary(self):
        """One line such as ``Busy → attempt 2 after 5 min``."""
        return f"{self.outcome_id.name} → {self._get_consequence()}"

    def _get_consequence(self):
        """What the rule does, such as ``attempt 2 after 1 d 4 h``."""
        if self.action == "close":
            return self.env._("close")
        position = self.next_attempt_id.position
        if not self._delay:
            return self.env._("attempt %(position)s at once", position=position)
        return self.env._("attempt %(position)s after %(delay)s", position=position, delay=self._get_delay_text())

    def _get_delay_text(self):
        units = (
            (self.delay_days, self.env._("%s d", self.delay_days)),
            (self.delay_hours, self.env._("%s h", self.delay_hours)),
            (self.delay_minutes, self.env._("%s min", self.delay_minutes)),
        )
        return " ".join(text for number, text in units if number)

    @api.constrains("action", "next_attempt_id", "attempt_id")
    def _check_next_attempt(self):
        for rule in self:
            if rule.action == "attempt" and not rule.next_attempt_id:
                raise ValidationError(self.env._("Choose the attempt that follows %s, or close.", rule.outcome_id.name))
            if rule.next_attempt_id and rule.next_attempt_id.strategy_id != rule.attempt_id.strategy_id:
                raise ValidationError(self.env._("The next attempt belongs to another strategy."))

    @api.model_create_multi
    def create(self, vals_list):
        attempts = self.env["ecm.strategy.attempt"].browse({vals["attempt_id"] for vals in vals_list})
        attempts.strategy_id._check_editable()
        return super().create(vals_list)

    def write(self, vals):
        self.strategy_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        self.strategy_id._check_editable()

    @property
    def _delay(self):
        return timedelta(days=self.delay_days, hours=self.delay_hours, minutes=self.delay_minutes)

    def _get_decision_rule(self, positions):
        """The rule as the decision sees it.

        :param positions: ``{attempt id: place in the strategy}``
        :rtype: tools.strategy.Rule
        """
        self.ensure_one()
        return decision.Rule(
            action=self.action,
            next_attempt=positions.get(self.next_attempt_id.id) if self.action == "attempt" else None,
            delay=self._delay,
        )
