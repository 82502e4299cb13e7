import logging
import tempfile
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...const import LINKS

_logger = logging.getLogger(__name__)


class EcmCrmLaunchSegment(models.AbstractModel):
    """Launches in the background, and segments that stay alive: new matches join their campaign,
    and who matches no more leaves it (requirement R1).
    """

    _name = "ecm.crm.launch.segment"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Live Segment"

    is_live = fields.Boolean(
        "Keep up to date",
        help="The filter is asked again and again: records that it finds later join the campaign.",
    )
    interval_minutes = fields.Integer("Every (minutes)", default=60, required=True)
    withdraws_leavers = fields.Boolean(
        "Withdraw who matches no more",
        default=True,
        help="Open contacts whose record is not found any more are withdrawn. Otherwise they stay "
        "in the campaign.",
    )
    next_run_at = fields.Datetime("Next look on", readonly=True, copy=False)
    last_run_at = fields.Datetime("Last look on", readonly=True, copy=False)
    joined_count = fields.Integer("Joined", readonly=True, copy=False)
    left_count = fields.Integer("Left", readonly=True, copy=False)
    error = fields.Text(readonly=True, copy=False)

    _interval_positive = models.Constraint(
        "CHECK(interval_minutes >= 5)", "A segment is looked at every 5 minutes at most."
    )

    @api.model
    def _cron_launch(self):
        """Begin what was launched, and look at the segments whose time has come."""
        due = [
            "|",
            ("state", "=", "queued"),
            "&",
            ("state", "=", "live"),
            ("next_run_at", "<=", fields.Datetime.now()),
        ]
        launches = self.search(due, order="next_run_at, id")
        for place, launch in enumerate(launches, start=1):
            with self._exclusively(launch) as is_ours:
                if is_ours:
                    launch._run_safely()
            if self._commit(processed=1, remaining=len(launches) - place) <= 0:
                self._trigger_next_run()
                return

    def _run_safely(self):
        """One that fails says why, and stops no other."""
        # Another process may have finished it since it was looked up.
        self._commit()
        self.invalidate_recordset()
        if self.state not in ("queued", "live"):
            return
        try:
            self._atomically(self._run)
        except (UserError, ValidationError, AccessError) as error:
            self._fail(str(error))
        except Exception:
            if self._is_lost():
                raise
            _logger.exception("launch %s failed", self.id)
            self._fail(self.env._("Unexpected error: see the server's log."))

    def _fail(self, message):
        self._rollback()
        values = {"state": "failed", "error": message, "next_run_at": False}
        self._atomically(partial(self.write, values))

    def _run(self):
        """Bring the records into the campaign that are to come in now."""
        self._check_launcher()
        now = fields.Datetime.now()
        ids = self._find_joining(now) if self.is_live else self._find_ids()
        if ids:
            self._queue_list(ids)
        values = {"last_run_at": now, "error": False, "state": "done"}
        if self.is_live:
            following = now + timedelta(minutes=self.interval_minutes)
            left = self._withdraw_leavers()
            values |= {
                "state": "live",
                "next_run_at": following,
                "joined_count": self.joined_count + len(ids),
                "left_count": self.left_count + left,
            }
        self.write(values)

    def _check_launcher(self):
        """:raise UserError: whoever launched it may not do so any more"""
        user = self.user_id
        if not user.active or not user.has_group("ecm_crm_bridge.ecm_crm_bridge_group_launch"):
            raise UserError(
                self.env._("%s may not launch campaigns any more: launch it anew.", user.name)
            )
        self.with_user(user)._check_campaign()

    def _find_joining(self, now):
        query = self._search_records()
        return self.env["ecm.crm.launch.member"].sudo()._find_joining(self, query, now)

    def _queue_list(self, ids):
        """Have the records imported.

        :return: the contact list
        """
        with tempfile.TemporaryFile() as file:
            options = self._write_file(ids, file)
            file.seek(0)
            attachment = (
                self.env["ir.attachment"].sudo()._create_from_stream(f"{self.name}.csv", file)
            )
        values = {
            "name": self._get_list_name(),
            "campaign_id": self.campaign_id.id,
            "options": options,
            "launch_id": self.id,
            "user_id": self.user_id.id,
            **self._prepare_list_values(),
        }
        return self.env["ecm.contact.list"].sudo()._create_queued(values, attachment)

    def _withdraw_leavers(self):
        """Withdraw the open contacts of records that are found no more.

        :return: how many records have left
        """
        gone = self.env["ecm.crm.launch.member"].sudo()._drop_leaving(self, self._search_records())
        if not (gone and self.withdraws_leavers):
            return len(gone)
        contacts = self.env["ecm.contact"].sudo()
        contacts.flush_model()
        link = SQL.identifier("c", LINKS[self.model])
        own = SQL(
            "%s = ANY(%s) AND c.campaign_id = %s "
            "AND c.origin_list_id IN (SELECT id FROM ecm_contact_list WHERE launch_id = %s)",
            link,
            gone,
            self.campaign_id.id,
            self.id,
        )
        reason = self.env._("Left the segment %s", self.name)
        contacts._withdraw_leavers(own, reason)
        return len(gone)
