"""What every store does with answers and their cost."""

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
from overheard.domain import Answer, Citation, Finish, Prompt, Question, Reply, Run, Search, Usage
from overheard.interfaces import Store


class TestAnswers:
    """What came back, and what it cost."""

    async def test_an_answer_comes_back_whole(self, store: Store) -> None:
        """Every field of an answer, its reply and its question is kept."""
        run = await run_of(store)
        reply = Reply(
            text="Acme, says [1].",
            finish=Finish.WINDOW,
            citations=(
                Citation("https://acme.com", "Acme"),
                Citation("https://example.org", cited=False),
            ),
            served_model="gpt-5-2026-02-01",
            fingerprint="fp_1",
            usage=Usage(12, 345, cached_tokens=6, reasoning_tokens=300, searches=2),
            cost_usd=0.0125,
            model_version="001",
            model_created=NOON,
            searches=(
                Search("best tracker", ("https://example.org", "https://acme.com")),
                Search("acme price"),
                Search("", ("https://acme.com/pricing",)),
            ),
        )
        answer = Answer(run.id, Question(BEST, LLAMA, 2), reply, NOON, 3.25, "slow")
        (kept,) = await store.answers.add([answer])
        assert replace(kept, id=0) == answer
        assert await listed(store.answers.stream()) == [kept]

    async def test_an_unknown_price_stays_unknown(self, store: Store) -> None:
        """No cost is not a cost of nothing."""
        run = await run_of(store)
        await store.answers.add([answer_to(run, cost=None), answer_to(run, repeat=1, cost=0.0)])
        kept = await listed(store.answers.stream())
        assert [answer.reply.cost_usd for answer in kept] == [None, 0.0]
        assert await store.money.spent() == 0.0

    async def test_unicode_and_long_texts_are_kept(self, store: Store) -> None:
        """Any script, joined emoji and two million characters survive."""
        run = await run_of(store)
        long = "Ünïcödé 漢字 العربية 👩‍👩‍👧 'quoted' \"%s\" \\n\n" * 50_000
        prompt = Prompt("Quel est le « meilleur » suivi ? 日本語で")
        await store.answers.add([answer_to(run, prompt=prompt, text=long)])
        (kept,) = await listed(store.answers.stream(prompts=[prompt.key]))
        assert kept.reply.text == long
        assert kept.question.prompt == prompt

    async def test_an_answer_with_broken_characters_is_kept(self, store: Store) -> None:
        """A model that sends NUL or half a surrogate pair does not cost the rest of its answer."""
        run = await run_of(store)
        await store.answers.add([answer_to(run, text="Acme \0 is \ud83d good.")])
        (kept,) = await listed(store.answers.stream())
        assert kept.reply.text.startswith("Acme ")
        assert kept.reply.text.endswith(" good.")

    async def test_answers_are_numbered_in_the_order_given(self, store: Store) -> None:
        """They are streamed as they came, not by prompt, model or repeat."""
        run = await run_of(store)
        await store.answers.add([answer_to(run, prompt=CHEAP, model=LLAMA, repeat=9)])
        given = [
            answer_to(run, prompt=prompt, model=model, repeat=repeat)
            for repeat in (2, 0, 1)
            for prompt, model in ((BEST, LLAMA), (CHEAP, GPT), (BEST, GPT), (CHEAP, LLAMA))
        ]
        await store.answers.add(given)
        _, *kept = await listed(store.answers.stream())
        assert [answer.question.key for answer in kept] == [a.question.key for a in given]

    async def test_an_answer_is_kept_and_paid_once(self, store: Store) -> None:
        """A second answer to a question is left out and not returned, also with another text."""
        run = await run_of(store)
        first = await store.answers.add([answer_to(run)])
        assert len(first) == 1
        assert await store.answers.add([answer_to(run, text="Globex.", cost=9.0)]) == []
        assert await listed(store.answers.stream()) == first
        assert await store.money.spent() == 0.25

    async def test_only_the_new_ones_of_a_delivery_are_returned(self, store: Store) -> None:
        """A delivery that holds old and new answers, some twice, keeps each new one once."""
        run = await run_of(store)
        await store.answers.add([answer_to(run, repeat=0)])
        given = [answer_to(run, repeat=i) for i in (0, 1, 2, 1)]
        new = await store.answers.add(given)
        assert sorted(answer.question.repeat for answer in new) == [1, 2]
        assert await store.money.spent() == 0.75

    async def test_the_same_question_in_another_run_is_another_answer(self, store: Store) -> None:
        """Answers are identified by run, prompt, model and repeat together."""
        first, second = await run_of(store), await run_of(store, "second")
        given = [
            answer_to(first),
            answer_to(second),
            answer_to(first, prompt=CHEAP),
            answer_to(first, model=LLAMA),
            answer_to(first, repeat=1),
        ]
        kept = await store.answers.add(given)
        assert [replace(answer, id=0) for answer in kept] == given
        assert len({answer.id for answer in kept}) == 5

    async def test_a_failed_answer_gives_way_to_a_later_one(self, store: Store) -> None:
        """What a retry brings replaces the failure; both calls were paid for."""
        run = await run_of(store)
        failed = answer_to(run, text="", finish=Finish.FAILED, cost=0.25)
        assert len(await store.answers.add([failed])) == 1
        assert await store.answers.asked(run.id) == set()
        assert await store.answers.count(run.id) == 0
        new = await store.answers.add([answer_to(run, text="Acme.", cost=0.5, at=NOON + HOUR)])
        assert [answer.reply.text for answer in new] == ["Acme."]
        assert await listed(store.answers.stream()) == new
        assert await store.money.spent() == 0.75

    async def test_a_failed_answer_gives_way_within_a_delivery(self, store: Store) -> None:
        """Failure and retry may arrive together, in order."""
        run = await run_of(store)
        failed = answer_to(run, text="", finish=Finish.FAILED, cost=None)
        await store.answers.add([failed, answer_to(run), failed])
        (kept,) = await listed(store.answers.stream())
        assert kept.reply.text == "Acme."

    async def test_a_failed_call_that_is_delivered_twice_is_paid_once(self, store: Store) -> None:
        """The same failed call changes nothing; another failed call takes its place."""
        run = await run_of(store)
        failed = answer_to(run, text="", finish=Finish.FAILED, cost=0.25)
        await store.answers.add([failed])
        assert await store.answers.add([failed]) == []
        assert len(await store.answers.add([replace(failed, asked_at=NOON + HOUR)])) == 1
        assert await store.money.spent() == 0.5

    async def test_asked_names_the_questions_that_need_no_second_call(self, store: Store) -> None:
        """Cut and filtered answers count as asked, failed ones do not."""
        run, other = await run_of(store), await run_of(store, "second")
        finishes = list(Finish)
        given = [answer_to(run, repeat=i, finish=finish) for i, finish in enumerate(finishes)]
        await store.answers.add([*given, answer_to(other, prompt=CHEAP)])
        expected = {
            answer.question.key for answer in given if answer.reply.finish is not Finish.FAILED
        }
        assert await store.answers.asked(run.id) == expected

    async def test_answers_stream_by_number_over_many_pages(self, store: Store) -> None:
        """Every answer comes once, in the order of the numbers."""
        kept = await answers_of(store, 1201)
        numbers = [answer.id for answer in await listed(store.answers.stream())]
        assert numbers == sorted(answer.id for answer in kept)

    async def test_answers_are_filtered_by_run_and_prompt(self, store: Store) -> None:
        """Both filters hold together; unknown ones find nothing."""
        first, second = await run_of(store), await run_of(store, "second")
        for run in (first, second):
            await store.answers.add([answer_to(run), answer_to(run, prompt=CHEAP)])
        found = await listed(store.answers.stream(runs=[second.id], prompts=[CHEAP.key]))
        assert [(a.run_id, a.question.prompt) for a in found] == [(second.id, CHEAP)]
        assert len(await listed(store.answers.stream(prompts={BEST.key, CHEAP.key}))) == 4
        assert await listed(store.answers.stream(runs=[])) == []
        assert await listed(store.answers.stream(prompts=["0" * 16])) == []
        assert await listed(store.answers.stream(runs=[999_999])) == []

    async def test_filters_may_be_longer_than_a_statement_has_variables(self, store: Store) -> None:
        """A hundred thousand runs and five thousand prompts are one question."""
        (answer,) = await answers_of(store, 1)
        prompts = [*(f"{i:016x}" for i in range(5_000)), BEST.key]
        found = store.answers.stream(runs=range(100_000), prompts=prompts)
        assert await listed(found) == [answer]
        await store.scores.add(*SCORER, [(answer, [record(answer)])])
        assert len(await listed(store.scores.stream(runs=range(100_000)))) == 1

    async def test_a_run_that_stands_aside_is_kept_and_never_scored(self, store: Store) -> None:
        """Its answers are paid for and can be read, and no scorer is shown them."""
        run = await store.runs.start(Run("aside", NOON, aside=True))
        await store.answers.add([answer_to(run)])
        assert (await store.runs.find())[0].aside
        assert len(await listed(store.answers.stream(runs=[run.id]))) == 1
        assert await listed(store.scores.unscored(*SCORER)) == []

    async def test_a_reader_may_write_and_may_stop(self, store: Store) -> None:
        """A stream holds nothing open: what is read is scored on the way, or left."""
        answers = {answer.id: answer for answer in await answers_of(store, 550)}
        async for number in store.scores.unscored(*SCORER):
            answer = answers[number]
            if answer.question.repeat % 100 == 0:
                await store.scores.add(*SCORER, [(answer, [record(answer)])])
            if answer.question.repeat == 520:
                break
        assert len(await listed(store.scores.unscored(*SCORER))) == 544

    async def test_spend_is_counted_by_time_and_run(self, store: Store) -> None:
        """The limit of a month and the cost of a run come from the same rows."""
        first, second = await run_of(store), await run_of(store, "second")
        await store.answers.add([answer_to(first), answer_to(second, cost=0.5, at=NOON + HOUR)])
        assert await store.money.spent() == 0.75
        assert await store.money.spent(run_id=first.id) == 0.25
        assert await store.money.spent(since=NOON + HOUR) == 0.5
        assert await store.money.spent(since=NOON + HOUR, run_id=first.id) == 0.0


async def test_what_was_asked_can_be_told_of_some_prompts(store: Store) -> None:
    """And counted for the whole run."""
    run = await run_of(store)
    await store.answers.add([answer_to(run), answer_to(run, prompt=CHEAP)])
    assert {key[0] for key in await store.answers.asked(run.id, prompts=[CHEAP.key])} == {CHEAP.key}
    assert await store.answers.count(run.id) == 2
