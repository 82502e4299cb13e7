"""Contact files of every make: encodings, delimiters, quotes, headers, broken rows (L1, L8; bad
input of issue A).
"""

import contextlib
import gzip
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools import contact_file
from ecm_campaign.tools.contact_file import (
    BadRow,
    UnreadableFile,
    open_rows,
    open_source,
    preview,
    sniff,
)
from tests.pure.examples import settings

PHONE = "+4915112345678"
NAMES = ["Müller", "Grün", "Weiß", "Jäger", "Schön", "Özdemir", "Köhler", "André", "Zoë", "Peña"]
TEXT = "phone,name,city\n" + "".join(
    f"+49151123456{i:02d},{name},Köln\n" for i, name in enumerate(NAMES)
)


def rows_of(data, **options):
    """All rows of a file, read as it is found out."""
    data = data if isinstance(data, bytes) else data.encode()
    return list(open_rows(io.BytesIO(data), sniff(data, **options)))


def cells_of(data, **options):
    return [row for _line, row in rows_of(data, **options)]


# --- encoding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "latin-1",
        "cp1252",
    ],
)
def test_encoding_is_found_out(encoding):
    cells = cells_of(TEXT.encode(encoding))
    assert [row[1] for row in cells] == NAMES
    assert cells[0][0] == "+4915112345600"


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        (
            "cp1251",
            [
                "Иванов Сергей Петрович",
                "Смирнова Анна Викторовна",
                "Кузнецов Дмитрий",
                "Попова Елена",
            ],
        ),
        (
            "gb18030",
            [
                "王小明先生住在北京",
                "李华女士住在上海市",
                "张伟先生住在广州市",
                "刘洋女士住在深圳市",
            ],
        ),
    ],
)
def test_encoding_of_other_scripts_is_guessed(encoding, names):
    text = "phone;name\n" + "".join(f"{PHONE};{name}\n" for name in names * 10)
    assert [row[1] for row in cells_of(text.encode(encoding))] == names * 10


def test_byte_order_mark_is_no_part_of_the_first_cell():
    assert sniff(TEXT.encode("utf-8-sig")).header == ("phone", "name", "city")
    assert rows_of(f"{PHONE},a\n{PHONE},b\n".encode("utf-8-sig"), encoding="utf-8")[0] == (
        1,
        [PHONE, "a"],
    )


def test_latin_1_bytes_in_a_utf_8_file_do_not_spoil_it():
    data = TEXT.encode() + f"{PHONE},".encode() + "Möller,Köln\n".encode("latin-1")
    assert sniff(data).encoding == "utf-8"
    assert [row[1] for row in cells_of(data)] == [*NAMES, "Möller"]


def test_latin_1_byte_after_the_sampled_beginning_is_read():
    data = (
        b"phone,name\n"
        + f"{PHONE},Meier\n".encode() * 10_000
        + f"{PHONE},".encode()
        + b"M\xfcller\n"
    )
    dialect = sniff(data[: contact_file.HEAD_SIZE], len(data))
    assert dialect.encoding == "utf-8"
    assert list(open_rows(io.BytesIO(data), dialect))[-1] == (10_002, [PHONE, "Müller"])


def test_character_cut_by_the_end_of_the_sample_is_no_error():
    data = TEXT.encode()
    cut = data.index("ü".encode()) + 1
    assert sniff(data[:cut], len(data)).encoding == "utf-8"


def test_chosen_encoding_is_taken():
    data = "phone,name\n+4915112345678,M\u00fcller\n".encode("cp850")
    assert cells_of(data, encoding="cp850") == [[PHONE, "Müller"]]


def test_unknown_encoding_is_an_error():
    with pytest.raises(UnreadableFile) as caught:
        sniff(b"a,b", encoding="klingon")
    assert caught.value.code == "unknown_encoding"


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04" + bytes(100),
        gzip.compress(TEXT.encode()),
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xd0\xcf\x11\xe0" + bytes(64),
        bytes(range(256)) * 4,
        bytes(500),
    ],
)
def test_what_is_no_text_is_refused(data):
    with pytest.raises(UnreadableFile) as caught:
        sniff(data)
    assert caught.value.code == "unsupported_format"
    assert str(caught.value) == contact_file.ERRORS["unsupported_format"]


