from odoo import api, fields, models
from odoo.exceptions import ValidationError

CHANNEL = "email"
# Minutes after which something follows: who did not reply was given time for it already.
USUAL_DELAYS = {"email_no_reply": 0, "email_bounced": 0, "email_no_address": 0}


class EcmStrategyAttempt(models.Model):
    _inherit = "ecm.strategy.attempt"

    email_template_id = fields.Many2one(
        "mail.template",
        "E-mail",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('model', '=', 'ecm.contact')]",
        help="Empty: the e-mail of the campaign.",
    )
    email_ends_on = fields.Selection(
        [
            ("reply", "a reply"),
            ("click", "a reply or a click"),
            ("open", "a reply, a click or an opening"),
        ],
        "Answered by",
        default="click",
        required=True,
        help="What counts as an answer and ends the wait. Mail programs and filters open e-mails, and "
        "some follow links, without anybody reading them.",
    )
    email_reply_hours = fields.Float(
        "Answer awaited for",
        default=24.0,
        required=True,
        help="Hours after which no answer counts as the outcome No reply to e-mail, whose rule says "
        "what follows.",
    )
    email_good_hours = fields.Float(
        "E-mail good for",
        default=0.0,
        required=True,
        help="Hours from when the e-mail is due. Later it is not sent: that is the outcome E-mail too "
        "late, whose rule says what follows; without a rule the contact closes as Expired. 0: it is "
        "always good.",
    )

    @api.constrains("email_reply_hours", "email_good_hours")
    def _check_email_hours(self):
        for attempt in self:
            if attempt.email_reply_hours <= 0:
                raise ValidationError(self.env._("Answer awaited for: more than 0 hours."))
            if attempt.email_good_hours < 0:
                raise ValidationError(self.env._("E-mail good for: a number of hours, or 0."))

    @api.model
    def _get_usual_delays(self, channel):
        return USUAL_DELAYS if channel == CHANNEL else super()._get_usual_delays(channel)
