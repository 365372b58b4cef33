import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from overheard.cards.card import Action, Card, Field, Image, Quote, Severity, Table, Tainted
from overheard.chat.terminal.console import print_card
from overheard.chat.terminal.execution import RichProgress
from overheard.interfaces import Progress

HOSTILE = Tainted(
    "Buy \x1b[31mred\x1b[0m \x1b]8;;http://evil\x07here\x1b]8;;\x07 [link=http://evil]x[/link] "
    "\u202egnp.exe\u202c zero\u200bwidth \x9b2J\x07\x08\r[/] [bold] 日本語 🚀 @everyone"
)
CARD = Card(
    title="Acme fell at [b]gpt[/b]",
    text="First paragraph.\n\nSecond [red]paragraph[/red].",
    fields=(
        Field("Change", "\N{MINUS SIGN}41 points"),
        Field("Interval", "\N{MINUS SIGN}55 to \N{MINUS SIGN}12 points"),
        Field("Answers", "120 before"),
        Field("Prompt", HOSTILE, wide=True),
    ),
    table=Table(
        ("Prompt", "Before", "After"),
        ((HOSTILE, "84 %", "43 %"), ("short", "100 %", "9 %")),
        frozenset({1, 2}),
    ),
    quotes=(Quote("openai/gpt, 3 Mar", HOSTILE),),
    image=Image(b"png", "Acme: from 84 % to 43 %."),
    actions=(Action("alerts acknowledge 1", "Acknowledge"),),
    severity=Severity.BAD,
    footer="Run 12.",
)


def printed(card: Card, width: int = 80, *, color: bool = False) -> str:
    """Return what a terminal is sent for a card."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        color_system="truecolor" if color else None,
        legacy_windows=False,
        _environ={},
    )
    print_card(card, console)
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_card_keeps_to_the_width(width: int) -> None:
    """No line is wider than the terminal, and the frame is closed on every line."""
    lines = printed(replace(CARD, actions=()), width).splitlines()
    assert {cell_len(line) for line in lines} == {min(width, 100)}
    assert all(line[0] in "╭│╰" and line[-1] in "╮│╯" for line in lines)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_stranger_commands_nothing(width: int) -> None:
    """Without colours no control character is left; what was there can be seen."""
    out = printed(CARD, width)
    assert (
        re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", out)
        == []
    )
    assert "␛[31mred" in out
    assert "zerowidth" in out


def test_colours_are_only_ours() -> None:
    """On a terminal all escapes set colours and weights, and none of them is the stranger's red."""
    out = printed(replace(CARD, severity=Severity.GOOD), color=True)
    assert set(re.findall(r"\x1b(?!\[[0-9;]*m)", out)) == set()
    codes = set(re.findall(r"\x1b\[([0-9;]*)m", out))
    assert codes <= {"0", "1", "2", "3", "32", "36", "1;32"}


def test_nothing_is_markup() -> None:
    """Square brackets are printed as they are, in our words as in a stranger's."""
    out = printed(CARD, 100)
    assert "Acme fell at [b]gpt[/b]" in out
    assert "Second [red]paragraph[/red]." in out
    assert "[link=http://evil]x[/link]" in out


@pytest.mark.parametrize(
    ("severity", "code"),
    [(Severity.PLAIN, "90"), (Severity.GOOD, "32"), (Severity.WARNING, "33"), (Severity.BAD, "31")],
)
def test_the_border_shows_the_severity(severity: Severity, code: str) -> None:
    """A card's border has the colour of its severity."""
    assert printed(Card("T", severity=severity), color=True).startswith(f"\x1b[{code}m╭")


def test_fields_stand_side_by_side() -> None:
    """Short fields share lines, more of them the wider it is; a wide one has its own."""
    narrow, wide = printed(CARD, 60).splitlines(), printed(CARD, 80).splitlines()
    assert any("Change" in line and "Interval" in line for line in narrow)
    assert not any("Interval" in line and "Answers" in line for line in narrow)
    assert any("Interval" in line and "Answers" in line for line in wide)
    assert any(line.strip("│ ") == "Prompt" for line in wide)


def test_tables_are_aligned() -> None:
    """Numbers end below each other, and none of them is cut at any width."""
    for width in (60, 80, 120):
        lines = printed(CARD, width).splitlines()
        ends = [
            line.index(cell) + len(cell)
            for line in lines
            for cell in ("43 %", " 9 %")
            if cell in line
        ]
        assert ends[0] == ends[1]


def test_quotes_are_barred_and_sourced() -> None:
    """Every line of a quote has a bar before it, and its source comes last."""
    quote = Quote("openai/gpt, 3 Mar", Tainted("word " * 40 + "\nend"))
    lines = [line[1:-1].strip() for line in printed(Card("T", quotes=(quote,)), 60).splitlines()]
    barred = [line for line in lines if line.startswith("│ ")]
    assert len(barred) >= 6
    assert barred[-2:] == ["│ end", "│ openai/gpt, 3 Mar"]


def test_a_chart_that_was_not_drawn_is_told_in_words() -> None:
    """A terminal shows the same words either way."""
    out = printed(Card("T", image=Image(b"", "Acme: from 84 % to 43 %.")))
    assert "Picture: Acme: from 84 % to 43 %." in out


