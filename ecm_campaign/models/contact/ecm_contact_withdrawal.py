from functools import partial
from itertools import islice
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import PHONE_FIELDS
from ...tools import contact_rows, phones

COLUMNS = {"phone": PHONE_FIELDS, "key": ("account_number",)}


class EcmContactWithdrawal(models.Model):
    """A file of numbers or customer keys whose open contacts are withdrawn, in the background
    (requirement L10).
    """

    _name = "ecm.contact.withdrawal"
    _inherit = ["ecm.file.job", "ecm.file.mixin"]
    _description = "Withdrawal by File"
    _order = "id desc"
    _rec_name = "file_name"
    _fixed_fields = ("company_id", "campaign_id", "match", "reason", "file_name")
    _log_name = "withdrawal"
    _logged_counts = {
        "withdrawn_count": "withdrawn",
        "missing_count": "without an open contact",
        "invalid_count": "not readable",
    }

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    campaign_id = fields.Many2one(
        "ecm.campaign", readonly=True, ondelete="cascade", help="Empty: all campaigns."
    )
    match = fields.Selection(
        [("phone", "Phone numbers"), ("key", "Customer keys")],
        string="The file holds",
        required=True,
        readonly=True,
    )
    reason = fields.Char(required=True, readonly=True)
    file_name = fields.Char("File name", readonly=True)
    state = fields.Selection(selection_add=[("importing", "In progress")])
    withdrawn_count = fields.Integer("Withdrawn", readonly=True, help="Contacts that were open.")
    missing_count = fields.Integer("Without an open contact", readonly=True)
    invalid_count = fields.Integer("Could not be read", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        jobs = super().create(vals_list)
        self.env.ref("ecm_campaign.ir_cron_withdraw").sudo()._trigger()
        jobs._log_state()
        return jobs

    def _get_turn(self):
        return self

    def _get_file(self):
        return self.attachment_id

    def _open_chunks(self, source, pace):
        """Chunks of values to look for."""
        dialect, rows, unread = self._open_rows(source)
        place = self._find_column(dialect.header)
        if self.match == "key":
            return rows, _parse(unread, place, _read_key, pace)
        # A number without a country code is one of the company's country.
        country = self.company_id.country_id.code or None
        return rows, _parse(unread, place, partial(_read_phone, country=country), pace)

    def _find_column(self, header):
        """The place of the column that holds what is looked for; the first where no name tells."""
        wanted = COLUMNS[self.match][0]
        targets = contact_rows.guess_map(header).targets if header else {}
        for place, target in targets.items():
            if target == wanted:
                return place
        return 0

    def _load_chunk(self, chunk, read_on):
        read_on()
        wanted = {value for value in chunk.values if value}
        where = SQL("c.company_id = %s", self.company_id.id)
        if self.campaign_id:
            where = SQL("%s AND c.campaign_id = %s", where, self.campaign_id.id)
        # Statements read the table, past what the cache holds.
        contacts = self.env["ecm.contact"]
        contacts.flush_model()
        found = contacts._withdraw_matching(COLUMNS[self.match], wanted, where, self.reason)
        return {
            "withdrawn_count": len(found),
            "missing_count": len(wanted.difference(*found)),
            "invalid_count": chunk.values.count(None),
        }


class _Chunk(NamedTuple):
    values: list
    processed: int
    last_line: int


def _parse(rows, place, read, pace):
    while chunk := list(islice(rows, pace.rows)):
        values = []
        for _line, cells in chunk:
            # A row that is no list could not be read, and a short one lacks the column.
            is_there = isinstance(cells, list) and place < len(cells)
            values.append(read(cells[place]) if is_there else None)
        last_line = chunk[-1][0]
        yield _Chunk(values, len(chunk), last_line)


def _read_key(text):
    return text.strip() or None


def _read_phone(text, country):
    number, _reason = phones.normalise(text, country)
    return number
