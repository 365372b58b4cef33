"""Which sources changed with an alert: sites that pass a test, or the words that none does.

The unit is a question at a time: a site is there or not, in most of the answers that searched. Its
presence over the weeks, among what is cited and among what was shown, is a stream each, which is
tested at the run of the change with run effects (`View.p_values_at`). Holm's procedure (1979)
corrects over all that could be told. A model that searches less loses every site, so then none is
blamed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import fmean

from overheard import Answer, Block, Citation, Model, OverheardError, Reply, Run
from overheard_sources.searches import page_key

LEVEL = 0.05
"""Largest probability that any site is told where none has changed."""
SEARCH_LEVEL = 0.01
"""The same for a change of how often the model searches."""
ONE_TIME = timedelta(days=2)
"""Runs so soon after the first are of the same time: the web that they search is the same."""
MOST_NEW = 12
"""Where a new site would need more questions to be told, there is too little to compare."""
SWAPPED = 3
"""A new site in place of an own page adds so many to those that are tested, of what is cited and of
what is shown: it, page and host.
"""
MOVED = 0.5
"""Change of the share of times from which on a site came or went at a question."""
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
        shown: The same of what the searches found, cited or not; None where that is not told.
    """

    run: int
    at: datetime
    prompt: str
    answers: int
    searched: int
    sites: frozenset[str]
    shown: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A site whose presence changed more than by chance.

    Attributes:
        is_cited: Whether that is so among what is cited, not only among what is shown.
        gained: Whether it is there more.
        prompts: The questions at which it came or went.
        cited: At how many questions it was cited before and is since, on the average of the times.
        shown: At how many it was shown, as far as that is told.
    """

    site: str
    is_cited: bool
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
        showing: Number of those of which it is told on both sides what was shown.
        tested: Number of sites that could be told.
        moves: The sites that changed by more than chance, the surest first.
        size: At so many questions a new site would be told, also one that is shown and not cited,
            where at so many it is told what was shown; None where at none.
    """

    searches: tuple[float, float]
    searches_moved: bool
    answers: int
    questions: int = 0
    showing: int = 0
    tested: int = 0
    moves: tuple[Move, ...] = ()
    size: int | None = None


def changed_sources(cells: Sequence[Cell], first: int, p_values: PValues) -> Sources:
    """Return what changed in the sources with the run `first`, one of the cells' runs."""
    start = next(cell.at for cell in cells if cell.run == first)
    sides = [[cell for cell in cells if (cell.at >= start) is late] for late in (False, True)]
    usual, now = (sum(c.searched for c in s) / sum(c.answers for c in s) for s in sides)
    searching = [_block(cell, "search", 2 * cell.searched > cell.answers) for cell in cells]
    p_search, _ = p_values(searching, first).get("search", (1.0, 1.0))
    searched = Sources(
        (usual, now), p_search <= SEARCH_LEVEL, sum(cell.answers for cell in sides[1])
    )
    if searched.searches_moved:
        return searched
    cited = _on_both_sides([cell for cell in cells if cell.searched], start)
    with_shown = [replace(c, sites=c.shown) for c in cited if c.shown is not None]
    shown = _on_both_sides(with_shown, start)
    seen = {True: cited, False: shown} if shown else {True: cited}
    found = {
        is_cited: dict(p_values([*_presence(of), *_news(of, start)], first))
        for is_cited, of in seen.items()
    }
    sizes = [
        (n, max((of.pop(new)[0] for of in found.values() if new in of), default=1.0))
        for n, new in ((n, f"{n} new") for n in range(2, MOST_NEW + 1))
    ]
    tested, told = _holm({(site, key): p for key, of in found.items() for site, p in of.items()})
    most = len(tested) + SWAPPED * len(seen)
    size = next((n for n, p_value in sizes if p_value <= LEVEL / most), None)
    moves = dict[str, Move]()
    for site, is_cited in told:
        if is_cited or site not in moves:
            moves[site] = _move(site, is_cited, cited, shown, start)
    return replace(
        searched,
        questions=len({cell.prompt for cell in cited}),
        showing=len({cell.prompt for cell in shown}),
        tested=len({site for site, _ in tested}),
        moves=tuple(moves.values()),
        size=size,
    )


