from odoo import api, fields, models
from odoo.tools import SQL


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    sms_gateway_id = fields.Many2one(
        "ecm.sms.gateway", "SMS gateway", readonly=True, ondelete="restrict"
    )

    # What a gateway was sent and has no result.
    _sms_open = models.Index(
        "(sms_gateway_id, state, claimed_at) WHERE sms_gateway_id IS NOT NULL "
        "AND state IN ('claimed', 'sent')"
    )

    @api.model
    def _get_read_until(self, now):
        # Who does not reply is no missing result: the message's own time ends it.
        return SQL("CASE WHEN a.sms_gateway_id IS NULL THEN %s END", super()._get_read_until(now))
