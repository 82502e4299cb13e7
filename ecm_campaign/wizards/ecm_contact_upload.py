from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import NamedTuple

from pytz import country_timezones

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..actions import open_form, open_window
from ..const import BUSINESS_PARAMETERS, MAX_UPLOAD_MB, UPLOAD_PARAMETER
from ..models.contact_list.ecm_import_profile import (
    DELIMITERS,
    DUPLICATE_POLICIES,
    DUPLICATE_SCOPES,
    ENCODINGS,
    LAYOUTS,
    LIST_SETTINGS,
    MODES,
    QUOTES,
)
from ..tools import contact_file, contact_preview, contact_rows

PREVIEW_ROWS = 8
MEGABYTE = 2**20
MAX_CELL_TEXT = 80

# What numbers without a country code are tried in, where they fit none that is likelier.
FREQUENT_COUNTRIES = ("DE", "US", "GB", "FR", "IT", "ES", "AT", "CH", "NL", "BE", "PL", "TR", "IN")


class Beginning(NamedTuple):
    """The first rows of a file as they will be stored, or why it cannot be imported.

    ``warnings`` are keys of ``contact_file.WARNINGS``; ``country`` is the code of the one that the
    numbers look like, where it is not the one that was chosen.
    """

    error: str | bool = False
    rows: Sequence = ()
    warnings: Sequence = ()
    country: str | None = None


