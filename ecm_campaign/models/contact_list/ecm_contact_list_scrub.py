from collections import Counter
from operator import itemgetter
from typing import NamedTuple

from odoo import fields, models

from ...const import PHONE_FIELDS
from ...tools import contact_rows

PHONES = slice(contact_rows.COLUMNS.index("phone_1"), contact_rows.COLUMNS.index("phone_5") + 1)
KEY = contact_rows.COLUMNS.index("account_number")
LINE = contact_rows.COLUMNS.index("line")
NOT_BEFORE = contact_rows.COLUMNS.index("not_before")


class ImportRow(NamedTuple):
    """A contact on its way into the table.

    ``contact`` has the values of ``contact_rows.COLUMNS`` without listed numbers, ``original``
    those of the file, and ``text`` is what COPY takes. ``numbers`` tell whether the contact is
    known: their phones 1, or all of their phones. ``listed`` are the ``(number, class)`` that must not be contacted,
    ``key_class`` is the class of a listed customer key. ``extra`` are values of columns that a
    module adds.
    """

    contact: tuple
    text: str
    original: tuple
    numbers: tuple
    listed: tuple = ()
    key_class: str | None = None
    is_closed: bool = False
    extra: tuple = ()

    @property
    def full_text(self):
        """What COPY takes, with the columns that a module adds."""
        return f"{self.text}\t{contact_rows.copy_row(self.extra)}" if self.extra else self.text

    @property
    def namings(self):
        """``(values, number)`` by which the contact may be known: as it will be stored, or as the
        file names it.
        """
        for number in self.numbers:
            is_left = number in self.contact[PHONES]
            yield self.contact if is_left else self.original, number

    def with_all_numbers(self):
        """The same, known by any of its phones."""
        numbers = dict.fromkeys((*self.contact[PHONES], *self.original[PHONES]))
        numbers.pop(None, None)
        return self._replace(numbers=tuple(numbers))

    def get_field(self, number):
        """The phone that a number is in the file."""
        return PHONE_FIELDS[self.original[PHONES].index(number)]

    @property
    def classes(self):
        """Classes of the lists that the contact met, each once."""
        # Most rows met none.
        if not self.listed and not self.key_class:
            return ()
        found = {dnc_class for _number, dnc_class in self.listed}
        if self.key_class:
            found.add(self.key_class)
        return found


class EcmContactListScrubMixin(models.AbstractModel):
    """The scrub of an import against do-not-contact lists (requirements N2, L7)."""

    _name = "ecm.contact.list.scrub.mixin"
    _description = "Scrub of a Contact List"

    dnc_national_contacts = fields.Integer("National, contacts", readonly=True, copy=False)
    dnc_national_numbers = fields.Integer("National, numbers", readonly=True, copy=False)
    dnc_corporate_contacts = fields.Integer("Corporate DNC, contacts", readonly=True, copy=False)
    dnc_corporate_numbers = fields.Integer("Corporate DNC, numbers", readonly=True, copy=False)
    dnc_compliance_contacts = fields.Integer("Compliance DNC, contacts", readonly=True, copy=False)
    dnc_compliance_numbers = fields.Integer("Compliance DNC, numbers", readonly=True, copy=False)
    dnc_litigation_contacts = fields.Integer("Litigation, contacts", readonly=True, copy=False)
    dnc_litigation_numbers = fields.Integer("Litigation, numbers", readonly=True, copy=False)

    def _scrub(self, contacts, texts):
        """Take listed numbers out of new contacts.

        A contact keeps its other numbers. One that has none left, or whose customer key is listed,
        is stored closed as *DNC Listed*: it is counted and can be looked up, and is never
        contacted.

        :param texts: COPY text of each contact
        :return: list of ``ImportRow``
        """
        numbers = set().union(*map(itemgetter(PHONES), contacts))
        keys = set(map(itemgetter(KEY), contacts))
        # Most contacts have fewer phones than there are, and many have no key.
        numbers.discard(None)
        keys.discard(None)
        lists = self.env["ecm.dnc.list"]
        listed, listed_keys = lists._find_listed(self.campaign_id, numbers, keys)

        number_of = self._get_number_getter()
        rows = []
        for contact, text in zip(contacts, texts, strict=True):
            first = contact[PHONES.start]
            row = ImportRow(contact, text, contact, (first,))
            # Few rows meet a list: the others cost no more than this look.
            has_listed = not listed.keys().isdisjoint(contact[PHONES])
            if has_listed or contact[KEY] in listed_keys:
                row = _scrub_row(row, listed, listed_keys, number_of)
            rows.append(row)
        return rows

    def _count_hits(self, rows):
        """Count listed numbers, and their contact once in each class.

        :return: ``({counter: how many}, warnings of the numbers that were left out)``
        """
        hits = Counter()
        warnings = []
        for row in rows:
            for number, dnc_class in row.listed:
                hits[f"dnc_{dnc_class}_numbers"] += 1
                # A contact that closes keeps its numbers.
                if not row.is_closed:
                    warning = _warn(row, number, dnc_class)
                    warnings.append(warning)
            for dnc_class in row.classes:
                hits[f"dnc_{dnc_class}_contacts"] += 1
        return hits, warnings

    def _copy_closed(self, texts):
        """Store contacts that must not be contacted."""
        if not texts:
            return
        now = fields.Datetime.to_string(fields.Datetime.now())
        constants = {
            **self._prepare_copy_constants(now),
            "is_ready": False,
            "state": "dnc_listed",
            "close_reason": "suppressed",
            "closed_at": now,
        }
        self._copy_texts(texts, constants)


def make_text(contact, number_of):
    """What COPY takes of a contact.

    :param tuple contact: values of ``contact_rows.COLUMNS``
    :param number_of: what tells the number of the first attempt
    """
    # The line is no column of the table; *not before* is kept beside the time that follows from it.
    values = contact[1:]
    return contact_rows.copy_row((*values, contact[NOT_BEFORE], number_of(contact)))


def _scrub_row(row, listed, listed_keys, number_of):
    """The row without listed numbers; closed where nothing is left or the customer key is listed.

    :param listed: ``{number: class}``
    :param listed_keys: ``{customer key: class}``
    """
    contact = row.contact
    left, found = _take_out(contact, listed)
    key_class = listed_keys.get(contact[KEY])
    first = left[PHONES.start]
    if key_class or not first:
        return row._replace(listed=found, key_class=key_class, is_closed=True)
    # It may be known by the number that the file names first, or by the one that is left.
    numbers = dict.fromkeys((first, *row.numbers))
    return row._replace(
        contact=left,
        text=make_text(left, number_of),
        numbers=tuple(numbers),
        listed=found,
    )


def _take_out(contact, listed):
    """The contact with the numbers that are left moved up, and the ``(number, class)`` of the
    others.
    """
    found = []
    left = []
    for number in filter(None, contact[PHONES]):
        if number in listed:
            found.append((number, listed[number]))
        else:
            left.append(number)

    # Each value keeps its place in the row.
    left += [None] * (5 - len(left))
    before = contact[: PHONES.start]
    after = contact[PHONES.stop :]
    return (*before, *left, *after), tuple(found)


def _warn(row, number, dnc_class):
    """:rtype: contact_rows.Reject about a number that was left out of a contact"""
    line = row.contact[LINE]
    return contact_rows.Reject(line, "phone", number, f"dnc_{dnc_class}")
