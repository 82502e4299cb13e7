from odoo import api, fields, models
from odoo.exceptions import UserError

from ...actions import open_form
from ...tools import strategy as decision
from .ecm_strategy import get_key

# Minutes after which something follows the usual outcomes of a call.
DEFAULT_DELAYS = {
    "busy": 15,
    "no_answer": 120,
    "answering_machine": 240,
    "customer_abandoned": 60,
    "call_abandoned": 30,
    "call_failed": 15,
    "agent_rejected": 30,
    "agent_no_answer": 15,
    "unknown": 240,
    "invalid_number": 15,
    "fax": 15,
}


class EcmStrategyAttempt(models.Model):
    """One step of a strategy: a channel, a phone, and a rule for each outcome that leads on
    (requirement S1).
    """

    _name = "ecm.strategy.attempt"
    _inherit = ["ecm.logged.mixin", "ecm.lockable.part.mixin"]
    _description = "Strategy Step"
    _order = "strategy_id, sequence, id"
    _logged_at = "strategy_id"

    strategy_id = fields.Many2one("ecm.strategy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    position = fields.Integer(
        compute="_compute_position", help="Place in the strategy, counted from 1."
    )
    channel = fields.Selection(
        lambda self: self.env["ecm.engine"]._get_channels(), required=True, default="voice"
    )
    phone_index = fields.Selection(
        [(str(index), f"Phone {index}") for index in range(1, 6)],
        string="Phone",
        required=True,
        default="1",
    )
    rule_ids = fields.One2many("ecm.strategy.rule", "attempt_id", string="Rules", copy=False)
    rules_summary = fields.Text(compute="_compute_rules_summary", string="What follows")
    is_locked = fields.Boolean(related="strategy_id.is_locked")
    strategy_kind = fields.Selection(related="strategy_id.kind")
    strategy_warnings = fields.Text(related="strategy_id.warnings")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_with_text(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(_with_text(vals))

    @api.depends("strategy_id.attempt_ids.sequence")
    def _compute_position(self):
        for attempt in self:
            siblings = attempt.strategy_id._get_ordered_attempts()
            keys = [get_key(sibling) for sibling in siblings]
            key = get_key(attempt)
            # One that a form has just taken out has no place any more.
            attempt.position = keys.index(key) + 1 if key in keys else 0

    @api.depends("position", "channel", "phone_index")
    def _compute_display_name(self):
        channels = dict(self.env["ecm.engine"]._get_channels())
        for attempt in self:
            attempt.display_name = self.env._(
                "Step %(position)s: %(channel)s, phone %(phone)s",
                position=attempt.position,
                channel=channels.get(attempt.channel, ""),
                phone=attempt.phone_index,
            )

    @api.depends("rule_ids.summary", "strategy_id.kind", "strategy_id.simple_rule_ids.summary")
    def _compute_rules_summary(self):
        for attempt in self:
            attempt.rules_summary = attempt._get_rules_summary()

    def _get_rules_summary(self):
        """A line for each thing that can follow, such as ``Busy, Call failed → attempt 2 after 15
        min``.
        """
        rules = self._get_rules()
        if not rules:
            return self.env._("Every outcome closes the contact")
        # Outcomes that lead to the same share a line.
        groups = rules.grouped(lambda rule: rule._get_consequence())
        lines = []
        for consequence, same in groups.items():
            names = same.outcome_id.mapped("name")
            outcomes = ", ".join(names)
            lines.append(f"{outcomes} → {consequence}")
        lines.append(self.env._("Any other outcome → close"))
        return "\n".join(lines)

    def action_open_rules(self):
        """Open what follows each outcome of this attempt."""
        self.ensure_one()
        context = {"dialog_size": "extra-large"}
        return open_form(self, name=self.display_name, target="new", context=context)

    def action_add_default_rules(self):
        """Copy the rules of the attempt before, or take the usual ones; then show them."""
        self.ensure_one()
        self.check_access("write")
        if self == self.strategy_id.attempt_ids[-1:]:
            raise UserError(
                self.env._("This is the last step: add the one that is to follow, then its rules.")
            )
        self._add_default_rules()
        return self.action_open_rules()

    def _add_default_rules(self):
        """Rules for outcomes that have none yet; what leads on leads to the attempt after this."""
        self.ensure_one()
        place = self.position
        siblings = self.strategy_id._get_ordered_attempts()
        following = siblings[place : place + 1]
        before = siblings[place - 2 : place - 1]
        # What ends a call says nothing about a message.
        if before.rule_ids and before.channel == self.channel:
            self._copy_rules(before.rule_ids, following)
            return

        # Nobody has decided anything in this strategy yet.
        shared = {
            "attempt_id": self.id,
            "action": "attempt",
            "next_attempt_id": following.id,
        }
        delays = self._get_usual_delays(self.channel)
        usual = self.strategy_id._prepare_default_rules(self.rule_ids, delays)
        self.rule_ids.create([{**shared, **rule} for rule in usual])

    @api.model
    def _get_usual_delays(self, channel):
        """Outcomes on a channel that usually lead on; extensions know those of theirs.

        :return: ``{outcome code: minutes after which}``
        """
        return DEFAULT_DELAYS

    def _copy_rules(self, rules, following):
        """Copy another attempt's rules for outcomes that have none here yet.

        :param following: the attempt that they lead to here
        """
        present = self.rule_ids.outcome_id
        for rule in rules.filtered(lambda rule: rule.outcome_id not in present):
            values = {"attempt_id": self.id}
            # A target that is empty stays so: the rule closes, or takes the next in order.
            for name in ("next_attempt_id", "branch_attempt_id"):
                values[name] = following.id if rule[name] else False
            rule.copy(values)

    def _get_rules(self):
        """The rules that hold for this attempt; in a simple strategy the same for all."""
        self.ensure_one()
        strategy = self.strategy_id
        return strategy.simple_rule_ids if strategy.kind == "simple" else self.rule_ids

    def _get_planned_attempt(self, positions, has_rules=True):
        """The step as the decision sees it.

        :param positions: ``{attempt id: place in the strategy}``
        :param has_rules: whether it is asked what follows the step
        :rtype: tools.strategy.PlannedAttempt
        """
        self.ensure_one()
        rules = {}
        for rule in self._get_rules() if has_rules else ():
            rules[rule.outcome_id.code] = rule._get_decision_rule(positions)
        return decision.PlannedAttempt(
            position=positions[get_key(self)],
            channel=self.channel,
            phone_index=int(self.phone_index),
            rules=rules,
        )


def _with_text(vals):
    """With the phone as the selection has it: other systems give its number."""
    phone = vals.get("phone_index")
    return {**vals, "phone_index": str(phone)} if isinstance(phone, int) and phone else vals
