"""Which sources changed with an alert: sites that pass a test, or the words that none does.

The unit is a question at a time: a site is there or not, in most of the answers that searched. Its
presence over the weeks is a stream, which is tested at the run of the change with run effects
(`View.p_values_at`), and Holm's procedure (1979) corrects over the sites that could be told. A
model that searches less loses every site, so then none is blamed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Annotated

from overheard import (
    Alert,
    Answer,
    Block,
    Card,
    Citation,
    CommandSpec,
    Kind,
    Model,
    OverheardError,
    Run,
    Shift,
    Table,
    UnknownName,
    View,
    argument,
    wording,
)
from overheard_sources.searches import page_key

LEVEL = 0.05
"""Largest probability that any site is told where none has changed."""
SEARCH_LEVEL = 0.01
"""The same for a change of how often the model searches."""
TIMES_BEFORE, TIMES_AFTER = 12, 3
"""Times that are compared at most: the last before the change, and the first since it."""
ONE_TIME = timedelta(days=2)
"""Runs so soon after the first are of the same time: the web that they search is the same."""
RUNS_READ = 300
MOST_NEW = 12
"""Where a new site would need more questions to be told, there is too little to compare."""
SWAPPED = 3
"""A new site in place of an own page adds so many to those that are tested: it, page and host."""
MOVED = 0.5
"""Change of the share of times from which on a site came or went at a question."""
MOST_NAMED, MOST_ROWS = 2, 6
"""Sites of one direction in the title, and rows of the table, at most."""
_PLAIN = re.compile(r"[\w.-]+(/[\w./~-]*)?")
"""Names that mean nothing to a chat."""

PValues = Callable[[Iterable[Block], int], Mapping[str, tuple[float, float]]]
"""What `View.p_values_at` is."""


class NothingToCompare(OverheardError):
    """Sources cannot be compared before and after a change."""

    message = "Sources cannot explain this: {reason}."

    reason: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What a model cited at one question at one time.

    Attributes:
        run: The number of the first run of that time.
        at: The start of that run.
        prompt: The key of the question.
        answers: Number of answers.
        searched: Number of these that rest on a search.
        sites: Sites, and pages of the brand, that at least half of those cite.
        shown: The same of what the searches found, cited or not.
    """

    run: int
    at: datetime
    prompt: str
    answers: int
    searched: int
    sites: frozenset[str]
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Move:
    """A site whose presence changed more than by chance.

    Attributes:
        gained: Whether it is cited more.
        prompts: The questions at which it came or went.
        cited: At how many questions it was cited before and is since, on the average of the times.
        shown: At how many searches found it, likewise.
    """

    site: str
    gained: bool
    prompts: frozenset[str]
    cited: tuple[float, float]
    shown: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sources:
    """What changed in the sources of a model at a run.

    Attributes:
        searches: The shares of answers with a search before and since.
        searches_moved: Whether they differ by more than chance; then no site is tested.
        answers: Number of answers since.
        questions: Number of questions with searches on both sides.
        tested: Number of sites that could be told.
        moves: The sites that changed by more than chance, the surest first.
        size: At so many questions a new site would be told; None where at none.
    """

    searches: tuple[float, float]
    searches_moved: bool
    answers: int
    questions: int = 0
    tested: int = 0
    moves: tuple[Move, ...] = ()
    size: int | None = None


def changed_sources(cells: Sequence[Cell], first: int, p_values: PValues) -> Sources:
    """Return what changed in the sources with the run `first`, one of the cells' runs."""
    start = next(cell.at for cell in cells if cell.run == first)
    sides = [[cell for cell in cells if (cell.at >= start) is late] for late in (False, True)]
    shares = [sum(c.searched for c in side) / sum(c.answers for c in side) for side in sides]
    answers = sum(cell.answers for cell in sides[1])
    searching = [_block(cell, "search", 2 * cell.searched > cell.answers) for cell in cells]
    p_search, _ = p_values(searching, first).get("search", (1.0, 1.0))
    if p_search <= SEARCH_LEVEL:
        return Sources((shares[0], shares[1]), True, answers)
    before, after = ({c.prompt for c in side if c.searched} for side in sides)
    kept = [cell for cell in cells if cell.searched and cell.prompt in before & after]
    found = dict(p_values([*_presence(kept), *_news(kept, start)], first))
    sizes = [(n, found.pop(f"{n} new", (1.0, 1.0))[0]) for n in range(2, MOST_NEW + 1)]
    tested = _testable(found)
    size = next((n for n, p_value in sizes if p_value <= LEVEL / (len(tested) + SWAPPED)), None)
    moves = []
    for rank, (site, p_value) in enumerate(sorted(tested.items(), key=lambda item: item[1])):
        if p_value > LEVEL / (len(tested) - rank):
            break
        moves.append(_move(site, kept, start))
    shown = (shares[0], shares[1])
    return Sources(shown, False, answers, len(before & after), len(tested), tuple(moves), size)


