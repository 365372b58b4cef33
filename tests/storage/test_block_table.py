"""Blocks by column say what blocks one by one do."""

from datetime import UTC, datetime, timedelta

from overheard.domain import Answer, Finish, Model, Prompt, Question, Reply, Run, Score, ScoreRecord
from overheard.interfaces import Store
from overheard.measure.blocks import Stream, streams, streams_of_table

START = datetime(2026, 3, 2, 7, tzinfo=UTC)
BRANDS = ("Zeta", "Acme")
VERSIONS = ("names@1.0", "names@1.10")
MODELS = (Model("svc", "b"), Model("svc", "a"))


async def fill(store: Store) -> None:
    """Keep three runs, written from the latest to the first, as two versions have read them."""
    for week in (2, 1, 0):
        run = await store.runs.start(Run(f"week {week}", START + timedelta(weeks=week)))
        reply = Reply(f"Acme, in week {week}", Finish.COMPLETE)
        asked = [Question(Prompt(text), model, 0) for text in "zyx" for model in MODELS]
        kept = await store.answers.add([Answer(run.id, q, reply, START) for q in asked])
        for version in VERSIONS[: 2 if week else 1]:
            name, _, number = version.partition("@")
            said = [
                (answer, [ScoreRecord(answer.id, b, name, number, score) for b in BRANDS])
                for answer in kept
                for score in [Score("share", answer.id % 3 / 2)]
            ]
            await store.scores.add(name, number, said)


def told(stream: Stream) -> object:
    """Return all that a stream holds."""
    cells = [sums.tolist() for sums in (stream.n, stream.total, stream.squares)]
    return stream.key, stream.version, stream.runs, stream.prompts, cells


async def test_streams_of_columns_are_those_of_blocks(store: Store) -> None:
    """The order of runs and the numbers of names make no difference."""
    await fill(store)
    table = await store.blocks.table(["Acme", "Zeta", "nobody"])
    found = streams_of_table(table)
    everybody = streams_of_table(await store.blocks.table())
    assert [told(one) for one in everybody] == [told(one) for one in found]
    assert [told(one) for one in found] == [told(one) for one in streams(await store.blocks.find())]
    assert [(one.key.brand, one.version) for one in found][::2] == [
        ("Acme", "names@1.10"),
        ("Zeta", "names@1.10"),
    ]


async def test_what_is_wanted_alone_is_read(store: Store) -> None:
    """A brand, a model, a metric, a time, and the versions that count."""
    await fill(store)
    table = await store.blocks.table(["Acme"], model=MODELS[0], metric="share", until=START)
    assert (table.runs, table.n.sum()) == (((START, 3),), 3)
    first = table.of(["names@1.0"], ["share"])
    assert [(one.brand, one.model, one.version) for one in first.streams] == [
        ("Acme", MODELS[0], "names@1.0")
    ]
    for nothing in (table.of(["other@1"]), table.of(VERSIONS, ["other"])):
        assert (nothing.streams, nothing.runs, len(nothing.n)) == ((), (), 0)
        assert streams_of_table(nothing) == []


async def test_the_newest_runs_of_each_model_are_those_of_one_brand(store: Store) -> None:
    """Runs without that brand do not count; a model with fewer runs has all of them."""
    await fill(store)
    late = await store.runs.start(Run("late", START + timedelta(weeks=3)))
    reply = Reply("Zeta", Finish.COMPLETE)
    asked = [Answer(late.id, Question(Prompt("z"), MODELS[0], 0), reply, START)]
    [answer] = await store.answers.add(asked)
    score = ScoreRecord(answer.id, "Zeta", "names", "1.10", Score("share", 1.0))
    await store.scores.add("names", "1.10", [(answer, [score])])

    async def weeks(brand: str, count: int) -> list[int]:
        table = await store.blocks.table(BRANDS, metric="share", newest=(brand, count))
        return [(run.at - START) // timedelta(weeks=1) for run in table.runs]

    assert await weeks("Acme", 2) == [1, 2, 3]
    assert await weeks("Acme", 9) == [0, 1, 2, 3]
    assert await weeks("Zeta", 1) == [2, 3], "the newest of each model"


async def test_a_brand_that_nobody_scored_has_an_empty_table(store: Store) -> None:
    """So has a store with nothing in it."""
    table = await store.blocks.table(["Acme"], metric="share", model=MODELS[0])
    assert (table.runs, table.prompts, table.streams, streams_of_table(table)) == ((), (), (), [])
