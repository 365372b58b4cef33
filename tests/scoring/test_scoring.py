"""Tests of the way from answers to scores, with scorers as third parties might write them."""

import asyncio
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.scripted import Quiet, reply
from overheard.config.sections import Config
from overheard.domain import (
    Answer,
    Brand,
    Catalogue,
    Finish,
    Metric,
    Model,
    Prompt,
    Question,
    Reading,
    Run,
    Scale,
    Score,
)
from overheard.errors import StoreError
from overheard.interfaces import Store
from overheard.plugins import load_plugins
from overheard.scoring.scorer_calls import made_up_reading, warm_up
from overheard.scoring.service import Scoring
from overheard.testing.deployment import open_test_store

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ACME = Brand("Acme", competitors=("Zeta",))
CATALOGUE = Catalogue((ACME, Brand("Zeta", tracked=False), Brand("Other")))


class Counting:
    """A scorer with given scores, which counts its calls."""

    def __init__(self, give: Callable[[Reading], Any], name: str = "counting") -> None:
        self.name = name
        self.version = "1"
        self.metrics = (Metric(name, Scale.BINARY, "Counting"),)
        self.give = give
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def score(self, reading: Reading) -> Iterable[Score]:
        """Return the given scores."""
        rivals = tuple(rival.name for rival in reading.competitors)
        self.asked.append((reading.brand.name, rivals))
        given = self.give(reading)
        if isinstance(given, BaseException):
            raise given
        return given  # type: ignore[no-any-return] # some tests give nonsense


class Async(Counting):
    """The same, async."""

    async def score(self, reading: Reading) -> Iterable[Score]:  # type: ignore[override] # either
        """Give it later."""
        return super().score(reading)


def one(_: Reading) -> list[Score]:
    """Give one score."""
    return [Score("counting", 1.0)]


async def answered(*answers: tuple[Prompt, Finish]) -> Store:
    """Return a store with a run of these answers."""
    store = open_test_store()
    run = await store.runs.start(Run("r", NOW))
    model = Model("svc", "m-1")
    await store.answers.add(
        [
            Answer(run.id, Question(prompt, model, number), reply(finish=finish), NOW)
            for number, (prompt, finish) in enumerate(answers)
        ]
    )
    return store


WHICH = Prompt("Which is best?")


@pytest.mark.parametrize("kind", [Counting, Async])
async def test_an_answer_is_scored_once_for_each_brand_and_its_rivals(kind: type[Counting]) -> None:
    """Competitors are measured too, with the rest of their market; a scorer may be async."""
    scorer = kind(one)
    store = await answered((WHICH, Finish.COMPLETE))
    scoring = Scoring([scorer], CATALOGUE)
    await scoring.catch_up(store, Quiet())
    await scoring.catch_up(store, Quiet())

    assert scorer.asked == [("Acme", ("Zeta",)), ("Zeta", ("Acme",)), ("Other", ())]
    assert len([score async for score in store.scores.stream()]) == 3
    assert {(b.brand, b.n, b.total) for b in await store.blocks.find()} == {
        ("Acme", 1, 1.0),
        ("Zeta", 1, 1.0),
        ("Other", 1, 1.0),
    }


async def test_a_prompt_of_one_brand_is_scored_for_its_market_alone() -> None:
    """Another brand's questions say nothing of it."""
    scorer = Counting(one)
    store = await answered((Prompt("Is it good?", brands=("Acme",)), Finish.COMPLETE))
    await Scoring([scorer], CATALOGUE).catch_up(store, Quiet())

    assert [brand for brand, _ in scorer.asked] == ["Acme", "Zeta"]


async def test_answers_that_are_not_stored_are_read_each_by_itself() -> None:
    """All of them have the number 0."""
    scorer = Counting(lambda reading: [Score("counting", float("b" in reading.answer.reply.text))])
    answers = [Answer(0, Question(WHICH, Model("s", "m")), reply(text), NOW) for text in "ab"]
    records = await Scoring([scorer], Catalogue((ACME,))).score(answers)

    assert [record.score.value for record in records] == [0.0, 1.0]


async def test_only_complete_answers_are_scored() -> None:
    """A cut answer looks like a shift."""
    scorer = Counting(one)
    store = await answered(*((WHICH, finish) for finish in Finish))
    await Scoring([scorer], Catalogue((ACME,))).catch_up(store, Quiet())

    assert len(scorer.asked) == 2


