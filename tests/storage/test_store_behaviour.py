"""What every store does: one suite for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, TypeVar

from overheard.domain import (
    Alert,
    Answer,
    Block,
    Brand,
    Catalogue,
    Citation,
    Fact,
    Finish,
    Model,
    ModelUpdate,
    Panel,
    Prompt,
    PromptShift,
    Question,
    Reply,
    Run,
    RunState,
    Schedule,
    Score,
    ScoreRecord,
    ServedModelCount,
    Shift,
    Task,
    TaskKind,
    Usage,
)
from overheard.interfaces import Store

Item = TypeVar("Item")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GPT = Model("openai", "gpt-5")
LLAMA = Model("local", "meta/llama-3")
BEST = Prompt("What is the best tracker?", ("buying",), ("Acme",))
CHEAP = Prompt("What is the cheapest tracker?")
ACME = Brand("Acme", ("ACME Inc",), ("acme.com",), ("Globex",), "tracker")
GLOBEX = Brand("Globex", tracked=False)
SCORER = ("visibility", "1")


async def listed(stream: AsyncIterator[Item]) -> list[Item]:
    """Read a stream to its end."""
    return [item async for item in stream]


async def run_of(store: Store, key: str = "first", at: datetime = NOON) -> Run:
    """Start a run."""
    return await store.runs.start(Run(key, at))


def answer_to(
    run: Run,
    *,
    prompt: Prompt = BEST,
    model: Model = GPT,
    repeat: int = 0,
    text: str = "Acme.",
    finish: Finish = Finish.COMPLETE,
    cost: float | None = 0.25,
    at: datetime = NOON,
) -> Answer:
    """Make an answer of a run that has no number yet."""
    reply = Reply(text, finish, cost_usd=cost)
    return Answer(run.id, Question(prompt, model, repeat), reply, at, 1.5)


def record(
    answer: Answer, value: float = 1.0, *, brand: str = "Acme", metric: str = "visibility"
) -> ScoreRecord:
    """Make a score of an answer."""
    return ScoreRecord(answer.id, brand, *SCORER, Score(metric, value, f"{brand} is named."))


def shift_of(run: Run, *, brand: str = "Acme", metric: str = "visibility") -> Shift:
    """Make a shift of the visibility, or another metric, of a brand."""
    moved = (PromptShift(BEST.key, 0.9, 0.4, 10, 10), PromptShift(CHEAP.key, 0.5, 0.5, 10, 9))
    return Shift(
        *(brand, GPT, metric, run.id, 0.7, 0.45, -0.25, (-0.4, -0.1)),
        prompts=moved,
        answers=(20, 19),
        began=run.id,
        dates=(run.id,),
        chance_a_year=0.01,
        updates=(ModelUpdate(GPT, NOON, "served model", "gpt-5.1", 3),),
        explanation="This looks like an update.",
        recovery=True,
    )


async def answers_of(store: Store, count: int) -> list[Answer]:
    """Keep answers to one question, repeat by repeat."""
    run = await run_of(store)
    return await store.answers.add([answer_to(run, repeat=i) for i in range(count)])


class TestCatalogue:
    """What is measured."""

    async def test_an_empty_store_measures_nothing(self, store: Store) -> None:
        """A new store has an empty catalogue."""
        assert await store.catalogue.current() == Catalogue()

    async def test_what_is_declared_comes_back_whole_and_in_order(self, store: Store) -> None:
        """Provisioning keeps every field of everything, in the declared order."""
        declared = Catalogue(
            brands=(Brand("Zed"), ACME, GLOBEX),
            prompts=(CHEAP, BEST),
            facts=(
                Fact("Zed", "founded", "1999", date(2026, 1, 31), "https://zed.com"),
                Fact("Acme", "price", "$ 10"),
            ),
            schedules=(
                Schedule("nightly", "0 3 * * *", "Europe/Berlin", ("Acme",), 3),
                Schedule("daily", "0 9 * * *"),
            ),
        )
        await store.catalogue.provision(declared)
        assert await store.catalogue.current() == declared

    async def test_provisioning_twice_changes_nothing(self, store: Store) -> None:
        """A restart with the same configuration leaves the catalogue as it is."""
        declared = Catalogue((ACME,), (BEST,), (Fact("Acme", "price", "$ 10"),))
        await store.catalogue.provision(declared)
        await store.catalogue.provision(declared)
        assert await store.catalogue.current() == declared

    async def test_a_new_configuration_replaces_the_old_one(self, store: Store) -> None:
        """What is no longer declared is left out, and what changed has its new form and order."""
        await store.catalogue.provision(
            Catalogue((ACME, GLOBEX), (BEST, CHEAP), (Fact("Acme", "price", "1"),))
        )
        renewed = Catalogue(
            brands=(GLOBEX, Brand("Umbrella"), replace(ACME, category="planner")),
            prompts=(replace(CHEAP, tags=("price",)),),
            facts=(Fact("Acme", "price", "2"),),
            schedules=(Schedule("nightly", "0 3 * * *"),),
        )
        await store.catalogue.provision(renewed)
        assert await store.catalogue.current() == renewed

    async def test_a_fact_about_a_brand_that_nobody_declared_is_kept(self, store: Store) -> None:
        """A fact needs no declared brand, and adds none."""
        declared = Catalogue(facts=(Fact("Hooli", "founded", "2001"),))
        await store.catalogue.provision(declared)
        assert await store.catalogue.current() == declared

    async def test_what_people_added_stays_behind_what_is_declared(self, store: Store) -> None:
        """A new configuration retires nothing that people added."""
        for name in ("Umbrella", "Hooli"):
            await store.catalogue.set_brand(Brand(name))
        await store.catalogue.add_prompts([CHEAP])
        await store.catalogue.provision(Catalogue((ACME,), (BEST,)))
        await store.catalogue.provision(Catalogue((GLOBEX,)))
        kept = await store.catalogue.current()
        assert [brand.name for brand in kept.brands] == ["Globex", "Umbrella", "Hooli"]
        assert kept.prompts == (CHEAP,)

    async def test_what_was_added_and_then_declared_survives_the_declaration(
        self, store: Store
    ) -> None:
        """A brand that people added stays theirs when the configuration lets it go again."""
        await store.catalogue.set_brand(Brand("Acme"))
        await store.catalogue.provision(Catalogue((ACME,)))
        assert (await store.catalogue.current()).brands == (ACME,)
        await store.catalogue.provision(Catalogue())
        assert (await store.catalogue.current()).brands == (ACME,)

    async def test_a_known_prompt_is_left_as_it_is(self, store: Store) -> None:
        """Adding what is there, declared or added, changes nothing."""
        await store.catalogue.provision(Catalogue((ACME,), (BEST,)))
        await store.catalogue.add_prompts([CHEAP])
        before = await store.catalogue.current()
        known = [Prompt(f"  {prompt.text} ", ("other",)) for prompt in (BEST, CHEAP)]
        await store.catalogue.add_prompts(known)
        assert await store.catalogue.current() == before

    async def test_a_retired_brand_can_be_added_again(self, store: Store) -> None:
        """What the configuration gave up people can take on, as they describe it."""
        await store.catalogue.provision(Catalogue((ACME, GLOBEX)))
        await store.catalogue.provision(Catalogue((GLOBEX,)))
        await store.catalogue.set_brand(Brand("Acme", category="planner"))
        kept = (await store.catalogue.current()).brands
        assert kept == (GLOBEX, Brand("Acme", category="planner"))

    async def test_people_add_change_and_retire(self, store: Store) -> None:
        """What changes keeps its place; what is retired can be looked up, and comes back last."""
        fact = Fact("Acme", "price", "$ 10")
        for brand in (ACME, GLOBEX):
            assert await store.catalogue.set_brand(brand)
        assert await store.catalogue.set_brand(replace(ACME, category="planner"))
        assert await store.catalogue.set_prompt(BEST)
        assert await store.catalogue.set_fact(fact)
        assert (await store.catalogue.current()) == Catalogue(
            (replace(ACME, category="planner"), GLOBEX), (BEST,), (fact,)
        )
        assert await store.catalogue.remove_brand("Acme")
        assert await store.catalogue.remove_prompt(BEST.key)
        assert await store.catalogue.remove_fact(fact)
        assert await store.catalogue.current() == Catalogue((GLOBEX,))
        assert await store.catalogue.retired() == Catalogue(
            (replace(ACME, category="planner"),), (BEST,), (fact,)
        )
        assert await store.catalogue.set_brand(ACME)
        assert (await store.catalogue.current()).brands == (GLOBEX, ACME)
        assert (await store.catalogue.retired()).brands == ()

    async def test_people_do_not_change_what_is_declared(self, store: Store) -> None:
        """It stays as it is, and the store says so."""
        fact = Fact("Acme", "price", "$ 10")
        declared = Catalogue((ACME,), (BEST,), (fact,))
        await store.catalogue.provision(declared)
        assert not await store.catalogue.set_brand(replace(ACME, category="x"))
        assert not await store.catalogue.set_prompt(replace(BEST, tags=("x",)))
        assert not await store.catalogue.set_fact(replace(fact, source="x"))
        assert not await store.catalogue.remove_brand("Acme")
        assert not await store.catalogue.remove_prompt(BEST.key)
        assert not await store.catalogue.remove_fact(fact)
        assert await store.catalogue.current() == await store.catalogue.declared() == declared

    async def test_what_nobody_added_cannot_be_removed(self, store: Store) -> None:
        """A name that only answers hold is neither measured nor retired."""
        (answer,) = await answers_of(store, 1)
        await store.scores.add(*SCORER, [(answer, [record(answer, brand="Hooli")])])
        assert not await store.catalogue.remove_brand("Hooli")
        assert not await store.catalogue.remove_brand("Nobody")
        assert await store.catalogue.retired() == await store.catalogue.declared() == Catalogue()

    async def test_what_the_configuration_gave_up_is_retired(self, store: Store) -> None:
        """Retired entries are listed apart from the declared ones."""
        await store.catalogue.provision(Catalogue((ACME, GLOBEX)))
        await store.catalogue.provision(Catalogue((GLOBEX,)))
        assert (await store.catalogue.declared()).brands == (GLOBEX,)
        assert (await store.catalogue.retired()).brands == (ACME,)

    async def test_adding_nothing_is_fine(self, store: Store) -> None:
        """Empty lists add nothing and raise nothing."""
        await store.catalogue.add_prompts([])
        assert await store.answers.add([]) == []
        await store.scores.add(*SCORER, [])
        assert await store.catalogue.current() == Catalogue()

    async def test_names_that_only_answers_hold_are_not_measured(self, store: Store) -> None:
        """Imported answers and scores bring their prompts and brands, not into the catalogue."""
        (answer,) = await answers_of(store, 1)
        await store.scores.add(*SCORER, [(answer, [record(answer, brand="Hooli")])])
        assert await store.catalogue.current() == Catalogue()


class TestRuns:
    """What was asked."""

    async def test_a_run_comes_back_whole(self, store: Store) -> None:
        """Every field of a run and its panel is kept."""
        panel = Panel(("Acme",), (BEST, CHEAP), (GPT, LLAMA), 3, 42, (2, 1))
        run = Run("weekly-1", NOON, panel, label="weekly", asked_by="schedule weekly")
        kept = await store.runs.start(run)
        assert kept.id > 0
        assert replace(kept, id=0) == run
        assert await store.runs.find() == [kept]

    async def test_a_label_may_be_long(self, store: Store) -> None:
        """Longer than what an index of PostgreSQL takes as it is."""
        label = "".join(chr(0x4E00 + n) for n in range(8_000))
        await store.runs.start(Run("long", NOON, label=label))
        assert [run.label for run in await store.runs.find(label=label)] == [label]

    async def test_a_known_key_returns_the_run_already_kept(self, store: Store) -> None:
        """Starting a run again, after a restart, does not make a second one."""
        first = await run_of(store)
        again = await store.runs.start(Run("first", NOON + HOUR, label="other"))
        assert again == first
        assert await store.runs.find() == [first]

    async def test_an_imported_run_begins_with_its_earliest_part(self, store: Store) -> None:
        """An earlier start moves the run and its blocks; a run with a panel stays where it is."""
        (answer,) = await answers_of(store, 1)
        await store.scores.add(*SCORER, [(answer, [record(answer)])])
        moved = await store.runs.start(Run("first", NOON - HOUR))
        asked = await store.runs.start(Run("asked", NOON, Panel(("Acme",), (BEST,), (GPT,), 1, 0)))
        assert moved.started_at == NOON - HOUR
        assert await store.runs.start(Run("asked", NOON - HOUR)) == asked
        assert await store.runs.find() == [asked, moved]
        assert [block.at for block in await store.blocks.find()] == [NOON - HOUR]

    async def test_a_run_ends_once_it_is_finished(self, store: Store) -> None:
        """Finishing sets the state and the time, of this run alone."""
        first, second = await run_of(store), await run_of(store, "second", NOON + HOUR)
        await store.runs.finish(first.id, RunState.PARTIAL, NOON + HOUR)
        ended = replace(first, state=RunState.PARTIAL, finished_at=NOON + HOUR)
        assert await store.runs.find() == [second, ended]

    async def test_runs_are_filtered_by_state_and_cut_at_a_limit(self, store: Store) -> None:
        """The newest runs, by their start, come first."""
        late, early, middle = [
            await run_of(store, key, NOON + hours * HOUR)
            for key, hours in (("late", 3), ("early", 1), ("middle", 2))
        ]
        await store.runs.finish(late.id, RunState.COMPLETE, NOON + 4 * HOUR)
        assert [run.key for run in await store.runs.find(limit=2)] == ["late", "middle"]
        assert await store.runs.find(state=RunState.RUNNING) == [middle, early]

    async def test_times_come_back_aware_and_in_utc(self, store: Store) -> None:
        """A time given in another zone is the same moment afterwards."""
        tokyo = timezone(9 * HOUR)
        await store.runs.start(Run("tokyo", NOON.astimezone(tokyo)))
        (kept,) = await store.runs.find()
        assert kept.started_at == NOON
        assert kept.started_at.tzinfo is not None

    async def test_runs_are_filtered_by_label_start_and_standing(self, store: Store) -> None:
        """The latest of those that count are found without reading all that there were."""
        for key, label, aside, hours in (
            ("early", "", False, 0),
            ("burst", "burst", False, 1),
            ("canary", "", True, 2),
            ("late", "", False, 3),
        ):
            await store.runs.start(Run(key, NOON + hours * HOUR, label=label, aside=aside))
        assert [run.key for run in await store.runs.find(label="burst")] == ["burst"]
        assert [run.key for run in await store.runs.find(aside=True)] == ["canary"]
        found = await store.runs.find(aside=False, until=NOON + 2 * HOUR, limit=1)
        assert [run.key for run in found] == ["burst"]

    async def test_a_run_is_held_by_one_at_a_time(self, store: Store) -> None:
        """A second lock is refused at once; another run, and the same run later, can be locked."""
        first, second = await run_of(store, "a"), await run_of(store, "b")

        async with store.locks.run_lock(first.id) as mine, store.locks.run_lock(second.id) as other:
            assert (mine, other) == (True, True)
            async with store.locks.run_lock(first.id) as again:
                assert not again
        async with store.locks.run_lock(first.id) as later:
            assert later


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
        """Each version reads each complete answer once, also those it finds nothing in."""
        run = await run_of(store)
        kept = await store.answers.add(
            [answer_to(run, repeat=i, finish=finish) for i, finish in enumerate(Finish)]
        )
        first, *_ = complete = [answer for answer in kept if answer.complete]
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

    async def test_versions_of_a_scorer_keep_blocks_of_their_own(self, store: Store) -> None:
        """Scores of two versions are never summed up together."""
        (answer,) = await answers_of(store, 1)
        newer = replace(record(answer, 0.0), version="2")
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


class TestAlerts:
    """Model updates and alerts."""

    async def test_updates_come_back_the_oldest_first_and_once(self, store: Store) -> None:
        """A feed that returns the same update again adds nothing."""
        late = await store.updates.add(ModelUpdate(GPT, NOON + HOUR, "feed", "new weights"))
        early = await store.updates.add(ModelUpdate(LLAMA, NOON))
        again = await store.updates.add(ModelUpdate(GPT, NOON + HOUR, "feed"))
        assert again == late
        assert (late.note, late.id > 0) == ("new weights", True)
        assert await store.updates.find() == [early, late]
        assert await store.updates.find(GPT) == [late]

    async def test_an_update_can_be_removed(self, store: Store) -> None:
        """By its number; the others stay, and a second removal finds none."""
        one = await store.updates.add(ModelUpdate(GPT, NOON))
        two = await store.updates.add(ModelUpdate(GPT, NOON + HOUR))
        assert await store.updates.remove(one.id)
        assert not await store.updates.remove(one.id)
        assert await store.updates.find() == [two]
        assert (await store.updates.add(ModelUpdate(LLAMA, NOON))).id != two.id

    async def test_who_served_the_answers_is_counted(self, store: Store) -> None:
        """By run, model, served model with its version, and fingerprint; failed calls are not."""
        runs = [await run_of(store, key) for key in ("first", "second")]
        answers = [answer_to(run, repeat=i) for run in runs for i in range(3)]
        shown = replace(answers[0].reply, served_model="gpt", model_version="2", fingerprint="f")
        named = [replace(answer, reply=shown) for answer in answers[:5]]
        await store.answers.add([*named, replace(answers[5], reply=Reply("", Finish.FAILED))])
        counted = [
            ServedModelCount(run.id, GPT, "gpt 2", "f", n)
            for run, n in zip(runs, (3, 2), strict=True)
        ]
        assert await store.answers.served_models() == counted
        assert await store.answers.served_models(runs=[runs[1].id]) == counted[1:]

    async def test_an_alert_comes_back_whole(self, store: Store) -> None:
        """Every field of an alert and its shifts is kept."""
        run = await run_of(store)
        also = (shift_of(run, metric="position"), shift_of(run, metric="top1"))
        kept, new = await store.alerts.add(Alert(shift_of(run), NOON, also))
        assert new
        assert kept.id > 0
        numbers = [shift.id for shift in (kept.shift, *kept.also)]
        assert len(set(numbers)) == 3
        assert 0 not in numbers
        assert replace(kept.shift, id=0) == shift_of(run)
        assert tuple(replace(shift, id=0) for shift in kept.also) == also
        assert await store.alerts.find() == [kept]

    async def test_there_is_one_alert_for_each_brand_model_and_run(self, store: Store) -> None:
        """A second one returns the first, and says that it is not new."""
        run = await run_of(store)
        first, _ = await store.alerts.add(Alert(shift_of(run), NOON))
        again = Alert(shift_of(run, metric="position"), NOON + HOUR)
        assert await store.alerts.add(again) == (first, False)
        assert await store.alerts.find() == [first]

    async def test_alerts_come_the_newest_first_and_by_brand(self, store: Store) -> None:
        """A brand's alerts are its own."""
        runs = [await run_of(store, key) for key in ("first", "second")]
        old, _ = await store.alerts.add(Alert(shift_of(runs[0]), NOON))
        other, _ = await store.alerts.add(Alert(shift_of(runs[0], brand="Globex"), NOON))
        new, _ = await store.alerts.add(Alert(shift_of(runs[1]), NOON + HOUR))
        assert await store.alerts.find() == [new, other, old]
        assert await store.alerts.find(brand="Acme") == [new, old]

    async def test_an_alert_is_delivered_once_to_each_channel(self, store: Store) -> None:
        """Only the first note of a delivery is true."""
        run = await run_of(store)
        alert, _ = await store.alerts.add(Alert(shift_of(run), NOON))
        assert await store.deliveries.add_shown(alert.id, "#brand", NOON)
        assert not await store.deliveries.add_shown(alert.id, "#brand", NOON + HOUR)
        assert await store.deliveries.add_shown(alert.id, "#board", NOON)


