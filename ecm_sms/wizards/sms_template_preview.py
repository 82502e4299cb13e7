from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.sms_template import CONTACTS


class SmsTemplatePreview(models.TransientModel):
    """Odoo's own preview of a template, for the messages of campaigns: whose fields it names."""

    _inherit = "sms.template.preview"

    @api.model
    def default_get(self, fields):
        """The first contact shown is one of a campaign that sends the template."""
        values = super().default_get(fields)
        template_id = self.env.context.get("default_sms_template_id")
        template = self.env["sms.template"].browse(template_id)
        if template.model == CONTACTS and values.get("resource_ref"):
            steps = Domain("strategy_id.attempt_ids.sms_template_id", "=", template.id)
            sent_by = Domain("sms_template_id", "=", template.id) | steps
            campaigns = self.env["ecm.campaign"].search(sent_by)
            contacts = self.env["ecm.contact"]
            if contact := contacts.search([("campaign_id", "in", campaigns.ids)], limit=1):
                values["resource_ref"] = f"{CONTACTS},{contact.id}"
        return values

    @api.depends("lang", "resource_ref")
    def _compute_sms_template_fields(self):
        for preview in self:
            try:
                super(SmsTemplatePreview, preview)._compute_sms_template_fields()
            except UserError as error:
                # Another contact may have what this one's campaign has not.
                preview.body = str(error)
