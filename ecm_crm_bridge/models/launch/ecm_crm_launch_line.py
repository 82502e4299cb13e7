from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.cells import FULL_NAME
from odoo.addons.ecm_campaign.tools.contact_rows import IGNORE

# What is no text of one line.
UNREADABLE_TYPES = ("binary", "json", "properties", "properties_definition", "html", "reference")


class EcmCrmLaunchLine(models.Model):
    """Which field of a CRM record becomes what of a contact (requirement R1).

    Of several lines with the same aim, the first whose field is not empty counts.
    """

    _name = "ecm.crm.launch.line"
    _description = "Field of a Launch"
    _order = "sequence, id"
    _rec_name = "field_name"

    launch_id = fields.Many2one("ecm.crm.launch", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    model = fields.Selection(related="launch_id.model")
    target = fields.Selection("_get_targets", string="Becomes", required=True)
    field_name = fields.Char(
        "Field", required=True, help="A field of the record, or of one that it leads to."
    )

    field_label = fields.Char("Taken from", compute="_compute_field_label")

    @api.depends("field_name", "launch_id.model")
    @api.depends_context("lang")
    def _compute_field_label(self):
        for line in self:
            line.field_label = line._find_label()

    def _find_label(self):
        """What CRM calls the fields on the way to the value; nothing where it leads nowhere."""
        model = self.env.get(self.launch_id.model or "")
        labels = []
        for name in (self.field_name or "").split("."):
            if model is None or name not in model._fields:
                return False
            field = model._fields[name]
            labels.append(field._description_string(self.env))
            model = self.env[field.comodel_name] if field.relational else None
        return " › ".join(labels)

    @api.model
    def _get_targets(self):
        targets = self.env["ecm.contact.list"]._get_targets()
        return [
            *[(target, label) for target, label in targets if target != IGNORE],
            (FULL_NAME, self.env._("First and last name")),
        ]

    @api.constrains("field_name")
    def _check_field_name(self):
        for line in self:
            line._get_path()

    def _get_path(self):
        """The fields on the way to the value.

        :return: list of names
        :raise ValidationError: there is no such field that holds a text, or the user must not
            read it
        """
        model, path = self.env[self.launch_id.model], self.field_name.split(".")
        for place, name in enumerate(path, start=1):
            field = model._fields.get(name) if model is not None else None
            is_known = field and model._has_field_access(field, "read")
            if not is_known or field.type in UNREADABLE_TYPES:
                raise ValidationError(
                    self.env._(
                        "“%s” is no field that can be taken into a contact. Choose another one.",
                        self.field_name,
                    )
                )
            is_last = place == len(path)
            model = self.env[field.comodel_name] if field.relational and not is_last else None
        return path