def _on_both_sides(cells: Sequence[Cell], start: datetime) -> list[Cell]:
    """Return the cells of questions that have some before and some since."""
    before, since = ({c.prompt for c in cells if (c.at >= start) is late} for late in (False, True))
    return [cell for cell in cells if cell.prompt in before & since]


def _block(cell: Cell, name: str, hit: bool) -> Block:
    return Block(cell.run, cell.at, cell.prompt, _ANY, name, "cited", 1, hit, hit)


_ANY = Model("any", "any")


def _presence(cells: Sequence[Cell]) -> list[Block]:
    """Return the presence of each site at the questions that ever had it; others say nothing. One
    that was there less than three times, or at one question alone, cannot be told.
    """
    having, by_prompt = defaultdict(list), defaultdict(list)
    for cell in cells:
        by_prompt[cell.prompt].append(cell)
        for site in cell.sites:
            having[site].append(cell.prompt)
    return [
        _block(cell, site, site in cell.sites)
        for site, prompts in having.items()
        if len(prompts) > 2 and len(set(prompts)) > 1
        for prompt in set(prompts)
        for cell in by_prompt[prompt]
    ]


def _holm(
    p_values: Mapping[tuple[str, bool], tuple[float, float]],
) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Return what could be told at all (Tarone 1990), as the others, such as sites that are hardly
    ever cited, cost nothing; and what is told, the surest first.
    """
    able = list[tuple[str, bool]]()
    for most in range(1, len(p_values) + 1):
        able = [key for key, (_, least) in p_values.items() if least <= LEVEL / most]
        if len(able) <= most:
            break
    able.sort(key=lambda key: p_values[key])
    fails = (rank for rank, key in enumerate(able) if p_values[key][0] > LEVEL / (len(able) - rank))
    return able, able[: next(fails, None)]


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


def _move(
    site: str, is_cited: bool, cited: Sequence[Cell], shown: Sequence[Cell], start: datetime
) -> Move:
    """Return at which questions a site came or went."""
    rates = [_rates(site, cells, start) for cells in (cited, shown)]
    sums = [
        (sum(old for old, _ in of.values()), sum(new for _, new in of.values())) for of in rates
    ]
    decisive = 0 if is_cited else 1
    usual, now = sums[decisive]
    sign = 1 if now > usual else -1
    moved = (key for key, (old, new) in rates[decisive].items() if (new - old) * sign >= MOVED)
    return Move(site, is_cited, now > usual, frozenset(moved), *sums)


def _rates(site: str, cells: Sequence[Cell], start: datetime) -> dict[str, tuple[float, float]]:
    """Return at which share of the times before and since a site is there, by question."""
    sides = defaultdict[str, tuple[list[bool], list[bool]]](lambda: ([], []))
    for cell in cells:
        sides[cell.prompt][cell.at >= start].append(site in cell.sites)
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
        showing = [reply for reply in searched if _tells_shown(reply)]
        cells.append(
            Cell(
                run_id,
                first[run_id].started_at,
                prompt,
                len(group),
                len(searched),
                _in_most(([c for c in r.citations if c.cited] for r in searched), own),
                _in_most((r.citations for r in showing), own) if showing else None,
            )
        )
    return cells


def _tells_shown(reply: Reply) -> bool:
    """Return whether it is known what a reply's searches found, beyond what it cites."""
    by_search = any(search.query and search.pages for search in reply.searches)
    return by_search or any(not citation.cited for citation in reply.citations)


def _in_most(lists: Iterable[Iterable[Citation]], own: Collection[str]) -> frozenset[str]:
    """Return the hosts, and the pages of own domains, that at least half of the lists have."""
    found = [{name for citation in one for name in _names(citation, own)} for one in lists]
    counts = Counter(name for names in found for name in names)
    return frozenset(name for name, count in counts.items() if 2 * count >= len(found))


def _names(citation: Citation, own: Collection[str]) -> Iterator[str]:
    """Yield the host of a source, and its page where it is the brand's own; none of odd letters."""
    page = page_key(citation) if f".{citation.host}".endswith(tuple(own)) else ""
    yield from filter(_PLAIN.fullmatch, (citation.host, page))
