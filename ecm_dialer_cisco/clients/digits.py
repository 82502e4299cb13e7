"""From E.164 to the digits that a dialer is to dial, and back (requirement B8).

Numbers are stored as E.164. A dialer behind a dial plan wants others: ``0`` before an area code,
``900`` before a country code, nothing but the extension for our own building. Rules are tried in
order; where none matches, the prefixes of the plan count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException

OWN, FOREIGN, COUNTRY, BEGINNING, PATTERN, ANY = (
    "own",
    "foreign",
    "country",
    "beginning",
    "pattern",
    "any",
)

_E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_DIALLED = re.compile(r"\+?[0-9*#]{1,28}", re.ASCII)


class BadRule(ValueError):
    """A rule that cannot be meant; the text says why, for the log."""


@dataclass(frozen=True)
class Number:
    """An E.164 number, taken apart.

    >>> take_apart("+493023125001")
    Number(e164='+493023125001', country='DE', code='49', national='3023125001')
    """

    e164: str
    country: str
    code: str
    national: str


@lru_cache(maxsize=4096)
def take_apart(e164: str) -> Number | None:
    """None for what is no E.164 number of a country that is known."""
    if not _E164.fullmatch(e164):
        return None
    try:
        parsed = phonenumbers.parse(e164)
    except NumberParseException:
        return None
    country = phonenumbers.region_code_for_number(parsed) or ""
    national = phonenumbers.national_significant_number(parsed)
    return Number(e164, country, str(parsed.country_code), national)


@dataclass(frozen=True)
class Rule:
    """One rule: which numbers it is about, and what becomes of their digits.

    `match` is ``own`` (our own calling code), ``foreign`` (any other), ``country`` (of the country
    `pattern`, such as ``US``), ``beginning`` (digits after the + begin with `pattern`), ``pattern``
    (the whole number matches this regular expression) or ``any``. What is changed is the national
    number for ``own`` and ``country``, else all digits without the ``+``: `strip` of them go, then
    `prepend` comes before them. With `pattern`, `replacement` is used in place of that, in which
    ``\\1`` is the first group.
    """

    match: str
    pattern: str = ""
    strip: int = 0
    prepend: str = ""
    replacement: str = ""

    def __post_init__(self) -> None:
        if self.strip < 0:
            raise BadRule("digits to strip: 0 or more")
        if self.match == PATTERN:
            self._check_pattern()

    def _check_pattern(self) -> None:
        try:
            groups = re.compile(self.pattern).groups
        except (re.error, OverflowError, RecursionError) as error:
            raise BadRule(f"{self.pattern!r} is no pattern: {error}") from error
        used = [int(found) for found in re.findall(r"\\(\d+)", self.replacement)]
        if max(used, default=0) > groups or re.search(r"\\(?![0-9])", self.replacement):
            raise BadRule(f"{self.replacement!r} names a group that {self.pattern!r} has not")

    def apply(self, number: Number, own_code: str) -> str | None:
        """The digits to dial; None where the rule is not about this number."""
        if self.match == PATTERN:
            found = re.fullmatch(self.pattern, number.e164, re.ASCII)
            return found.expand(self.replacement) if found else None
        if not self._is_about(number, own_code):
            return None
        digits = number.national if self.match in (OWN, COUNTRY) else number.e164[1:]
        return self.prepend + digits[self.strip :]

    def _is_about(self, number: Number, own_code: str) -> bool:
        if self.match == OWN:
            return number.code == own_code
        if self.match == FOREIGN:
            return number.code != own_code
        if self.match == COUNTRY:
            return number.country == self.pattern.upper()
        if self.match == BEGINNING:
            return number.e164[1:].startswith(self.pattern)
        return self.match == ANY


@dataclass(frozen=True)
class Dialled:
    """What is dialled for a number, and by which rule: its place, counted from 0; None where the
    prefixes say it, or it stays as it is.
    """

    digits: str
    rule: int | None = None

    @property
    def is_dialable(self) -> bool:
        """Whether a dialer takes it at all: digits, ``*``, ``#`` and a leading ``+``."""
        return _DIALLED.fullmatch(self.digits) is not None


@dataclass(frozen=True)
class DigitPlan:
    """How one dialer wants its numbers.

    :param own_code: our own calling code, such as ``49``; empty where that is not set
    :param outside: before every number, such as ``9`` for an outside line
    :param trunk: before the national number of our own country, such as ``0``
    :param international: before the digits of all other countries, such as ``00``
    :param uses_prefixes: False: what no rule is about stays E.164
    """

    rules: tuple[Rule, ...] = ()
    own_code: str = ""
    outside: str = ""
    trunk: str = ""
    international: str = ""
    uses_prefixes: bool = False

    def dial(self, e164: str) -> Dialled:
        """What is dialled for a number; one that is no E.164 is left as it is."""
        number = take_apart(e164)
        if number is None:
            return Dialled(e164)
        for place, rule in enumerate(self.rules):
            digits = rule.apply(number, self.own_code)
            if digits is not None:
                return Dialled(digits, place)
        if not self.uses_prefixes:
            return Dialled(e164)
        if number.code == self.own_code:
            return Dialled(f"{self.outside}{self.trunk}{number.national}")
        return Dialled(f"{self.outside}{self.international}{number.e164[1:]}")

    def read(self, dialled: str) -> str:
        """The number for which this was dialled; what cannot be told stays as it is. Only what leads
        back to the same digits is believed.
        """
        for candidate in self._candidates(dialled):
            number = take_apart(candidate)
            # A national prefix in it would be passed over, and be another text than was stored.
            is_whole = number and candidate == f"+{number.code}{number.national}"
            if is_whole and self.dial(candidate).digits == dialled:
                return candidate
        return dialled

    def _candidates(self, dialled: str) -> list[str]:
        """Numbers that may have been meant, the likelier ones first."""
        found = [dialled]
        for prefix in (self.outside + self.international, self.international, "+", ""):
            if dialled.startswith(prefix):
                found.append("+" + dialled[len(prefix) :])
        for prefix in (self.outside + self.trunk, self.trunk, self.outside, ""):
            if dialled.startswith(prefix):
                found.append(f"+{self.own_code}{dialled[len(prefix) :]}")
        for rule in self.rules:
            # What was stripped is known where the rule says with what the number begins.
            heads = {OWN: self.own_code, BEGINNING: rule.pattern[: rule.strip]}
            head = heads.get(rule.match, "")
            found.append(f"+{head}{dialled.removeprefix(rule.prepend)}")
        return found


AS_IT_IS = DigitPlan()
"""Numbers are dialled as they are stored."""