class EcmContactUpload(models.TransientModel):
    """Upload a file of contacts into a campaign: what it is like is found out, shown, and can be
    corrected (L1).
    """

    _name = "ecm.contact.upload"
    _inherit = ["ecm.file.mixin"]
    _description = "Upload Contacts"

    campaign_id = fields.Many2one("ecm.campaign", required=True)
    attachment_id = fields.Many2one(required=True, readonly=False, ondelete="cascade")
    file_name = fields.Char(compute="_compute_file_name")
    list_name = fields.Char(
        "Name of the list",
        compute="_compute_list_name",
        store=True,
        readonly=False,
        help="Empty: the file's name.",
    )
    profile_id = fields.Many2one(
        "ecm.import.profile",
        string="Import profile",
        compute="_compute_profile_id",
        store=True,
        readonly=False,
        help="How files of this kind are read. Suggested: the one of the campaign's last list.",
    )
    kind = fields.Char(readonly=True)
    layout = fields.Selection(LAYOUTS, required=True, default="header")
    delimiter = fields.Selection(DELIMITERS, required=True, default=",")
    encoding = fields.Selection(ENCODINGS, string="Characters", required=True, default="utf-8")
    quote = fields.Selection(QUOTES, string="Quotation mark", required=True, default='"')
    sheet = fields.Char(help="Empty: the one it was saved with.")
    sheet_names = fields.Char(readonly=True)
    mode = fields.Selection(MODES, required=True, default="append")
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
    date_start = fields.Datetime(
        "Called from", help="Its contacts are not called before. Empty: at once."
    )
    date_end = fields.Datetime(
        "Called until", help="Its open contacts close as Expired then. Empty: no end."
    )
    save_profile = fields.Boolean("Save this mapping as a profile")
    profile_name = fields.Char("Name of the profile")
    country_id = fields.Many2one(
        "res.country",
        string="Country of the numbers",
        compute="_compute_country_id",
        store=True,
        readonly=False,
        help="For numbers without a country code.",
    )
    column_ids = fields.One2many("ecm.contact.upload.column", "upload_id", string="Columns")
    problem = fields.Text(compute="_compute_preview")
    warning = fields.Text(compute="_compute_preview")
    stored_count = fields.Integer(compute="_compute_preview", help="Of the rows that are shown.")
    suggested_country_id = fields.Many2one("res.country", compute="_compute_preview")
    suggestion = fields.Char(compute="_compute_preview")
    zone_text = fields.Char(compute="_compute_zone_text")
    preview = fields.Json(
        compute="_compute_preview", help="What the columns' widget shows, see _get_preview."
    )

    @api.depends("campaign_id")
    def _compute_country_id(self):
        for upload in self:
            company = upload.campaign_id.company_id or self.env.company
            upload.country_id = company.country_id

    @api.depends("campaign_id")
    def _compute_profile_id(self):
        lists = self.env["ecm.contact.list"]
        for upload in self:
            domain = [("campaign_id", "=", upload.campaign_id.id)]
            last = lists.search(domain, limit=1)
            upload.profile_id = last.profile_id.filtered("active")

    @api.depends("attachment_id")
    def _compute_file_name(self):
        """Not a related field: that would show the name of any file of the database."""
        for upload in self:
            file = upload.attachment_id._origin
            upload.file_name = file._is_own_upload() and file.sudo().name

    @api.depends("file_name")
    def _compute_list_name(self):
        for upload in self:
            upload.list_name = upload.file_name

    # -- what the file is like --------------------------------------------------------------------

    @api.onchange("attachment_id", "profile_id")
    def _onchange_file(self):
        """Find out how the file is written, as far as the profile does not say it."""
        self._take_over_profile()
        if not self.attachment_id:
            return
        try:
            with self._open() as file:
                dialect = self.profile_id._describe(file)
        except contact_file.UnreadableFile:
            # The preview says why.
            return
        self._take_over_dialect(dialect)
        self._set_columns()

    def _take_over_profile(self):
        profile = self.profile_id
        if not profile:
            return
        for name in (*LIST_SETTINGS, "sheet"):
            self[name] = profile[name]
        self.country_id = profile.country_id or self.country_id

    def _take_over_dialect(self, dialect):
        """Show how the file is written.

        :param contact_file.Dialect dialect: as it was found out
        """
        self.kind = dialect.kind
        self.delimiter = dialect.delimiter
        self.quote = dialect.quote
        # With one sheet there is nothing to choose.
        has_choice = len(dialect.sheets) > 1
        self.sheet_names = ", ".join(dialect.sheets) if has_choice else False
        # Python finds more encodings than people can choose from.
        if dialect.encoding in dict(ENCODINGS):
            self.encoding = dialect.encoding
        # The profile knows what the file cannot say: that its order is that of ECM.
        found = "header" if dialect.has_header else "none"
        self.layout = self.profile_id.layout or found

    @api.onchange("layout", "delimiter", "encoding", "quote", "sheet")
    def _onchange_dialect(self):
        if self.attachment_id:
            self._set_columns()

    def _set_columns(self):
        try:
            dialect, rows = self._read_beginning()
            targets = self._find_targets(dialect, rows)
        except contact_file.UnreadableFile:
            self.column_ids = [Command.clear()]
            return
        # Columns beyond the header, and those of a file that has none, go by their number.
        names = dict(enumerate(dialect.header))
        commands = [Command.clear()]
        for index in range(max(dialect.columns, len(dialect.header))):
            values = {
                "position": index,
                "header": names.get(index, str(index + 1)),
                "target": targets.get(index, "ignore"),
            }
            commands.append(Command.create(values))
        self.column_ids = commands

    def _find_targets(self, dialect, rows):
        """:return: ``{column index: target}``"""
        if self.layout == "ecm":
            return contact_rows.ECM_MAP.targets
        guess = self.env["ecm.import.profile"]
        # A profile knows the columns of its own layout only.
        profile = self.profile_id if self.profile_id.layout == self.layout else guess
        try:
            return profile._get_targets(dialect, rows)
        except UserError:
            # The preview shows what is there; the user chooses the columns that the profile does
            # not find.
            return guess._get_targets(dialect, rows)

    # -- the file ---------------------------------------------------------------------------------

    @api.model
    def _get_max_size(self):
        """Largest file that can be uploaded, in bytes (system parameter
        ``ecm_campaign.max_upload_mb``).
        """
        parameters = self.env["ir.config_parameter"].sudo()
        value = parameters.get_param(UPLOAD_PARAMETER, "")
        is_set = value.isdecimal() and int(value)
        return MEGABYTE * (int(value) if is_set else MAX_UPLOAD_MB)

    @api.model
    def _keep_file(self, name, stream):
        """Keep an uploaded file for the wizard of this user.

        :return: record of ``ir.attachment``; removed within two days unless a list takes it
        """
        return self.env["ir.attachment"]._create_from_stream(name, stream)

    @api.autovacuum
    def _gc_files(self):
        """Files of wizards that were closed without an import."""
        yesterday = fields.Datetime.now() - timedelta(days=1)
        domain = [
            ("res_model", "=", self._name),
            ("create_date", "<", yesterday),
        ]
        files = self.env["ir.attachment"].search(domain)
        files.unlink()

    def _take_upload(self, upload):
        """The file stays an upload until the list takes it."""

    @contextmanager
    def _open(self):
        upload = self.attachment_id._origin._get_own_upload()
        with self.env["ecm.contact.list"]._open_attachment(upload) as file:
            yield file

    def _read_beginning(self):
        """:return: ``(dialect, first rows)`` by what was chosen
        :raise contact_file.UnreadableFile: it cannot be read at all
        """
        with self._open() as file:
            dialect = contact_file.describe(
                file,
                encoding=self.encoding,
                delimiter=self.delimiter,
                quote=self.quote,
                has_header=self.layout == "header",
                sheet=self.sheet or None,
            )
            try:
                return dialect, contact_file.preview_source(file, dialect, PREVIEW_ROWS)
            except contact_file.UnreadableFile as problem:
                raise contact_file.UnreadableFile(problem.code, dialect.warnings) from problem

    # -- preview ----------------------------------------------------------------------------------

    @api.depends(
        "attachment_id",
        "layout",
        "delimiter",
        "encoding",
        "quote",
        "sheet",
        "country_id",
        "profile_id",
        "column_ids.target",
    )
    def _compute_preview(self):
        for upload in self:
            beginning = upload._get_beginning() if upload.attachment_id else Beginning()
            upload.preview = upload.attachment_id and upload._get_preview(beginning.rows)
            upload.problem = beginning.error
            upload.warning = upload._get_warning(beginning.warnings)
            upload.stored_count = sum(row.is_stored for row in beginning.rows)
            code = beginning.country
            country = code and upload.env["res.country"].search([("code", "=", code)], limit=1)
            upload.suggested_country_id = country
            upload.suggestion = upload._get_suggestion(beginning.rows)

    def _get_preview(self, rows):
        """What the first rows will be stored as.

        :param rows: list of ``contact_preview`` rows
        :return: dict with ``choices`` for the columns, ``rows`` (line, whether it is stored,
            reason, cells of text, raw and reason) and a ``summary``
        """
        return {
            "choices": self._get_choices(),
            "rows": [self._describe_row(row) for row in rows],
            "summary": self._summarise(rows) if rows else "",
        }

    def _get_beginning(self):
        """:rtype: Beginning"""
        try:
            dialect, source = self._read_beginning()
        except contact_file.UnreadableFile as problem:
            return self._get_unreadable(problem)
        try:
            return self._read_rows(dialect, source)
        except contact_file.UnreadableFile as problem:
            return self._get_unreadable(problem)
        except UserError as problem:
            return Beginning(str(problem), warnings=dialect.warnings)

    def _get_unreadable(self, problem):
        """How a file was read may be why it cannot be imported: the warnings stay.

        :param problem: ``contact_file.UnreadableFile``
        """
        text = self.env["ecm.contact.list"]._get_file_error_text(problem.code)
        return Beginning(text, warnings=problem.warnings)

    def _read_rows(self, dialect, source):
        """:return: a ``Beginning`` of at least one row
        :raise contact_file.UnreadableFile: the file cannot be imported
        :raise UserError: the columns are not chosen well
        """
        doubles = self._get_double_targets()
        if doubles:
            raise UserError(self.env._("Chosen for more than one column: %s", doubles))
        options = self._get_parse_options(dialect)
        columns = self._get_column_map()
        rows = contact_preview.preview_rows(source, columns, options)
        if not rows:
            raise contact_file.UnreadableFile("no_rows", dialect.warnings)
        # Short numbers are valid in some country: that is asked only when no likely one fits.
        for countries in (self._get_likely_countries(), FREQUENT_COUNTRIES):
            country = contact_preview.suggest_country(source, columns, options, countries)
            if country:
                return Beginning(False, rows, dialect.warnings, country)
        return Beginning(False, rows, dialect.warnings)

    def _get_likely_countries(self):
        """Where the numbers may be from when they are from another country than was chosen: that of
        the campaign's hours, those of companies and languages.

        :return: list of country codes, the likeliest first
        """
        zone = self.campaign_id.tz
        places = [code for code, zones in country_timezones.items() if zone in zones]
        companies = self.env.companies.country_id.mapped("code")
        installed = self.env["res.lang"].get_installed()
        languages = [code.partition("_")[2] for code, _name in installed]
        return list(dict.fromkeys((*places, *companies, *languages)))

    def _get_suggestion(self, rows):
        """Another country, where the numbers look as if they were of that one."""
        country = self.suggested_country_id
        if not country:
            return False
        return self.env._(
            "%(valid)s of %(count)s are valid: the numbers look as in %(country)s.",
            valid=self.stored_count,
            count=len(rows),
            country=country.name,
        )

    @api.depends_context("tz")
    def _compute_zone_text(self):
        for upload in self:
            upload.zone_text = self.env._("These times are in your time zone, %s.", self.env.tz)

    def action_use_country(self):
        """Take the country that the numbers seem to be of, and show the rows again."""
        self.ensure_one()
        self.country_id = self.suggested_country_id or self.country_id
        xml_id = "ecm_campaign.ecm_contact_upload_action"
        return open_window(self.env, xml_id, res_id=self.id, context=dict(self.env.context))

    def _get_choices(self):
        """What a column can be stored as; business parameters have the campaign's names.

        :return: list of ``[target, label]``
        """
        names = self.campaign_id._get_parameter_labels() if self.campaign_id else {}
        headers = self._get_headers_of_parameters()
        choices = []
        for target, label in self.column_ids._get_targets():
            if target in names:
                label = f"{names[target]} ({label})"
            elif target in headers:
                # Once it is imported, the campaign calls the parameter so.
                label = f"{headers[target]} → {label}"
            choices.append([target, label])
        return choices

    def _get_headers_of_parameters(self):
        """:return: ``{business parameter: what the file calls its column}``"""
        if self.layout != "header":
            return {}
        parameters = self.column_ids.filtered(lambda column: column.target in BUSINESS_PARAMETERS)
        return {column.target: column.header for column in parameters if column.header}

    def _describe_row(self, row):
        return {
            "line": row.line,
            "stored": row.is_stored,
            "problem": row.has_problem,
            "reason": self._get_reason(row.code),
            "cells": [self._describe_cell(cell) for cell in row.cells],
        }

    def _describe_cell(self, cell):
        return {
            "text": cell.text[:MAX_CELL_TEXT],
            "raw": cell.raw[:MAX_CELL_TEXT],
            "reason": self._get_reason(cell.code),
        }

    def _get_reason(self, code):
        if not code:
            return ""
        rejects = self.env["ecm.contact.list.reject"]
        return rejects._get_reason_text(code)

    def _summarise(self, rows):
        stored = [row for row in rows if row.is_stored]
        changed = sum(row.has_problem for row in stored)
        rejected = len(rows) - len(stored)
        sentences = [
            self.env._("Rows of the file shown here: %s.", len(rows)),
            self.env._("Stored: %s.", len(stored)),
        ]
        # What did not happen is not mentioned.
        if changed:
            sentence = self.env._("Of these, with a bad value left out: %s.", changed)
            sentences.append(sentence)
        if rejected:
            sentence = self.env._("Not stored: %s.", rejected)
            sentences.append(sentence)
        return " ".join(sentences)

    def _get_warning(self, codes):
        """What may be wrong with how the file is read.

        :param codes: keys of ``contact_file.WARNINGS``
        """
        texts = {
            contact_file.ONE_COLUMN: self.env._(
                "Only one column was found. If the file has more, choose another delimiter."
            ),
            contact_file.OTHER_CHARACTERS: self.env._(
                "Some characters do not fit the chosen ones and are read as Windows Western. Look "
                "at the names, and choose other characters if they are wrong."
            ),
            contact_file.UNSURE_CHARACTERS: self.env._(
                "The characters could not be found out. Look at the names, and choose others if "
                "they are wrong."
            ),
            contact_file.UNKNOWN_SEPARATOR: self.env._(
                "The first line names a delimiter that cannot be used; another one was found out."
            ),
        }
        sentences = [texts[code] for code in codes]
        return "\n".join(sentences) or False

    def _get_double_targets(self):
        """:return: what is chosen for more than one column, as text, or False"""
        chosen = self._get_stored_columns().mapped("target")
        counts = Counter(chosen)
        doubles = []
        for target, label in self.env["ecm.contact.list"]._get_targets():
            if counts[target] > 1:
                doubles.append(label)
        return ", ".join(doubles)

    def _get_stored_columns(self):
        return self.column_ids.filtered(lambda column: column.target != "ignore")

    def _get_column_map(self):
        """:raise contact_file.UnreadableFile: no column is phone 1"""
        targets = {}
        for column in self._get_stored_columns():
            targets[column.position] = column.target
        return contact_rows.ColumnMap(targets)

    def _get_parse_options(self, dialect):
        return contact_rows.ParseOptions(
            country=self.country_id.code or None,
            tz=self.campaign_id.tz,
            columns=dialect.columns or None,
            **self.profile_id._get_number_rules(),
        )

    # -- import -----------------------------------------------------------------------------------

    def action_import(self):
        """Hand the file to the background import, and show the list that it goes into."""
        self.ensure_one()
        self.campaign_id.check_access("write")
        values = self._prepare_list_values()
        if self.save_profile:
            profile = self._save_profile()
            values["profile_id"] = profile.id

        # Without all rights: the list takes the file over as this user.
        upload = self.attachment_id._get_own_upload()
        attachment = upload.sudo(False)
        contact_list = self.env["ecm.contact.list"]._create_queued(values, attachment)
        return open_form(contact_list)

    def _prepare_list_values(self):
        """:raise UserError: the file cannot be imported as it is described"""
        beginning = self._get_beginning()
        if beginning.error:
            raise UserError(beginning.error)
        return {
            **{name: self[name] for name in LIST_SETTINGS},
            "name": self.list_name or self.file_name or self.env._("Upload"),
            "campaign_id": self.campaign_id.id,
            "source": "manual",
            "date_start": self.date_start,
            "date_end": self.date_end,
            "profile_id": self.profile_id.id,
            "options": self._prepare_options(),
        }

    def _prepare_options(self):
        """How the file is read, as ``ecm.contact.list.options`` keeps it."""
        dialect, _rows = self._read_beginning()
        return {
            "dialect": asdict(dialect),
            "columns": dict(self._get_column_map().targets),
            "country": self.country_id.code or None,
            **self.profile_id._get_number_rules(),
        }

    def _save_profile(self):
        """Keep what was chosen for the next file of this kind."""
        if not self.profile_name:
            raise UserError(self.env._("Name the profile."))
        settings = [*LIST_SETTINGS, "layout", "sheet", *self._get_text_settings()]
        values = {
            **{name: self[name] for name in settings},
            "name": self.profile_name,
            "company_id": self.campaign_id.company_id.id,
            "country_id": self.country_id.id,
            **self._prepare_number_rules(),
        }
        # Where the layout says what the columns are, the profile need not.
        if self.layout != "ecm":
            columns = self._get_stored_columns()
            values["column_ids"] = [
                Command.create(column._prepare_profile_values()) for column in columns
            ]
        return self.env["ecm.import.profile"].create(values)

    def _prepare_number_rules(self):
        """What the new profile takes over from the one that was used."""
        used = self.profile_id
        if not used:
            return {}
        phones = [
            Command.create({"phone": line.phone, "mode_id": line.mode_id.id})
            for line in used.phone_ids
        ]
        rules = {name: used[name] for name in ("min_length", "max_length", "moves_up")}
        return {**rules, "phone_ids": phones}

    def _get_text_settings(self):
        """What a file has that is text; a workbook has none of it."""
        return () if self.kind == "xlsx" else ("delimiter", "encoding", "quote")


class EcmContactUploadColumn(models.TransientModel):
    """What one column of the file holds."""

    _name = "ecm.contact.upload.column"
    _description = "Column of an Upload"
    _order = "position"

    upload_id = fields.Many2one("ecm.contact.upload", required=True, ondelete="cascade")
    position = fields.Integer()
    header = fields.Char("Column")
    target = fields.Selection("_get_targets", string="Stored as", required=True, default="ignore")

    @api.model
    def _get_targets(self):
        return self.env["ecm.contact.list"]._get_targets()

    def _prepare_profile_values(self):
        """The column as a profile keeps it: by its name where the file has names."""
        has_header = self.upload_id.layout == "header"
        return {
            "position": self.position + 1,
            "header": self.header if has_header else False,
            "target": self.target,
        }
