from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import strategy as decision
from .ecm_strategy import get_key


def get_delay_text(record):
    """A record's days, hours and minutes in words: ``1 d 4 h``, empty for none."""
    parts = []
    if record.delay_days:
        parts.append(record.env._("%s d", record.delay_days))
    if record.delay_hours:
        parts.append(record.env._("%s h", record.delay_hours))
    if record.delay_minutes:
        parts.append(record.env._("%s min", record.delay_minutes))
    return " ".join(parts)


class EcmStrategyRule(models.Model):
    """What follows one outcome: another attempt after D:H:M, the same again, or close (requirements
    S1, S3).

    A rule belongs to one attempt; in a simple strategy it has none and holds for every attempt.
    """

    _name = "ecm.strategy.rule"
    _inherit = ["ecm.logged.mixin", "ecm.lockable.part.mixin"]
    _description = "Strategy Rule"
    _order = "attempt_id, sequence, id"
    _logged_at = "strategy_id"
    _logged_names = ("attempt_id", "outcome_id")

    attempt_id = fields.Many2one("ecm.strategy.attempt", ondelete="cascade", index=True)
    strategy_id = fields.Many2one(
        "ecm.strategy",
        compute="_compute_strategy_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        ondelete="cascade",
        index=True,
    )
    sequence = fields.Integer(default=10)
    outcome_id = fields.Many2one("ecm.outcome", required=True, ondelete="restrict")
    action = fields.Selection(
        [
            ("attempt", "Go to step"),
            ("next", "Go to the next"),
            ("again", "Try the same again"),
            ("close", "Close the contact"),
        ],
        required=True,
        default="attempt",
        help="Go to the next: the step that stands below, after the last one the next cycle.",
    )
    next_attempt_id = fields.Many2one(
        "ecm.strategy.attempt",
        string="Next step",
        domain="[('strategy_id', '=', strategy_id)]",
        ondelete="cascade",
    )
    delay_days = fields.Integer(string="Days")
    delay_hours = fields.Integer(string="Hours")
    delay_minutes = fields.Integer(string="Minutes")
    max_retry = fields.Integer(
        "Retries at most",
        help="How often this rule leads on in one cycle; then the step under “then to” follows, "
        "at once or, on the number that was just called, after the delay. 0: as often as the "
        "budget allows.",
    )
    branch_attempt_id = fields.Many2one(
        "ecm.strategy.attempt",
        string="Then to",
        domain="[('strategy_id', '=', strategy_id)]",
        ondelete="cascade",
        help="What follows when the retries are used up. Empty: the next step in order, then "
        "the next cycle.",
    )
    then_close = fields.Boolean(
        "Then close", help="When the retries are used up, the contact closes: nothing follows."
    )
    priority = fields.Integer(
        default=-1,
        help="Dial priority of what follows; higher is called first. -1: the contact keeps its "
        "own.",
    )
    other_number = fields.Boolean(
        "Other number",
        help="What follows is on another number than the one that was just called, since that is "
        "no good; where the contact has no other, it closes.",
    )
    retain_pcb = fields.Boolean("Keep the agent", help="A personal callback stays with its agent.")
    suppresses = fields.Boolean(
        "Do not contact",
        help="The number goes onto the company's do-not-contact list, and the contact closes.",
    )
    summary = fields.Char(compute="_compute_summary")

    _outcome_unique = models.Constraint(
        "UNIQUE(attempt_id, outcome_id)",
        "A step has one rule for each outcome: change the rule that is there.",
    )
    _strategy_outcome_unique = models.UniqueIndex(
        "(strategy_id, outcome_id) WHERE attempt_id IS NULL",
        "A simple strategy has one rule for each outcome: change the rule that is there.",
    )
    _max_retry_positive = models.Constraint(
        "CHECK(max_retry BETWEEN 0 AND 100)", "Retries at most: from 0 to 100."
    )
    _priority_range = models.Constraint(
        "CHECK(priority BETWEEN -1 AND 1000)", "A priority is from -1 to 1000."
    )
    _delay_positive = models.Constraint(
        "CHECK(delay_days BETWEEN 0 AND 365 AND delay_hours BETWEEN 0 AND 999 AND delay_minutes "
        "BETWEEN 0 AND 9999)",
        "A delay is between 0 minutes and 365 days.",
    )

    @api.depends("attempt_id")
    def _compute_strategy_id(self):
        for rule in self:
            rule.strategy_id = rule.attempt_id.strategy_id or rule.strategy_id

    @api.depends(
        "outcome_id",
        "action",
        "next_attempt_id",
        "delay_days",
        "delay_hours",
        "delay_minutes",
        "max_retry",
        "branch_attempt_id",
        "then_close",
        "other_number",
        "suppresses",
    )
    def _compute_summary(self):
        for rule in self:
            rule.summary = rule._get_summary()

    def _get_summary(self):
        """One line such as ``Busy → attempt 2 after 5 min``."""
        return f"{self.outcome_id.name} → {self._get_consequence()}"

    def _get_consequence(self):
        """What the rule does, such as ``attempt 2 after 1 d 4 h``."""
        if self.suppresses:
            return self.env._("do not contact again")
        if self.action == "close":
            return self.env._("close")
        step = self._get_step_text()
        if self.other_number:
            step = self.env._("%s, on another number", step)
        # “Go to the next” uses itself up: it leads to the same attempt once only.
        if not self.max_retry or self.action == "next":
            return step
        return self.env._(
            "%(step)s (%(times)s × at most, then %(following)s)",
            step=step,
            times=self.max_retry,
            following=self._get_branch_text(),
        )

    def _get_branch_text(self):
        """What follows when the retries are used up, such as ``attempt 3``."""
        if self.then_close:
            return self.env._("close")
        if self.branch_attempt_id:
            return self.env._("step %s", self.branch_attempt_id.position)
        return self.env._("the next step")

    def _get_step_text(self):
        """Where the rule leads while it may, such as ``attempt 2 after 15 min``."""
        if self.action == "again":
            target = self.env._("the same step")
        elif self.action == "next":
            target = self.env._("the next step")
        else:
            target = self.env._("step %s", self.next_attempt_id.position)
        delay = get_delay_text(self)
        if not delay:
            return self.env._("%s at once", target)
        return self.env._("%(target)s after %(delay)s", target=target, delay=delay)

    @api.constrains("action", "next_attempt_id", "branch_attempt_id", "attempt_id", "strategy_id")
    def _check_next_attempt(self):
        for rule in self:
            if rule.action == "attempt" and not rule.next_attempt_id:
                outcome = rule.outcome_id.name
                raise ValidationError(
                    self.env._("Choose the step that follows %s, or close.", outcome)
                )
            targets = rule.next_attempt_id | rule.branch_attempt_id
            if targets.strategy_id - rule.strategy_id:
                raise ValidationError(self.env._("The next step belongs to another strategy."))

    @property
    def _delay(self):
        return timedelta(days=self.delay_days, hours=self.delay_hours, minutes=self.delay_minutes)

    def _get_decision_rule(self, positions):
        """The rule as the decision sees it.

        :param positions: ``{attempt id: place in the strategy}``
        :rtype: tools.strategy.Rule
        """
        self.ensure_one()
        target = positions.get(get_key(self.next_attempt_id))
        return decision.Rule(
            next_attempt=target if self.action == "attempt" else None,
            delay=self._delay,
            priority=None if self.priority < 0 else self.priority,
            other_number=self.other_number,
            retain_pcb=self.retain_pcb,
            suppress=self.suppresses,
            **self._get_retry_values(positions),
        )

    def _get_retry_values(self, positions):
        """How often the rule leads on, and where to then.

        :param positions: ``{attempt id: place in the strategy}``
        """
        # The decision knows no “next”: that is a retry whose number is used up from the start.
        if self.action == "next":
            return {"action": decision.AGAIN, "max_retry": 0, "branch": None}
        return {
            "action": self.action,
            "max_retry": self.max_retry or None,
            "branch": positions.get(get_key(self.branch_attempt_id)),
            "then_close": self.then_close,
        }
