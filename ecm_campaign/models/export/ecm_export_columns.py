from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import BUSINESS_PARAMETERS
from ...tools.export_rows import UNIX_DAY, Column

# Chosen unless somebody says otherwise, in this order.
DEFAULTS = {
    "ecm.contact": (
        "campaign_id",
        "list_id",
        "account_number",
        "first_name",
        "last_name",
        "phone_1",
        "state",
        "attempt_count",
        "last_attempt_at",
        "last_outcome_id",
        "next_attempt_at",
    ),
    "ecm.attempt": (
        "claimed_at",
        "campaign_id",
        "contact_id.account_number",
        "contact_id.first_name",
        "contact_id.last_name",
        "number",
        "channel",
        "outcome_id",
        "agent",
        "business_outcome_id",
        "duration_seconds",
    ),
}
# Of an attempt's contact, beside the attempt's own.
OF_CONTACT = ("list_id", "account_number", "first_name", "last_name", "email")
# How the engine finds its way: of no use in a file.
TECHNICAL = {
    "is_ready",
    "is_retry",
    "dial_key",
    "resume_at",
    "is_drawn",
    "target_group_id",
    "current_attempt_id",
    "chain_line_id",
    "chained_from_id",
    "again_from_id",
    "origin_list_id",
    "block_detail",
    "dialer_reference",
}
KINDS = {
    "char": "text",
    "text": "text",
    "integer": "number",
    "float": "number",
    "datetime": "moment",
    "date": "day",
    "selection": "word",
    "boolean": "word",
    "many2one": "word",
}
# There are as many of them as rows: their names are columns of their own.
NOT_NAMED = ("ecm.contact", "ecm.attempt")


class Choice(NamedTuple):
    """A column that can be chosen.

    :param name: of the field; ``contact_id.email`` of an attempt's contact,
        ``business_parameters.business_parameter_1`` of a property
    """

    name: str
    title: str
    is_default: bool


class EcmExportColumns(models.AbstractModel):
    """What columns an export may have, and how they are read: those that the user may read."""

    _name = "ecm.export.columns"
    _description = "Columns of an Export"

    @api.model
    def _get_choices(self, model_name):
        """Columns that this user may choose, those first that are chosen by default.

        :rtype: list of `Choice`
        """
        defaults = DEFAULTS[model_name]
        names = self._get_names(self.env[model_name])
        if model_name == "ecm.attempt":
            contacts = self.env["ecm.contact"]
            own = self._get_names(contacts) if contacts.has_access("read") else ()
            names += [f"contact_id.{name}" for name in OF_CONTACT if name in own]
        ordered = [name for name in defaults if name in names]
        ordered += [name for name in names if name not in defaults]
        return [
            Choice(name, self._get_title(model_name, name), name in defaults) for name in ordered
        ]

    def _get_names(self, model):
        """Fields of a model with a column, that the user may read."""
        names = []
        for name, field in model._fields.items():
            if name in TECHNICAL or not model._has_field_access(field, "read"):
                continue
            if field.type == "properties":
                names += [f"{name}.{parameter}" for parameter in BUSINESS_PARAMETERS]
            elif field.store and field.column_type and self._is_told(field):
                names.append(name)
        return names

    def _is_told(self, field):
        return field.type in KINDS and getattr(field, "comodel_name", None) not in NOT_NAMED

    def _get_title(self, model_name, name):
        """What stands above a column, in the user's language."""
        owner, _dot, part = name.partition(".")
        if not part:
            return self._get_label(model_name, name)
        if owner == "contact_id":
            return self._get_label("ecm.contact", part)
        number = BUSINESS_PARAMETERS.index(part) + 1
        return self.env._("Business Parameter %s", number)

    def _get_label(self, model_name, name):
        if name == "id":
            return self.env._("ID")
        return self.env[model_name]._fields[name]._description_string(self.env)

    # -- read -------------------------------------------------------------------------------------

    @api.model
    def _make_query(self, model_name, domain, names, has_serial_days):
        """The rows that this user may read, as a query that finds them in the order of their ids.

        :param domain: what was chosen
        :param names: of the columns, as in `Choice`
        :param bool has_serial_days: moments are days since Excel's first, instead of text
        :return: the ``Query``, and the list of SQL that it selects, the id first
        :raise AccessError: the user may not read the model, or one of the columns
        """
        model = self.env[model_name]
        model.check_access("read")
        query = model._search(Domain(domain), order="id")
        selected = [SQL.identifier(query.table, "id")]
        for name in names:
            expression, kind = self._get_expression(model, query, name)
            selected.append(self._write_moments(expression, kind, has_serial_days))
        return query, selected

    def _get_expression(self, model, query, name):
        """:return: a column as SQL, and its kind"""
        owner, _dot, part = name.partition(".")
        if not part:
            return model._field_to_sql(query.table, name, query), KINDS[model._fields[name].type]
        if owner != "contact_id":
            properties = model._field_to_sql(query.table, owner, query)
            return SQL("%s ->> %s", properties, part), "text"
        contacts = self.env["ecm.contact"]
        alias = self._join_contacts(query)
        return contacts._field_to_sql(alias, part), KINDS[contacts._fields[part].type]

    def _join_contacts(self, query):
        """Attempts with their contacts, as far as the user may read these."""
        readable = self.env["ecm.contact"]._search([])
        names = ("id", *OF_CONTACT)
        columns = [SQL.identifier(readable.table, name) for name in names]
        alias = query.make_alias(query.table, "contact")
        condition = SQL(
            "%s = %s", SQL.identifier(alias, "id"), SQL.identifier(query.table, "contact_id")
        )
        # The same join for each of its columns.
        if alias not in query._joins:
            readable.order = None
            query.add_join("LEFT JOIN", alias, SQL("(%s)", readable.select(*columns)), condition)
        return alias

    def _write_moments(self, expression, kind, has_serial_days):
        """Moments on the user's clock, as the file's format has them."""
        if kind == "moment":
            zone = self.env.user.tz or "UTC"
            expression = SQL("%s AT TIME ZONE 'UTC' AT TIME ZONE %s", expression, zone)
        if kind in ("moment", "day") and has_serial_days:
            return SQL(
                "(EXTRACT(EPOCH FROM (%s)::timestamp) / 86400 + %s)::float8", expression, UNIX_DAY
            )
        if kind == "moment":
            return SQL("to_char(%s, 'YYYY-MM-DD HH24:MI:SS')", expression)
        return expression

    @api.model
    def _make_columns(self, model_name, names):
        """Columns of the file, and where the words of references come from.

        :return: list of ``tools.export_rows.Column``, and ``{place: name of the model}``
        """
        columns, references = [], {}
        for place, name in enumerate(names):
            title = self._get_title(model_name, name)
            field = self._get_field(model_name, name)
            kind = KINDS[field.type] if field else "text"
            columns.append(Column(title, kind, self._get_words(field)))
            if field and field.type == "many2one":
                references[place] = field.comodel_name
        return columns, references

    def _get_field(self, model_name, name):
        """:return: the field; None of a property"""
        owner, _dot, part = name.partition(".")
        if not part:
            return self.env[model_name]._fields[name]
        return self.env["ecm.contact"]._fields[part] if owner == "contact_id" else None

    def _get_words(self, field):
        """Words of the values that a column may have; a new dict, as references add theirs."""
        if field and field.type == "selection":
            return dict(field._description_selection(self.env))
        if field and field.type == "boolean":
            return {True: self.env._("Yes"), False: self.env._("No")}
        return {}
