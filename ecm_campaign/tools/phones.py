"""Phone numbers as people and spreadsheets write them, made E.164 (L6).

The verdict is always that of `phonenumbers` (``parse``, ``is_valid_number``, ``format_number``).
Most numbers take a shorter way to the same verdict: `_NumberingPlan` joins the patterns of one
calling code into few compiled expressions and only ever *accepts*; whatever it does not accept is
parsed by `phonenumbers` itself, which also gives the reason. The tests hold both ways against each
other for every country.

One rule is our own: where people dial a national prefix, digits that begin with the country's own
calling code and are valid behind a ``+`` are read so. `phonenumbers` takes 4915112345678 in Germany
for an area code 4915, but it is a mobile number whose ``+`` a spreadsheet has lost.

Accepted: ``+`` or ``00`` before the country code, spaces, dots, dashes, brackets, one slash after
the area code, digits of other scripts, a leading apostrophe or a trailing ``.0`` left by a
spreadsheet. Refused: letters (no vanity numbers), extensions (the dialer would reach the
switchboard, not the person), two numbers in one field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, ValidationResult
from phonenumbers.phonemetadata import PhoneNumberDesc

MAX_CHARACTERS = 28
MIN_LENGTH = 8
MAX_LENGTH = 16

EMPTY = "empty"
TOO_LONG = "too_long"
TOO_SHORT = "too_short"
NOT_A_NUMBER = "not_a_number"
INVALID_FOR_COUNTRY = "invalid_for_country"
BAD_LENGTH = "bad_length"
NO_COUNTRY = "no_country"
EXTENSION = "extension"
SEVERAL_NUMBERS = "several_numbers"
SPREADSHEET_NUMBER = "spreadsheet_number"

REASONS: dict[str, str] = {
    EMPTY: "The phone number is empty.",
    TOO_LONG: "The text is too long: a phone number has at most 28 characters.",
    TOO_SHORT: "The phone number has too few digits.",
    NOT_A_NUMBER: (
        "This is not a phone number: only digits, spaces, + - . / and brackets are allowed."
    ),
    INVALID_FOR_COUNTRY: "Not a valid number in its country.",
    BAD_LENGTH: "The phone number has too many digits, or a length that is not allowed.",
    NO_COUNTRY: "The phone number has no country code, and its country is not known.",
    EXTENSION: "The phone number has an extension, which cannot be dialled.",
    SEVERAL_NUMBERS: "The field holds more than one phone number.",
    SPREADSHEET_NUMBER: (
        "A spreadsheet has shortened the phone number; format the column as text and "
        "export it again."
    ),
}

Verdict = tuple[str | None, str | None]

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_SEPARATORS_BUT_SLASH = str.maketrans("", "", " \t-.()[]")
_SEPARATORS = {**_SEPARATORS_BUT_SLASH, ord("/"): None}
_SPREADSHEET = re.compile(r"\d[.,]?\d*[eE]\+?\d+")
_ADDED = re.compile(r'="([^"]*)"|tel:\s*(.*)', re.IGNORECASE)
_ONE = r"[+(]?\d[\d ().\-/]{5,}"
_SEVERAL = re.compile(
    rf"{_ONE}\s*(?:[,;|&]|\b(?:or|and|oder|und|ou|et|o|y)\b)\s*{_ONE}", re.IGNORECASE
)
# Dashes, marks that are not seen, and blanks, by what Unicode calls them.
_OTHER_SIGNS = {"Pd": "-", "Cf": "", "Zs": " "}
_EXTENSION = re.compile(
    r"[\d)]\s*[,;]?\s*(?:extension|ext|x|durchwahl|dw|poste|#)\W*\d+", re.IGNORECASE
)
_POSSIBLE_REASONS = {
    ValidationResult.TOO_SHORT: TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: TOO_SHORT,
    ValidationResult.TOO_LONG: BAD_LENGTH,
    ValidationResult.INVALID_LENGTH: BAD_LENGTH,
    ValidationResult.INVALID_COUNTRY_CODE: INVALID_FOR_COUNTRY,
}
_PARSE_REASONS = {
    NumberParseException.NOT_A_NUMBER: TOO_SHORT,
    NumberParseException.TOO_SHORT_AFTER_IDD: TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: TOO_SHORT,
    NumberParseException.TOO_LONG: BAD_LENGTH,
    NumberParseException.INVALID_COUNTRY_CODE: INVALID_FOR_COUNTRY,
}


def normalise(
    raw: str, country: str | None, min_length: int = MIN_LENGTH, max_length: int = MAX_LENGTH
) -> Verdict:
    """Bring a phone number into E.164.

    :param raw: as given; more than `MAX_CHARACTERS` characters (blanks around it apart) are refused
    :param country: ISO 3166 alpha-2 code for numbers without country code, in any case; None or an
        unknown one means that only numbers with country code are understood
    :param min_length: least number of digits, country code included
    :param max_length: most digits, country code included
    :return: ``(e164, None)`` or ``(None, reason)`` with a key of `REASONS`
    """
    # Most files have most of their numbers in this form.
    if quick := _accept(raw, min_length, max_length):
        return quick, None
    text = raw.strip()
    if not text:
        return None, EMPTY
    if len(text) > MAX_CHARACTERS:
        return None, TOO_LONG
    digits, reason = _digits(text)
    if digits is None:
        return None, reason
    number = _quick(digits, country)
    if number is None:
        number, reason = _thorough(digits, country.upper() if country else None)
        if number is None:
            return None, reason
    # The plus counts as a character, and not as a digit.
    if len(number) <= min_length:
        return None, TOO_SHORT
    return (number, None) if len(number) <= max_length + 1 else (None, BAD_LENGTH)


def normalise_for(raw: str, get_country: Callable[[], str | None]) -> Verdict:
    """As `normalise`, where the country is asked for only if the number does not say it: records are
    slow to tell.
    """
    if quick := _accept(raw, MIN_LENGTH, MAX_LENGTH):
        return quick, None
    return normalise(raw, get_country())


def _accept(raw: str, min_length: int, max_length: int) -> str | None:
    """A number that is in E.164 already, and certainly valid; None for all others."""
    number = _quick_international(raw[1:]) if _E164.fullmatch(raw) else None
    if number is not None and min_length < len(number) <= max_length + 1:
        return number
    return None


def accept_all(texts: Sequence[str]) -> set[str]:
    """Those of many texts that are valid numbers in E.164 already, as `normalise` accepts them with
    the usual lengths. One expression runs over all of them, which is several times as fast; what it
    leaves out may be valid all the same: it knows the calling code of the first text only.
    """
    first = next(filter(_E164.fullmatch, texts), "+")
    digits = first[1:]
    for size in (1, 2, 3):
        plan = _main_plan(digits[:size])
        if plan is not None:
            return plan.find_all("\n".join(texts))
    return set()


def is_country(code: str) -> bool:
    """Whether `normalise` knows the country: an ISO 3166 alpha-2 code in any case."""
    return _numbering_plan(code) is not None


def _digits(text: str) -> Verdict:
    """Digits with an optional leading ``+``, or the reason why the text is no phone number."""
    if text[-2:] in (".0", ",0") or text[0] in "'=tT" or not text.isascii():
        text = _tidy(text)
    digits = text.translate(_SEPARATORS)
    if not digits.removeprefix("+").isdigit():
        return None, _no_number_reason(text)
    if "/" in text and not _is_area_slash(text):
        return None, SEVERAL_NUMBERS
    return digits, None


def _tidy(text: str) -> str:
    """Undo what spreadsheets and address books add: apostrophe, ``="…"``, ``tel:``, ``.0``, other
    digits, dashes and invisible marks.
    """
    characters = map(_ascii, unicodedata.normalize("NFKC", text))
    text = "".join(characters).strip().removeprefix("'")
    added = _ADDED.fullmatch(text)
    if added:
        text = added[1] or added[2]
    # 030.0 is a number with a decimal place; 030.12.0 is a number with dots.
    whole = text.removesuffix(".0").removesuffix(",0")
    return whole if whole.lstrip("+").isdigit() else text


def _ascii(character: str) -> str:
    decimal = unicodedata.decimal(character, None)
    if decimal is not None:
        return str(decimal)
    return _OTHER_SIGNS.get(unicodedata.category(character), character)


def _no_number_reason(text: str) -> str:
    if not text.translate(_SEPARATORS):
        return EMPTY if not text else NOT_A_NUMBER
    if _SPREADSHEET.fullmatch(text):
        return SPREADSHEET_NUMBER
    if _SEVERAL.fullmatch(text):
        return SEVERAL_NUMBERS
    if _EXTENSION.search(text):
        return EXTENSION
    return NOT_A_NUMBER


def _is_area_slash(text: str) -> bool:
    """Whether the slash parts area code and number (``030/123456``), not two numbers or endings."""
    if text.count("/") != 1:
        return False
    area, _slash, rest = text.translate(_SEPARATORS_BUT_SLASH).partition("/")
    return len(area) < 10 and len(rest) >= 4


def _thorough(digits: str, country: str | None) -> Verdict:
    """The verdict of `phonenumbers`; ``00`` is tried as ``+`` where it is not the country's own
    prefix.
    """
    plan = _numbering_plan(country)
    if plan is not None and plan.may_lack_plus(digits):
        number, _reason = _parse(f"+{digits}", None)
        if number is not None:
            return number, None
    number, reason = _parse(digits, country)
    if number is None and digits[:2] == "00":
        return _parse(f"+{digits[2:]}", None)
    return number, reason


def _parse(digits: str, country: str | None) -> Verdict:
    if digits[0] != "+" and _numbering_plan(country) is None:
        return None, NO_COUNTRY
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException as error:
        return None, _PARSE_REASONS[error.error_type]
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, PhoneNumberFormat.E164), None
    result = phonenumbers.is_possible_number_with_reason(number)
    return None, _POSSIBLE_REASONS.get(result, INVALID_FOR_COUNTRY)


def _quick(digits: str, country: str | None) -> str | None:
    """E.164 of a number that is certainly valid, None if that takes a closer look."""
    if digits[0] == "+":
        return _quick_international(digits[1:])
    plan = _numbering_plan(country)
    if plan is None:
        return None
    if digits[:2] == "00" and plan.idd_is_00:
        return _quick_international(digits[2:])
    return plan.accept_national(digits)


def _quick_international(digits: str) -> str | None:
    for size in (1, 2, 3):
        plan = _main_plan(digits[:size])
        if plan is not None:
            return plan.accept(digits[size:])
    return None


_NOTHING = "(?!)"


class _NumberingPlan:
    """The patterns of one country, reduced to what a certain "valid" needs."""

    __slots__ = (
        "_calling_code",
        "_general",
        "_has_prefix",
        "_idd",
        "_lines",
        "_prefix",
        "_regions",
        "_strips",
        "idd_is_00",
    )

    def __init__(self, metadata: PhoneMetadata) -> None:
        general = metadata.general_desc or PhoneNumberDesc()
        self._calling_code = str(metadata.country_code)
        self._idd = re.compile(metadata.international_prefix or _NOTHING)
        self._prefix = re.compile(metadata.national_prefix_for_parsing or _NOTHING)
        self._has_prefix = metadata.national_prefix is not None
        self._general = re.compile(_pattern(general))
        # Where a number without its area code has as many digits, the prefix may be part of it.
        local = set(general.possible_length_local_only)
        is_clear = local.isdisjoint(general.possible_length)
        self._strips = is_clear and not metadata.national_prefix_transform_rule
        self._regions = _regions(metadata.country_code)
        self._lines: re.Pattern[str] | None = None
        self.idd_is_00 = metadata.international_prefix == "00"

    def accept(self, nsn: str) -> str | None:
        """E.164 for a national significant number that carries no national prefix."""
        if self._prefix.match(nsn) or not self._is_valid(nsn):
            return None
        return f"+{self._calling_code}{nsn}"

    def find_all(self, text: str) -> set[str]:
        """The lines of a text that `accept` would accept behind ``+`` and the calling code; none
        where several countries share that code.
        """
        if self._lines is None:
            self._lines = re.compile(self._make_lines_pattern(), re.ASCII | re.MULTILINE)
        return set(map(re.Match.group, self._lines.finditer(text)))

    def _make_lines_pattern(self) -> str:
        """The patterns of `accept`, each line for the whole text."""
        if len(self._regions) != 1:
            return _NOTHING
        _leading, valid = self._regions[0]
        ahead = rf"(?=\+[1-9]\d{{{MIN_LENGTH - 1},14}}$)"
        number = rf"(?!{self._prefix.pattern})(?:{valid.pattern})$".replace(r"\Z", "$")
        return rf"^{ahead}\+{self._calling_code}{number}"

    def accept_national(self, digits: str) -> str | None:
        """E.164 for a number as dialled within the country."""
        if digits.startswith(self._calling_code):
            if not self.may_lack_plus(digits):
                return None
            return self.accept(digits[len(self._calling_code) :])
        if self._idd.match(digits):
            return None
        prefix = self._prefix.match(digits)
        if prefix is not None:
            digits = digits[prefix.end() :]
            # It may be no prefix after all: only `phonenumbers` can tell.
            if not self._strips or not self._general.fullmatch(digits):
                return None
        return f"+{self._calling_code}{digits}" if self._is_valid(digits) else None

    def may_lack_plus(self, digits: str) -> bool:
        """Whether digits without ``+`` may be an international number of this country (see the
        module's text).
        """
        return (
            self._has_prefix
            and digits.startswith(self._calling_code)
            and not self._prefix.match(digits)
        )

    def _is_valid(self, nsn: str) -> bool:
        for leading_digits, valid in self._regions:
            if leading_digits is None:
                if valid.fullmatch(nsn):
                    return True
            elif leading_digits.match(nsn):
                return valid.fullmatch(nsn) is not None
        return False


_KINDS = (
    "fixed_line",
    "mobile",
    "voip",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "uan",
    "pager",
    "voicemail",
)
_Region = tuple["re.Pattern[str] | None", "re.Pattern[str]"]


@cache
def _numbering_plan(country: str | None) -> _NumberingPlan | None:
    if not country:
        return None
    metadata = PhoneMetadata.metadata_for_region(country.upper(), None)
    return _NumberingPlan(metadata) if metadata is not None else None


@cache
def _main_plan(calling_code: str) -> _NumberingPlan | None:
    """The plan of the main country of a calling code; None for codes without a country, such as
    +800.
    """
    if not calling_code or calling_code[0] == "0":
        return None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code), ())
    return _numbering_plan(regions[0]) if regions else None


@cache
def _regions(calling_code: int) -> tuple[_Region, ...]:
    """Per country that shares the calling code, in the order of `phonenumbers`: its leading digits,
    a valid number.
    """
    countries = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[calling_code]
    is_only = len(countries) == 1
    known = filter(None, map(PhoneMetadata.metadata_for_region, countries))
    return tuple(_region(metadata, is_only) for metadata in known)


def _region(metadata: PhoneMetadata, is_only: bool) -> _Region:
    leading = None
    if metadata.leading_digits and not is_only:
        leading = re.compile(metadata.leading_digits)
    patterns = [_pattern(getattr(metadata, kind)) for kind in _KINDS]
    # Any kind will do: those come first that cost little to try, such as mobile numbers.
    alternatives = "|".join(sorted(filter(None, patterns), key=len))
    ahead = rf"(?={_pattern(metadata.general_desc)}\Z)"
    return leading, re.compile(rf"{ahead}(?:{alternatives})")


def _pattern(description: PhoneNumberDesc | None) -> str:
    """Expression for one kind of number, its lengths included; "" for a kind that the country does
    not have.
    """
    if description is None or not description.national_number_pattern:
        return ""
    # -1 stands for a kind of number that the country does not have.
    lengths = sorted(length for length in description.possible_length if length > 0)
    digits = "|".join(rf"\d{{{first},{last}}}" for first, last in _spans(lengths))
    ahead = rf"(?=(?:{digits})\Z)" if digits else ""
    return rf"(?:{ahead}(?:{description.national_number_pattern}))"


def _spans(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of numbers in a row: several lengths are one look at a text."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans
