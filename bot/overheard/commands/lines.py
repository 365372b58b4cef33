"""One answer, or one score, as a line of a file: what `import` reads and `export` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from overheard.domain import (
    Answer,
    Citation,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
    Run,
    ScoreRecord,
)

FINISHES = {
    **{finish.value: finish for finish in Finish},
    "stop": Finish.COMPLETE,
    "end_turn": Finish.COMPLETE,
    "stop_sequence": Finish.COMPLETE,
    "completed": Finish.COMPLETE,
    "max_tokens": Finish.LENGTH,
    "max_output_tokens": Finish.LENGTH,
    "incomplete": Finish.LENGTH,
    "content_filter": Finish.FILTERED,
    "safety": Finish.FILTERED,
    "refusal": Finish.FILTERED,
    "error": Finish.FAILED,
}
"""How services name the way in which an answer ended."""

ANSWER_FIELDS = (
    "asked_at",
    "run",
    "prompt",
    "provider",
    "model",
    "text",
    "tags",
    "served_model",
    "fingerprint",
    "finish",
    "citations",
    "cost_usd",
)
SCORE_FIELDS = (
    "run",
    "prompt",
    "provider",
    "model",
    "brand",
    "metric",
    "value",
    "scorer",
    "version",
)


class CitationLine(BaseModel):
    """A source in a line."""

    url: str
    title: str = ""


class AnswerLine(BaseModel):
    """A line that `import` reads. Answers of one run make one block.

    Attributes:
        asked_at: When it was asked; a time without a zone is taken as UTC.
        run: The name of the run that it belongs to.
        finish: How it ended, in our own words or a service's; without one it is complete.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    asked_at: datetime
    run: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    provider: str = Field(min_length=1, pattern="^[^/]*$")
    model: str = Field(min_length=1)
    text: str
    tags: tuple[str, ...] = ()
    served_model: str = ""
    fingerprint: str = ""
    finish: Finish = Finish.COMPLETE
    citations: tuple[CitationLine, ...] = ()
    cost_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @field_validator("asked_at")
    @classmethod
    def _in_utc(cls, at: datetime) -> datetime:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

    @field_validator("finish", mode="before")
    @classmethod
    def _finish(cls, reason: Any) -> Any:
        if reason is None or isinstance(reason, Finish):
            return Finish.CUT if reason is None else reason
        known = FINISHES.get(str(reason).lower())
        if known is None:
            raise ValueError(f"must be one of {', '.join(FINISHES)}")
        return known

    @field_validator("tags", "citations", "served_model", "fingerprint", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        return () if value is None else value

    def question(self, repeat: int) -> Question:
        """Return the question that it answers, as the given repeat."""
        return Question(Prompt(self.prompt, self.tags), Model(self.provider, self.model), repeat)

    def answer(self, run_id: int, repeat: int) -> Answer:
        """Return the answer, as the given repeat of its question within its run."""
        reply = Reply(
            text=self.text,
            finish=self.finish if self.text.strip() else Finish.FAILED,
            citations=tuple(Citation(c.url, c.title) for c in self.citations),
            served_model=self.served_model,
            fingerprint=self.fingerprint,
            cost_usd=self.cost_usd,
        )
        return Answer(run_id, self.question(repeat), reply, self.asked_at)


def read_line(text: bytes) -> tuple[AnswerLine | None, str]:
    """Read a line; return it, or None and what is wrong with it."""
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        return None, f"not valid JSON ({error})"
    if not isinstance(table, dict):
        return None, "not a JSON object"
    if b"\\ud" in text.lower() and not _is_text(table):
        return None, "holds half of a character (a lone surrogate)"
    try:
        return AnswerLine.model_validate(table), ""
    except ValidationError as error:
        details = error.errors()
        problems = [f"{'.'.join(map(str, d['loc']))}: {d['msg'].lower()}" for d in details]
        return None, "; ".join(problem.replace("value error, ", "") for problem in problems)


def _is_text(table: object) -> bool:
    try:
        json.dumps(table, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def unknown_fields(text: bytes) -> set[str]:
    """Return the fields of a line that `import` does not know and leaves out."""
    table = json.loads(text)
    return set(table) - set(ANSWER_FIELDS)


def answer_line(answer: Answer, run: Run) -> dict[str, Any]:
    """Return an answer as the fields of a line."""
    reply, question = answer.reply, answer.question
    values = (
        answer.asked_at.isoformat(),
        run.key,
        question.prompt.text,
        question.model.provider,
        question.model.name,
        reply.text,
        list(question.prompt.tags),
        reply.served_model,
        reply.fingerprint,
        str(reply.finish),
        [{"url": c.url, "title": c.title} for c in reply.citations],
        reply.cost_usd,
    )
    return dict(zip(ANSWER_FIELDS, values, strict=True))


def score_line(record: ScoreRecord, answer: Answer, run: Run) -> dict[str, Any]:
    """Return a score as the fields of a line."""
    question = answer.question
    values = (
        run.key,
        question.prompt.text,
        question.model.provider,
        question.model.name,
        record.brand,
        record.score.metric,
        record.score.value,
        record.scorer,
        record.version,
    )
    return dict(zip(SCORE_FIELDS, values, strict=True))


def flat(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line whose lists are JSON texts, as a cell of CSV holds them."""
    return {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for key, value in line.items()
    }
