"""Messages in parts, and what replies mean."""

import pytest

from ecm_sms.tools.keywords import Request, Words, find_request, fold
from ecm_sms.tools.segments import measure

STOP, ARRET, WAQF = Request("stop", "en"), Request("stop", "fr"), Request("stop", "ar")
WORDS = Words(
    short={"end": STOP, "start": Request("start", "en"), "help": Request("help", "en")},
    first={"stop": STOP, "arret": ARRET, "توقف": WAQF},
    anywhere={"leave me alone": STOP},
)


@pytest.mark.parametrize(
    ("text", "is_unicode", "size", "parts"),
    [
        ("", False, 0, 0),
        ("a" * 160, False, 160, 1),
        ("a" * 161, False, 161, 2),
        ("a" * 306, False, 306, 2),
        ("a" * 307, False, 307, 3),
        ("€" * 80, False, 160, 1),
        ("Grüße, Ñandú @ 5 £", True, 18, 1),
        ("Grüße @ 5 £", False, 11, 1),
        ("é" * 160, False, 160, 1),
        ("ê" * 70, True, 70, 1),
        ("ê" * 71, True, 71, 2),
        ("😀" * 35, True, 70, 1),
        ("😀" * 36, True, 72, 2),
        ("مرحبا", True, 5, 1),
    ],
)
def test_parts_of_a_text(text, is_unicode, size, parts):
    length = measure(text)
    assert (length.is_unicode, length.size, length.parts) == (is_unicode, size, parts)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", 160),
        ("abc", 157),
        ("ê", 69),
        ("a" * 160, 0),
        ("a" * 161, 145),
        ("\uffff", 69),
        ("\U00010000", 68),
    ],
)
def test_how_much_fits_until_the_next_part(text, left):
    assert measure(text).left == left


def test_words_that_count_as_the_first_need_not_be_told():
    end = Request("stop", "en")
    assert find_request("end", Words({"end": end})) == end


def test_a_pair_is_never_cut_in_two():
    # 152 letters and a sign that takes two places: the sign begins the second part.
    length = measure("a" * 152 + "€" + "a" * 152)
    assert (length.size, length.parts, length.left) == (306, 3, 152)


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("STOP", "stop"),
        (" stop! ", "stop"),
        ("Stop please", "stop"),
        ("please stop", "stop"),
        ("STOP sending me this rubbish now", "stop"),
        ("nonstop", None),
        ("non-stop", None),
        ("End", "stop"),
        ("End of the month is fine, thank you", None),
        ("non-stop flights are great, thanks", None),
        ("Please do not stop, it is great", None),
        ("Arrêt", "stop"),
        ("توقف", "stop"),
        ("start", "start"),
        ("start stop", "stop"),
        ("Help?", "help"),
        ("", None),
        ("say the end", "stop"),
        ("say the end now", None),
        ("😀", None),
        ("x" * 1600, None),
        ("leave me alone, will you kindly please", "stop"),
        ("I never want another message from you", None),
    ],
)
def test_what_a_reply_asks_for(reply, action):
    request = find_request(reply, WORDS)
    assert (request and request.action) == action


def test_it_is_answered_in_the_language_of_the_word():
    assert find_request("Arrêt!", WORDS) == ARRET
    assert find_request("توقف", WORDS) == WAQF
    assert find_request("start, arrêt", WORDS) == ARRET


def test_words_are_compared_without_marks_and_accents():
    assert fold("  ARRÊT... s'il vous  plaît ") == "arret s il vous plait"
