from dataclasses import asdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import BUSINESS_PARAMETERS, PHONE_FIELDS
from ...tools import contact_file, contact_rows, phones

LAYOUTS = [
    ("header", "The first line names the columns"),
    ("none", "No header line"),
    ("ecm", "ECM order: phones 1 to 5, business parameters 1 to 12"),
]
DELIMITERS = [
    (",", "Comma"),
    (";", "Semicolon"),
    ("\t", "Tab"),
    ("|", "Vertical bar"),
    (":", "Colon"),
    ("~", "Tilde"),
    ("^", "Caret"),
]
QUOTES = [('"', 'Double quote (")'), ("'", "Single quote (')")]
# Those of `tools.encodings.KNOWN`.
ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("utf-8-sig", "UTF-8 with mark"),
    ("cp1252", "Windows Western (1252)"),
    ("iso-8859-1", "Latin-1"),
    ("iso-8859-15", "Latin-9"),
    ("cp850", "DOS Western (850)"),
    ("mac-roman", "Apple Western"),
    ("cp1250", "Windows Central European (1250)"),
    ("iso-8859-2", "Latin-2 (Central European)"),
    ("cp852", "DOS Central European (852)"),
    ("cp1251", "Windows Cyrillic (1251)"),
    ("koi8-r", "Cyrillic (KOI8-R)"),
    ("cp866", "DOS Cyrillic (866)"),
    ("iso-8859-5", "Cyrillic (ISO 8859-5)"),
    ("mac-cyrillic", "Apple Cyrillic"),
    ("cp1253", "Windows Greek (1253)"),
    ("iso-8859-7", "Greek (ISO 8859-7)"),
    ("cp1254", "Windows Turkish (1254)"),
    ("cp1255", "Windows Hebrew (1255)"),
    ("cp1256", "Windows Arabic (1256)"),
    ("cp1257", "Windows Baltic (1257)"),
    ("cp874", "Windows Thai (874)"),
    ("utf-16", "UTF-16"),
    ("utf-16-le", "UTF-16 LE"),
    ("utf-16-be", "UTF-16 BE"),
    ("utf-32", "UTF-32"),
    ("gb18030", "Chinese (GB 18030)"),
    ("big5", "Chinese (Big5)"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("euc-jp", "Japanese (EUC-JP)"),
    ("iso-2022-jp", "Japanese (ISO 2022)"),
    ("euc-kr", "Korean (EUC-KR)"),
]
MODES = [
    ("append", "Append: add to what is there"),
    ("overwrite", "Overwrite: replace what was not called yet"),
    ("update", "Update: give known contacts the new values, add the others"),
]
DUPLICATE_POLICIES = [
    ("reject", "Reject the row"),
    ("update", "Update the open contact"),
    ("allow", "Store it again"),
]
DUPLICATE_SCOPES = [
    ("list", "Within the file"),
    ("campaign", "In the campaign"),
    ("company", "In all campaigns of the company"),
]
# What a list takes over from the profile as it is.
LIST_SETTINGS = (
    "mode",
    "duplicate_policy",
    "duplicate_scope",
    "duplicate_closed",
    "duplicate_days",
    "duplicate_any_phone",
)


# A rule for the table, and what it says.
LENGTHS_ORDERED = (
    f"CHECK(min_length >= 1 AND max_length <= {phones.MAX_LENGTH} AND min_length <= max_length)",
    f"A phone number has 1 to {phones.MAX_LENGTH} digits, the shortest no more than the longest.",
)


