from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...actions import open_form
from ..shared.ecm_logged_mixin import is_secret


class EcmChange(models.Model):
    """Who changed what in the configuration, from what, to what (requirement R8): what Odoo tracks in
    the chatters of campaigns, strategies, dialers, gateways, hours, lists and all else that the
    suite has, and what `ecm.logged.mixin` notes beside it, in one place.
    """

    _name = "ecm.change"
    _description = "Change of the Configuration"
    _auto = False
    _log_access = False
    _order = "changed_at desc, id desc"
    _rec_name = "field_label"

    changed_at = fields.Datetime("Changed on", readonly=True)
    author_id = fields.Many2one("res.partner", "Changed by", readonly=True)
    model = fields.Selection("_get_models", "Kind", readonly=True)
    res_id = fields.Integer("Record ID", readonly=True, aggregator=None)
    record_name = fields.Char(
        "Record", compute="_compute_record_name", help="As it is called now; empty: it was deleted."
    )
    part = fields.Char(readonly=True, help="Of the record: a step, a rule, a limit.")
    field_name = fields.Char("Technical name", readonly=True)
    field_label = fields.Char("What", readonly=True)
    old_value = fields.Char("From", readonly=True)
    new_value = fields.Char("To", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    @api.model
    def _get_models(self):
        """Kinds of records whose changes are noted; those of parts stand at their wholes."""
        registry, found = self.env.registry, []
        for name, model in registry.items():
            is_whole = issubclass(model, registry["ecm.logged.mixin"]) and not model._logged_at
            is_noted = is_whole or issubclass(model, registry["mail.thread"])
            if name.startswith("ecm.") and is_noted and not model._abstract:
                found.append((name, self.env["ir.model"]._get(name).sudo().name))
        return sorted(found, key=lambda pair: pair[1])

    @api.depends("model", "res_id")
    def _compute_record_name(self):
        for model, changes in self.grouped("model").items():
            # Whoever reads the log reads the name of what was changed.
            records = self.env[model].sudo().browse(changes.mapped("res_id")).exists()
            names = {record.id: record.display_name for record in records}
            for change in changes:
                change.record_name = names.get(change.res_id, False)

    @property
    def _table_query(self):
        # Moments in UTC, as they are stored: the same for everybody who reads them.
        return SQL(
            """SELECT v.id, m.date AS changed_at, m.author_id, m.model, m.res_id,
                      m.subject AS part, f.name AS field_name,
                      CASE WHEN f.name <> 'display_name'
                           THEN COALESCE(f.field_description ->> %(lang)s,
                                         f.field_description ->> 'en_US')
                           WHEN v.new_value_char <> '' THEN %(added)s
                           ELSE %(removed)s END AS field_label,
                      %(old)s AS old_value, %(new)s AS new_value, %(company)s AS company_id
                 FROM mail_tracking_value v
                 JOIN mail_message m ON m.id = v.mail_message_id
                 JOIN ir_model_fields f ON f.id = v.field_id
                WHERE m.model LIKE 'ecm.%%' AND NOT (v.field_id = ANY(%(hidden)s))""",
            lang=self.env.lang or "en_US",
            added=self.env._("Added"),
            removed=self.env._("Removed"),
            old=_get_value("old"),
            new=_get_value("new"),
            hidden=self._get_hidden_field_ids(),
            company=self._get_company_sql(),
        )

    def _get_company_sql(self):
        """The company of what was changed, as it is now; none of what all companies share. Odoo does
        not note it with each message.
        """
        cases = []
        for name, _label in self._get_models():
            model = self.env[name]
            field = model._fields.get("company_id")
            if field and field.store:
                table = SQL.identifier(model._table)
                own = SQL("(SELECT t.company_id FROM %s t WHERE t.id = m.res_id)", table)
                cases.append(SQL("WHEN %s THEN %s", name, own))
        return SQL("CASE m.model %s ELSE m.record_company_id END", SQL(" ").join(cases))

    def _get_hidden_field_ids(self):
        """Fields with secrets: whatever was tracked of them is not shown."""
        hidden, fields_of = [], self.env["ir.model.fields"]
        for name, model in self.env.registry.items():
            if not name.startswith("ecm."):
                continue
            for field in model._fields.values():
                if is_secret(field):
                    hidden.append(fields_of._get_ids(name).get(field.name))
        return [field_id for field_id in hidden if field_id]

    def action_open(self):
        """Open what was changed.

        :raise UserError: it was deleted since
        """
        self.ensure_one()
        self.check_access("read")
        record = self.env[self.model].browse(self.res_id).exists()
        if not record:
            raise UserError(self.env._("It was deleted since."))
        return open_form(record)


def _get_value(side):
    """A tracked value as text.

    :param str side: ``old`` or ``new``
    """
    names = {kind: SQL.identifier("v", f"{side}_value_{kind}") for kind in _KINDS}
    return SQL(
        """CASE WHEN f.ttype = 'boolean'
                THEN CASE WHEN %(integer)s = 1 THEN %(yes)s ELSE %(no)s END
                WHEN f.ttype = 'integer' THEN %(integer)s::text
                WHEN f.ttype IN ('float', 'monetary') THEN %(float)s::text
                WHEN f.ttype = 'date' THEN to_char(%(datetime)s, 'YYYY-MM-DD')
                WHEN f.ttype = 'datetime' THEN to_char(%(datetime)s, 'YYYY-MM-DD HH24:MI "UTC"')
                WHEN f.ttype IN ('text', 'html') THEN %(text)s
                ELSE %(char)s END""",
        yes="✓",
        no="✗",
        **names,
    )


_KINDS = ("integer", "float", "char", "text", "datetime")
