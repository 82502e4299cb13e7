from odoo import fields, models

from ...tools import phones
from .ecm_import_profile import LENGTHS_ORDERED


class EcmPhoneMode(models.Model):
    """What kind of number a phone of a file holds, and how many digits such a number has
    (requirement L6).
    """

    _name = "ecm.phone.mode"
    _inherit = ["ecm.logged.mixin"]
    _description = "Phone Mode"
    _order = "name, id"

    name = fields.Char(required=True)
    description = fields.Text()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, help="Empty: for every company."
    )
    min_length = fields.Integer(
        "Shortest number",
        default=phones.MIN_LENGTH,
        required=True,
        help="Digits, with the country code and without the plus.",
    )
    max_length = fields.Integer("Longest number", default=phones.MAX_LENGTH, required=True)

    _lengths_ordered = models.Constraint(*LENGTHS_ORDERED)