# --- delimiter, quotes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", contact_file.DELIMITERS)
def test_delimiter_is_found_out(delimiter):
    data = TEXT.replace(",", delimiter)
    assert sniff(data.encode()).delimiter == delimiter
    assert cells_of(data)[0] == ["+4915112345600", "Müller", "Köln"]


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [
        (f"{PHONE};Müller, Hans;10:30\n{PHONE};Meier, Ute;11:30\n", ";"),
        (f"Müller, Hans;{PHONE};1,50\nMeier, Ute;{PHONE};2,50\n", ";"),
        (f"{PHONE}\tA, B, C\n{PHONE}\tD, E, F\n", "\t"),
        (f'{PHONE},"a;b;c;d"\n{PHONE},"e;f;g;h"\n', ","),
        (f"{PHONE},,,,,Gold\n{PHONE}\n{PHONE},,,,,Silver,x\n", ","),
        (f"Telefon|Name\n{PHONE}|x\n", "|"),
        ("Telefon;Name\n", ";"),
    ],
)
def test_delimiter_is_not_taken_from_the_text_of_a_cell(data, delimiter):
    assert sniff(data.encode()).delimiter == delimiter


def test_wrong_delimiter_is_warned_about_as_one_column():
    assert sniff(TEXT.encode(), delimiter=";").warnings == ("one_column",)
    assert sniff(TEXT.encode()).warnings == ()


def test_file_of_phones_only_has_one_column():
    dialect = sniff(b"+4915112345678\n+4915112345679\n")
    assert (dialect.columns, dialect.warnings, dialect.has_header) == (1, ("one_column",), False)


def test_excel_names_the_delimiter_in_its_first_line():
    data = b'sep=|\r\nphone|name\r\n"+4915112345678"|x,y\r\n'
    assert sniff(data).header == ("phone", "name")
    assert rows_of(data) == [(3, [PHONE, "x,y"])]


def test_quotes_inside_quotes():
    assert cells_of(f'phone,name\n{PHONE},"He said ""hi"", twice"\n') == [
        [PHONE, 'He said "hi", twice']
    ]


def test_single_quotes_are_found_out():
    data = f"'phone','name'\n'{PHONE}','a, b'\n'{PHONE}','c, d'\n"
    assert sniff(data.encode()).quote == "'"
    assert cells_of(data) == [[PHONE, "a, b"], [PHONE, "c, d"]]


def test_line_break_inside_quotes_belongs_to_the_cell():
    assert rows_of(f'phone,note\n{PHONE},"a\nb"\n{PHONE},c\n') == [
        (2, [PHONE, "a\nb"]),
        (4, [PHONE, "c"]),
    ]


@pytest.mark.parametrize("ends", [("\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r")])
def test_every_mixture_of_line_ends(ends):
    lines = ["phone,name", *(f"{PHONE},{i}" for i in range(9))]
    data = "".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    assert rows_of(data) == [(i + 2, [PHONE, str(i)]) for i in range(9)]


def test_last_line_needs_no_end():
    assert cells_of(f"phone,name\n{PHONE},a\n{PHONE},b")[-1] == [PHONE, "b"]


# --- header ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("Telefon,Name", True),
        ("Handy,", True),
        ("Kontakt,Kunde", True),
        (f"{PHONE},Max", False),
        ("abc,", False),
        ("12,Max", False),
        ("a,a", False),
    ],
)
def test_header_is_found_out(first, expected):
    assert sniff(f"{first}\n{PHONE},Gold\n{PHONE},Silver\n".encode()).has_header is expected


def test_header_can_be_chosen():
    data = f"{PHONE},a\n{PHONE},b\n"
    assert len(rows_of(data)) == 2
    assert rows_of(data, has_header=True) == [(2, [PHONE, "b"])]
    assert len(rows_of(TEXT, has_header=False)) == len(NAMES) + 1


def test_thirty_columns():
    data = (
        ",".join(f"column {i}" for i in range(30))
        + "\n"
        + ",".join([PHONE, *map(str, range(29))])
        + "\n"
    )
    assert sniff(data.encode()).columns == 30
    assert len(cells_of(data)[0]) == 30