DOMAIN = tuple(
    f"overheard.domain.{room}" for room in ("runs", "catalogue", "scores", "models", "alerts")
)


def foreign_parts(item: Any) -> list[Any]:
    """Return the parts of an object that are neither domain objects nor plain values."""
    if is_dataclass(item):
        own = [] if type(item).__module__ in DOMAIN else [item]
        return own + [f for x in fields(item) for f in foreign_parts(getattr(item, x.name))]
    if type(item) is tuple:
        return [part for each in item for part in foreign_parts(each)]
    plain = (str, int, float, bool, datetime, date, type(None))
    return [] if type(item) in plain or type(item).__module__ in DOMAIN else [item]


async def test_a_store_returns_domain_objects_alone(store: Store) -> None:
    """No row, no mapping and no list of a database leaves the store."""
    facts = (Fact("Acme", "price", "$ 10", date(2026, 1, 1)),)
    schedules = (Schedule("nightly", "0 3 * * *", brands=("Acme",)),)
    await store.catalogue.provision(Catalogue((ACME,), (BEST,), facts, schedules))
    panel = Panel(("Acme",), (BEST,), (GPT,))
    run = await store.runs.start(Run("first", NOON, panel))
    await store.runs.finish(run.id, RunState.COMPLETE, NOON)
    reply = Reply("Acme.", Finish.COMPLETE, (Citation("https://acme.com"),))
    (answer,) = await store.answers.add([Answer(run.id, Question(BEST, GPT), reply, NOON)])
    await store.scores.add(*SCORER, [(answer, [record(answer)])])
    await store.updates.add(ModelUpdate(GPT, NOON))
    alert, _ = await store.alerts.add(Alert(shift_of(run), NOON, (shift_of(run, metric="top1"),)))
    everything = (
        await store.catalogue.current(),
        *await store.runs.find(),
        *await listed(store.answers.stream()),
        *await listed(store.scores.stream()),
        *await store.blocks.find(),
        *await store.updates.find(),
        *await store.alerts.find(),
        alert,
    )
    assert foreign_parts(everything) == []


