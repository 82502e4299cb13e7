from odoo import fields, models

from ..tools import contact_rows

PHONES = slice(contact_rows.COLUMNS.index("phone_1"), contact_rows.COLUMNS.index("phone_5") + 1)
KEY = contact_rows.COLUMNS.index("account_number")
LINE = contact_rows.COLUMNS.index("line")


class EcmContactList(models.Model):
    """The scrub of an import against do-not-contact lists (requirements N2, L7)."""

    _inherit = "ecm.contact.list"

    dnc_national_contacts = fields.Integer("NDNC, contacts", readonly=True, copy=False)
    dnc_national_numbers = fields.Integer("NDNC, numbers", readonly=True, copy=False)
    dnc_corporate_contacts = fields.Integer("Corporate DNC, contacts", readonly=True, copy=False)
    dnc_corporate_numbers = fields.Integer("Corporate DNC, numbers", readonly=True, copy=False)
    dnc_compliance_contacts = fields.Integer("Compliance DNC, contacts", readonly=True, copy=False)
    dnc_compliance_numbers = fields.Integer("Compliance DNC, numbers", readonly=True, copy=False)
    dnc_litigation_contacts = fields.Integer("Litigation, contacts", readonly=True, copy=False)
    dnc_litigation_numbers = fields.Integer("Litigation, numbers", readonly=True, copy=False)

    def _scrub(self, rows):
        """Take listed numbers out of new contacts.

        A contact keeps its other numbers. One that has none left, or whose customer key is listed, is stored closed as
        *DNC Listed*: it is counted and can be looked up, and is never contacted.

        :param rows: list of ``(contact, COPY text)``
        :return: ``(rows that may be contacted, COPY texts of those that may not, warnings)``
        """
        numbers = {number for contact, _text in rows for number in contact[PHONES] if number}
        keys = {contact[KEY] for contact, _text in rows if contact[KEY]}
        listed, listed_keys = self.env["ecm.dnc.list"]._find_listed(self.campaign_id, numbers, keys)
        if not listed and not listed_keys:
            return rows, [], []
        number_of = self._get_number_getter()
        kept, closed, warnings, hits = [], [], [], {}
        for contact, text in rows:
            left, found = self._take_out(contact, listed)
            key_class = listed_keys.get(contact[KEY])
            _count_hits(hits, found, key_class)
            if key_class or not left[PHONES.start]:
                closed.append(text)
            elif found:
                kept.append((left, contact_rows.copy_row((*left[1:], number_of(left)))))
                warnings += [
                    contact_rows.Reject(contact[LINE], "phone", number, f"dnc_{dnc_class}")
                    for number, dnc_class in found
                ]
            else:
                kept.append((contact, text))
        hits["warning_count"] = len(warnings)
        self.write({name: self[name] + count for name, count in hits.items()})
        return kept, closed, warnings

    def _take_out(self, contact, listed):
        """The contact with the numbers that are left moved up, and ``[(number, class)]`` of the others."""
        found = [(number, listed[number]) for number in contact[PHONES] if number in listed]
        if not found:
            return contact, found
        left = [number for number in contact[PHONES] if number and number not in listed]
        left += [None] * (5 - len(left))
        return (*contact[: PHONES.start], *left, *contact[PHONES.stop :]), found

    def _copy_closed(self, texts):
        """Store contacts that must not be contacted."""
        if not texts:
            return
        now = fields.Datetime.to_string(fields.Datetime.now())
        closed = {"state": "dnc_listed", "close_reason": "suppressed", "closed_at": now}
        self._copy_texts(texts, {**self._prepare_copy_constants(False, now), **closed})


def _count_hits(hits, found, key_class):
    """Count numbers, and the contact once in each class."""
    for _number, dnc_class in found:
        name = f"dnc_{dnc_class}_numbers"
        hits[name] = hits.get(name, 0) + 1
    for dnc_class in {dnc_class for _number, dnc_class in found} | ({key_class} if key_class else set()):
        name = f"dnc_{dnc_class}_contacts"
        hits[name] = hits.get(name, 0) + 1
