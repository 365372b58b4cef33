"""Domain objects as rows, and rows as domain objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from overheard.domain import (
    Answer,
    Block,
    Brand,
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
    Shift,
    Usage,
)

# The catalogue


def brand_row(brand: Brand) -> dict[str, Any]:
    """Write a brand."""
    return asdict(brand)


def brand_of(row: Row[Any]) -> Brand:
    """Read a brand."""
    aliases, domains, competitors = map(tuple, (row.aliases, row.domains, row.competitors))
    return Brand(row.name, aliases, domains, competitors, row.category, row.tracked)


def prompt_row(prompt: Prompt) -> dict[str, Any]:
    """Write a prompt."""
    return {"key": prompt.key, **asdict(prompt)}


def prompt_of(row: Row[Any]) -> Prompt:
    """Read a prompt."""
    return Prompt(row.text, tuple(row.tags), tuple(row.brands))


def fact_row(fact: Fact, brand_id: int) -> dict[str, Any]:
    """Write a fact."""
    row = asdict(fact)
    del row["brand"]
    return row | {"brand_id": brand_id}


def fact_of(row: Row[Any]) -> Fact:
    """Read a fact."""
    return Fact(row.brand, row.field, row.value, row.as_of, row.source)


def schedule_row(schedule: Schedule) -> dict[str, Any]:
    """Write a schedule."""
    return asdict(schedule)


def schedule_of(row: Row[Any]) -> Schedule:
    """Read a schedule."""
    return Schedule(row.name, row.cron, row.timezone, tuple(row.brands), row.repeats)


# Runs and answers


def run_row(run: Run) -> dict[str, Any]:
    """Write a run, without its number."""
    row = asdict(run)
    del row["id"]
    return row


def run_of(row: Row[Any]) -> Run:
    """Read a run."""
    return Run(
        key=row.key,
        started_at=row.started_at,
        panel=_panel(row.panel) if row.panel else None,
        state=RunState(row.state),
        finished_at=row.finished_at,
        label=row.label,
        asked_by=row.asked_by,
        id=row.id,
    )


def answer_row(answer: Answer, prompt_id: int, model_id: int) -> dict[str, Any]:
    """Write an answer, without its number."""
    reply = asdict(answer.reply)
    return {
        "run_id": answer.run_id,
        "prompt_id": prompt_id,
        "model_id": model_id,
        "repeat": answer.question.repeat,
        **reply.pop("usage"),
        **reply,
        "asked_at": answer.asked_at,
        "latency": answer.latency,
        "error": answer.error,
    }


def answer_of(row: Row[Any]) -> Answer:
    """Read an answer; the row holds its prompt and model too."""
    prompt = Prompt(row.prompt, tuple(row.tags), tuple(row.brands))
    return Answer(
        run_id=row.run_id,
        question=Question(prompt, Model(row.provider, row.model), row.repeat),
        reply=_reply(row),
        asked_at=row.asked_at,
        latency=row.latency,
        error=row.error,
        id=row.id,
    )


# Scores, blocks, shifts


def record_of(row: Row[Any]) -> ScoreRecord:
    """Read a score."""
    score = Score(row.metric, row.value, row.quote)
    return ScoreRecord(row.answer_id, row.brand, row.scorer, row.version, score)


def block_of(row: Row[Any]) -> Block:
    """Read a block."""
    return Block(
        run_id=row.run_id,
        at=row.at,
        prompt=row.prompt,
        model=Model(row.provider, row.model),
        brand=row.brand,
        metric=row.metric,
        n=row.n,
        total=row.total,
        squares=row.squares,
        version=f"{row.scorer}@{row.version}",
    )


def update_of(row: Row[Any]) -> ModelUpdate:
    """Read a model update."""
    return ModelUpdate(Model(row.provider, row.model), row.at, row.source, row.note, row.id)


def shift_row(shift: Shift) -> dict[str, Any]:
    """Write what a shift measured; whose it is has numbers."""
    return {
        "run_id": shift.run_id,
        "before": shift.before,
        "after": shift.after,
        "change": shift.change,
        "low": shift.interval[0],
        "high": shift.interval[1],
        "p_value": shift.p_value,
        "prompts": [asdict(prompt) for prompt in shift.prompts],
        "answers_before": shift.answers[0],
        "answers_after": shift.answers[1],
    }


def shift_of(row: Row[Any]) -> Shift:
    """Read a shift."""
    return Shift(
        brand=row.brand,
        model=Model(row.provider, row.model),
        metric=row.metric,
        run_id=row.run_id,
        before=row.before,
        after=row.after,
        change=row.change,
        interval=(row.low, row.high),
        p_value=row.p_value,
        prompts=tuple(PromptShift(**prompt) for prompt in row.prompts),
        answers=(row.answers_before, row.answers_after),
        id=row.id,
    )


def _prompt(document: Mapping[str, Any]) -> Prompt:
    return Prompt(document["text"], tuple(document["tags"]), tuple(document["brands"]))


def _panel(document: Mapping[str, Any]) -> Panel:
    return Panel(
        brands=tuple(document["brands"]),
        prompts=tuple(map(_prompt, document["prompts"])),
        models=tuple(Model(**model) for model in document["models"]),
        repeats=document["repeats"],
        seed=document["seed"],
    )


def _reply(row: Row[Any]) -> Reply:
    return Reply(
        text=row.text,
        finish=Finish(row.finish),
        citations=tuple(Citation(**citation) for citation in row.citations),
        served_model=row.served_model,
        fingerprint=row.fingerprint,
        usage=Usage(row.input_tokens, row.output_tokens),
        cost_usd=row.cost_usd,
    )
