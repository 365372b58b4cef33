import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from overheard.cards import wording
from overheard.domain import Scale

GRADE = Scale("grade", -5, 20, smallest_change=0.5, margin=1.0, reach=5.0, unit="grade")
AT = datetime(2026, 3, 3, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        *((0, "0 %"), (0.001, "under 1 %"), (0.43, "43 %"), (0.998, "over 99 %"), (1, "100 %")),
        *((9 / 24, "38 %"), (9 / 24 - 1e-12, "38 %"), (3 / 24, "13 %")),
    ],
)
def test_percent(rate: float, written: str) -> None:
    """A rate is in whole per cent, halves upwards; only nothing and everything are 0 and 100."""
    assert wording.percent(rate) == written


@pytest.mark.parametrize(
    ("number", "scale", "written"),
    [
        (0.43, Scale.BINARY, "43 %"),
        (0.43, Scale.SHARE, "43 %"),
        (0.42, Scale.POLARITY, "+0.42"),
        (-0.42, Scale.POLARITY, "\N{MINUS SIGN}0.42"),
        (-0.001, Scale.POLARITY, "0.00"),
        (2.34, Scale.RANK, "2.3"),
        (7.21, GRADE, "7.2"),
        (-1.0, GRADE, "\N{MINUS SIGN}1.0"),
    ],
)
def test_value(number: float, scale: Scale, written: str) -> None:
    """A value is written as its scale is read."""
    assert wording.value(number, scale) == written


@pytest.mark.parametrize(
    ("difference", "scale", "written"),
    [
        (0.41, Scale.BINARY, "+41 points"),
        (-0.41, Scale.SHARE, "\N{MINUS SIGN}41 points"),
        (0.01, Scale.BINARY, "+1 point"),
        (0.004, Scale.BINARY, "+0.4 points"),
        (0.0, Scale.BINARY, "0 points"),
        (-0.12, Scale.POLARITY, "\N{MINUS SIGN}0.12"),
        (1.25, Scale.RANK, "+1.2 places"),
        (-1.0, Scale.RANK, "\N{MINUS SIGN}1.0 place"),
        (1.0, GRADE, "+1.0 grade"),
        (-8.0, replace(GRADE, digits=2), "\N{MINUS SIGN}8.00 grades"),
    ],
)
def test_change(difference: float, scale: Scale, written: str) -> None:
    """A change says which way it went, and in what."""
    assert wording.change(difference, scale) == written


def test_intervals() -> None:
    """An interval names its unit once, of a change as of a value."""
    assert wording.interval(0.12, 0.55, Scale.BINARY) == "+12 to +55 points"
    assert wording.interval(-0.3, 0.1, Scale.POLARITY) == "\N{MINUS SIGN}0.30 to +0.10"
    assert wording.interval(-2, -0.5, Scale.RANK) == "\N{MINUS SIGN}2.0 to \N{MINUS SIGN}0.5 places"
    assert wording.value_range(0.35, 0.52, Scale.SHARE) == "35 to 52 %"
    assert wording.value_range(1.5, 2.3, Scale.RANK) == "1.5 to 2.3"
    assert wording.value_range(18.5, 21.3, GRADE) == "18.5 to 20.0"


@pytest.mark.parametrize(
    ("dollars", "written"),
    [
        (None, "unknown"),
        (0, "$0.00"),
        (0.0001, "less than $0.01"),
        (0.0123, "$0.01"),
        (0.5, "$0.50"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money(dollars: float | None, written: str) -> None:
    """Money is never said to be nothing when it is something, nor known when it is not."""
    assert wording.money(dollars) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.42, "0.4 s"),
        (9.97, "10 s"),
        (59.7, "1 min"),
        (80, "1 min 20 s"),
        (7505, "2 h 5 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_duration(seconds: float, written: str) -> None:
    """A length of time is written in its two largest units."""
    assert wording.duration(seconds) == written


def test_counts_and_lists() -> None:
    """What is counted agrees in number, and what is listed reads as a sentence does."""
    assert wording.count(1, "answer") == "1 answer"
    assert wording.count(1234, "reply", "replies") == "1,234 replies"
    assert [wording.listing("abc"[:size]) for size in range(4)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_days_follow_the_reader() -> None:
    """A moment is written in the reader's time zone, which is named."""
    berlin = ZoneInfo("Europe/Berlin")
    assert wording.day(AT, UTC) == "3 Mar 2026"
    assert wording.day(AT, berlin) == "4 Mar 2026"
    assert wording.clock(AT, berlin) == "00:05"
    assert wording.moment(AT, berlin) == "4 Mar 2026, 00:05 CET"


@given(st.text())
def test_printable_commands_nothing(text: str) -> None:
    """Nothing that printable lets through is a control, a format or a broken character."""
    shown = wording.printable(text)
    assert not {unicodedata.category(char) for char in shown.replace("\n", "")} & {"Cc", "Cf", "Cs"}
    assert wording.printable(shown) == shown


def test_printable_shows_what_was_there() -> None:
    """Controls are made visible, what hides is dropped, and letters of all languages stay."""
    assert wording.printable("\x1b[31mred\x9b\x7f") == "␛[31mred\\x9b␡"
    assert wording.printable("a\u202eb\u200bc\ufeff\U000e0041d\u3164") == "abcd"
    assert wording.printable("one\r\ntwo\u2028three\rfour") == "one\ntwo\nthree\nfour"
    assert wording.printable("日本語 naïve 🚀 مرحبا") == "日本語 naïve 🚀 مرحبا"
    assert wording.line(" a\n\tb ") == "a b"


def test_shorten_says_that_it_cut() -> None:
    """Text within its limit stays; longer text ends in an ellipsis at the limit."""
    assert wording.shorten("abc", 3) == "abc"
    assert wording.shorten("abcd", 3) == "ab…"
    assert wording.shorten("Acme fell. It may rise again.", 13) == "Acme fell.…"
    assert wording.shorten("Acme fell far behind Zenith", 20) == "Acme fell far…"
