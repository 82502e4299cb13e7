from odoo import fields


class BigInteger(fields.Integer):
    """Numbers that PostgreSQL counts with 64 bits."""

    _column_type = ("int8", "int8")
