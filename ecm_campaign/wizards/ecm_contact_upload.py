import base64
import json
from dataclasses import asdict

from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..const import BUSINESS_PARAMETERS
from ..tools import contact_file, contact_rows

PREVIEW_ROWS = 8
# Base64 characters that hold the beginning of the file: a multiple of 4.
HEAD_CHARACTERS = contact_file.HEAD_SIZE * 4
MAX_FILE_SIZE = 512 * 1024 * 1024
ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("utf-8-sig", "UTF-8 with mark"),
    ("cp1252", "Windows Western (1252)"),
    ("iso-8859-1", "Latin-1"),
    ("iso-8859-15", "Latin-9"),
    ("cp1250", "Windows Central European (1250)"),
    ("cp1251", "Windows Cyrillic (1251)"),
    ("cp1253", "Windows Greek (1253)"),
    ("cp1254", "Windows Turkish (1254)"),
    ("cp1256", "Windows Arabic (1256)"),
    ("utf-16", "UTF-16"),
    ("utf-16-le", "UTF-16 LE"),
    ("utf-16-be", "UTF-16 BE"),
    ("utf-32", "UTF-32"),
    ("gb18030", "Chinese (GB 18030)"),
    ("big5", "Chinese (Big5)"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("euc-kr", "Korean (EUC-KR)"),
]


class EcmContactUpload(models.TransientModel):
    """Upload a file of contacts into a campaign: what it is like is found out, shown, and can be corrected (L1)."""

    _name = "ecm.contact.upload"
    _description = "Upload Contacts"

    campaign_id = fields.Many2one("ecm.campaign", required=True)
    file = fields.Binary("CSV or text file", required=True)
    file_name = fields.Char()
    list_name = fields.Char(
        "Name of the list", compute="_compute_list_name", store=True, readonly=False, help="Empty: the file's name."
    )
    layout = fields.Selection(
        [
            ("header", "The first line names the columns"),
            ("none", "No header line"),
            ("ecm", "ECM order: phones 1 to 5, business parameters 1 to 12"),
        ],
        required=True,
        default="header",
    )
    delimiter = fields.Selection(
        [(",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Vertical bar"), (":", "Colon")],
        required=True,
        default=",",
    )
    encoding = fields.Selection(ENCODINGS, string="Characters", required=True, default="utf-8")
    duplicate_policy = fields.Selection(
        [("reject", "Reject the row"), ("allow", "Store it again")],
        string="Number already in the campaign",
        required=True,
        default="reject",
    )
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

    @api.depends("file_name")
    def _compute_list_name(self):
        for upload in self:
            upload.list_name = upload.file_name

    # -- what the file is like ------------------------------------------------------------------------

    @api.onchange("file")
    def _onchange_file(self):
        """Find out how the file is written."""
        if not self.file:
            return
        try:
            dialect = contact_file.sniff(self._get_head(), self._get_size())
        except contact_file.UnreadableFile:
            return
        self.delimiter = dialect.delimiter
        if dialect.encoding in dict(ENCODINGS):
            self.encoding = dialect.encoding
        self.layout = "header" if dialect.has_header else "none"
        self._set_columns()

    @api.onchange("layout", "delimiter", "encoding")
    def _onchange_dialect(self):
        if self.file:
            self._set_columns()

    def _set_columns(self):
        try:
            dialect = self._get_dialect()
            rows = contact_file.preview(self._get_head(), self._get_size(), dialect, PREVIEW_ROWS)
        except contact_file.UnreadableFile:
            self.column_ids = [Command.clear()]
            return
        samples = next((cells for _line, cells in rows if isinstance(cells, list)), [])
        targets = self._guess_targets(dialect)
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

    def _guess_targets(self, dialect):
        """:return: ``{column index: target}``"""
        if self.layout == "ecm":
            return dict(contact_rows.ECM_MAP.targets)
        if self.layout == "none":
            names = ["phone_1", *BUSINESS_PARAMETERS][: dialect.columns]
            return dict(enumerate(names))
        return dict(contact_rows.guess_map(dialect.header).targets)

    def _get_encoded(self):
        """The file in base64, also where the client asked for its size only."""
        content = self.with_context(bin_size=False).file
        return content.encode() if isinstance(content, str) else content

    def _get_head(self):
        return base64.b64decode(self._get_encoded()[:HEAD_CHARACTERS])

    def _get_size(self):
        content = self._get_encoded()
        return len(content) * 3 // 4 - content[-2:].count(b"=")

    def _get_dialect(self):
        """:raise contact_file.UnreadableFile: it cannot be read at all"""
        return contact_file.sniff(
            self._get_head(),
            self._get_size(),
            encoding=self.encoding,
            delimiter=self.delimiter,
            has_header=self.layout == "header",
        )

    # -- preview --------------------------------------------------------------------------------------

    @api.depends("file", "layout", "delimiter", "encoding", "country_id", "column_ids.target")
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
            rows = contact_file.preview(self._get_head(), self._get_size(), dialect, PREVIEW_ROWS)
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
        labels = dict(self.env["ecm.contact.upload.column"]._get_targets())
        return ", ".join(labels[name] for name in sorted(doubles))

    def _get_column_map(self):
        """:raise contact_file.UnreadableFile: no column is phone 1"""
        targets = {column.position: column.target for column in self.column_ids if column.target != "ignore"}
        return contact_rows.ColumnMap(targets)

    def _get_parse_options(self, dialect):
        return contact_rows.ParseOptions(
            country=self.country_id.code or None, tz=self.campaign_id.tz, columns=dialect.columns or None
        )

    def _render_preview(self, chunks):
        names = [column.target for column in self.column_ids if column.target not in ("ignore", "country")]
        lines = [(contact[0], self._render_contact(contact, names)) for chunk in chunks for contact in chunk.contacts]
        lines += [
            (reject.line, self._render_reject(reject, len(names))) for chunk in chunks for reject in chunk.rejects
        ]
        labels = dict(self.env["ecm.contact.upload.column"]._get_targets())
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
        contact_list = self.env["ecm.contact.list"].create(self._prepare_list_values())
        contact_list.attachment_id = self.env["ir.attachment"].create(
            {
                "name": self.file_name or contact_list.name,
                "raw": base64.b64decode(self._get_encoded()),
                "res_model": contact_list._name,
                "res_id": contact_list.id,
            }
        )
        contact_list.action_queue()
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
            "name": self.list_name or self.file_name or self.env._("Upload"),
            "campaign_id": self.campaign_id.id,
            "source": "manual",
            "file_name": self.file_name,
            "file_size": self._get_size(),
            "duplicate_policy": self.duplicate_policy,
            "options": {
                "dialect": asdict(dialect),
                "columns": dict(self._get_column_map().targets),
                "country": self.country_id.code or None,
            },
        }


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
        phones = [(f"phone_{index}", self.env._("Phone %s", index)) for index in range(1, 6)]
        details = [
            ("first_name", self.env._("First name")),
            ("last_name", self.env._("Last name")),
            ("account_number", self.env._("Customer key")),
            ("email", self.env._("E-mail")),
            ("tz", self.env._("Time zone")),
            ("country", self.env._("Country of the numbers")),
            ("priority", self.env._("Priority")),
            ("not_before", self.env._("Not before")),
        ]
        parameters = [
            (name, self.env._("Business Parameter %s", number)) for number, name in enumerate(BUSINESS_PARAMETERS, 1)
        ]
        return [("ignore", self.env._("Not stored")), *phones, *details, *parameters]
