from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import CHANNELS
from ...tools import strategy as decision
from .ecm_strategy import get_key


class EcmStrategyAttempt(models.Model):
    """One step of a strategy: a channel, a phone, and a rule for each outcome that leads on
    (requirement S1).
    """

    _name = "ecm.strategy.attempt"
    _description = "Strategy Attempt"
    _order = "strategy_id, sequence, id"

    strategy_id = fields.Many2one("ecm.strategy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    position = fields.Integer(
        compute="_compute_position", help="Place in the strategy, counted from 1."
    )
    channel = fields.Selection(CHANNELS, required=True, default="voice")
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

    @api.depends("strategy_id.attempt_ids.sequence")
    def _compute_position(self):
        for attempt in self:
            siblings = attempt.strategy_id._get_ordered_attempts()
            keys = [get_key(sibling) for sibling in siblings]
            attempt.position = keys.index(get_key(attempt)) + 1 if get_key(attempt) in keys else 0

    @api.depends("position", "channel", "phone_index")
    def _compute_display_name(self):
        channels = dict(self._fields["channel"]._description_selection(self.env))
        for attempt in self:
            attempt.display_name = self.env._(
                "Attempt %(position)s: %(channel)s, phone %(phone)s",
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
        lines = [
            f"{', '.join(rules.outcome_id.mapped('name'))} → {consequence}"
            for consequence, rules in self._get_rules()
            .grouped(lambda rule: rule._get_consequence())
            .items()
        ]
        if not lines:
            return self.env._("Every outcome closes the contact")
        return "\n".join([*lines, self.env._("Any other outcome → close")])

    def action_open_rules(self):
        """Open what follows each outcome of this attempt."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_add_default_rules(self):
        """Copy the rules of the attempt before, or take the usual ones; then show them."""
        self.ensure_one()
        if self == self.strategy_id.attempt_ids[-1:]:
            raise UserError(
                self.env._(
                    "This is the last attempt: add the one that is to follow, then its rules."
                )
            )
        self._add_default_rules()
        return self.action_open_rules()

    def _add_default_rules(self):
        """Rules for outcomes that have none yet; what leads on leads to the attempt after this one."""
        self.ensure_one()
        siblings = self.strategy_id._get_ordered_attempts()
        following = siblings[self.position : self.position + 1]
        model = siblings[self.position - 2 : self.position - 1].rule_ids
        if not model:
            values = {"attempt_id": self.id, "action": "attempt", "next_attempt_id": following.id}
            self.rule_ids.create(
                [values | rule for rule in self.strategy_id._prepare_default_rules(self.rule_ids)]
            )
            return
        for rule in model.filtered(lambda rule: rule.outcome_id not in self.rule_ids.outcome_id):
            target = following if rule.next_attempt_id else rule.next_attempt_id
            branch = following if rule.branch_attempt_id else rule.branch_attempt_id
            rule.copy(
                {
                    "attempt_id": self.id,
                    "next_attempt_id": target.id,
                    "branch_attempt_id": branch.id,
                }
            )

    @api.model_create_multi
    def create(self, vals_list):
        self.env["ecm.strategy"].browse(
            {vals["strategy_id"] for vals in vals_list}
        )._check_editable()
        return super().create(vals_list)

    def write(self, vals):
        self.strategy_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        self.strategy_id._check_editable()

    def _get_rules(self):
        """The rules that hold for this attempt; in a simple strategy the same for all."""
        self.ensure_one()
        strategy = self.strategy_id
        return strategy.simple_rule_ids if strategy.kind == "simple" else self.rule_ids

    def _get_planned_attempt(self, positions):
        """The step as the decision sees it.

        :param positions: ``{attempt id: place in the strategy}``
        :rtype: tools.strategy.PlannedAttempt
        """
        self.ensure_one()
        return decision.PlannedAttempt(
            position=positions[get_key(self)],
            channel=self.channel,
            phone_index=int(self.phone_index),
            rules={
                rule.outcome_id.code: rule._get_decision_rule(positions)
                for rule in self._get_rules()
            },
        )
