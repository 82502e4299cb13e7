"""Rows to contact values: mapping, checks, reasons, COPY text (L1, L5, L6, L8; bad input of issue
A).
"""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools import contact_rows, zone_names
from ecm_campaign.tools.contact_file import BadRow, UnreadableFile, open_source
from ecm_campaign.tools.contact_rows import (
    COLUMNS,
    ECM_MAP,
    ColumnMap,
    ParseOptions,
    copy_text,
    guess_map,
    parse_rows,
)
from ecm_campaign.tools.pace import Pace
from tests.pure.examples import settings

RAW = "0151 12345678"
PHONE = "+4915112345678"
FULL = ColumnMap(
    dict(
        enumerate(
            (
                "phone_1",
                "phone_2",
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
                "business_parameter_1",
                "business_parameter_2",
            )
        )
    )
)


def without_row(issues):
    return [issue[:4] for issue in issues]


def row_of(**values):
    """A row in the order of `FULL`."""
    values = {"phone_1": RAW, **values}
    return [values.get(target, "") for target in FULL.targets.values()]


def parse(*rows, columns=FULL, **options):
    """All rows, numbered from 1, as one chunk."""
    options = ParseOptions(**{"country": "DE", **options})
    return next(parse_rows(enumerate(rows, 1), columns, options), contact_rows.Chunk())


def contact_of(**values):
    """The one contact that a row becomes, by column."""
    chunk = parse(row_of(**values))
    assert not chunk.rejects
    return dict(zip(COLUMNS, *chunk.contacts, strict=True))


def reject_of(**values):
    """Field, value and reason why a row is rejected."""
    chunk = parse(row_of(**values))
    assert not chunk.contacts
    (reject,) = chunk.rejects
    assert reject.code in contact_rows.REASONS
    return reject.field, reject.value, reject.code


def warning_of(**values):
    """Field, value and reason of the one warning about a row that is taken."""
    chunk = parse(row_of(**values))
    assert len(chunk.contacts) == 1
    (warning,) = chunk.warnings
    assert warning.code in contact_rows.REASONS
    return warning.field, warning.value, warning.code


# --- a good row ------------------------------------------------------------------------------------------------------


def test_row_becomes_a_contact():
    contact = contact_of(
        phone_2="030/123456",
        first_name=" Jörg ",
        last_name="Müller",
        account_number="K-17",
        email="j@example.com",
        tz="europe/berlin",
        region="Bavaria",
        zip="80331",
        priority="5",
        not_before="2026-07-01 10:00",
        business_parameter_1="Gold",
    )
    assert contact == {
        "line": 1,
        "phone_1": PHONE,
        "phone_2": "+4930123456",
        "phone_3": None,
        "phone_4": None,
        "phone_5": None,
        "first_name": "Jörg",
        "last_name": "Müller",
        "account_number": "K-17",
        "email": "j@example.com",
        "tz": "Europe/Berlin",
        "region": "Bavaria",
        "zip": "80331",
        "consent_on": None,
        "consent_source": None,
        "priority": 5,
        "not_before": "2026-07-01 10:00:00",
        "business_parameters": '{"business_parameter_1": "Gold"}',
    }


def test_row_with_a_phone_only_becomes_a_contact():
    contact = contact_of()
    assert {name: value for name, value in contact.items() if value is not None} == {
        "line": 1,
        "phone_1": PHONE,
        "priority": 0,
    }


def test_ecm_order_needs_no_mapping():
    row = [RAW, "", "", "", "", *(f"p{i}" for i in range(1, 13))]
    (contact,) = parse(row, columns=ECM_MAP).contacts
    assert contact[1] == PHONE
    assert json.loads(contact[-1]) == {f"business_parameter_{i}": f"p{i}" for i in range(1, 13)}


def test_missing_cells_at_the_end_are_empty():
    (contact,) = parse([RAW], columns=ECM_MAP).contacts
    assert contact[1:] == (PHONE, *[None] * 13, 0, None, None)


