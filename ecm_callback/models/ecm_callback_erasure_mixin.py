from odoo import api, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.tools.erasure import ERASED

PERSONAL_FIELDS = ("first_name", "last_name", "account_number", "email", "tz", "note")


class EcmCallbackErasure(models.AbstractModel):
    """Callbacks are made anonymous: that one was promised and kept is evidence (requirement N6)."""

    _name = "ecm.callback.erasure.mixin"
    _description = "Erasure of Callbacks"
    _inherit = ["ecm.erasable.mixin"]

    @api.model
    def _find_person(self, person):
        """Whoever asked for it, with or without a contact of a campaign."""
        return SQL(
            """SELECT id FROM ecm_callback
                WHERE company_id = ANY(%s) AND number <> %s
                  AND (number = ANY(%s) OR lower(btrim(email)) = ANY(%s)
                       OR account_number = ANY(%s) OR partner_id = ANY(%s))""",
            sorted(person.company_ids),
            ERASED,
            sorted(person.numbers),
            sorted(person.emails),
            sorted(person.keys),
            sorted(person.partner_ids),
        )

    @api.model
    def _erase_ids(self, ids):
        """Open ones are cancelled; notes and chatter go."""
        callbacks = self.sudo().browse(ids).exists().filtered(lambda one: one.number != ERASED)
        if not callbacks:
            return {}
        callbacks._close("cancel")
        callbacks._note(
            {
                "number": ERASED,
                "partner_id": False,
                "cancel_reason": False,
                **dict.fromkeys(PERSONAL_FIELDS, False),
            }
        )
        callbacks.activity_ids.unlink()
        callbacks.message_ids.unlink()
        return {self._name: len(callbacks)}
