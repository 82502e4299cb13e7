"""Encodings that are no Unicode, found out from names of people and from longer texts (I4)."""

import pytest

from ecm_campaign.tools import encodings
from ecm_campaign.tools.contact_file import sniff

GERMAN = "Müller Jäger Köln Größe Özdemir Übel Ärger Weiß Schön Grün Straße Bäcker"
NAMES = {
    "cp1252": [GERMAN, "Peña García Muñoz Núñez", "Hélène Françoise À côté", "Søren Åse Bjørn"],
    "cp850": [GERMAN, "Peña García Muñoz Núñez", "Hélène Françoise Béatrice"],
    "mac-roman": [GERMAN, "Peña García Muñoz Núñez", "Hélène Françoise Béatrice"],
    "cp1250": ["Dvořák Jiří Růžena Novák", "Świątek Żółć Łukasz Wójcik", "Erdős Szűcs Gyűjtő"],
    "iso-8859-2": ["Dvořák Šárka Ťuhýk Žižka Jiří"],
    "cp1254": ["Şahin Yıldız Çağlar Öztürk İbrahim"],
    "cp1251": ["Иванова Анна Петровна Смирнов Сергей Кузнецов"],
    "koi8-r": ["Иванова Анна Петровна Смирнов Сергей Кузнецов"],
    "iso-8859-7": ["Παπαδόπουλος Γεώργιος Ιωάννου Νίκος Άννα Ελένη"],
    "cp1256": ["محمد أحمد علي عبد الله فاطمة الزهراء خالد السيد", "عبد الرحمن الخطيب"],
    "euc-jp": ["山田太郎さんと鈴木一郎さんは東京に住んでいます"],
    "shift_jis": ["山田太郎さんと鈴木一郎さんは東京に住んでいます"],
}
CASES = [(encoding, text) for encoding, texts in NAMES.items() for text in texts]


def file_of(text):
    """A list of contacts with one name in each row."""
    rows = [f"+4915112345{place:03d};{name}" for place, name in enumerate(text.split() * 3)]
    return "phone;name\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(("encoding", "text"), CASES)
def test_names_are_read_as_they_were_written(encoding, text):
    data = file_of(text).encode(encoding)
    dialect = sniff(data)
    assert data.decode(dialect.encoding) == file_of(text), dialect.encoding
    assert dialect.encoding in encodings.KNOWN
    assert dialect.warnings == ()


def test_signs_of_a_western_text_are_no_letters_of_another_alphabet():
    text = file_of("“Anna” O’Brien 50€ – Müller")
    assert sniff(text.encode("cp1252")).encoding == "cp1252"


@pytest.mark.parametrize("name", ["windows-1251", "Windows-1253", "MacRoman", "GB2312", "CP949"])
def test_what_a_detector_calls_it_is_something_that_people_can_choose(name):
    assert encodings.canonical(name) in encodings.KNOWN


def test_bytes_that_do_not_fit_are_told():
    data = file_of("Müller Jäger Grün Weiß").encode() + b"+4915112345678;M\xfcller\n"
    assert sniff(data).encoding == "utf-8"
    assert sniff(data).warnings == ("other_characters",)
    assert sniff(file_of("Müller").encode("cp1252"), encoding="utf-8").warnings == (
        "other_characters",
    )


def test_a_text_that_nothing_explains_is_told_to_be_a_guess():
    data = b"phone;name\n" + b"".join(
        b"+4915112345%03d;\xa4\xa6\x81\xff x\x8f\n" % i for i in range(9)
    )
    assert "unsure_characters" in sniff(data).warnings


def test_of_western_text_nobody_is_warned_of_a_byte_that_means_nothing():
    data = file_of("Müller").encode("cp1252").replace(b"ller", b"l\x81ller")
    assert sniff(data, encoding="cp1252").warnings == ()