def test_business_parameter_keeps_every_character():
    text = 'He said "hi" \\ ä€😀\nnew\tline'
    assert json.loads(contact_of(business_parameter_2=text)["business_parameters"]) == {
        "business_parameter_2": text
    }


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("letters", "not_a_number"),
        ("1" * 29, "too_long"),
        ("0199 12345678", "invalid_for_country"),
        ("12", "too_short"),
        ("4.9151E+12", "spreadsheet_number"),
        ("030 1234567 ext 5", "extension"),
    ],
)
def test_phone_1_must_be_valid(raw, code):
    assert reject_of(phone_1=raw, last_name="Meier") == ("phone_1", raw, code)


@pytest.mark.parametrize(
    ("raw", "code"), [("letters", "not_a_number"), ("1" * 29, "too_long"), ("12", "too_short")]
)
def test_bad_secondary_phone_is_dropped_and_the_contact_kept(raw, code):
    assert warning_of(phone_2=raw) == ("phone_2", raw, code)
    assert parse(row_of(phone_2=raw)).contacts[0][2] is None


def test_empty_secondary_phone_is_no_warning():
    assert not parse(row_of(phone_2="  ")).warnings


def test_parameter_of_255_characters_is_taken_and_of_256_rejected():
    assert json.loads(contact_of(business_parameter_1="x" * 255)["business_parameters"])
    assert reject_of(business_parameter_1="x" * 256) == (
        "business_parameter_1",
        "x" * 255,
        "too_long",
    )


def test_long_customer_key_is_rejected():
    assert contact_of(account_number="k" * 64)["account_number"] == "k" * 64
    assert reject_of(account_number="k" * 65)[2] == "too_long"


def test_long_name_is_cut():
    assert warning_of(last_name="x" * 65) == ("last_name", "x" * 65, "shortened")
    assert contact_of(last_name="x" * 65)["last_name"] == "x" * 64


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@example.com", f"{'x' * 250}@example.com"])
def test_bad_email_is_dropped(email):
    assert warning_of(email=email)[2] == "bad_email"
    assert contact_of(email=email)["email"] is None


def test_unknown_time_zone_is_dropped():
    assert warning_of(tz="Mars/Base") == ("tz", "Mars/Base", "unknown_tz")
    assert contact_of(tz="Mars/Base")["tz"] is None


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Central Time (US and Canada)", "America/Chicago"),
        ("(UTC-06:00) Central Time (US & Canada)", "America/Chicago"),
        ("(GMT+01:00)  Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("india standard time", "Asia/Kolkata"),
        ("AMERICA/NEW_YORK", "America/New_York"),
    ],
)
def test_zones_may_have_their_names_of_windows(text, zone):
    assert contact_of(tz=text)["tz"] == zone


def test_every_zone_of_windows_is_known_here():
    """None of the table's zones is one that `zoneinfo` has no clock for (P20)."""
    lines = [*zone_names._WINDOWS.strip().splitlines(), *zone_names._SHOWN.strip().splitlines()]
    for line in lines:
        name, zone = line.strip().split(" = ")
        assert zone_names.find_zone(name) == zone
    assert len(lines) > 160


def test_a_state_or_a_postal_code_that_is_too_long_is_left_out():
    assert contact_of(region="x" * 64)["region"] == "x" * 64
    assert contact_of(zip="1" * 16)["zip"] == "1" * 16
    assert warning_of(region="x" * 65)[2] == warning_of(zip="1" * 17)[2] == "place_too_long"
    assert contact_of(zip="1" * 17)["zip"] is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01 10:30:00", "2026-03-01"),
        ("1.3.2026", "2026-03-01"),
    ],
)
def test_consent_has_a_day_and_says_how(text, day):
    contact = contact_of(consent_on=text, consent_source="web form")
    assert (contact["consent_on"], contact["consent_source"]) == (day, "web form")


@pytest.mark.parametrize("text", ["yes", "3/1/2026", "31.2.2026", "2999-01-01"])
def test_consent_that_is_in_doubt_is_none(text):
    assert warning_of(consent_on=text) == ("consent_on", text, "bad_date")
    assert contact_of(consent_on=text)["consent_on"] is None
    assert warning_of(consent_source="x" * 256)[2] == "consent_too_long"


