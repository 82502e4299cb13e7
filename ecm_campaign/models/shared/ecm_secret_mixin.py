import os
import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import ADMINISTRATOR
from ...tools import connection_string, odbc

# What is shown in place of a stored password; written back, it changes nothing.
MASK = "••••••••"

# A password from the server's environment. The prefix keeps every other variable of the server from
# whoever may write passwords here: the database's own, keys of other services.
FROM_ENVIRONMENT = "env:"
ENVIRONMENT_NAME = re.compile(r"ECM_\w+", re.ASCII)


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
        help="Never shown again. Write env:ECM_NAME to take it from the server's environment "
        "variable ECM_NAME; its name must begin with ECM_.",
    )
    password_secret = fields.Char(groups=fields.NO_ACCESS, copy=False, exportable=False)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._move_passwords(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._move_passwords(vals))

    def _compute_secrets(self):
        for record in self:
            secrets = record.sudo()
            for name in self._secrets:
                record[name] = MASK if secrets[f"{name}_secret"] else False

    def _inverse_password(self):
        self._store_secret("password")

    def _store_secret(self, name):
        for record in self:
            if record[name] != MASK:
                # Where the dots of a stored password are shown, people type after them.
                value = (record[name] or "").removeprefix(MASK)
                self._get_variable(value)
                record.sudo()[f"{name}_secret"] = value or False
        # What was typed is not sent back either.
        self.invalidate_recordset([name])

    @api.model
    def _move_passwords(self, vals):
        """A password in a connection string goes where passwords are kept: the string is shown."""
        for field, name in self._connection_secrets.items():
            text, password = odbc.split_password(vals.get(field) or "")
            if not password:
                continue
            vals = {**vals, field: text}
            # One that is typed into its own field goes before.
            if vals.get(name) in (None, False, "", MASK):
                vals[name] = password
        return vals

    def _get_secret(self, name="password"):
        """A password, from the environment where it says so.

        :raise UserError: the environment variable is not set
        """
        value = self.sudo()[f"{name}_secret"] or ""
        variable = self._get_variable(value)
        if not variable:
            return value
        if variable not in os.environ:
            raise UserError(self.env._("The server has no environment variable %s.", variable))
        return os.environ[variable]

    def _get_variable(self, value):
        """The name of the environment variable that a password is taken from, or False.

        :raise ValidationError: it is one that is not meant for us
        """
        if not value.startswith(FROM_ENVIRONMENT):
            return False
        variable = value.removeprefix(FROM_ENVIRONMENT)
        if not ENVIRONMENT_NAME.fullmatch(variable):
            raise ValidationError(
                self.env._(
                    "A password can be taken only from an environment variable whose name begins "
                    "with ECM_."
                )
            )
        return variable

    @api.constrains(lambda self: tuple(self._connection_secrets))
    def _check_connection_strings(self):
        for record in self.sudo():
            for field in self._connection_secrets:
                record._check_connection_string(record[field])

    def _check_connection_string(self, text):
        try:
            if text:
                connection_string.check(text)
        except connection_string.ConnectionStringError as error:
            raise ValidationError(self._get_connection_error_text(error)) from error

    def _get_connection_error_text(self, error):
        return self._get_connection_error_texts(error.word)[error.code]

    def _get_connection_error_texts(self, word):
        """:return: ``{code of connection_string.ConnectionStringError: translated sentence}``"""
        return {
            "not_settings": self.env._(
                "A connection string is a list of NAME=value with ; between them."
            ),
            "unknown_key": self.env._(
                "%s is not allowed in a connection string: have it written into a data source of "
                "the server (odbc.ini), and enter DSN=its name.",
                word,
            ),
            "twice": self.env._("%s stands twice in the connection string.", word),
            "bad_value": self.env._(
                "The value of %s has characters that are not allowed there, such as / or =.",
                word,
            ),
            "no_driver": self.env._(
                "A connection string begins with DRIVER={name} or with DSN=name."
            ),
            "no_host": self.env._("The connection string names no server."),
            "moved_source": self.env._(
                "With DSN, %s is not allowed: the data source says where to connect.", word
            ),
        }
