"""How often a site is blamed for nothing, and how large a change of sources is seen.

    uv run python bench/sources.py                      two tables, in some minutes
    uv run python bench/sources.py --answers FILE       also replays of real answers to the same
                                                        questions, asked three times

Nothing changes in the first table: weekly checks of questions whose cited sites change as they do
in real models. "kept" is the Jaccard index of the sites of a question in two neighbouring weeks;
sites also drift over the weeks, with all questions (as when a search engine weighs a forum less)
or one by one. A replay counts where any site is told. In the second table a page of the brand is
replaced by another site at some questions, with the newest check. "shown" are worlds whose service
tells what searches found, which is tested as well.

A line of the file of real answers is a JSON object with ``query``, ``run`` (1 to 3) and ``text``,
whose addresses count as citations.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from urllib.parse import urlsplit

from overheard.detection.known_time import p_values_at
from overheard.measure.intervals import wilson
from overheard.numpy_proxy import Floats, np
from overheard_sources.causes import Cell, Sources, changed_sources

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(weeks=1)
SITES = 300
CITED = 6
"""Sites that an answer cites."""
OWN, NEW = "acme.com/pricing", "rival.com"
WEEKS_A_MONTH = 4


@dataclass(frozen=True)
class World:
    """How the sites of a model change while nothing changes.

    Attributes:
        questions: Number of questions.
        before: Number of weekly checks before the newest.
        focus: How much a question prefers its own sites: the larger, the more it keeps.
        drift: Standard deviation of a site's own log weight at a question over months.
        shared: The same of a site at all questions.
        searching: Share of the answers that rest on a search.
        shown: Sites that a search finds, of which the first are cited; 0 where that is not told.
    """

    questions: int = 24
    before: int = 12
    focus: float = 2.0
    drift: float = 0.0
    shared: float = 0.0
    searching: float = 1.0
    shown: int = 0


def weekly(world: World, rng: np.random.Generator) -> list[Cell]:
    """Return the cells of a replay, the oldest first."""
    shape = (world.questions, SITES)
    popularity = -np.log(np.arange(1, SITES + 1))
    base = popularity + world.focus * rng.standard_normal(shape)
    own, common = (_walk(world, rng, size) for size in (shape, (1, SITES)))
    cells = []
    for week in range(world.before + 1):
        weights = base + world.drift * own[week] + world.shared * common[week]
        order = np.argsort(-(weights + rng.gumbel(size=shape)), axis=1)
        for question, sites in enumerate(order[:, : max(CITED, world.shown)].tolist()):
            searched = int(rng.random() < world.searching)
            found = [f"site{site}" for site in sites] if searched else []
            shown = frozenset(found) if world.shown and searched else None
            at = START + week * WEEK
            cited = frozenset(found[:CITED])
            cells.append(Cell(week + 1, at, f"q{question}", 1, searched, cited, shown))
    return cells


def _walk(world: World, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Return log weights with a standard deviation of 1 that half forget themselves in a month."""
    kept = 0.5 ** (1 / WEEKS_A_MONTH)
    walk = [rng.standard_normal(shape)]
    for _ in range(world.before):
        walk.append(kept * walk[-1] + (1 - kept**2) ** 0.5 * rng.standard_normal(shape))
    return np.array(walk)


def judged(cells: Sequence[Cell]) -> Sources:
    """Return what is told of the newest check."""
    return changed_sources(cells, max(cell.run for cell in cells), p_values_at)


def swapped(
    cells: Sequence[Cell],
    questions: int,
    often: float,
    rng: np.random.Generator,
    *,
    is_cited: bool = True,
) -> list[Cell]:
    """Return the cells with a page of the brand that is shown and cited at each of so many
    questions with a probability, until the newest check, in which that is another site as often.
    The questions are of those that rest on searches before and in the newest check.

    Args:
        is_cited: Whether they are cited, and not only shown.
    """
    newest = max(cell.run for cell in cells)
    now = {cell.prompt for cell in cells if cell.searched and cell.run == newest}
    earlier = {cell.prompt for cell in cells if cell.searched and cell.run < newest}
    at = set(sorted(now & earlier)[:questions])

    def planted(cell: Cell) -> Cell:
        site = {NEW if cell.run == newest else OWN}
        shown = None if cell.shown is None else cell.shown | site
        return replace(cell, sites=cell.sites | site if is_cited else cell.sites, shown=shown)

    return [planted(cell) if cell.prompt in at and rng.random() < often else cell for cell in cells]


def without_search(cells: Sequence[Cell], left: int) -> list[Cell]:
    """Return the cells with a newest check that searches at so many questions alone."""
    newest = max(cell.run for cell in cells)
    return [
        cell
        if cell.run < newest or int(cell.prompt[1:]) < left
        else replace(cell, searched=0, sites=frozenset(), shown=None)
        for cell in cells
    ]


def jaccard(cells: Sequence[Cell]) -> float:
    """Return the mean overlap of the sites of a question in two neighbouring weeks."""
    by_key = {(cell.prompt, cell.run): cell.sites for cell in cells if cell.searched}
    pairs = [(old, by_key[p, r + 1]) for (p, r), old in by_key.items() if (p, r + 1) in by_key]
    return float(np.mean([len(old & new) / len(old | new) for old, new in pairs]))


