"""Runs, answers, scores and shifts for the suite that every store passes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from overheard.domain import (
    Answer,
    Brand,
    Finish,
    Model,
    ModelUpdate,
    Prompt,
    PromptShift,
    Question,
    Reply,
    Run,
    Score,
    ScoreRecord,
    Shift,
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
    """Make a score of an answer; one of 0 without a quote."""
    quote = f"{brand} is named." if value else ""
    return ScoreRecord(answer.id, brand, *SCORER, Score(metric, value, quote))


def shift_of(run: Run, *, brand: str = "Acme", metric: str = "visibility") -> Shift:
    """Make a shift of the visibility, or another metric, of a brand."""
    moved = (PromptShift(BEST.key, 0.9, 0.4, 10, 10), PromptShift(CHEAP.key, 0.5, 0.5, 10, 9))
    return Shift(
        *(brand, GPT, metric, run.id, 0.7, 0.45, -0.25, (-0.4, -0.1)),
        prompts=moved,
        answers=(20, 19),
        began=run.id,
        likely_first_runs=(run.id,),
        chance_a_year=0.01,
        updates=(ModelUpdate(GPT, NOON, "served model", "gpt-5.1", 3),),
        explanation="This looks like an update.",
        recovery=True,
    )


async def answers_of(store: Store, count: int) -> list[Answer]:
    """Keep answers to one question, repeat by repeat."""
    run = await run_of(store)
    return await store.answers.add([answer_to(run, repeat=i) for i in range(count)])
