from odoo import fields, models


class EcmTeam(models.Model):
    """A team of agents as the dialer has it: who takes the calls of campaigns and groups
    (requirement C7).
    """

    _name = "ecm.team"
    _description = "Agent Team"
    _order = "name, id"

    name = fields.Char(required=True)
    color = fields.Integer()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", help="Empty: for every company.", default=lambda self: self.env.company
    )

    _name_unique = models.UniqueIndex(
        "(company_id, name)", "There is already a team with this name."
    )