class EcmImportProfile(models.Model):
    """How the files of one origin are read and what becomes of known contacts (requirements L1, L6,
    L9).

    What is left empty is found out for each file. An empty recordset is the profile that finds out
    everything.
    """

    _name = "ecm.import.profile"
    _inherit = ["ecm.logged.mixin"]
    _description = "Import Profile"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, help="Empty: for every company."
    )
    layout = fields.Selection(LAYOUTS, required=True, default="header")
    delimiter = fields.Selection(DELIMITERS, help="Empty: found out for each file.")
    encoding = fields.Selection(
        ENCODINGS, string="Characters", help="Empty: found out for each file."
    )
    quote = fields.Selection(
        QUOTES, string="Quotation mark", help="Empty: found out for each file."
    )
    sheet = fields.Char(help="Of a workbook. Empty: the one it was saved with.")
    column_ids = fields.One2many(
        "ecm.import.profile.column",
        "profile_id",
        string="Columns",
        copy=True,
        help="Empty: by the columns' names.",
    )
    country_id = fields.Many2one(
        "res.country",
        string="Country of the numbers",
        help="For numbers without a country code. Empty: the company's.",
    )
    min_length = fields.Integer("Shortest number", default=phones.MIN_LENGTH, required=True)
    max_length = fields.Integer("Longest number", default=phones.MAX_LENGTH, required=True)
    phone_ids = fields.One2many(
        "ecm.import.profile.phone",
        "profile_id",
        string="Phone modes",
        copy=True,
        help="Phones whose numbers have other lengths.",
    )
    moves_up = fields.Boolean(
        "Next number moves up",
        default=True,
        help="Where phone 1 is no number to call, the next one that is takes its place. Off: the "
        "row is rejected.",
    )
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

    _lengths_ordered = models.Constraint(
        *LENGTHS_ORDERED,
    )
    _days_positive = models.Constraint(
        "CHECK(duplicate_days >= 0)", "Within the last days: 0 or more."
    )

    @api.constrains("column_ids")
    def _check_columns(self):
        for profile in self:
            targets = profile.column_ids.mapped("target")
            if len(set(targets)) < len(targets):
                raise ValidationError(
                    self.env._("%s: two columns are stored as the same thing.", profile.name)
                )

    def _get_reading(self, file, campaign):
        """How a file is read, as ``ecm.contact.list.options`` keeps it.

        :param file: seekable, opened for reading bytes
        :raise contact_file.UnreadableFile: it cannot be read
        :raise UserError: a column that the profile names is missing
        """
        dialect = self._describe(file)
        rows = contact_file.preview_source(file, dialect)
        columns = contact_rows.ColumnMap(self._get_targets(dialect, rows))
        country = self.country_id or campaign.company_id.country_id
        return {
            "dialect": asdict(dialect),
            "columns": dict(columns.targets),
            "country": country.code or None,
            **self._get_number_rules(),
        }

    def _describe(self, file):
        """Find out how a file is written, as far as the profile does not say it.

        :rtype: contact_file.Dialect
        :raise contact_file.UnreadableFile: it cannot be read
        """
        return contact_file.describe(
            file,
            encoding=self.encoding or None,
            delimiter=self.delimiter or None,
            quote=self.quote or None,
            has_header=self.layout == "header" if self else None,
            sheet=self.sheet or None,
        )

    def _get_number_rules(self):
        """Which numbers are taken, as ``tools.contact_rows.ParseOptions`` calls it.

        :return: dict that can be stored as JSON; empty for the profile that finds out everything
        """
        if not self:
            return {}
        lengths = {}
        for line in self.phone_ids:
            lengths[line.phone] = [line.mode_id.min_length, line.mode_id.max_length]
        return {
            "min_length": self.min_length,
            "max_length": self.max_length,
            "phone_lengths": lengths,
            "moves_up": self.moves_up,
        }

    def _get_targets(self, dialect, rows=()):
        """:return: ``{column index: target}``"""
        if self.layout == "ecm":
            return contact_rows.ECM_MAP.targets
        if self.column_ids:
            return {column._get_place(dialect): column.target for column in self.column_ids}
        if dialect.header:
            return contact_rows.guess_map(dialect.header, rows).targets
        # Nothing says what the columns are: the number comes first.
        targets = ["phone_1", *BUSINESS_PARAMETERS]
        return dict(enumerate(targets[: dialect.columns]))


class EcmImportProfileColumn(models.Model):
    """One column of the files of a profile, by its name, or by its place where it has none."""

    _name = "ecm.import.profile.column"
    _inherit = ["ecm.logged.mixin"]
    _description = "Column of an Import Profile"
    _order = "position, id"
    _logged_at = "profile_id"
    _logged_names = ("header",)

    profile_id = fields.Many2one(
        "ecm.import.profile", required=True, ondelete="cascade", index=True
    )
    position = fields.Integer(
        "Place", default=1, required=True, help="Counted from 1. Used where no name is given."
    )
    header = fields.Char("Column name")
    target = fields.Selection("_get_targets", string="Stored as", required=True)

    _position_positive = models.Constraint("CHECK(position > 0)", "Columns are counted from 1.")

    @api.model
    def _get_targets(self):
        choices = self.env["ecm.contact.list"]._get_targets()
        return [choice for choice in choices if choice[0] != "ignore"]

    def _get_place(self, dialect):
        """:return: index of the column in a file
        :raise UserError: the file has no column of this name
        """
        if not (self.header and dialect.header):
            return self.position - 1
        # People write their column names in capitals one day, and small the next.
        names = [name.casefold() for name in dialect.header]
        name = self.header.strip().casefold()
        if name not in names:
            raise UserError(
                self.env._(
                    "The file has no column “%(column)s”, which the profile %(profile)s expects.",
                    column=self.header,
                    profile=self.profile_id.name,
                )
            )
        return names.index(name)


class EcmImportProfilePhone(models.Model):
    """The phone mode of one of the five phones in the files of a profile (requirement L6)."""

    _name = "ecm.import.profile.phone"
    _inherit = ["ecm.logged.mixin"]
    _description = "Phone of an Import Profile"
    _order = "phone, id"
    _logged_at = "profile_id"
    _logged_names = ("phone",)

    profile_id = fields.Many2one(
        "ecm.import.profile", required=True, ondelete="cascade", index=True
    )
    phone = fields.Selection("_get_phones", required=True, default="phone_1")
    mode_id = fields.Many2one("ecm.phone.mode", required=True, ondelete="restrict")

    _phone_once = models.Constraint("UNIQUE(profile_id, phone)", "Each phone has one mode.")

    @api.model
    def _get_phones(self):
        choices = self.env["ecm.contact.list"]._get_targets()
        return [choice for choice in choices if choice[0] in PHONE_FIELDS]
