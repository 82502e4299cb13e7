"""Reading a file on from a mark gives the rows that reading it through gives."""

import csv
import gzip
import io
import random

import openpyxl
import pytest

from ecm_campaign.tools import contact_file, sheet_xml
from ecm_campaign.tools.contact_file import Source, describe, open_source, write_copy
from ecm_campaign.tools.pace import Pace

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "gb18030", "shift_jis")
CELLS = ("Anna", "B, C", 'the "big" one', "two\nlines", "", "x" * 300, " ", "30231250")
FOREIGN = {"utf-8": "Zoë", "cp1252": "Öz", "gb18030": "张伟", "shift_jis": "山田"}


def make_text(chance, encoding):
    """A file with quotes, empty lines, every end of line, and quotes that are never closed."""
    end = chance.choice(["\n", "\r\n", "\r"])
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator=end)
    writer.writerow(["phone", "name", "note"])
    foreign = FOREIGN.get(encoding, "Zoë")
    for row in range(chance.randrange(1, 120)):
        name = chance.choice([*CELLS, foreign])
        writer.writerow([f"+4930231{row:05d}", name, chance.choice(CELLS)])
        if chance.random() < 0.05:
            output.write(chance.choice([end, f'+49302312,"never closed{end}']))
    return output.getvalue().encode(encoding)


def read_in_parts(source, dialect, chance):
    """Read some rows, then open the file again at the mark, until there are no more."""
    rows, mark, last = [], None, 0
    while True:
        _dialect, part = open_source(source, dialect, mark)
        wanted = chance.randrange(1, 30)
        for line, row in part:
            if line <= last:
                continue
            rows.append((line, row))
            last = line
            wanted -= 1
            if not wanted:
                break
        else:
            return rows
        mark = part.get_mark()
        part.close()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_text_read_in_parts_is_the_text_read_through(encoding, monkeypatch):
    monkeypatch.setattr(contact_file, "MAX_RECORD_LINES", 6)
    chance = random.Random(encoding)
    for _case in range(25):
        file = io.BytesIO(make_text(chance, encoding))
        dialect = describe(file, encoding=encoding, delimiter=",", quote='"', has_header=True)
        through = list(open_source(file, dialect)[1])
        assert read_in_parts(Source(file), dialect, chance) == through


def test_a_mark_is_never_far_behind_the_last_row():
    file = io.BytesIO(b"phone\n" + b"".join(b"+49302312%04d\n" % n for n in range(5000)))
    _dialect, rows = open_source(file, describe(file))
    for line, _row in rows:
        if line in (2, 1000, 4000):
            assert rows.get_mark() == (6 + 14 * (line - 1), line)


def test_packed_text_is_read_on_in_its_copy():
    chance = random.Random(3)
    packed = io.BytesIO(gzip.compress(make_text(chance, "utf-8")))
    dialect = describe(packed)
    through = list(open_source(packed, dialect)[1])
    copy = io.BytesIO()
    assert write_copy(packed, dialect, copy)
    assert read_in_parts(Source(packed, copy), dialect, chance) == through


def test_text_that_is_not_packed_needs_no_copy():
    file = io.BytesIO(b"phone\n+493023125001\n")
    copy = io.BytesIO()
    assert not write_copy(file, describe(file), copy)
    assert not copy.getvalue()


def make_workbook(chance, write_only):
    """Shared strings or texts in their place, numbers, and rows that are not there."""
    book = openpyxl.Workbook(write_only=write_only)
    sheet = book.create_sheet() if write_only else book.active
    sheet.append(["phone", "name", "count", "note"])
    for row in range(chance.randrange(1, 150)):
        name = chance.choice(["Anna", "Öz", "", "<&>", "line\nbreak"])
        cells = [f"+4930231{row:05d}", name, chance.randrange(100), chance.choice([None, "x"])]
        sheet.append(cells if chance.random() < 0.95 else [])
    file = io.BytesIO()
    book.save(file)
    return file


@pytest.mark.parametrize("write_only", [True, False], ids=["in place", "shared"])
@pytest.mark.parametrize("block", [17, 1 << 16])
def test_a_workbook_read_in_parts_is_the_workbook_read_through(write_only, block, monkeypatch):
    monkeypatch.setattr(sheet_xml, "BLOCK", block)
    chance = random.Random(block)
    for _case in range(8):
        file = make_workbook(chance, write_only)
        dialect = describe(file)
        through = list(open_source(file, dialect)[1])
        copy = io.BytesIO()
        assert write_copy(file, dialect, copy)
        source = Source(file, copy)
        assert list(open_source(source, dialect)[1]) == through
        assert read_in_parts(source, dialect, chance) == through


def test_chunks_grow_as_long_as_they_are_quick():
    pace = Pace(20_000)
    assert pace.rows == 5_000
    pace.note(5_000, 0.1)
    assert pace.rows == 20_000


def test_chunks_shrink_where_the_database_is_slow():
    pace = Pace(20_000)
    pace.note(5_000, 10.0)
    assert pace.rows == 500
    assert pace.has_time_for_another(20.0)
    assert not pace.has_time_for_another(19.0)
