from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Fields that results may set besides those that a company has added itself.
SAFE_FIELDS = {
    "crm.lead": {
        "name",
        "priority",
        "referred",
        "function",
        "website",
        "description",
        "date_deadline",
        "expected_revenue",
    },
    "res.partner": {"comment", "function", "website", "ref"},
}
SAFE_TYPES = (
    "char",
    "text",
    "html",
    "integer",
    "float",
    "monetary",
    "boolean",
    "date",
    "selection",
)
SAFE_TYPES += ("datetime",)
NOW = ("now", "today")


class EcmWritebackValue(models.Model):
    """A field that a write-back rule sets (requirement R2): one of a list of safe ones, or one that
    the company has added itself.
    """

    _name = "ecm.writeback.value"
    _inherit = ["ecm.logged.mixin"]
    _description = "Field Set by a Result"
    _order = "rule_id, id"
    _logged_at = "rule_id"
    _logged_names = ("field_key",)

    rule_id = fields.Many2one("ecm.writeback.rule", required=True, ondelete="cascade", index=True)
    field_key = fields.Selection(
        "_get_field_choices", "Field", required=True, help="What results may set."
    )
    value = fields.Char(
        help="A text, a number, yes or no, a date as 2026-12-31, today, now, or a value of a choice. "
        "Empty: the field is emptied."
    )

    _once = models.Constraint("UNIQUE(rule_id, field_key)", "A rule sets a field once.")

    @api.model
    def _get_field_choices(self):
        """What results may set, on leads and customers.

        :return: list of ``(model:field, label)``
        """
        choices = []
        for model in SAFE_FIELDS:
            title = self.env["ir.model"]._get(model).name
            for field in self._get_safe_fields(model):
                label = f"{title}: {field._description_string(self.env)}"
                choices.append((f"{model}:{field.name}", label))
        return choices

    @api.model
    def _get_safe_fields(self, model):
        """Fields of a model that say nothing about rights, money paid or what Odoo keeps itself.

        :param str model: technical name
        """
        names = SAFE_FIELDS[model]
        fields_of_model = self.env[model]._fields.values()
        return [field for field in fields_of_model if field.name in names or _is_own(field)]

    @api.constrains("field_key", "value", "rule_id")
    def _check_value(self):
        choices = dict(self._get_field_choices())
        for line in self:
            if line.field_key not in choices:
                raise ValidationError(self.env._("Results cannot set %s.", line.field_key))
            model, _colon, _name = line.field_key.partition(":")
            if model != line.rule_id._get_target_model():
                raise ValidationError(
                    self.env._(
                        "%s is not of what this rule writes on.",
                        line._get_field()._description_string(self.env),
                    )
                )
            line._read_value()

    def _get_field(self):
        model, _colon, name = self.field_key.partition(":")
        return self.env[model]._fields[name]

    def _read_value(self):
        """The value as the field takes it.

        :raise ValidationError: it does not
        """
        field = self._get_field()
        text = (self.value or "").strip()
        if not text:
            return False
        try:
            return self._convert(field, text)
        except (ValueError, KeyError) as error:
            label = field._description_string(self.env)
            raise ValidationError(
                self.env._("%(value)s does not fit %(field)s.", value=text, field=label)
            ) from error

    def _convert(self, field, text):
        """:raise ValueError: it does not fit the type"""
        lowered = text.lower()
        if field.type == "boolean":
            words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
            return words[lowered]
        if field.type == "integer":
            return int(text)
        if field.type in ("float", "monetary"):
            return float(text)
        if field.type == "date":
            return fields.Date.today() if lowered in NOW else fields.Date.to_date(text)
        if field.type == "datetime":
            return fields.Datetime.now() if lowered in NOW else fields.Datetime.to_datetime(text)
        if field.type == "selection":
            labels = dict(field._description_selection(self.env))
            if text in labels:
                return text
            by_label = {label.lower(): value for value, label in labels.items()}
            return by_label[lowered]
        return text


def _is_own(field):
    """Whether the company has added the field itself, and it holds a plain value."""
    is_plain = field.type in SAFE_TYPES and field.store and not field.readonly
    return field.manual and is_plain and not field.compute
