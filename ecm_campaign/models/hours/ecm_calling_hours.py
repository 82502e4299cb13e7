from datetime import datetime, time

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...actions import open_window
from ...formatting import format_day, get_day_names
from ...tools.day_windows import write_week
from ...tools.time_zones import DAY_MINUTES

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL = "09:00–20:00"
# What is written into the calendar underneath.
WRITTEN = {*DAYS, "name", "active", "company_id"}


class EcmCallingHours(models.Model):
    """Weekly hours and holidays that supervisors keep (requirement C4), without any right on the
    calendars of HR.

    A ``resource.calendar`` lies underneath, which the campaigns read; it belongs to these hours and
    follows them. It has no zone of its own that matters: the hours are on the clock of the campaign
    or of its contacts, and a holiday is a date there.
    """

    _name = "ecm.calling.hours"
    _description = "Calling Hours"
    _inherit = ["ecm.logged.mixin", "ecm.copy.name.mixin", "ecm.day.windows.mixin", "mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, help="Empty: for all companies."
    )
    monday = fields.Char(default=USUAL, tracking=True)
    tuesday = fields.Char(default=USUAL, tracking=True)
    wednesday = fields.Char(default=USUAL, tracking=True)
    thursday = fields.Char(default=USUAL, tracking=True)
    friday = fields.Char(default=USUAL, tracking=True)
    saturday = fields.Char(default=USUAL, tracking=True)
    sunday = fields.Char(tracking=True)
    summary = fields.Char("Hours", compute="_compute_summary")
    holiday_ids = fields.One2many("ecm.holiday", "hours_id", string="Holidays", copy=True)
    next_holiday = fields.Char("Next holiday", compute="_compute_next_holiday")
    campaign_count = fields.Integer("Campaigns", compute="_compute_campaign_count")
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working schedule",
        ondelete="restrict",
        index=True,
        readonly=True,
        copy=False,
        help="Lies underneath and follows these hours.",
    )

    _calendar_unique = models.Constraint(
        "UNIQUE(calendar_id)", "A working schedule belongs to one set of calling hours."
    )

    @api.constrains(*DAYS)
    def _check_days(self):
        for hours in self:
            hours._get_week(DAYS)

    @api.onchange(*DAYS)
    def _onchange_days(self):
        self._show_windows(DAYS)

    @api.depends(*DAYS)
    def _compute_summary(self):
        for hours in self:
            hours.summary = hours._get_summary()

    @api.depends("holiday_ids.date_from", "holiday_ids.date_to", "holiday_ids.name")
    def _compute_next_holiday(self):
        today = fields.Date.context_today(self)
        for hours in self:
            coming = hours.holiday_ids.filtered(lambda day: day.date_to and day.date_to >= today)
            first = coming.sorted("date_from")[:1]
            hours.next_holiday = (
                f"{first.name}, {format_day(self.env, first.date_from)}" if first else False
            )

    def _compute_campaign_count(self):
        grouped = self.env["ecm.campaign"]._read_group(
            [("calendar_id", "in", self.sudo().calendar_id.ids)], ["calendar_id"], ["__count"]
        )
        counts = {calendar.id: count for calendar, count in grouped}
        for hours in self:
            hours.campaign_count = counts.get(hours.sudo().calendar_id.id, 0)

    def _get_summary(self):
        """The week in words, alike days together: ``Mon–Fri 09:00–20:00; Sat–Sun closed``."""
        texts = [self[day] or self.env._("closed") for day in DAYS]
        return write_week(texts, get_day_names(self.env))

    def _is_holiday(self, day):
        """Whether nobody is called on a date."""
        self.ensure_one()
        return any(holiday.date_from <= day <= holiday.date_to for holiday in self.holiday_ids)

    # -- the calendar underneath ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._prepare_days(vals)
        records = super().create(vals_list)
        records._write_calendar()
        return records

    def write(self, vals):
        self._prepare_days(vals)
        result = super().write(vals)
        if WRITTEN.intersection(vals):
            self._write_calendar()
        return result

    def _prepare_days(self, vals):
        """Store hours as they are shown; nobody but the system names the calendar underneath."""
        # It is written with the system's rights: any other would be one of HR's.
        if vals.get("calendar_id") and not self.env.su:
            raise AccessError(self.env._("The working schedule underneath cannot be chosen."))
        self._store_windows(vals, DAYS)

    def _write_calendar(self):
        """Make the calendars say what these hours say."""
        calendars = self.env["resource.calendar"].sudo()
        for hours in self.sudo():
            values = hours._prepare_calendar()
            if hours.calendar_id:
                hours.calendar_id.write(values)
            else:
                hours.calendar_id = calendars.create(values)
        self._write_leaves()

    def _prepare_calendar(self):
        lines = []
        for weekday, start, end in self._get_week(DAYS):
            if end > start:
                lines.append((weekday, start, end))
                continue
            # A calendar's windows end with their day.
            lines += [(weekday, start, DAY_MINUTES), ((weekday + 1) % 7, 0, end)]
        return {
            "name": self.name,
            "active": self.active,
            "company_id": self.company_id.id,
            "tz": "UTC",
            "attendance_ids": [Command.clear(), *map(self._prepare_attendance, lines)],
        }

    def _prepare_attendance(self, window):
        weekday, start, end = window
        return Command.create(
            {
                "name": self.name,
                "dayofweek": str(weekday),
                "hour_from": start / 60,
                "hour_to": end / 60,
                "day_period": "full_day",
            }
        )

    def _write_leaves(self):
        """Make the calendars' closed days those of the holidays."""
        for hours in self.sudo():
            leaves = [hours._prepare_leave(holiday) for holiday in hours.holiday_ids]
            hours.calendar_id.leave_ids.filtered(lambda leave: not leave.resource_id).unlink()
            self.env["resource.calendar.leaves"].sudo().create(leaves)

    def _prepare_leave(self, holiday):
        # Whole days of the calendar's zone, which the campaigns read as dates.
        return {
            "name": holiday.name,
            "calendar_id": self.calendar_id.id,
            "company_id": self.company_id.id,
            "date_from": datetime.combine(holiday.date_from, time.min),
            "date_to": datetime.combine(holiday.date_to, time(23, 59, 59)),
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_used(self):
        every = self.env["ecm.campaign"].sudo().with_context(active_test=False)
        for hours in self:
            calendar_id = hours.sudo().calendar_id.id
            keeps_it = Domain.OR(
                Domain(name, "=", calendar_id) for name in every._get_calendar_fields()
            )
            if every.search_count(keeps_it, limit=1):
                raise UserError(
                    self.env._(
                        "%s: campaigns call in these hours. Give them others first, or archive "
                        "these.",
                        hours.name,
                    )
                )

    def unlink(self):
        calendars = self.sudo().calendar_id
        result = super().unlink()
        calendars.unlink()
        return result

    # -- buttons ----------------------------------------------------------------------------------

    def action_copy_monday(self):
        """Tuesday to Friday as on Monday."""
        for hours in self:
            hours.write(dict.fromkeys(DAYS[1:5], hours.monday))
        return True

    def action_load_holidays(self):
        """Choose a country whose public holidays are to be loaded."""
        context = {"default_hours_ids": self.ids}
        return open_window(self.env, "ecm_campaign.ecm_holiday_load_action", context=context)

    def action_open_holidays(self):
        """These hours' holidays on a calendar."""
        return open_window(
            self.env,
            "ecm_campaign.ecm_holiday_action",
            domain=[("hours_id", "in", self.ids)],
            context={"default_hours_id": self[:1].id},
        )

    def action_open_campaigns(self):
        """Campaigns that call in these hours."""
        return open_window(
            self.env,
            "ecm_campaign.ecm_campaign_action",
            domain=[("calendar_id", "in", self.sudo().calendar_id.ids)],
            context={},
        )
