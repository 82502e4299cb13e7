from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..tools.public_holidays import get_countries, get_holidays

# A year that nobody means would compute for long.
YEARS = (1970, 2100)
MOST_YEARS = 10


class EcmHolidayLoad(models.TransientModel):
    """Loads a country's public holidays into calling hours, after a look at them (requirement C4).
    What is closed already is left out, so it can be loaded again every year.
    """

    _name = "ecm.holiday.load"
    _description = "Load Public Holidays"

    def _default_country_id(self):
        country = self.env.company.country_id
        return country if country.code in get_countries() else False

    hours_ids = fields.Many2many(
        "ecm.calling.hours",
        string="Into the calling hours",
        required=True,
        default=lambda self: self.env["ecm.calling.hours"].search([]),
    )
    country_id = fields.Many2one(
        "res.country",
        required=True,
        default=_default_country_id,
        domain=lambda self: [("code", "in", sorted(get_countries()))],
    )
    region_id = fields.Many2one(
        "ecm.holiday.region",
        "State or region",
        compute="_compute_region_id",
        store=True,
        readonly=False,
        domain="[('country_id', '=', country_id)]",
        help="With the holidays of this region. Empty: only those of all of the country.",
    )
    year_from = fields.Integer(
        "From", required=True, default=lambda self: fields.Date.context_today(self).year
    )
    year_to = fields.Integer(
        "to", required=True, default=lambda self: fields.Date.context_today(self).year + 1
    )
    line_ids = fields.One2many(
        "ecm.holiday.load.line",
        "load_id",
        string="Holidays",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    new_count = fields.Integer(compute="_compute_new_count")

    @api.depends("country_id")
    def _compute_region_id(self):
        for load in self:
            if load.region_id.country_id != load.country_id:
                load.region_id = False

    @api.depends("hours_ids", "country_id", "region_id", "year_from", "year_to")
    def _compute_line_ids(self):
        for load in self:
            lines = [Command.create(values) for values in load._prepare_lines()]
            load.line_ids = [Command.clear(), *lines]

    @api.depends("line_ids.is_chosen", "line_ids.is_known")
    def _compute_new_count(self):
        for load in self:
            load.new_count = len(load._get_chosen())

    def _prepare_lines(self):
        """Today's and coming holidays first of all: those that are over are shown too."""
        lines = []
        hours = self.hours_ids._origin
        for day, name in self._find_holidays():
            # It is loaded into those that lack it.
            is_known = bool(hours) and all(hour._is_holiday(day) for hour in hours)
            lines.append(
                {"date": day, "name": name, "is_known": is_known, "is_chosen": not is_known}
            )
        return lines

    def _find_holidays(self):
        """Those of the country and the years that were chosen; none while the choice is not
        sensible.
        """
        first, last = self.year_from, self.year_to
        is_sensible = YEARS[0] <= first <= last <= YEARS[1] and last - first < MOST_YEARS
        if not self.country_id or not is_sensible:
            return []
        language = self.env.lang or ""
        return get_holidays(self.country_id.code, self.region_id.code, first, last, language)

    def _get_chosen(self):
        return self.line_ids.filtered(lambda line: line.is_chosen and not line.is_known)

    def action_load(self):
        """Add the chosen holidays to each of the calling hours that lacks them."""
        self.ensure_one()
        values = []
        for hours in self.hours_ids:
            for line in self._get_chosen():
                if not hours._is_holiday(line.date):
                    values.append(self._prepare_holiday(hours, line))
        if not values:
            raise UserError(self.env._("There is no new holiday: choose other years or a country."))
        self.env["ecm.holiday"].create(values)
        return self.hours_ids.action_open_holidays()

    def _prepare_holiday(self, hours, line):
        return {
            "hours_id": hours.id,
            "name": line.name,
            "date_from": line.date,
            "date_to": line.date,
            "country_id": self.country_id.id,
        }


class EcmHolidayLoadLine(models.TransientModel):
    """A public holiday that may be loaded."""

    _name = "ecm.holiday.load.line"
    _description = "Public Holiday"
    _order = "date, id"

    load_id = fields.Many2one("ecm.holiday.load", required=True, index=True, ondelete="cascade")
    date = fields.Date(required=True)
    name = fields.Char(required=True)
    is_chosen = fields.Boolean("Add", default=True)
    is_known = fields.Boolean("Closed already")
