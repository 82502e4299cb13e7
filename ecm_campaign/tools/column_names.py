"""Which column of a file is what: the map, ECM's fixed order, and a guess by the columns' names
(L1).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from .contact_file import Row

PHONES = tuple(f"phone_{index}" for index in range(1, 6))
PARAMETERS = tuple(f"business_parameter_{index}" for index in range(1, 13))
DETAILS = (
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "priority",
    "not_before",
    "country",
)
TARGETS = (*PHONES, *DETAILS, *PARAMETERS)
IGNORE = "ignore"

SIMILARITY = 0.85
PHONE_SHARE = 0.8

# Names as people write them, in English, German, French and Spanish: without accents, blanks and
# trailing numbers.
_VOCABULARY: dict[str, str] = {
    "phone": """phone phonenumber phoneno telephone telephonenumber tel telno mobile mobilephone mobilenumber mobileno
        cell cellphone cellnumber gsm msisdn contactnumber homephone workphone officephone landline number
        telefon telefonnummer telefonnr rufnummer handy handynummer handynr mobil mobilnummer mobiltelefon
        mobilfunk mobilfunknummer festnetz festnetznummer nummer
        numero numerodetelephone telephoneportable telephonemobile portable telephonefixe
        telefono numerodetelefono telefonomovil telefonofijo movil celular""",
    "first_name": "firstname givenname forename vorname rufname prenom nombre nombredepila",
    "last_name": """lastname surname familyname name fullname customername contactname customer nachname familienname
        zuname kunde kundenname nom nomdefamille apellido apellidos""",
    "account_number": """account accountnumber accountno accountid customerid customernumber customerno customerkey
        clientid contactid externalid reference kundennummer kundennr kundenid kundenkonto kontonummer numeroclient
        numerodeclient referenceclient idclient numerodecliente idcliente cliente referencia""",
    "email": """email emailaddress mail mailaddress emailadresse mailadresse courriel adresseemail correo
        correoelectronico""",
    "tz": "tz timezone zeitzone fuseauhoraire zonahoraria husohorario",
    "priority": "priority prio prioritaet prioritat priorite prioridad",
    "not_before": """notbefore callafter calldate calltime dialtime activationdate nichtvor anrufab fruehestens
        pasavant appelerapres noantes llamardespues""",
    "country": "country countrycode land laendercode landercode pays codepays pais codigopais",
    "business_parameter": "businessparameter parameter param bp geschaeftsparameter geschaftsparameter",
}
_KINDS = {name: kind for kind, names in _VOCABULARY.items() for name in names.split()}
_PHONE_PART = re.compile(r"phone|telef|mobil|handy|celular|movil|rufnummer")
_NO_PHONE_PART = re.compile(r"fax|type|typ|code|date|datum|status|model|vorwahl|prefix")
_PHONE_CELL = re.compile(r"'?[+(]?\d[\d ().\-/]{6,26}")
_EMAIL_CELL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Column index (from 0) → target, one of `TARGETS`; columns that are left out or `IGNORE` are
    not read.

    Keys may be text, as JSON has them. ``ValueError`` for an unknown target or one that is used
    twice.
    """

    targets: Mapping[int, str]

    def __post_init__(self) -> None:
        targets = {
            int(place): target
            for place, target in self.targets.items()
            if target and target != IGNORE
        }
        if not set(targets.values()) <= set(TARGETS):
            raise ValueError(f"unknown targets: {sorted(set(targets.values()) - set(TARGETS))}")
        if len(set(targets.values())) < len(targets):
            raise ValueError("two columns have the same target")
        object.__setattr__(self, "targets", targets)


# ECM's fixed order, without header.
ECM_MAP = ColumnMap(dict(enumerate((*PHONES, *PARAMETERS))))


def guess_map(header: Sequence[str], rows: Sequence[Row] = ()) -> ColumnMap:
    """Map columns by their names; the others become business parameters in order, as long as there
    are any free.

    Where no name tells of a phone number (or the names are empty), columns that hold phone numbers
    in ``rows`` are taken.

    :param header: one name per column, "" if it has none
    :param rows: some data rows, as `contact_file.preview` returns them
    """
    kinds = [_kind(name) for name in header]
    if not any(kind == "phone" for kind, _number in kinds):
        cells = [row for _line, row in rows if isinstance(row, list)]
        kinds = [_kind_of_cells(kind, cells, place) for place, kind in enumerate(kinds)]
    targets: dict[int, str] = {}
    _place_details(kinds, targets)
    _place_series("phone", PHONES, kinds, targets)
    _place_series("business_parameter", PARAMETERS, kinds, targets)
    free = (name for name in PARAMETERS if name not in set(targets.values()))
    for place in range(len(header)):
        if place not in targets and (target := next(free, None)):
            targets[place] = target
    return ColumnMap(dict(sorted(targets.items())))


_Kind = tuple["str | None", int]


def _kind(name: str) -> _Kind:
    """What a column's name says, and the number that it ends with (0 if none)."""
    text = "".join(
        filter(str.isascii, unicodedata.normalize("NFKD", name.replace("ß", "ss")))
    ).lower()
    word, digits = re.fullmatch(
        r"(.*?)(\d{0,2})", re.sub(r"[^a-z0-9]", "", text), re.DOTALL
    ).groups()  # type: ignore[union-attr]
    number = int(digits or 0)
    if word in _KINDS:
        return _KINDS[word], number
    if _NO_PHONE_PART.search(word):
        return None, number
    if _PHONE_PART.search(word):
        return "phone", number
    similar = get_close_matches(word, _KINDS, 1, SIMILARITY)
    return (_KINDS[similar[0]], number) if similar else (None, number)


def _kind_of_cells(kind: _Kind, rows: Sequence[list[str]], place: int) -> _Kind:
    """What a column's values say, if its name says nothing."""
    cells = [cell for row in rows if len(row) > place and (cell := row[place].strip())]
    if kind[0] is not None or not cells:
        return kind
    if sum(bool(_PHONE_CELL.fullmatch(cell)) for cell in cells) >= PHONE_SHARE * len(cells):
        return "phone", 0
    return ("email", 0) if all(map(_EMAIL_CELL.fullmatch, cells)) else kind


def _place_details(kinds: Sequence[_Kind], targets: dict[int, str]) -> None:
    for place, (kind, _number) in enumerate(kinds):
        if kind in DETAILS and kind not in targets.values():
            targets[place] = kind


def _place_series(
    kind: str, names: Sequence[str], kinds: Sequence[_Kind], targets: dict[int, str]
) -> None:
    """Numbered columns keep their number, the others fill the gaps in order; the first name is
    always used.
    """
    places = [(place, number) for place, (found, number) in enumerate(kinds) if found == kind]
    chosen: dict[int, int] = {}
    for place, number in places:
        if 1 <= number <= len(names) and number not in chosen.values():
            chosen[place] = number
    free: Iterator[int] = (
        number for number in range(1, len(names) + 1) if number not in set(chosen.values())
    )
    for place, _number in places:
        if place not in chosen and (number := next(free, 0)):
            chosen[place] = number
    if kind == "phone" and chosen and 1 not in chosen.values():
        chosen[min(chosen, key=lambda place: chosen[place])] = 1
    targets.update((place, names[number - 1]) for place, number in chosen.items())