def test_columns_are_those_of_the_header_or_of_the_widest_row_without_one():
    assert sniff(f"phone,a,b\n{PHONE}\n{PHONE}\n".encode()).columns == 3
    assert sniff(f"phone\n{PHONE},a\n{PHONE},b\n".encode()).columns == 2
    assert sniff(f"{PHONE}\n{PHONE}\n{PHONE},,,,,Gold\n".encode()).columns == 6


# --- nothing to read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\n\n", b" \r\n", b"\xef\xbb\xbf", b"\0\0"])
def test_empty_file_is_a_clear_error(data):
    with pytest.raises(UnreadableFile) as caught:
        sniff(data)
    assert caught.value.code in {"empty_file", "unsupported_format"}


@pytest.mark.parametrize("data", ["phone,name\n", "phone,name\n\n\r\n", "phone,name"])
def test_header_without_rows_is_a_clear_error(data):
    with pytest.raises(UnreadableFile) as caught:
        rows_of(data)
    assert caught.value.code == "no_rows"


# --- broken rows -----------------------------------------------------------------------------------------------------


def test_nul_bytes_are_left_to_the_rows():
    assert cells_of(b"phone,name\n+4915112345678,a\0b\n") == [[PHONE, "a\0b"]]


def test_long_fields_are_read():
    assert cells_of(f"phone,note\n{PHONE},{'x' * 20_000}\n{PHONE},b\n")[0][1] == "x" * 20_000


def test_endless_field_is_an_error_of_its_row_only():
    rows = rows_of(f"phone,note\n{PHONE},a\n{PHONE},{'x' * 140_000}\n{PHONE},b\n")
    assert rows[0] == (2, [PHONE, "a"])
    assert rows[1][0] == 3
    assert rows[1][1].code == "field_too_long"
    assert rows[1][1].value.startswith(PHONE)
    assert rows[2] == (4, [PHONE, "b"])


@pytest.mark.parametrize("following", [3, 60, 500])
def test_unclosed_quote_swallows_no_other_row(following):
    good = "".join(f"{PHONE},{i}\n" for i in range(following))
    rows = rows_of(f'phone,name\n{PHONE},a\n{PHONE},"b\n{good}')
    assert rows[0] == (2, [PHONE, "a"])
    assert rows[1] == (3, BadRow("unclosed_quote", f'{PHONE},"b\n'))
    assert rows[2:] == [(i + 4, [PHONE, str(i)]) for i in range(following)]


def test_endless_line_is_an_error_of_the_file():
    data = f"phone,name\n{PHONE},a\n".encode() + b"x" * (contact_file.MAX_LINE + 1)
    with pytest.raises(UnreadableFile) as caught:
        rows_of(data)
    assert caught.value.code == "line_too_long"


def test_empty_lines_count_only_as_lines():
    assert rows_of(f"phone,name\n\n{PHONE},a\n\n\n{PHONE},b\n") == [
        (3, [PHONE, "a"]),
        (6, [PHONE, "b"]),
    ]


# --- the file as a whole ---------------------------------------------------------------------------------------------


def test_file_stays_open_and_is_read_from_its_beginning():
    file = io.BytesIO(TEXT.encode())
    file.read(7)
    assert len(list(open_rows(file, sniff(TEXT.encode())))) == len(NAMES)
    assert not file.closed


def test_stopping_early_leaves_the_file_open():
    file = io.BytesIO(TEXT.encode())
    rows = open_rows(file, sniff(TEXT.encode()))
    next(rows)
    rows.close()
    assert not file.closed


def test_open_source_finds_everything_out():
    dialect, rows = open_source(io.BytesIO(TEXT.encode("latin-1")))
    assert (dialect.encoding, dialect.delimiter, dialect.header) == (
        "cp1252",
        ",",
        ("phone", "name", "city"),
    )
    assert len(list(rows)) == len(NAMES)


def test_preview_shows_the_first_rows():
    data = TEXT.encode()
    assert preview(data, None, sniff(data), 2) == rows_of(data)[:2]
    assert len(preview(data[:-3], len(data), sniff(data))) == len(NAMES) - 1


