from odoo import fields, models


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    sms_message_ids = fields.One2many(
        "ecm.sms.message", "contact_id", string="Messages", readonly=True
    )
    sms_reply_ids = fields.One2many("ecm.sms.reply", "contact_id", string="Replies", readonly=True)
