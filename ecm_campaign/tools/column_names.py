"""Which column of a file is what: the map, ECM's fixed order, and a guess by the columns' names
(L1).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from .contact_file import Row

PHONES = tuple(f"phone_{index}" for index in range(1, 6))
PARAMETERS = tuple(f"business_parameter_{index}" for index in range(1, 13))
DETAILS = (
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "region",
    "zip",
    "consent_on",
    "consent_source",
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
    "phone": """
        phone phonenumber phoneno telephone telephonenumber tel telno mobile mobilephone
        mobilenumber mobileno cell cellphone cellnumber gsm msisdn contactnumber homephone
        workphone officephone landline number telefon telefonnummer telefonnr rufnummer handy
        handynummer handynr mobil mobilnummer mobiltelefon mobilfunk mobilfunknummer festnetz
        festnetznummer nummer numero numerodetelephone telephoneportable telephonemobile
        portable telephonefixe telefono numerodetelefono telefonomovil telefonofijo movil
        celular
    """,
    "first_name": "firstname givenname forename vorname rufname prenom nombre nombredepila",
    "last_name": """
        lastname surname familyname name fullname customername contactname customer nachname
        familienname zuname kunde kundenname nom nomdefamille apellido apellidos
    """,
    "account_number": """
        account accountnumber accountno accountid customerid customernumber customerno
        customerkey clientid contactid externalid reference kundennummer kundennr kundenid
        kundenkonto kontonummer numeroclient numerodeclient referenceclient idclient
        numerodecliente idcliente cliente referencia
    """,
    "email": """
        email emailaddress mail mailaddress emailadresse mailadresse courriel adresseemail
        correo correoelectronico
    """,
    "tz": "tz timezone zeitzone fuseauhoraire zonahoraria husohorario",
    "region": """
        state statecode stateorregion stateprovince province region bundesland departement
        provincia estado
    """,
    "zip": """
        zip zipcode postcode postalcode plz postleitzahl codepostal codigopostal
    """,
    "consent_on": """
        consent consentdate consenton consentgivenon consentat optin optindate agreedon
        einwilligung einwilligungam einwilligungsdatum consentement datedeconsentement
        consentimiento fechadeconsentimiento
    """,
    "consent_source": """
        consentsource consenthow consenttext consentproof optinsource agreedhow
        einwilligungquelle quelledereinwilligung einwilligungstext sourceduconsentement
        origendelconsentimiento
    """,
    "priority": "priority prio prioritaet prioritat priorite prioridad",
    "not_before": """
        notbefore callafter calldate calltime dialtime activationdate nichtvor anrufab
        fruehestens pasavant appelerapres noantes llamardespues
    """,
    "country": "country countrycode land laendercode landercode pays codepays pais codigopais",
    "business_parameter": """
        businessparameter parameter param bp geschaeftsparameter geschaftsparameter
    """,
}
_KINDS = {name: kind for kind, names in _VOCABULARY.items() for name in names.split()}
_NUMBER = re.compile(r"\d{1,2}\Z")
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
        targets = {}
        for place, target in self.targets.items():
            if target and target != IGNORE:
                targets[int(place)] = target
        used = set(targets.values())
        unknown = used.difference(TARGETS)
        if unknown:
            raise ValueError(f"unknown targets: {sorted(unknown)}")
        if len(used) < len(targets):
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
    kinds = list(map(_kind, header))
    # What the names say goes before what the values look like: keys may look like numbers.
    if "phone" not in {kind.name for kind in kinds}:
        kinds = _look_at_cells(kinds, rows)
    targets = _place_details(kinds)
    targets |= _place_phones(kinds)
    targets |= _place_series("business_parameter", PARAMETERS, kinds)
    # Nothing of the file is lost, as long as there is room for it.
    _fill(targets, range(len(header)), PARAMETERS)
    return ColumnMap(dict(sorted(targets.items())))


def _look_at_cells(kinds: Sequence[_Kind], rows: Sequence[Row]) -> list[_Kind]:
    """The kinds of the columns, with what the values say where the names say nothing."""
    cells = [row for _line, row in rows if isinstance(row, list)]
    looked_at = []
    for place, kind in enumerate(kinds):
        if kind.name is None:
            kind = _kind_of_cells(kind, cells, place)
        looked_at.append(kind)
    return looked_at


class _Kind(NamedTuple):
    """What a column holds (None if that is not known), and the number that its name ends with."""

    name: str | None
    number: int = 0


def _kind(name: str) -> _Kind:
    """What a column's name says."""
    word, number = _split_number(_plain(name))
    if word in _KINDS:
        return _Kind(_KINDS[word], number)
    # A phone type, or the date of a call, is no number to call.
    if _NO_PHONE_PART.search(word):
        return _Kind(None, number)
    if _PHONE_PART.search(word):
        return _Kind("phone", number)
    similar = get_close_matches(word, _KINDS, 1, SIMILARITY)
    if not similar:
        return _Kind(None, number)
    return _Kind(_KINDS[similar[0]], number)


