import contextlib
import logging
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..clients import exceptions
from odoo.addons.ecm_campaign.actions import notify, open_window
from odoo.addons.ecm_campaign.const import ADMINISTRATOR, SUPERVISOR
from odoo.addons.ecm_campaign.exceptions import ChannelError
from odoo.addons.ecm_campaign.tools import odbc
from odoo.addons.ecm_campaign.tools.crash_points import reach

_logger = logging.getLogger(__name__)

# So long a result is awaited where no campaign says how long.
DEFAULT_PATIENCE = timedelta(hours=24)
# What tells one dialer and its results from another.
IDENTITY_FIELDS = (
    "provider",
    "host",
    "port",
    "results_connection",
    "results_url",
    "cce_reporting_host",
    "cce_instance",
    "cce_delivery",
)
HOST_FIELDS = ("host", "host_2", "cce_reporting_host", "cce_reporting_host_2")
# What tells an address from a host's name.
NOT_IN_HOSTS = set("/@?#\\ ")


class EcmDialer(models.Model):
    """A Cisco system that places calls (requirements F1, F2, F5, F8).

    How it is reached is its provider's, each in a file of its own. The client that
    ``_get_client_class`` names takes what ``_prepare_client_config`` says.
    """

    _name = "ecm.dialer"
    _description = "Dialer"
    _inherit = [
        "ecm.logged.mixin",
        "ecm.feed.owner",
        # CCE passes on what it is not asked for.
        "ecm.dialer.cce.mixin",
        "ecm.dialer.uccx.mixin",
        "ecm.dialer.hours.mixin",
        "ecm.dialer.digits.mixin",
        "ecm.dialer.purge.mixin",
        "ecm.dialer.figures.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ecm.secret.mixin",
    ]
    _order = "name, id"
    _action_fields = ("name", "active", "is_enabled")
    _secrets = ("password", "results_password", "cce_api_password", "cce_import_folder")
    _veiled_fields = frozenset({"results_connection", "results_connection_2"})

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    provider = fields.Selection(
        [("uccx", "Cisco UCCX"), ("cce", "Cisco CCE")], required=True, default="uccx", tracking=True
    )
    is_enabled = fields.Boolean(
        "Switched on",
        tracking=True,
        copy=False,
        help="Off: nothing is sent to it and no results are read.",
    )

    host = fields.Char(
        required=True,
        tracking=True,
        help="UCCX: the publisher node, never the address of a load balancer. CCE: the Logger with "
        "the Outbound Option database.",
    )
    user = fields.Char(
        tracking=True,
        groups=ADMINISTRATOR,
        help="UCCX: an application administrator. CCE: an SQL Server login.",
    )
    max_contacts_per_campaign = fields.Integer(
        "Contacts per campaign at most",
        default=10000,
        required=True,
        help="UCCX 8 to 12 holds 10,000 active contacts per campaign, 12.5 SU1 and later 100,000.",
    )
    rows_per_request = fields.Integer(
        "Rows per request",
        default=500,
        required=True,
        help="500 is safe for redundant systems; UCCX takes up to 10,000.",
    )
    contacts_at_dialer = fields.Integer(
        "Contacts to keep at the dialer",
        default=1000,
        required=True,
        help="Per Cisco campaign. Fewer contacts follow a changed schedule or do-not-contact list "
        "sooner; the dialer must have enough for a few minutes.",
    )
    take_back = fields.Selection(
        [
            ("alone", "Where no other campaign may still call"),
            ("always", "Always: contacts of other campaigns there are sent again"),
            ("never", "Never: they are called while the dialer's own hours are open"),
        ],
        "Take contacts back",
        required=True,
        default="alone",
        tracking=True,
        help="What becomes of contacts that the dialer has not called when their hours end or "
        "their campaign is stopped. It can only give back all contacts of a Cisco campaign: those "
        "of other campaigns that share it come back too. Needs the results database.",
    )
    keeps_others = fields.Boolean(
        "Keep calls of other systems",
        tracking=True,
        help="Also read what the dialer called for others, and keep it among the results that fit "
        "nothing. On a dialer that others use as well these may be many.",
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
    last_mirror_at = fields.Datetime("Campaigns fetched", readonly=True, copy=False)
    last_error = fields.Char("Last problem", readonly=True, copy=False)
    results_failures = fields.Integer(readonly=True, copy=False)
    results_until = fields.Datetime(readonly=True, copy=False)
    results_error = fields.Char(readonly=True, copy=False)

    _limits_positive = models.Constraint(
        "CHECK(max_active_campaigns > 0 AND max_contacts_per_campaign > 0 "
        "AND contacts_at_dialer > 0 AND connect_timeout > 0 AND read_timeout > 0 "
        "AND import_timeout > 0 AND port BETWEEN 1 AND 65535)",
        "Limits and time-outs are greater than 0.",
    )
    _rows_limited = models.Constraint(
        "CHECK(rows_per_request BETWEEN 1 AND 10000)",
        "A request carries between 1 and 10,000 rows.",
    )

    @api.constrains(*HOST_FIELDS)
    def _check_hosts(self):
        for dialer in self:
            for host in filter(None, (dialer[name] for name in HOST_FIELDS)):
                if set(host) & NOT_IN_HOSTS:
                    raise ValidationError(
                        self.env._("%s is not a host name: leave out https:// and any path.", host)
                    )

    @api.depends("dialer_campaign_ids.is_missing")
    def _compute_dialer_campaign_count(self):
        for dialer in self:
            dialer.dialer_campaign_count = len(dialer._get_present_campaigns())

    def _get_present_campaigns(self):
        """Campaigns that the dialer still had at the last fetch."""
        return self.dialer_campaign_ids.filtered(lambda target: not target.is_missing)

    def write(self, vals):
        # An archived dialer is in no list of those whose results are read: it gets nothing either.
        if not vals.get("active", True):
            vals = {**vals, "is_enabled": False}
        if vals.keys() & self._get_connection_fields():
            vals = {"tested_at": False, **vals}
        moved = self.filtered(lambda dialer: dialer._is_moved(vals))
        result = super().write(vals)
        # What failed with other settings may work with these.
        if vals.keys() & self._get_connection_fields():
            for dialer in self.sudo():
                dialer._try_soon()
        # Ids of another database tell nothing of how far this one was read.
        if moved:
            super(EcmDialer, moved.sudo()).write({"watermark": False, "last_late_sync_at": False})
        return result

    def _get_connection_fields(self):
        """What a test of the connection depends on."""
        return super()._get_connection_fields() | {"provider", "host", "user", "password_secret"}

    def _is_moved(self, vals):
        """Whether these values make it another dialer: other contacts, other ids of results."""
        changed = [name for name in IDENTITY_FIELDS if name in vals]
        return any(vals[name] != self[name] for name in changed)

    # -- turns ------------------------------------------------------------------------------------

    def _is_on(self):
        return super()._is_on() and self.is_enabled

    def _get_targets(self):
        return self.dialer_campaign_ids

    def _work(self):
        engine = self.env["ecm.engine"]
        self._choose_side()
        engine._mirror_safely(self)
        # Results make room for what is fed then.
        engine._sync_safely(self)
        engine._purge_safely(self)
        engine._write_listed_safely(self)
        # How much is sent may depend on what it counts now.
        engine._read_figures_safely(self)
        super()._work()

    def _get_circuit_parts(self):
        return [
            *super()._get_circuit_parts(),
            ("results", self.env._("Reading results")),
            ("purge", self.env._("Deleting finished contacts")),
            ("listed", self.env._("Writing its do-not-call list")),
            ("figures", self.env._("Reading its figures")),
        ]

    # -- client -----------------------------------------------------------------------------------

    def _get_client(self, reads_results=False):
        """A client for this dialer; cheap.

        :param reads_results: whether it has to know how long results are awaited, which is looked
            up for all campaigns
        :rtype: clients.base.DialerClient
        """
        self.ensure_one()
        dialer = self.sudo()
        return dialer._get_client_class()(
            dialer._prepare_client_config(reads_results),
            connect=dialer._get_connect(),
            error_text=odbc.error_text,
        )

    def _get_read_prefixes(self, reads_results):
        """What the keys begin with whose rows are read; a key that begins with none of them is
        another system's contact. Nothing is ever changed or deleted by any but our own.
        """
        if reads_results and self.keeps_others:
            return ("",)
        return tuple(self.env["ecm.attempt"]._get_known_prefixes())

    def _get_patience(self):
        """How long any campaign of this dialer waits for a result, in seconds: its open hours as
        they lie before this moment.
        """
        now = fields.Datetime.now()
        # An archived campaign's contacts may still be there.
        campaigns = self.with_context(active_test=False).dialer_campaign_ids.campaign_ids
        deadlines = campaigns._get_dangling_deadlines(now)
        longest = max((now - moment for moment in deadlines.values()), default=DEFAULT_PATIENCE)

        # Nobody is given up here who is still waited for there.
        since = self.env["ecm.attempt"]._get_oldest_open(self)
        return max(longest, now - since if since else longest).total_seconds()

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
            with self.env["ecm.engine"]._telling_of_lost_connection():
                yield
        except (exceptions.DialerError, ChannelError) as error:
            raise UserError(str(error)) from error

    # -- buttons ----------------------------------------------------------------------------------

    def action_test_connection(self):
        """Ask the dialer's interface and its database, and say what answers."""
        self.ensure_one()
        self.check_access("write")
        health = self._get_client().health()
        self.tested_at = health.ok and fields.Datetime.now()
        # What failed stays on the screen, to be read and copied.
        if health.ok:
            # Campaigns that were left alone because of the dialer need not wait any longer.
            failed = self.dialer_campaign_ids.filtered("fails_with_dialer")
            failed.sudo()._forget_failures()
            for part, _label in self._get_circuit_parts():
                self.sudo()._close_circuit(part)
            return notify(health.message)
        return notify(health.message, "danger", sticky=True)

    def action_fetch_campaigns(self):
        """Mirror the dialer's campaigns (requirement C2)."""
        self._check_may_ask()
        for dialer in self:
            with dialer._user_errors():
                dialer._mirror_campaigns()
        count = len(self._get_present_campaigns())
        return notify(self.env._("%s campaigns found on the dialer.", count))

    def _check_may_ask(self):
        """:raise AccessError: only supervisors have the dialer asked at once"""
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group(SUPERVISOR)):
            raise AccessError(self.env._("Only supervisors have the dialer asked at once."))

    def _mirror_campaigns(self):
        """Ask the dialer for its campaigns, while no transaction is open, and mirror them.

        :raise clients.exceptions.DialerError: it cannot be asked; the mirror stays as it is
        """
        self.ensure_one()
        engine, client = self.env["ecm.engine"].sudo(), self._get_client()
        engine._commit()
        reach("mirror.asking")
        found, allowed = client.campaigns(), self._ask_dialing_range(client)
        reach("mirror.asked")
        engine._atomically(partial(self.sudo()._write_mirror, found, allowed))
        reach("mirror.written")

    def _ask_dialing_range(self, client):
        """The dialer's range; None, and what is known stays, where it does not tell: that is no
        reason to do without its campaigns.
        """
        try:
            return client.dialing_range()
        except exceptions.DialerError as error:
            _logger.info("%s does not tell its dialing range: %s", self.name, error)
            return None

    def _write_mirror(self, found, allowed=None):
        """:param found: list of clients.base.DialerCampaign
        :param allowed: the dialer's range, see ``_ask_dialing_range``
        """
        values = {"last_mirror_at": fields.Datetime.now()}
        if allowed:
            values.update(range_start=allowed.start_time, range_end=allowed.end_time)
        # First: who has mirrored it meanwhile collides here, and not with the same new campaigns.
        self.write(values)
        self.flush_recordset()
        self.invalidate_recordset(["dialer_campaign_ids"])

        targets = self.dialer_campaign_ids
        mirrored = {target.key: target for target in targets}
        for campaign in found:
            values = targets._mirror(campaign)
            if campaign.key in mirrored:
                mirrored[campaign.key].write(values)
            else:
                targets.create({"dialer_id": self.id, "key": campaign.key, **values})

        # A dialer that lists nothing at all has lost its memory, and not its campaigns.
        if not found:
            return
        # What is gone stays: contacts and attempts name it.
        listed = {campaign.key for campaign in found}
        gone = targets.filtered(lambda target: target.key not in listed)
        gone.write({"is_missing": True})

    def action_sync_results(self):
        """Read the results now, rather than at the next interval."""
        self.ensure_one()
        self._check_may_ask()
        with self._user_errors():
            count = self.env["ecm.engine"].sudo()._sync_dialer(self.sudo())
        # Results make room.
        if count:
            self._trigger_turn()
        return notify(self.env._("%s results were read.", count))

    def action_view_campaigns(self):
        """Open the mirrored campaigns."""
        return open_window(
            self.env,
            "ecm_dialer_cisco.ecm_dialer_campaign_action",
            domain=[("dialer_id", "=", self.id)],
        )
