from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

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
MAX_FILE_MEGABYTES = 512


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
    sheet = fields.Char(help="Empty: the first one.")
    sheet_names = fields.Char(readonly=True)
    mode = fields.Selection(MODES, required=True, default="append")
    duplicate_policy = fields.Selection(
        DUPLICATE_POLICIES, string="Number that is known already", required=True, default="reject"
    )
    duplicate_scope = fields.Selection(
        DUPLICATE_SCOPES, string="Known", required=True, default="campaign"
    )
    duplicate_days = fields.Integer(
        "Within the last (days)",
        help="Only contacts that were added or called in these days count. 0: all.",
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
    preview = fields.Json(
        compute="_compute_preview", help="What the columns' widget shows, see _get_preview."
    )

    @api.depends("campaign_id")
    def _compute_country_id(self):
        for upload in self:
            upload.country_id = (upload.campaign_id.company_id or self.env.company).country_id

    @api.depends("campaign_id")
    def _compute_profile_id(self):
        for upload in self:
            last = self.env["ecm.contact.list"].search(
                [("campaign_id", "=", upload.campaign_id.id)], limit=1
            )
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

    # -- what the file is like ------------------------------------------------------------------------

    @api.onchange("attachment_id", "profile_id")
    def _onchange_file(self):
        """Find out how the file is written, as far as the profile does not say it."""
        self._take_over_profile()
        if not self.attachment_id:
            return
        profile = self.profile_id
        try:
            with self._open() as file:
                dialect = contact_file.describe(
                    file,
                    encoding=profile.encoding or None,
                    delimiter=profile.delimiter or None,
                    quote=profile.quote or None,
                    has_header=profile.layout == "header" if profile else None,
                    sheet=profile.sheet or None,
                )
        except contact_file.UnreadableFile:
            return
        self.kind = dialect.kind
        self.sheet_names = ", ".join(dialect.sheets) if len(dialect.sheets) > 1 else False
        self.delimiter = dialect.delimiter
        self.quote = dialect.quote
        if dialect.encoding in dict(ENCODINGS):
            self.encoding = dialect.encoding
        self.layout = profile.layout or ("header" if dialect.has_header else "none")
        self._set_columns()

    def _take_over_profile(self):
        profile = self.profile_id
        if profile:
            self.update({name: profile[name] for name in (*LIST_SETTINGS, "sheet")})
            self.country_id = profile.country_id or self.country_id

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
        self.column_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "position": index,
                        "header": dialect.header[index]
                        if index < len(dialect.header)
                        else str(index + 1),
                        "target": targets.get(index, "ignore"),
                    }
                )
                for index in range(max(dialect.columns, len(dialect.header)))
            ),
        ]

    def _find_targets(self, dialect, rows):
        """:return: ``{column index: target}``"""
        profile = (
            self.profile_id
            if self.profile_id.layout == self.layout
            else self.env["ecm.import.profile"]
        )
        if self.layout == "ecm":
            return contact_rows.ECM_MAP.targets
        try:
            return profile._get_targets(dialect, rows)
        except UserError:
            # The preview shows what is there; the user chooses the columns that the profile does
            # not find.
            return self.env["ecm.import.profile"]._get_targets(dialect, rows)

    # -- the file -------------------------------------------------------------------------------------

    @api.model
    def _get_max_size(self):
        """Largest file that can be uploaded, in bytes (system parameter
        ``ecm_campaign.max_upload_mb``).
        """
        value = self.env["ir.config_parameter"].sudo().get_param("ecm_campaign.max_upload_mb", "")
        return MEGABYTE * (int(value) if value.isdecimal() else MAX_FILE_MEGABYTES)

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
        files = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("create_date", "<", yesterday)]
        )
        files.unlink()

    def _take_upload(self, upload):
        """The file stays an upload until the list takes it."""

    @contextmanager
    def _open(self):
        with self.env["ecm.contact.list"]._open_attachment(
            self.attachment_id._origin._get_own_upload()
        ) as file:
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
            return dialect, contact_file.preview_source(file, dialect, PREVIEW_ROWS)

    # -- preview --------------------------------------------------------------------------------------

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
            error, upload.preview = (
                upload._get_preview() if upload.attachment_id else (False, False)
            )
            upload.problem = error or upload._get_warning()

    def _get_preview(self):
        """What the first rows will be stored as.

        :return: ``(why the file cannot be imported or False, preview)``; the preview has
            ``choices`` for the columns, ``rows`` (line, whether it is stored, reason, cells of
            text, raw and reason) and a ``summary``
        """
        lists = self.env["ecm.contact.list"]
        error, rows = False, []
        try:
            dialect, source = self._read_beginning()
            if doubles := self._get_double_targets():
                error = self.env._("Chosen for more than one column: %s", doubles)
            else:
                options = self._get_parse_options(dialect)
                rows = contact_preview.preview_rows(source, self._get_column_map(), options)
                error = False if rows else lists._get_file_error_text("no_rows")
        except contact_file.UnreadableFile as problem:
            error = lists._get_file_error_text(problem.code)
        return error, {
            "choices": self._get_choices(),
            "rows": [self._describe_row(row) for row in rows],
            "summary": self._summarise(rows) if rows else "",
        }

    def _get_choices(self):
        """What a column can be stored as; business parameters have the campaign's names.

        :return: list of ``[target, label]``
        """
        names = {
            item["name"]: item.get("string")
            for item in self.campaign_id.parameters_definition or ()
        }
        return [
            [target, f"{names[target]} ({label})" if names.get(target) else label]
            for target, label in self.column_ids._get_targets()
        ]

    def _describe_row(self, row):
        get_text = self.env["ecm.contact.list.reject"]._get_reason_text
        cells = [
            {
                "text": cell.text[:80],
                "raw": cell.raw[:80],
                "reason": get_text(cell.code) if cell.code else "",
            }
            for cell in row.cells
        ]
        reason = get_text(row.code) if row.code else ""
        return {
            "line": row.line,
            "stored": row.is_stored,
            "problem": row.has_problem,
            "reason": reason,
            "cells": cells,
        }

    def _summarise(self, rows):
        rejected = sum(not row.is_stored for row in rows)
        changed = sum(row.is_stored and row.has_problem for row in rows)
        parts = [
            self.env._("First %s rows of the file.", len(rows)),
            self.env._("%s are stored.", len(rows) - rejected),
            self.env._("%s of them without a value that is not valid.", changed) if changed else "",
            self.env._("%s are not stored.", rejected) if rejected else "",
        ]
        return " ".join(filter(None, parts))

    def _get_warning(self):
        if self.attachment_id and len(self.column_ids) == 1:
            return self.env._(
                "Only one column was found. If the file has more, choose another delimiter."
            )
        return False

    def _get_double_targets(self):
        """:return: what is chosen for more than one column, as text, or False"""
        targets = [column.target for column in self.column_ids if column.target != "ignore"]
        doubles = {target for target in targets if targets.count(target) > 1}
        labels = dict(self.env["ecm.contact.list"]._get_targets())
        return ", ".join(labels[name] for name in sorted(doubles))

    def _get_column_map(self):
        """:raise contact_file.UnreadableFile: no column is phone 1"""
        targets = {
            column.position: column.target
            for column in self.column_ids
            if column.target != "ignore"
        }
        return contact_rows.ColumnMap(targets)

    def _get_parse_options(self, dialect):
        return contact_rows.ParseOptions(
            country=self.country_id.code or None,
            tz=self.campaign_id.tz,
            columns=dialect.columns or None,
            **self.profile_id._get_lengths(),
        )

    # -- import ---------------------------------------------------------------------------------------

    def action_import(self):
        """Hand the file to the background import, and show the list that it goes into."""
        self.ensure_one()
        self.campaign_id.check_access("write")
        values = self._prepare_list_values()
        if self.save_profile:
            values["profile_id"] = self._save_profile().id
        attachment = self.attachment_id._get_own_upload().sudo(False)
        contact_list = self.env["ecm.contact.list"]._create_queued(values, attachment)
        return {
            "type": "ir.actions.act_window",
            "res_model": contact_list._name,
            "res_id": contact_list.id,
            "view_mode": "form",
        }

    def _prepare_list_values(self):
        """:raise UserError: the file cannot be imported as it is described"""
        error, _preview = self._get_preview()
        if error:
            raise UserError(error)
        dialect, _rows = self._read_beginning()
        return {
            **{name: self[name] for name in LIST_SETTINGS},
            "name": self.list_name or self.file_name or self.env._("Upload"),
            "campaign_id": self.campaign_id.id,
            "source": "manual",
            "date_start": self.date_start,
            "date_end": self.date_end,
            "profile_id": self.profile_id.id,
            "options": {
                "dialect": asdict(dialect),
                "columns": dict(self._get_column_map().targets),
                "country": self.country_id.code or None,
                **self.profile_id._get_lengths(),
            },
        }

    def _save_profile(self):
        """Keep what was chosen for the next file of this kind."""
        if not self.profile_name:
            raise UserError(self.env._("Name the profile."))
        columns = self.column_ids.filtered(lambda column: column.target != "ignore")
        return self.env["ecm.import.profile"].create(
            {
                **{
                    name: self[name]
                    for name in (*LIST_SETTINGS, "layout", "sheet", *self._get_text_settings())
                },
                "name": self.profile_name,
                "company_id": self.campaign_id.company_id.id,
                "country_id": self.country_id.id,
                "column_ids": [
                    Command.create(
                        {
                            "position": column.position + 1,
                            "header": column.header if self.layout == "header" else False,
                            "target": column.target,
                        }
                    )
                    for column in columns
                    if self.layout != "ecm"
                ],
                **self.profile_id._get_lengths(),
            }
        )

    def _get_text_settings(self):
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
