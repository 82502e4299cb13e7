from odoo import api, fields, models

from ...tools.public_holidays import get_countries, get_regions


class EcmHolidayRegion(models.Model):
    """A part of a country with public holidays of its own, such as Bavaria (requirement C4)."""

    _name = "ecm.holiday.region"
    _description = "Region with Own Holidays"
    _order = "name, id"

    name = fields.Char(required=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    country_id = fields.Many2one(
        "res.country", required=True, readonly=True, index=True, ondelete="cascade"
    )

    _code_unique = models.Constraint(
        "UNIQUE(country_id, code)", "Each region stands once in its country."
    )

    @api.model
    def _load(self):
        """Add the regions that this version of the package ``holidays`` knows; called by data."""
        countries = self.env["res.country"].search([("code", "in", list(get_countries()))])
        known = {(region.country_id.id, region.code) for region in self.search([])}
        missing = []
        for country in countries:
            for region in get_regions(country.code):
                if (country.id, region.code) not in known:
                    missing.append({"country_id": country.id, **region._asdict()})
        self.create(missing)
