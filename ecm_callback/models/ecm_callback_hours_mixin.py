from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get
from odoo.addons.ecm_campaign.tools.calling_hours import ALWAYS, Constraint, calling_hours
from odoo.addons.ecm_campaign.tools.campaign_hours import sort_closures
from odoo.addons.ecm_campaign.tools.time_zones import is_zone

SLOT_LENGTHS = [(str(minutes), f"{minutes} min") for minutes in (10, 15, 20, 30, 60)]


class EcmCallbackHoursMixin(models.AbstractModel):
    """Who takes callbacks: in which hours, and how many at once (requirements B2, B10)."""

    _name = "ecm.callback.hours.mixin"
    _description = "Hours for Callbacks"

    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, readonly=False
    )
    hours_id = fields.Many2one(
        "ecm.calling.hours",
        "Opening hours",
        ondelete="restrict",
        check_company=True,
        help="Hours of the week, and holidays on which nobody is there.",
    )
    tz = fields.Selection(
        _tz_get,
        "Time zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="The opening hours are on this clock.",
    )
    slot_length = fields.Selection(
        SLOT_LENGTHS,
        "A slot",
        required=True,
        default="30",
        help="So long a part of the day takes so many callbacks.",
    )
    capacity = fields.Integer("Callbacks in a slot", help="At most; 0: any number.")

    _capacity_range = models.Constraint(
        "CHECK(capacity BETWEEN 0 AND 10000)", "Callbacks in a slot: 0 to 10000."
    )

    @api.constrains("tz")
    def _check_tz(self):
        for record in self:
            if not is_zone(record.tz):
                raise ValidationError(
                    self.env._("This server does not know the time zone %s.", record.tz)
                )

    def _get_hours(self, now):
        """When somebody is there.

        :param now: naive UTC; what was over before is not asked
        :rtype: tools.calling_hours.CallingHours of ``ecm_campaign``
        """
        self.ensure_one()
        calendar = self._get_calendar()
        weekly = self.env["ecm.campaign"]._get_weekly_hours(calendar) if calendar else ALWAYS
        leaves = self.env["resource.calendar.leaves"].sudo().search(self._get_leaves_domain(now))
        # A holiday is whole days, on the clock of whoever wrote it.
        zones = dict.fromkeys([calendar.tz, self.tz, *leaves.create_uid.mapped("tz")])
        closed = [(leave.date_from, leave.date_to) for leave in leaves]
        closures = sort_closures(closed, [zone for zone in zones if is_zone(zone)])
        return calling_hours((Constraint((self.tz,), weekly, *closures),))

    def _get_calendar(self):
        """:return: ``resource.calendar``, with all rights; empty for any time"""
        return self.hours_id.sudo().calendar_id

    def _get_leaves_domain(self, now):
        """Closed times of the calendar, and those of the company that hold for every calendar."""
        if not (calendar := self._get_calendar()):
            return [(0, "=", 1)]
        return [
            ("calendar_id", "in", [False, *calendar.ids]),
            ("resource_id", "=", False),
            ("company_id", "in", [False, self.company_id.id]),
            ("time_type", "=", "leave"),
            # A holiday that is over in UTC may go on somewhere.
            ("date_to", ">=", now.date() - timedelta(days=2)),
        ]
