"""Renders example cards and charts into a folder, for people to look at.

Usage: ``python bench/gallery.py FOLDER``. Cards become SVG at three widths, charts PNG with their
words next to them. The figures are invented.
"""

from __future__ import annotations

import argparse
import io
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from overheard.cards import wording
from overheard.cards.card import Card, Field, Image, Quote, Severity, Table, Tainted
from overheard.cards.charts.style import Theme
from overheard.cards.charts.svg import png
from overheard.cards.charts.trend import Chart, Mark, Series, alt_text, drawing
from overheard.chat.terminal.console import print_card
from overheard.domain import Scale

START = datetime(2026, 2, 2, 6, tzinfo=UTC)
WEEK = timedelta(days=7)
CAPTION = "Share of answers that mention the brand, with 90 % intervals."
HOSTILE = "\x1b[31mred\x1b[0m, [bold]markup[/bold], \u202ebackwards\u202c, @everyone and $x^2$"


def series(
    label: str,
    *levels: tuple[float, int],
    every: timedelta = WEEK,
    half: float = 0.08,
    emphasis: bool = False,
) -> Series:
    """Return a line that wanders around each level for so many runs."""
    chance = random.Random(label)
    means = [chance.gauss(level, half / 3) for level, runs in levels for _ in range(runs)]
    points = ((START + every * i, mean, mean - half, mean + half) for i, mean in enumerate(means))
    return Series(label, tuple(points), emphasis)


def charts() -> dict[str, Chart]:
    """Return the examples by name."""
    minutes, days = timedelta(minutes=4), timedelta(days=1)
    update = Mark(START + WEEK * 6.5, "gpt-5.2 served")
    return {
        "shift": Chart(
            "Visibility of Acme at openai/gpt-5",
            Scale.BINARY,
            (
                series("Acme", (0.84, 7), (0.43, 6), emphasis=True),
                series("Globex", (0.55, 13)),
                series("Initech", (0.48, 13)),
                series("Umbrella Analytics International", (0.2, 13)),
            ),
            (update,),
            CAPTION,
        ),
        "minutes": Chart(
            "Visibility of Acme at local/smollm2",
            Scale.BINARY,
            (
                series("Acme", (0.8, 3), (0.35, 2), every=minutes, emphasis=True),
                series("Globex", (0.41, 5), every=minutes),
                series("Initech", (0.42, 5), every=minutes),
            ),
            (Mark(START + minutes * 2.5, "weights replaced"),),
            CAPTION,
            ZoneInfo("Europe/Berlin"),
        ),
        "sentiment": Chart(
            "Sentiment towards Acme",
            Scale.POLARITY,
            (series("Acme", (0.4, 5), (-0.1, 4), emphasis=True), series("Globex", (0.3, 9))),
        ),
        "position": Chart(
            "Position of Acme",
            Scale.RANK,
            (
                series("Acme", (3.2, 8), (1.6, 8), half=0.4, emphasis=True),
                series("Globex", (1.9, 16), half=0.4),
            ),
            caption="1 is the first place.",
        ),
        "single-run": Chart(
            "Visibility of Acme, first run",
            Scale.BINARY,
            (series("Acme", (0.6, 1), emphasis=True), series("Globex", (0.4, 1))),
        ),
        "crowd": Chart(
            "Share of voice",
            Scale.SHARE,
            tuple(
                series(f"Brand {n}", (0.05 + n / 50, 60), every=days, half=0.03, emphasis=n == 3)
                for n in range(14)
            ),
        ),
        "years": Chart(
            "Visibility of Acme over three years",
            Scale.BINARY,
            (series("Acme", (0.5, 36), every=timedelta(days=30), emphasis=True),),
            tuple(Mark(START + timedelta(days=110 * n), f"update {n + 1}") for n in range(9)),
        ),
        "names": Chart(
            "Names as they come: $A_1$, 株式会社",
            Scale.BINARY,
            tuple(
                series(name, (0.2 + n / 10, 6), emphasis=n == 0)
                for n, name in enumerate(
                    ("$A_1$", "株式会社テスト", "Rocket 🚀 Co", "مرحبا", "W" * 60)
                )
            ),
        ),
        "empty": Chart("Visibility of Acme", Scale.BINARY, ()),
    }


