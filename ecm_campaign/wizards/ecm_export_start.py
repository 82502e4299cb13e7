import ast

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..actions import open_form, open_window
from ..models.export.ecm_export import MODELS
from ..tools.export_rows import SHEET_ROWS


class EcmExportStart(models.TransientModel):
    """What is exported of chosen contacts or attempts, or of all that a filter finds, and how."""

    _name = "ecm.export.start"
    _description = "Start an Export"

    model = fields.Selection(MODELS, "What", required=True, readonly=True, default="ecm.contact")
    source = fields.Char("Which", readonly=True)
    source_domain = fields.Char(required=True, default="[('id', '=', 0)]")
    file_format = fields.Selection(
        [("xlsx", "Excel (XLSX)"), ("csv", "CSV")], "Format", required=True, default="xlsx"
    )
    row_count = fields.Integer("Rows", compute="_compute_row_count")
    file_count = fields.Integer("Files", compute="_compute_row_count")
    column_ids = fields.One2many("ecm.export.start.column", "start_id", "Columns")

    @api.model
    def default_get(self, fields):
        """With the columns that the user may choose."""
        values = super().default_get(fields)
        model = values.get("model") or self.env.context.get("default_model") or "ecm.contact"
        choices = self.env["ecm.export.columns"]._get_choices(model)
        columns = [
            Command.create(
                {
                    "sequence": place,
                    "name": choice.name,
                    "title": choice.title,
                    "is_chosen": choice.is_default,
                }
            )
            for place, choice in enumerate(choices)
        ]
        return {**values, "column_ids": columns}

    @api.model
    def _open(self, records):
        """Ask about chosen contacts or attempts, or those of the filter.

        :param records: what the button was pressed on
        :raise AccessError: the user may export nothing
        """
        self.env["ecm.export"]._check_may_export()
        bulk = self.env["ecm.bulk.start"]
        context = {
            "default_model": records._name,
            "default_source_domain": repr(list(bulk._get_source_domain(records))),
            "default_source": bulk._get_source_label(records),
        }
        context = {**self.env.context, **context}
        return open_window(self.env, "ecm_campaign.ecm_export_start_action", context=context)

    @api.depends("source_domain", "model", "file_format")
    def _compute_row_count(self):
        for wizard in self:
            domain = ast.literal_eval(wizard.source_domain)
            wizard.row_count = self.env[wizard.model].search_count(domain)
            # One line of each sheet has the titles.
            full = SHEET_ROWS - 1 if wizard.file_format == "xlsx" else max(wizard.row_count, 1)
            wizard.file_count = -(-wizard.row_count // full)

    def action_start(self):
        """Have it done.

        :raise UserError: no column is chosen, or there are no rows
        """
        self.ensure_one()
        chosen = self.column_ids.filtered("is_chosen").sorted("sequence")
        if not chosen:
            raise UserError(self.env._("Choose at least one column."))
        values = {
            "model": self.model,
            "source": self.source,
            "file_format": self.file_format,
            "columns": chosen.mapped("name"),
        }
        # A domain of values only: what it finds is bounded by the user's rights.
        domain = ast.literal_eval(self.source_domain)
        return open_form(self.env["ecm.export"]._ask_for(values, domain))


class EcmExportStartColumn(models.TransientModel):
    """A column that can be chosen."""

    _name = "ecm.export.start.column"
    _description = "Column of an Export"
    _order = "sequence, id"

    start_id = fields.Many2one("ecm.export.start", required=True, ondelete="cascade")
    sequence = fields.Integer()
    name = fields.Char(required=True)
    title = fields.Char("Column", required=True)
    is_chosen = fields.Boolean("Export")
