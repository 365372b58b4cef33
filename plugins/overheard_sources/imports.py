"""`figures`: what search engines and your own analytics count of AI products, next to visibility.

Three exports are read, by their columns: Search Console's generative report (impressions by day,
page or country), Bing's AI performance (citations by day or page) and sessions by source of Google
Analytics 4. They are never mixed into a figure of the program.
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from overheard import (
    IN_TERMINAL,
    Action,
    Card,
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
from overheard_sources.actions import VISIBILITY
from overheard_sources.searches import WORDS, reading, tracked_brand

KEPT = "figures "
"""The beginning of the names under which figures are kept."""
MAX_BYTES, MAX_DAYS, MAX_NAMES, MAX_CHARS = 20_000_000, 400, 20, 200
"""Limits of a file, and of the days and the names (of at most so many characters) that are kept."""
WEEKS, SHOWN_NAMES = 5, 3
"""Weeks of the picture, and pages, countries or products that a card names."""
MAX_DIGITS = 12
"""The longest number."""
_DAY_OF_BING = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}) 12:00:00 AM", re.ASCII)
"""A day as Bing writes it, the month first; without the time it could be the day as well."""


class UnreadableExport(OverheardError):
    """A file is no such export."""

    message = "{place}: {problem}; {remedy}."

    place: str
    problem: str
    remedy: str


def _refusal(place: str, problem: str, remedy: str = "export the file again") -> UnreadableExport:
    return UnreadableExport(place=place, problem=problem, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Export:
    """A kind of export.

    Attributes:
        names: The columns, one of which it has or ``date``.
        title: What it counts, on pictures.
        where: Where it is exported.
    """

    names: frozenset[str]
    title: str
    where: str


EXPORTS = {
    "impressions": Export(
        frozenset({"top pages", "pages", "page", "country"}),
        "Shown in AI answers of Google",
        "Search Console, Performance, Generative AI",
    ),
    "citations": Export(
        frozenset({"page", "pages", "url", "cited page", "grounding query"}),
        "Cited by Copilot and Bing",
        "Bing Webmaster Tools, AI Performance",
    ),
    "sessions": Export(
        frozenset({"session source / medium", "session source", "source / medium", "source"}),
        "Visits from AI products",
        "Google Analytics 4, Traffic acquisition, by day and session source",
    ),
}
"""By the column of their numbers, under which the figures are kept."""


def read_export(file: Path) -> tuple[str, Counter[str], Counter[str]]:
    """Return what an export counts, and its counts by day (in ISO format) and by name.

    Raises:
        UnreadableExport: with the line and what to do.
    """
    (place, header), *lines = _lines(file)
    columns = [column.strip().casefold() for column in header]
    kind = next((one for one in EXPORTS if one in columns), "")
    if kind == "impressions" and "clicks" in columns:
        problem = "it counts clicks, so it is the report of all search results"
        raise _refusal(place, problem, f"export {EXPORTS[kind].where}")
    named = next((n for n, one in enumerate(columns) if kind and one in EXPORTS[kind].names), None)
    dated = columns.index("date") if "date" in columns else None
    missing = {None} & {named, dated} if kind == "sessions" else {named, dated} == {None}
    if not kind or missing:
        seen = wording.shorten(", ".join(map(wording.line, header)), MAX_CHARS)
        remedy = f"export, in English, {'; or '.join(one.where for one in EXPORTS.values())}"
        raise _refusal(place, f"its columns are {seen}", remedy)
    days, names = Counter[str](), Counter[str]()
    for at, cells in lines:
        if len(cells) != len(columns):
            raise _refusal(at, f"it has {len(cells)} cells, and the header {len(columns)}")
        name = "" if named is None else cells[named].strip()
        if kind == "sessions":
            products = WORDS["products"].items()
            name = next((product for part, product in products if part in name.casefold()), "")
            if not name:  # another source, or the sum of all
                continue
        number = cells[columns.index(kind)].strip().replace(",", "").replace("\u00a0", "")
        if not (number.isascii() and number.isdecimal() and len(number) <= MAX_DIGITS):
            raise _refusal(at, f"“{wording.shorten(wording.line(number), 40)}” is no number")
        if dated is not None:
            days[_day(cells[dated], at)] += int(number)
        if name:
            names[wording.printable(name)[:MAX_CHARS]] += int(number)
    return kind, days, names


def _lines(file: Path) -> list[tuple[str, list[str]]]:
    """Return the place and the cells of each line of a CSV file that is no comment."""
    again = "export it again as CSV in UTF-8"
    try:
        raw = file.read_bytes() if file.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise _refusal(str(file), f"{error.strerror}", "name another file") from None
    if raw.startswith(b"PK"):
        remedy = "unpack it, and give the CSV files in it one by one"
        raise _refusal(file.name, "it is a zip file or a table of Excel", remedy)
    try:
        text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
        rows = [(n, row) for n, row in enumerate(text.splitlines(), 1) if row.strip(" ,;#-")]
        rows = [(n, row) for n, row in rows if not row.startswith("#")]
        if not rows:
            raise _refusal(file.name, f"it is empty, or has over {MAX_BYTES:,} bytes", again)
        delimiter = max(",;\t", key=rows[0][1].count)
        cells = csv.reader((row for _, row in rows), delimiter=delimiter, strict=True)
        return [(f"{file.name}, line {n}", one) for (n, _), one in zip(rows, cells, strict=False)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refusal(file.name, f"it is no CSV file ({error})", again) from None


def _day(text: str, place: str) -> str:
    of_bing = _DAY_OF_BING.fullmatch(text.strip())
    try:
        if of_bing:
            month, day, year = map(int, of_bing.groups())
            return date(year, month, day).isoformat()
        return date.fromisoformat(text.strip()[:10]).isoformat()
    except ValueError:
        problem = f"“{wording.shorten(wording.line(text), 40)}” is no day"
        raise _refusal(place, problem, "write days as 2026-11-03 or 20261103") from None


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
    totals, rows = [], []
    for kind, one in figures.items():
        sums = Counter[str]()
        for day, count in one["days"].items():
            sums[_week(day)] += count
        if sums:
            most = max(1, *(sums[week] for week in weeks))
            counts = {week: sums[week] / most for week in weeks}
            groups.append(_group(EXPORTS[kind].title, counts, most))
            since = wording.short_day(datetime.fromisoformat(min(one["days"])), UTC)
            totals.append(f"{EXPORTS[kind].title}: {sums.total():,} {kind} since {since}.")
        names = [*one["names"].items()][:SHOWN_NAMES]
        rows += [(Tainted(name), f"{count:,} {kind}") for name, count in names]
    return Card(
        title=f"{found.name} in the figures of others",
        text="\n".join((*totals, "Others count them; no figure of mine has them in it.")),
        image=await view.draw(Rates("By week", tuple(groups)), "figures.png") if weeks else None,
        table=Table(("Page or product", "Count"), tuple(rows), frozenset({1})) if rows else None,
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


FIGURES_LIST = reading(
    "figures list",
    "Show what search engines and your analytics count of AI products, next to visibility.",
    list_figures,
    examples=("figures list", "figures list Acme"),
    chart="figures.png",
)
FIGURES_IMPORT = reading(
    "figures import",
    "Bring along CSV exports of Search Console, Bing and Google Analytics.",
    import_figures,
    role=Role.OPERATOR,
    faces=IN_TERMINAL,
    examples=("figures import Dates.csv Pages.csv --brand Acme",),
    chart="figures.png",
)
