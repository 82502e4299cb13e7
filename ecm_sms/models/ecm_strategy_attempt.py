from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Minutes after which something follows: who did not reply was given time for it already.
USUAL_DELAYS = {"sms_no_reply": 0, "sms_failed": 60, "invalid_number": 15}


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

    good_hours = fields.Float(
        "Good for",
        default=0.0,
        required=True,
        help="Hours from when the message is due. Later it is not sent, and the gateway is told to "
        "give up: that is the outcome Message too late, whose rule says what follows; without a "
        "rule the contact closes as Expired. 0: it is always good.",
    )

    @api.constrains("reply_hours", "good_hours")
    def _check_hours(self):
        for attempt in self:
            if attempt.reply_hours <= 0:
                raise ValidationError(self.env._("Reply awaited for: more than 0 hours."))
            if attempt.good_hours < 0:
                raise ValidationError(self.env._("Good for: a number of hours, or 0."))

    @api.model
    def _get_usual_delays(self, channel):
        return USUAL_DELAYS if channel == "sms" else super()._get_usual_delays(channel)
