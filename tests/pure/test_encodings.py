"""What speaks for an encoding, piece by piece (L1); whole lists are in `test_import_encodings`."""

import chardet
import pytest

from ecm_campaign.tools import encodings
from ecm_campaign.tools.encodings import DEFAULT, Guess, canonical, fits, guess


def detect(monkeypatch, encoding, confidence=0.9):
    """Let chardet say so, whatever it reads; what it was given."""
    given = []

    def answer(sample):
        given.append(sample)
        return {"encoding": encoding, "confidence": confidence, "language": None}

    monkeypatch.setattr(chardet, "detect", answer)
    return given


# -- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("windows-1251", "cp1251"),
        ("x-mac-cyrillic", "mac-cyrillic"),
        ("MacRoman", "mac-roman"),
        ("mac_roman", "mac-roman"),
        ("ascii", "cp1252"),
        ("ISO-8859-1", "cp1252"),
        ("latin1", "iso-8859-1"),
        ("ISO-8859-8", "cp1255"),
        ("ISO-8859-9", "cp1254"),
        ("TIS-620", "cp874"),
        ("iso-8859-11", "cp874"),
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        ("CP949", "euc-kr"),
        ("cp932", "shift_jis"),
        ("utf_8", "utf-8"),
        ("UTF-8-SIG", "utf-8-sig"),
        ("rot13", None),
        ("no such codec", None),
        ("", None),
    ],
)
def test_whatever_it_is_called_it_is_one_that_people_can_choose(name, known):
    assert canonical(name) == known


def test_each_that_people_can_choose_has_its_own_name():
    own = [name for name in encodings.KNOWN if name not in ("iso-8859-1",)]
    assert [canonical(name) for name in own] == own


@pytest.mark.parametrize(
    ("sample", "encoding", "expected"),
    [
        ("ü".encode(), "utf-8", True),
        # The last character may be cut.
        ("ü".encode()[:1], "utf-8", True),
        (b"\xfcller", "utf-8", False),
        (b"\x81", "cp1252", False),
        (b"x", "no such codec", False),
    ],
)
def test_a_codec_that_can_read_a_text_fits(sample, encoding, expected):
    assert fits(sample, encoding) is expected


# -- the guess of chardet ---------------------------------------------------------------------------

# Accents in rows of three: no Latin script, and no Arabic.
FOREIGN = b"\xf0\xf1\xf2\xf3 \xf4\xf5\xf6\xf7"


@pytest.mark.parametrize(
    ("encoding", "confidence", "expected"),
    [
        ("KOI8-R", 0.9, "koi8-r"),
        ("KOI8-R", 0.15, "koi8-r"),
        ("KOI8-R", 0.14, DEFAULT),
        ("KOI8-R", None, DEFAULT),
        ("ascii", 0.9, DEFAULT),
        (None, 0.0, DEFAULT),
        ("rot13", 0.9, DEFAULT),
        # It cannot read what it was made from.
        ("utf-8", 0.9, DEFAULT),
    ],
)
def test_what_chardet_says_counts_where_it_can_be(monkeypatch, encoding, confidence, expected):
    detect(monkeypatch, encoding, confidence)
    assert guess(FOREIGN).encoding == expected


def test_a_greek_alpha_that_would_be_a_pilcrow_is_read_right(monkeypatch):
    detect(monkeypatch, "windows-1253")
    assert guess("Άννα Γεωργίου".encode("iso-8859-7")) == Guess("iso-8859-7")
    assert guess("Γεωργίου".encode("cp1253")) == Guess("cp1253")
    # In Russian the same bytes are other letters.
    detect(monkeypatch, "KOI8-R")
    assert guess(b"\xb6\xdc\xdd\xde") == Guess("koi8-r")
    detect(monkeypatch, "windows-1253")
    # A pilcrow that stands by itself is one.
    assert guess("¶ Γεωργίου".encode("cp1253")) == Guess("cp1253")


def test_lines_of_ascii_tell_nothing(monkeypatch):
    given = detect(monkeypatch, "KOI8-R")
    guess(b"phone;name\n1;" + FOREIGN + b"\nplain\n2;" + FOREIGN)
    assert given == [b"1;" + FOREIGN + b"\n2;" + FOREIGN]


def test_so_much_of_a_text_is_enough(monkeypatch):
    given = detect(monkeypatch, "KOI8-R")
    monkeypatch.setattr(encodings, "MAX_GUESSED", 5)
    guess(FOREIGN)
    assert given == [FOREIGN[:5]]