@pytest.mark.parametrize(("days", "is_known"), [(-1, True), (0, True), (1, True), (2, False)])
def test_consent_of_tomorrow_is_consent_where_it_is_tomorrow_already(days, is_known):
    day = str(datetime.now(UTC).date() + timedelta(days=days))
    (contact,) = parse(row_of(consent_on=day)).contacts
    assert contact[COLUMNS.index("consent_on")] == (day if is_known else None)


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("-1", -1), ("5.0", 5), (" 3 ", 3)])
def test_priority(text, number):
    assert contact_of(priority=text)["priority"] == number


@pytest.mark.parametrize("text", ["high", "1.5", "99999999999", "2147483648", "1e3"])
def test_bad_priority_is_zero_with_a_warning(text):
    assert warning_of(priority=text) == ("priority", text, "not_an_integer")
    assert contact_of(priority=text)["priority"] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01 10:00", "2026-07-01 08:00:00"),
        ("2026-01-01T10:00:30", "2026-01-01 09:00:30"),
        ("2026-07-01", "2026-06-30 22:00:00"),
        ("2026-07-01T10:00Z", "2026-07-01 10:00:00"),
        ("2026-07-01 10:00+05:00", "2026-07-01 05:00:00"),
        ("2026-07-01T10:00:00.250-03:30", "2026-07-01 13:30:00"),
    ],
)
def test_not_before_is_read_in_the_campaigns_zone(text, expected):
    (contact,) = parse(row_of(not_before=text), tz="Europe/Berlin").contacts
    assert contact[COLUMNS.index("not_before")] == expected


@pytest.mark.parametrize("text", ["tomorrow", "31.12.2026", "2026-13-01", "0001-01-01T00:00+14:00"])
def test_unreadable_not_before_rejects_the_row(text):
    assert reject_of(not_before=text) == ("not_before", text, "bad_datetime")


def test_country_of_the_row_comes_before_the_one_of_the_list():
    assert contact_of(phone_1="(212) 736-5000", country="us")["phone_1"] == "+12127365000"
    assert contact_of(country=" ")["phone_1"] == PHONE


def test_unknown_country_leaves_international_numbers():
    assert warning_of(phone_1=PHONE, country="Germany") == ("country", "Germany", "unknown_country")
    chunk = parse(row_of(country="Germany"))
    assert [reject.code for reject in chunk.rejects] == ["no_country"]


def test_nul_characters_are_removed():
    chunk = parse(row_of(last_name="M\0eier", business_parameter_1="\0"))
    assert without_row(chunk.warnings) == [(1, "row", "M\\0eier, \\0", "nul_removed")]
    contact = dict(zip(COLUMNS, *chunk.contacts, strict=True))
    assert (contact["last_name"], contact["business_parameters"]) == ("Meier", None)


def test_twenty_thousand_characters_are_a_reason_not_a_crash():
    assert reject_of(business_parameter_1="x" * 20_000)[2] == "too_long"
    assert reject_of(phone_1="1" * 20_000)[1:] == ("1" * 255, "too_long")


def test_row_with_more_cells_than_the_file_has_columns_is_rejected():
    rows = enumerate([[RAW, "a", "b"], [RAW, "a", "", " "], [RAW, "Smith", "Bob", "x"]], 1)
    (chunk,) = parse_rows(rows, ColumnMap({0: "phone_1"}), ParseOptions("DE", columns=2))
    assert [contact[0] for contact in chunk.contacts] == [2]
    assert without_row(chunk.rejects) == [
        (1, "row", "b", "too_many_columns"),
        (3, "row", "Bob, x", "too_many_columns"),
    ]


def test_mapped_columns_are_never_too_many():
    rows = [(1, [RAW]), (2, [RAW, "", "", "", "", "Gold"])]
    (chunk,) = parse_rows(rows, ECM_MAP, ParseOptions("DE", columns=1))
    assert len(chunk.contacts) == 2


def test_thirty_columns_are_read_as_far_as_they_are_mapped():
    row = [RAW, "", "", "", "", *(f"p{i}" for i in range(25))]
    (contact,) = parse(row, columns=ECM_MAP).contacts
    assert len(json.loads(contact[-1])) == 12


def test_row_that_could_not_be_read_is_rejected():
    chunk = parse(row_of(), BadRow("unclosed_quote", '"abc'))
    assert without_row(chunk.rejects) == [(2, "row", '"abc', "unclosed_quote")]
    assert chunk.rejects[0].row == '"abc'
    assert chunk.processed == 2


