import base64
import io
import json
from dataclasses import asdict

from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.ecm_import_profile import (
    DELIMITERS,
    DUPLICATE_POLICIES,
    DUPLICATE_SCOPES,
    ENCODINGS,
    LAYOUTS,
    LIST_SETTINGS,
    MODES,
    QUOTES,
)
from ..tools import contact_file, contact_rows

PREVIEW_ROWS = 8
MAX_FILE_SIZE = 512 * 1024 * 1024


class EcmContactUpload(models.TransientModel):
    """Upload a file of contacts into a campaign: what it is like is found out, shown, and can be corrected (L1)."""

    _name = "ecm.contact.upload"
    _description = "Upload Contacts"

    campaign_id = fields.Many2one("ecm.campaign", required=True)
    file = fields.Binary(required=True)
    file_name = fields.Char()
    list_name = fields.Char(
        "Name of the list", compute="_compute_list_name", store=True, readonly=False, help="Empty: the file's name."
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
    duplicate_scope = fields.Selection(DUPLICATE_SCOPES, string="Known", required=True, default="campaign")
    duplicate_days = fields.Integer(
        "Within the last (days)", help="Only contacts that were added or called in these days count. 0: all."
    )
    date_start = fields.Datetime("Called from", help="Its contacts are not called before. Empty: at once.")
    date_end = fields.Datetime("Called until", help="Its open contacts close as Expired then. Empty: no end.")
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
    preview_html = fields.Html(compute="_compute_preview", sanitize=False)

    @api.depends("campaign_id")
    def _compute_country_id(self):
        for upload in self:
            upload.country_id = (upload.campaign_id.company_id or self.env.company).country_id

    @api.depends("campaign_id")
    def _compute_profile_id(self):
        for upload in self:
            last = self.env["ecm.contact.list"].search([("campaign_id", "=", upload.campaign_id.id)], limit=1)
            upload.profile_id = last.profile_id.filtered("active")

    @api.depends("file_name")
    def _compute_list_name(self):
        for upload in self:
            upload.list_name = upload.file_name

    # -- what the file is like ------------------------------------------------------------------------

    @api.onchange("file", "profile_id")
    def _onchange_file(self):
        """Find out how the file is written, as far as the profile does not say it."""
        self._take_over_profile()
        if not self.file:
            return
        profile = self.profile_id
        try:
            dialect = contact_file.describe(
                self._open(),
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
        if self.file:
            self._set_columns()

    def _set_columns(self):
        try:
            dialect = self._get_dialect()
            rows = contact_file.preview_source(self._open(), dialect, PREVIEW_ROWS)
            targets = self._get_targets(dialect, rows)
        except contact_file.UnreadableFile:
            self.column_ids = [Command.clear()]
            return
        samples = next((cells for _line, cells in rows if isinstance(cells, list)), [])
        self.column_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "position": index,
                        "header": dialect.header[index] if index < len(dialect.header) else str(index + 1),
                        "sample": samples[index][:80] if index < len(samples) else "",
                        "target": targets.get(index, "ignore"),
                    }
                )
                for index in range(max(dialect.columns, len(dialect.header)))
            ),
        ]

    def _get_targets(self, dialect, rows):
        """:return: ``{column index: target}``"""
        profile = self.profile_id if self.profile_id.layout == self.layout else self.env["ecm.import.profile"]
        if self.layout == "ecm":
            return contact_rows.ECM_MAP.targets
        try:
            return profile._get_targets(dialect, rows)
        except UserError:
            # The preview shows what is there; the user chooses the columns that the profile does not find.
            return self.env["ecm.import.profile"]._get_targets(dialect, rows)

    def _get_content(self):
        """The file's bytes, also where the client asked for its size only."""
        return base64.b64decode(self.with_context(bin_size=False).file)

    def _open(self):
        return io.BytesIO(self._get_content())

    def _get_size(self):
        content = self.with_context(bin_size=False).file
        return len(content) * 3 // 4

    def _get_dialect(self):
        """:raise contact_file.UnreadableFile: it cannot be read at all"""
        return contact_file.describe(
            self._open(),
            encoding=self.encoding,
            delimiter=self.delimiter,
            quote=self.quote,
            has_header=self.layout == "header",
            sheet=self.sheet or None,
        )

    # -- preview --------------------------------------------------------------------------------------

    @api.depends("file", "layout", "delimiter", "encoding", "quote", "sheet", "country_id", "column_ids.target")
    def _compute_preview(self):
        for upload in self:
            error, upload.preview_html = upload._get_preview() if upload.file else (False, False)
            upload.problem = error or (upload.file and upload._get_warning())

    def _get_preview(self):
        """:return: ``(why it cannot be imported or False, table of the first rows as they will be stored)``"""
        if self._get_size() > MAX_FILE_SIZE:
            return self.env._("The file is larger than %s MB. Split it.", MAX_FILE_SIZE // 2**20), False
        if doubles := self._get_double_targets():
            return self.env._("Chosen for more than one column: %s", doubles), False
        try:
            dialect = self._get_dialect()
            rows = contact_file.preview_source(self._open(), dialect, PREVIEW_ROWS)
            chunks = list(contact_rows.parse_rows(rows, self._get_column_map(), self._get_parse_options(dialect)))
        except contact_file.UnreadableFile as error:
            return self.env["ecm.contact.list"]._get_file_error_text(error.code), False
        error = False if chunks else self.env["ecm.contact.list"]._get_file_error_text("no_rows")
        return error, self._render_preview(chunks)

    def _get_warning(self):
        if len(self.column_ids) == 1:
            return self.env._("Only one column was found. If the file has more, choose another delimiter.")
        return False

    def _get_double_targets(self):
        """:return: what is chosen for more than one column, as text, or False"""
        targets = [column.target for column in self.column_ids if column.target != "ignore"]
        doubles = {target for target in targets if targets.count(target) > 1}
        labels = dict(self.env["ecm.contact.list"]._get_targets())
        return ", ".join(labels[name] for name in sorted(doubles))

    def _get_column_map(self):
        """:raise contact_file.UnreadableFile: no column is phone 1"""
        targets = {column.position: column.target for column in self.column_ids if column.target != "ignore"}
        return contact_rows.ColumnMap(targets)

    def _get_parse_options(self, dialect):
        return contact_rows.ParseOptions(
            country=self.country_id.code or None,
            tz=self.campaign_id.tz,
            columns=dialect.columns or None,
            **self.profile_id._get_lengths(),
        )

    def _render_preview(self, chunks):
        names = [column.target for column in self.column_ids if column.target not in ("ignore", "country")]
        lines = [(contact[0], self._render_contact(contact, names)) for chunk in chunks for contact in chunk.contacts]
        lines += [
            (reject.line, self._render_reject(reject, len(names))) for chunk in chunks for reject in chunk.rejects
        ]
        labels = dict(self.env["ecm.contact.list"]._get_targets())
        head = Markup().join(Markup("<th>%s</th>") % labels[name] for name in names)
        body = Markup().join(Markup("<tr><td>%s</td>%s</tr>") % line for line in sorted(lines))
        return Markup(
            '<table class="table table-sm o_ecm_preview"><thead><tr><th>%s</th>%s</tr></thead><tbody>%s</tbody></table>'
        ) % (self.env._("Line"), head, body)

    def _render_contact(self, contact, names):
        values = dict(zip(contact_rows.COLUMNS, contact, strict=True))
        values.update(json.loads(values["business_parameters"] or "{}"))
        return Markup().join(Markup("<td>%s</td>") % (values.get(name) or "") for name in names)

    def _render_reject(self, reject, width):
        reason = self.env["ecm.contact.list.reject"]._get_reason_text(reject.code)
        return Markup('<td class="text-danger" colspan="%s">%s: %s</td>') % (max(width, 1), reject.value, reason)

    # -- import ---------------------------------------------------------------------------------------

    def action_import(self):
        """Hand the file to the background import, and show the list that it goes into."""
        self.ensure_one()
        self.campaign_id.check_access("write")
        values = self._prepare_list_values()
        if self.save_profile:
            values["profile_id"] = self._save_profile().id
        attachment = self.env["ir.attachment"].create(
            {"name": self.file_name or values["name"], "raw": self._get_content()}
        )
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
        dialect = self._get_dialect()
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
                **{name: self[name] for name in (*LIST_SETTINGS, "layout", "sheet", *self._get_text_settings())},
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
    sample = fields.Char("Example")
    target = fields.Selection("_get_targets", string="Stored as", required=True, default="ignore")

    @api.model
    def _get_targets(self):
        return self.env["ecm.contact.list"]._get_targets()
