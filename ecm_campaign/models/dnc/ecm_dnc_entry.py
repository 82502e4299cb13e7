from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...fields import UncheckedMany2one
from ...sql import array_text
from ...tools import phones
from .ecm_dnc_list import PREFIX_LENGTHS

COUNTED_EXACTLY = 100_000


class EcmDncEntry(models.Model):
    """One number, number prefix or customer key that must not be contacted: a lean table for tens
    of millions.
    """

    _name = "ecm.dnc.entry"
    _inherit = ["ecm.engine.fields.mixin", "ecm.erasable.mixin"]
    # The digests of whom is erased come before.
    _erased_at = 95
    _description = "Do-not-contact Entry"
    _order = "id desc"
    _rec_name = "value"
    _log_access = False

    # Deleting a list deletes its entries by _delete_of.
    list_id = UncheckedMany2one("ecm.dnc.list", required=True)
    kind = fields.Selection(
        [
            ("number", "Number"),
            ("prefix", "Numbers that begin so"),
            ("key", "Customer key"),
            ("digest", "Erased number or key"),
        ],
        required=True,
        default="number",
    )
    value = fields.Char(
        required=True,
        help="A number or its beginning in international notation, or a customer key.",
    )
    date_from = fields.Date("From", help="Empty: at once.")
    date_to = fields.Date("Until", help="Empty: for ever.")
    reason = fields.Char()
    added_at = fields.Datetime("Added on", default=fields.Datetime.now, readonly=True)
    added_by = UncheckedMany2one(
        "res.users", "Added by", default=lambda self: self.env.user, readonly=True
    )

    # Every look-up of the scrub goes by value.
    _value_unique = models.UniqueIndex(
        "(value, kind, list_id)", "This entry stands in the list already: change that one instead."
    )

    _list_kind = models.Index("(list_id, kind)")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["value"] = self._normalise(vals.get("kind", "number"), vals.get("value") or "")
        entries = super().create(vals_list)
        # Odoo's blacklist knows whole numbers only.
        numbers = entries.filtered(lambda entry: entry.kind == "number")
        for dnc_list, added in numbers.grouped("list_id").items():
            if dnc_list.mirrors_blacklist:
                self.env["phone.blacklist"].sudo()._mirror(added.mapped("value"))
        return entries

    def write(self, vals):
        if "value" not in vals and "kind" not in vals:
            return super().write(vals)
        # A value is read by its kind, which each entry has of its own.
        for entry in self:
            kind = vals.get("kind", entry.kind)
            value = self._normalise(kind, vals.get("value", entry.value))
            super(EcmDncEntry, entry).write({**vals, "value": value})
        return True

    def unlink(self):
        mirrored = self.filtered(
            lambda entry: entry.kind == "number" and entry.list_id.mirrors_blacklist
        )
        numbers = mirrored.mapped("value")
        # Another list may hold the number too, which shows when the entries are gone.
        result = super().unlink()
        self.env["phone.blacklist"].sudo()._unmirror(numbers)
        return result

    @api.model
    def _normalise(self, kind, value):
        """:raise ValidationError: the value is not of its kind"""
        value = value.strip()
        if kind == "digest":
            raise ValidationError(
                self.env._("Only an erasure writes digests. Add the number itself instead.")
            )
        if kind == "key" and value:
            return value
        if kind == "prefix":
            return self._normalise_prefix(value)
        # An empty key is no number either: it is refused in the same words.
        number, reason = phones.normalise(value, self.env.company.country_id.code)
        if reason:
            text = self.env["ecm.contact.list.reject"]._get_reason_text(reason)
            raise ValidationError(
                self.env._("%(value)s is not a number (%(reason)s).", value=value, reason=text)
            )
        return number

    def _normalise_prefix(self, value):
        """:raise ValidationError: no beginning of a number"""
        digits = filter(str.isdigit, value.removeprefix("00"))
        prefix = "+" + "".join(digits)
        if len(prefix) not in PREFIX_LENGTHS:
            raise ValidationError(
                self.env._("A beginning has 2 to 14 digits with the country code, such as +4930.")
            )
        return prefix

    def _describe(self):
        """The entry for *Check a number*."""
        self.ensure_one()
        dnc_list = self.list_id
        return dnc_list._prepare_finding(
            dnc_list.name,
            dnc_list.dnc_class,
            self.date_from or self.added_at,
            dnc_list._get_blocks_text(),
            until=self.date_to or dnc_list.date_to,
            reason=self.reason,
            by=self.added_by.sudo().name,
            running=dnc_list._get_running_text(),
        )

    def _explain(self):
        """Where this entry stands and since when, as a sentence."""
        self.ensure_one()
        since = self.date_from or self.added_at
        # What was erased is known by its digest, which tells people nothing.
        value = self.env._("A number that was erased") if self.kind == "digest" else self.value
        return self.list_id._describe_listing(value, self.list_id.name, since)

    # -- the scrub's statements -------------------------------------------------------------------

    @api.model
    def _get_holding(self, kind, lists):
        """Those of the lists that hold entries of a kind: the others cost no look-ups.

        One look into the index ``_list_kind`` for each list: in this order, what follows an empty
        list is found at once. Asked whether an entry *exists*, PostgreSQL would read every entry of
        the other lists.
        """
        if not lists:
            return lists
        self.flush_model()
        # Lists and kinds compared as one pair, as they stand in the index.
        self.env.cr.execute(
            SQL(
                """SELECT l.id
                     FROM unnest(%(lists)s::int[]) AS l(id)
               CROSS JOIN LATERAL (SELECT e.list_id, e.kind FROM ecm_dnc_entry e
                                    WHERE (e.list_id, e.kind) >= (l.id, %(kind)s)
                                 ORDER BY e.list_id, e.kind LIMIT 1) AS found
                    WHERE found.list_id = l.id AND found.kind = %(kind)s""",
                lists=lists.ids,
                kind=kind,
            )
        )
        return lists.browse(list_id for (list_id,) in self.env.cr.fetchall())

    @api.model
    def _match(self, kind, values, lists):
        """Which values stand in these lists today (unique index, led by value).

        OFFSET keeps one look into the index for each value, and kind and lists outside, which would
        lead to another index: also right after a load, when PostgreSQL does not know yet how large
        the table is and would read all of it.

        :return: list of ``(value, list id)``
        """
        lists = self._get_holding(kind, lists)
        if not values or not lists:
            return []

        # An entry counts on its first and on its last day.
        today = fields.Date.context_today(self)
        self.env.cr.execute(
            SQL(
                """SELECT v.value, found.list_id
                     FROM unnest(%s::varchar[]) AS v(value)
               CROSS JOIN LATERAL (SELECT e.list_id, e.kind FROM ecm_dnc_entry e
                                    WHERE e.value = v.value
                                      AND (e.date_from IS NULL OR e.date_from <= %s)
                                      AND (e.date_to IS NULL OR e.date_to >= %s) OFFSET 0) AS found
                    WHERE found.kind = %s AND found.list_id = ANY(%s)""",
                array_text(values),
                today,
                today,
                kind,
                lists.ids,
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _match_prefixes(self, numbers, lists):
        """Which numbers begin with a prefix of these lists: each beginning is looked up as a value.

        :return: list of ``(number, list id)``
        """
        lists = self._get_holding("prefix", lists)
        if not lists:
            return []
        beginnings = {number[:length] for number in numbers for length in PREFIX_LENGTHS}
        found = defaultdict(list)
        for beginning, list_id in self._match("prefix", sorted(beginnings), lists):
            found[beginning].append(list_id)
        if not found:
            return []

        # Back from the beginnings that are listed to the numbers that have them.
        matches = []
        for number in numbers:
            for length in PREFIX_LENGTHS:
                if length > len(number):
                    break
                for list_id in found.get(number[:length], ()):
                    matches.append((number, list_id))
        return matches

    @api.model
    def _match_digests(self, kind, values, lists):
        """Which numbers or customer keys were erased, and are not to be contacted (requirement N6).

        :return: list of ``(value, list id)``
        """
        lists = self._get_holding("digest", lists)
        if not lists:
            return []
        digests = self.env["ecm.erasure"]._get_digests(kind, values)
        found = self._match("digest", list(digests), lists)
        return [(digests[value], list_id) for value, list_id in found]

    @api.model
    def _insert_digests(self, dnc_list, numbers, keys):
        """Keep what was erased from being contacted.

        :return: how many are new
        """
        erasures = self.env["ecm.erasure"]
        digests = [*erasures._get_digests("number", numbers), *erasures._get_digests("key", keys)]
        return self._insert(dnc_list, "digest", sorted(digests))

    # -- erasure ----------------------------------------------------------------------------------

    @api.model
    def _find_person(self, person):
        """Lists that people write; what a national registry says is public, and loaded anew."""
        pairs = [("number", value) for value in sorted(person.numbers)]
        pairs += [("key", value) for value in sorted(person.keys)]
        if not pairs:
            return SQL("SELECT NULL::int WHERE FALSE")
        kinds, values = map(list, zip(*pairs, strict=True))
        return SQL(
            """SELECT e.id FROM unnest(%s::varchar[], %s::varchar[]) AS v(kind, value)
                 JOIN ecm_dnc_entry e ON e.value = v.value AND e.kind = v.kind
                 JOIN ecm_dnc_list l ON l.id = e.list_id AND l.dnc_class <> 'national'
                WHERE l.company_id = ANY(%s) OR l.company_id IS NULL""",
            kinds,
            values,
            sorted(person.company_ids),
        )

    @api.model
    def _erase_ids(self, ids):
        """A digest stands in the place of each: the list still counts."""
        entries = self.browse(ids).exists().filtered(lambda entry: entry.kind in ("number", "key"))
        if not entries:
            return {}
        for dnc_list, own in entries.grouped("list_id").items():
            self._replace_by_digests(dnc_list, own)
        return {self._name: len(entries)}

    def _replace_by_digests(self, dnc_list, entries):
        """:param entries: of the list"""
        mirrored, erasures = [], self.env["ecm.erasure"]
        for entry in entries:
            digests = erasures._get_digests(entry.kind, [entry.value])
            self._insert(dnc_list, "digest", list(digests))
            dates = {"date_from": entry.date_from, "date_to": entry.date_to}
            if any(dates.values()):
                wanted = [("list_id", "=", dnc_list.id), ("value", "in", list(digests))]
                super(EcmDncEntry, self.search(wanted)).write(dates)
            if entry.kind == "number" and dnc_list.mirrors_blacklist:
                mirrored.append(entry.value)
        super(EcmDncEntry, entries).unlink()
        # Odoo's blacklist archives what is taken off, which would keep the number.
        blacklist = self.env["phone.blacklist"].sudo().with_context(active_test=False)
        known = [("number", "in", mirrored), ("is_mirrored", "=", True)]
        blacklist.search(known).unlink()

    @api.model
    def _insert(self, dnc_list, kind, values, reason=None):
        """Add values that are not listed yet.

        :return: how many were new
        """
        if not values:
            return 0
        self.flush_model()
        # What is listed already keeps its date and its reason.
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_dnc_entry (list_id, kind, value, reason, added_at, added_by)
                   SELECT %s, %s, v.value, %s, %s, %s FROM unnest(%s::text[]) AS v(value)
                   ON CONFLICT DO NOTHING""",
                dnc_list.id,
                kind,
                reason,
                fields.Datetime.now(),
                self.env.uid,
                list(values),
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model()
        return count

    @api.model
    def _delete_of(self, dnc_lists, before=None, limit=None):
        """Delete the entries of lists (index ``_list_kind``).

        :param before: only numbers that were added earlier, naive UTC; beginnings and customer keys
        stay
        :param int limit: no more than these
        :return: how many
        """
        self.flush_model()
        where = SQL("list_id = ANY(%s)", list(dnc_lists.ids))
        if before:
            where = SQL("%s AND kind = 'number' AND added_at < %s", where, before)
        if limit:
            where = SQL(
                "id = ANY(ARRAY(SELECT id FROM ecm_dnc_entry WHERE %s LIMIT %s))", where, limit
            )
        self.env.cr.execute(SQL("DELETE FROM ecm_dnc_entry WHERE %s", where))
        count = self.env.cr.rowcount
        self.invalidate_model()
        return count

    @api.model
    def _get_mirrored(self, dnc_lists):
        """Numbers of these lists that stand on Odoo's blacklist because of a list of ours."""
        self.flush_model()
        self.env["phone.blacklist"].flush_model()
        self.env.cr.execute(
            SQL(
                """SELECT b.number FROM phone_blacklist b
                    WHERE b.is_mirrored AND EXISTS (SELECT 1 FROM ecm_dnc_entry e
                                                     WHERE e.value = b.number AND e.kind = 'number'
                                                       AND e.list_id = ANY(%s))""",
                dnc_lists.ids,
            )
        )
        return [number for (number,) in self.env.cr.fetchall()]

    @api.model
    def _count_up_to(self, dnc_list, limit):
        """How many entries a list has, at most ``limit`` (index ``_list_kind``)."""
        self.flush_model()
        entries = SQL(
            "SELECT 1 FROM ecm_dnc_entry WHERE list_id = %s LIMIT %s", dnc_list.id or 0, limit
        )
        self.env.cr.execute(SQL("SELECT count(*) FROM (%s) AS found", entries))
        return self.env.cr.fetchone()[0]

    @api.model
    def _estimate_count(self, dnc_list):
        """How many entries a list has; beyond `COUNTED_EXACTLY` as the planner sees it, which takes
        no time.
        """
        count = self._count_up_to(dnc_list, COUNTED_EXACTLY)
        if count < COUNTED_EXACTLY:
            return count
        self.env.cr.execute(
            SQL("EXPLAIN (FORMAT JSON) SELECT 1 FROM ecm_dnc_entry WHERE list_id = %s", dnc_list.id)
        )
        return max(count, self.env.cr.fetchone()[0][0]["Plan"]["Plan Rows"])
