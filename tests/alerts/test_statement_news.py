"""Tests of what the statements of a run change about alerts, from stories that are given."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from kit.scripted import reply
from overheard.alerts.statements import (
    ModelStatements,
    StatementNews,
    StatementReader,
    false_claim,
    is_same_statement,
)
from overheard.detection.statement_shifts import statement_shift
from overheard.detection.statements import Occurrence, StatementStory
from overheard.domain import (
    Alert,
    AlertState,
    Answer,
    Brand,
    Catalogue,
    Citation,
    Detail,
    Fact,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
    Run,
    RunKey,
    Score,
    ScoreRecord,
    Shift,
    StatementKind,
)
from overheard.reading.claims import FalseClaim
from overheard.testing.deployment import open_test_store

ONE, TWO = Model("svc", "m-1"), Model("svc", "m-2")
START = datetime(2026, 1, 5, tzinfo=UTC)
RUNS = tuple(RunKey(START + timedelta(weeks=week), week) for week in range(1, 9))
ASKED = {run.id: {"a": 6, "b": 6} for run in RUNS}
FACTS = (Fact("Acme", "price", "$14"), Fact("Acme", "founded", "2010"), Fact("Zeta", "ceo", "Ann"))


def heard(
    week: int, answer: int, topic: str = "price", verdict: str = "wrong", model: Model = ONE
) -> Occurrence:
    """Return a statement in an answer of a week."""
    stated = "" if verdict == "grave" else "$49" if topic == "price" else "1999"
    claim = FalseClaim(100 * week + answer, model, topic, verdict, stated, f"It: {topic}.")
    return Occurrence(claim, RUNS[week - 1], "a")


def story(*weeks: int, grown: tuple[int, ...] = (), closed: int = 0, **more: Any) -> StatementStory:
    """Return a story of two answers in each of some weeks, which was news in the first."""
    occurrences = tuple(heard(week, n, **more) for week in weeks for n in (1, 2))
    return StatementStory(
        occurrences,
        RUNS[weeks[0] - 1],
        RUNS[weeks[-1] - 1],
        grown=tuple(RUNS[week - 1] for week in grown),
        closed=RUNS[closed - 1] if closed else None,
        silent=(12 * (closed - weeks[-1]), closed - weeks[-1]) if closed else (0, 0),
    )


def shift(of: StatementStory, week: int, truth: str = "$14") -> Shift:
    """Return the report of a story in a week."""
    truth = "" if of.first.kind is StatementKind.GRAVE else truth
    return statement_shift(of, "Acme", RUNS[week - 1], RUNS[:week], ASKED, truth)


def alert(number: int, *shifts: Shift, **more: Any) -> Alert:
    """Return an alert that reported some statements."""
    return Alert(shifts[0], RUNS[shifts[0].run_id - 1].at, shifts[1:], id=number, **more)


async def all_starts() -> dict[int, datetime]:
    """Return the starts of the runs of all weeks."""
    return {run.id: run.at for run in RUNS}


STORE: Any = SimpleNamespace(runs=SimpleNamespace(starts=all_starts))


class Given(StatementReader):
    """Statements that are given, as of week 5."""

    stories: dict[Model, tuple[StatementStory, ...]]
    asked: Any = ASKED

    async def statements(
        self,
        brand: str,  # noqa: ARG002 - there is one
        until: datetime | None = None,
        *,
        grave_since: datetime | None = None,  # noqa: ARG002 - they are given
    ) -> dict[Model, ModelStatements]:
        """Return them."""
        assert until == RUNS[4].at
        return {
            model: ModelStatements(RUNS[:5], self.asked, stories)
            for model, stories in self.stories.items()
        }

    async def grave_occurrences(
        self, searched: Collection[int], runs: Mapping[int, RunKey]
    ) -> dict[str, list[Occurrence]]:
        """Return none: those that there are were read."""
        assert set(searched) == set(runs) == {5}
        return {}


async def news(
    *stories: StatementStory, alerts: tuple[Alert, ...] = (), asked: Any = ASKED
) -> StatementNews:
    """Return what the stories change in week 5."""
    reader = Given(STORE, Catalogue((), (), FACTS), ())
    reader.stories = {ONE: (), TWO: ()}
    reader.asked = asked
    for one in stories:
        reader.stories[one.first.claim.model] += (one,)
    return await reader.news(Run("w5", RUNS[4].at, id=RUNS[4].id), "Acme", alerts)


def shown(found: StatementNews) -> tuple[list[tuple[str, int]], tuple[int, ...]]:
    """Return the topics and runs of the reported shifts, and the alerts that go on."""
    reported = [(s.statement.topic, s.run_id) for s in found.shifts if s.statement]
    return reported, found.continued


NEWS = ([("price", 5)], ())
NOTHING: tuple[list[tuple[str, int]], tuple[int, ...]] = ([], ())
OPEN, OVER = AlertState.OPEN, AlertState.RECOVERED


@pytest.mark.parametrize(
    ("told", "alerts", "expected"),
    [
        (story(4, 5), (), NEWS),
        (story(4, 5, closed=5), (), NOTHING),
        (story(4, 5), ((1, 4, OPEN),), ([], (1,))),
        (story(4), ((1, 4, OPEN),), NOTHING),
        (story(5), ((1, 5, OPEN),), NOTHING),
        (story(4, 5, grown=(5,)), ((1, 4, OPEN),), NEWS),
        (story(4, 5, grown=(5,)), ((1, 5, OPEN),), NOTHING),
        (story(3, 4, 5, grown=(4,)), ((1, 3, OPEN),), ([], (1,))),
        (story(4, 5), ((1, 2, OVER),), NEWS),
        (story(4, 5), ((1, 4, OVER),), NOTHING),
        (story(4, 5), ((2, 2, OVER), (1, 2, OPEN)), ([], (1,))),
        (story(4, 5), ((2, 4, OVER), (1, 2, OPEN)), NOTHING),
        (story(4, 5), ((2, 4, OPEN), (1, 4, OPEN)), ([], (2,))),
        (story(4, 5), ((2, 2, OVER), (1, 2, OVER)), NEWS),
    ],
)
async def test_the_latest_alert_of_a_statement_decides_what_is_news(
    told: StatementStory,
    alerts: tuple[tuple[int, int, AlertState], ...],
    expected: tuple[list[tuple[str, int]], tuple[int, ...]],
) -> None:
    """An open alert goes on or grows; one that is over from before the story leaves it news."""
    known = tuple(
        alert(number, replace(shift(story(week), week)), state=state)
        for number, week, state in alerts
    )
    assert shown(await news(told, alerts=known)) == expected
    other = alert(9, shift(story(4, topic="founded"), 4, "2010"))
    found = await news(told, alerts=(other, *known))
    assert shown(found) == expected


async def test_an_alert_goes_on_once_and_reports_come_by_model_gravity_and_number() -> None:
    """With the value of the fact; a grave sentence has none."""
    two = story(4, 5), story(4, 5, topic="founded")
    both = alert(3, shift(two[0], 4), shift(two[1], 4, "2010"))
    assert shown(await news(*two, alerts=(both,))) == ([], (3,))

    more = replace(two[1], occurrences=(*two[1].occurrences, heard(5, 3, "founded")))
    grave = story(5, topic="recall", verdict="grave")
    elsewhere = story(5, model=TWO)
    found = await news(two[0], more, grave, elsewhere)
    assert [(s.model, s.statement and s.statement.topic) for s in found.shifts] == [
        (ONE, "recall"),
        (ONE, "founded"),
        (ONE, "price"),
        (TWO, "price"),
    ]
    assert [s.statement and s.statement.truth for s in found.shifts] == ["", "2010", "$14", "$14"]
    assert [s.statement and s.statement.answers for s in found.shifts] == [2, 3, 2, 2]
    removed = story(5, topic="motto")
    [news_of_removed] = (await news(removed)).shifts
    assert news_of_removed.statement is not None
    assert news_of_removed.statement.truth == ""


GONE = "It is gone: in none of 24 answers of 2 checks since."
CHANGED = "The fact sheet was changed and does not rule it out any more."


@pytest.mark.parametrize(
    ("told", "reported", "ended"),
    [
        ((story(3, closed=5),), (shift(story(3), 3),), GONE),
        ((story(3, 4),), (shift(story(3), 3),), ""),
        ((story(1, closed=2), story(3, closed=5)), (shift(story(3), 3),), GONE),
        ((story(1, closed=3), story(5)), (shift(story(1), 1),), ""),
        ((story(3, closed=5),), (shift(story(3), 3, "$15"),), CHANGED),
        ((story(3, 4),), (shift(story(3), 3, "$15"),), ""),
        (
            (story(3, closed=5), story(4, topic="founded")),
            (shift(story(3), 3), shift(story(4, topic="founded"), 4, "2010")),
            "",
        ),
        (
            (story(3, closed=5), story(1, topic="founded", closed=5)),
            (shift(story(1, topic="founded"), 1, "2010"), shift(story(3), 3)),
            GONE,
        ),
    ],
)
async def test_an_alert_is_over_when_all_its_statements_are_gone(
    told: tuple[StatementStory, ...], reported: tuple[Shift, ...], ended: str
) -> None:
    """With the reason of the last; one that is over already, or of another model, has none."""
    mine = alert(4, *reported)
    assert (await news(*told, alerts=(mine,))).ended == (((4, ended),) if ended else ())
    assert (await news(*told, alerts=(replace(mine, state=OVER),))).ended == ()
    at_other = alert(4, *(replace(each, model=TWO) for each in reported))
    closed = [one for one in told if one.closed]
    if closed and ended == GONE:
        assert (await news(*told, alerts=(at_other,))).ended == ()


@pytest.mark.parametrize(
    ("week", "made", "asked", "note"),
    [
        (3, 6, 12, GONE),
        (4, 6, 12, ""),
        (3, 2, 12, ""),
        (1, 2, 12, "It is gone: in none of 48 answers of 4 checks since."),
    ],
)
async def test_a_statement_without_a_story_is_gone_after_answers_enough(
    week: int, made: int, asked: int, note: str
) -> None:
    """Its texts may be deleted, or be read otherwise now: at least two checks without it, and more
    than chance explains.
    """
    reported = shift(story(week), week)
    statement = reported.statement
    assert statement
    counted = replace(reported, statement=replace(statement, answers=made, asked=asked))
    found = await news(alerts=(alert(4, counted),))
    assert found.ended == (((4, note),) if note else ())
    elsewhere = replace(counted, run_id=99)
    assert (await news(alerts=(Alert(elsewhere, START, id=4),))).ended == ()


@pytest.mark.parametrize(
    ("verdict", "topic", "stated", "same"),
    [
        ("wrong", "price", "$49", True),
        ("wrong", "price", "$49 a month or $588 a year", True),
        ("wrong", "price", "$50", False),
        ("wrong", "founded", "$49", False),
        ("stale", "price", "$49", False),
        ("grave", "price", "$49", False),
    ],
)
def test_a_claim_repeats_a_statement_of_its_meaning(
    verdict: str, topic: str, stated: str, *, same: bool
) -> None:
    """A grave sentence by its topic alone."""
    statement = shift(story(3), 3).statement
    assert statement
    claim = FalseClaim(1, ONE, topic, verdict, stated, "x")
    assert is_same_statement(statement, claim) is same
    grave = shift(story(3, topic="price", verdict="grave"), 3).statement
    assert grave
    assert is_same_statement(grave, claim) is (verdict == "grave")


def test_a_false_claim_has_the_hosts_that_its_answer_cites() -> None:
    """Each once, in their order; what was only retrieved is no source."""
    citations = (
        Citation("https://www.b.test/1"),
        Citation("https://a.test/1"),
        Citation("https://c.test", cited=False),
        Citation("https://b.test/2"),
        Citation("no address"),
    )
    answer = Answer(1, Question(Prompt("Q?"), TWO), reply(citations=citations), START, id=8)
    detail = Detail("price", "stale", "$49", "It is $49.")

    assert false_claim(answer, detail) == FalseClaim(
        8, TWO, "price", "stale", "$49", "It is $49.", ("b.test", "a.test")
    )


RECALL = "Acme recalled its heaters in January over a fire hazard."
OTHERS = "Zeta recalled its heaters in January over a fire hazard. Acme is good."
MARKET = (Brand("Acme"), Brand("Zeta"), Brand("Rival", tracked=False))


async def stored(
    *texts: str | Reply, brands: tuple[str, ...] = ()
) -> tuple[StatementReader, RunKey, list[Answer]]:
    """Return a reader of a run with some answers to a question of some brands, and these."""
    prompt = Prompt("Which is best?", brands=brands)
    store = open_test_store()
    run = await store.runs.start(Run("w1", START))
    answers = [
        Answer(
            run.id,
            Question(prompt, ONE, repeat),
            text if isinstance(text, Reply) else reply(text),
            START,
        )
        for repeat, text in enumerate(texts)
    ]
    reader = StatementReader(store, Catalogue(MARKET, (), FACTS), ["s@1"])
    return reader, RunKey(START, run.id), list(await store.answers.add(answers))


async def test_grave_sentences_are_of_tracked_brands_that_the_question_concerns() -> None:
    """Of the brand that the sentence is about; what was cut, or copied, is not read."""
    rival = RECALL.replace("Acme", "Rival")
    cut = reply(RECALL, Finish.LENGTH)
    reader, run, answers = await stored(RECALL, OTHERS, rival, "Acme is good.", cut)
    copy = replace(answers[0], question=replace(answers[0].question, repeat=9), id=0)
    await reader.store.answers.add([replace(copy, reused_from=answers[0].id)])
    found = await reader.grave_occurrences([run.id], {run.id: run})
    assert {brand: {o.claim.answer_id for o in heard} for brand, heard in found.items()} == {
        "Acme": {answers[0].id},
        "Zeta": {answers[1].id},
    }
    occurrence = next(o for o in found["Acme"] if o.claim.field == "recall")
    assert occurrence.kind is StatementKind.GRAVE
    assert (occurrence.run, occurrence.claim.quote) == (run, RECALL)

    of_zeta, run, _ = await stored(RECALL, OTHERS, brands=("Zeta",))
    assert list(await of_zeta.grave_occurrences([run.id], {run.id: run})) == ["Zeta"]


async def test_the_texts_of_a_run_are_searched_once() -> None:
    """Once for each set of runs, also where nothing was found; no run has none."""
    reader, run, _ = await stored(RECALL)
    first = await reader.grave_occurrences([run.id], {run.id: run})
    assert await reader.grave_occurrences([], {}) == {}
    reader.store = STORE  # which has no answers to read
    assert await reader.grave_occurrences({run.id}, {run.id: run}) is first


async def test_a_false_claim_counts_while_its_fact_and_its_scorer_are_there() -> None:
    """Not what another version found, what is right, or what a removed fact ruled out."""
    reader, run, answers = await stored(*["It costs $49."] * 6)
    claim = Detail("price", verdict="wrong", stated="$49")
    details = {
        1: ("s", "1", (claim, replace(claim, verdict="right"))),
        2: ("s", "2", (claim,)),
        3: ("other", "1", (claim,)),
        4: ("s", "1", (replace(claim, topic="ceo"),)),
        5: ("s", "1", (replace(claim, verdict="stale"), claim)),
    }
    for place, (scorer, version, found) in details.items():
        answer = answers[place - 1]
        score = Score("accuracy", 0.0, details=found)
        record = ScoreRecord(answer.id, "Acme", scorer, version, score)
        await reader.store.scores.add(scorer, version, [(answer, [record])])
    by_model = await reader.statements("Acme")
    [told] = by_model[ONE].stories
    assert [(o.claim.answer_id, o.claim.verdict) for o in told.occurrences] == [
        (answers[0].id, "wrong"),
        (answers[4].id, "wrong"),
    ]
    assert by_model[ONE].runs == (run,)
    assert by_model[ONE].asked == {run.id: {answers[0].question.prompt.key: 3}}
    assert await reader.statements("Acme", START - timedelta(days=1)) == {}
    assert (await reader.statements("Acme", START))[ONE].stories == (told,)
