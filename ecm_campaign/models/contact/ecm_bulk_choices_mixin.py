from odoo import fields, models

ACTIONS = [
    ("again", "Call again"),
    ("reschedule", "Reschedule"),
    ("reopen", "Reopen"),
    ("priority", "Change priority"),
    ("move", "Move"),
    ("withdraw", "Withdraw"),
]


class EcmBulkChoicesMixin(models.AbstractModel):
    """What a supervisor chooses for a bulk action, and what its job remembers."""

    _name = "ecm.bulk.choices.mixin"
    _description = "Choices of a Bulk Action"
    _check_company_auto = True

    action = fields.Selection(ACTIONS, required=True, default="again")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    campaign_id = fields.Many2one("ecm.campaign", string="Into campaign", check_company=True)
    list_id = fields.Many2one(
        "ecm.contact.list",
        string="Into list",
        domain="[('campaign_id', '=', campaign_id)]",
        check_company=True,
    )
    start_at = fields.Datetime(
        "Not before", help="Calling hours and limits hold all the same. Empty: at once."
    )
    goes_on = fields.Boolean(
        "Go on where they stopped",
        help="Their next step is the one that they had, and what was tried counts. Otherwise they "
        "begin at the chosen step, and only limits count what was tried.",
    )
    start_position = fields.Integer(
        "From step", default=1, help="Place in the strategy of the first attempt."
    )
    priority = fields.Integer(help="Higher is called first where the campaign's order is priority.")
    has_callbacks = fields.Boolean(
        "Callbacks as well",
        help="Customers who asked to be called at a time wait for it otherwise.",
    )
    reason = fields.Char(help="Kept with the action, for whoever asks later.")
