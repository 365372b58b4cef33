"""What every store does with scores and blocks."""

from dataclasses import replace

from kit.stored_items import (
    BEST,
    CHEAP,
    GPT,
    HOUR,
    LLAMA,
    NOON,
    SCORER,
    answer_to,
    answers_of,
    listed,
    record,
    run_of,
)
from overheard.domain import COMPLETE, Block, Finish, Panel, Question
from overheard.interfaces import Store


class TestScores:
    """What answers say of brands."""

    async def test_a_score_comes_back_whole(self, store: Store) -> None:
        """Every field of a score is kept, in the order of the answers."""
        first, second = await answers_of(store, 2)
        given = [record(first, 0.75, metric="share_of_voice"), record(second, 3, metric="position")]
        await store.scores.add(*SCORER, [(second, given[1:]), (first, given[:1])])
        assert await listed(store.scores.stream()) == given

    async def test_unscored_are_the_complete_answers_a_version_has_not_read(
        self, store: Store
    ) -> None:
        """Each version reads each complete answer once, also those it finds nothing in; and that a
        product has shown none.
        """
        run = await run_of(store)
        kept = await store.answers.add(
            [answer_to(run, repeat=i, finish=finish) for i, finish in enumerate(Finish)]
        )
        read = {*COMPLETE, Finish.NONE}
        first, *_ = complete = [answer for answer in kept if answer.reply.finish in read]
        whole = [answer.id for answer in complete]
        assert await listed(store.scores.unscored(*SCORER)) == whole
        await store.scores.add(*SCORER, [(first, [])])
        assert await listed(store.scores.unscored(*SCORER)) == whole[1:]
        assert await listed(store.scores.unscored("visibility", "2")) == whole
        assert await listed(store.scores.unscored("sentiment", "1")) == whole

    async def test_scores_are_filtered_by_run(self, store: Store) -> None:
        """A run's scores are those of its answers."""
        first, second = await run_of(store), await run_of(store, "second")
        kept = await store.answers.add([answer_to(first), answer_to(second)])
        await store.scores.add(*SCORER, [(answer, [record(answer)]) for answer in kept])
        assert await listed(store.scores.stream(runs=[second.id])) == [record(kept[1])]
        assert await listed(store.scores.stream(runs=[])) == []

    async def test_scores_sum_up_in_blocks(self, store: Store) -> None:
        """A block holds the number, the sum and the sum of squares of its scores."""
        kept = await answers_of(store, 3)
        values = [0.5, 0.25, -1.0]
        given = [(a, [record(a, v)]) for a, v in zip(kept, values, strict=True)]
        await store.scores.add(*SCORER, given[:2])
        await store.scores.add(*SCORER, given[2:])
        run_id = kept[0].run_id
        block = Block(
            *(run_id, NOON, BEST.key, GPT, "Acme", "visibility", 3, -0.25, 1.3125, "visibility@1")
        )
        assert await store.blocks.find() == [block]

    async def test_a_second_delivery_of_scores_changes_nothing(self, store: Store) -> None:
        """Neither scores nor blocks count an answer twice; new answers in the same call count."""
        first, second = await answers_of(store, 2)
        await store.scores.add(*SCORER, [(first, [record(first)])])
        again = [(first, [record(first, 0.0)]), (second, [record(second)])]
        await store.scores.add(*SCORER, again)
        await store.scores.add(*SCORER, again)
        assert await listed(store.scores.stream()) == [record(first), record(second)]
        assert [(block.n, block.total) for block in await store.blocks.find()] == [(2, 2.0)]

    async def test_a_scorer_that_repeats_itself_counts_once(self, store: Store) -> None:
        """Of two scores of one metric for one brand in one answer, the first holds."""
        (answer,) = await answers_of(store, 1)
        twice = [record(answer, 1.0), record(answer, 0.0)]
        await store.scores.add(*SCORER, [(answer, twice)])
        assert await listed(store.scores.stream()) == twice[:1]
        assert [block.n for block in await store.blocks.find()] == [1]

    async def test_scores_of_0_come_back_with_the_others(self, store: Store) -> None:
        """In order, in blocks, for a new version, and in the count of what is removed."""
        (answer,) = await answers_of(store, 1)
        streams = [(brand, metric) for brand in ("Acme", "Globex") for metric in ("top1", "top3")]
        given = [
            record(answer, float(place == 2), brand=brand, metric=metric)
            for place, (brand, metric) in enumerate(streams)
        ]
        await store.scores.add(*SCORER, [(answer, [*given, record(answer, 1.0, metric="top3")])])
        assert await store.scores.of_answers([answer.id]) == given
        assert [block.total for block in await store.blocks.find()] == [0.0, 0.0, 1.0, 0.0]
        assert await store.retention.carry_scores("visibility", "1", "2") == 1
        assert [(block.n, block.total) for block in await store.blocks.find()][1::2] == [
            *((1, 0.0), (1, 0.0), (1, 1.0), (1, 0.0))
        ]
        assert await store.scores.prune(["visibility@2"]) == 4
        newer = [each._replace(version="2") for each in given]
        assert await listed(store.scores.stream()) == newer

    async def test_versions_of_a_scorer_keep_blocks_of_their_own(self, store: Store) -> None:
        """Scores of two versions are never summed up together."""
        (answer,) = await answers_of(store, 1)
        newer = record(answer, 0.0)._replace(version="2")
        await store.scores.add(*SCORER, [(answer, [record(answer)])])
        await store.scores.add("visibility", "2", [(answer, [newer])])
        found = [(block.version, block.total) for block in await store.blocks.find()]
        assert found == [("visibility@1", 1.0), ("visibility@2", 0.0)]
        assert set(await listed(store.scores.stream())) == {record(answer), newer}

    async def test_blocks_come_in_order_and_by_filter(self, store: Store) -> None:
        """Runs by their start, then prompt, model, brand, metric; each filter narrows it."""
        late, early = await run_of(store, "late", NOON + HOUR), await run_of(store, "early")
        asked = [
            answer_to(run, prompt=prompt, model=model)
            for run in (late, early)
            for prompt in (BEST, CHEAP)
            for model in (GPT, LLAMA)
        ]
        for answer in await store.answers.add(asked):
            given = [
                record(answer, brand=brand, metric=metric)
                for brand in ("acme", "Zed", "Émile")
                for metric in ("visibility", "top1")
            ]
            await store.scores.add(*SCORER, [(answer, given)])
        blocks = await store.blocks.find()
        order = [(b.at, b.run_id, b.prompt, b.model, b.brand, b.metric) for b in blocks]
        assert order == sorted(order)
        assert len(blocks) == 48
        one = await store.blocks.find(brand="Zed", model=LLAMA, metric="top1", since=NOON + HOUR)
        assert [(b.run_id, b.brand, b.model, b.metric) for b in one] == [
            (late.id, "Zed", LLAMA, "top1")
        ] * 2
        assert await store.blocks.find(brand="nobody") == []
        assert await store.blocks.find(run=blocks[-1].run_id) == [
            block for block in blocks if block.run_id == blocks[-1].run_id
        ]


async def test_unscored_answers_can_be_those_of_a_part_of_a_run(store: Store) -> None:
    """Of some prompts at some models."""
    run = await run_of(store)
    answers = [answer_to(run, prompt=p, model=m) for p in (BEST, CHEAP) for m in (GPT, LLAMA)]
    kept = {answer.id: answer for answer in await store.answers.add(answers)}
    part = replace(run, panel=Panel(("Acme",), (CHEAP,), (GPT,)))
    [found] = await listed(store.scores.unscored(*SCORER, part=part))
    assert kept[found].question == Question(CHEAP, GPT, 0)
