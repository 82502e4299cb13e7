import logging
from collections import Counter, defaultdict
from datetime import UTC, timedelta
from functools import partial
from operator import attrgetter, itemgetter
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...actions import notify, open_form, open_window
from ...const import BUSINESS_PARAMETERS, CLOSED_STATES, PENDING, PHONE_FIELDS
from ...tools import contact_file, contact_rows
from ...tools import strategy as decision
from ...tools.crash_points import reach
from ...tools.gates import ListState
from ..contact.ecm_contact_queue import LIST_STOPPED, Imported
from ..shared.ecm_results_mixin import ResultsScope
from .ecm_contact_list_scrub import ImportRow, make_text
from .ecm_import_profile import DUPLICATE_POLICIES, DUPLICATE_SCOPES, LIST_SETTINGS, MODES

_logger = logging.getLogger(__name__)

LINE = contact_rows.COLUMNS.index("line")
PHONE = contact_rows.COLUMNS.index("phone_1")
NOT_BEFORE = contact_rows.COLUMNS.index("not_before")
# What a file can change of a known contact.
get_updated = itemgetter(*map(contact_rows.COLUMNS.index, Imported._fields[1:]))
# How many contacts a click changes at once, and a transaction in the background.
SWEEP_BATCH = 20_000
SETTLE_BATCH = 100_000
IMPORT_ACTIONS = ("ecm_campaign.ir_cron_import", "ecm_campaign.ir_cron_import_2")
# So many rejected rows and values of a list are kept; a file of nothing else would fill the disk.
MAX_REJECTS = 100_000
# Where a column of the table has another name than the value of a row.
COPY_NAMES = {"not_before": "next_attempt_at", "own_not_before": "not_before"}


class Undone(NamedTuple):
    """How many contacts of an upload that was undone were deleted, went back to the list that had
    brought them, and stay because they were called.
    """

    deleted: int
    returned: int
    kept: int


class StoredChunk(NamedTuple):
    """What became of a chunk: ``rows`` are the stored `ImportRow` in the order of their contacts' ids,
    ``duplicates`` the rejects of those that are known already, ``counts`` how many more of each
    counter.
    """

    rows: list
    duplicates: list
    counts: dict