def test_buttons_are_commands() -> None:
    """What a button would run is named below the card, three at most, and nothing of its menu."""
    actions = tuple(Action(f"alerts show {n}", f"Show {n}") for n in range(5))
    out = printed(Card("T", actions=(Action("help", "Help", menu=True), *actions)))
    assert out.splitlines()[-3:] == [
        "  Next:  overheard alerts show 0",
        "         overheard alerts show 1",
        "         overheard alerts show 2",
    ]
    assert "Next" not in printed(Card("T", more=(Card("U", actions=actions),)))


def test_the_title_has_a_mark_of_its_severity() -> None:
    """Who sees no colours sees another shape."""
    firsts = [printed(Card("T", severity=severity))[3] for severity in Severity]
    assert firsts == ["T", "\u2713", "!", "\u25cf"]


SHARES = Table(
    ("Brand", "usually", "now"),
    (
        ("HubSpot", "21 of 24", "22 of 24"),
        ("株式会社", "-", "1 of 24"),
        ("Acme", "22 of 24", "8 of 24"),
    ),
    frozenset({1, 2}),
    strong=2,
    caption="Named in answers",
)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_row_that_a_table_is_about_is_bold(width: int) -> None:
    """Numbers are aligned with letters of double width too."""
    out = printed(Card("T", table=SHARES), width)
    lines = [line for line in out.splitlines() if "24" in line]
    assert {cell_len(line) for line in lines} == {width}
    assert "Named in answers" in out


def test_a_table_takes_the_place_of_the_pictures_words() -> None:
    """A picture that shows the table is not told once more."""
    card = Card("T", table=replace(SHARES, pictured=True), image=Image(b"png", "Acme: 8 of 24."))
    assert "Picture" not in printed(card)


def test_a_long_title_is_not_cut() -> None:
    """A title that is too long for the border is shown whole inside it."""
    out = printed(Card("Acme " * 20 + "fell"), 60)
    assert out.count("Acme") == 20
    assert "fell" in out


def progress_on(*, terminal: bool) -> tuple[RichProgress, io.StringIO]:
    """Return a progress, and what it writes."""
    stream = io.StringIO()
    return RichProgress(
        Console(file=stream, width=100, force_terminal=terminal, _environ={})
    ), stream


def work(progress: Progress, total: int) -> None:
    """Do a piece of work, step by step."""
    progress.start("Asking [b]240[/b]\x1b[2J questions", total)
    for _ in range(total):
        progress.advance()
    progress.finish()


def test_progress_in_a_log_is_a_line_now_and_then() -> None:
    """Without a terminal the start and each tenth are plain lines, and nothing moves."""
    progress, stream = progress_on(terminal=False)
    work(progress, 240)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[0] == "Asking [b]240[/b]␛[2J questions: 240 to do"
    assert lines[1].startswith("Asking [b]240[/b]␛[2J questions: 24 of 240 after ")
    assert lines[-1].startswith("Asking [b]240[/b]␛[2J questions: 240 of 240 after ")
    assert "\x1b" not in stream.getvalue()


def test_progress_on_a_terminal_is_a_bar() -> None:
    """On a terminal a bar shows how much of how much is done, and goes when the work ends."""
    progress, stream = progress_on(terminal=True)
    work(progress, 7)
    assert "7/7" in stream.getvalue()
    assert "[b]240[/b]␛[2J" in stream.getvalue()
    assert stream.getvalue().count("\x1b[?25l") == stream.getvalue().count("\x1b[?25h") == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_may_end_early_or_never_begin(terminal: bool) -> None:
    """A new start ends the work before; finishing or advancing without work does nothing."""
    progress, stream = progress_on(terminal=terminal)
    progress.finish()
    progress.advance()
    assert stream.getvalue() == ""
    progress.start("one", 5)
    work(progress, 0)
    progress.finish()
    assert stream.getvalue().count("\x1b[?25l") == stream.getvalue().count("\x1b[?25h")


def test_a_table_that_has_no_room_is_told_row_by_row() -> None:
    """No number is ever cut: where columns do not fit, each number has its own line."""
    header = ("Brand", "Visibility", "Share of voice", "Position")
    rows = (("Acme", "61 % (45 to 75 %)", "48 %", "1.2"), ("Zeta", "5 % (1 to 9 %)", "52 %", "2.0"))
    card = Card("Standing", table=Table(header, rows, frozenset({1, 2, 3})))

    for width in (40, 60, 80):
        text = printed(card, width)
        for cell in (*rows[0], *rows[1]):
            assert cell in text
    assert "Share of voice: 48 %" in printed(card, 40)
    assert "Share of voice: 48 %" not in printed(card, 80)


def test_words_of_a_narrow_table_are_whole() -> None:
    """Where texts share what room there is, no word of them is cut, such as a key to type."""
    keys = ("2026-11-29T03:42:13Z-0845", "2026-11-29T03:41:37Z-ec8f")
    rows = tuple((key, "29 Nov 2026, 03:42 UTC", "complete", "7", "terminal") for key in keys)
    header = ("Run", "Begun", "State", "Questions", "Asked by")
    for width in range(50, 100, 7):
        text = printed(Card("Checks", table=Table(header, rows, frozenset({3}))), width)
        assert "…" not in text
        assert all(text.count(key) == 1 for key in keys)
        assert text.count("terminal") == 2