@pytest.mark.parametrize("row", [[], [""], ["", " ", "\t"], [""] * 30])
def test_empty_row_is_nothing(row):
    chunk = parse(row, row_of())
    assert (len(chunk.contacts), chunk.processed, chunk.rejects, chunk.last_line) == (1, 1, [], 2)


def test_map_without_phone_1_is_refused():
    with pytest.raises(UnreadableFile) as caught:
        parse_rows([], ColumnMap({0: "phone_2"}))
    assert caught.value.code == "no_phone_column"


def test_the_next_valid_phone_moves_up():
    chunk = parse(row_of(phone_1="n/a", phone_2="030 123456"))
    assert chunk.contacts[0][1:4] == ("+4930123456", None, None)
    assert without_row(chunk.warnings) == [(1, "phone_1", "n/a", "not_a_number")]
    assert chunk.count_bad_phones() == {"phone_1": 1}


def test_a_phone_in_the_second_column_only_is_the_first():
    chunk = parse(row_of(phone_1=" ", phone_2=RAW))
    assert (chunk.contacts[0][1:3], chunk.warnings) == ((PHONE, None), [])


def test_phones_move_up_only_where_that_is_chosen():
    chunk = parse(row_of(phone_1="n/a", phone_2=RAW), moves_up=False)
    assert without_row(chunk.rejects) == [(1, "phone_1", "n/a", "not_a_number")]


def test_each_phone_has_the_lengths_of_its_mode():
    options = {"min_length": 13, "phone_lengths": {"phone_2": [7, 12]}}
    chunk = parse(row_of(phone_2="+683 4002"), row_of(phone_2=RAW), row_of(phone_1="030 123456"))
    assert chunk.contacts[0][2] is None
    chunk = parse(
        row_of(phone_2="+683 4002"),
        row_of(phone_2=RAW),
        row_of(phone_1="030 123456"),
        **options,
    )
    assert [contact[1:3] for contact in chunk.contacts] == [(PHONE, "+6834002"), (PHONE, None)]
    assert [warning.code for warning in chunk.warnings] == ["bad_length"]
    assert [reject.code for reject in chunk.rejects] == ["too_short"]


def test_nul_characters_of_a_row_that_cannot_be_read_are_not_stored():
    chunk = parse(BadRow("unclosed_quote", '"a\0b'))
    assert (chunk.rejects[0].value, chunk.rejects[0].row) == ('"ab', '"ab')


def test_a_formula_without_its_value_is_told():
    chunk = parse(row_of(business_parameter_1="\0="), row_of(phone_1="\0="))
    assert without_row(chunk.warnings) == [(1, "business_parameter_1", "", "no_value")]
    assert [reject.code for reject in chunk.rejects] == ["no_value"]


def test_a_row_that_is_not_stored_has_no_values_left_out():
    chunk = parse(row_of(phone_1="n/a", phone_2="12", email="nobody"))
    assert ([reject.field for reject in chunk.rejects], chunk.warnings) == (["phone_1"], [])


def test_the_character_that_ends_a_dos_file_is_no_row():
    assert parse(row_of(), ["\x1a"]).processed == 1


# --- chunks ----------------------------------------------------------------------------------------------------------


def test_chunks_hold_every_row_once():
    rows = [(line, [RAW if line % 3 else "bad"]) for line in range(1, 2503)]
    chunks = list(parse_rows(rows, ColumnMap({0: "phone_1"}), ParseOptions("DE"), Pace(1000)))
    assert [chunk.processed for chunk in chunks] == [1000, 1000, 502]
    assert [chunk.last_line for chunk in chunks] == [1000, 2000, 2502]
    lines = [contact[0] for chunk in chunks for contact in chunk.contacts]
    lines += [reject.line for chunk in chunks for reject in chunk.rejects]
    assert sorted(lines) == list(range(1, 2503))


def test_no_rows_are_no_chunk():
    assert list(parse_rows([], ECM_MAP)) == []


