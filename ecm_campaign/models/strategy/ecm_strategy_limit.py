from datetime import timedelta

from odoo import api, fields, models

from ...formatting import get_label
from ...tools import limits

WINDOWS = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "15d": timedelta(days=15),
    "30d": timedelta(days=30),
}


class EcmStrategyLimit(models.Model):
    """How often a contact or a number may be tried in a period (requirement S4)."""

    _name = "ecm.strategy.limit"
    _inherit = ["ecm.logged.mixin", "ecm.lockable.part.mixin"]
    _description = "Strategy Limit"
    _order = "strategy_id, sequence, id"
    _logged_at = "strategy_id"

    strategy_id = fields.Many2one("ecm.strategy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    count = fields.Integer("At most", required=True, default=3)
    subject = fields.Selection(
        [("contact", "attempts on a contact"), ("number", "attempts on a number")],
        string="What",
        required=True,
        default="contact",
        help="On a contact: all its numbers together.",
    )
    period = fields.Selection(
        [
            ("day", "in one day"),
            ("24h", "in any 24 hours"),
            ("7d", "in any 7 days"),
            ("15d", "in any 15 days"),
            ("30d", "in any 30 days"),
            ("life", "in all"),
        ],
        required=True,
        default="day",
        help="A day begins at midnight in the campaign's zone. The other periods move along with "
        "the clock.",
    )
    scope = fields.Selection(
        [("campaign", "in this campaign"), ("all", "in all campaigns")],
        string="Where",
        required=True,
        default="campaign",
        help="In all campaigns: attempts of whatever campaign and channel of this company on the "
        "same numbers count.",
    )

    _count_positive = models.Constraint(
        "CHECK(count BETWEEN 1 AND 1000)", "A limit allows 1 to 1,000 attempts."
    )

    @api.depends("count", "subject", "period", "scope")
    def _compute_display_name(self):
        for limit in self:
            limit.display_name = limit._get_sentence()

    @api.model_create_multi
    def create(self, vals_list):
        limits = super().create(vals_list)
        limits.strategy_id._note_changed_limits()
        return limits

    def write(self, vals):
        # One may move into another strategy.
        strategies = self.strategy_id
        result = super().write(vals)
        (strategies | self.strategy_id)._note_changed_limits()
        return result

    def unlink(self):
        strategies = self.strategy_id
        result = super().unlink()
        strategies._note_changed_limits()
        return result

    def _get_sentence(self):
        """The limit in words, such as ``At most 3 attempts on a number in any 24 hours``."""
        text = self.env._(
            "At most %(count)s %(subject)s %(period)s",
            count=self.count,
            subject=get_label(self.env, self._name, "subject", self.subject),
            period=get_label(self.env, self._name, "period", self.period),
        )
        return self.env._("%s, in all campaigns", text) if self.scope == "all" else text

    def _get_limit(self):
        """The limit as the gates see it.

        :rtype: tools.limits.Limit
        """
        self.ensure_one()
        return limits.Limit(
            count=self.count,
            period=self.period if self.period in ("day", "life") else "rolling",
            window=WINDOWS.get(self.period, timedelta()),
            per_number=self.subject == "number",
            everywhere=self.scope == "all",
            label=self.display_name,
        )
