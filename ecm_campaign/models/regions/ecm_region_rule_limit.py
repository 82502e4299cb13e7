from datetime import timedelta

from odoo import api, fields, models

from ...formatting import get_label
from ...tools.limits import LIFE, ROLLING, Limit

UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}


class EcmRegionRuleLimit(models.Model):
    """How often a region rule allows to contact somebody, or for how long it does not after a
    conversation or a refusal (requirement S4). A rule may have several: all hold.
    """

    _name = "ecm.region.rule.limit"
    _inherit = ["ecm.logged.mixin"]
    _description = "Limit of a Region Rule"
    _order = "rule_id, id"
    _logged_at = "rule_id"
    _logged_names = ("count", "counted")

    rule_id = fields.Many2one("ecm.region.rule", required=True, index=True, ondelete="cascade")
    count = fields.Integer(
        "At most", default=3, required=True, help="So many within the time beside it."
    )
    counted = fields.Selection(
        [
            ("tries", "attempts"),
            ("conversations", "conversations"),
            ("refusals", "refusals"),
        ],
        "of these",
        required=True,
        default="tries",
        help="Conversations: attempts whose outcome is Live voice. Refusals: those whose outcome or "
        "wrap-up says Do not contact or Refusal. One of these is a rest: nothing follows within the "
        "time.",
    )
    number = fields.Integer("Within", default=24, required=True)
    unit = fields.Selection(
        [("hours", "hour(s)"), ("days", "day(s)"), ("weeks", "week(s)"), ("ever", "for ever")],
        required=True,
        default="hours",
    )
    per = fields.Selection(
        [("number", "A number"), ("person", "All numbers of the contact")],
        "Counted for",
        required=True,
        default="number",
        help="Over all campaigns, on the channels that the rule is about.",
    )
    exempts_requests = fields.Boolean(
        "Not for requested callbacks",
        help="The one call that a customer asked for is made all the same. It counts for the calls "
        "after it.",
    )
    summary = fields.Char(compute="_compute_summary")

    _positive = models.Constraint(
        "CHECK(count > 0 AND number > 0)", "A limit is at least one within at least one hour."
    )

    @api.depends("count", "counted", "number", "unit")
    def _compute_summary(self):
        for limit in self:
            limit.summary = limit._get_text()

    def _get_window_text(self):
        """The time in words, such as ``24 hours`` or ``one day``."""
        one = {
            "hours": self.env._("one hour"),
            "days": self.env._("one day"),
            "weeks": self.env._("one week"),
        }
        several = {
            "hours": self.env._("%s hours", self.number),
            "days": self.env._("%s days", self.number),
            "weeks": self.env._("%s weeks", self.number),
        }
        return (one if self.number == 1 else several).get(self.unit, "")

    def _get_text(self):
        """The limit in words, such as ``3 attempts in 24 hours``."""
        window = self._get_window_text()
        # One of these in a time is a rest of that time.
        if self.counted != "tries" and self.count == 1:
            return self._get_rest_text(window)
        what = get_label(self.env, self._name, "counted", self.counted)
        if self.unit == "ever":
            return self.env._("%(count)s %(what)s in all", count=self.count, what=what)
        return self.env._(
            "%(count)s %(what)s in %(time)s", count=self.count, what=what, time=window
        )

    def _get_rest_text(self, window):
        """How long nothing follows, such as ``nothing for 7 days after a conversation``."""
        after = self.env._("after a conversation")
        if self.counted == "refusals":
            after = self.env._("after a refusal")
        if self.unit == "ever":
            return self.env._("nothing ever %s", after)
        return self.env._("nothing for %(time)s %(after)s", time=window, after=after)

    def _get_limit(self):
        """:rtype: tools.limits.Limit"""
        self.ensure_one()
        is_ever = self.unit == "ever"
        return Limit(
            self.count,
            period=LIFE if is_ever else ROLLING,
            window=timedelta(0) if is_ever else self.number * UNITS[self.unit],
            per_number=self.per == "number",
            everywhere=True,
            is_legal=True,
            exempts_requests=self.exempts_requests,
            label=self.rule_id.name,
            # What a law says of calls counts calls, and not the letters in between.
            channels=self.rule_id._get_single_channel(),
            counted=self.counted,
        )

    @api.model_create_multi
    def create(self, vals_list):
        limits = super().create(vals_list)
        self.env["ecm.region.rule"]._on_changed()
        return limits

    def write(self, vals):
        result = super().write(vals)
        self.env["ecm.region.rule"]._on_changed()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["ecm.region.rule"]._on_changed()
        return result
