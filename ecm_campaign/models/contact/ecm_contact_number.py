from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ...sql import values_of
from ...tools.turn import Turn

# So many contacts are listed in a transaction, of so many changes.
LISTED_AT_ONCE = 20_000
CHANGES_AT_ONCE = 1000
# An index of parts of three characters says nothing about fewer.
PART_SIZE = 3
# So much of a large table is looked at to know whether a part is in so many of its rows that reading
# one row after the other finds enough of them sooner than the index.
SAMPLED_PERCENT, SAMPLED_ROWS, COMMON_SHARE = 0.1, 500, 0.02
# Of a long number so many digits are looked for first.
TELLING_SIZE = 8


class Range(NamedTuple):
    """Contacts by their ids."""

    first_id: int
    last_id: int


class EcmContactNumber(models.Model):
    """The numbers and the customer key of a contact as one text, in which a part is found (P31).

    A table of its own: an index of all parts of a number would slow down every change of a contact.
    A scheduled action fills it from `ecm.contact.unlisted`.
    """

    _name = "ecm.contact.number"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Numbers of a Contact"
    _log_access = False

    # No foreign key: a trigger deletes it with its contact.
    contact_id = fields.Integer(required=True, index=True)
    numbers = fields.Char(required=True, help="Each with a blank before it.")

    def init(self):
        """Without the extension the small table is read instead of an index."""
        # Odoo calls this without having made the table, where another module is updated first.
        if self.env.registry.has_trigram and table_exists(self.env.cr, self._table):
            self.env.cr.execute(
                """CREATE INDEX IF NOT EXISTS ecm_contact_number_parts
                       ON ecm_contact_number USING gin (numbers gin_trgm_ops)"""
            )

    @api.model
    def _get_candidates(self, patterns):
        """Contacts that may have a number or key like one of these, among them all that have.

        :param patterns: of LIKE, of one number or key
        :return: a query of contact ids
        """
        # The index is read once for each of them: a number and a key are often the same.
        texts = list(dict.fromkeys(map(_get_telling, patterns)))
        # What came or changed lately is looked at itself. That one comes twice costs nothing, while
        # sorting out a hundred thousand would.
        return SQL(
            """SELECT n.contact_id FROM ecm_contact_number n WHERE n.numbers LIKE ANY(%s)
             UNION ALL
               SELECT k.id FROM ecm_contact_unlisted u
                 JOIN ecm_contact k ON k.id BETWEEN u.first_id AND u.last_id
                WHERE %s LIKE ANY(%s)""",
            texts,
            self._get_text("k"),
            texts,
        )

    @api.model
    def _is_common(self, patterns):
        """Whether so many contacts may have a number like one of these that an index is no help.

        :param patterns: see `_get_candidates`
        """
        if any(len(pattern.strip("%")) < PART_SIZE for pattern in patterns):
            return True
        self.env.cr.execute(
            SQL(
                """SELECT count(*), count(*) FILTER (WHERE numbers LIKE ANY(%s))
                     FROM ecm_contact_number TABLESAMPLE SYSTEM (%s)""",
                list(map(_get_telling, patterns)),
                SAMPLED_PERCENT,
            )
        )
        [(count, found)] = self.env.cr.fetchall()
        return count >= SAMPLED_ROWS and found >= COMMON_SHARE * count

    @api.model
    def _get_text(self, alias):
        """:return: what is stored of a contact"""
        names = ("phone_1", "phone_2", "phone_3", "phone_4", "phone_5", "account_number")
        columns = SQL(", ").join(SQL.identifier(alias, name) for name in names)
        return SQL("(' ' || concat_ws(' ', %s))", columns)

    @api.model
    def _cron_list(self):
        """List what came or changed, a part a transaction; the rest comes in the next turn."""
        turn = Turn()
        while self._atomically(self._list_next):
            if not turn.goes_on():
                self._trigger_next_run()
                break

    @api.model
    def _list_next(self):
        """:return: whether there may be more"""
        ranges = self.env["ecm.contact.unlisted"]._take(LISTED_AT_ONCE)
        if not ranges:
            return False
        chosen = values_of(ranges, Range)
        self.env.cr.execute(
            SQL(
                """DELETE FROM ecm_contact_number n USING %s
                    WHERE n.contact_id BETWEEN v.first_id AND v.last_id""",
                chosen,
            )
        )
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_contact_number (contact_id, numbers)
                   SELECT DISTINCT c.id, %s
                     FROM %s JOIN ecm_contact c ON c.id BETWEEN v.first_id AND v.last_id""",
                self._get_text("c"),
                chosen,
            )
        )
        self.invalidate_model()
        return True


class EcmContactUnlisted(models.Model):
    """Contacts whose numbers came or changed and are not listed yet; triggers write it, in the
    transaction that changes them.
    """

    _name = "ecm.contact.unlisted"
    _description = "Contacts That Are Not Listed"
    _order = "id"
    _log_access = False

    first_id = fields.Integer(required=True)
    last_id = fields.Integer(required=True)

    @api.model
    def _take(self, count):
        """Take ranges of so many contacts off.

        :rtype: list of Range
        """
        self.env.cr.execute(
            SQL(
                """SELECT id, first_id, last_id FROM ecm_contact_unlisted
                 ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED""",
                CHANGES_AT_ONCE,
            )
        )
        taken, done = [], []
        for change_id, first_id, last_id in self.env.cr.fetchall():
            end = min(last_id, first_id + count - 1)
            taken.append(Range(first_id, end))
            count -= end - first_id + 1
            if end < last_id:
                self._begin_later(change_id, end + 1)
            else:
                done.append(change_id)
            if count <= 0:
                break
        self.env.cr.execute("DELETE FROM ecm_contact_unlisted WHERE id = ANY(%s)", [done])
        self.invalidate_model()
        return taken

    def _begin_later(self, change_id, first_id):
        query = SQL(
            "UPDATE ecm_contact_unlisted SET first_id = %s WHERE id = %s", first_id, change_id
        )
        self.env.cr.execute(query)


def _get_telling(pattern):
    """A pattern of LIKE for the text of `EcmContactNumber` that finds all that this one finds.

    All numbers of a country begin alike, which an index of parts is slow with: the end tells more.
    """
    words = pattern.strip("%")
    if len(words) > TELLING_SIZE:
        return f"%{words[-TELLING_SIZE:]}%"
    return pattern if pattern.startswith("%") else f"% {pattern}"
