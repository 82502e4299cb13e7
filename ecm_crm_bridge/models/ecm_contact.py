from odoo import fields, models


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    # With foreign keys, unlike the engine's own references: partners are merged and deleted, and
    # an import without CRM records pays nothing for empty columns.
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        index="btree_not_null",
        ondelete="set null",
        help="The customer whom this contact is about.",
    )
    lead_id = fields.Many2one(
        "crm.lead",
        "Lead",
        index="btree_not_null",
        ondelete="set null",
        help="The lead or opportunity that this contact is about: results are written there.",
    )
