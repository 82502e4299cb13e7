from odoo import fields, models

from ...const import MAX_UPLOAD_MB, UPLOAD_PARAMETER


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    ecm_max_upload_mb = fields.Integer(
        "Largest file to upload (MB)",
        config_parameter=UPLOAD_PARAMETER,
        default=MAX_UPLOAD_MB,
        help="Of contacts, do-not-contact numbers and withdrawals. 0: as shipped. A proxy before "
        "Odoo may have a limit of its own (nginx: client_max_body_size).",
    )
