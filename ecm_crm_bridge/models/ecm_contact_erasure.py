from odoo import api, models
from odoo.tools import SQL


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    @api.model
    def _get_personal_columns(self):
        """Whoever is erased has no link to a customer any more (requirement N6)."""
        return [*super()._get_personal_columns(), "partner_id", "lead_id"]

    @api.model
    def _get_other_condition(self, person):
        """Found by the customer, and by leads of that customer."""
        condition = super()._get_other_condition(person)
        if not person.partner_ids:
            return condition
        ids = sorted(person.partner_ids)
        linked = SQL(
            """(partner_id = ANY(%s)
                OR lead_id IN (SELECT id FROM crm_lead WHERE partner_id = ANY(%s)))""",
            ids,
            ids,
        )
        return SQL("(%s OR %s)", condition, linked) if condition else linked
