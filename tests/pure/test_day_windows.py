"""Windows of a day as people write them (C4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools.day_windows import parse_windows, write_week, write_windows
from tests.pure.examples import settings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("09:00–20:00", "09:00–20:00"),
        ("10-13, 14-20", "10:00–13:00, 14:00–20:00"),
        ("14 - 20; 10-13", "10:00–13:00, 14:00–20:00"),
        ("9.30-18h00", "09:30–18:00"),
        ("9:59-10", "09:59–10:00"),
        ("9am to 9pm", "09:00–21:00"),
        ("1am-1pm", "01:00–13:00"),
        ("12am-12pm", "00:00–12:00"),
        ("0-24", "00:00–24:00"),
        ("22-0", "22:00–24:00"),
        ("22-2", "22:00–02:00"),
        ("9-13 and 12-15", "09:00–15:00"),
        ("9-13, 13-15", "09:00–15:00"),
        ("20-4, 22-6", "20:00–06:00"),
        ("", ""),
        (None, ""),
        (" , ", ""),
    ],
)
def test_what_people_write_is_understood(text, shown):
    assert write_windows(parse_windows(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "9",
        "9-",
        "25-26",
        "9:60-11",
        "9:75-11",
        "23-24:01",
        "9-9",
        "24-2",
        "13pm-14",
        "0am-3",
        "morning",
        "9-10-11",
    ],
)
def test_what_is_no_window_is_named(text):
    with pytest.raises(ValueError, match=text):
        parse_windows(f"8-9, {text}")


MINUTES = st.integers(0, 1439)
WINDOW = st.tuples(MINUTES, st.integers(1, 1440)).filter(lambda pair: pair[0] != pair[1])


def minutes_of(windows):
    """Minutes of two days that windows of the first hold."""
    held = set()
    for start, end in windows:
        stop = end if end > start else end + 1440
        held.update(range(start, stop))
    return held


@settings(max_examples=300)
@given(st.lists(WINDOW, max_size=4))
def test_reading_what_was_written_gives_the_same_minutes(windows):
    """Against the minutes themselves, and a second time nothing changes."""
    text = ", ".join(write_windows([window]) for window in windows)
    parsed = parse_windows(text)
    held = minutes_of(windows)
    assert minutes_of(parsed) == held
    assert parse_windows(write_windows(parsed)) == parsed
    assert list(parsed) == sorted(parsed)


def test_halves_of_a_day_are_the_whole():
    assert parse_windows("0-12, 12-24") == ((0, 1440),)
    assert parse_windows("12-24, 0-12, 6-18") == ((0, 1440),)


def test_a_window_never_ends_as_it_begins():
    """Both together are a day that begins at ten: no one window can say it."""
    assert parse_windows("10-24, 22-10") == ((600, 1440), (1320, 600))


def test_a_week_has_a_text_for_each_day():
    with pytest.raises(ValueError, match="longer"):
        write_week(["9–20"], ["Mon", "Tue"])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["9–20"] * 5 + ["", ""], "Mon–Fri 9–20"),
        (["9–20"] * 5 + ["closed", "closed"], "Mon–Fri 9–20; Sat–Sun closed"),
        (["9–20", "", "9–20", "", "", "", "9–13"], "Mon 9–20; Wed 9–20; Sun 9–13"),
        (["a", "b", "b", "a", "a", "a", "b"], "Mon a; Tue–Wed b; Thu–Sat a; Sun b"),
        ([""] * 7, ""),
    ],
)
def test_neighbours_that_are_alike_stand_together(texts, expected):
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert write_week(texts, names) == expected
