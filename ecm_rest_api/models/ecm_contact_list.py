import io

from psycopg2.errors import LockNotAvailable

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.tools import SQL

from ..const import MAX_PAGE_SIZE
from ..exceptions import TryAgain, WrongValue, refuse_emptied
from ..tools.times import as_text
from odoo.addons.ecm_campaign.models.contact_list.ecm_contact_list_scrub import make_text
from odoo.addons.ecm_campaign.models.dnc.ecm_dnc_list import DNC_CLASSES
from odoo.addons.ecm_campaign.tools import contact_objects, contact_rows

LINE = contact_rows.COLUMNS.index("line")
PHONE = contact_rows.COLUMNS.index("phone_1")
# What is left to a caller whose campaign a file is being read into.
LOCK_TIMEOUT = "10s"
NOT_READ = ("draft", "queued", "importing")


class EcmContactList(models.Model):
    _inherit = "ecm.contact.list"

    # -- verbs of other systems (docs/api.md) ------------------------------------------------------

    @api.model
    def api_create(self, campaign, values):
        """Create an empty dialing list, which `api_add_contacts` of ``ecm.contact`` fills.

        :param campaign: see ``api_get`` of ``ecm.campaign``
        :param dict values: ``name``; ``date_start`` and ``date_end``, between which its contacts are
            called; ``duplicates``, see ``api_add_contacts``
        :return: see `api_get_status`
        """
        self.check_access("create")
        found = self.env["ecm.campaign"]._api_find(campaign)
        values = dict(values)
        duplicates = values.pop("duplicates", None)
        given = self._api_prepare(values)
        if not given.get("name"):
            raise WrongValue(self.env._("Give the list a name."), "name")
        created = self._create_api_list(found, given["name"], duplicates)
        created.write(given)
        return created._api_describe()

    @api.model
    def api_update(self, list_id, values):
        """Change the name or the dates of a list.

        :param dict values: ``name``, ``date_start``, ``date_end``
        :return: see `api_get_status`
        """
        self.check_access("write")
        found = self._api_find(list_id)
        found.write(self._api_prepare(dict(values)))
        return found._api_describe()

    @api.model
    def api_get_status(self, list_id):
        """How far a list's import is, and what became of its rows (requirements L3, L7).

        :param int list_id: as ``create_from_file`` or ``api_add_contacts`` return it
        :return: dict with ``state`` (*queued*, *importing*, *done*, *failed* or *cancelled*),
            ``progress_percent``, ``error``, the counters ``processed``, ``uploaded``, ``updated``,
            ``duplicate``, ``failed``, ``warnings``, and the list itself
        :raise MissingError: there is none for this user
        """
        self.check_access("read")
        return self._api_find(list_id)._api_describe()

    @api.model
    def api_read_errors(self, list_id, after_id=0, limit=100):
        """Rows that were not stored, and values that were left out, in the order of the file.

        :param int after_id: ``id`` of the last one of the answer before
        :param int limit: 1 to 500
        :return: list of dicts with ``id``, ``line``, ``field``, ``value``, ``code``, ``detail`` and
            ``is_warning`` (the contact is stored, without the value)
        """
        self.check_access("read")
        found = self._api_find(list_id)
        if type(limit) is not int or not 1 <= limit <= MAX_PAGE_SIZE:
            text = self.env._("It is a number from 1 to %s.", MAX_PAGE_SIZE)
            raise WrongValue(text, "limit")
        domain = [("list_id", "=", found.id), ("id", ">", after_id)]
        rejects = self.env["ecm.contact.list.reject"].search(domain, order="id", limit=limit)
        return [reject._api_describe() for reject in rejects]

    @api.model
    def _api_find(self, list_id):
        """:raise MissingError: there is none that this user may read"""
        found = self.search([("id", "=", list_id)]) if type(list_id) is int else self.browse()
        if not found:
            raise MissingError(self.env._("There is no list %s for this key.", list_id))
        return found

    @api.model
    def _api_prepare(self, values):
        """:raise WrongValue: what is given is no setting, or empties what must have a value"""
        for name in values:
            if name not in ("name", "date_start", "date_end"):
                raise WrongValue(self.env._("There is no setting %s.", name), name)
        given = {
            name: self.env["ecm.campaign"]._api_read(name, value) if value else False
            for name, value in values.items()
        }
        refuse_emptied(self, given)
        return given

    def _api_describe(self):
        self.ensure_one()
        return {
            "id": self.id,
            "campaign_id": self.campaign_id.id,
            "name": self.name,
            "source": self.source,
            "state": self.state,
            "calling": self.status,
            "progress_percent": round(self.progress, 1),
            "error": self.error or None,
            "mode": self.mode,
            "file_name": self.file_name or None,
            "date_start": as_text(self.date_start),
            "date_end": as_text(self.date_end),
            "created_at": as_text(self.create_date),
            "started_at": as_text(self.started_at),
            "finished_at": as_text(self.finished_at),
            "processed": self.processed_count,
            "uploaded": self.uploaded_count,
            "updated": self.updated_count,
            "duplicate": self.duplicate_count,
            "failed": self.failed_count,
            "replaced": self.replaced_count,
            "warnings": self.warning_count,
            "dnc_hits": self._api_describe_hits(),
            "contacts": self.contact_count,
            "pending": self.pending_count,
            "available": self.available_count,
            "worked_percent": round(self.worked_percent, 1),
        }

    def _api_describe_hits(self):
        """Contacts and numbers on do-not-contact lists, by class of the list."""
        hits = {}
        for dnc_class, _label in DNC_CLASSES:
            contacts = self[f"dnc_{dnc_class}_contacts"]
            numbers = self[f"dnc_{dnc_class}_numbers"]
            hits[dnc_class] = {"contacts": contacts, "numbers": numbers}
        return hits

    @api.model
    def _api_upload(self, campaign, file_name, content, profile=None, mode=None):
        """Have a file imported in the background.

        :param bytes content: of the file
        :raise WrongValue: it cannot be read
        """
        self.check_access("create")
        campaign.check_access("write")
        stream = io.BytesIO(content)
        attachment = self.env["ir.attachment"]._create_from_stream(file_name, stream)
        values = {"source": "api", **({"mode": mode} if mode else {})}
        try:
            return self._create_from_file(campaign, file_name, attachment, profile, **values)
        except (AccessError, ValidationError):
            raise
        except UserError as error:
            raise WrongValue(str(error), "file") from error

    # -- contacts of one call ----------------------------------------------------------------------

    @api.model
    def _get_api_list(self, campaign, list_id=None, name=None, duplicates=None):
        """The list that contacts of one call come into.

        :param int list_id: one that is there; none: a new one
        :raise WrongValue: there is no such list in the campaign
        :raise UserError: its file is not read yet
        """
        if not list_id:
            return self._create_api_list(campaign, name, duplicates)
        found = self.search([("id", "=", list_id), ("campaign_id", "=", campaign.id)])
        if not found:
            raise WrongValue(self.env._("The campaign has no list %s.", list_id), "list_id")
        if found.state in NOT_READ:
            raise TryAgain(self.env._("The list's file is being read: try again in a minute."))
        return found

    @api.model
    def _create_api_list(self, campaign, name=None, duplicates=None):
        """:param str duplicates: what becomes of a known number; none: as the campaign says"""
        policies = dict(self._fields["duplicate_policy"].selection)
        if duplicates and duplicates not in policies:
            text = self.env._("It is one of: %s.", ", ".join(policies))
            raise WrongValue(text, "duplicates")
        now = fields.Datetime.now()
        return self._create_with_engine_fields(
            {
                "name": name or self.env._("API, %s", fields.Datetime.to_string(now)),
                "campaign_id": campaign.id,
                "duplicate_policy": duplicates or campaign.duplicate_policy,
                # As for contacts that come one by one.
                "duplicate_closed": True,
                "source": "api",
                "state": "done",
                "progress": 100.0,
                "started_at": now,
                "finished_at": now,
            }
        )

    def _add_contacts(self, contacts):
        """Check and store contacts of one call, in the same way as those of a file.

        :param list contacts: see ``tools.contact_objects.make_rows``
        :return: list of a dict for each contact, in their order: ``index``, ``status`` (*created*,
            *updated*, *duplicate* or *rejected*), ``id``, ``state``, ``field``, ``code``,
            ``detail``, ``warnings``, as far as there is something to say
        """
        self.ensure_one()
        self._await_turn()
        contact_list = self.sudo().with_context(ecm_sees_others_commits=True)
        self.env.flush_all()
        before = self.env["ecm.contact"]._get_last_id()
        chunk = contact_list._parse_contacts(contacts)
        stored = contact_list._store_chunk(chunk, _do_nothing)
        for name, count in {"processed_count": chunk.processed, **stored.counts}.items():
            contact_list[name] += count
        self.env["ecm.contact"].invalidate_model()
        self.campaign_id.filtered("is_running")._trigger_feed()

        results = self._collect_rejected(chunk, stored)
        results.update(contact_list._collect_created(stored, before))
        contact_list._add_updated(results, chunk)
        self._add_warnings(results, chunk)
        return [{"index": line - 1, **results[line]} for line in sorted(results)]

    def _await_turn(self):
        """Come after other calls for the campaign, and after a file that is read into it, so that
        each sees the numbers of the others.

        :raise TryAgain: it takes too long
        """
        self.env["ecm.contact"]._api_await_turn(self.campaign_id)
        # The import's lock of the campaign, until this transaction ends.
        lock = SQL("hashtext(%s), %s", f"ecm:{self.campaign_id._name}", self.campaign_id.id)
        self.env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", lock))
        if self.env.cr.fetchone()[0]:
            return
        if not self._wait_for(lock):
            raise TryAgain(
                self.env._("A file is being read into this campaign: try again in a minute.")
            )

    def _wait_for(self, lock):
        """:return: whether the lock is ours now"""
        self.env.cr.execute(SQL("SAVEPOINT ecm_turn"))
        self.env.cr.execute(SQL("SELECT set_config('lock_timeout', %s, TRUE)", LOCK_TIMEOUT))
        try:
            self.env.cr.execute(SQL("SELECT pg_advisory_xact_lock(%s)", lock), log_exceptions=False)
        except LockNotAvailable:
            self.env.cr.execute(SQL("ROLLBACK TO SAVEPOINT ecm_turn"))
            return False
        self.env.cr.execute(SQL("SELECT set_config('lock_timeout', '0', TRUE)"))
        self.env.cr.execute(SQL("RELEASE SAVEPOINT ecm_turn"))
        return True

    def _parse_contacts(self, contacts):
        """:rtype: contact_rows.Chunk"""
        options = contact_rows.ParseOptions(country=self.company_id.country_id.code)
        rows = contact_objects.make_rows(contacts)
        chunks = list(contact_rows.parse_rows(rows, contact_objects.COLUMNS, options))
        # Nothing but empty ones makes no chunk.
        chunk = chunks[0] if chunks else contact_rows.Chunk()
        number_of = self._get_number_getter()
        chunk.texts = [make_text(contact, number_of) for contact in chunk.contacts]
        return chunk

    # -- what became of each -----------------------------------------------------------------------

    def _collect_rejected(self, chunk, stored):
        """:return: ``{line: result}`` of those that were not stored"""
        found = {}
        for reject in chunk.rejects:
            found[reject.line] = {"status": "rejected", **self._describe_reject(reject)}
        known = (
            self.env["ecm.contact"]
            .sudo()
            ._find_by_phone(
                self.campaign_id, {reject.value for reject in stored.duplicates}, SQL("TRUE")
            )
        )
        for reject in stored.duplicates:
            result = {"status": "duplicate", **self._describe_reject(reject)}
            if there := known.get(reject.value):
                result["id"] = there.contact_id
            found[reject.line] = result
        return found

    def _collect_created(self, stored, before):
        """:param int before: the last id that was there
        :return: ``{line: result}``
        """
        # COPY numbers its rows in their order, whatever others store meanwhile.
        self.env.cr.execute(
            SQL(
                """SELECT id, state FROM ecm_contact
                    WHERE id >= %s AND list_id = %s AND origin_list_id = %s ORDER BY id""",
                before,
                self.id,
                self.id,
            )
        )
        ids = self.env.cr.fetchall()[-len(stored.rows) :] if stored.rows else []
        found = {}
        for row, (contact_id, state) in zip(stored.rows, ids, strict=True):
            result = {"status": "created", "id": contact_id, "state": state}
            found[row.contact[LINE]] = result
        return found

    def _add_updated(self, results, chunk):
        """What was neither stored nor refused is a contact that was there before."""
        numbers = {}
        for contact in chunk.contacts:
            if contact[LINE] not in results:
                numbers[contact[LINE]] = contact[PHONE]
        columns = self._get_compared_columns()
        known = self.env["ecm.contact"]._find_by_phone(
            self.campaign_id, set(numbers.values()), SQL("FALSE"), columns
        )
        for line, number in numbers.items():
            results[line] = {"status": "updated"}
            if there := known.get(number):
                results[line]["id"] = there.contact_id

    def _add_warnings(self, results, chunk):
        """Values that were left out."""
        for warning in chunk.warnings:
            result = results.get(warning.line, {})
            if result.get("status") in ("created", "updated"):
                result.setdefault("warnings", []).append(self._describe_reject(warning))

    def _describe_reject(self, reject):
        """:return: ``field``, ``code`` and ``detail``, without the value: the caller has it"""
        text = contact_objects.REASONS.get(reject.code)
        return {
            "field": contact_objects.name_field(reject.field, reject.value),
            "code": reject.code,
            "detail": text or self.env["ecm.contact.list.reject"]._get_reason_text(reject.code),
        }


def _do_nothing():
    """The next rows are not read ahead."""