WORLDS = {
    "chance alone": World(),
    "few kept": World(focus=0.7),
    "many kept": World(focus=4.0),
    "questions drift": World(drift=1.5),
    "sites drift": World(shared=0.7),
    "both drift": World(drift=1.5, shared=0.7),
    "8 questions": World(questions=8, drift=1.5, shared=0.7),
    "3 checks before": World(before=3, drift=1.5, shared=0.7),
    "half search": World(searching=0.5, drift=1.5, shared=0.7),
    "12 shown": World(shown=12),
    "25 shown, both drift": World(drift=1.5, shared=0.7, shown=25),
    "25 shown, 8 questions": World(questions=8, drift=1.5, shared=0.7, shown=25),
}


def unchanged(replays: int) -> Iterator[str]:
    """Yield the rows of the first table."""
    yield row("world", "kept", "tested", "size named", "any site told", "search told")
    yield row(*["---"] * 6)
    for name, world in WORLDS.items():
        rng = np.random.default_rng(7)
        all_cells = [weekly(world, rng) for _ in range(replays)]
        found = [judged(cells) for cells in all_cells]
        sizes = sorted(one.size or world.questions + 1 for one in found)
        yield row(
            name,
            f"{np.mean([jaccard(cells) for cells in all_cells[:20]]):.2f}",
            f"{np.mean([one.tested for one in found]):.0f}",
            f"{sizes[len(sizes) // 2]} of {world.questions}",
            share(sum(bool(one.moves) for one in found), replays),
            share(sum(one.searches_moved for one in found), replays),
        )


def changed(replays: int) -> Iterator[str]:
    """Yield the rows of the second table."""
    yield row("world", "swapped at", "there", "new told", "own told", "another told")
    yield row(*["---"] * 6)
    for name in [*WORLDS][:1] + [*WORLDS][5:]:
        for more, often in ((0, 1.0), (3, 0.8)):
            yield _planted(name, more, often, replays, is_cited=True)
        if WORLDS[name].shown:
            yield _planted(name, 0, 1.0, replays, is_cited=False)


def _planted(name: str, more: int, often: float, replays: int, *, is_cited: bool) -> str:
    """Return the row of a swap at so many questions more than the size that was named."""
    world, rng = WORLDS[name], np.random.default_rng(8)
    counts, sizes = dict.fromkeys(("new", "own", "another"), 0), []
    for _ in range(replays):
        cells = weekly(world, rng)
        size = (judged(cells).size or world.questions) + more
        sizes.append(min(size, world.questions))
        changed_cells = swapped(cells, size, often, rng, is_cited=is_cited)
        told = {move.site for move in judged(changed_cells).moves}
        counts["new"] += NEW in told
        counts["own"] += OWN in told
        counts["another"] += bool(told - {NEW, OWN})
    at = f"{np.mean(sizes):.1f} of {world.questions}"
    there = f"{often:.0%}{'' if is_cited else ', shown alone'}"
    return row(name, at, there, *(share(count, replays) for count in counts.values()))


def stopped(replays: int) -> Iterator[str]:
    """Yield how often a model that stops searching is told as that, and how often a site is."""
    rng = np.random.default_rng(9)
    for left in (3, 12, 18):
        found = [judged(without_search(weekly(World(), rng), left)) for _ in range(replays)]
        told = share(sum(one.searches_moved for one in found), replays)
        blamed = share(sum(bool(one.moves) for one in found), replays)
        yield f"Searches in {left} of 24 answers: told {told}, a site blamed {blamed}."


def real(path: Path, replays: int) -> str:
    """Return how often a site is told in replays of three runs of the same questions: 24 of them,
    with the runs in any order.
    """
    sites: dict[str, dict[int, frozenset[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        answer = json.loads(line)
        found = (
            urlsplit(url).hostname for url in re.findall(r"https?://[^\s)\]\">]+", answer["text"])
        )
        hosts = frozenset(host.removeprefix("www.") for host in found if host)
        sites.setdefault(answer["query"], {})[answer["run"]] = hosts - {"chatgpt.com"}
    rng = np.random.default_rng(10)
    orders = list(permutations((1, 2, 3)))
    told = searches = 0
    for number in range(replays):
        questions = rng.permutation(sorted(sites))[:24].tolist()
        cells = [
            Cell(week, START + week * WEEK, key, 1, int(bool(cited)), cited)
            for key in questions
            for week, run in enumerate(orders[number % len(orders)], 1)
            for cited in [sites[key].get(run, frozenset())]
        ]
        found_in = judged(cells)
        told += bool(found_in.moves)
        searches += found_in.searches_moved
    return f"{path.name}: any site told {share(told, replays)}, search {share(searches, replays)}."


def share(count: int, of: int) -> str:
    """Write a share with its 95 % interval."""
    low, high = wilson(count / of, of, 0.95)
    return f"{count / of:.3f} [{low:.3f}, {high:.3f}]"


def row(*cells: str) -> str:
    """Write one line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description="Errors and power of causes by sources.")
    parser.add_argument("--replays", type=int, default=200, help="replays behind each figure")
    parser.add_argument("--answers", type=Path, action="append", default=[], help="real answers")
    arguments = parser.parse_args()
    for path in arguments.answers:
        print(real(path, arguments.replays), flush=True)
    for table in (unchanged, changed, stopped):
        for told in table(arguments.replays):
            print(told, flush=True)


if __name__ == "__main__":
    main()
