"""False claims and grave sentences in words, as alerts and lists show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Quote, Tainted
from overheard.domain import Alert, ReportedStatement, Shift, StatementKind

MAX_SAID_CHARS = 80
MAX_SHORT_CHARS = 40
MAX_QUOTE_CHARS = 300
SHOWN_SOURCES = 3
GRAVE_TOPICS = {
    "recall": "a recall",
    "breach": "a data breach",
    "lawsuit": "legal trouble",
    "ban": "a ban",
    "end": "the end of a product",
    "danger": "a danger",
    "fraud": "fraud",
}
"""What a grave statement is about, in words after "speaks of"."""

FACT_WORDS = {"founded": "founding year", "ceo": "CEO", "hq": "headquarters"}
"""What fields of facts are called, where the field is no noun."""
NOT_SO = "not so"
_LISTS = {
    NOT_SO: {"never say", "never-say", "never", "not true", "false claims"},
    "discontinued": {"discontinued", "discontinued items", "discontinued products", "retired"},
}
"""Fields whose value lists what must not be stated, by what is true of that instead."""


def statement_title(
    alert: Alert, moved: Sequence[str] = (), name: str = "", *, was: bool = False
) -> str:
    """Return the title of an alert with statements: ``ChatGPT gets Acme's price wrong``.

    Args:
        alert: The alert.
        moved: Labels of the metrics that moved at the same time.
        name: The model's name for readers; empty for its id.
        was: Whether no answer of the latest check makes the statements; then the title is in the
            past tense: ``ChatGPT got Acme's price wrong``.
    """
    model, brand = name or str(alert.shift.model), alert.shift.brand
    current = _newest_statements(alert.moved)
    grave = [s for s in current if s.kind is StatementKind.GRAVE]
    if grave:
        topics = [GRAVE_TOPICS.get(claim.topic, claim.topic) for claim in grave]
        title = f"{model} {'spoke' if was else 'speaks'} of {wording.listing(topics)} at {brand}"
    elif all(claim.verdict == "stale" for claim in current):
        old = wording.listing(_topic_names(current))
        title = f"{model} {'gave' if was else 'gives'} an old {old} of {brand}"
    elif any(is_listed(claim.topic) for claim in current):
        title = f"{model} {'said' if was else 'says'} of {brand} what is not true"
    else:
        verb, wrong = "got" if was else "gets", wording.listing(_topic_names(current))
        title = f"{model} {verb} {brand}'s {wrong} wrong"
    return f"{title}, and {wording.listing(moved)} moved" if moved else title


def true_value(topic: str, value: str) -> str:
    """Return the truth that a false claim contradicts: the value of the fact or, for a fact that
    lists false things, the word for all of them ("not so", "discontinued").
    """
    return next((true for true, names in _LISTS.items() if topic.casefold() in names), value)


def is_listed(topic: str) -> bool:
    """Return whether a fact lists things that must not be stated, rather than a value."""
    return any(topic.casefold() in names for names in _LISTS.values())


def statement_lines(moved: Sequence[Shift]) -> Iterator[str]:
    """Yield one or two sentences for each statement: its text, its number of answers, the truth,
    and the cited sources.
    """
    for statement in _newest_statements(moved):
        count = f"in {wording.count(statement.answers, 'answer')} of {statement.asked:,}"
        if statement.kind is StatementKind.GRAVE:
            sentence = f"It speaks of {GRAVE_TOPICS.get(statement.topic, statement.topic)} {count}."
        else:
            value = wording.shorten(wording.line(statement.said), MAX_SAID_CHARS)
            sentence = f"It says “{value}” {count}{_truth_clause(statement)}."
        sources = ", ".join(statement.sources[:SHOWN_SOURCES])
        yield f"{sentence} Cited next to it: {wording.line(sources)}." if sources else sentence


def short_statement_lines(
    moved: Sequence[Shift], most: int = 2, now: Mapping[ReportedStatement, int] | None = None
) -> Iterator[str]:
    """Yield a short sentence for each of the ``most`` latest statements: its text, its number of
    answers, and the truth.

    Args:
        moved: The shifts that report statements, in the order of their reports.
        most: The largest number of statements.
        now: In how many answers of the latest check each statement is made; for a statement that
            is missing there, the number at its report is shown.
    """
    newest = _newest_statements(moved)
    for statement in newest[-most:]:
        answers = (now or {}).get(statement, statement.answers)
        count = f"in {wording.count(answers or statement.answers, 'answer')}"
        if statement.kind is StatementKind.GRAVE:
            topic = GRAVE_TOPICS.get(statement.topic, statement.topic)
            yield f"It speaks of {topic} {count}."
        else:
            value = wording.shorten(wording.line(statement.said), MAX_SHORT_CHARS)
            if answers:
                yield f"It says “{value}” {count}{_truth_clause(statement)}."
            else:
                yield f"It said “{value}”; no answer of the latest check does."


def statement_quotes(moved: Sequence[Shift], model: str) -> tuple[Quote, ...]:
    """Return a quote for each statement that has one, as last reported; ``model``, the model's name
    for readers, is part of its source.
    """
    return tuple(
        Quote(f"{model}, {claim.topic}", Tainted(wording.shorten(claim.quote, MAX_QUOTE_CHARS)))
        for claim in _newest_statements(moved)
        if claim.quote
    )


def statement_step(statement: ReportedStatement) -> str:
    """Return a statement as a clause: ``it says “$49” of the price (in truth $14)``."""
    if statement.kind is StatementKind.GRAVE:
        return f"it speaks of {GRAVE_TOPICS.get(statement.topic, statement.topic)}"
    quoted = wording.shorten(wording.line(statement.said), MAX_SAID_CHARS)
    about = "" if is_listed(statement.topic) else f" of the {topic_words(statement.topic)}"
    true = true_value(statement.topic, statement.truth)
    return f"it says “{quoted}”{about}{f' (in truth {true})' if true else ''}"


def statement_phrase(statement: ReportedStatement, brand: str) -> str:
    """Return a statement as words to follow a model's name: ``says Acme's price is “$49”``."""
    if statement.kind is StatementKind.GRAVE:
        return f"speaks of {GRAVE_TOPICS.get(statement.topic, statement.topic)} at {brand}"
    said = wording.shorten(wording.line(statement.said), MAX_SHORT_CHARS)
    return f"says {brand}'s {topic_words(statement.topic)} is “{said}”"


def statement_brief(statements: Sequence[ReportedStatement]) -> str:
    """Return statements as a table cell, each once: ``price “$49”, founded “1999”``."""
    once = {(claim.topic, claim.said): claim for claim in statements}.values()
    return ", ".join(
        claim.topic
        if claim.kind is StatementKind.GRAVE
        else f"{claim.topic} “{wording.shorten(wording.line(claim.said), 30)}”"
        for claim in once
    )


def statement_data(statement: ReportedStatement) -> dict[str, Any]:
    """Return a statement as JSON values: ``answers`` is the number of answers with the statement,
    ``asked`` that of all answers.
    """
    return {
        "kind": statement.kind.value,
        "fact": statement.topic,
        "said": statement.said,
        "truth": true_value(statement.topic, statement.truth) if statement.truth else "",
        "verdict": statement.verdict,
        "quote": statement.quote,
        "sources": list(statement.sources),
        "answers": statement.answers,
        "asked": statement.asked,
    }


def _newest_statements(moved: Sequence[Shift]) -> list[ReportedStatement]:
    """Return each statement as last reported, in the order of the first reports. Grave statements
    of one topic are one statement.
    """
    newest: dict[tuple[StatementKind, str, str], ReportedStatement] = {}
    for shift in moved:
        if claim := shift.statement:
            grave = claim.kind is StatementKind.GRAVE
            newest[claim.kind, claim.topic, "" if grave else claim.said] = claim
    return list(newest.values())


def _topic_names(statements: Sequence[ReportedStatement]) -> list[str]:
    return list(dict.fromkeys(topic_words(claim.topic) for claim in statements))


def topic_words(topic: str) -> str:
    """Return the name of a fact's field in a sentence: ``founding year`` for ``founded``."""
    return FACT_WORDS.get(topic.casefold(), topic)


def _truth_clause(statement: ReportedStatement) -> str:
    """Return a clause on the truth that a false claim contradicts, to end a sentence."""
    true = true_value(statement.topic, statement.truth)
    if not statement.truth or true == NOT_SO:
        return "; the fact sheet rules it out"
    if statement.verdict == "stale":
        return f"; that was true once, now it is {true}"
    return f"; in truth it is {true}"
