from odoo import api, models
from odoo.exceptions import AccessError


class EcmEngineFieldsMixin(models.AbstractModel):
    """A record with fields that the engine writes, and no user.

    ``readonly`` holds in forms only. Here it holds for RPC, web forms and imports as well: users
    neither create nor change a stored read-only field. Code of ours that does so on behalf of a
    user checks the user's access and goes through ``sudo()``.
    """

    _name = "ecm.engine.fields.mixin"
    _description = "Record with Fields of the Engine"

    # What a user gives when creating the record, and nobody changes by hand from then on.
    _fixed_fields = ()

    @api.model
    def _get_engine_fields(self):
        """:return: set of names; a field with an inverse checks what it gets by itself"""
        names = {field.name for field in self._fields.values() if _is_engine_field(field)}
        return names.difference(self._fixed_fields)

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su:
            return super().create(vals_list)
        engine_fields = self._get_engine_fields()
        for vals in vals_list:
            self._refuse(engine_fields.intersection(vals))
        # What the context brings is of another form, and is left out without a word.
        records = self._without_defaults(engine_fields)
        return super(EcmEngineFieldsMixin, records).create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._refuse(self._get_engine_fields().intersection(vals))
            fixed = [name for name in self._fixed_fields if name in vals]
            self._refuse([name for name in fixed if self._would_change(name, vals[name])])
        return super().write(vals)

    def copy_data(self, default=None):
        """A copy starts anew: what the engine has noted stays with the original."""
        vals_list = super().copy_data(default)
        engine_fields = self._get_engine_fields()
        for vals in vals_list:
            for name in engine_fields.intersection(vals):
                del vals[name]
        return vals_list

    @api.model
    def _create_with_engine_fields(self, values):
        """Create a record with the user's rights, then set what only the engine sets.

        :param dict values: of fields of both kinds
        """
        given = dict(values)
        noted = {}
        for name in self._get_engine_fields().intersection(values):
            noted[name] = given.pop(name)
        record = self.create(given)
        record.sudo().write(noted)
        return record

    def _without_defaults(self, names):
        context = dict(self.env.context)
        for name in names:
            context.pop(f"default_{name}", None)
        return self.with_env(self.env(context=context))

    def _would_change(self, name, value):
        """Whether a value differs from what is there: imports send it with every row."""
        field = self._fields[name]
        return any(field.convert_to_write(record[name], record) != value for record in self)

    @api.model
    def _refuse(self, names):
        """:raise AccessError: names the fields, if there are any"""
        if not names:
            return
        labels = [self._fields[name]._description_string(self.env) for name in sorted(names)]
        raise AccessError(
            self.env._(
                "%(model)s: %(fields)s cannot be set by hand.",
                model=self.env["ir.model"]._get(self._name).name,
                fields=", ".join(labels),
            )
        )


def _is_engine_field(field):
    is_own = field.name not in models.MAGIC_COLUMNS and not field.inverse
    return is_own and field.readonly and field.store
