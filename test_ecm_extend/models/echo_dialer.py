from odoo import fields, models

from ..echo_client import EchoClient


class EcmDialer(models.Model):
    _inherit = "ecm.dialer"

    provider = fields.Selection(selection_add=[("echo", "Echo")], ondelete={"echo": "cascade"})

    def _get_client_class(self):
        return EchoClient if self.provider == "echo" else super()._get_client_class()


class EcmOutcomeMapping(models.Model):
    _inherit = "ecm.outcome.mapping"

    provider = fields.Selection(selection_add=[("echo", "Echo")], ondelete={"echo": "cascade"})
