from odoo import fields, models


class EcmSkipReason(models.Model):
    """Why an agent passes a card on, and when its contact comes back (requirement R7)."""

    _name = "ecm.skip.reason"
    _description = "Reason to Skip"
    _inherit = ["ecm.logged.mixin", "ecm.all.companies.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    delay_minutes = fields.Integer(
        "Comes back after (minutes)",
        default=30,
        required=True,
        help="Nobody gets the contact before.",
    )

    _delay_range = models.Constraint(
        "CHECK(delay_minutes BETWEEN 1 AND 43200)",
        "A contact comes back after 1 minute to 30 days.",
    )
