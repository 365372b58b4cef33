"""`figures`: what search engines and your own analytics count of AI products, next to visibility.

Three exports are read, by their columns: Search Console's generative report (impressions by day,
page or country), Bing's AI performance (citations by day or page) and sessions by source of Google
Analytics 4. They are never mixed into a figure of the program.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from overheard import (
    IN_TERMINAL,
    Action,
    Card,
    CommandSpec,
    Kind,
    OverheardError,
    Rate,
    RateGroup,
    Rates,
    Role,
    Table,
    Tainted,
    View,
    argument,
    option,
    quoted,
    wording,
)
from overheard_sources.actions import VISIBILITY, tracked_brand

KEPT = "figures "
"""The beginning of the names under which figures are kept."""
MAX_BYTES, MAX_DAYS, MAX_NAMES, MAX_CHARS = 20_000_000, 400, 20, 200
"""Limits of a file, and of the days and the names (of at most so many characters) that are kept."""
WEEKS, SHOWN_NAMES = 5, 3
"""Weeks of the picture, and pages, countries or products that a card names."""
MAX_DIGITS = 12
"""The longest number."""
PRODUCTS = {
    "chatgpt": "ChatGPT",
    "openai": "ChatGPT",
    "perplexity": "Perplexity",
    "gemini": "Gemini",
    "copilot": "Copilot",
    "claude": "Claude",
    "grok": "Grok",
    "deepseek": "DeepSeek",
    "meta.ai": "Meta AI",
    "mistral": "Le Chat",
}
"""The AI products of Analytics' sources, by a part of these."""


class UnreadableExport(OverheardError):
    """A file is no such export."""

    message = "{place}: {problem}; {remedy}."

    place: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Export:
    """A kind of export.

    Attributes:
        count: Its column of numbers.
        names: The columns of which it has one, or a day.
        title: What it counts.
        where: Where it is exported.
    """

    count: str
    names: tuple[str, ...]
    title: str
    where: str


EXPORTS = {
    "google": Export(
        "impressions",
        ("top pages", "pages", "page", "country"),
        "Shown in AI answers of Google",
        "Search Console, Performance, Generative AI",
    ),
    "bing": Export(
        "citations",
        ("page", "pages", "url", "cited page", "grounding query"),
        "Cited by Copilot and Bing",
        "Bing Webmaster Tools, AI Performance",
    ),
    "analytics": Export(
        "sessions",
        ("session source / medium", "session source", "source / medium", "source"),
        "Visits from AI products",
        "Google Analytics 4, Traffic acquisition, by day and session source",
    ),
}
"""By the name under which the figures are kept."""


def read_export(file: Path) -> tuple[str, Counter[str], Counter[str]]:
    """Return the kind of an export, and its counts by day (in ISO format) and by name.

    Raises:
        UnreadableExport: with the line and what to do.
    """
    lines = list(_lines(file))
    place, header = lines[0] if lines else (f"{file.name}", [])
    columns = [column.strip().casefold() for column in header]
    kind = next((name for name, one in EXPORTS.items() if one.count in columns), "")
    if kind == "google" and "clicks" in columns:
        problem = "it counts clicks, so it is the report of all search results"
        raise UnreadableExport(place=place, problem=problem, remedy=f"export {EXPORTS[kind].where}")
    export = EXPORTS.get(kind)
    named = next((n for n, column in enumerate(columns) if export and column in export.names), None)
    dated = columns.index("date") if "date" in columns else None
    missing = {named, dated} == {None} or (kind == "analytics" and None in {named, dated})
    if export is None or missing:
        seen = wording.shorten(", ".join(map(wording.line, header)), MAX_CHARS) or "nothing"
        remedy = "export, in English, " + "; or ".join(one.where for one in EXPORTS.values())
        raise UnreadableExport(place=place, problem=f"its columns are {seen}", remedy=remedy)
    days, names = Counter[str](), Counter[str]()
    counted = columns.index(export.count)
    for at, cells in lines[1:]:
        if len(cells) != len(columns):
            problem = f"it has {len(cells)} cells, and the header {len(columns)}"
            raise UnreadableExport(place=at, problem=problem, remedy="export the file again")
        name = "" if named is None else cells[named].strip()
        if kind == "analytics":
            host = name.casefold()
            name = next((one for part, one in PRODUCTS.items() if part in host), "")
            if not name:  # another source, or the sum of all
                continue
        number = _number(cells[counted], at, export.count)
        if dated is not None:
            days[_day(cells[dated], at)] += number
        if name:
            names[wording.printable(name)[:MAX_CHARS]] += number
    return kind, days, names


