from odoo import api, fields, models
from odoo.exceptions import ValidationError


class EcmStrategyAttempt(models.Model):
    _inherit = "ecm.strategy.attempt"

    sms_template_id = fields.Many2one(
        "sms.template",
        "Message",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('model', '=', 'ecm.contact')]",
        help="Empty: the message of the campaign.",
    )
    reply_hours = fields.Float(
        "Reply awaited for",
        default=24.0,
        required=True,
        help="Hours after which no reply counts as the outcome No reply, whose rule says what "
        "follows.",
    )

    @api.constrains("reply_hours")
    def _check_reply_hours(self):
        if any(attempt.reply_hours <= 0 for attempt in self):
            raise ValidationError(self.env._("Reply awaited for: more than 0 hours."))
