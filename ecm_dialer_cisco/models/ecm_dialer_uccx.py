import hashlib
import uuid
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..clients.failover import AnyOf
from ..clients.uccx import UccxClient, UccxConfig
from ..hooks import certificate_folder
from odoo.addons.ecm_campaign.const import ADMINISTRATOR
from odoo.addons.ecm_campaign.tools import jdbc, odbc

UCCX_CONNECTION_FIELDS = {
    "host_2",
    "port",
    "tls_mode",
    "tls_certificate",
    "results_connection",
    "results_driver",
    "results_url",
    "results_url_2",
    "results_user",
    "results_connection_2",
    "results_password_secret",
}


class EcmDialerUccxMixin(models.AbstractModel):
    """How a Cisco UCCX is reached, and what it can hold (requirements F1, F5, F8)."""

    _name = "ecm.dialer.uccx.mixin"
    _description = "UCCX Connection"
    _inherit = ["mail.thread", "ecm.secret.mixin"]
    _secrets = ("password", "results_password")
    _connection_secrets = {
        "results_connection": "results_password",
        "results_connection_2": "results_password",
    }

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
        help="UCCX mostly has a self-signed certificate: paste it below. Without a check anybody "
        "on the network can pose as the dialer.",
    )
    tls_certificate = fields.Text(
        "Trusted certificate", groups=ADMINISTRATOR, help="PEM text, -----BEGIN CERTIFICATE-----"
    )
    results_driver = fields.Selection(
        [("odbc", "ODBC"), ("jdbc", "JDBC")],
        "Results are read over",
        default="odbc",
        required=True,
        tracking=True,
        help="JDBC needs Java on Odoo's server, Python's package JayDeBeApi, and the jar file of the "
        "driver. It is for servers on which no ODBC driver of Informix works.",
    )
    results_url = fields.Char(
        "JDBC address",
        tracking=True,
        groups=ADMINISTRATOR,
        help="Address of db_cra without user and password, for example jdbc:informix-sqli:"
        "//uccx1:1504/db_cra:INFORMIXSERVER=uccx1_uccx. The connection is not encrypted by UCCX: "
        "keep it on a protected network.",
    )
    results_url_2 = fields.Char(
        "JDBC address, second node",
        tracking=True,
        groups=ADMINISTRATOR,
        help="Asked when the first cannot be reached, with the same user and password. What it has "
        "not copied yet comes later; it may be behind by up to 15 minutes.",
    )
    results_user = fields.Char("Results user", tracking=True, groups=ADMINISTRATOR)
    results_connection = fields.Char(
        "Results database",
        groups=ADMINISTRATOR,
        help="ODBC connection string of db_cra, without the password. For example: DRIVER={IBM "
        "INFORMIX ODBC DRIVER (64-bit)};HOST=uccx1;SERVER=uccx1_uccx;SERVICE=1504;"
        "PROTOCOL=onsoctcp;DATABASE=db_cra;UID=uccxhruser;CLIENT_LOCALE=en_US.UTF8;"
        "DB_LOCALE=en_US.UTF8. The connection is not encrypted by UCCX: keep it on a protected "
        "network.",
    )
    results_connection_2 = fields.Char(
        "Results database, second node",
        groups=ADMINISTRATOR,
        help="Asked when the first cannot be reached, with the same password. What it has not copied "
        "yet comes later; it may be behind by up to 15 minutes.",
    )
    results_password = fields.Char(
        "Results password",
        compute="_compute_secrets",
        inverse="_inverse_results_password",
        groups=ADMINISTRATOR,
        copy=False,
        exportable=False,
        help="Never shown again. Write env:ECM_NAME to take it from the server's environment "
        "variable ECM_NAME; its name must begin with ECM_.",
    )
    results_password_secret = fields.Char(groups=fields.NO_ACCESS, copy=False, exportable=False)

    max_active_campaigns = fields.Integer(
        "Active campaigns at most",
        default=15,
        required=True,
        help="UCCX runs 15 outbound campaigns at a time.",
    )
    preview_hours = fields.Float(
        "Longest preview (hours)",
        default=4.0,
        required=True,
        help="UCCX writes an answered call down when the preview begins, and what the agent made of "
        "it afterwards. It is waited for so long; what comes later still corrects the result.",
    )

    _preview_positive = models.Constraint(
        "CHECK(preview_hours > 0)", "Longest preview: more than 0 hours."
    )

    @api.constrains("results_url", "results_url_2")
    def _check_results_url(self):
        for dialer in self:
            for url in filter(None, (dialer.results_url, dialer.results_url_2)):
                try:
                    jdbc.check(url)
                except jdbc.JdbcAddressError as error:
                    raise ValidationError(self.env._("The JDBC address: %s", error)) from error

    def _get_connection_fields(self):
        """What a test of the connection depends on."""
        return UCCX_CONNECTION_FIELDS

    def _inverse_results_password(self):
        self._store_secret("results_password")

    # -- client -----------------------------------------------------------------------------------

    def _get_client_class(self):
        """The client of this provider; CCE and others extend it."""
        return UccxClient

    def _prepare_client_config(self, reads_results=False):
        hosts = filter(None, (self.host, self.host_2))
        # Sending asks for it several times a turn, and has no use for it.
        horizon = {"open_horizon": self._get_patience()} if reads_results else {}
        # The second node's database may be behind: what is new is looked for so far back.
        if self._get_second_results():
            horizon["overlap"] = UccxConfig.longest_lag
        return UccxConfig(
            hosts=tuple(hosts),
            port=self.port,
            user=self.user or "",
            password=self._get_secret(),
            verify_tls=self._get_verify(),
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            import_timeout=self.import_timeout,
            rows_per_request=self.rows_per_request,
            key_prefixes=self._get_read_prefixes(reads_results),
            preview_patience=3600 * self.preview_hours,
            digits=self._get_digit_plan(),
            **horizon,
        )

    def _get_verify(self):
        """Whether to check the certificate, or the file of those to trust, as ``requests`` takes
        it.
        """
        if self.tls_mode == "certificate" and self.tls_certificate:
            return self._write_certificate()
        return self.tls_mode != "none"

    def _write_certificate(self):
        text = self.tls_certificate.encode()
        folder = certificate_folder(self.env)
        name = hashlib.sha256(text).hexdigest()
        path = folder / f"{name}.pem"
        if path.exists():
            return str(path)
        # Another process may be reading, on another server too: the whole file appears at once.
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{uuid.uuid4().hex}")
        draft.write_bytes(text)
        draft.replace(path)
        return str(path)

    def _get_connect(self):
        """What opens a DB-API connection to the dialer's results, ``None`` where there is none."""
        if not self._has_results():
            return None
        password, seconds = self._get_secret("results_password"), self.read_timeout
        if self.results_driver == "jdbc":
            user, urls = self.results_user or "", (self.results_url, self.results_url_2)
            ways = [
                partial(jdbc.connect, url, user, password, seconds) for url in filter(None, urls)
            ]
            return AnyOf(ways, odbc.DatabaseError)
        ways = []
        for connection in filter(None, (self.results_connection, self.results_connection_2)):
            text = odbc.add_password(connection, password)
            ways.append(partial(odbc.connect, text, seconds))
        return AnyOf(ways, odbc.DatabaseError)

    def _get_second_results(self):
        """How the second node's database is reached, where it is named."""
        is_jdbc = self.results_driver == "jdbc"
        return self.results_url_2 if is_jdbc else self.results_connection_2

    def _has_results(self):
        """Whether a database is named that results are read from."""
        is_jdbc = self.results_driver == "jdbc"
        return bool(self.results_url if is_jdbc else self.results_connection)

    # -- what differs between makes ---------------------------------------------------------------

    def _can_tell_uncalled(self):
        """Whether the dialer can say who was never called, without which nothing is taken back."""
        return self._has_results()

    def _can_see_finished(self):
        """Whether the dialer can say who is finished."""
        return self._has_results()

    def _can_give_back(self):
        """Whether the dialer gives contacts back at all."""
        return True

    def _can_switch_campaigns(self):
        """Whether campaigns are enabled and disabled from here."""
        return True

    def _is_on_customers_clock(self):
        """Whether the hours of its campaigns are on the customers' clocks."""
        return False

    def _get_attempts_warning(self, name, count):
        """That a campaign multiplies what the strategy allows, as a sentence."""
        return self.env._(
            "UCCX calls a contact of %(name)s up to %(count)s times by itself, on top of what the "
            "strategy and its limits allow. Set Maximum Attempts to Dial Contact to 1 in UCCX, then "
            "fetch the campaigns.",
            name=name,
            count=count,
        )
