"""What a file is by its content, however it is packed, and how much of it is unpacked (L1)."""

import gzip
import io
import zipfile

import pytest

from ecm_campaign.tools import packed_file
from ecm_campaign.tools.contact_file import UnreadableFile
from ecm_campaign.tools.packed_file import TEXT, WORKBOOK, open_archive, resolve, size_of

CSV = b"phone;name\n+4915112345678;Max\n"
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1"


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


BOOK = zipped(("[Content_Types].xml", "<a/>"), ("xl/workbook.xml", "<a/>"))


def content_of(data):
    kind, stream = resolve(io.BytesIO(data))
    # A workbook is read from wherever its parts are.
    if kind == WORKBOOK:
        stream.seek(0)
    return kind, stream.read()


def error_of(data):
    with pytest.raises(UnreadableFile) as caught:
        content_of(data)
    return caught.value.code


def declare(data, **values):
    """An archive whose first member says something else of itself, wherever it says it."""
    changed = bytearray(data)
    for magic, places in ((b"PK\x03\x04", {"flags": 6, "method": 8}),
                          (b"PK\x01\x02", {"flags": 8, "method": 10})):  # fmt: skip
        start = data.index(magic)
        for name, value in values.items():
            place = start + places[name]
            changed[place : place + 2] = value.to_bytes(2, "little")
    return bytes(changed)