@settings(max_examples=300)
@given(st.lists(st.lists(st.text(max_size=30) | st.just(RAW), max_size=14), max_size=30))
def test_any_rows_are_contacts_or_rejects(rows):
    chunk = parse(*rows)
    filled = [row for row in rows if any(cell and not cell.isspace() for cell in row)]
    assert len(chunk.contacts) + len(chunk.rejects) == chunk.processed == len(filled)
    for issue in (*chunk.rejects, *chunk.warnings):
        assert issue.code in contact_rows.REASONS
        assert issue.field in (*contact_rows.TARGETS, "row")
    assert all(len(contact) == len(COLUMNS) for contact in chunk.contacts)


# --- columns ---------------------------------------------------------------------------------------------------------


def names_of(*header, rows=()):
    """Targets guessed for a header, "" where a column is ignored."""
    targets = guess_map(header, rows).targets
    return [targets.get(place, "") for place in range(len(header))]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("Phone 1", "Phone 2"), ["phone_1", "phone_2"]),
        (("phone2", "phone1"), ["phone_2", "phone_1"]),
        (("mobile", "Home Phone"), ["phone_1", "phone_2"]),
        (
            ("Telefon", "Handy", "Vorname", "Nachname"),
            ["phone_1", "phone_2", "first_name", "last_name"],
        ),
        (("Téléphone", "Prénom", "Nom", "Pays"), ["phone_1", "first_name", "last_name", "country"]),
        (("Teléfono móvil", "Nombre", "Apellidos"), ["phone_1", "first_name", "last_name"]),
        (("cell", "E-Mail", "Time Zone", "Prio"), ["phone_1", "email", "tz", "priority"]),
        (("Phone", "State", "Zip Code"), ["phone_1", "region", "zip"]),
        # A number in a name goes before the order.
        (("Phone", "Phone 1"), ["phone_2", "phone_1"]),
        (("Telefon", "Bundesland", "PLZ"), ["phone_1", "region", "zip"]),
        (("Phone", "Opt-in", "Consent source"), ["phone_1", "consent_on", "consent_source"]),
        (("Telefon", "Einwilligung am"), ["phone_1", "consent_on"]),
        (("Kundennummer", "Tel."), ["account_number", "phone_1"]),
        (
            ("Customer ID", "Phone_Number", "Call after"),
            ["account_number", "phone_1", "not_before"],
        ),
        (("Phon number", "Firstnme"), ["phone_1", "first_name"]),
        (("phone 3", "phone 4"), ["phone_1", "phone_4"]),
        (("phone", "phone", "phone"), ["phone_1", "phone_2", "phone_3"]),
        (
            ("phone", "Fax", "Phone type"),
            ["phone_1", "business_parameter_1", "business_parameter_2"],
        ),
        (("phone", "Straße", "Tarif"), ["phone_1", "business_parameter_1", "business_parameter_2"]),
        (
            ("phone", "Tariff", "Business Parameter 1"),
            ["phone_1", "business_parameter_2", "business_parameter_1"],
        ),
        (("Kontakt-Mobilnr", "Name"), ["phone_1", "last_name"]),
    ],
)
def test_map_is_guessed_by_names(header, expected):
    assert names_of(*header) == expected


def test_a_column_of_which_four_of_five_cells_are_numbers_is_a_phone():
    rows = list(enumerate([["x", RAW]] * 4 + [["x", "none"], ["x"]], 1))
    assert names_of("a", "b", rows=rows) == ["business_parameter_1", "phone_1"]
    rows.append((7, ["x", "none"]))
    assert names_of("a", "b", rows=rows) == ["business_parameter_1", "business_parameter_2"]


def test_ecm_header_is_the_ecm_map():
    header = [f"Phone {i}" for i in range(1, 6)] + [f"Business Parameter {i}" for i in range(1, 13)]
    assert guess_map(header) == ECM_MAP


def test_columns_beyond_twelve_parameters_are_ignored():
    guessed = names_of("phone", *(f"Feld {chr(65 + i)}" for i in range(29)))
    assert guessed[:13] == ["phone_1", *(f"business_parameter_{i}" for i in range(1, 13))]
    assert guessed[13:] == [""] * 17


def test_columns_without_names_are_guessed_by_their_values():
    rows = [
        (1, ["Max", PHONE, "max@example.com", RAW]),
        (2, ["Eva", RAW, "eva@example.com", ""]),
        (3, BadRow("x", "")),
    ]
    assert names_of("", "", "", "", rows=rows) == [
        "business_parameter_1",
        "phone_1",
        "email",
        "phone_2",
    ]


