import re
from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

from ...formatting import get_day_names
from ...tools.calling_hours import HORIZON, WeeklyHours, ranges
from ...tools.day_windows import write_week
from ...tools.public_holidays import get_countries, get_holidays
from ...tools.region_rules import (
    RegionRule,
    RegionRules,
    choose_rules,
    parse_beginnings,
    parse_names,
)

PREFIX = re.compile(r"\+[1-9]\d{0,14}")
SEPARATORS = re.compile(r"[\s,;]+")
DAY_FIELDS = ("weekday_hours", "saturday_hours", "sunday_hours")
# The field of each day, Monday first.
WEEK_FIELDS = ("weekday_hours",) * 5 + DAY_FIELDS[1:]
# A holiday goes on somewhere when it is over in UTC, and openings are looked for so far ahead.
HOLIDAYS_BEFORE = timedelta(days=2)
HOLIDAYS_AFTER = HORIZON + timedelta(days=14)
A_DAY = timedelta(days=1)


class EcmRegionRule(models.Model):
    """When and how often numbers of a country or region may be contacted (requirements N3, S4).

    Legal knowledge as data, with its source and how sure that is: a user edits it, the engine keeps
    it. All rules that match a number hold, so the strictest wins. What somebody read ships switched
    on, what was heard of it switched off.
    """

    _name = "ecm.region.rule"
    _description = "Region Rule"
    _inherit = ["ecm.logged.mixin", "ecm.day.windows.mixin", "mail.thread"]
    _order = "country_id, name, id"

    name = fields.Char(
        required=True, tracking=True, help="Shown as the reason when a contact has to wait."
    )
    active = fields.Boolean("Switched on", default=True, tracking=True)
    country_id = fields.Many2one(
        "res.country",
        tracking=True,
        help="The rule is about numbers of this country. Empty: about the beginnings of numbers "
        "alone.",
    )
    state = fields.Char(
        "State or region",
        tracking=True,
        help="About contacts whose state is one of these, whatever their number: Florida, FL.",
    )
    prefixes = fields.Text(
        "Beginnings of numbers",
        tracking=True,
        help="About numbers that begin so, for example +1305 +1786.",
    )
    zips = fields.Text(
        "Beginnings of postal codes",
        tracking=True,
        help="About contacts whose postal code begins so: 320-339, 341.",
    )
    channel = fields.Selection(
        "_get_channel_choices",
        required=True,
        default="all",
        tracking=True,
    )
    purpose = fields.Selection(
        [("all", "Every campaign"), ("marketing", "Marketing"), ("debt", "Debt collection")],
        "Campaigns",
        required=True,
        default="all",
        tracking=True,
        help="The rule holds for campaigns of this purpose.",
    )
    date_from = fields.Date("In force from", tracking=True)
    date_to = fields.Date("In force to", tracking=True, help="The last day. Empty: until changed.")
    consent = fields.Selection(
        [
            ("nothing", "Nothing"),
            ("hours", "The days and hours"),
            ("everything", "The whole rule"),
        ],
        "Consent lifts",
        required=True,
        default="nothing",
        tracking=True,
        help="What does not hold for contacts that have agreed to be called.",
    )
    has_hours = fields.Boolean("Limits the hours", default=True, tracking=True)
    weekday_hours = fields.Char("Monday to Friday", default="08:00–21:00", tracking=True)
    saturday_hours = fields.Char("Saturday", default="08:00–21:00", tracking=True)
    sunday_hours = fields.Char("Sunday", default="08:00–21:00", tracking=True)
    holidays = fields.Selection(
        [("open", "Like other days"), ("closed", "Closed")],
        "Public holidays",
        required=True,
        default="open",
        tracking=True,
    )
    holiday_region_id = fields.Many2one(
        "ecm.holiday.region",
        "Holidays of",
        tracking=True,
        domain="[('country_id', '=', country_id)]",
        help="Empty: those that all of the country has.",
    )
    hours_summary = fields.Char("Allowed hours", compute="_compute_hours_summary")
    limit_ids = fields.One2many("ecm.region.rule.limit", "rule_id", "Limits", copy=True)
    limits_summary = fields.Char("How often", compute="_compute_limits_summary")
    certainty = fields.Selection(
        [
            ("read", "Its text was read"),
            ("secondhand", "Second-hand"),
            ("own", "Your own"),
        ],
        "How sure",
        required=True,
        default="own",
        tracking=True,
        help="Its text was read: the statute, the regulator's text or a copy. Second-hand: press, "
        "law firms, vendors; compare with the law before you switch it on.",
    )
    source = fields.Text(tracking=True, help="The law or the document that says so.")
    source_url = fields.Char("Link")
    checked_on = fields.Date(
        "Checked on",
        tracking=True,
        help="When somebody last compared the rule with its source. Empty: never.",
    )

    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A rule ends after it begins.",
    )

    @api.model
    def _get_channel_choices(self):
        """What a rule may be about: every channel, or one of them."""
        labels = dict(self.env["ecm.engine"]._get_channels())
        # Laws know these two, whether or not a module brings them.
        labels["voice"] = self.env._("Calls")
        labels["sms"] = self.env._("Text messages")
        return [("all", self.env._("Calls and text messages")), *labels.items()]

    @api.constrains("country_id", "prefixes", "state", "zips", "holidays")
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
            rule._get_zips()
            rule._check_holidays()

    def _check_holidays(self):
        if self.holidays == "closed" and self.country_id.code not in get_countries():
            raise ValidationError(
                self.env._(
                    "The public holidays of %s are not known here: choose another country, or let "
                    "holidays be like other days.",
                    self.country_id.name or self.env._("no country"),
                )
            )

    @api.constrains(*DAY_FIELDS)
    def _check_hours(self):
        for rule in self:
            rule._get_hours()

    @api.onchange(*DAY_FIELDS)
    def _onchange_hours(self):
        self._show_windows(DAY_FIELDS)

    @api.depends("has_hours", "holidays", *DAY_FIELDS)
    def _compute_hours_summary(self):
        for rule in self:
            rule.hours_summary = rule._get_hours_text()

    @api.depends("limit_ids.summary")
    def _compute_limits_summary(self):
        for rule in self:
            rule.limits_summary = "; ".join(rule.limit_ids.mapped("summary"))

    def _get_hours_text(self):
        """The hours in words, such as ``Mon–Fri 08:00–21:00; Sat–Sun closed``."""
        if not self.has_hours:
            return self.env._("Any time")
        texts = [self[day] or self.env._("closed") for day in WEEK_FIELDS]
        if len(set(texts)) == 1:
            text = self.env._("Every day %s", texts[0])
        else:
            text = write_week(texts, get_day_names(self.env))
        if self.holidays == "closed":
            text = self.env._("%s; not on public holidays", text)
        return text

    # -- what the engine reads --------------------------------------------------------------------

    @api.model
    @ormcache("day", "purpose", "has_consent")
    def _get_rules(self, day, purpose="marketing", has_consent=False):
        """The rules that are switched on, as values, as far as they hold for a campaign; shared by
        everybody.

        :param date day: of UTC
        :param purpose: the campaign's
        :param has_consent: whether its contacts have all agreed to be called
        :rtype: tools.region_rules.RegionRules
        """
        values = self.sudo().search([])._get_values(day)
        return RegionRules(choose_rules(values, day, purpose, has_consent))

    def _get_values(self, day):
        """:rtype: list of tools.region_rules.RegionRule"""
        return [rule._get_value(day) for rule in self]

    def _get_value(self, day):
        """:param day: whose holidays around it are wanted
        :rtype: tools.region_rules.RegionRule
        """
        self.ensure_one()
        known = dict(self.env["ecm.engine"]._get_channels())
        return RegionRule(
            id=self.id,
            name=self.name,
            country=self.country_id.code or "",
            prefixes=self._get_prefixes(),
            regions=parse_names(self.state),
            zips=self._get_zips(),
            # Laws about all channels hold for those that a module brings, too.
            channels=self._get_single_channel() or frozenset(known),
            hours=self._get_hours(),
            holidays=self._get_holiday_ranges(day),
            limits=tuple(line._get_limit() for line in self.limit_ids),
            purpose="" if self.purpose == "all" else self.purpose,
            since=self.date_from or None,
            until=self.date_to or None,
            consent=self.consent,
        )

    def _get_single_channel(self):
        """The one channel that the rule is about, as a set; None for all."""
        return None if self.channel == "all" else frozenset({self.channel})

    def _get_prefixes(self):
        return tuple(filter(None, SEPARATORS.split(self.prefixes or "")))

    def _get_zips(self):
        try:
            return parse_beginnings(self.zips)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "%s is not how postal codes begin. Write 320-339, or several with commas.",
                    error,
                )
            ) from error

    def _get_hours(self):
        """:return: ``tools.calling_hours.WeeklyHours``, ``None`` when any time is allowed"""
        if not self.has_hours:
            return None
        hours = WeeklyHours.of(self._get_week(WEEK_FIELDS))
        return None if hours.is_always else hours

    def _get_holiday_ranges(self, day):
        """Public holidays around a day, as closed ranges of the local clock."""
        if self.holidays != "closed":
            return ()
        first, last = day - HOLIDAYS_BEFORE, day + HOLIDAYS_AFTER
        country, region = self.country_id.code, self.holiday_region_id.code
        days = []
        for holiday in get_holidays(country, region, first.year, last.year):
            midnight = datetime.combine(holiday.day, time.min)
            days.append((midnight, midnight + A_DAY))
        return ranges(days)

    # -- the life of a rule -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._store_windows(vals, DAY_FIELDS)
        rules = super().create(vals_list)
        self._on_changed()
        return rules

    def write(self, vals):
        self._store_windows(vals, DAY_FIELDS)
        result = super().write(vals)
        self._on_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_own(self):
        """What the module brought stays: its next version would bring a deleted rule back, as it
        was.
        """
        shipped = self.sudo().get_external_id()
        for rule in self:
            if shipped[rule.id].startswith("ecm_"):
                raise UserError(self.env._("%s: switch it off instead.", rule.name))

    def unlink(self):
        result = super().unlink()
        self._on_changed()
        return result

    @api.model
    def _on_changed(self):
        """Other rules hold: nobody goes by those that were read, and what waits is looked at."""
        self.env.registry.clear_cache()
        self.env["ecm.campaign"]._note_changed_region_rules()

    def action_mark_checked(self):
        """Note that the rule was compared with its source today."""
        self.write({"checked_on": fields.Date.context_today(self)})
        return True