@pytest.mark.parametrize(
    "given",
    [
        *([Score("counting", value)] for value in (2.0, -0.1, math.nan, math.inf, 10**400)),
        [Score("counting", "1")],  # type: ignore[arg-type] # that is what is tried
        [Score("counting", None)],  # type: ignore[arg-type] # the same
        [Score("counting", 1.0, None)],  # type: ignore[arg-type] # the same
        [Score(["counting"], 1.0)],  # type: ignore[arg-type] # the same
        [Score("other", 1.0)],
        [None],
        7,
        None,
        RuntimeError("x"),
        SystemExit(3),
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", [Counting, Async])
async def test_nonsense_from_a_scorer_is_left_out_and_told(
    kind: type[Counting], given: object
) -> None:
    """What one scorer gets wrong is one sentence, and another's scores are kept."""
    good = Counting(lambda _: [Score("good", 1.0)], "good")
    store = await answered((WHICH, Finish.COMPLETE))
    scoring = Scoring([kind(lambda _: given), good], Catalogue((Brand("Acme"),)))
    await scoring.catch_up(store, Quiet())

    assert [record.scorer async for record in store.scores.stream()] == ["good"]
    [fault] = scoring.faults
    assert fault.startswith("The scorer counting ")


@pytest.mark.parametrize("value", [0.0, math.inf, 1e200, 10**400])
async def test_a_rank_is_finite(value: float) -> None:
    """An endless one cannot be written as JSON, and a huge one cannot be squared."""
    scorer = Counting(lambda _: [Score("counting", 3.0), Score("counting", value)])
    scorer.metrics = (Metric("counting", Scale.RANK, "Counting"),)
    store = await answered((WHICH, Finish.COMPLETE))
    scoring = Scoring([scorer], Catalogue((Brand("Acme"),)))
    await scoring.catch_up(store, Quiet())

    assert [record.score.value async for record in store.scores.stream()] == [3.0]
    [told] = scoring.faults
    assert told.startswith("The scorer counting gives values outside its own scales; report it")


class Endless(Counting):
    """A scorer that waits for ever."""

    async def score(self, reading: Reading) -> Iterable[Score]:  # type: ignore[override] # either
        """Wait."""
        await asyncio.Event().wait()
        return super().score(reading)


class Watched(Quiet):
    """Progress that keeps how many steps there were to be."""

    total = 0

    def start(self, title: str, total: int) -> None:  # noqa: ARG002 - the steps are what counts
        """Keep that."""
        self.total = total


async def test_progress_knows_of_older_answers_that_are_scored_too() -> None:
    """It does not go past its end."""
    store, progress = await answered(*[(WHICH, Finish.COMPLETE)] * 3), Watched()
    await Scoring([Counting(one)], CATALOGUE).catch_up(store, progress, expected=1)

    assert progress.total == progress.steps == 3


class Meeting(Counting):
    """A scorer that waits until another one reads as well."""

    def __init__(self, name: str, both: asyncio.Barrier) -> None:
        super().__init__(lambda _: [Score(name, 1.0)], name)
        self.both = both

    async def score(self, reading: Reading) -> Iterable[Score]:  # type: ignore[override] # either
        """Wait for the other one."""
        await self.both.wait()
        return super().score(reading)


async def test_scorers_that_wait_do_so_beside_each_other() -> None:
    """The time that all of them take is that of the slowest."""
    both = asyncio.Barrier(2)
    store = await answered((WHICH, Finish.COMPLETE), (WHICH, Finish.COMPLETE))
    scoring = Scoring([Meeting("one", both), Meeting("two", both)], Catalogue((Brand("Acme"),)))
    async with asyncio.timeout(10):
        await scoring.catch_up(store, Quiet())

    assert sorted([record.scorer async for record in store.scores.stream()]) == [
        "one",
        "one",
        "two",
        "two",
    ]


async def test_what_the_store_raises_ends_scoring_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other scorers that read at the same time are not left behind."""
    store = await answered((WHICH, Finish.COMPLETE))

    async def fail(*_: object) -> None:
        raise StoreError(url="the store", reason="its disk is full", remedy="make room")

    monkeypatch.setattr(store.scores, "add", fail)
    before = asyncio.all_tasks()
    with pytest.raises(StoreError):
        await Scoring([Counting(one), Endless(one, "endless")], CATALOGUE).catch_up(store, Quiet())
    assert asyncio.all_tasks() == before


async def test_a_scorers_own_time_out_is_not_taken_for_ours() -> None:
    """Its kind is reported, like that of any other error."""
    store = await answered((WHICH, Finish.COMPLETE))
    scoring = Scoring([Async(lambda _: TimeoutError())], Catalogue((Brand("Acme"),)))
    await scoring.catch_up(store, Quiet())

    assert list(scoring.faults) == ["The scorer counting fails on an answer: TimeoutError"]


async def test_scoring_can_be_cancelled() -> None:
    """A stop of the program is no fault of a scorer."""
    store = await answered((WHICH, Finish.COMPLETE))
    scoring = Scoring([Endless(one)], CATALOGUE)
    task = asyncio.create_task(scoring.catch_up(store, Quiet()))
    await asyncio.sleep(0.05)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert not scoring.faults


async def test_a_new_alias_or_rival_is_a_new_version() -> None:
    """Scores under other names are never compared."""
    scorer = Counting(one)
    plain = Scoring([scorer], CATALOGUE).versions
    aliased = Catalogue((Brand("Acme", ("Acme Inc",), (), ("Zeta",)), *CATALOGUE.brands[1:]))

    assert Scoring([scorer], aliased).versions != plain
    assert Scoring([scorer], Catalogue(CATALOGUE.brands[::-1])).versions == plain


def test_a_warm_up_asks_the_scorers_of_this_process_alone() -> None:
    """One that fails does not keep the others from it; async scorers and judges are left out."""
    failing, scorer, later = (
        Counting(lambda _: ValueError()),
        Counting(lambda _: []),
        Async(lambda _: []),
    )
    warm_up([failing, scorer, later])

    assert [len(one.asked) for one in (failing, scorer, later)] == [1, 1, 0]


@pytest.mark.parametrize("name", [n for n in load_plugins(Config()).scorers if n != "overviews"])
def test_each_built_in_scorer_has_something_to_say_of_the_made_up_answer(name: str) -> None:
    """So its patterns are compiled; that of AI Overviews has none, and reads no other product."""
    scorer = load_plugins(Config()).scorers[name]
    assert list(scorer.score(made_up_reading()))  # type: ignore[arg-type] # none of them is async
