"""Which eight-bit encoding a text has that is no Unicode (L1).

Guessed in three ways. Latin scripts are told by their languages: the right codec is the one whose
reading of the bytes is made of the letters of one language. Arabic is told by its two most frequent
letters. All others are the guess of chardet. What comes out is always one of `KNOWN`, which is what
people can choose from.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import chardet

KNOWN = (
    "utf-8",
    "utf-8-sig",
    "cp1252",
    "iso-8859-1",
    "iso-8859-15",
    "cp850",
    "mac-roman",
    "cp1250",
    "iso-8859-2",
    "cp852",
    "cp1251",
    "koi8-r",
    "cp866",
    "iso-8859-5",
    "mac-cyrillic",
    "cp1253",
    "iso-8859-7",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp874",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "gb18030",
    "big5",
    "shift_jis",
    "euc-jp",
    "iso-2022-jp",
    "euc-kr",
)
DEFAULT = "cp1252"
MIN_CONFIDENCE = 0.15
MAX_GUESSED = 20_000

# What is read by a codec that knows more: what was written by one of these is read right by it.
_WIDER = {
    "ascii": DEFAULT,
    "iso-8859-1": DEFAULT,
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp949": "euc-kr",
    "cp932": "shift_jis",
    "iso-8859-8": "cp1255",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
}
_WESTERN = (
    "äöüß",
    "éèêëàâçîïôùûüœæ",
    "ñáéíóúü¿¡ºª",
    "ãõáâàéêíóôúç",
    "åäöøæé",
    "àèéìòù",
    "þðæöáéíóúý",
)
_CENTRAL = (
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýž",
    "áäčďéíĺľňóôŕšťúýž",
    "áéíóöőúüű",
    "čćđšž",
    "ăâîşţ",
)
# By codec the letters of the languages that are written in it; of equals the first one counts.
_LANGUAGES = {
    "cp1254": ("çğıöşüâîûİ",),
    "cp1250": _CENTRAL,
    "cp850": _WESTERN,
    "mac-roman": _WESTERN,
    "iso-8859-2": _CENTRAL,
    "cp852": _CENTRAL,
}
# Signs that stand in texts of every language.
_NEUTRAL = frozenset("\xa0€§°´«»–—‘’“”„…·²³½¼¾×®©")
_LETTERS_OF_ALL = frozenset("".join(_WESTERN))
# Alef and lam, a quarter of all that is written in Arabic, as cp1256 has them.
_ARABIC_FREQUENT = (0xC7, 0xE1)
_MISREAD_ALPHA = re.compile(rb"\xb6[\xdc-\xfe]")
_ARABIC = re.compile("[\u0621-\u0652\u060c\u061b\u061f\u0660-\u0669\xa0]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A codec of `KNOWN`; ``is_sure`` is False where nothing spoke for it."""

    encoding: str
    is_sure: bool = True


def guess(head: bytes) -> Guess:
    """:param head: the beginning of a text that is neither ASCII nor Unicode"""
    # Lines of ASCII tell nothing, and would drown those that do.
    telling = [line for line in head.splitlines() if not line.isascii()]
    sample = b"\n".join(telling)[:MAX_GUESSED]
    if _is_arabic(sample):
        return Guess("cp1256")
    latin, share = _best_latin(sample)
    if share >= 0.8 and _stand_alone(sample):
        return Guess(latin)
    return _guess_by_chardet(sample) or Guess(DEFAULT, is_sure=_is_plausible(sample))


def canonical(name: str) -> str | None:
    """The name in `KNOWN` of a codec, whatever it is called; None for one that nobody can choose.

    >>> canonical("windows-1251"), canonical("MacRoman"), canonical("EUC-JP"), canonical("rot13")
    ('cp1251', 'mac-roman', 'euc-jp', None)
    """
    name = name.lower()
    # Python calls Apple's alphabets otherwise than chardet does.
    name = re.sub("^(x-)?mac[-_]?", "mac-", name)
    name = _WIDER.get(name, name)
    return _BY_CODEC.get(_codec(name))


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