async def test_a_run_is_found_by_its_number(store: Store) -> None:
    """And there is none of another."""
    run = await run_of(store)
    assert await store.runs.get(run.id) == run
    assert await store.runs.get(run.id + 1) is None


async def test_a_run_is_found_as_it_stands(store: Store) -> None:
    """However often it is asked for, its state is that of now, and its panel the same."""
    panel = Panel(("Acme",), (Prompt("Which?"),), (LLAMA,))
    run = await store.runs.start(Run("asked", NOON, panel))
    assert (await store.runs.get(run.id), await store.runs.get(run.id)) == (run, run)
    await store.runs.steer(run.id, RunState.PAUSED)
    assert await store.runs.get(run.id) == replace(run, state=RunState.PAUSED)


async def test_what_was_asked_can_be_told_of_some_prompts(store: Store) -> None:
    """And counted for the whole run."""
    run = await run_of(store)
    await store.answers.add([answer_to(run), answer_to(run, prompt=CHEAP)])
    assert {key[0] for key in await store.answers.asked(run.id, prompts=[CHEAP.key])} == {CHEAP.key}
    assert await store.answers.count(run.id) == 2


async def test_answers_that_failed_are_not_counted(store: Store) -> None:
    """They are asked again."""
    run = await run_of(store)
    await store.answers.add([answer_to(run, finish=Finish.FAILED, cost=None)])
    assert await store.answers.count(run.id) == 0


