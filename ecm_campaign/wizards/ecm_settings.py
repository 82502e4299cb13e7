from odoo import fields, models

from ..actions import CLOSE
from ..const import MAX_UPLOAD_MB, UPLOAD_PARAMETER


class EcmSettings(models.TransientModel):
    """What holds for all campaigns of the database, for the suite's administrators: *Settings* of
    Odoo are its own administrators' (P24, P27).
    """

    _name = "ecm.settings"
    _description = "Settings of Campaigns"

    max_upload_mb = fields.Integer(
        "Largest file to upload (MB)",
        required=True,
        default=lambda self: self._default_max_upload_mb(),
        help="Of contacts, do-not-contact numbers and withdrawals. A proxy before Odoo may have a "
        "limit of its own (nginx: client_max_body_size).",
    )
    key_prefix = fields.Char(
        "Prefix of account numbers",
        compute="_compute_key_prefix",
        help="What this database sends to dialers begins so: two databases on one dialer never "
        "share a key. It changes when a copy of the database is settled.",
    )

    _max_upload_range = models.Constraint(
        "CHECK(max_upload_mb BETWEEN 1 AND 100000)", "A file has 1 to 100,000 MB."
    )

    def _default_max_upload_mb(self):
        value = self.env["ir.config_parameter"].sudo().get_param(UPLOAD_PARAMETER, "")
        is_set = value.isdecimal() and int(value)
        return int(value) if is_set else MAX_UPLOAD_MB

    def _compute_key_prefix(self):
        self.key_prefix = self.env["ecm.attempt"].sudo()._get_key_prefix()

    def action_save(self):
        """Store them; they hold at once."""
        self.ensure_one()
        self.check_access("write")
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(UPLOAD_PARAMETER, self.max_upload_mb)
        return dict(CLOSE)