# -- kinds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind", "content"),
    [
        (CSV, TEXT, CSV),
        (b"", TEXT, b""),
        (b"PK\n", TEXT, b"PK\n"),
        (gzip.compress(CSV), TEXT, CSV),
        (zipped(("a.csv", CSV)), TEXT, CSV),
        (zipped(("a.csv", CSV), method=zipfile.ZIP_STORED), TEXT, CSV),
        (BOOK, WORKBOOK, BOOK),
        (gzip.compress(BOOK), WORKBOOK, BOOK),
        (zipped(("a.xlsx", BOOK)), WORKBOOK, BOOK),
        (zipped(("a.csv.gz", gzip.compress(CSV))), TEXT, CSV),
        (zipped(("a.xlsx.gz", gzip.compress(BOOK))), WORKBOOK, BOOK),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_file_holds(data, kind, content):
    assert content_of(data) == (kind, content)


def test_a_file_is_read_from_its_beginning():
    file = io.BytesIO(CSV)
    file.read()
    kind, stream = resolve(file)
    assert (kind, stream is file, stream.read()) == (TEXT, True, CSV)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (OLD, "old_spreadsheet"),
        (gzip.compress(OLD), "old_spreadsheet"),
        (zipped(("a.xls", OLD)), "old_spreadsheet"),
        (gzip.compress(CSV)[:-9], "damaged"),
        (b"\x1f\x8bnot packed at all", "damaged"),
        (zipped(("a.csv", CSV))[:-30], "damaged"),
        (b"PK\x03\x04 cut off", "damaged"),
        (declare(zipped(("a.csv", CSV)), flags=1), "encrypted"),
        (declare(zipped(("a.csv", CSV)), method=12), "unsupported_format"),
        (zipped(), "empty_file"),
        (zipped(("a.csv", CSV), ("b.csv", CSV)), "several_files"),
        (zipped(("a.dat", CSV), ("b.dat", CSV)), "several_files"),
        (zipped(("mimetype", "application/vnd.oasis")), "unsupported_format"),
        (zipped(("[Content_Types].xml", ""), ("word/document.xml", "")), "unsupported_format"),
        # Packed once more than anybody does.
        (gzip.compress(zipped(("a.csv", CSV))), "unsupported_format"),
        (zipped(("a.zip", zipped(("a.csv", CSV)))), "unsupported_format"),
        (gzip.compress(gzip.compress(gzip.compress(CSV))), "unsupported_format"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_list_of_contacts_is_refused(data, code):
    assert error_of(data) == code


def test_flags_that_are_no_password_are_none():
    assert content_of(declare(zipped(("a.csv", CSV)), flags=2)) == (TEXT, CSV)


# -- what an archive holds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "others",
    [
        [("readme.pdf", b"x"), ("logo.png", b"x")],
        [(".DS_Store", b"x"), ("sub/.hidden.csv", b"x")],
        [("Thumbs.db", b"x"), ("desktop.ini", b"x"), ("sub/THUMBS.DB", b"x")],
        [("__MACOSX/a.csv", b"x"), ("__MACOSX/sub/._a.csv", b"x")],
        [("sub/", b""), ("sub.csv/", b"")],
    ],
)
def test_what_else_an_archive_holds_is_passed_over(others):
    assert content_of(zipped(*others, ("sub/Night.CSV", CSV))) == (TEXT, CSV)
    # Whatever the one file is called.
    others = [(name, content) for name, content in others if name not in ("readme.pdf", "logo.png")]
    assert content_of(zipped(("night", CSV), *others)) == (TEXT, CSV)


@pytest.mark.parametrize("name", ["a.csv", "a.TXT", "a.tsv", "b/a.xlsx", "a.xlsm"])
def test_a_file_with_contacts_is_known_by_its_name(name):
    assert content_of(zipped(("note.md", b"x"), (name, CSV))) == (TEXT, CSV)


# -- how much ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zipped(("a.csv", text))])
def test_up_to_what_is_free_anything_unpacks(monkeypatch, pack):
    text = b"0" * 300_000
    monkeypatch.setattr(packed_file, "FREE", len(text))
    monkeypatch.setattr(packed_file, "MAX_RATIO", 1)
    assert content_of(pack(text)) == (TEXT, text)
    monkeypatch.setattr(packed_file, "FREE", len(text) - 1)
    assert error_of(pack(text)) == "unpacked_too_large"


def test_beyond_that_a_member_may_be_packed_so_well(monkeypatch):
    text = b"0" * 300_000
    data = zipped(("a.csv", text))
    size = zipfile.ZipFile(io.BytesIO(data)).infolist()[0].compress_size
    monkeypatch.setattr(packed_file, "FREE", 1000)
    monkeypatch.setattr(packed_file, "MAX_RATIO", len(text) // size + 1)
    assert content_of(data) == (TEXT, text)
    monkeypatch.setattr(packed_file, "MAX_RATIO", len(text) // size)
    assert error_of(data) == "unpacked_too_large"
    # What is packed within is measured by its archive.
    monkeypatch.setattr(packed_file, "MAX_RATIO", 2)
    assert error_of(zipped(("a.gz", gzip.compress(text)))) == "unpacked_too_large"


def test_no_list_is_larger_than_so_much(monkeypatch):
    monkeypatch.setattr(packed_file, "MAX_UNPACKED", 1000)
    assert content_of(gzip.compress(b"0" * 1000)) == (TEXT, b"0" * 1000)
    assert error_of(gzip.compress(b"0" * 1001)) == "unpacked_too_large"


def test_a_stream_is_unpacked_as_it_is_read(monkeypatch):
    monkeypatch.setattr(packed_file, "FREE", 500_000)
    monkeypatch.setattr(packed_file, "MAX_RATIO", 1)
    _kind, stream = resolve(io.BytesIO(gzip.compress(b"0" * 1_000_000)))
    assert stream.read(100_000) == b"0" * 100_000
    with pytest.raises(UnreadableFile, match="far larger"):
        stream.read()


def test_a_workbook_within_an_archive_may_be_read_from_anywhere(monkeypatch):
    # More than is held in memory.
    monkeypatch.setattr(packed_file, "MEMORY", 10)
    _kind, stream = resolve(io.BytesIO(zipped(("a.xlsx", BOOK))))
    assert (size_of(stream), stream.read()) == (len(BOOK), BOOK)
    assert open_archive(stream).namelist() == ["[Content_Types].xml", "xl/workbook.xml"]


def test_the_size_of_a_file_leaves_it_at_its_beginning():
    file = io.BytesIO(CSV)
    file.read(5)
    assert (size_of(file), file.tell()) == (len(CSV), 0)
