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
        return {
            name
            for name, field in self._fields.items()
            if _is_engine_field(field) and name not in self._fixed_fields
        }

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su:
            return super().create(vals_list)
        engine_fields = self._get_engine_fields()
        for vals in vals_list:
            self._refuse(engine_fields.intersection(vals))
        # What the context brings is of another form, and is left out without a word.
        return super(EcmEngineFieldsMixin, self._without_defaults(engine_fields)).create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._refuse(self._get_engine_fields().intersection(vals))
            self._refuse({name for name in self._fixed_fields if self._would_change(name, vals)})
        return super().write(vals)

    def copy_data(self, default=None):
        """A copy starts anew: what the engine has noted stays with the original."""
        engine_fields = self._get_engine_fields()
        return [
            {name: value for name, value in vals.items() if name not in engine_fields}
            for vals in super().copy_data(default)
        ]

    @api.model
    def _create_with_engine_fields(self, values):
        """Create a record with the user's rights, then set what only the engine sets.

        :param dict values: of fields of both kinds
        """
        engine_fields = self._get_engine_fields()
        given = {name: value for name, value in values.items() if name not in engine_fields}
        record = self.create(given)
        record.sudo().write({name: values[name] for name in values.keys() - given.keys()})
        return record

    def _without_defaults(self, names):
        keys = {f"default_{name}" for name in names}
        context = {key: value for key, value in self.env.context.items() if key not in keys}
        return self.with_context(context)

    def _would_change(self, name, vals):
        """Whether a value differs from what is there: imports send it with every row."""
        field = self._fields[name]
        return name in vals and any(
            field.convert_to_write(record[name], record) != vals[name] for record in self
        )

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
