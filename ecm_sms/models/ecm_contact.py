from odoo import fields, models

from odoo.addons.ecm_campaign.const import BUSINESS_PARAMETERS


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    sms_message_ids = fields.One2many(
        "ecm.sms.message", "contact_id", string="Messages", readonly=True
    )
    sms_reply_ids = fields.One2many("ecm.sms.reply", "contact_id", string="Replies", readonly=True)
    sms_click_ids = fields.One2many(
        "link.tracker.click", "ecm_contact_id", string="Clicks", readonly=True
    )

    def _get_merge_value(self, name):
        """What stands in a message for a field or business parameter of this contact."""
        if name in BUSINESS_PARAMETERS:
            return (self.business_parameters or {}).get(name)
        return self[name]
