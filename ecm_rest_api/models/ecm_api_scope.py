from odoo import fields, models


class EcmApiScope(models.Model):
    """What a key may be used for. Modules ship theirs with the routers that ask for them."""

    _name = "ecm.api.scope"
    _description = "API Scope"
    _order = "code"
    _rec_name = "code"

    code = fields.Char(required=True, readonly=True, help="As routers ask for it: contacts:write.")
    description = fields.Char(required=True, readonly=True, translate=True)

    _code_unique = models.UniqueIndex("(code)", "There is a scope of this name already.")
