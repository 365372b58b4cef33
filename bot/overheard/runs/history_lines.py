"""One answer, or one score, as a line of a file: what `import` reads and `export` writes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from overheard.config.problems import value_problem
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
    Search,
    answers_to_turns,
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
    "refusal": Finish.REFUSED,
    "error": Finish.FAILED,
}
"""How services name the way in which an answer ended."""

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

YEARS = range(1970, 9999)
"""The years in which an answer can have been asked, in any time zone."""

_PROBLEMS = {
    "missing": "is missing",
    "model_type": 'must be an object, such as {"url": "https://example.org"}',
    "string_pattern_mismatch": "must not hold a slash",
}
"""Sentences for errors of a line that differ from those for the configuration."""

Name = Annotated[str, Field(min_length=1, max_length=500)]


class CitationLine(BaseModel):
    """A source in a line."""

    url: str
    title: str = ""
    cited: bool = True
    domain: str = ""


class SearchLine(BaseModel):
    """A web search, or the opening of pages, in a line."""

    query: str = ""
    pages: tuple[str, ...] = ()


class AnswerLine(BaseModel):
    """A line of a file that `import` reads: one answer. Answers of one run make one block.

    The provider and the model need not be configured, and may no longer exist.

    Attributes:
        asked_at: When the question was asked; a time without a zone is taken as UTC.
        finish: How the answer ended, as a `Finish` or in a service's word; complete if missing.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    asked_at: datetime
    run: Name
    prompt: str = Field(min_length=1)
    provider: Annotated[Name, Field(pattern="^[^/]*$")]
    model: Name
    text: str
    tags: tuple[str, ...] = ()
    served_model: str = ""
    fingerprint: str = ""
    model_version: str = ""
    model_created: datetime | None = None
    finish: Finish = Finish.COMPLETE
    citations: tuple[CitationLine, ...] = ()
    cost_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    searches: tuple[SearchLine, ...] = ()

    @field_validator("asked_at", "model_created")
    @classmethod
    def _in_utc(cls, at: datetime | None) -> datetime | None:
        """Return a time in UTC; a time without a zone is taken as UTC. None stays None."""
        if at is None:
            return None
        if at.year not in YEARS:
            raise ValueError(f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

    @field_validator("finish", mode="before")
    @classmethod
    def _parsed_finish(cls, reason: Any) -> Any:
        """Return the `Finish` that a word of `FINISHES` means, in capital or small letters, such
        as COMPLETE for ``end_turn``; CUT for null. A `Finish` is returned unchanged.
        """
        if reason is None:
            return Finish.CUT
        if isinstance(reason, Finish):
            return reason
        finish = FINISHES.get(str(reason).lower())
        if finish is None:
            raise ValueError(f"must be one of {', '.join(FINISHES)}")
        return finish

    @field_validator("tags", "citations", "searches", mode="before")
    @classmethod
    def _no_items(cls, value: Any) -> Any:
        return () if value is None else value

    @field_validator("served_model", "fingerprint", "model_version", mode="before")
    @classmethod
    def _empty_if_none(cls, value: Any) -> Any:
        return "" if value is None else value

    def answer(self, run_id: int) -> Answer:
        """Return the answer, not stored, as the first repeat of its question within the run of a
        number. An answer without text gets the finish FAILED, unless it was not shown (NONE).
        """
        question = Question(Prompt(self.prompt, self.tags), Model(self.provider, self.model))
        *earlier, text = answers_to_turns(question.prompt, self.text)
        reply = Reply(
            text=text,
            earlier=tuple(earlier),
            finish=self.finish
            if self.text.strip() or self.finish is Finish.NONE
            else Finish.FAILED,
            citations=tuple(Citation(**c.model_dump()) for c in self.citations),
            served_model=self.served_model,
            fingerprint=self.fingerprint,
            model_version=self.model_version,
            model_created=self.model_created,
            cost_usd=self.cost_usd,
            searches=tuple(Search(line.query, line.pages) for line in self.searches),
        )
        return Answer(run_id, question, reply, self.asked_at)


ANSWER_FIELDS = tuple(AnswerLine.model_fields)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The result of reading a line.

    Attributes:
        line: The line, or None when it cannot be used.
        problem: Why the line cannot be used; else empty.
        unknown: Its fields that `import` does not know and leaves out.
    """

    line: AnswerLine | None = None
    problem: str = ""
    unknown: frozenset[str] = frozenset()


def read_line(text: bytes, storable: Callable[[str], str]) -> Parsed:
    """Return the answer in a line of a JSON file, or why the line cannot be used.

    No error is raised. A line that is no JSON object, or has a missing or invalid value, has a
    problem with all these values. Fields that are not in `ANSWER_FIELDS` are left out and listed in
    `Parsed.unknown`.

    Args:
        storable: Returns each text and each name of a field as the store keeps it.
    """
    try:
        table = _storable(json.loads(text), storable)
    except (ValueError, RecursionError) as error:
        return Parsed(problem=f"not valid JSON ({error})")
    if not isinstance(table, dict):
        return Parsed(problem="not a JSON object")
    try:
        line = AnswerLine.model_validate(table)
    except ValidationError as error:
        return Parsed(problem="; ".join(map(_problem_sentence, error.errors())))
    return Parsed(line, unknown=frozenset(table) - set(ANSWER_FIELDS))


def _storable(value: Any, storable: Callable[[str], str]) -> Any:
    """Return a copy of a JSON value in which every text and key, at any depth, is as the store
    keeps it.
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item, storable) for item in value]
    if isinstance(value, dict):
        return {storable(key): _storable(item, storable) for key, item in value.items()}
    return value


def _problem_sentence(detail: ErrorDetails) -> str:
    path = (str(part + 1) if isinstance(part, int) else part for part in detail["loc"])
    return f"{'.'.join(path)} {_PROBLEMS.get(detail['type']) or value_problem(detail)}"


def answer_line(answer: Answer, run: Run) -> dict[str, Any]:
    """Return an answer of a run as JSON values, by the names in `ANSWER_FIELDS` and in their order.

    Times are in ISO format; an unknown creation time and an unknown cost are None.
    """
    reply, question = answer.reply, answer.question
    values = (
        answer.asked_at.isoformat(),
        run.key,
        question.prompt.text,
        question.model.provider,
        question.model.name,
        answer.conversation,
        list(question.prompt.tags),
        reply.served_model,
        reply.fingerprint,
        reply.model_version,
        reply.model_created.isoformat() if reply.model_created else None,
        str(reply.finish),
        [
            {name: value for name, value in asdict(citation).items() if name != "domain" or value}
            for citation in reply.citations
        ],
        reply.cost_usd,
        [asdict(search) for search in reply.searches],
    )
    return dict(zip(ANSWER_FIELDS, values, strict=True))


def score_line(record: ScoreRecord, answer: Answer, run: Run) -> dict[str, Any]:
    """Return the score of an answer as JSON values, by the names in `SCORE_FIELDS` and in their
    order.
    """
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
    """Return a line with each list as a JSON text, as a cell of CSV holds it."""
    return {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for key, value in line.items()
    }
