from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..clients.cce import CceClient
from ..clients.cce_config import (
    FILE_COLUMNS,
    FINISHED_STATUSES,
    NEW_ROW,
    CceConfig,
    CceRestConfig,
    dump_columns,
    parse_columns,
    parse_file_columns,
)
from ..clients.cce_connection import choose_driver
from ..clients.cce_file import CceFileClient
from ..clients.cce_rest import CceRestClient
from ..clients.inbox import REMOTE, protocol_of
from odoo.addons.ecm_campaign.const import ADMINISTRATOR
from odoo.addons.ecm_campaign.tools import odbc

CLIENTS = {"database": CceClient, "file": CceFileClient, "rest": CceRestClient}

CCE_CONNECTION_FIELDS = {
    "cce_delivery",
    "cce_import_folder_secret",
    "cce_api_port",
    "cce_api_user",
    "cce_api_password_secret",
    "cce_reporting_host",
    "cce_reporting_host_2",
    "cce_port",
    "cce_instance",
    "cce_side",
    "cce_encrypt",
    "cce_list_table",
    "cce_table_prefix",
    "cce_detail_table",
    "cce_new_row",
}

# What becomes a part of statements.
CCE_SETTINGS = {
    "cce_reporting_host",
    "cce_instance",
    "cce_list_table",
    "cce_table_prefix",
    "cce_detail_table",
    "cce_finished",
    "cce_new_row",
    "cce_personal_table",
    "cce_dnc_table",
    "cce_file_columns",
    "cce_file_encoding",
}


