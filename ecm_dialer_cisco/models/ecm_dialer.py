import contextlib
import hashlib
import logging
import os
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config

from ..clients import exceptions
from ..clients.uccx import UccxClient, UccxConfig
from odoo.addons.ecm_campaign.actions import notify, open_window
from odoo.addons.ecm_campaign.const import ADMINISTRATOR
from odoo.addons.ecm_campaign.exceptions import ChannelError
from odoo.addons.ecm_campaign.tools import odbc

_logger = logging.getLogger(__name__)

# What a test of the connection depends on.
CONNECTION_FIELDS = {
    "host",
    "host_2",
    "port",
    "tls_mode",
    "tls_certificate",
    "user",
    "password_secret",
    "results_connection",
    "results_password_secret",
}
# What tells one dialer and its results from another.
IDENTITY_FIELDS = ("provider", "host", "port", "results_connection")


class EcmDialer(models.Model):
    """A Cisco system that places calls (requirements F1, F2, F5, F8)."""

    _name = "ecm.dialer"
    _description = "Dialer"
    _inherit = ["mail.thread", "mail.activity.mixin", "ecm.secret.mixin"]
    _order = "name, id"
    _secrets = ("password", "results_password")
    _connection_secrets = {"results_connection": "results_password"}

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    provider = fields.Selection([("uccx", "Cisco UCCX")], required=True, default="uccx")
    is_enabled = fields.Boolean(
        "Switched on",
        tracking=True,
        copy=False,
        help="Off: nothing is sent to it and no results are read.",
    )
    host = fields.Char(
        required=True,
        tracking=True,
        help="The publisher node: never the address of a load balancer.",
    )
    host_2 = fields.Char(
        "Second node", tracking=True, help="Asked when the first node cannot be reached."
    )
    port = fields.Integer(default=443, required=True, tracking=True)
    tls_mode = fields.Selection(
        [
            ("system", "Signed by a known authority"),
            ("certificate", "Trust the certificate below"),
            ("none", "Do not check"),
        ],
        "Certificate",
        required=True,
        default="system",
        tracking=True,
        help="UCCX mostly has a self-signed certificate: paste it below. Without a check anybody on the network can "
        "pose as the dialer.",
    )
    tls_certificate = fields.Text(
        "Trusted certificate", groups=ADMINISTRATOR, help="PEM text, -----BEGIN CERTIFICATE-----"
    )
    user = fields.Char(
        tracking=True, groups=ADMINISTRATOR, help="A UCCX application administrator."
    )
    results_connection = fields.Char(
        "Results database",
        groups=ADMINISTRATOR,
        help="ODBC connection string of db_cra, without the password. For example: DRIVER={IBM INFORMIX ODBC DRIVER "
        "(64-bit)};HOST=uccx1;SERVER=uccx1_uccx;SERVICE=1504;PROTOCOL=onsoctcp;DATABASE=db_cra;UID=uccxhruser;"
        "CLIENT_LOCALE=en_US.UTF8;DB_LOCALE=en_US.UTF8. The connection is not encrypted by UCCX: keep it on a "
        "protected network.",
    )
    results_password = fields.Char(
        "Results password",
        compute="_compute_secrets",
        inverse="_inverse_results_password",
        groups=ADMINISTRATOR,
        copy=False,
        exportable=False,
        help="Never shown again. Write env:ECM_NAME to take it from the server's environment variable "
        "ECM_NAME; its name must begin with ECM_.",
    )
    results_password_secret = fields.Char(groups=fields.NO_ACCESS, copy=False, exportable=False)

    max_active_campaigns = fields.Integer(
        "Active campaigns at most",
        default=15,
        required=True,
        help="UCCX runs 15 outbound campaigns at a time.",
    )
    max_contacts_per_campaign = fields.Integer(
        "Contacts per campaign at most",
        default=10000,
        required=True,
        help="UCCX 8 to 12 holds 10,000 active contacts per campaign, 12.5 SU1 and later 100,000.",
    )
    contacts_at_dialer = fields.Integer(
        "Contacts to keep at the dialer",
        default=1000,
        required=True,
        help="Per Cisco campaign. Fewer contacts follow a changed schedule or do-not-contact list sooner; the dialer "
        "must have enough for a few minutes.",
    )
    rows_per_request = fields.Integer(
        "Rows per request",
        default=500,
        required=True,
        help="500 is safe for redundant systems; UCCX takes up to 10,000.",
    )
    connect_timeout = fields.Integer("Connect time-out (s)", default=5, required=True)
    read_timeout = fields.Integer("Answer time-out (s)", default=30, required=True)
    import_timeout = fields.Integer(
        "Import time-out (s)",
        default=120,
        required=True,
        help="How long the dialer may take to import one request.",
    )

    dialer_campaign_ids = fields.One2many(
        "ecm.dialer.campaign", "dialer_id", string="Cisco campaigns", readonly=True
    )
    dialer_campaign_count = fields.Integer(compute="_compute_dialer_campaign_count")
    tested_at = fields.Datetime(
        "Connection tested on",
        readonly=True,
        copy=False,
        help="Empty when it failed or was changed since.",
    )
    watermark = fields.Char(
        readonly=True, copy=False, groups=ADMINISTRATOR, help="Up to where the results were read."
    )
    last_sync_at = fields.Datetime("Results read", readonly=True, copy=False)
    last_sync_count = fields.Integer("Results last time", readonly=True, copy=False)
    last_late_sync_at = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Char("Last problem", readonly=True, copy=False)

    _limits_positive = models.Constraint(
        "CHECK(max_active_campaigns > 0 AND max_contacts_per_campaign > 0 AND contacts_at_dialer > 0 "
        "AND connect_timeout > 0 AND read_timeout > 0 AND import_timeout > 0 AND port BETWEEN 1 AND 65535)",
        "Limits and time-outs are greater than 0.",
    )
    _rows_limited = models.Constraint(
        "CHECK(rows_per_request BETWEEN 1 AND 10000)",
        "A request carries between 1 and 10,000 rows.",
    )

    @api.constrains("host", "host_2")
    def _check_hosts(self):
        for host in (name for dialer in self for name in (dialer.host, dialer.host_2) if name):
            if any(character in host for character in "/@?#\\ "):
                raise ValidationError(
                    self.env._("%s is not a host name: leave out https:// and any path.", host)
                )

    @api.depends("dialer_campaign_ids.is_missing")
    def _compute_dialer_campaign_count(self):
        for dialer in self:
            dialer.dialer_campaign_count = len(
                dialer.dialer_campaign_ids.filtered(lambda target: not target.is_missing)
            )

    def write(self, vals):
        if vals.keys() & CONNECTION_FIELDS:
            vals = {"tested_at": False, **vals}
        # An archived dialer is in no list of those whose results are read: it gets nothing either.
        if not vals.get("active", True):
            vals = {**vals, "is_enabled": False}
        moved = self.filtered(lambda dialer: dialer._is_moved(vals))
        result = super().write(vals)
        # Ids of another database tell nothing of how far this one was read.
        if moved:
            super(EcmDialer, moved.sudo()).write({"watermark": False, "last_late_sync_at": False})
        return result

    def _is_moved(self, vals):
        """Whether these values make it another dialer: other contacts, other ids of results."""
        changed = [name for name in IDENTITY_FIELDS if name in vals]
        return any(vals[name] != self[name] for name in changed)

    def _inverse_results_password(self):
        self._store_secret("results_password")

    # -- client ---------------------------------------------------------------------------------------

    def _get_client_class(self):
        """The client of this provider; CCE and others extend it."""
        return UccxClient

    def _get_client(self):
        """A client for this dialer; cheap.

        :rtype: clients.base.DialerClient
        """
        self.ensure_one()
        dialer = self.sudo()
        return dialer._get_client_class()(
            dialer._prepare_client_config(),
            connect=dialer._get_connect(),
            error_text=odbc.error_text,
        )

    def _prepare_client_config(self):
        return UccxConfig(
            hosts=tuple(filter(None, (self.host, self.host_2))),
            port=self.port,
            user=self.user or "",
            password=self._get_secret(),
            verify_tls=self._get_verify(),
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            import_timeout=self.import_timeout,
            rows_per_request=self.rows_per_request,
            key_prefixes=tuple(self.env["ecm.attempt"]._get_known_prefixes()),
            open_horizon=self._get_patience(),
        )

    def _get_patience(self):
        """How long any campaign of this dialer waits for a result, in seconds."""
        hours = self.dialer_campaign_ids.campaign_ids.mapped("dangling_hours")
        return 3600 * max(hours, default=24)

    def _get_verify(self):
        """What ``requests`` takes: whether to check the certificate, or the file of those to trust."""
        if self.tls_mode == "certificate" and self.tls_certificate:
            return self._write_certificate()
        return self.tls_mode != "none"

    def _write_certificate(self):
        text = self.tls_certificate.encode()
        folder = Path(config["data_dir"]) / "ecm_dialer_cisco"
        path = folder / f"{hashlib.sha256(text).hexdigest()}.pem"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_bytes(text)
            draft.replace(path)
        return str(path)

    def _get_connect(self):
        """What opens a DB-API connection to the dialer's results, ``None`` where there is none."""
        if not self.results_connection:
            return None
        text = odbc.add_password(self.results_connection, self._get_secret("results_password"))
        timeout = self.read_timeout
        return lambda: odbc.connect(text, timeout)

    @contextlib.contextmanager
    def _user_errors(self, is_free=True):
        """Show a dialer's failure to the person who pressed the button.

        :param is_free: False when another process works with the dialer at this moment
        """
        if not is_free:
            raise UserError(
                self.env._("The dialer is busy with another request. Try again in a minute.")
            )
        try:
            yield
        except (exceptions.DialerError, ChannelError) as error:
            raise UserError(str(error)) from error

    # -- buttons --------------------------------------------------------------------------------------

    def action_test_connection(self):
        """Ask the dialer's interface and its database, and say what answers."""
        self.ensure_one()
        self.check_access("write")
        health = self._get_client().health()
        self.tested_at = health.ok and fields.Datetime.now()
        return notify(health.message, "success" if health.ok else "danger", sticky=not health.ok)

    def action_fetch_campaigns(self):
        """Mirror the dialer's campaigns (requirement C2)."""
        self.check_access("read")
        for dialer in self:
            with dialer._user_errors():
                dialer._mirror_campaigns()
        count = len(self.dialer_campaign_ids.filtered(lambda target: not target.is_missing))
        return notify(self.env._("%s campaigns found on the dialer.", count))

    def _mirror_campaigns(self):
        """:raise clients.exceptions.DialerError: it cannot be asked; the mirror stays as it is"""
        self.ensure_one()
        found = {campaign.key: campaign for campaign in self._get_client().campaigns()}
        mirrored = {target.key: target for target in self.sudo().dialer_campaign_ids}
        for key, campaign in found.items():
            target = mirrored.get(key)
            values = self.env["ecm.dialer.campaign"]._mirror(campaign)
            if target:
                target.write(values)
            else:
                self.env["ecm.dialer.campaign"].sudo().create(
                    {"dialer_id": self.id, "key": key, **values}
                )
        gone = self.sudo().dialer_campaign_ids.filtered(lambda target: target.key not in found)
        gone.write({"is_missing": True})

    def action_sync_results(self):
        """Read the results now, rather than at the next interval."""
        self.ensure_one()
        self.check_access("read")
        with self._user_errors():
            count = self.env["ecm.engine"].sudo()._sync_dialer(self.sudo())
        return notify(self.env._("%s results were read.", count))

    def action_view_campaigns(self):
        """Open the mirrored campaigns."""
        return open_window(
            self.env,
            "ecm_dialer_cisco.ecm_dialer_campaign_action",
            domain=[("dialer_id", "=", self.id)],
        )
