"""The mapping between domain objects and rows: `x_row` returns a row, `x_of` a domain object.

Rows of alerts and their events are mapped in ``alerts.py``.

A new column of the table ``answers`` needs changes in these places:

- the domain object: `overheard.domain.Reply` or `Usage` (what a provider returned) or `Answer`;
- the table and `REVISION`: `overheard_storage.tables`;
- a migration: ``python -m overheard_storage.migrations "message"``; a column that is never NULL
  needs a ``server_default``;
- this module: `answer_row`, and `_reply_of` or `answer_of` (fields of `Usage` are mapped already);
- when providers return the value: the reading of their replies in ``plugins/``, and the check of
  replies in `overheard.plugins`;
- when the value is exported: ``ANSWER_FIELDS`` in `overheard.commands` and docs/commands.md;
- the INSERT of ``bench/large_store.py``.

Inserts, copies and streams take the columns from the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Row, Table

from overheard.domain import (
    Answer,
    Block,
    Brand,
    Citation,
    Detail,
    Fact,
    Finish,
    Model,
    ModelUpdate,
    Panel,
    Prompt,
    PromptShift,
    Question,
    Reply,
    ReportedStatement,
    Rule,
    Run,
    RunState,
    Schedule,
    Score,
    ScoreRecord,
    Search,
    Shift,
    StatementKind,
    Usage,
    answers_to_turns,
)
from overheard_storage.alert_tables import shifts

_USAGE = tuple(field.name for field in fields(Usage))

Kind = TypeVar("Kind")


@lru_cache
def _shared_names(kind: type, table: Table) -> tuple[str, ...]:
    """Return the columns of a table, but for its number, that have a field of a dataclass."""
    return tuple(
        field.name for field in fields(kind) if field.name in table.c and field.name != "id"
    )


def values_of(entry: Any, table: Table, /, **others: Any) -> dict[str, Any]:
    """Return the row of an object: its fields that have a column, and other values by column."""
    names = _shared_names(entry.__class__, table)
    return {name: getattr(entry, name) for name in names} | others


def object_of(
    kind: Callable[..., Kind], row: Row[Any] | Mapping[str, Any], /, **others: Any
) -> Kind:
    """Return the object of a row: its columns that are fields of the dataclass, lists as tuples,
    and other values by field.
    """
    stored = row if isinstance(row, Mapping) else row._asdict()
    names = [field.name for field in fields(kind) if field.name in stored]  # type: ignore[arg-type]
    values = {n: tuple(stored[n]) if isinstance(stored[n], list) else stored[n] for n in names}
    return kind(**values | others)


# The catalogue


def brand_row(brand: Brand) -> dict[str, Any]:
    """Return the row of a brand."""
    return asdict(brand)


def brand_of(row: Row[Any]) -> Brand:
    """Return the brand of a row of the table of brands."""
    return object_of(Brand, row, rules=tuple(object_of(Rule, rule) for rule in row.rules))


def prompt_row(prompt: Prompt) -> dict[str, Any]:
    """Return the row of a prompt."""
    return {"key": prompt.key, **asdict(prompt)}


def prompt_of(row: Row[Any]) -> Prompt:
    """Return the prompt of a row."""
    tags, brands = tuple(row.tags), tuple(row.brands)
    return Prompt(row.text, tags, brands, row.topic, row.persona, row.language, row.market)


def fact_row(fact: Fact, brand_id: int) -> dict[str, Any]:
    """Return the row of a fact."""
    row = asdict(fact)
    del row["brand"]
    return row | {"brand_id": brand_id}


def fact_of(row: Row[Any]) -> Fact:
    """Return the fact of a row."""
    return object_of(Fact, row)


def schedule_row(schedule: Schedule) -> dict[str, Any]:
    """Return the row of a schedule."""
    return asdict(schedule)


def schedule_of(row: Row[Any]) -> Schedule:
    """Return the schedule of a row."""
    return object_of(Schedule, row)


# Runs and answers


def run_row(run: Run) -> dict[str, Any]:
    """Return the row of a run, without its number."""
    row = asdict(run)
    del row["id"]
    if run.panel is not None:  # one without prompts is false
        row["panel"]["skips"] = sorted(run.panel.skips)
    return row


def run_of(row: Row[Any]) -> Run:
    """Return the run, with its panel, of a row of the table of runs."""
    panel = panel_of(row.panel) if row.panel else None
    return object_of(Run, row, panel=panel, state=RunState(row.state))


def answer_row(answer: Answer, prompt_id: int, model_id: int) -> dict[str, Any]:
    """Return the columns of an answer, without its number; the prompt and the model are given by
    their numbers.
    """
    reply = answer.reply
    return {
        "run_id": answer.run_id,
        "prompt_id": prompt_id,
        "model_id": model_id,
        "repeat": answer.question.repeat,
        "text": answer.conversation,
        "finish": str(reply.finish),
        "citations": [asdict(citation) for citation in reply.citations],
        "web_searches": stored_searches(reply) if reply.searches else None,
        "served_model": reply.served_model,
        "fingerprint": reply.fingerprint,
        "model_version": reply.model_version,
        "model_created": reply.model_created,
        **{name: getattr(reply.usage, name) for name in _USAGE},
        "cost_usd": reply.cost_usd,
        "asked_at": answer.asked_at,
        "latency": answer.latency,
        "error": answer.error,
        "reused_from": answer.reused_from or None,
        "gone": answer.gone,
    }


def stored_searches(reply: Reply) -> list[list[str | int]]:
    """Return what a model searched for as JSON values: for each search a list of its query and its
    pages, each as its place in the citations, or as the address of a page that is not among them.
    """
    places = {citation.url: place for place, citation in enumerate(reply.citations)}
    return [
        [search.query, *(places.get(page, page) for page in search.pages)]
        for search in reply.searches
    ]


def _search_of(row: Row[Any], query: str, pages: Sequence[str | int]) -> Search:
    addresses = (row.citations[p]["url"] if isinstance(p, int) else p for p in pages)
    return Search(query, tuple(addresses))


def answer_of(row: Row[Any]) -> Answer:
    """Return the answer of a row of `answers.answers_query`, with its prompt and model."""
    prompt = asked_prompt_of(row)
    return Answer(
        run_id=row.run_id,
        question=Question(prompt, model_of(row.provider, row.model), row.repeat),
        reply=_reply_of(row, prompt),
        asked_at=row.asked_at,
        latency=row.latency,
        error=row.error,
        reused_from=row.reused_from or 0,
        id=row.id,
        gone=row.gone,
    )


def asked_prompt_of(row: Row[Any]) -> Prompt:
    """Return the prompt of a row that has other columns too; see `repository.ASKED_PROMPT`."""
    tags, brands = tuple(row.tags), tuple(row.brands)
    return Prompt(row.prompt, tags, brands, row.topic, row.persona, row.language, row.market)


# Scores, blocks, shifts


def record_of(row: Row[Any]) -> ScoreRecord:
    """Return the score of a row."""
    details = tuple(Detail(*fields) for fields in row.details)
    score = Score(row.metric, row.value, row.quote, details)
    return ScoreRecord(row.answer_id, row.brand, row.scorer, row.version, score)


def block_of(row: Row[Any]) -> Block:
    """Return the block of a row of `blocks._blocks_query`, by the order of its columns; fast,
    because a history has many blocks.
    """
    run_id, at, n, total, squares, prompt, provider, model, brand, metric, scorer, version = tuple(
        row
    )
    block_model, block_version = model_of(provider, model), _cached_version(scorer, version)
    return Block(run_id, at, prompt, block_model, brand, metric, n, total, squares, block_version)


@lru_cache(1_000)
def model_of(provider: str, name: str) -> Model:
    """Return a model, the same object each time, which knows the parts of its name."""
    return Model(provider, name)


@lru_cache(1_000)
def _cached_version(scorer: str, version: str) -> str:
    return f"{scorer}@{version}"


def update_of(row: Row[Any]) -> ModelUpdate:
    """Return the model update of a row."""
    return ModelUpdate(model_of(row.provider, row.model), row.at, row.source, row.note, row.id)


def shift_row(shift: Shift) -> dict[str, Any]:
    """Return the columns of a shift, without those of its alert, brand, model and metric."""
    return values_of(
        shift,
        shifts,
        low=shift.interval[0],
        high=shift.interval[1],
        prompts=[asdict(prompt) for prompt in shift.prompts],
        answers_before=shift.answers[0],
        answers_after=shift.answers[1],
        began_id=shift.began or None,
        dates=list(shift.likely_first_runs),
        updates=[_document_of_update(update) for update in shift.updates],
        statement=asdict(shift.statement) if shift.statement else None,
    )


def shift_of(row: Row[Any]) -> Shift:
    """Return the shift of a row of shifts joined with the names of brand, model and metric."""
    return object_of(
        Shift,
        row,
        model=model_of(row.provider, row.model),
        interval=(row.low, row.high),
        prompts=tuple(PromptShift(**prompt) for prompt in row.prompts),
        answers=(row.answers_before, row.answers_after),
        began=row.began_id or 0,
        likely_first_runs=tuple(row.dates),
        updates=tuple(_update_of_document(row, document) for document in row.updates),
        statement=_statement_of(row.statement) if row.statement else None,
    )


def _statement_of(document: Mapping[str, Any]) -> ReportedStatement:
    kind, sources = StatementKind(document["kind"]), tuple(document["sources"])
    return ReportedStatement(**{**document, "kind": kind, "sources": sources})


def _document_of_update(update: ModelUpdate) -> dict[str, Any]:
    kept = {"at": update.at.isoformat(), "source": update.source, "note": update.note}
    return kept | {"id": update.id}


def _update_of_document(row: Row[Any], document: Mapping[str, Any]) -> ModelUpdate:
    at = datetime.fromisoformat(document["at"])
    model = model_of(row.provider, row.model)
    return ModelUpdate(model, at, document["source"], document["note"], document["id"])


@lru_cache(maxsize=4_096)
def _shared_prompt(names: tuple[str, ...], values: tuple[Any, ...]) -> Prompt:
    """Return the prompt of a panel's document: one object for all panels that ask it."""
    return Prompt(**dict(zip(names, values, strict=True)))


