import os

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import ADMINISTRATOR
from ..tools import odbc

# What is shown in place of a stored password; written back, it changes nothing.
MASK = "••••••••"


class EcmSecretMixin(models.AbstractModel):
    """Passwords that are written and never shown (requirement R8).

    The field ``password`` shows a mask; ``password_secret`` keeps the password, out of reach for
    every role. A model with more of them declares each such pair, names the first in ``_secrets``,
    and writes its inverse in one line.
    """

    _name = "ecm.secret.mixin"
    _description = "Passwords that are never shown"

    _secrets = ("password",)
    _connection_secrets = {}
    """``{field with a connection string: field of its password}``"""

    password = fields.Char(
        compute="_compute_secrets",
        inverse="_inverse_password",
        groups=ADMINISTRATOR,
        copy=False,
        exportable=False,
        help="Never shown again. Write env:NAME to take it from the server's environment variable NAME.",
    )
    password_secret = fields.Char(groups=fields.NO_ACCESS, copy=False, exportable=False)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._move_passwords(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._move_passwords(vals))

    def _compute_secrets(self):
        for record in self:
            for name in self._secrets:
                record[name] = MASK if record.sudo()[f"{name}_secret"] else False

    def _inverse_password(self):
        self._store_secret("password")

    def _store_secret(self, name):
        for record in self:
            if record[name] != MASK:
                # Where the dots of a stored password are shown, people type after them.
                record.sudo()[f"{name}_secret"] = (record[name] or "").removeprefix(MASK) or False
        self.invalidate_recordset([name])  # what was typed is not sent back either

    @api.model
    def _move_passwords(self, vals):
        """A password in a connection string goes where passwords are kept: the string is shown."""
        for field, name in self._connection_secrets.items():
            text, password = odbc.split_password(vals.get(field) or "")
            if password:
                given = vals.get(name)
                vals = {**vals, field: text, name: given if given and given != MASK else password}
        return vals

    def _get_secret(self, name="password"):
        """A password, from the environment where it says so.

        :raise UserError: the environment variable is not set
        """
        value = self.sudo()[f"{name}_secret"] or ""
        if not value.startswith("env:"):
            return value
        variable = value.removeprefix("env:")
        if variable not in os.environ:
            raise UserError(self.env._("The server has no environment variable %s.", variable))
        return os.environ[variable]