class EcmDialerCceMixin(models.AbstractModel):
    """How a Cisco CCE is reached (requirements F1, F2): campaigns and results are read in the
    databases of the Administration & Data Server; contacts are sent to its REST interface, or
    written to dialing lists on the Logger.
    """

    _name = "ecm.dialer.cce.mixin"
    _description = "CCE Connection"
    _inherit = ["ecm.dialer.cce.sides.mixin", "ecm.dialer.cce.lists.mixin"]

    cce_delivery = fields.Selection(
        [
            ("database", "Dialing lists (database)"),
            ("file", "Import files"),
            ("rest", "Outbound REST interface"),
        ],
        "Contacts are sent to",
        default="database",
        required=True,
        tracking=True,
        help="The REST interface and import files are what Cisco supports. The first feeds campaigns "
        "that were made over it, and takes nothing back; the second those made with Cisco's tools, "
        "whose import rule polls a file. Dialing lists feed these too, without a file: only without "
        "Outbound High Availability, and with your Cisco partner's consent.",
    )
    cce_import_folder = fields.Char(
        "Import folder",
        compute="_compute_secrets",
        inverse="_inverse_cce_import_folder",
        groups=ADMINISTRATOR,
        copy=False,
        exportable=False,
        help="Where the import rules look for their files, as Odoo's server reaches it: "
        "sftp://user:password@host/folder or smb://user:password@host/share/folder. It is never "
        "shown again. A folder of Odoo's server, such as a mounted share, is named by the server's "
        "environment: write env:ECM_NAME here.",
    )
    cce_import_folder_secret = fields.Char(groups=fields.NO_ACCESS, copy=False, exportable=False)
    cce_api_port = fields.Integer(
        "REST port", default=443, required=True, help="Of the Administration & Data Server."
    )
    cce_api_user = fields.Char(
        "REST user", groups=ADMINISTRATOR, help="An administrator of CCE, as user@domain."
    )
    cce_api_password = fields.Char(
        "REST password",
        compute="_compute_secrets",
        inverse="_inverse_cce_api_password",
        groups=ADMINISTRATOR,
        copy=False,
        exportable=False,
        help="Never shown again. Write env:ECM_NAME to take it from the server's environment "
        "variable ECM_NAME; its name must begin with ECM_.",
    )
    cce_api_password_secret = fields.Char(groups=fields.NO_ACCESS, copy=False, exportable=False)
    cce_reporting_host = fields.Char(
        "Administration & Data Server",
        tracking=True,
        help="The AW-HDS: campaigns and call results are read there, never on the Logger.",
    )
    cce_reporting_host_2 = fields.Char(
        "Second server",
        tracking=True,
        help="Asked when the first one cannot be reached, for campaigns, results and the REST "
        "interface. What it has written down later than the first comes all the same.",
    )
    cce_port = fields.Integer(
        "SQL Server port",
        default=1433,
        required=True,
        tracking=True,
        help="Of both servers.",
    )
    cce_instance = fields.Char(
        "Instance",
        default="ucce",
        required=True,
        tracking=True,
        help="What the names of the databases begin with: ucce for ucce_awdb, ucce_hds, ucce_baA.",
    )
    cce_side = fields.Selection(
        [("A", "Side A"), ("B", "Side B")],
        "Logger's side",
        default="A",
        required=True,
        tracking=True,
        help="Whose Campaign Manager dials: contacts are written to that side's database. Of two "
        "Loggers the side of the first one.",
    )
    cce_encrypt = fields.Boolean(
        "Require encryption",
        tracking=True,
        help="Only where SQL Server has a certificate. Cisco's own setting is optional encryption; "
        "without it keep the connection on a protected network.",
    )
    cce_plus = fields.Char(
        "In place of +",
        help="What stands before the country code of numbers that are sent: the dialer takes digits, "
        "* and # only. Empty: nothing; 00, 900 and the like where your dial plan needs it.",
    )
    cce_list_table = fields.Char(
        "Dialing list",
        default="DL_{campaign}_{rule}",
        required=True,
        help="Table that contacts are written to, with the ids of campaign and query rule.",
    )
    cce_table_prefix = fields.Char(
        "Prefix of tables",
        default="t_",
        help="Before Campaign, Skill_Group and the others in the configuration database.",
    )
    cce_detail_table = fields.Char(
        "Calls",
        default="t_Dialer_Detail",
        required=True,
        help="Table with a row per call in the historical database.",
    )
    cce_finished = fields.Char(
        "Finished contacts",
        default=FINISHED_STATUSES,
        required=True,
        help="Letters of CallStatusZone1 of contacts that CCE calls no more: these may be deleted. "
        "CCE itself deletes C, M and D after five days, at midnight.",
    )
    cce_new_row = fields.Text(
        "Columns of a new contact",
        default=lambda self: dump_columns(NEW_ROW),
        groups=ADMINISTRATOR,
        help="Beside number, name and account number, one a line: Column = value. Cisco does not "
        "say what its own import writes: compare with a contact that CCE has imported itself.",
    )

    cce_file_columns = fields.Text(
        "Columns of files",
        default=lambda self: dump_columns(FILE_COLUMNS),
        groups=ADMINISTRATOR,
        help="What stands in the columns of the import rules, one a line: Column = key (the attempt, "
        "which results are found by), number, first_name or last_name. Columns of a rule that are "
        "not named here stay empty.",
    )
    cce_file_encoding = fields.Char(
        "Code page of files",
        default="cp1252",
        help="That of CCE's databases, by Python's name: cp1252, cp1250, cp1251 … CCE keeps a byte "
        "a character.",
    )

    _cce_ports_valid = models.Constraint(
        "CHECK(cce_port BETWEEN 1 AND 65535 AND cce_api_port BETWEEN 1 AND 65535)",
        "Ports are between 1 and 65535.",
    )

    @api.constrains(*CCE_SETTINGS, "provider")
    def _check_cce_settings(self):
        for dialer in self.filtered(lambda dialer: dialer.provider == "cce"):
            if not dialer.cce_reporting_host:
                raise ValidationError(
                    self.env._("Enter the Administration & Data Server of %s.", dialer.name)
                )
            try:
                dialer.sudo()._prepare_cce_config()
            except ValueError as error:
                raise ValidationError(
                    self.env._("The settings of the databases: %s.", error)
                ) from error

    @api.constrains("cce_import_folder_secret")
    def _check_cce_import_folder(self):
        for dialer in self.sudo().filtered("cce_import_folder_secret"):
            address = dialer.cce_import_folder_secret
            # Who administers campaigns may not write anywhere on this server.
            if not dialer._get_variable(address) and protocol_of(address) not in REMOTE:
                raise ValidationError(
                    self.env._(
                        "The import folder begins with sftp:// or smb://. A folder of this server "
                        "is named by one of its environment variables: env:ECM_NAME."
                    )
                )

    def _inverse_cce_import_folder(self):
        self._store_secret("cce_import_folder")

    def _inverse_cce_api_password(self):
        self._store_secret("cce_api_password")

    def _get_connection_fields(self):
        return super()._get_connection_fields() | CCE_CONNECTION_FIELDS

    def _get_digits_sent(self, digits):
        if self.provider == "cce" and digits.startswith("+"):
            return (self.cce_plus or "") + digits[1:]
        return super()._get_digits_sent(digits)

    # -- client -----------------------------------------------------------------------------------

    def _get_client_class(self):
        if self.provider != "cce":
            return super()._get_client_class()
        return CLIENTS[self.cce_delivery]

    def _prepare_client_config(self, reads_results=False):
        if self.provider != "cce":
            return super()._prepare_client_config(reads_results)
        horizon = {"open_horizon": self._get_patience()} if reads_results else {}
        rest = self._prepare_rest_config() if self.cce_delivery == "rest" else None
        if self.cce_delivery == "file":
            horizon["import_folder"] = self._get_secret("cce_import_folder")
        return self._prepare_cce_config(
            password=self._get_secret(),
            key_prefixes=self._get_read_prefixes(reads_results),
            rest=rest,
            digits=self._get_digit_plan(),
            **horizon,
        )

    def _prepare_rest_config(self):
        return CceRestConfig(
            host=self.cce_reporting_host or self.host,
            host_2=self.cce_reporting_host_2 or "",
            port=self.cce_api_port,
            user=self.cce_api_user or "",
            password=self._get_secret("cce_api_password"),
            verify_tls=self._get_verify(),
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            personal=self._keeps_personal(),
        )

    def _prepare_cce_config(self, password="", **values):
        """:raise ValueError: a setting cannot stand in a statement"""
        logger, side, other = self._get_loggers()
        return CceConfig(
            outbound_host=logger,
            other_host=other or "",
            reporting_host=self.cce_reporting_host or self.host,
            reporting_host_2=self.cce_reporting_host_2 or "",
            user=self.user or "",
            password=password,
            port=self.cce_port,
            instance=self.cce_instance,
            side=side,
            driver=self._get_cce_driver(),
            encrypt=self.cce_encrypt,
            plus=self.cce_plus or "",
            list_table=self.cce_list_table,
            table_prefix=self.cce_table_prefix or "",
            detail_table=self.cce_detail_table,
            finished_statuses=self.cce_finished or FINISHED_STATUSES,
            new_row=parse_columns(self.cce_new_row or ""),
            file_columns=parse_file_columns(self.cce_file_columns or dump_columns(FILE_COLUMNS)),
            file_encoding=self.cce_file_encoding or "cp1252",
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            rows_per_request=self.rows_per_request,
            import_timeout=self.import_timeout,
            **self._prepare_list_settings(),
            **values,
        )

    def _get_cce_driver(self):
        """Name of the ODBC driver that is installed, empty where there is none."""
        try:
            return choose_driver(odbc.installed_drivers())
        except odbc.DatabaseError:
            return ""

    def _get_connect(self):
        if self.provider != "cce":
            return super()._get_connect()
        timeout = self.read_timeout
        return lambda text, autocommit: odbc.connect(text, timeout, autocommit)

    # -- what differs -----------------------------------------------------------------------------

    def _can_tell_uncalled(self):
        if self.provider != "cce":
            return super()._can_tell_uncalled()
        return self.cce_delivery != "rest"

    def _can_see_finished(self):
        return self.provider == "cce" or super()._can_see_finished()

    def _can_give_back(self):
        is_cce_rest = self.provider == "cce" and self.cce_delivery == "rest"
        return not is_cce_rest and super()._can_give_back()

    def _can_switch_campaigns(self):
        is_by_tools = self.provider == "cce" and self.cce_delivery != "rest"
        return not is_by_tools and super()._can_switch_campaigns()

    def _is_on_customers_clock(self):
        return self.provider == "cce" or super()._is_on_customers_clock()

    def _get_attempts_warning(self, name, count):
        if self.provider != "cce":
            return super()._get_attempts_warning(name, count)
        return self.env._(
            "CCE calls a contact of %(name)s up to %(count)s times by itself, on top of what the "
            "strategy and its limits allow. Set Maximum attempts to 1 in CCE's campaign, then fetch "
            "the campaigns.",
            name=name,
            count=count,
        )
