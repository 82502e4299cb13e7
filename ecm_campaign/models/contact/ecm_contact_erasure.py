from odoo import api, fields, models
from odoo.tools import SQL

from ...const import PHONE_FIELDS
from ...tools.erasure import ERASED

# What of a contact says who it is, or was written about that person.
PERSONAL_COLUMNS = (
    *PHONE_FIELDS[1:],
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "region",
    "zip",
    "consent_source",
    "business_parameters",
    "number_to_call",
    "block_detail",
    "withdraw_reason",
    "dial_key",
)


class EcmContactErasure(models.AbstractModel):
    """Contacts are made anonymous, never deleted: that somebody was called is evidence (requirement
    N6).
    """

    _name = "ecm.contact.erasure.mixin"
    _description = "Erasure of Contacts"
    _inherit = ["ecm.erasable.mixin"]
    _erased_at = 90

    erased_at = fields.Datetime(
        "Erased on",
        readonly=True,
        copy=False,
        help="Its numbers, names and parameters were erased; what came of its calls stays.",
    )

    @api.model
    def _get_personal_columns(self):
        """Columns that an erasure empties. A module that adds some adds them here.

        :return: list of names
        """
        return list(PERSONAL_COLUMNS)

    @api.model
    def _find_person(self, person):
        """By number and key through their indexes; only an e-mail costs a look at every contact."""
        queries = []
        for columns, values in (
            (PHONE_FIELDS, person.numbers),
            (("account_number",), person.keys),
        ):
            for column in columns if values else ():
                found = self._look_up(column, SQL("n.value"))
                query = SQL(
                    """SELECT found.id FROM unnest(%s::varchar[]) AS n(value)
                  CROSS JOIN LATERAL %s AS found
                        WHERE found.company_id = ANY(%s) AND found.erased_at IS NULL""",
                    sorted(values),
                    found,
                    sorted(person.company_ids),
                )
                queries.append(query)
        condition = self._get_other_condition(person)
        if condition:
            query = SQL(
                "SELECT id FROM ecm_contact WHERE company_id = ANY(%s) AND erased_at IS NULL AND %s",
                sorted(person.company_ids),
                condition,
            )
            queries.append(query)
        return SQL(" UNION ").join(queries) if queries else SQL("SELECT NULL::int WHERE FALSE")

    @api.model
    def _get_other_condition(self, person):
        """By what a contact is found besides numbers and keys: hook for links to other records.

        :rtype: SQL, or None for nothing
        """
        if not person.emails:
            return None
        return SQL("lower(btrim(email)) = ANY(%s)", sorted(person.emails))

    @api.model
    def _get_numbers_and_keys(self, ids):
        """:return: ``(set of numbers, set of customer keys)`` of these contacts"""
        self.flush_model()
        columns = SQL(", ").join(map(SQL.identifier, PHONE_FIELDS))
        query = SQL(
            """SELECT ARRAY[%s], account_number FROM ecm_contact
                WHERE id = ANY(%s) AND erased_at IS NULL""",
            columns,
            list(ids),
        )
        numbers, keys = set(), set()
        for phones, key in self.env.execute_query(query):
            numbers.update(phones)
            keys.add(key)
        return numbers - {None, ERASED}, keys - {None}

    @api.model
    def _erase_ids(self, ids):
        """Close what is open, then empty the contacts, their attempts and what modules hang on
        them; files that they came in go.
        """
        self.env.flush_all()
        query = SQL(
            "SELECT id FROM ecm_contact WHERE id = ANY(%s) AND erased_at IS NULL ORDER BY id "
            "FOR UPDATE",
            list(ids),
        )
        left = [contact_id for (contact_id,) in self.env.execute_query(query)]
        if not left:
            return {}
        self._withdraw(SQL("SELECT unnest(%s::int[])", left), None)
        counts = self._erase_linked(left)
        emptied = SQL(", ").join(
            SQL("%s = NULL", SQL.identifier(name)) for name in self._get_personal_columns()
        )
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_contact SET phone_1 = %s, erased_at = %s, %s WHERE id = ANY(%s)",
                ERASED,
                fields.Datetime.now(),
                emptied,
                left,
            )
        )
        self.env.cr.execute(SQL("DELETE FROM ecm_contact_number WHERE contact_id = ANY(%s)", left))
        self.env.invalidate_all(flush=False)
        return {"ecm.contact": len(left), **counts}

    @api.model
    def _erase_linked(self, contact_ids):
        """What hangs on contacts. A module that hangs something on them adds it here.

        :return: ``{model name: how many}``
        """
        files = self._delete_files(contact_ids)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_attempt SET number = NULL, callback_number = NULL,
                                          dialer_reference = NULL
                    WHERE contact_id = ANY(%s)""",
                list(contact_ids),
            )
        )
        return {"ecm.attempt": self.env.cr.rowcount, "ir.attachment": files}

    @api.model
    def _delete_files(self, contact_ids):
        """Files in which these contacts came, where all of the file is in the campaign: it holds
        what is erased, and no part of it can be taken out.

        :return: how many
        """
        query = SQL(
            """SELECT DISTINCT f.id FROM ecm_contact_list l
                 JOIN ir_attachment f ON f.id = l.attachment_id
                WHERE l.id IN (SELECT list_id FROM ecm_contact WHERE id = ANY(%(ids)s)
                         UNION SELECT origin_list_id FROM ecm_contact WHERE id = ANY(%(ids)s))
                  AND l.state IN ('done', 'failed', 'cancelled')
                  AND f.res_model = 'ecm.contact.list' AND f.res_id = l.id""",
            ids=list(contact_ids),
        )
        file_ids = [file_id for (file_id,) in self.env.execute_query(query)]
        if file_ids:
            self.env["ir.attachment"].sudo().browse(file_ids).unlink()
        return len(file_ids)

    @api.model
    def _delete_ids(self, ids):
        """Delete contacts with their attempts (foreign keys cascade).

        :return: ``{model name: how many}``
        """
        self.env.flush_all()
        query = SQL("SELECT count(*) FROM ecm_attempt WHERE contact_id = ANY(%s)", list(ids))
        [(attempts,)] = self.env.execute_query(query)
        self.env.cr.execute(SQL("DELETE FROM ecm_contact WHERE id = ANY(%s)", list(ids)))
        count = self.env.cr.rowcount
        self.env.invalidate_all(flush=False)
        return {"ecm.contact": count, "ecm.attempt": attempts}