async def test_unscored_answers_can_be_those_of_a_part_of_a_run(store: Store) -> None:
    """Of some prompts at some models."""
    run = await run_of(store)
    answers = [answer_to(run, prompt=p, model=m) for p in (BEST, CHEAP) for m in (GPT, LLAMA)]
    kept = {answer.id: answer for answer in await store.answers.add(answers)}
    part = replace(run, panel=Panel(("Acme",), (CHEAP,), (GPT,)))
    [found] = await listed(store.scores.unscored(*SCORER, part=part))
    assert kept[found].question == Question(CHEAP, GPT, 0)


async def test_the_first_result_of_a_task_stays(store: Store) -> None:
    """A second delivery changes nothing."""
    run = await run_of(store)
    first, other = Task(TaskKind.ASK, run.id, "openai"), Task(TaskKind.SCORE, run.id, "openai")
    await store.runs.keep_result(first, {"complete": 3})
    await store.runs.keep_result(first, {"complete": 4})
    assert await store.runs.results(run.id, [first.key, other.key]) == {first.key: {"complete": 3}}


async def test_results_are_forgotten_with_their_run(store: Store) -> None:
    """And those of others are kept."""
    run, other = await run_of(store), await run_of(store, "second")
    tasks = [Task(TaskKind.ASK, run.id), Task(TaskKind.ASK, other.id)]
    for task in tasks:
        await store.runs.keep_result(task, {})
    await store.runs.forget_results(run.id)
    assert await store.runs.results(run.id, [tasks[0].key]) == {}
    assert await store.runs.results(other.id, [tasks[1].key]) == {tasks[1].key: {}}
