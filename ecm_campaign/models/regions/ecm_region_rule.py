import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_duration, ormcache

from ...tools.calling_hours import WeeklyHours
from ...tools.limits import Limit
from ...tools.region_rules import RegionRule, RegionRules

DAY_FIELDS = ("weekday", "saturday", "sunday")
PREFIX = re.compile(r"\+[1-9]\d{0,14}")
SEPARATORS = re.compile(r"[\s,;]+")


class EcmRegionRule(models.Model):
    """When and how often numbers of a country or region may be contacted (requirements N3, S4).

    Legal knowledge as data, with its source: a user edits it, the engine keeps it. All rules that
    match a number hold, so the strictest wins.
    """

    _name = "ecm.region.rule"
    _description = "Region Rule"
    _inherit = ["mail.thread"]
    _order = "country_id, name, id"

    name = fields.Char(
        required=True, tracking=True, help="Shown as the reason when a contact has to wait."
    )
    active = fields.Boolean(default=True, tracking=True)
    country_id = fields.Many2one(
        "res.country",
        tracking=True,
        help="The rule is about numbers of this country. Empty: about the beginnings of numbers "
        "alone.",
    )
    state = fields.Char(
        "State or region", help="For your information: numbers are recognised by their beginnings."
    )
    prefixes = fields.Text(
        "Beginnings of numbers",
        tracking=True,
        help="The rule is about numbers that begin so, for example +1305 +1786. Empty: about all "
        "of the country.",
    )
    channel = fields.Selection(
        "_get_channel_choices",
        required=True,
        default="all",
        tracking=True,
    )
    weekday_from = fields.Float("Monday to Friday from", default=8.0, required=True, tracking=True)
    weekday_to = fields.Float("Monday to Friday to", default=21.0, required=True, tracking=True)
    saturday_from = fields.Float("Saturday from", default=8.0, required=True, tracking=True)
    saturday_to = fields.Float("Saturday to", default=21.0, required=True, tracking=True)
    sunday_from = fields.Float("Sunday from", default=8.0, required=True, tracking=True)
    sunday_to = fields.Float("Sunday to", default=21.0, required=True, tracking=True)
    hours_summary = fields.Char("Allowed hours", compute="_compute_hours_summary")
    max_attempts = fields.Integer(
        "Attempts per number",
        tracking=True,
        help="So many within the hours beside it, over all campaigns. 0: any.",
    )
    max_attempts_hours = fields.Integer("Within (hours)", default=24, required=True, tracking=True)
    source = fields.Text(
        tracking=True, help="The law or the document that says so, and how sure that is."
    )
    source_url = fields.Char("Link")
    checked_on = fields.Date(
        "Checked on",
        tracking=True,
        help="When somebody last compared the rule with its source. Empty: never in this system.",
    )

    _hours_ordered = models.Constraint(
        """CHECK(0 <= weekday_from AND weekday_from <= weekday_to AND weekday_to <= 24
             AND 0 <= saturday_from AND saturday_from <= saturday_to AND saturday_to <= 24
             AND 0 <= sunday_from AND sunday_from <= sunday_to AND sunday_to <= 24)""",
        "Hours lie between 00:00 and 24:00 and end after they begin; 00:00 to 00:00 is closed all "
        "day.",
    )
    _limit_positive = models.Constraint(
        "CHECK(max_attempts >= 0 AND max_attempts_hours > 0)",
        "The attempts are a number or 0, within at least one hour.",
    )

    @api.model
    def _get_channel_choices(self):
        """What a rule may be about: every channel, or one of them."""
        labels = dict(self.env["ecm.engine"]._get_channels())
        # Laws know these two, whether or not a module brings them.
        labels["voice"] = self.env._("Calls")
        labels["sms"] = self.env._("Text messages")
        return [("all", self.env._("Calls and text messages")), *labels.items()]

    @api.constrains("country_id", "prefixes")
    def _check_numbers(self):
        for rule in self:
            prefixes = rule._get_prefixes()
            # A rule about no number at all would be one about every number.
            if not prefixes and not rule.country_id:
                raise ValidationError(
                    self.env._("Say which numbers the rule is about: a country or beginnings.")
                )
            for prefix in prefixes:
                if not PREFIX.fullmatch(prefix):
                    raise ValidationError(
                        self.env._(
                            "%s is not how a number begins: write + and the country code, as in "
                            "+1305.",
                            prefix,
                        )
                    )

    @api.depends(*(f"{day}_{end}" for day in DAY_FIELDS for end in ("from", "to")))
    def _compute_hours_summary(self):
        for rule in self:
            rule.hours_summary = rule._get_hours_text()

    def _get_hours_text(self):
        """The hours in words, such as ``Mon–Fri 08:00–21:00, Sat 08:00–21:00, Sun closed``."""
        texts = {day: self._describe_day(day) for day in DAY_FIELDS}
        if len(set(texts.values())) == 1:
            return self.env._("Every day %s", texts["weekday"])
        labels = {
            "weekday": self.env._("Mon–Fri"),
            "saturday": self.env._("Sat"),
            "sunday": self.env._("Sun"),
        }
        return ", ".join(f"{labels[day]} {text}" for day, text in texts.items())

    def _describe_day(self, day):
        opens = self[f"{day}_from"]
        closes = self[f"{day}_to"]
        if opens == closes:
            return self.env._("closed")
        return f"{format_duration(opens)}–{format_duration(closes)}"

    # -- what the engine reads --------------------------------------------------------------------

    @api.model
    @ormcache()
    def _get_rules(self):
        """All active rules as values, shared by everybody.

        :rtype: tools.region_rules.RegionRules
        """
        return RegionRules([rule._get_value() for rule in self.sudo().search([])])

    def _get_value(self):
        """:rtype: tools.region_rules.RegionRule"""
        self.ensure_one()
        known = dict(self.env["ecm.engine"]._get_channels())
        return RegionRule(
            id=self.id,
            name=self.name,
            country=self.country_id.code or "",
            prefixes=self._get_prefixes(),
            channels=self._get_single_channel() or frozenset(known),
            hours=self._get_hours(),
            limits=tuple(filter(None, [self._get_limit()])),
        )

    def _get_single_channel(self):
        """The one channel that the rule is about, as a set; None for all."""
        return None if self.channel == "all" else frozenset({self.channel})

    def _get_limit(self):
        """How often a number may be tried over all campaigns.

        :rtype: tools.limits.Limit or None
        """
        if not self.max_attempts:
            return None
        return Limit(
            self.max_attempts,
            window=timedelta(hours=self.max_attempts_hours),
            per_number=True,
            everywhere=True,
            is_legal=True,
            label=self.name,
            # What a law says of calls counts calls, and not the letters in between.
            channels=self._get_single_channel(),
        )

    def _get_prefixes(self):
        return tuple(filter(None, SEPARATORS.split(self.prefixes or "")))

    def _get_hours(self):
        """:return: ``tools.calling_hours.WeeklyHours``, ``None`` when any time is allowed"""
        days = ["weekday"] * 5 + ["saturday", "sunday"]
        spans = []
        for number, day in enumerate(days):
            opens = round(self[f"{day}_from"] * 60)
            closes = round(self[f"{day}_to"] * 60)
            spans.append((number, opens, closes))
        hours = WeeklyHours.of(spans)
        return None if hours.is_always else hours

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def action_mark_checked(self):
        """Note that the rule was compared with its source today."""
        self.write({"checked_on": fields.Date.context_today(self)})
        return True
