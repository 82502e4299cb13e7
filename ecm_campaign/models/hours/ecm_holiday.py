from odoo import api, fields, models


class EcmHoliday(models.Model):
    """Days on which nobody is called in some calling hours (requirement C4): dates of whoever is
    called.
    """

    _name = "ecm.holiday"
    _inherit = ["ecm.logged.mixin"]
    _description = "Holiday"
    _order = "date_from, id"

    name = fields.Char(required=True)
    hours_id = fields.Many2one(
        "ecm.calling.hours", "Calling hours", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="hours_id.company_id", store=True)
    date_from = fields.Date("Date", required=True)
    date_to = fields.Date(
        "Last day",
        compute="_compute_date_to",
        precompute=True,
        store=True,
        readonly=False,
        required=True,
        help="The same day, or a later one where several days are closed.",
    )
    country_id = fields.Many2one(
        "res.country", readonly=True, help="Whose public holiday was loaded. Empty: by hand."
    )
    is_past = fields.Boolean(compute="_compute_is_past")

    _ordered = models.Constraint(
        "CHECK(date_to >= date_from)", "A holiday ends on the day on which it begins, or later."
    )

    @api.depends("date_from")
    def _compute_date_to(self):
        for holiday in self:
            if not holiday.date_to or holiday.date_to < holiday.date_from:
                holiday.date_to = holiday.date_from

    @api.depends("date_to")
    def _compute_is_past(self):
        today = fields.Date.context_today(self)
        for holiday in self:
            holiday.is_past = bool(holiday.date_to and holiday.date_to < today)

    @api.model_create_multi
    def create(self, vals_list):
        holidays = super().create(vals_list)
        holidays.hours_id._write_leaves()
        return holidays

    def write(self, vals):
        before = self.hours_id
        result = super().write(vals)
        # One that moved closes its new hours, and no longer its old ones.
        (before | self.hours_id)._write_leaves()
        return result

    def unlink(self):
        hours = self.hours_id
        result = super().unlink()
        hours.exists()._write_leaves()
        return result