def test_memory_does_not_grow_with_the_file():
    class Endless(io.RawIOBase):
        """10 MB that are nowhere at once."""

        left = 10_000_000 // 1000

        def readable(self):
            return True

        def readinto(self, buffer):
            self.left -= 1
            block = b"+4915112345678,Max,Gold\r\n" * 40 if self.left > 0 else b""
            buffer[: len(block)] = block
            return len(block)

    tracemalloc.start()
    count = sum(1 for _row in open_rows(io.BufferedReader(Endless(), 1000), contact_file.Dialect()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 250_000
    assert peak < 1_000_000


@settings(max_examples=300)
@given(
    st.lists(
        st.lists(
            st.text(
                st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"),
                max_size=20,
            ),
            min_size=2,
            max_size=5,
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_what_a_spreadsheet_writes_is_read_back(rows, delimiter, encoding):
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    dialect = contact_file.Dialect(encoding, delimiter)
    data = "\r\n".join(lines).encode(encoding)
    assert [row for _line, row in open_rows(io.BytesIO(data), dialect)] == rows


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(UnreadableFile):
        assert rows_of(data)


# --- what a person would expect (I5, I6, I11, I12) ------------------------------------------------


@pytest.mark.parametrize("separator", ["~", "^"])
def test_excels_first_line_may_name_a_rare_delimiter(separator):
    data = f"sep={separator}\nphone{separator}name\n{PHONE}{separator}x\n"
    assert cells_of(data) == [[PHONE, "x"]]


def test_a_first_line_that_names_no_delimiter_is_told_and_left_out():
    data = f'sep="\nphone;name\n{PHONE};x\n'
    assert sniff(data.encode()).warnings == ("unknown_separator",)
    assert cells_of(data) == [[PHONE, "x"]]


def test_nul_characters_are_no_part_of_a_columns_name():
    assert sniff(f"pho\0ne,na\0me\n{PHONE},x\n".encode()).header == ("phone", "name")


@pytest.mark.parametrize(
    ("closing", "rows"),
    [
        ('72,"Ca"rl"', [(3, ["71", "Bob"]), (4, ["72", 'Carl"']), (5, ["73", "D"])]),
        ('72,Ca"rl', [(3, ["71", "Bob"]), (4, ["72", 'Ca"rl']), (5, ["73", "D"])]),
    ],
)
def test_stray_quotes_swallow_no_rows(closing, rows):
    found = rows_of(f'phone,name\n70,"Anna\n71,Bob\n{closing}\n73,D\n')
    assert found == [(2, BadRow("unclosed_quote", '70,"Anna\n')), *rows]


def test_rows_between_two_quotes_that_look_right_are_rows():
    found = rows_of(f'phone,name\n{PHONE},"Anna\n{PHONE},Bob\n{PHONE},Carl"\n{PHONE},D\n')
    assert found[0] == (2, BadRow("unclosed_quote", f'{PHONE},"Anna\n'))
    assert [line for line, _row in found] == [2, 3, 4, 5]


def test_a_note_of_many_lines_belongs_to_its_contact():
    note = "\n".join(f"line {number}, with a comma" for number in range(120))
    assert cells_of(f'phone,note\n{PHONE},"{note}"\n{PHONE},b\n') == [[PHONE, note], [PHONE, "b"]]


def test_a_blank_before_a_quote_is_no_part_of_the_cell():
    assert cells_of(f'phone, name\n{PHONE}, "Müller, Anna"\n') == [[PHONE, "Müller, Anna"]]


@pytest.mark.parametrize(("first", "is_header"), [("phone,2023", True), ("70,2023", False)])
def test_a_year_may_be_the_name_of_a_column(first, is_header):
    assert sniff(f"{first}\n{PHONE},Gold\n".encode()).has_header is is_header


def test_a_file_of_thousands_of_columns_is_no_list():
    with pytest.raises(UnreadableFile) as caught:
        sniff(f"{PHONE}{',' * 40_000}\n".encode())
    assert caught.value.code == "too_many_columns"


@pytest.mark.parametrize("encoding", [None, "utf-8", "cp1252"])
@pytest.mark.parametrize("start", [b"%PDF-1.7\n", b"\x7fELF\x02\x01", b"\xfd7zXZ\x00\x00"])
def test_what_is_no_list_says_so_whatever_was_chosen(start, encoding):
    with pytest.raises(UnreadableFile) as caught:
        sniff(start + b"some text " * 100, encoding=encoding)
    assert caught.value.code == "unsupported_format"