class EcmContactList(models.Model):
    """One delivery of contacts into a campaign, and its import (requirements L1, L7, L8).

    Each chunk's contacts, rejected rows, counters and the line that it ends at are one transaction.
    """

    _name = "ecm.contact.list"
    _inherit = [
        "ecm.file.job",
        "ecm.file.mixin",
        "ecm.contact.list.delivery.mixin",
        "ecm.contact.list.scrub.mixin",
        "ecm.results.mixin",
    ]
    _description = "Contact List"
    _order = "id desc"
    _fixed_fields = ("campaign_id",)
    _log_name = "list"
    _logged_counts = {
        "uploaded_count": "stored",
        "failed_count": "rejected",
        "duplicate_count": "known already",
        "updated_count": "updated",
        "replaced_count": "replaced",
    }

    name = fields.Char(required=True)
    campaign_id = fields.Many2one("ecm.campaign", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="campaign_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users", string="Uploaded by", default=lambda self: self.env.user, readonly=True
    )
    state = fields.Selection(selection_add=[("done", "Imported")], default="draft", string="Import")
    status = fields.Selection(
        [
            ("planned", "Not started"),
            ("active", "Active"),
            ("stopped", "Stopped"),
            ("expired", "Expired"),
        ],
        string="Calling",
        required=True,
        default="active",
        readonly=True,
        copy=False,
        help="Contacts of a list that is not active are not called. Those of an expired one are "
        "closed.",
    )
    date_start = fields.Datetime(
        "Called from", help="Its contacts are not called before. Empty: at once."
    )
    date_end = fields.Datetime(
        "Called until", help="Its open contacts close as Expired then. Empty: no end."
    )
    is_settling = fields.Boolean(
        readonly=True,
        copy=False,
        help="Its contacts are held, released or closed in the background, as its status says.",
    )
    source = fields.Selection(
        [
            ("manual", "Upload"),
            ("folder", "Shared folder"),
            ("api", "API"),
            ("database", "Database"),
            ("crm", "CRM"),
            ("form", "By hand"),
        ],
        required=True,
        default="manual",
        readonly=True,
    )
    profile_id = fields.Many2one(
        "ecm.import.profile", readonly=True, ondelete="set null", copy=False
    )
    mode = fields.Selection(MODES, required=True, default="append", readonly=True)
    global_list_id = fields.Many2one(
        "ecm.global.list",
        string="Shared list",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        help="Other campaigns call the contacts of this file as well.",
    )
    file_name = fields.Char("File name", readonly=True)
    file_size = fields.Integer("File size (bytes)", readonly=True)
    options = fields.Json(readonly=True, help="How the file is read: dialect, columns, country.")
    duplicate_policy = fields.Selection(
        DUPLICATE_POLICIES, string="Number that is known already", required=True, default="reject"
    )
    duplicate_scope = fields.Selection(
        DUPLICATE_SCOPES, string="Known", required=True, default="campaign"
    )
    duplicate_closed = fields.Boolean(
        "Closed contacts as well",
        help="Otherwise a customer whose contact is closed is stored again, and called again.",
    )
    duplicate_days = fields.Integer(
        "Within the last (days)",
        help="Only closed contacts that were added or called in these days count. 0: all.",
    )
    duplicate_any_phone = fields.Boolean(
        "Compare all phones",
        help="A contact is known when one of its numbers is any number of another one. Otherwise "
        "phone 1 tells.",
    )

    uploaded_count = fields.Integer("Uploaded", readonly=True, help="Contacts stored.")
    failed_count = fields.Integer("Failed", readonly=True, help="Rows that could not be stored.")
    duplicate_count = fields.Integer(
        "Duplicate", readonly=True, help="Rows whose number was known already."
    )
    updated_count = fields.Integer(
        "Updated", readonly=True, help="Known contacts that got the file's values."
    )
    replaced_count = fields.Integer(
        "Replaced",
        readonly=True,
        help="Contacts of earlier lists that were not in the file and were withdrawn.",
    )
    warning_count = fields.Integer(
        "Values left out", readonly=True, help="Invalid values of contacts that were stored."
    )
    failed_phone_1 = fields.Integer(
        "Phone 1", readonly=True, copy=False, help="Values that are no number to call."
    )
    failed_phone_2 = fields.Integer(
        "Phone 2", readonly=True, copy=False, help="Values that are no number to call."
    )
    failed_phone_3 = fields.Integer(
        "Phone 3", readonly=True, copy=False, help="Values that are no number to call."
    )
    failed_phone_4 = fields.Integer(
        "Phone 4", readonly=True, copy=False, help="Values that are no number to call."
    )
    failed_phone_5 = fields.Integer(
        "Phone 5", readonly=True, copy=False, help="Values that are no number to call."
    )
    unkept_count = fields.Integer(
        "Counted only",
        compute="_compute_unkept_count",
        help="Rejected rows and values beyond the first hundred thousand are counted, and not "
        "kept.",
    )
    reject_ids = fields.One2many(
        "ecm.contact.list.reject", "list_id", string="Rejected rows", readonly=True
    )
    contact_count = fields.Integer(compute="_compute_contact_counts", string="Contacts")
    pending_count = fields.Integer(compute="_compute_contact_counts", string="Pending")
    can_start_campaign = fields.Boolean(compute="_compute_can_start_campaign")
    available_count = fields.Integer(
        compute="_compute_contact_counts",
        string="Due now",
        help="Pending contacts whose time has come.",
    )
    worked_percent = fields.Float(
        compute="_compute_contact_counts",
        string="Worked off (%)",
        help="How much of the list is closed: reached, given up, or not to be called.",
    )

    _dates_ordered = models.Constraint(
        "CHECK(date_end IS NULL OR date_start IS NULL OR date_end > date_start)",
        "A list ends after it starts.",
    )
    # The sweep: lists whose time comes.
    _starting = models.Index("(date_start) WHERE status = 'planned'")
    _ending = models.Index("(date_end) WHERE status <> 'expired' AND date_end IS NOT NULL")
    _settling = models.Index("(id) WHERE is_settling")
    _waiting = models.Index("(id) WHERE state IN ('queued', 'importing')")

    def _compute_contact_counts(self):
        groups = self.env["ecm.contact"]._count_by_list(self)
        # One pass over the groups, however many lists a page shows.
        counts = defaultdict(Counter)
        for list_id, state, is_ready, count in groups:
            own = counts[list_id]
            own["all"] += count
            if state in CLOSED_STATES:
                own["closed"] += count
            if state == PENDING:
                own["pending"] += count
                if is_ready:
                    own["available"] += count
        for contact_list in self:
            own = counts[contact_list._origin.id]
            contact_list.contact_count = own["all"]
            contact_list.pending_count = own["pending"]
            contact_list.available_count = own["available"]
            contact_list.worked_percent = 100 * own["closed"] / own["all"] if own["all"] else 0

    @api.depends("failed_count", "duplicate_count", "warning_count")
    def _compute_unkept_count(self):
        for contact_list in self:
            contact_list.unkept_count = max(0, contact_list._count_rejects() - MAX_REJECTS)

    def _count_rejects(self):
        """How many rows and values were rejected so far, kept or not."""
        return self.failed_count + self.duplicate_count + self.warning_count

    @api.model_create_multi
    def create(self, vals_list):
        lists = super().create(vals_list)
        now = fields.Datetime.now()
        active = lists._filter_status("active")
        early = active.filtered(lambda record: record._is_early(now))
        early.sudo().status = "planned"
        return lists

    def write(self, vals):
        result = super().write(vals)
        if "date_start" in vals or "date_end" in vals:
            self.sudo()._follow_dates()
        return result

    def _is_early(self, now):
        """Whether its time has not come yet."""
        return bool(self.date_start and self.date_start > now)

    def _filter_over(self, now):
        """Those whose time has passed."""
        return self.filtered(lambda record: record.date_end and record.date_end <= now)

    def _filter_status(self, status):
        return self.filtered(lambda record: record.status == status)

    @api.model
    def _get_targets(self):
        """What a column of a file can be stored as, for selection fields.

        :return: list of ``(tools.contact_rows target, label)``
        """
        phones = [
            (name, self.env._("Phone %s", number)) for number, name in enumerate(PHONE_FIELDS, 1)
        ]
        # What we know of a person beside the numbers.
        details = [
            ("first_name", self.env._("First name")),
            ("last_name", self.env._("Last name")),
            ("account_number", self.env._("Customer key")),
            ("email", self.env._("E-mail")),
            ("tz", self.env._("Time zone")),
            ("region", self.env._("State or region")),
            ("zip", self.env._("Postal code")),
            ("consent_on", self.env._("Agreed on")),
            ("consent_source", self.env._("Agreed how")),
            ("country", self.env._("Country of the numbers")),
            ("priority", self.env._("Priority")),
            ("not_before", self.env._("Not before")),
        ]
        # What only the campaign knows the meaning of.
        parameters = [
            (name, self.env._("Business Parameter %s", number))
            for number, name in enumerate(BUSINESS_PARAMETERS, 1)
        ]
        return [("ignore", self.env._("Not stored")), *phones, *details, *parameters]

    def _get_column_labels(self):
        """:return: ``{field: what the file calls its column, or what we call it}``"""
        labels = dict(self._get_targets())
        labels[contact_rows.ROW] = self.env._("Row")
        options = self.options or {}
        dialect = options.get("dialect", {})
        header = dialect.get("header") or ()
        named = dict(enumerate(header))
        # JSON keeps the places as texts.
        for place, target in options.get("columns", {}).items():
            name = named.get(int(place))
            if name:
                labels[target] = name
        return labels

    # -- life -------------------------------------------------------------------------------------

    def action_stop(self):
        """Call no more contacts of these lists until they are started again (requirement L7)."""
        self.check_access("write")
        stopped = self.filtered(lambda record: record.status in ("planned", "active"))
        stopped.sudo()._change_status("stopped")
        return True

    def action_restart(self):
        """Call the contacts of stopped lists again, each at the time that was planned for it."""
        self.check_access("write")
        now = fields.Datetime.now()
        if self._filter_over(now):
            raise UserError(self.env._("The list's end has passed. Change “Called until” first."))

        for contact_list in self._filter_status("stopped"):
            status = "planned" if contact_list._is_early(now) else "active"
            contact_list.sudo()._change_status(status)
        self._filter_status("active")._trigger_feed()
        return True

    def _follow_dates(self):
        """Bring the status in line with dates that were changed; a stopped list stays stopped."""
        now = fields.Datetime.now()
        for contact_list in self:
            is_early = contact_list._is_early(now)
            if contact_list.status == "active" and is_early:
                contact_list._change_status("planned")
            elif contact_list.status == "planned" and not is_early:
                contact_list._change_status("active")
                contact_list._trigger_feed()
        over = self._filter_over(now)
        over.filtered(lambda record: record.status != "expired")._change_status("expired")

    def _change_status(self, status):
        """What the status says holds from here on: the gate asks for it. Contacts follow, those of
        large lists in the background.
        """
        self.status = status
        for contact_list in self:
            contact_list._settle(SWEEP_BATCH)
        if any(self.mapped("is_settling")):
            self.env.ref("ecm_campaign.ir_cron_lists").sudo()._trigger()

    def _settle(self, limit):
        """Hold, release or close pending contacts as the list's status says; contacts at the dialer
        follow with their result.

        :param int limit: how many at most
        :return: whether there may be more
        """
        now, contacts = fields.Datetime.now(), self.env["ecm.contact"]
        self.flush_recordset()
        if self.status == "active":
            count = contacts._resume_lists(self, now, limit)
        elif self.status == "expired":
            close = partial(contacts._expire_lists, self, now, limit)
            count = len(self.env["ecm.engine"]._close_and_chain(close))
        else:
            count = contacts._hold_lists(self, limit)

        is_settling = count >= limit
        # Written at the end only: a stop or restart meanwhile must not wait for each batch.
        if self.is_settling != is_settling:
            self.is_settling = is_settling
        return is_settling

    def _trigger_feed(self):
        """Have the feed look at these lists' contacts at once."""
        running = self.campaign_id.filtered("is_running")
        running._trigger_feed()

    @api.model
    def _cron_sweep_lists(self):
        """Start and expire the lists whose time has come, go on with what large lists hold, release
        or close, and let go what was left behind.
        """
        now = fields.Datetime.now()
        starting = [("status", "=", "planned"), ("date_start", "<=", now)]
        for contact_list in self.search(starting):
            self._atomically(partial(contact_list._change_status, "active"))
            reach("lists.started")
            contact_list._trigger_feed()
            # What time does not last for is done in the next run.
            if not self._commit(processed=1, remaining=1):
                return

        ending = [("status", "!=", "expired"), ("date_end", "<=", now)]
        for contact_list in self.search(ending):
            self._atomically(partial(contact_list._change_status, "expired"))
            reach("lists.expired")
            if not self._commit(processed=1, remaining=1):
                return
        for contact_list in self.search([("is_settling", "=", True)]):
            settle = partial(contact_list._settle, SETTLE_BATCH)
            while self._atomically(settle):
                if not self._commit(processed=1, remaining=1):
                    return

        contacts = self.env["ecm.contact"]
        release = partial(contacts._release_of_active_lists, now, SWEEP_BATCH)
        while self._atomically(release):
            contacts.invalidate_model()
            if not self._commit(processed=1, remaining=1):
                return
        self._commit(remaining=0)

    @api.model
    def _get_states(self, list_ids):
        """What the gate asks of lists, as they are stored.

        :return: ``{list id: tools.gates.ListState}``
        """
        if not list_ids:
            return {}
        self.flush_model(["status", "name", "date_start", "date_end"])
        self.env.cr.execute(
            SQL(
                "SELECT id, status, name, date_start, date_end FROM ecm_contact_list "
                "WHERE id = ANY(%s)",
                list(list_ids),
            )
        )
        return {list_id: ListState(*state) for list_id, *state in self.env.cr.fetchall()}

    # -- queue ------------------------------------------------------------------------------------

    @api.model
    def _create_from_file(self, campaign, file_name, attachment, profile=None, **values):
        """Have a file imported in the background (requirements L1 to L4).

        :param campaign: record of ``ecm.campaign``
        :param str file_name: shown as the list's name
        :param attachment: record of ``ir.attachment`` with the file, which then belongs to the
            list; an upload of the user, unless code with all rights calls this
        :param profile: record of ``ecm.import.profile``; none to find out everything
        :param values: of further fields, such as ``source``; they go before the profile's
        :return: the list, in state *queued*
        :raise UserError: the file cannot be read
        """
        campaign.check_access("write")
        profile = profile or self.env["ecm.import.profile"]
        settings = {name: profile[name] for name in LIST_SETTINGS} if profile else {}
        list_values = {
            **settings,
            "name": file_name,
            "campaign_id": campaign.id,
            "profile_id": profile.id,
            "options": self._find_options(attachment, profile, campaign),
            **values,
        }
        return self._create_queued(list_values, attachment)

    @api.model
    def _find_options(self, attachment, profile, campaign):
        """How a file is read, as the field ``options`` keeps it.

        :raise UserError: it cannot be read
        """
        try:
            with self._open_attachment(attachment) as file:
                options = profile._get_reading(file, campaign)
            contact_rows.check_map(contact_rows.ColumnMap(options["columns"]))
        except contact_file.UnreadableFile as error:
            raise UserError(self._get_file_error_text(error.code)) from error
        return options

    @api.model
    def _create_queued(self, values, attachment):
        """:return: a list that waits for the background import of its attachment"""
        self._label_parameters(values["campaign_id"], values["options"])
        contact_list = self._create_with_engine_fields(
            {
                "file_name": attachment.name,
                "file_size": attachment.file_size,
                **values,
                "attachment_id": attachment.id,
            }
        )
        contact_list.action_queue()
        return contact_list

    @api.model
    def _label_parameters(self, campaign_id, options):
        """Call the business parameters of a campaign what the file calls its columns, as far as
        nobody has named them (requirement L5).
        """
        header = options["dialect"].get("header") or ()
        columns = options["columns"].items()
        names = {}
        for place, target in columns:
            if int(place) < len(header):
                names[target] = header[int(place)]
        self.env["ecm.campaign"].browse(campaign_id).sudo()._label_parameters(names)

    def action_queue(self):
        """Have the import start in the background."""
        self.check_access("write")
        idle = self.filtered(lambda record: record.state in ("draft", "failed"))
        for contact_list in idle:
            if not contact_list.attachment_id:
                raise UserError(self.env._("The list %s has no file to import.", contact_list.name))
            contact_list.sudo().write({"state": "queued", "error": False})
            contact_list._log_state()
        # Whoever has nothing to read is done at once.
        for name in IMPORT_ACTIONS:
            self.env.ref(name).sudo()._trigger()
        return True

    def action_ask_undo(self):
        """Say what would become of the contacts, and ask."""
        self.ensure_one()
        self.check_access("unlink")
        context = {"default_list_id": self.id}
        return open_window(self.env, "ecm_campaign.ecm_list_undo_action", context=context)

    def action_undo(self):
        """Take back uploads of a wrong file. Contacts that were not called are deleted, those that
        were called stay in their list, which is stopped.

        :return: a notification with the counts
        :raise UserError: the file was not read, or is being read
        """
        self.check_access("unlink")
        states = set(self.mapped("state"))
        if not states <= {"done", "failed"}:
            raise UserError(self.env._("Only an upload that has ended can be undone."))
        undone = self._take_back()
        self.action_stop()
        self.sudo().write({"state": "cancelled"})

        labels = ", ".join(record._get_log_label() for record in self)
        _logger.info("%s: undone, %s deleted, %s returned, %s kept", labels, *undone)
        return self._notify_undone(undone)

    def _notify_undone(self, undone):
        """:rtype: dict of the action that says what became of the contacts"""
        # What did not happen is not mentioned.
        sentences = [self.env._("%s contacts that were not called were deleted.", undone.deleted)]
        if undone.returned:
            sentences.append(
                self.env._("%s went back to the list that brought them.", undone.returned)
            )
        if undone.kept:
            sentences.append(
                self.env._("%s that were called stay in this list, which is stopped.", undone.kept)
            )
        return notify(" ".join(sentences), sticky=True)

    def _undo(self):
        self._take_back()

    def _take_back(self):
        """Remove what these lists have brought and what was not called yet. Contacts that were
        there before stay, in the list that they came from (requirement L9).

        :rtype: Undone
        """
        contacts = self.env["ecm.contact"]
        self.env.flush_all()
        deleted = 0
        for contact_list in self.sudo():
            count = contacts._delete_uncalled(contact_list)
            # What is counted as stored is what the list still has brought.
            contact_list.uploaded_count = max(0, contact_list.uploaded_count - count)
            deleted += count
        # What a list that is not active took over is held, and its own list may be active.
        held = self.filtered(lambda record: record.status != "active")
        contacts._resume_lists(held, fields.Datetime.now())
        returned = contacts._return_to_origin(self)
        contacts._hold_lists(held)
        self.invalidate_recordset()
        kept = sum(self.mapped("contact_count"))
        return Undone(deleted, returned, kept)

    # -- import -----------------------------------------------------------------------------------

    def _get_turn(self):
        """One import at a time into a campaign, so that duplicates are seen."""
        return self.campaign_id

    def _get_file(self):
        return self.attachment_id

    def _complete(self):
        super()._complete()
        self.campaign_id.filtered("is_running")._trigger_feed()

    def _replace_earlier(self):
        """Overwriting: withdraw the never called contacts of the campaign's earlier lists that are
        not in this file.

        :return: how many, 0 when there are no more (index ``ecm_contact__campaign_state``)
        """
        if self.mode != "overwrite":
            return 0
        # What was entered by hand belongs to no list, and stays.
        others = SQL(
            "c.campaign_id = %s AND c.list_id IS NOT NULL AND c.list_id <> %s",
            self.campaign_id.id,
            self.id,
        )
        reason = self.env._("Not in the list that replaced its own: %s", self.name)
        replaced = self.env["ecm.contact"]._close_uncalled(others, reason, SWEEP_BATCH)
        self.replaced_count += replaced
        self.env["ecm.contact"].invalidate_model()
        return replaced

    def _get_dialect(self, file):
        return contact_file.Dialect(**self.options["dialect"])

    def _open_chunks(self, source, pace):
        """Chunks of checked contacts with their COPY texts."""
        # All that is read from records is read here: the parser runs in another thread.
        columns = self._get_column_map()
        options = self._get_parse_options()
        number_of = self._get_number_getter()

        _dialect, rows, unread = self._open_rows(source)
        chunks = contact_rows.parse_rows(unread, columns, options, pace)
        return rows, _with_texts(chunks, number_of)

    def _get_column_map(self):
        return contact_rows.ColumnMap(self.options["columns"])

    def _get_parse_options(self):
        rules = {}
        # What lists of an earlier version do not say is as it was usual.
        for name in ("min_length", "max_length", "phone_lengths", "moves_up"):
            if self.options.get(name) is not None:
                rules[name] = self.options[name]
        return contact_rows.ParseOptions(
            country=self.options.get("country"),
            tz=self.campaign_id.tz,
            columns=self.options["dialect"].get("columns") or None,
            **rules,
        )

    def _load_chunk(self, chunk, read_on):
        return self._store_chunk(chunk, read_on).counts

    def _store_chunk(self, chunk, read_on):
        """As `_load_chunk`, for callers that tell what became of each row.

        :rtype: StoredChunk
        """
        # A phone that moves up to phone 1 may be known as well.
        scrubbed = self._extend_rows(self._scrub(chunk.contacts, chunk.texts), chunk)
        rows, duplicates, updated = self._split_duplicates(scrubbed)
        duplicates = _with_rows(duplicates, chunk)

        # One whose numbers are all listed is stored as well: it is counted and can be looked up.
        read_on()
        stored = self._copy_contacts([row for row in rows if not row.is_closed])
        closed = [row for row in rows if row.is_closed]
        self._copy_closed([row.full_text for row in closed])

        hits, left_out = self._count_hits(rows)
        rejects = [*chunk.rejects, *duplicates]
        warnings = [*chunk.warnings, *left_out]
        room = max(0, MAX_REJECTS - self._count_rejects())
        self.env["ecm.contact.list.reject"]._copy_in(self, rejects, warnings, room)
        for name, count in chunk.count_bad_phones().items():
            hits[f"failed_{name}"] = count
        counts = {
            **hits,
            "uploaded_count": len(rows),
            "failed_count": len(chunk.rejects),
            "duplicate_count": len(duplicates),
            "updated_count": updated,
            "warning_count": len(warnings),
        }
        return StoredChunk([*stored, *closed], duplicates, counts)

    def _extend_rows(self, rows, chunk):
        """Hook: add the values of `_get_extra_columns` to rows that were scrubbed, as
        ``ImportRow.extra``.

        :param rows: list of ``ImportRow``
        :param chunk: of ``contact_rows``, with the cells that each contact was made of
        :return: the rows
        """
        return rows

    def _get_extra_columns(self):
        """Hook: names of columns that each row brings beside those of every file.

        :rtype: tuple
        """
        return ()

    def _split_duplicates(self, rows):
        """Tell new contacts from those that are known already, as the file names them or without
        listed numbers (L9).

        :param rows: list of ``ImportRow``
        :return: ``(rows to store, rejects of the others, how many known contacts were updated)``
        """
        policy = self._get_policy()
        if policy == "allow":
            return rows, [], 0
        if self.duplicate_any_phone:
            rows = list(map(ImportRow.with_all_numbers, rows))
        updated = 0
        if policy == "update":
            rows, known, updated = self._update_known(rows)
        else:
            known = self._get_known_phones(_get_numbers(rows))
        kept, duplicates = _leave_out_known(rows, known)
        return kept, duplicates, updated

    def _get_policy(self):
        return self.duplicate_policy if self.mode == "append" else "update"

    def _get_known_phones(self, numbers):
        """Which numbers are known within the list's scope of duplicates."""
        campaign = SQL("c.campaign_id = %s", self.campaign_id.id)
        scopes = {
            "list": SQL("%s AND c.list_id = %s", campaign, self.id),
            "campaign": campaign,
            "company": SQL("c.company_id = %s", self.company_id.id),
        }
        where = scopes[self.duplicate_scope]
        # A list is imported in one go: its own rows count, whatever became of them meanwhile.
        if self.duplicate_scope != "list":
            open_states = list(self.env["ecm.contact"]._get_open_states())
            counts = SQL("c.state = ANY(%s) OR %s", open_states, self._get_closed_condition())
            where = SQL("%s AND (%s)", where, counts)
        columns = self._get_compared_columns()
        return self.env["ecm.contact"]._get_known_phones(where, numbers, columns)

    def _get_compared_columns(self):
        """Which phones of a contact tell whether it is known."""
        return PHONE_FIELDS if self.duplicate_any_phone else PHONE_FIELDS[:1]

    def _get_closed_condition(self):
        """Which closed contacts count as known, as a condition on the contact ``c``: who is uploaded
        again is called again, unless the list says otherwise (L9).
        """
        # A file that says who is in the campaign asks nobody back.
        if self.mode != "append":
            return SQL("TRUE")
        if not self.duplicate_closed:
            return SQL("FALSE")
        if not self.duplicate_days:
            return SQL("TRUE")
        since = fields.Datetime.now() - timedelta(days=self.duplicate_days)
        return SQL("(c.added_at >= %s OR c.last_attempt_at >= %s)", since, since)

    def _update_known(self, rows):
        """Update the open contacts of the campaign that these rows are about; overwriting takes
        them into this list.

        :return: ``(rows of other numbers, numbers that are not open or stood in this file before,
        how many updated)``
        """
        contacts = self.env["ecm.contact"]
        numbers = _get_numbers(rows)
        closed = self._get_closed_condition()
        columns = self._get_compared_columns()
        found = contacts._find_by_phone(self.campaign_id, numbers, closed, columns)
        updates = {}
        others = []
        known = set()
        for row in rows:
            for contact, number in row.namings:
                there = found.get(number)
                if not there:
                    continue
                if there.is_open and self._may_update(there):
                    # The last row about a contact counts.
                    contact_id = there.contact_id
                    updates[contact_id] = Imported(contact_id, *get_updated(contact))
                    break
                known.add(number)
            else:
                others.append(row)

        taken_over_by = self.id if self.mode == "overwrite" else None
        contacts._update_imported(list(updates.values()), taken_over_by)
        updated = len(rows) - len(others)
        return others, known, updated

    def _may_update(self, known):
        """Whether the file changes a contact: one that it has brought itself only where it
        overwrites.
        """
        return known.list_id != self.id or self.mode == "overwrite"

    def _copy_contacts(self, rows):
        """COPY contacts into the table; those with a time to come wait for it.

        :param rows: list of ``ImportRow``
        :return: the same in the order in which they were stored
        """
        now = fields.Datetime.to_string(fields.Datetime.now())
        # Whoever is due in a list that is not active is held from the start, as the gate would.
        at_once = {"is_ready": True}
        if self.status != "active":
            at_once = {"is_ready": False, "block_reason": LIST_STOPPED}
        due = []
        waiting = []
        for row in rows:
            not_before = row.contact[NOT_BEFORE]
            # Both are texts of one form, which sort as the moments do.
            is_early = not_before and not_before > now
            place = waiting if is_early else due
            place.append(row)

        before = self.env["ecm.contact"]._get_last_id()
        for part, own in ((due, at_once), (waiting, {"is_ready": False})):
            if part:
                constants = self._prepare_copy_constants(now)
                self._copy_texts([row.full_text for row in part], {**constants, **own})
        self._set_dial_keys_after(before)
        return [*due, *waiting]

    def _set_dial_keys_after(self, contact_id):
        """Put those that were just stored in their place, where that goes by a field.

        :param int contact_id: the last one that was there before
        """
        if self.campaign_id.dial_order == "field":
            where = SQL("c.id >= %s AND c.list_id = %s", contact_id, self.id)
            self.env["ecm.contact"]._key_contacts(self.campaign_id.sudo(), where)

    def _copy_texts(self, texts, constants):
        """COPY prepared rows; ``constants`` are the columns that all of them share."""
        # The order of the values in each text: what `make_text` wrote, then what all share.
        columns = []
        made = (*contact_rows.COLUMNS[1:], "own_not_before", "number_to_call")
        for value in (*made, *self._get_extra_columns(), *constants):
            name = COPY_NAMES.get(value, value)
            columns.append(SQL.identifier(name))
        statement = SQL("COPY ecm_contact (%s) FROM STDIN", SQL(", ").join(columns))
        shared = tuple(constants.values())
        stream = contact_rows.copy_stream(texts, shared)
        self._copy_expert(statement.code, stream)

    def _prepare_copy_constants(self, now):
        """Columns that are the same in every row of a chunk; an extension adds its own.

        :rtype: dict
        """
        return {
            "campaign_id": self.campaign_id.id,
            "list_id": self.id,
            # A list that overwrites may take the contact over, and give it back when it is undone.
            "origin_list_id": self.id,
            "company_id": self.campaign_id.company_id.id,
            "state": PENDING,
            "is_retry": False,
            "next_position": 1,
            "channel": self._get_first_channel(),
            "attempt_count": 0,
            "uncounted_count": 0,
            "added_at": now,
        }

    def _get_first_channel(self):
        """Where new contacts wait for their first attempt; a claim moves those for whom it is
        another one.
        """
        attempts = self.campaign_id.strategy_id.sudo()._get_plan().attempts
        return attempts[0].channel if attempts else "voice"

    def _get_number_getter(self):
        """What tells the number of the first attempt from a row of ``contact_rows.COLUMNS``."""
        plan = self.campaign_id.strategy_id._get_plan()
        if plan.attempts and plan.attempts[0].phone_index == 1:
            return itemgetter(PHONE)
        # Another phone comes first, which not every contact has: the strategy says what then.
        now = fields.Datetime.now().replace(tzinfo=UTC)

        def number_of(contact):
            phones = contact[PHONE : PHONE + 5]
            first = decision.first_attempt(plan, phones, None, now)
            return getattr(first, "number", contact[PHONE])

        return number_of

    def _notify_progress(self):
        """Tell the browser of whoever uploaded the list; forms that show it reload."""
        progress = {"id": self.id, "progress": self.progress, "state": self.state}
        self.user_id._bus_send("ecm_contact_list/progress", progress)

    # -- buttons ----------------------------------------------------------------------------------

    def _get_results_scope(self):
        attempts = [("contact_id.list_id", "=", self.id)]
        own = SQL("c.list_id = %s", self.id)
        attempts_sql = SQL("JOIN ecm_contact c ON c.id = a.contact_id WHERE %s", own)
        contacts = [("list_id", "=", self.id)]
        counters_sql = SQL("n.list_id = %s", self.id)
        zone, kind = self.campaign_id.tz, self.campaign_id.kind
        return ResultsScope(contacts, attempts, attempts_sql, own, counters_sql, zone, kind)

    def _compute_can_start_campaign(self):
        """Once its file is read, and before its campaign runs."""
        for contact_list in self:
            campaign = contact_list.campaign_id
            is_idle = campaign.active and not campaign.is_running
            contact_list.can_start_campaign = contact_list.state == "done" and is_idle

    def action_open_campaign(self):
        """Go to the campaign that this list belongs to (U21)."""
        self.ensure_one()
        return open_form(self.campaign_id)

    def action_start_campaign(self):
        """Start the campaign of this list, or open its form at what is missing (U21)."""
        self.ensure_one()
        return self.campaign_id.action_start_or_complete()

    def action_view_contacts(self):
        """Open the contacts of this list."""
        return self._open_contacts()

    def action_call_again(self):
        """Ask which closed contacts of these lists are called again."""
        return self.env["ecm.bulk.start"]._open(self, "again")

    def _open_contacts(self):
        domain = [("list_id", "in", self.ids)]
        return open_window(self.env, "ecm_campaign.ecm_contact_action", domain=domain, context={})

    def action_download_rejects(self):
        """Download the rows that were not stored."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/ecm/contact_list/{self.id}/rejects",
            "target": "download",
        }

    def action_download_repairable(self):
        """Download the rows that were not stored as they were in the file, to be uploaded again
        (requirement L8).
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/ecm/contact_list/{self.id}/rejected_file",
            "target": "download",
        }

    def action_feed_campaigns(self):
        """Ask which other campaigns the file of this list shall feed."""
        self.ensure_one()
        return self.env["ecm.global.list.feed"]._open(self)

    def _make_global(self):
        """The shared list of this list's file, which then belongs to it."""
        self.ensure_one()
        self.check_access("write")
        if not self.global_list_id:
            values = {
                "name": self.name,
                "company_id": self.company_id.id,
                "attachment_id": self.attachment_id.id,
            }
            # The file moves from this list to the shared one, which users cannot have it do.
            global_list = self.env["ecm.global.list"].sudo().create(values)
            self.sudo().global_list_id = global_list
            owner = {"res_model": global_list._name, "res_id": global_list.id}
            self.attachment_id.sudo().write(owner)
        return self.global_list_id

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        attempts = self.env["ecm.attempt"].sudo()
        on_contacts = [("contact_id.list_id", "in", self.ids)]
        if attempts.search_count(on_contacts, limit=1):
            raise UserError(self.env._("Contacts of this list were called: the history must stay."))

    def unlink(self):
        # The guards look for calls of the contacts, so the contacts go last.
        lists = self.ids
        result = super().unlink()
        self.env["ecm.contact"]._delete_of("list_id", lists)
        return result


