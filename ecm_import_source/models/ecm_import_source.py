import logging
import time
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..exceptions import SourceError
from odoo.addons.ecm_campaign.actions import notify, open_window
from odoo.addons.ecm_campaign.tools.circuit import LONGEST_PAUSE

_logger = logging.getLogger(__name__)

# While something waits (a file that must settle, an import that goes on), the source is looked at
# again so soon.
WAITING_SECONDS = 60
# A source that fails is left alone so many seconds, doubled with each failure in a row.
BACK_OFF_FIRST = 30


class EcmImportSource(models.Model):
    """Where contacts come from by themselves: a shared folder (requirement L2) or a database (L4).

    Each source is checked by itself on its interval, by one process at a time. One that fails is
    left alone for a while, longer with each failure in a row; the others are checked all the same.
    """

    _name = "ecm.import.source"
    _description = "Import Source"
    _inherit = [
        "ecm.logged.mixin",
        "mail.thread",
        "ecm.transaction.mixin",
        "ecm.secret.mixin",
        "ecm.import.folder",
        "ecm.import.database",
    ]
    _order = "name, id"
    _check_company_auto = True
    _connection_secrets = {"connection": "password"}
    _veiled_fields = frozenset({"connection"})

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    kind = fields.Selection(
        [("folder", "Shared folder"), ("database", "Database")],
        required=True,
        default="folder",
        tracking=True,
    )
    campaign_id = fields.Many2one(
        "ecm.campaign",
        required=True,
        ondelete="cascade",
        index=True,
        tracking=True,
        help="Takes the contacts.",
    )
    company_id = fields.Many2one(related="campaign_id.company_id", store=True, index=True)
    profile_id = fields.Many2one(
        "ecm.import.profile",
        string="Import profile",
        check_company=True,
        tracking=True,
        help="Which column is stored as what, and what becomes of known contacts. "
        "Empty: found out for each file.",
    )
    interval_minutes = fields.Integer(
        "Check every (minutes)", required=True, default=15, tracking=True
    )
    next_run_at = fields.Datetime(
        "Next check", readonly=True, copy=False, help="Empty: within a minute."
    )
    last_run_at = fields.Datetime("Last check", readonly=True, copy=False)
    last_error = fields.Char("Last problem", readonly=True, copy=False)
    failure_count = fields.Integer("Failures in a row", readonly=True, copy=False)
    file_ids = fields.One2many("ecm.import.file", "source_id", string="Files", readonly=True)
    file_count = fields.Integer(compute="_compute_file_counts", string="Imported")
    failed_count = fields.Integer(compute="_compute_file_counts", string="Not imported")

    _interval_positive = models.Constraint(
        "CHECK(interval_minutes > 0)", "A source is checked every minute at most."
    )
    _folder_limits = models.Constraint(
        "CHECK(settle_seconds >= 0 AND max_size_mb BETWEEN 1 AND 1024)",
        "Files settle for 0 seconds or more, and have between 1 and 1,024 MB.",
    )
    _look_back_positive = models.Constraint(
        "CHECK(look_back_minutes >= 0)", "Read again: 0 minutes or more."
    )
    _row_limit_positive = models.Constraint("CHECK(row_limit > 0)", "Rows at a time: 1 or more.")

    def _compute_file_counts(self):
        groups = self.env["ecm.import.file"]._read_group(
            [("source_id", "in", self.ids)], ["source_id", "state"], ["__count"]
        )
        counts = {(source.id, state): count for source, state, count in groups}
        for source in self:
            source.file_count = counts.get((source.id, "done"), 0)
            source.failed_count = counts.get((source.id, "failed"), 0)

    def _get_password(self):
        """:raise SourceError: it is in an environment variable that the server does not have"""
        try:
            return self._get_secret()
        except UserError as error:
            raise SourceError(str(error)) from error

    # -- buttons ----------------------------------------------------------------------------------

    def action_test(self):
        """Try out everything that a check does, and say what answers."""
        self.ensure_one()
        self.check_access("write")
        try:
            message = self.sudo()._test()
        except SourceError as error:
            raise UserError(str(error)) from error
        return notify(message)

    def action_check_now(self):
        """Check these sources now, rather than at the next interval."""
        self.check_access("read")
        messages = [source.sudo()._check_now() for source in self]
        return notify("\n".join(messages))

    def _check_now(self):
        """:raise UserError: the source fails, is archived, or another process works with it; or this
        database is a copy, which must take nothing away from the original
        """
        self.env["ecm.database.identity"]._check()
        if not self.active:
            raise UserError(self.env._("%s is archived: nothing is taken from it.", self.name))
        try:
            message = self._check_alone()
        except SourceError as error:
            self._rollback()
            self._atomically(partial(self._note_failure, str(error), fields.Datetime.now()))
            raise UserError(str(error)) from error
        if message is None:
            raise UserError(
                self.env._("%s is being checked at this moment. Look again in a minute.", self.name)
            )
        return message

    def action_view_files(self):
        """Open the history of this source."""
        return open_window(
            self.env,
            "ecm_import_source.ecm_import_file_action",
            domain=[("source_id", "in", self.ids)],
            context={"ecm_of_one_source": True},
        )

    # -- check ------------------------------------------------------------------------------------

    @api.model
    def _cron_check_sources(self):
        """*Import Sources*: every source whose time has come, the one that waits longest first."""
        if not self.env["ecm.database.identity"]._may_call():
            return
        now = fields.Datetime.now()
        is_due = Domain("next_run_at", "=", False) | Domain("next_run_at", "<=", now)
        due = self.search(
            Domain("campaign_id.active", "=", True) & is_due, order="next_run_at NULLS FIRST, id"
        )
        self._commit(remaining=len(due))
        for source in due:
            source._check_safely()
            # No time is left: the action is run again for the others.
            if not self._commit(processed=1):
                break

    def _check_safely(self):
        """Check one source; whatever it raises stays with it."""
        try:
            self._check_alone()
        except SourceError as error:
            # The first in a row calls for somebody, the others only tell that it goes on.
            level = logging.INFO if self.failure_count else logging.WARNING
            _logger.log(level, "Import source %s cannot be checked: %s", self.name, error)
            message = str(error)
        except Exception:
            if self._is_lost():
                raise
            _logger.exception("Checking the import source %s failed", self.name)
            message = self.env._("Unexpected error: see the server's log.")
        else:
            return
        self._rollback()
        self._atomically(partial(self._note_failure, message, fields.Datetime.now()))

    def _check_alone(self):
        """Check this source unless another process does.

        :return: what happened, in one sentence; None when another process is at it
        :raise SourceError: it cannot be read, or something is left to be done by an administrator
        """
        started_at = time.monotonic()
        with self._exclusively(self) as is_ours:
            if not is_ours:
                return None
            # What another process has just done is only seen by a new transaction.
            self._commit()
            self.invalidate_recordset()
            message, is_waiting = self._check()
            if self.failure_count:
                _logger.info("Import source %s works again", self.name)
            self._atomically(partial(self._note_success, is_waiting, fields.Datetime.now()))
        _logger.info("Import source checked in %.1f s: %s", time.monotonic() - started_at, message)
        return message

    def _check(self):
        """Bring what is new.

        :return: ``(what happened, whether something waits for the next look)``
        :raise SourceError:
        """
        return getattr(self, f"_check_{self.kind}")()

    def _test(self):
        """:return: what was found, in one sentence
        :raise SourceError:
        """
        return getattr(self, f"_test_{self.kind}")()

    def _note_success(self, is_waiting, now):
        seconds = self.interval_minutes * 60
        if is_waiting:
            seconds = min(seconds, WAITING_SECONDS)
        self.write(
            {
                "last_run_at": now,
                "next_run_at": now + timedelta(seconds=seconds),
                "last_error": False,
                "failure_count": 0,
            }
        )

    def _note_failure(self, message, now):
        """Leave the source alone for a while, longer with each failure in a row; tell its followers
        once.
        """
        if not self.failure_count:
            self.message_post(body=self.env._("The source cannot be read: %s", message))
        seconds = min(BACK_OFF_FIRST * 2 ** min(self.failure_count, 10), LONGEST_PAUSE)
        self.write(
            {
                "last_run_at": now,
                "next_run_at": now + timedelta(seconds=seconds),
                "last_error": message[:500],
                "failure_count": self.failure_count + 1,
            }
        )

    def _queue_list(self, name, file):
        """Have a file imported.

        :param file: opened for reading bytes; it is never in memory as a whole
        :return: the ``ecm.contact.list``, which waits for its import
        :raise UserError: it cannot be read; nothing was stored
        """
        with self.env.cr.savepoint():
            attachment = self.env["ir.attachment"]._create_from_stream(name, file)
            return self.env["ecm.contact.list"]._create_from_file(
                self.campaign_id, name, attachment, profile=self.profile_id, source=self.kind
            )

    def _is_imported(self, digest):
        """Whether content of this SHA-256 was imported before, or is being imported."""
        domain = [*self._get_imported_domain(), ("hash", "=", digest)]
        return bool(self.env["ecm.import.file"].search_count(domain, limit=1))

    def _get_imported_domain(self):
        return [("source_id", "=", self.id), ("state", "in", ("waiting", "done"))]
