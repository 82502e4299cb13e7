"""Whom an erasure is about, and what is kept so that nobody calls them again (requirement N6)."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple

# Stands for the number of a contact that was erased: it cannot be called, and is no number.
ERASED = "erased"

# As records hold them: an empty one is no text.
Texts = Iterable[str | bool | None]


class Person(NamedTuple):
    """What the records of one or more persons are found by, in these companies.

    Numbers are E.164, e-mails in small letters, keys the customer's keys in other systems.
    """

    company_ids: frozenset[int]
    numbers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    partner_ids: frozenset[int] = frozenset()

    def is_known(self) -> bool:
        """Whether anything can be found by it."""
        return bool(self.numbers or self.emails or self.keys or self.partner_ids)


def make_person(
    company_ids: Iterable[int],
    numbers: Texts = (),
    emails: Texts = (),
    keys: Texts = (),
    partner_ids: Iterable[int] = (),
) -> Person:
    """A `Person` of whatever is there; what is empty, and numbers that were erased, are left out."""
    lowered = frozenset(email.strip().lower() for email in _keep_texts(emails))
    return Person(
        frozenset(company_ids),
        _keep_texts(numbers) - {ERASED},
        lowered,
        _keep_texts(keys),
        frozenset(partner_ids),
    )


def _keep_texts(values: Texts) -> frozenset[str]:
    return frozenset(value for value in values if value and isinstance(value, str))


def digest(secret: str, kind: str, value: str) -> str:
    """What stays of a number or customer key that was erased: it is recognised when it comes again,
    and nobody can tell it from this without the database's secret.

    :param kind: ``number`` or ``key``
    """
    text = f"{kind}:{value}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