def _lines(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the place and the cells of each line of a CSV file that is no comment."""
    again = "export it again as CSV in UTF-8"
    try:
        raw = file.read_bytes() if file.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise UnreadableExport(
            place=str(file),
            problem=error.strerror or "it cannot be read",
            remedy="name another file",
        ) from None
    if not raw:
        problem = f"it is empty, or larger than {MAX_BYTES // 1_000_000} MB"
        raise UnreadableExport(place=file.name, problem=problem, remedy=again)
    if raw.startswith(b"PK"):
        raise UnreadableExport(
            place=file.name,
            problem="it is a zip file or a table of Excel",
            remedy="unpack it, and give the CSV files in it one by one",
        )
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        rows = text.splitlines()
        first = next((row for row in rows if row.strip() and not row.startswith("#")), "")
        delimiter = max(",;\t", key=first.count)
        for number, row in enumerate(rows, 1):
            if row.strip() and not row.startswith("#"):
                yield (
                    f"{file.name}, line {number}",
                    next(csv.reader([row], delimiter=delimiter, strict=True)),
                )
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableExport(
            place=file.name, problem=f"it is no CSV file ({error})", remedy=again
        ) from None


def _number(text: str, place: str, column: str) -> int:
    digits = text.strip().replace(",", "").replace("\u00a0", "").replace("\u202f", "")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > MAX_DIGITS:
        problem = f"“{wording.shorten(wording.line(text), 40)}” under {column} is no whole number"
        raise UnreadableExport(place=place, problem=problem, remedy="export the file again")
    return int(digits)


def _day(text: str, place: str) -> str:
    try:
        return date.fromisoformat(text.strip()[:10]).isoformat()
    except ValueError:
        problem = f"“{wording.shorten(wording.line(text), 40)}” is no day"
        remedy = "write days as 2026-11-03 or 20261103"
        raise UnreadableExport(place=place, problem=problem, remedy=remedy) from None


async def import_figures(
    view: View,
    *,
    files: Annotated[Sequence[Path], argument("CSV files of one brand.")],
    brand: Annotated[str, option("The brand; the first.", Kind.BRAND)] = "",
) -> Card:
    """Keep the figures of exports; those of a day or name replace the earlier ones.

    Raises:
        UnreadableExport: for the first file that is no such export; then nothing is kept.
        UnknownName: when there is no such brand.
    """
    found, kept = tracked_brand(view, brand), await view.work.kept()
    for kind, days, names in [read_export(file) for file in files]:
        key = f"{KEPT}{found.name} {kind}"
        earlier = kept.get(key, {"days": {}, "names": {}})
        all_days = sorted({**earlier["days"], **days}.items())[-MAX_DAYS:]
        all_names = Counter({**earlier["names"], **names}).most_common(MAX_NAMES)
        kept[key] = {"days": dict(all_days), "names": dict(all_names)}
        await view.work.keep(key, kept[key])
    return await list_figures(view, brand=found.name)


async def list_figures(
    view: View, *, brand: Annotated[str, argument("The brand.", Kind.BRAND)] = ""
) -> Card:
    """Show imported figures by week, next to how often models name the brand.

    Raises:
        UnknownName: when there is no such brand.
    """
    found, kept = tracked_brand(view, brand), await view.work.kept()
    figures = {kind: one for kind in EXPORTS if (one := kept.get(f"{KEPT}{found.name} {kind}"))}
    if not figures:
        wanted = "; ".join(one.where for one in EXPORTS.values())
        text = f"An admin can bring CSV exports along with figures import: {wanted}."
        return Card("No figures of other programs", text, data={"brand": found.name})
    weeks = sorted({_week(day) for one in figures.values() for day in one["days"]})[-WEEKS:]
    named = dict.fromkeys(weeks, (0, 0.0))
    for block in await view.history.blocks(brand=found.name, metric=VISIBILITY):
        week = _week(block.at.date().isoformat())
        if week in named:
            named[week] = named[week][0] + block.n, named[week][1] + block.total
    shares = {week: total / n for week, (n, total) in named.items() if n}
    groups = [_group("Named by the models, by API", shares)]
    rows = []
    for kind, one in figures.items():
        sums, title = Counter[str](), EXPORTS[kind].title
        for day, count in one["days"].items():
            sums[_week(day)] += count
        if sums:
            most = max(1, *(sums[week] for week in weeks))
            counts = {week: sums[week] / most for week in weeks}
            groups.append(_group(title, counts, most))
        rows += [
            (Tainted(name), f"{count:,}", title)
            for name, count in [*one["names"].items()][:SHOWN_NAMES]
        ]
    totals = (
        f"{EXPORTS[kind].title}: {sum(one['days'].values()):,} times since "
        f"{wording.short_day(datetime.fromisoformat(min(one['days'])), UTC)}."
        for kind, one in figures.items()
        if one["days"]
    )
    return Card(
        title=f"{found.name} in the figures of others",
        text="\n".join((*totals, "They are counted by others, and in no figure of mine.")),
        image=await view.draw(Rates("By week", tuple(groups)), "figures.png") if weeks else None,
        table=Table(("What", "Times", "Counted"), tuple(rows), frozenset({1})) if rows else None,
        actions=(Action(f"trend {quoted(found.name)}", "Visibility"),),
        data={"brand": found.name, "named": shares, **figures},
    )


def _week(day: str) -> str:
    """Return the Monday of a day's week."""
    found = date.fromisoformat(day)
    return (found - timedelta(found.weekday())).isoformat()


def _group(title: str, values: Mapping[str, float], most: int = 0) -> RateGroup:
    """Return the bars of some weeks: shares, or of `most` the parts."""
    bars = (
        Rate(wording.short_day(datetime.fromisoformat(week), UTC), value, emphasis=not most)
        for week, value in values.items()
    )
    return RateGroup(title, tuple(bars), answers=most)


FIGURES_LIST = CommandSpec(
    "figures list",
    "Show what search engines and your analytics count of AI products, next to visibility.",
    list_figures,
    section="Measure and read",
    examples=("figures list", "figures list Acme"),
    chart="figures.png",
)
FIGURES_IMPORT = CommandSpec(
    "figures import",
    "Bring along CSV exports of Search Console, Bing and Google Analytics.",
    import_figures,
    role=Role.OPERATOR,
    faces=IN_TERMINAL,
    section="Measure and read",
    examples=("figures import Dates.csv Pages.csv --brand Acme",),
    chart="figures.png",
)