_BY_CODEC = {_codec(name): name for name in reversed(KNOWN)}


def _guess_by_chardet(sample: bytes) -> Guess | None:
    """:return: None where it knows nothing better than the default"""
    found = chardet.detect(sample)
    name = canonical(found["encoding"] or "ascii")
    is_likely = (found["confidence"] or 0) >= MIN_CONFIDENCE
    # The guess may be a codec that cannot read what it was made from.
    if name is None or name == DEFAULT or not is_likely or not fits(sample, name):
        return None
    # The two Greek ones differ by an accented alpha, which the other one reads as a pilcrow.
    if name == "cp1253" and _MISREAD_ALPHA.search(sample):
        return Guess("iso-8859-7")
    return Guess(name)


def fits(sample: bytes, encoding: str) -> bool:
    """Whether a codec can read a text, of which the last character may be cut."""
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except (LookupError, UnicodeDecodeError):
        return False
    return True


def _stand_alone(sample: bytes) -> bool:
    """Whether accents stand among ASCII letters, as they do in Latin scripts only."""
    runs = list(map(len, re.findall(rb"[\x80-\xff]+", sample)))
    short = runs.count(1) + runs.count(2)
    return short >= 0.75 * len(runs)


def _is_plausible(sample: bytes) -> bool:
    text = sample.decode(DEFAULT, "replace")
    special = [letter for letter in text if not letter.isascii()]
    known = [letter for letter in special if letter.lower() in _LETTERS_OF_ALL | _NEUTRAL]
    return len(known) >= 0.8 * len(special)


def _is_arabic(sample: bytes) -> bool:
    special = [byte for byte in sample if byte >= 0x80]
    frequent = sum(map(special.count, _ARABIC_FREQUENT))
    if not special or frequent < 0.15 * len(special):
        return False
    letters = _ARABIC.findall(bytes(special).decode("cp1256"))
    return len(letters) >= 0.95 * len(special)


def _best_latin(sample: bytes) -> tuple[str, float]:
    """The Latin codec that reads the text best, and the share of characters that it explains.

    Each one is held against `DEFAULT` by what the two read differently, and only then by all of it:
    most letters are the same in several of them.
    """
    usual = sample.decode(DEFAULT, "replace")
    best = DEFAULT
    best_share = max(_score(usual, usual, language)[1] for language in _WESTERN)
    for codec, languages in _LANGUAGES.items():
        text = sample.decode(codec, "replace")
        own = max(_score(text, usual, language) for language in languages)
        other = max(_score(usual, text, language) for language in _WESTERN)
        is_better = best == DEFAULT or own[1] > best_share
        if own > other and is_better:
            best, best_share = codec, own[1]
    return best, best_share


def _score(text: str, other: str, language: str) -> tuple[float, float]:
    """Which share of the special characters is of a language: of those that another reading has
    otherwise, and of all.
    """
    alphabet = language + language.upper()
    differing: list[bool] = []
    every: list[bool] = []
    for place, letter in enumerate(text):
        if letter.isascii() and other[place].isascii():
            continue
        is_right = _is_sign(text, place) or _belongs(text, place, alphabet)
        every.append(is_right)
        if letter != other[place]:
            differing.append(is_right)
    return _share(differing), _share(every)


def _belongs(text: str, place: int, alphabet: str) -> bool:
    """Whether a letter is one of an alphabet: a capital amid small letters is one misread."""
    letter = text[place]
    if letter not in alphabet:
        return False
    before = text[max(0, place - 1)]
    return not (letter.isupper() and before.islower())


def _is_sign(text: str, place: int) -> bool:
    """Whether a character is a sign of every language: within a word it is a letter misread."""
    if text[place] not in _NEUTRAL:
        return False
    around = text[max(0, place - 1) : place + 2]
    return text[place] == "’" or sum(map(str.isalpha, around)) < 2


def _share(judged: list[bool]) -> float:
    """Which part of them is right."""
    return round(sum(judged) / len(judged), 1) if judged else 0.0