def test_numbers_under_a_name_are_no_phones_if_a_phone_is_named():
    assert names_of("Vertrag", "Telefon", rows=[(1, ["12345678", RAW])]) == [
        "business_parameter_1",
        "phone_1",
    ]


def test_map_survives_json():
    stored = json.loads(json.dumps({"targets": dict(FULL.targets)}))
    assert ColumnMap(**stored) == FULL


def test_ignored_columns_are_not_mapped():
    assert ColumnMap({0: "phone_1", 1: "ignore", 2: ""}).targets == {0: "phone_1"}


@pytest.mark.parametrize("targets", [{0: "phone_1", 1: "phone_1"}, {0: "phone_6"}])
def test_impossible_map_is_refused(targets):
    with pytest.raises(ValueError, match="target"):
        ColumnMap(targets)


@settings(max_examples=200)
@given(
    st.lists(
        st.text(max_size=20) | st.sampled_from(["phone", "phone 1", "Handy", "bp 3", "name"]),
        max_size=40,
    )
)
def test_any_header_gets_a_map(header):
    targets = guess_map(header).targets
    assert len(set(targets.values())) == len(targets)
    assert ("phone_1" in targets.values()) == any(
        target.startswith("phone_") for target in targets.values()
    )


# --- COPY text -------------------------------------------------------------------------------------------------------

UNESCAPES = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


def uncopy(data):
    """A small reader of PostgreSQL's COPY text format."""
    return [
        [uncopy_value(text) for text in line.split("\t")] for line in data.decode().split("\n")[:-1]
    ]


def uncopy_value(text):
    if text == r"\N":
        return None
    characters = iter(text)
    return "".join(
        UNESCAPES[next(characters)] if character == "\\" else character for character in characters
    )


def test_copy_text_of_common_values():
    data = copy_text([(1, "a", None, datetime(2026, 1, 2, 3, 4, 5), True)], ["x", None]).getvalue()
    assert data == b"1\ta\t\\N\t2026-01-02 03:04:05\tTrue\tx\t\\N\n"


def test_copy_text_tells_null_from_text_that_looks_like_it():
    assert uncopy(copy_text([(None, r"\N", "")]).getvalue()) == [[None, r"\N", ""]]


def test_copy_text_of_nothing_is_empty():
    assert copy_text([], ["x"]).getvalue() == b""


def test_lone_surrogate_does_not_stop_the_load():
    assert copy_text([("a\ud800b",)]).getvalue() == b"a?b\n"


copied = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.sampled_from("\\\t\n\r")
)


@settings(max_examples=500)
@given(st.lists(st.tuples(copied, copied, copied), min_size=1), st.lists(copied, max_size=3))
def test_copy_text_is_read_back(rows, constants):
    assert uncopy(copy_text(rows, constants).getvalue()) == [[*row, *constants] for row in rows]


# --- from file to COPY -----------------------------------------------------------------------------------------------


def test_file_to_copy_text():
    data = (
        "Handy;Vorname;Nachname;Tarif\r\n"
        "0151 12345678;Jörg;Müller;Gold\r\n"
        ";Ohne;Nummer;\r\n"
        '0151 12345679;"Ein ""Spitzname""";Meier;"a\nb\\c"\r\n'
    ).encode("latin-1")
    dialect, rows = open_source(io.BytesIO(data))
    (chunk,) = parse_rows(
        rows, guess_map(dialect.header), ParseOptions("DE", columns=dialect.columns)
    )
    assert without_row(chunk.rejects) == [(3, "phone_1", "", "empty")]
    assert chunk.rejects[0].row == ",Ohne,Nummer,"
    first, second = uncopy(copy_text(chunk.contacts, ["pending"]).getvalue())
    assert (first[0], first[1], first[6], first[7], first[-1]) == (
        "2",
        PHONE,
        "Jörg",
        "Müller",
        "pending",
    )
    assert (second[0], second[6]) == ("4", 'Ein "Spitzname"')
    assert json.loads(second[-2]) == {"business_parameter_1": "a\nb\\c"}
