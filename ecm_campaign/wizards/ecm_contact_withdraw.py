import base64
import io
from itertools import islice

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import contact_file, contact_rows, phones

BATCH = 20_000
TARGETS = {"phone": "phone_1", "key": "account_number"}


class EcmContactWithdraw(models.TransientModel):
    """Withdraw chosen contacts, or those that a file names, and say why (requirement L10)."""

    _name = "ecm.contact.withdraw"
    _description = "Withdraw Contacts"

    contact_ids = fields.Many2many("ecm.contact", string="Contacts", readonly=True)
    contact_count = fields.Integer(compute="_compute_contact_count", string="Open contacts")
    reason = fields.Char(required=True)
    campaign_id = fields.Many2one("ecm.campaign", default=lambda self: self._default_campaign_id())
    scope = fields.Selection(
        [("campaign", "This campaign"), ("company", "All campaigns of the company")], required=True, default="campaign"
    )
    match = fields.Selection(
        [("phone", "Phone numbers (phone 1)"), ("key", "Customer keys")],
        string="The file holds",
        required=True,
        default="phone",
    )
    file = fields.Binary()
    file_name = fields.Char()
    is_done = fields.Boolean()
    summary = fields.Text(readonly=True)

    def _default_campaign_id(self):
        if self.env.context.get("active_model") == "ecm.campaign":
            return self.env.context.get("active_id")
        return False

    def _compute_contact_count(self):
        for wizard in self:
            wizard.contact_count = len(wizard.contact_ids)

    def action_withdraw(self):
        """Withdraw the chosen contacts."""
        self.ensure_one()
        self.contact_ids.action_withdraw(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def action_withdraw_by_file(self):
        """Withdraw the open contacts that the file names, and show what became of it."""
        self.ensure_one()
        self.env["ecm.contact"].check_access("write")
        if not self.file:
            raise UserError(self.env._("Choose a file."))
        if self.scope == "campaign" and not self.campaign_id:
            raise UserError(self.env._("Choose a campaign."))
        try:
            rows, withdrawn, missing, bad = self._withdraw_file()
        except contact_file.UnreadableFile as error:
            raise UserError(self.env["ecm.contact.list"]._get_file_error_text(error.code)) from error
        summary = self.env._(
            "%(rows)s rows read. %(withdrawn)s contacts withdrawn. %(missing)s had no open contact. "
            "%(bad)s could not be read.",
            rows=rows,
            withdrawn=withdrawn,
            missing=missing,
            bad=bad,
        )
        self.write({"is_done": True, "summary": summary})
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_campaign.ecm_contact_withdraw_file_action")
        return {**action, "res_id": self.id}

    def _withdraw_file(self):
        """:return: rows read, contacts withdrawn, values without an open contact, rows that could not be read
        :raise contact_file.UnreadableFile: the file as a whole
        """
        content = base64.b64decode(self.with_context(bin_size=False).file)
        dialect, rows = contact_file.open_source(io.BytesIO(content))
        place = self._get_place(dialect)
        read = withdrawn = missing = bad = 0
        self.env["ecm.contact"].flush_model()
        while batch := list(islice(rows, BATCH)):
            values = [self._get_value(cells, place) for _line, cells in batch]
            wanted = {value for value in values if value}
            found = self._withdraw_values(wanted)
            read += len(batch)
            bad += values.count(None)
            withdrawn += len(found)
            missing += len(wanted - {row[0 if self.match == "phone" else 1] for row in found})
        return read, withdrawn, missing, bad

    def _get_place(self, dialect):
        """Index of the column with the numbers or keys: by its name, else the first."""
        targets = contact_rows.guess_map(dialect.header).targets if dialect.header else {}
        return next((place for place, target in targets.items() if target == TARGETS[self.match]), 0)

    def _get_value(self, cells, place):
        if not isinstance(cells, list) or len(cells) <= place:
            return None
        if self.match == "key":
            return cells[place].strip() or None
        country = (self.campaign_id.company_id or self.env.company).country_id.code
        number, _reason = phones.normalise(cells[place], country or None)
        return number

    def _withdraw_values(self, values):
        company = self.campaign_id.company_id or self.env.company
        where = SQL("c.company_id = %s", company.id)
        if self.scope == "campaign":
            where = SQL("%s AND c.campaign_id = %s", where, self.campaign_id.id)
        return self.env["ecm.contact"]._withdraw_matching(TARGETS[self.match], values, where, self.reason)
