"""Tests of scoring history again while the former scores are read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kit.scripted import Quiet, SteppingClock, reply
from overheard.domain import (
    Answer,
    Brand,
    Catalogue,
    Edition,
    EditionState,
    Metric,
    Model,
    Prompt,
    Question,
    Reading,
    Run,
    Scale,
    Score,
)
from overheard.interfaces import Store
from overheard.measure.blocks import streams
from overheard.scoring import rescoring as module
from overheard.scoring.rescoring import Rescoring, scoring_in_use
from overheard.scoring.service import Scoring
from overheard.testing.deployment import open_test_store
from overheard.views.standings import standings_in
from overheard_visibility.scorer import Visibility

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BEFORE = Catalogue((Brand("Acme"),))
AFTER = Catalogue((Brand("Acme", ("Acmeo",)),))
TEXTS = ("Acme is good.", "Acmeo is good.", "Others are good.")


class FailureKind:
    """A scorer that fails on demand."""

    name, version = "failing", "1"
    metrics = (Metric("failing", Scale.BINARY, "Failing"),)
    fails = False

    def score(self, reading: Reading) -> Iterable[Score]:
        """Fail or give a score."""
        if self.fails:
            raise ValueError(reading.brand.name)
        return [Score("failing", 1.0)]


async def answered(store: Store, texts: Sequence[str] = TEXTS, key: str = "r") -> None:
    """Keep a run of answers."""
    run = await store.runs.start(Run(key, NOW))
    prompt, model = Prompt("Which is best?"), Model("svc", "m-1")
    await store.answers.add(
        [Answer(run.id, Question(prompt, model, n), reply(t), NOW) for n, t in enumerate(texts)]
    )


@pytest.fixture
async def store() -> Store:
    """A store whose history was scored before a change."""
    store = open_test_store()
    await store.catalogue.provision(BEFORE)
    await answered(store)
    await rescoring(store, BEFORE).update_scores(Quiet())
    await store.catalogue.set_brand(AFTER.brands[0])
    await store.catalogue.provision(AFTER)
    return store


def rescoring(store: Store, catalogue: Catalogue, *more: FailureKind) -> Rescoring:
    """Return the scoring of a catalogue."""
    return Rescoring(store, Scoring([Visibility(), *more], catalogue), SteppingClock())


async def seen(store: Store, scoring: Scoring) -> tuple[float, int]:
    """Return in how many answers Acme is visible, and of how many, by some scores."""
    blocks = [
        b for b in await store.blocks.find(metric="visibility") if b.version in scoring.versions
    ]
    return sum(b.total for b in blocks), sum(b.n for b in blocks)


async def begun(rescorer: Rescoring) -> Edition:
    """Begin an edition."""
    edition = await rescorer.open_edition()
    assert edition
    return edition


async def states(store: Store) -> list[str]:
    """Return the state of the editions."""
    return [edition.state.value for edition in await store.editions.all()]


async def test_a_short_history_is_scored_anew_at_once(store: Store) -> None:
    """The next reader gets it; the former scores are kept."""
    scoring = await rescoring(store, AFTER).update_scores(Quiet())
    assert await seen(store, scoring) == (2.0, 3)
    assert await seen(store, Scoring([Visibility()], BEFORE)) == (1.0, 3)
    assert await states(store) == ["kept", "used"]


async def test_a_long_history_is_read_as_before_until_it_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that come in are scored by the names of before, and compare."""
    monkeypatch.setattr(module, "SLICE_ANSWERS", 1)
    await answered(store, ["Acme and Acmeo."], "late")
    scoring = await rescoring(store, AFTER).update_scores(Quiet(), slice_s=1e-9)
    assert scoring.catalogue == BEFORE
    assert await seen(store, scoring) == (2.0, 4)
    assert await states(store) == ["used", "scoring"]


async def test_each_slice_goes_on_until_nothing_is_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note says how many more checks it will take; then the new scores are read."""
    monkeypatch.setattr(module, "SLICE_ANSWERS", 1)
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(module, "monotonic", clock)
    notes = []
    for _ in range(9):
        scoring = await rescoring(store, AFTER).update_scores(Quiet(), slice_s=5.0)
        notes.append((await store.editions.all())[-1].note)
        if scoring.catalogue == AFTER:
            break
    assert 1 < len(notes) < 9
    assert set(notes[:-1]) == {"about 1 more check"}
    assert await seen(store, scoring) == (2.0, 3)
    assert await states(store) == ["kept", "used"]


async def test_work_goes_on_where_it_was_cut_off(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was scored is in the store; the newest answers come first."""
    monkeypatch.setattr(module, "SLICE_ANSWERS", 1)
    scoring, progress = Scoring([Visibility()], AFTER), Quiet()
    rescorer = Rescoring(store, scoring, SteppingClock())
    edition = await begun(rescorer)

    class Killed(Quiet):
        def advance(self, steps: int = 1) -> None:
            super().advance(steps)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rescorer.score_history(edition, Killed())
    version = scoring.version(scoring.scorers[0])
    assert [number async for number in store.scores.unscored("visibility", version)] == [1, 2]
    assert await states(store) == ["used", "scoring"]

    again = rescoring(store, AFTER)
    assert await again.score_history(await begun(again), progress)
    assert progress.steps == 2
    assert await seen(store, scoring) == (2.0, 3)