@pytest.mark.parametrize(
    ("sample", "is_sure"),
    [
        # Signs and letters of the west, four fifths of them.
        (b"\x80\x80\x80\x80", True),
        (b"\xdf\xdf\xdf\xdf\xb5", True),
        (b"\xdf\xdf\xdf\xb5", False),
        (b"\xb5\xb5\xb5\xb5", False),
        # Letters of ASCII say nothing.
        (b"stra\xdfe, and a long text", True),
    ],
)
def test_what_nothing_speaks_for_is_no_sure_guess(monkeypatch, sample, is_sure):
    detect(monkeypatch, None)
    monkeypatch.setattr(encodings, "_best_latin", lambda _sample: (DEFAULT, 0.0))
    assert guess(sample) == Guess(DEFAULT, is_sure)


# -- Arabic -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("الا", True),
        ("علي", True),
        # One of seven is too few.
        ("لخدمتكب", False),
        ("لخدمتك", True),
        ("محمد", False),
        ("", False),
        ("plain", False),
    ],
)
def test_arabic_is_known_by_its_most_frequent_letters(text, expected):
    assert encodings._is_arabic(text.encode("cp1256")) is expected


def test_nearly_all_letters_of_an_arabic_text_are_arabic():
    # Of cp1256 it has French letters as well.
    assert encodings._is_arabic(("ال" * 10).encode("cp1256") + b"\xe9")
    assert not encodings._is_arabic(("ال" * 9).encode("cp1256") + b"\xe9")
    # A sign of money is none.
    assert not encodings._is_arabic(("ال" * 9).encode("cp1256") + b"\x80")
    # Nineteen of twenty are enough, of which three are the most frequent ones.
    assert encodings._is_arabic(("ال" * 9 + "ا").encode("cp1256") + b"\xe9")
    assert encodings._is_arabic(("ا" * 3 + "ب" * 17).encode("cp1256"))
    assert not encodings._is_arabic(("ا" * 3 + "ب" * 18).encode("cp1256"))


# -- Latin scripts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (b"M\xfcller", True),
        (b"\xfc\xfc x", True),
        (b"\xfc\xfc\xfc x", False),
        (b"\xfc x \xfc x \xfc\xfc x \xfc\xfc\xfc", True),
        (b"\xfc x \xfc\xfc x \xfc\xfc\xfc", False),
        (b"plain", True),
    ],
)
def test_accents_of_latin_scripts_stand_alone(sample, expected):
    assert encodings._stand_alone(sample) is expected


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("a’b", 1, True),
        ("a“b", 1, False),
        ("“b", 0, True),
        ("b”", 1, True),
        ("a “ b", 2, True),
        ("1½b", 1, True),
        ("ab", 1, False),
        ("xx§yy", 2, False),
        ("1ü2", 1, False),
    ],
)
def test_a_sign_within_a_word_is_a_letter_misread(text, place, expected):
    assert encodings._is_sign(text, place) is expected


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [("aü", 1, True), ("aÜ", 1, False), ("AÜ", 1, True), ("Übel", 0, True), ("aß", 1, False)],
)
def test_a_capital_amid_small_letters_is_misread(text, place, expected):
    assert encodings._belongs(text, place, "üÜ") is expected


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        # What both read alike speaks for neither; what is wrong counts as well.
        ("aü", "aü", (0.0, 1.0)),
        ("aü", "aß", (1.0, 1.0)),
        ("aß", "aü", (0.0, 0.0)),
        ("aüß", "aüé", (0.0, 0.5)),
        ("aü", "ab", (1.0, 1.0)),
        ("ab", "aü", (0.0, 0.0)),
        ("plain", "plain", (0.0, 0.0)),
        ("üüß", "éüé", (0.5, 0.7)),
    ],
)
def test_a_reading_is_judged_by_what_it_reads_otherwise_and_by_all(text, other, expected):
    assert encodings._score(text, other, "ü") == expected


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Müller Jäger", "cp1252"),
        ("Şahin Yıldız Çağlar", "cp1254"),
        ("Dvořák Jiří Růžena", "cp1250"),
        ("Müller Jäger Köln Größe", "cp850"),
        ("Müller Jäger Köln Größe", "mac-roman"),
        ("Dvořák Šárka Žižka Jiří", "iso-8859-2"),
        ("Dvořák Šárka Žižka Jiří", "cp852"),
    ],
)
def test_the_codec_that_makes_letters_of_one_language_is_the_one(text, codec):
    assert encodings._best_latin(text.encode(codec)) == (codec, 1.0)
    assert guess(text.encode(codec)) == Guess(codec)
