from odoo import api, fields, models
from odoo.tools import SQL


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    email_sender_id = fields.Many2one(
        "ecm.email.sender", "E-mail sender", readonly=True, ondelete="restrict"
    )

    # What was sent and has no result.
    _email_open = models.Index(
        "(email_sender_id, state, claimed_at) WHERE email_sender_id IS NOT NULL "
        "AND state IN ('claimed', 'sent')"
    )

    @api.model
    def _get_read_until(self, now):
        # Who does not reply is no missing result: the e-mail's own time ends it.
        return SQL("CASE WHEN a.email_sender_id IS NULL THEN %s END", super()._get_read_until(now))
