from odoo import api, models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    # Only the gateway's own code calls it, and no other system.
    @api.private
    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        """An answer to a campaign's e-mail belongs to its contact, and to no other record."""
        replies = self.env["ecm.email.reply"].sudo()
        if not message_dict.get("is_bounce") and replies._take(message, message_dict):
            return []
        return super().message_route(message, message_dict, model, thread_id, custom_values)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        self.env["ecm.email.message"].sudo()._take_bounce(email_message)
        return super()._routing_handle_bounce(email_message, message_dict)
