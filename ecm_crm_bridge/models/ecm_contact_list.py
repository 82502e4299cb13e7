from collections import Counter

from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.tools import contact_rows

LINE = contact_rows.COLUMNS.index("line")
# The last cells of a launch's rows, and the columns of the contact that they are stored in.
LINK_COLUMNS = ("partner_id", "lead_id")


class EcmContactList(models.Model):
    _inherit = "ecm.contact.list"

    launch_id = fields.Many2one(
        "ecm.crm.launch",
        "Launched by",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
    )

    def _is_of_crm(self):
        return self.source == "crm"

    def _get_extra_columns(self):
        columns = super()._get_extra_columns()
        return (*columns, *LINK_COLUMNS) if self._is_of_crm() else columns

    def _extend_rows(self, rows, chunk):
        """Bring the records that each contact is about, which are the last cells of its row."""
        rows = super()._extend_rows(rows, chunk)
        if not self._is_of_crm():
            return rows
        cells = zip(chunk.contacts, chunk.rows, strict=True)
        links = {contact[LINE]: _read_links(row) for contact, row in cells}
        return [row._replace(extra=(*row.extra, *links[row.contact[LINE]])) for row in rows]

    def _split_duplicates(self, rows):
        """A record that is in the campaign already is known, whatever its number is now."""
        if not self._is_of_crm():
            return super()._split_duplicates(rows)
        others, known = self._leave_out_linked(rows)
        kept, duplicates, updated = super()._split_duplicates(others)
        rejects = [_reject(row) for row in known]
        return kept, [*rejects, *duplicates], updated

    def _judge_rows(self, rows, seen):
        """What the import would make of rows, which it does not store.

        :param rows: list of ``ImportRow``
        :param set seen: numbers of rows before these; those of these are added
        :return: Counter of ``known``, ``repeated``, ``dnc`` and ``fitting``
        """
        others, linked = self._leave_out_linked(rows)
        numbers = set().union(*(row.numbers for row in others))
        known = self._get_known_phones(numbers)
        counts = Counter(known=len(linked))
        for row in others:
            if not known.isdisjoint(row.numbers):
                counts["known"] += 1
            elif not seen.isdisjoint(row.numbers):
                counts["repeated"] += 1
            else:
                seen.update(row.numbers)
                counts["dnc" if row.is_closed else "fitting"] += 1
        return counts

    def _leave_out_linked(self, rows):
        """Tell rows whose record has a contact within the list's scope of duplicates (indexes on
        both links).

        :return: ``(other rows, these rows)``
        """
        known = {}
        for place, column in enumerate(LINK_COLUMNS, start=-2):
            # A lead's customer may be in the campaign for another lead.
            ids = {row.extra[place] for row in rows if column == "lead_id" or not row.extra[-1]}
            known[place] = self._get_linked(column, ids - {None})
        others, linked = [], []
        for row in rows:
            place = -1 if row.extra[-1] else -2
            (linked if row.extra[place] in known[place] else others).append(row)
        return others, linked

    def _get_linked(self, column, ids):
        """Which of these records have a contact.

        :rtype: set of ids
        """
        if not ids:
            return set()
        open_states = list(self.env["ecm.contact"]._get_open_states())
        scope = SQL("c.campaign_id = %s", self.campaign_id.id)
        if self.duplicate_scope == "company":
            scope = SQL("c.company_id = %s", self.company_id.id)
        link = SQL.identifier("c", column)
        self.env.cr.execute(
            SQL(
                "SELECT DISTINCT %(link)s FROM ecm_contact c WHERE %(link)s = ANY(%(ids)s) "
                "AND %(scope)s AND (c.state = ANY(%(open)s) OR %(closed)s)",
                link=link,
                ids=list(ids),
                scope=scope,
                open=open_states,
                closed=self._get_closed_condition(),
            )
        )
        return {record_id for (record_id,) in self.env.cr.fetchall()}

    def _get_closed_condition(self):
        """Whoever has left a segment without having been called may join it again."""
        condition = super()._get_closed_condition()
        return SQL("(%s) AND c.has_left IS NOT TRUE", condition) if self._is_of_crm() else condition


def _read_links(cells):
    """Ids of customer and lead from the last cells of a row."""
    return tuple(int(cell) if cell.isdecimal() else None for cell in cells[-2:])


def _reject(row):
    """:rtype: contact_rows.Reject of a record that is in the campaign already"""
    return contact_rows.Reject(row.contact[LINE], contact_rows.ROW, "", "in_campaign")
