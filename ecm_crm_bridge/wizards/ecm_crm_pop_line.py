from odoo import fields, models

from odoo.addons.ecm_campaign.actions import open_form


class EcmCrmPopLine(models.TransientModel):
    """A record that a call may be about."""

    _name = "ecm.crm.pop.line"
    _description = "Record of a Screen Pop"
    _order = "id"

    pop_id = fields.Many2one("ecm.crm.pop", required=True, ondelete="cascade", index=True)
    model = fields.Selection(
        [("crm.lead", "Lead"), ("res.partner", "Customer"), ("ecm.contact", "Contact")],
        string="What",
        required=True,
        readonly=True,
    )
    res_id = fields.Integer("Record", required=True, readonly=True)
    name = fields.Char(readonly=True)
    detail = fields.Char("Details", readonly=True)

    def action_open(self):
        """Open the record."""
        self.ensure_one()
        self.check_access("read")
        record = self.env[self.model].browse(self.res_id)
        record.check_access("read")
        return open_form(record)