def cards(shift: Image) -> dict[str, Card]:
    """Return the examples by name."""
    alert = Card(
        title="Acme lost visibility at openai/gpt-5",
        text="openai/gpt-5 names Acme in 43 % of answers, down from 84 %.\n\n"
        "The change came with the update that was served first on 18 March.",
        fields=(
            Field("Change", wording.change(-0.41, Scale.BINARY)),
            Field("90 % interval", wording.interval(-0.55, -0.27, Scale.BINARY)),
            Field("Probability", wording.percent(0.9999)),
            Field("Rests on", "120 answers before, 60 after"),
            Field("Moved most", Tainted("Which project tool suits a small team?"), wide=True),
        ),
        table=Table(
            ("Prompt", "Before", "After", "Change"),
            (
                (
                    Tainted("Which project tool suits a small team?"),
                    "95 %",
                    "20 %",
                    f"{wording.MINUS}75 points",
                ),
                (
                    Tainted("Best alternatives to Globex for agencies?"),
                    "80 %",
                    "45 %",
                    f"{wording.MINUS}35 points",
                ),
                (
                    Tainted("What do engineers use to plan sprints?"),
                    "77 %",
                    "64 %",
                    f"{wording.MINUS}13 points",
                ),
            ),
            frozenset({1, 2, 3}),
        ),
        quotes=(
            Quote("openai/gpt-5, 3 Mar 2026", Tainted("Acme is a fine choice for small teams.")),
            Quote("openai/gpt-5, 24 Mar 2026", Tainted("Most small teams now start with Globex.")),
        ),
        image=shift,
        severity=Severity.BAD,
        footer="Run 14, 24 Mar 2026, 06:00 UTC",
    )
    check = Card(
        title="Checked Acme",
        fields=(
            Field("Answers", wording.count(240, "answer")),
            Field("Took", wording.duration(80)),
            Field("Cost", wording.money(0.0123)),
        ),
        severity=Severity.GOOD,
        more=(alert,),
    )
    hostile = Card(
        title=f"Strangers' words: {HOSTILE}",
        text=Tainted(HOSTILE),
        fields=(Field("Field", Tainted(HOSTILE)), Field("Wide", Tainted(HOSTILE), wide=True)),
        table=Table(("A", "B"), ((Tainted(HOSTILE), "1"),), frozenset({1})),
        quotes=(Quote("somebody", Tainted(HOSTILE)),),
        severity=Severity.WARNING,
    )
    return {"alert": alert, "check": check, "hostile": hostile, "plain": Card("Nothing to report")}


def save_charts(folder: Path, examples: dict[str, Chart]) -> Iterable[Path]:
    """Write each chart as a picture and its text for screen readers; yield the pictures' paths."""
    for name, chart in examples.items():
        picture = folder / f"chart-{name}.png"
        picture.write_bytes(png(drawing(chart), Theme.LIGHT))
        picture.with_suffix(".txt").write_text(alt_text(chart) + "\n", encoding="utf-8")
        yield picture


def save_cards(folder: Path, examples: dict[str, Card]) -> Iterable[Path]:
    """Write each card as a terminal of 60, 80 and 120 columns shows it; yield the paths."""
    for name, card in examples.items():
        for width in (60, 80, 120):
            console = Console(
                record=True, width=width, file=io.StringIO(), color_system="truecolor"
            )
            print_card(card, console, image_path="chart-shift.png" if card.image else "")
            path = folder / f"card-{name}-{width}.svg"
            console.save_svg(str(path), title=f"overheard, {width} columns", unique_id=path.stem)
            yield path


def main() -> None:
    """Fill the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Renders example cards and charts.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    examples = charts()
    image = Image(png(drawing(examples["shift"]), Theme.LIGHT), alt_text(examples["shift"]))
    for path in (*save_charts(folder, examples), *save_cards(folder, cards(image))):
        print(path)


if __name__ == "__main__":
    main()
