from odoo import fields, models

from odoo.addons.base.models.res_partner import _tz_get


class EcmDialerHours(models.AbstractModel):
    """Between which times the dialer calls anybody: the *Customer Dialing Time Range* of UCCX."""

    _name = "ecm.dialer.hours.mixin"
    _description = "Hours of a Dialer"

    range_start = fields.Char("Customers are called from", readonly=True)
    range_end = fields.Char("Customers are called to", readonly=True)
    tz = fields.Selection(
        _tz_get,
        "Dialer's time zone",
        help="Only where the name that the dialer gives its zone is not understood: its campaigns' "
        "hours are on this clock.",
    )
