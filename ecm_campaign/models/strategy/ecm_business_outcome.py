from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import strategy as decision
from .ecm_strategy_rule import get_delay_text


class EcmBusinessOutcome(models.Model):
    """What the agent says a call meant: a wrap-up code with a rule of its own (requirement S6)."""

    _name = "ecm.business.outcome"
    _inherit = ["ecm.logged.mixin", "ecm.lockable.part.mixin"]
    _description = "Wrap-up"
    _order = "group_id, sequence, id"
    _whole_field = "group_id"
    _logged_at = "group_id"
    # How outcomes are shown and counted.
    _free_fields = frozenset(("sequence", "parent_id", "kind"))

    group_id = fields.Many2one(
        "ecm.business.outcome.group", required=True, ondelete="cascade", index=True
    )
    parent_id = fields.Many2one(
        "ecm.business.outcome",
        string="Part of",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
        domain="[('group_id', '=', group_id), ('parent_id', '=', False)]",
        help="Outcomes under one parent are counted together in reports.",
    )
    child_ids = fields.One2many("ecm.business.outcome", "parent_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(
        required=True, translate=True, help="As the agent chooses it; the dialer sends this text."
    )
    code = fields.Char(required=True, help="Technical name, used by rules, API and reports.")
    texts = fields.Char(
        "Also known as",
        help="Other texts that the dialer sends for this outcome, separated by semicolons.",
    )
    kind = fields.Selection(
        [("success", "Success"), ("failure", "Failure")],
        string="Type",
        required=True,
        default="success",
        help="Success: the campaign's goal was reached. Counted apart in reports.",
    )
    action = fields.Selection(
        [
            ("strategy", "Follow the strategy"),
            ("again", "Try again"),
            ("close", "Close the contact"),
        ],
        string="Then",
        required=True,
        default="close",
        help="Follow the strategy: its rule for the call's outcome decides, as if there were no "
        "wrap-up.",
    )
    delay_days = fields.Integer(string="Days")
    delay_hours = fields.Integer(string="Hours")
    delay_minutes = fields.Integer(string="Minutes")
    max_retry = fields.Integer(
        "Retries at most",
        help="Then the next step of the strategy follows, or the contact closes. 0: as often as "
        "the budget allows.",
    )
    then_close = fields.Boolean(
        "Then close", help="When the retries are used up, the contact closes: nothing follows."
    )
    priority = fields.Integer(
        default=-1, help="Dial priority of the retry. -1: the contact keeps its own."
    )
    retain_pcb = fields.Boolean("Keep the agent", help="A personal callback stays with its agent.")
    asks_callback = fields.Boolean(
        "Asks for a callback", help="The campaign's callback strategy takes over, where it has one."
    )
    suppresses = fields.Boolean(
        "Do not contact", help="The number goes onto the company's do-not-contact list at once."
    )
    is_refusal = fields.Boolean(
        "Refusal",
        help="The customer said no. Region rules may let a number rest after it, as in France.",
    )

    _code_unique = models.Constraint(
        "UNIQUE(group_id, code)", "The group has an outcome with this code already."
    )
    _delay_positive = models.Constraint(
        "CHECK(delay_days BETWEEN 0 AND 365 AND delay_hours BETWEEN 0 AND 999 AND delay_minutes "
        "BETWEEN 0 AND 9999)",
        "A delay is between 0 minutes and 365 days.",
    )
    _max_retry_positive = models.Constraint(
        "CHECK(max_retry BETWEEN 0 AND 100)", "Retries at most: from 0 to 100."
    )
    _priority_range = models.Constraint(
        "CHECK(priority BETWEEN -1 AND 1000)", "A priority is from -1 to 1000."
    )

    summary = fields.Char(compute="_compute_summary", string="What follows")
    is_locked = fields.Boolean(related="group_id.is_locked")

    @api.depends(
        "action",
        "suppresses",
        "asks_callback",
        "delay_days",
        "delay_hours",
        "delay_minutes",
        "max_retry",
        "then_close",
    )
    def _compute_summary(self):
        for outcome in self:
            outcome.summary = outcome._get_summary()

    def _get_summary(self):
        """What the wrap-up does, in words such as ``try again after 5 min (3 × at most)``."""
        if self.suppresses:
            return self.env._("do not contact again")
        if self.action == "close":
            return self.env._("close")
        if self.action == "strategy":
            return self.env._("as the strategy says")
        return self._get_retry_text()

    def _get_retry_text(self):
        """When and how often it is tried again, such as ``try again after 5 min``."""
        text = self.env._("call back") if self.asks_callback else self.env._("try again")
        delay = get_delay_text(self)
        if delay:
            text = self.env._("%(what)s after %(delay)s", what=text, delay=delay)
        if not self.max_retry:
            return text
        if self.then_close:
            return self.env._(
                "%(what)s (%(times)s × at most, then close)", what=text, times=self.max_retry
            )
        return self.env._("%(what)s (%(times)s × at most)", what=text, times=self.max_retry)

    def write(self, vals):
        kinds = self.mapped("kind")
        result = super().write(vals)
        if self.mapped("kind") != kinds:
            self.env["ecm.results.recount"]._ask()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        attempts = self.env["ecm.attempt"].sudo()
        if attempts.search_count([("business_outcome_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "Results were recorded with this wrap-up. Rename it, or duplicate the group."
                )
            )

    @api.constrains("parent_id")
    def _check_parent(self):
        for outcome in self.filtered("parent_id"):
            parent = outcome.parent_id
            is_deep = parent.parent_id or outcome.child_ids
            if is_deep or parent.group_id != outcome.group_id:
                raise ValidationError(
                    self.env._(
                        "A parent is an outcome of the same group that has no parent itself."
                    )
                )

    @api.constrains("name", "texts", "group_id")
    def _check_texts(self):
        for group in self.group_id:
            # A text that means two things would be decided by the order of the records.
            seen = set()
            for outcome in group.outcome_ids:
                texts = outcome._get_texts()
                doubles = seen & texts
                if doubles:
                    raise ValidationError(
                        self.env._(
                            "“%(text)s” means two wrap-ups of %(group)s.",
                            text=min(doubles),
                            group=group.name,
                        )
                    )
                seen |= texts

    def _get_texts(self):
        """What the dialer may send for this outcome, in small letters."""
        self.ensure_one()
        others = self.texts or ""
        given = [self.code or "", self.name or "", *others.split(";")]
        # Dialers differ in blanks and capitals.
        texts = {text.strip().lower() for text in given}
        return texts - {""}

    def _get_wrap_up(self):
        """The outcome as the decision sees it.

        :rtype: tools.strategy.WrapUp
        """
        self.ensure_one()
        return decision.WrapUp(
            code=self.code, rule=self._get_rule(), asks_callback=self.asks_callback
        )

    def _get_rule(self):
        """:rtype: tools.strategy.Rule or None"""
        if self.action == "strategy" and not self.suppresses:
            return None
        delay = timedelta(days=self.delay_days, hours=self.delay_hours, minutes=self.delay_minutes)
        return decision.Rule(
            action="again" if self.action == "again" else "close",
            delay=delay,
            max_retry=self.max_retry or None,
            then_close=self.then_close,
            priority=None if self.priority < 0 else self.priority,
            retain_pcb=self.retain_pcb,
            suppress=self.suppresses,
        )