def _with_texts(chunks, number_of):
    """Make the COPY texts of each chunk's contacts, in the thread that parses them."""
    for chunk in chunks:
        chunk.texts = [make_text(contact, number_of) for contact in chunk.contacts]
        yield chunk


def _with_rows(rejects, chunk):
    """The rejects of contacts with the rows that they were made of, to be repaired."""
    # Most chunks have none, and then their rows need not be looked up.
    if not rejects:
        return rejects
    rows = {contact[LINE]: row for contact, row in zip(chunk.contacts, chunk.rows, strict=True)}
    return [reject._replace(row=contact_rows.row_text(rows[reject.line])) for reject in rejects]


def _get_numbers(rows):
    """All numbers by which ``ImportRow`` may be known, as a set."""
    numbers = map(attrgetter("numbers"), rows)
    return set().union(*numbers)


def _leave_out_known(rows, known):
    """Take out rows whose number is known; what stays is known to the rows below it.

    :param rows: list of ``ImportRow``
    :param set known: numbers; those of the rows that stay are added
    :return: ``(rows that stay, rejects of the others)``
    """
    kept, duplicates = [], []
    for row in rows:
        if known.isdisjoint(row.numbers):
            known.update(row.numbers)
            kept.append(row)
        else:
            number = next(filter(known.__contains__, row.numbers))
            line = row.contact[LINE]
            field_name = row.get_field(number)
            reject = contact_rows.Reject(line, field_name, number, "duplicate")
            duplicates.append(reject)
    return kept, duplicates
