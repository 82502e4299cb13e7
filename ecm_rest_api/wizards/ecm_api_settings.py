from urllib.parse import urlsplit

from odoo import fields, models
from odoo.exceptions import UserError

from ..const import DEFAULTS, PARAMETER
from ..tools.receivers import Allowed
from odoo.addons.ecm_campaign.actions import CLOSE


class EcmApiSettings(models.TransientModel):
    """What holds for all keys of the database."""

    _name = "ecm.api.settings"
    _description = "Settings of the REST API"

    rate_limit = fields.Integer(
        "Calls a minute and key",
        required=True,
        default=lambda self: self._get_setting("rate_limit"),
        help="Unless the key has a limit of its own.",
    )
    max_body_kb = fields.Integer(
        "Largest body (kB)", required=True, default=lambda self: self._get_setting("max_body_kb")
    )
    max_bulk_kb = fields.Integer(
        "Largest body of many contacts (kB)",
        required=True,
        default=lambda self: self._get_setting("max_bulk_kb"),
    )
    max_file_mb = fields.Integer(
        "Largest file (MB)",
        required=True,
        default=lambda self: self._get_setting("max_file_mb"),
        help="Of a file of contacts that another system sends. It is in memory as a whole.",
    )
    event_days = fields.Integer(
        "Keep results for (days)",
        required=True,
        default=lambda self: self._get_setting("event_days"),
        help="That long, other systems can read them in the outcomes feed, and webhooks can be "
        "repeated.",
    )
    webhook_hosts = fields.Char(
        "Own hosts for webhooks",
        default=lambda self: self._get_setting("webhook_hosts"),
        help="Names and networks of yours that webhooks may be sent to, with spaces between them, "
        "such as crm.local 10.20.0.0/16; there http:// is enough. All other private addresses are "
        "refused.",
    )
    replay_hours = fields.Integer(
        "Keep answers for (hours)",
        required=True,
        default=lambda self: self._get_setting("replay_hours"),
        help="That long, a POST that is repeated with its Idempotency-Key gets the same answer.",
    )
    cors_origins = fields.Char(
        "Web pages that may call",
        default=lambda self: self._get_setting("cors_origins"),
        help="Origins with spaces between them, such as https://finesse.example.com:8445. "
        "Empty: no browser calls the API from a page of another server.",
    )
    log_calls = fields.Selection(
        [("all", "All calls"), ("changes", "Changes and errors"), ("errors", "Errors")],
        "Log",
        required=True,
        default=lambda self: self._get_setting("log_calls"),
    )
    log_days = fields.Integer(
        "Keep the log for (days)",
        required=True,
        default=lambda self: self._get_setting("log_days"),
    )
    log_details = fields.Boolean(
        "Log contents",
        default=lambda self: bool(self._get_setting("log_details")),
        help="Paths and bodies, with whatever they say of people. To find out what another system "
        "sends; switch it off afterwards.",
    )

    _positive = models.Constraint(
        "CHECK(rate_limit BETWEEN 1 AND 100000 AND max_body_kb BETWEEN 1 AND 100000"
        " AND max_bulk_kb BETWEEN 1 AND 100000 AND max_file_mb BETWEEN 1 AND 120"
        " AND replay_hours BETWEEN 1 AND 8760 AND log_days BETWEEN 1 AND 3650"
        " AND event_days BETWEEN 1 AND 3650)",
        "Each number is 1 or more: at most 100,000 calls and kB, 120 MB, 8,760 hours, 3,650 days.",
    )

    def _get_setting(self, name):
        return self.env["ecm.api"]._get_setting(name)

    def action_save(self):
        """Store them; they hold from the next call on.

        :raise UserError: what is no origin of a web page, or no host
        """
        self.ensure_one()
        self.check_access("write")
        self._check_origins()
        self._check_hosts()
        parameters = self.env["ir.config_parameter"].sudo()
        for name in DEFAULTS:
            value = self[name]
            parameters.set_param(PARAMETER % name, "1" if value is True else value or False)
        return dict(CLOSE)

    def _check_origins(self):
        for origin in (self.cors_origins or "").split():
            parts = urlsplit(origin)
            is_origin = parts.scheme in ("http", "https") and parts.netloc
            if not is_origin or origin != f"{parts.scheme}://{parts.netloc}":
                raise UserError(
                    self.env._("%s is no origin: it has a scheme, a name and a port.", origin)
                )

    def _check_hosts(self):
        try:
            Allowed.parse(self.webhook_hosts or "")
        except ValueError as error:
            raise UserError(
                self.env._("%s is no name of a host and no network.", error.args[0])
            ) from error