def _block(cell: Cell, name: str, hit: bool) -> Block:
    return Block(cell.run, cell.at, cell.prompt, _ANY, name, "cited", 1, hit, hit)


_ANY = Model("any", "any")


def _presence(cells: Sequence[Cell]) -> list[Block]:
    """Return the presence of each site at the questions that ever cited it; others say nothing. One
    that is cited less than three times, or at one question alone, cannot be told.
    """
    citing, by_prompt = defaultdict(list), defaultdict(list)
    for cell in cells:
        by_prompt[cell.prompt].append(cell)
        for site in cell.sites:
            citing[site].append(cell.prompt)
    return [
        _block(cell, site, site in cell.sites)
        for site, prompts in citing.items()
        if len(prompts) > 2 and len(set(prompts)) > 1
        for prompt in set(prompts)
        for cell in by_prompt[prompt]
    ]


def _testable(p_values: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return the p-values of the sites that could be told at all (Tarone 1990): the others, which
    are hardly ever cited, cost nothing.
    """
    for most in range(1, len(p_values) + 1):
        able = {site: p for site, (p, least) in p_values.items() if least <= LEVEL / most}
        if len(able) <= most:
            return able
    return {}


def _news(cells: Sequence[Cell], start: datetime) -> Iterator[Block]:
    """Yield the presence of sites that would be new at two questions, at three, and so on: where
    one would be told shows what could be seen. The questions with the fewest times come first.
    """
    times = Counter(cell.prompt for cell in cells)
    prompts = sorted(times, key=lambda prompt: (times[prompt], prompt))[:MOST_NEW]
    for size in range(2, len(prompts) + 1):
        for cell in cells:
            if cell.prompt in prompts[:size]:
                yield _block(cell, f"{size} new", cell.at >= start)


def _move(site: str, cells: Sequence[Cell], start: datetime) -> Move:
    """Return at which questions a site came or went."""
    cited = _rates(cells, start, lambda cell: site in cell.sites)
    shown = _rates(cells, start, lambda cell: site in cell.shown)
    usual, now = (sum(side) for side in zip(*cited.values(), strict=True))
    sign = 1 if now > usual else -1
    moved = frozenset(key for key, (old, new) in cited.items() if (new - old) * sign >= MOVED)
    found = tuple(sum(side) for side in zip(*shown.values(), strict=True))
    return Move(site, now > usual, moved, (usual, now), (found[0], found[1]))


def _rates(
    cells: Sequence[Cell], start: datetime, is_there: Callable[[Cell], bool]
) -> dict[str, tuple[float, float]]:
    """Return at which share of the times before and since something is there, by question."""
    sides = defaultdict[str, tuple[list[bool], list[bool]]](lambda: ([], []))
    for cell in cells:
        sides[cell.prompt][cell.at >= start].append(is_there(cell))
    return {key: (fmean(old), fmean(new)) for key, (old, new) in sides.items()}


def times_of(runs: Iterable[Run]) -> list[list[Run]]:
    """Return runs, the oldest first, in groups within `ONE_TIME`."""
    times: list[list[Run]] = []
    for run in runs:
        if times and run.started_at - times[-1][0].started_at <= ONE_TIME:
            times[-1].append(run)
        else:
            times.append([run])
    return times


def cells_of(
    times: Iterable[Sequence[Run]], answers: Iterable[Answer], own: Collection[str]
) -> list[Cell]:
    """Return what answers cite, by time and question; sites are hosts, and pages those of the
    brand's own domains.

    Args:
        own: The ends of the brand's own hosts, such as ``.acme.com``.
    """
    first = {run.id: time[0] for time in times for run in time}
    grouped = defaultdict(list)
    for answer in answers:
        grouped[first[answer.run_id].id, answer.question.prompt.key].append(answer)
    cells = []
    for (run_id, prompt), group in grouped.items():
        searched = [
            reply
            for answer in group
            if (reply := answer.reply).citations or reply.searches or reply.usage.searches
        ]
        cells.append(
            Cell(
                run_id,
                first[run_id].started_at,
                prompt,
                len(group),
                len(searched),
                _in_most(([c for c in r.citations if c.cited] for r in searched), own),
                _in_most((r.citations for r in searched), own),
            )
        )
    return cells


def _in_most(lists: Iterable[Iterable[Citation]], own: Collection[str]) -> frozenset[str]:
    """Return the hosts, and the pages of own domains, that at least half of the lists have."""
    found = [{name for citation in one for name in _names(citation, own)} for one in lists]
    counts = Counter(name for names in found for name in names)
    return frozenset(name for name, count in counts.items() if 2 * count >= len(found))


def _names(citation: Citation, own: Collection[str]) -> Iterator[str]:
    """Yield the host of a source, and its page where it is the brand's own; none of odd letters."""
    page = page_key(citation) if f".{citation.host}".endswith(tuple(own)) else ""
    yield from filter(_PLAIN.fullmatch, (citation.host, page))


async def sources_of(view: View, alert: Alert, shift: Shift) -> tuple[datetime, Sources]:
    """Return when an alert's change began, and what changed in the model's sources with it.

    Raises:
        NothingToCompare: when too little is stored of either side.
    """
    brand = view.catalogue.brand(shift.brand)
    hosts = filter(None, (Citation(domain).host for domain in (brand.domains if brand else ())))
    own = [f".{host}" for host in hosts]
    runs = [
        run
        for run in reversed(await view.history.runs(limit=RUNS_READ))
        if not run.aside
        if run.panel is None
        or (shift.model in run.panel.models and shift.brand in run.panel.brands)
    ]
    starts = {run.id: run.started_at for run in runs}
    began = starts.get(shift.first_run_id)
    if began is None:
        raise NothingToCompare(reason="the check with which it began is not stored any more")
    earliest = min(starts.get(run, began) for run in (*shift.likely_first_runs, shift.first_run_id))
    until = alert.over_at or runs[-1].started_at
    before = times_of(run for run in runs if run.started_at < earliest)[-TIMES_BEFORE:]
    since = times_of(run for run in runs if began <= run.started_at <= until)[:TIMES_AFTER]
    answers = [
        answer
        async for answer in view.history.answers(
            runs=[run.id for time in (*before, *since) for run in time]
        )
        if answer.question.model == shift.model and answer.complete
        if not (answer.gone or answer.reused_from)
    ]
    cells = cells_of((*before, *since), answers, own)
    sides = {cell.at >= began for cell in cells}
    if len(sides) < 2 or not any(cell.searched for cell in cells):
        raise NothingToCompare(reason="the model is asked without search, or too seldom")
    first = min((cell.at, cell.run) for cell in cells if cell.at >= began)[1]
    return began, changed_sources(cells, first, view.p_values_at)


async def why(
    view: View, *, alert: Annotated[str, argument("The number of the alert.", Kind.ALERT)]
) -> Card:
    """Say which sources changed with an alert, if any passes the test."""
    alerts = {str(one.id): one for one in await view.history.alerts()}
    found = alerts.get(alert.strip().removeprefix("#"))
    if found is None:
        raise UnknownName(kind="alert", name=alert, hint="", known="those of alerts list")
    shift = next((s for s in found.moved if s.statement is None and s.brand), None)
    if shift is None:
        raise NothingToCompare(reason="it is no change of a figure")
    began, sources = await sources_of(view, found, shift)
    return cause_card(view, shift, began, sources)


def cause_card(view: View, shift: Shift, began: datetime, sources: Sources) -> Card:
    """Return the card: the sites that changed where the brand did, or that no source explains it.

    Raises:
        NothingToCompare: when not even a new site at all questions could be told.
    """
    name = view.names.name(shift.model)
    usual, now = (round(share * sources.answers) for share in sources.searches)
    searched = f"{now} of {sources.answers} answers, usually {usual}"
    if sources.searches_moved:
        less = "no longer searches" if now <= usual / 4 else "searches less"
        more = "now searches" if usual <= now / 4 else "searches more"
        return Card(
            title=f"{name} {less if now < usual else more}: {searched}",
            text="What it cites depends on that, so no site is blamed.",
            footer="Fits, no proof",
            data=_data(sources, ()),
        )
    if sources.size is None:
        raise NothingToCompare(reason="there are too few checks")
    moved = {p.prompt for p in shift.prompts if (p.after - p.before) * shift.change > 0}
    # Of the questions at which the brand moved, most show that the site came or went there.
    causes = [move for move in sources.moves if 2 * len(move.prompts & moved) >= len(moved) > 0]
    pages = {move.site.partition("/")[0] for move in causes if "/" in move.site}
    causes = [move for move in causes if move.site not in pages]
    tested = f"{len(sources.moves)} of {sources.tested} sites moved beyond chance"
    tested = tested if sources.tested else "no site came or went"
    size = f"I would have seen a new one in {sources.size} of {sources.questions} questions"
    if not causes:
        others = wording.listing([move.site for move in sources.moves[:MOST_NAMED]])
        same = f"{name} searches as before and cites the same sites"
        elsewhere = f"{others} moved at {name}, but not where it counts"
        return Card(
            title=f"No source explains it: {elsewhere if others else same}",
            text=f"It searched in {searched}; {tested}. {size}.",
            data=_data(sources, ()),
        )
    since = f"Since {wording.short_day(began, view.zone)} {name}"
    return Card(
        title=_title(since, causes, sources.questions),
        text=_link(shift, moved, causes),
        table=_table(causes, sources.questions),
        footer=f"Fits, no proof · {tested} · it searched in {searched}",
        data=_data(sources, causes),
    )


def _title(since: str, causes: Sequence[Move], questions: int) -> str:
    """Return what is cited instead of what, at how many questions."""
    gained = [move for move in causes if move.gained][:MOST_NAMED]
    lost = [move for move in causes if not move.gained][:MOST_NAMED]
    came, went = (frozenset().union(*(m.prompts for m in side)) for side in (gained, lost))
    new, old = (wording.listing([_named(m.site) for m in side]) for side in (gained, lost))
    if both := len(came & went):
        return f"{since} cites {new} instead of {old} in {both} of {questions} questions"
    if len(came) > len(went):
        return f"{since} newly cites {new} in {len(came)} of {questions} questions"
    return f"{since} no longer cites {old} in {len(went)} of {questions} questions"


def _named(site: str) -> str:
    """Return how a sentence calls a site or an own page: ``your pricing page``."""
    host, slash, path = site.partition("/")
    if not slash:
        return host
    words = path.replace("-", " ").strip("/")
    return f"your {words} page" if words.replace(" ", "").isalpha() else f"your {host}/{path}"


def _link(shift: Shift, moved: Collection[str], causes: Sequence[Move]) -> str:
    """Return how many of the questions at which the brand moved are among those of the sites."""
    count = sum(any(key in move.prompts for move in causes) for key in moved)
    gained = "gained" if shift.change > 0 else "lost"
    what = f"{gained} you answers" if shift.metric == "visibility" else "moved"
    among = f"All {count}" if count == len(moved) else f"{count} of the {len(moved)}"
    return f"{among} questions that {what} are among these."


def _table(causes: Sequence[Move], questions: int) -> Table:
    """Return at how many questions the sites are shown and cited, usually and since."""
    rows = [
        (move.site, *(f"{round(old)} → {round(new)}" for old, new in (move.shown, move.cited)))
        for move in causes[:MOST_ROWS]
    ]
    caption = f"Questions of {questions}, usually → since"
    return Table(("Page", "Shown", "Cited"), tuple(rows), frozenset({1, 2}), caption=caption)


def _data(sources: Sources, causes: Sequence[Move]) -> dict[str, object]:
    """Return the card as JSON."""
    return {
        "found": sources.searches_moved or bool(causes),
        "searches": list(sources.searches),
        "questions": sources.questions,
        "tested": sources.tested,
        "size": sources.size,
        "sites": [
            {"site": m.site, "cited": list(m.cited), "shown": list(m.shown), "cause": m in causes}
            for m in sources.moves
        ],
    }


SOURCES_WHY = CommandSpec(
    "sources why",
    "Say which sources changed with an alert, or that none explains it.",
    why,
    examples=("sources why 12",),
    section="Alerts",
    explains=True,
)
