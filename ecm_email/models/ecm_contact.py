from odoo import api, fields, models
from odoo.tools import SQL


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    email_message_ids = fields.One2many(
        "ecm.email.message", "contact_id", string="E-mails", readonly=True
    )
    email_reply_ids = fields.One2many(
        "ecm.email.reply", "contact_id", string="Replies by e-mail", readonly=True
    )

    @api.model
    def _erase_linked(self, contact_ids):
        """To whom e-mails went and what they were about; what was answered (N6). That they were
        sent, and what came of them, stays.
        """
        counts = super()._erase_linked(contact_ids)
        ids = list(contact_ids)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_email_message
                      SET email = NULL, subject = NULL, clicked_url = NULL, failure = NULL
                    WHERE contact_id = ANY(%s)""",
                ids,
            )
        )
        counts["ecm.email.message"] = self.env.cr.rowcount
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_email_reply SET email_from = NULL, subject = NULL, text = NULL
                    WHERE contact_id = ANY(%s)""",
                ids,
            )
        )
        counts["ecm.email.reply"] = self.env.cr.rowcount
        self.env["ecm.email.message"].invalidate_model()
        self.env["ecm.email.reply"].invalidate_model()
        return counts