def _prompt_of_document(document: Mapping[str, Any]) -> Prompt:
    values = [tuple(value) if isinstance(value, list) else value for value in document.values()]
    return _shared_prompt(tuple(document), tuple(values))


def panel_of(document: Mapping[str, Any]) -> Panel:
    """Return the panel of a run from its stored JSON document; fields that older versions lack get
    their defaults.
    """
    return Panel(
        brands=tuple(document["brands"]),
        prompts=tuple(map(_prompt_of_document, document["prompts"])),
        models=tuple(Model(**model) for model in document["models"]),
        repeats=document["repeats"],
        seed=document["seed"],
        times=tuple(document.get("times", ())),  # older panels ask all prompts alike
        batch=document.get("batch", False),
        steady=document.get("steady", False),
        skips=frozenset(map(tuple, document.get("skips", ()))),
    )


def _reply_of(row: Row[Any], prompt: Prompt) -> Reply:
    """Return the reply of a model from a row of answers; rate limits are not stored."""
    *earlier, text = answers_to_turns(prompt, row.text)
    return Reply(
        text=text,
        earlier=tuple(earlier),
        finish=Finish(row.finish),
        citations=tuple(Citation(**citation) for citation in row.citations),
        served_model=row.served_model,
        fingerprint=row.fingerprint,
        usage=Usage(**{name: getattr(row, name) for name in _USAGE}),
        cost_usd=row.cost_usd,
        model_version=row.model_version,
        model_created=row.model_created,
        searches=tuple(_search_of(row, query, pages) for query, *pages in row.web_searches or ()),
    )
