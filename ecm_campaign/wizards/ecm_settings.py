import secrets

from odoo import fields, models

from ..actions import CLOSE, open_form
from ..const import HEALTH_PARAMETER, HEALTH_TOKEN, MAX_UPLOAD_MB, UPLOAD_PARAMETER


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
    health_feed_minutes = fields.Integer(
        "Sending is late after (min)",
        required=True,
        default=lambda self: self.env["ecm.health"]._get_late_minutes("feed"),
        help="Then the responsible of the campaigns and the administrators are told.",
    )
    health_results_minutes = fields.Integer(
        "Results are late after (min)",
        required=True,
        default=lambda self: self.env["ecm.health"]._get_late_minutes("results"),
    )
    health_job_minutes = fields.Integer(
        "Jobs and files are late after (min)",
        required=True,
        default=lambda self: self.env["ecm.health"]._get_late_minutes("job"),
    )
    health_token = fields.Char(
        "Token for monitoring",
        readonly=True,
        default=lambda self: self._get_health_token(),
        help="For /ecm/health and /ecm/metrics, as Authorization: Bearer …",
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

    _health_positive = models.Constraint(
        "CHECK(health_feed_minutes > 0 AND health_results_minutes > 0 AND health_job_minutes > 0)",
        "Late after: 1 minute or more.",
    )

    def _get_health_token(self):
        return self.env["ir.config_parameter"].sudo().get_param(HEALTH_TOKEN, "")

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
        for name in ("feed", "results", "job"):
            parameters.set_param(HEALTH_PARAMETER % name, self[f"health_{name}_minutes"])
        return dict(CLOSE)

    def action_renew_token(self):
        """Another token for monitoring; the old one ends at once."""
        self.ensure_one()
        self.check_access("write")
        token = secrets.token_urlsafe(32)
        self.env["ir.config_parameter"].sudo().set_param(HEALTH_TOKEN, token)
        self.health_token = token
        name = self.env._("Settings")
        return open_form(self, name=name, target="new")
