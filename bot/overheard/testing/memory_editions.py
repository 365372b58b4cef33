"""The part of the in-memory store that holds the editions of the scores."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from operator import attrgetter

from overheard.domain import (
    PENDING,
    Answer,
    Block,
    Catalogue,
    Edition,
    EditionState,
    Model,
    Run,
    ScoreRecord,
)


class MemoryEditions:
    """Editions, and the removal of scores that nobody needs."""

    _runs: dict[str, Run]
    _answers: dict[tuple[int, str, str, int], Answer]
    _read: set[tuple[str, str, int]]
    _scores: dict[tuple[int, str, str, str, str], ScoreRecord]
    _blocks: dict[tuple[int, str, Model, str, str, str], Block]

    def __init__(self) -> None:
        self._editions: dict[int, Edition] = {}

    async def editions(self) -> list[Edition]:
        """Return all editions, the oldest first."""
        return sorted(self._editions.values(), key=attrgetter("at", "id"))

    async def add_edition(self, edition: Edition) -> Edition:
        """Keep an edition; of those with the same versions there is one."""
        self._displace(edition.state)
        same = [one.id for one in self._editions.values() if one.versions == edition.versions]
        number = same[0] if same else max(self._editions, default=0) + 1
        catalogue = Catalogue(edition.catalogue.brands, facts=edition.catalogue.facts)
        self._editions[number] = replace(edition, id=number, catalogue=catalogue)
        return replace(edition, id=number)

    async def set_edition(self, number: int, state: EditionState, note: str = "") -> None:
        """Say what an edition is good for; the one that was used before is kept."""
        self._displace(state)
        self._set(number, state, note)

    async def leave_edition(self, number: int, instead: int) -> None:
        """Use an edition again instead of the one that is used."""
        self._set(number, EditionState.LEFT)
        self._set(instead, EditionState.USED)

    async def prune_scores(self, versions: Collection[str]) -> int:
        """Remove all scores but those of some versions, and the editions that read them."""
        left = {n: e for n, e in self._editions.items() if e.versions <= set(versions)}
        self._editions = left
        gone = {k for k in self._read if f"{k[0]}@{k[1]}" not in versions}
        self._read -= gone
        stale = [k for k, r in self._scores.items() if f"{r.scorer}@{r.version}" not in versions]
        for key in stale:
            del self._scores[key]
        for block in [k for k, one in self._blocks.items() if one.version not in versions]:
            del self._blocks[block]
        return len(stale)

    async def read_by(self, scorer: str, version: str) -> int:
        """Return how many answers a version of a scorer has read."""
        gone = {answer.id for answer in self._answers.values() if answer.gone}
        return sum(key[:2] == (scorer, version) and key[2] not in gone for key in self._read)

    async def scorable(self) -> int:
        """Return how many answers scorers are shown."""
        return len(self._scorable())

    def _scorable(self) -> list[Answer]:
        aside = {run.id for run in self._runs.values() if run.aside}
        return [
            answer
            for answer in self._answers.values()
            if answer.complete and answer.run_id not in aside
            if not (answer.reused_from or answer.gone)
        ]

    def _displace(self, state: EditionState) -> None:
        places = PENDING if state in PENDING else {state} & {EditionState.USED}
        for one in [one for one in self._editions.values() if one.state in places]:
            self._set(one.id, EditionState.KEPT)

    def _set(self, number: int, state: EditionState, note: str = "") -> None:
        if number in self._editions:
            self._editions[number] = replace(self._editions[number], state=state, note=note)
