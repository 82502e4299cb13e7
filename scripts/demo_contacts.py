"""The demo's contacts: made up, the same on every machine, with numbers that numbering plans
reserve for fiction.
"""

import csv
import io
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import phonenumbers

MAX_CONTACTS = 1500
PHONE_COLUMNS = ["Phone 1", "Phone 2", "Phone 3"]
PARAMETER_COLUMNS = [
    "Contract",
    "Product",
    "Renewal on",
    "Monthly fee",
    "Segment",
    "City",
    "Language",
    "Contract months",
    "Loyalty points",
    "Last order",
    "Open tickets",
    "Offer",
]
COLUMNS = [
    *PHONE_COLUMNS,
    "First name",
    "Last name",
    "Customer number",
    "E-mail",
    *PARAMETER_COLUMNS,
]

# Country: cities, language, and patterns of numbers where each # is any digit.
_COUNTRIES: dict[str, tuple[list[str], str, list[str]]] = {
    "US": (
        ["New York", "Chicago", "Denver", "Seattle", "Austin", "Boston"],
        "English",
        [
            f"+1{area}55501##"
            for area in (212, 213, 303, 305, 312, 404, 415, 512, 617, 702, 206, 215)
        ],
    ),
    "GB": (
        ["London", "Leeds", "Bristol", "Glasgow"],
        "English",
        ["+442079460###", "+443069990###"],
    ),
    "DE": (["Berlin", "Hamburg", "Leipzig", "Köln"], "German", ["+493023125###", "+491713920####"]),
    "FR": (["Paris", "Lyon", "Nantes", "Lille"], "French", ["+331990#####", "+332619#####"]),
    "AU": (["Sydney", "Canberra", "Newcastle"], "English", ["+6125550####"]),
}
_STYLES = [phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL]
_FIRST_NAMES = (
    "Amelia Anna Ben Camille Chloé Clara Daniel David Elena Emily Emma Ethan Felix Grace Hannah Henry Hugo Isla Jack "
    "James Julia Jürgen Laura Léa Liam Lukas Lucy Marie Mateo Max Mia Nina Noah Olivia Oscar Paul Ruby Samuel Sarah "
    "Sofia Thomas Victor Zoë"
).split()
_LAST_NAMES = (
    "Adams Bauer Bennett Bernard Brown Carter Clarke Cooper Dubois Evans Fischer Foster García Girard Gray Hall Harris "
    "Hoffmann Hughes Jackson Keller King Koch Laurent Lefèvre Lewis Martin Meyer Mitchell Moore Moreau Müller Murphy "
    "Nguyen O'Brien Parker Patel Petit Reed Richter Robinson Roux Schäfer Schmidt Scott Smith Taylor Turner Walker "
    "Weber White Wilson Wolf Wood Young"
).split()
_PRODUCTS = [
    "Fibre 250",
    "Fibre 1000",
    "Mobile M",
    "Mobile L",
    "Mobile Family",
    "TV Basic",
    "TV Sports",
]
_SEGMENTS = ["Private", "Private", "Private", "Self-employed", "Small business"]
_OFFERS = ["Loyalty discount", "Double speed", "Free router", "Family card"]


def demo_file(count: int, seed: int = 2026) -> bytes:
    """A CSV file as a marketing department would send it: UTF-8, semicolons, a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(COLUMNS)
    writer.writerows(demo_rows(count, seed))
    return text.getvalue().encode()


def demo_rows(count: int, seed: int = 2026) -> Iterator[list[str]]:
    """Rows in the order of `COLUMNS`; no number occurs twice."""
    if count > MAX_CONTACTS:
        raise ValueError(f"There are fictitious numbers for {MAX_CONTACTS} contacts only")
    choose = random.Random(seed)
    numbers: set[str] = set()
    for index in range(1, count + 1):
        yield _row(index, choose, lambda pattern: _unused_number(pattern, choose, numbers))


def _row(index: int, choose: random.Random, number: Callable[[str], str]) -> list[str]:
    # The order of the draws below is part of the file's content: every machine gets the same.
    [country] = choose.choices(list(_COUNTRIES), [5, 4, 3, 2, 1])
    cities, language, patterns = _COUNTRIES[country]
    phones = []
    for share in (1, 0.7, 0.2):
        is_known = choose.random() < share
        phones.append(number(choose.choice(patterns)) if is_known else "")
    first_name = choose.choice(_FIRST_NAMES)
    last_name = choose.choice(_LAST_NAMES)
    renewal = date(2027, 1, 1) + timedelta(days=choose.randrange(180))
    return [
        *phones,
        first_name,
        last_name,
        f"C{100000 + index}",
        f"customer{index}@example.com",
        f"{choose.choice('ABK')}-{choose.randrange(10**6):06}",
        choose.choice(_PRODUCTS),
        renewal.isoformat(),
        f"{choose.randrange(9, 80)}.90",
        choose.choice(_SEGMENTS),
        choose.choice(cities),
        language,
        str(choose.choice([12, 24, 36])),
        str(choose.randrange(5000)),
        (renewal - timedelta(days=choose.randrange(200, 900))).isoformat(),
        str(choose.choice([0, 0, 0, 1, 2])),
        choose.choice(_OFFERS),
    ]


def _unused_number(pattern: str, choose: random.Random, used: set[str]) -> str:
    """A valid number nobody has yet, written as people write numbers."""
    while True:
        text = _fill(pattern, choose)
        number = phonenumbers.parse(text)
        # The simulator never gives back a contact whose number ends in 99999.
        if text in used or text.endswith("99999") or not phonenumbers.is_valid_number(number):
            continue
        used.add(text)
        style = choose.choice(_STYLES)
        return phonenumbers.format_number(number, style)


def _fill(pattern: str, choose: random.Random) -> str:
    """The pattern with a digit for each #."""
    text = ""
    for character in pattern:
        text += str(choose.randrange(10)) if character == "#" else character
    return text