async def test_answers_that_come_in_meanwhile_are_scored_before_the_switch(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer is lost to a later reader."""

    class Busy(Quiet):
        def advance(self, steps: int = 1) -> None:
            super().advance(steps)
            late.append(steps)

    late: list[int] = []
    rescorer = rescoring(store, AFTER)
    edition = await begun(rescorer)
    original = store.scores.add

    async def add(*given: object) -> None:
        await original(*given)  # type: ignore[arg-type] # handed through
        if len(late) == 0:
            late.append(0)
            await answered(store, ["Acmeo."], "late")
            await Scoring([Visibility()], BEFORE).catch_up(store, Quiet())

    monkeypatch.setattr(store.scores, "add", add)  # writes at a bad moment
    assert await rescorer.score_history(edition, Busy())
    assert await seen(store, Scoring([Visibility()], AFTER)) == (3.0, 4)


async def test_a_change_that_is_taken_back_needs_no_work(store: Store) -> None:
    """The scores from before it are used again."""
    await rescoring(store, AFTER).update_scores(Quiet())
    progress = Quiet()
    scoring = await rescoring(store, BEFORE).update_scores(progress)
    assert await seen(store, scoring) == (1.0, 3)
    assert await states(store) == ["used", "kept"]
    assert progress.steps == 0


async def test_another_change_takes_the_place_of_one_under_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that is not wanted any more is given up."""
    monkeypatch.setattr(module, "CHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr(module, "SLICE_ANSWERS", 1)
    rescorer = rescoring(store, AFTER)
    edition = await begun(rescorer)
    await store.catalogue.provision(BEFORE)
    assert not await rescorer.score_history(edition, Quiet())
    assert await rescoring(store, BEFORE).open_edition() is None
    assert await states(store) == ["used", "kept"]


@pytest.mark.parametrize("state", [EditionState.LEFT, EditionState.READY])
async def test_what_waited_for_a_person_in_an_older_store_is_scored_and_used(
    store: Store, state: EditionState
) -> None:
    """A store of 0.1 may have one that was cancelled, or that waits for a yes."""
    edition = await begun(rescoring(store, AFTER))
    await store.editions.set_state(edition.id, state)
    scoring = await rescoring(store, AFTER).update_scores(Quiet())
    assert await seen(store, scoring) == (2.0, 3)
    assert await states(store) == ["kept", "used"]


async def test_what_a_scorer_fails_on_keeps_the_scores_that_it_had(store: Store) -> None:
    """History has no holes, and the note says how many there would be."""
    failing = FailureKind()
    await store.catalogue.provision(BEFORE)
    await rescoring(store, BEFORE, failing).update_scores(Quiet())
    await store.catalogue.provision(AFTER)
    failing.fails = True
    scoring = await rescoring(store, AFTER, failing).update_scores(Quiet())
    assert scoring.catalogue == AFTER
    kept = [b for b in await store.blocks.find(metric="failing") if b.version in scoring.versions]
    assert sum(block.n for block in kept) == 3
    assert (await store.editions.all())[-1].note.startswith("3 readings of answers could not be")


async def test_a_new_version_of_a_scorer_scores_only_what_it_is_read_with(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of before is gone, so what comes in waits for the switch, and nothing is mixed."""
    monkeypatch.setattr(module, "SLICE_S", 0.0)
    new = Visibility()
    monkeypatch.setattr(type(new), "version", "99", raising=False)
    await store.catalogue.provision(BEFORE)
    await answered(store, ["Acme."], "late")
    rescorer = Rescoring(store, Scoring([new], BEFORE), SteppingClock())
    scoring = await rescorer.update_scores(Quiet())
    assert await seen(store, scoring) == (1.0, 3)
    assert await rescorer.score_history(await begun(rescorer), Quiet(), gently=True)
    assert await seen(store, await scoring_in_use(Scoring([new], BEFORE), store)) == (2.0, 4)


CHANGES: list[Callable[[Brand], Brand]] = [
    lambda brand: replace(brand, aliases=("Acmeo",)),
    lambda brand: replace(brand, competitors=("Zeta",)),
    lambda brand: replace(brand, domains=("acme.com",)),
    lambda brand: replace(brand, parent="Umbrella"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_may_change_a_score_changes_the_version(change: Callable[[Brand], Brand]) -> None:
    """Names, competitors, domains and parents."""
    changed = Catalogue(tuple(map(change, BEFORE.brands)))
    scorers = [Visibility()]
    assert Scoring(scorers, changed).versions != Scoring(scorers, BEFORE).versions


async def test_a_metric_that_a_new_version_dropped_is_left_out_until_the_switch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its scores are still there, without the names of their metrics."""
    monkeypatch.setattr(module, "SLICE_S", 0.0)
    store, old = open_test_store(), FailureKind()
    await store.catalogue.provision(BEFORE)
    await answered(store)
    await rescoring(store, BEFORE, old).update_scores(Quiet())
    new = FailureKind()
    monkeypatch.setattr(new, "version", "2", raising=False)
    monkeypatch.setattr(new, "metrics", (), raising=False)
    scoring = await rescoring(store, BEFORE, new).update_scores(Quiet())
    rows = standings_in(streams(await store.blocks.find()), ["Acme"], scoring.metrics)
    dropped = [block for block in await store.blocks.find() if block.metric == "failing"]
    assert {block.version for block in dropped} <= set(scoring.versions)
    assert dropped
    assert "visibility" in {row.metric.name for row in rows}
