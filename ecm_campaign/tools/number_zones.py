"""Where `phonenumbers` puts a number into a zone whose clock is not the number's (requirement N3).

The library names one zone for a whole country, sometimes a neighbour's: Paris for Algiers. These go
before it. To correct another, add its beginning here; a test compares every country that has one
clock with the IANA database.

Source: IANA time zone database, ``zone.tab`` (https://www.iana.org/time-zones), 2026; calling codes
by ITU-T E.164. In brackets what phonenumbers 9.0.43 says.
"""

from __future__ import annotations

# By the beginning of a number, without plus.
CORRECTIONS: dict[str, tuple[str, ...]] = {
    # Nicaragua: no summer time (America/Chicago)
    "505": ("America/Managua",),
    # South Sudan: UTC+2 since 2021 (Africa/Nairobi)
    "211": ("Africa/Juba",),
    # Morocco and Western Sahara: UTC+1, but for Ramadan (Atlantic/Canary)
    "212": ("Africa/Casablanca", "Africa/El_Aaiun"),
    # Algeria: no summer time (Europe/Paris)
    "213": ("Africa/Algiers",),
    # Libya: no summer time (Europe/Bucharest)
    "218": ("Africa/Tripoli",),
    # Palestine: summer time by its own decree (Europe/Bucharest)
    "970": ("Asia/Gaza", "Asia/Hebron"),
}