def _plain(name: str) -> str:
    """Small letters and digits only.

    >>> _plain("Téléphone mobile (2)"), _plain("Straße")
    ('telephonemobile2', 'strasse')
    """
    # Accents become characters of their own, which go with all others.
    spelt = name.replace("ß", "ss")
    letters = unicodedata.normalize("NFKD", spelt).lower()
    return re.sub(r"[^a-z0-9]", "", letters)


def _split_number(word: str) -> tuple[str, int]:
    """A word, and the number of at most two digits at its end (0 if there is none).

    >>> _split_number("phone2"), _split_number("phone"), _split_number("year2026")
    (('phone', 2), ('phone', 0), ('year20', 26))
    """
    found = _NUMBER.search(word)
    if not found:
        return word, 0
    return word[: found.start()], int(found[0])


def _kind_of_cells(kind: _Kind, rows: Sequence[list[str]], place: int) -> _Kind:
    """What a column's values say, whose name says nothing."""
    # Programs leave out empty cells at the end.
    values = [row[place].strip() for row in rows if len(row) > place]
    cells = list(filter(None, values))
    if not cells:
        return kind

    # A few bad numbers make no other column of it.
    phones = list(filter(_PHONE_CELL.fullmatch, cells))
    if len(phones) >= PHONE_SHARE * len(cells):
        return _Kind("phone")
    if all(map(_EMAIL_CELL.fullmatch, cells)):
        return _Kind("email")
    return kind


def _place_details(kinds: Sequence[_Kind]) -> dict[int, str]:
    """The first column of each kind."""
    targets: dict[int, str] = {}
    for place, kind in enumerate(kinds):
        name = kind.name
        if name in DETAILS and name not in targets.values():
            targets[place] = name
    return targets


def _place_phones(kinds: Sequence[_Kind]) -> dict[int, str]:
    """The phones; the first one is always used, since no row is taken without it."""
    targets = _place_series("phone", PHONES, kinds)
    used = targets.values()
    if targets and PHONES[0] not in used:
        # The one with the lowest number.
        first = min(targets, key=targets.__getitem__)
        targets[first] = PHONES[0]
    return targets


def _place_series(kind: str, names: Sequence[str], kinds: Sequence[_Kind]) -> dict[int, str]:
    """Numbered columns keep their number, the others fill the gaps in order."""
    numbered = dict(enumerate(names, 1))
    places = []
    targets: dict[int, str] = {}
    for place, found in enumerate(kinds):
        if found.name != kind:
            continue
        places.append(place)
        name = numbered.get(found.number)
        # Of two columns with one number, the second is as good as one without.
        if name and name not in targets.values():
            targets[place] = name
    _fill(targets, places, names)
    return targets


def _fill(targets: dict[int, str], places: Iterable[int], names: Iterable[str]) -> None:
    """Give the columns without a target the names that are free, in order."""
    used = set(targets.values())
    free = (name for name in names if name not in used)
    for place in places:
        if place in targets:
            continue
        name = next(free, None)
        if name is None:
            return
        targets[place] = name
