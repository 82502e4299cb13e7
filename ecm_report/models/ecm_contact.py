from odoo import models


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    # Reports of contacts that came in a week; see ``ecm.attempt``.
    _report_added = models.Index("USING brin (added_at) WITH (pages_per_range = 32)")
