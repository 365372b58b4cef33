"""The words for shifts and statements."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Quote, Tainted, picked
from overheard.domain import VISIBILITY, Alert, Metric, ReportedStatement, Shift, StatementKind

MAX_SAID_CHARS = 80
MAX_SHORT_CHARS = 40
MAX_CELL_CHARS = 30
MAX_QUOTE_CHARS = 300
SHORT_LINES = 2
"""Statements that a message says in words."""
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
_LIST_FIELDS = {
    NOT_SO: {"never say", "never-say", "never", "not true", "false claims"},
    "discontinued": {"discontinued", "discontinued items", "discontinued products", "retired"},
}
"""Fields whose value lists what must not be stated, by what is true of that instead."""


def statement_title(
    said: Sequence[ReportedStatement], brand: str, model: str, *, in_past_tense: bool = False
) -> str:
    """Return the title of statements about a brand, by the gravest of them: grave statements
    (``ChatGPT speaks of a recall at Acme``), values that were true once (``ChatGPT gives an old
    price of Acme``, if all are such), things that the fact sheet says not to state (``ChatGPT says
    of Acme what is not true``), or wrong values (``ChatGPT gets Acme's price wrong``).

    Args:
        said: The statements, at least one.
        model: The model's name for readers.
        in_past_tense: Whether the title is in the past tense, because no answer of the latest check
            makes the statements: ``ChatGPT got Acme's price wrong``.
    """
    topics = wording.listing(list(dict.fromkeys(topic_words(claim.topic) for claim in said)))
    if grave := [one for one in said if one.kind is StatementKind.GRAVE]:
        grave_topics = [GRAVE_TOPICS.get(one.topic, one.topic) for one in grave]
        verb = "spoke" if in_past_tense else "speaks"
        return f"{model} {verb} of {wording.listing(grave_topics)} at {brand}"
    if all(one.verdict == "stale" for one in said):
        return f"{model} {'gave' if in_past_tense else 'gives'} an old {topics} of {brand}"
    if any(is_listed(one.topic) for one in said):
        return f"{model} {'said' if in_past_tense else 'says'} of {brand} what is not true"
    return f"{model} {'got' if in_past_tense else 'gets'} {brand}'s {topics} wrong"


def true_value(topic: str, value: str) -> str:
    """Return the truth that a false claim contradicts: the value of the fact or, for a fact that
    lists things that must not be stated, what is true of all of them ("not so", "discontinued").

    Args:
        topic: The field of the fact, such as ``price``, in any case.
    """
    return next((true for true, names in _LIST_FIELDS.items() if topic.casefold() in names), value)


def is_listed(topic: str) -> bool:
    """Return whether a fact, given by its field (in any case), lists things that must not be stated
    rather than a value.
    """
    return any(topic.casefold() in names for names in _LIST_FIELDS.values())


def short_statement_lines(
    moved: Sequence[Shift],
    most: int = SHORT_LINES,
    now: Mapping[ReportedStatement, int] | None = None,
    stating: Mapping[ReportedStatement, int] | None = None,
    new: Collection[ReportedStatement] = (),
) -> list[str]:
    """Return the lines of the statements that shifts report, by `claim_lines`, as last reported.
    Statements that the latest check does not make are left out if it makes any; else one line
    says of the first ``most`` that no answer of it does.

    Args:
        moved: The shifts of an alert; those of metrics are left out.
        now: In how many answers of the latest check each false claim is made. For a statement that
            is missing there, the number at its last report is shown.
        stating: In how many answers of that check its fact is stated at all.
        new: The statements that no answer of the check before made.
    """
    counts, asked = now or {}, stating or {}
    told = newest_statements(moved)
    made = [
        replace(said, answers=counts.get(said, said.answers), asked=asked.get(said, 0))
        for said in told
        if counts.get(said, said.answers) or said.kind is StatementKind.GRAVE
    ]
    if made:
        return list(claim_lines(made, {(said.topic, said.said) for said in new}, most))
    values = wording.listing([f"“{_short_value(said)}”" for said in told[:most]])
    return [f"It said {values}; no answer of the latest check does."] if told else []


def claim_lines(
    said: Sequence[ReportedStatement],
    new: Collection[tuple[str, str]] = (),
    most: int = SHORT_LINES,
) -> Iterator[str]:
    """Yield a short sentence for each of the ``most`` statements that most answers make, then
    one with the number of the others.

    Examples are ``It says “$49” in all 5 answers that state it; in truth $14.`` (of a single
    statement), ``New: it says “1999” in 2 answers; in truth 2010.`` and ``It speaks of a recall in
    2 answers.``.

    Args:
        said: The statements of a check, each with its number of answers.
        new: Topic and words of the statements that the check before did not make.
    """
    ordered = sorted(said, key=lambda statement: -statement.answers)
    for statement in ordered[:most]:
        count = wording.count(statement.answers, "answer")
        if statement.kind is StatementKind.GRAVE:
            yield f"It speaks of {GRAVE_TOPICS.get(statement.topic, statement.topic)} in {count}."
            continue
        if 1 < statement.answers == statement.asked and len(ordered) == 1:
            count = f"{'both answers' if statement.answers == 2 else f'all {count}'} that state it"
        it = "New: it" if (statement.topic, statement.said) in new else "It"
        yield f"{it} says “{_short_value(statement)}” in {count}{_truth_clause(statement)}."
    if len(ordered) > most:
        yield f"And {len(ordered) - most} more."


def _short_value(statement: ReportedStatement) -> str:
    return wording.shorten(wording.line(statement.said), MAX_SHORT_CHARS)


def statement_quotes(moved: Sequence[Shift], model: str) -> tuple[Quote, ...]:
    """Return a quote of at most `MAX_QUOTE_CHARS` characters for each statement that shifts report,
    as last reported; statements without a quote are left out.

    Args:
        moved: The shifts of an alert; those of metrics are left out.
        model: The model's name for readers, which is part of the source: ``ChatGPT, price``.
    """
    return tuple(
        Quote(f"{model}, {claim.topic}", Tainted(wording.shorten(claim.quote, MAX_QUOTE_CHARS)))
        for claim in newest_statements(moved)
        if claim.quote
    )


def statement_clause(statement: ReportedStatement) -> str:
    """Return a statement as a clause: ``it says “$49” of the price (in truth $14)``, with at most
    `MAX_SAID_CHARS` characters of what is said; a grave one as ``it speaks of a recall``. The field
    is left out for a fact that lists what must not be stated, and the truth if it is not known.
    """
    if statement.kind is StatementKind.GRAVE:
        return f"it speaks of {GRAVE_TOPICS.get(statement.topic, statement.topic)}"
    quoted = wording.shorten(wording.line(statement.said), MAX_SAID_CHARS)
    about = "" if is_listed(statement.topic) else f" of the {topic_words(statement.topic)}"
    true = true_value(statement.topic, statement.truth)
    return f"it says “{quoted}”{about}{f' (in truth {true})' if true else ''}"


def statement_phrase(statement: ReportedStatement, brand: str) -> str:
    """Return a statement as words to follow a model's name: ``says Acme's price is “$49”``, with at
    most `MAX_SHORT_CHARS` characters of the value; a grave one as ``speaks of a recall at Acme``.
    """
    if statement.kind is StatementKind.GRAVE:
        return f"speaks of {GRAVE_TOPICS.get(statement.topic, statement.topic)} at {brand}"
    said = wording.shorten(wording.line(statement.said), MAX_SHORT_CHARS)
    return f"says {brand}'s {topic_words(statement.topic)} is “{said}”"


def statement_cell(statements: Sequence[ReportedStatement]) -> str:
    """Return statements as a table cell: ``price “$49”, recall``. A false claim has its topic and
    at most `MAX_CELL_CHARS` characters of what is said, a grave statement its topic alone.
    Statements with the same topic and the same words are named once, in the order of the first.
    """
    distinct = {(claim.topic, claim.said): claim for claim in statements}.values()
    return ", ".join(
        claim.topic
        if claim.kind is StatementKind.GRAVE
        else f"{claim.topic} “{wording.shorten(wording.line(claim.said), MAX_CELL_CHARS)}”"
        for claim in distinct
    )


def statement_data(statement: ReportedStatement) -> dict[str, Any]:
    """Return a statement as JSON values: ``fact`` is its topic, ``truth`` what is true (empty if it
    is not known), ``answers`` the number of the run's answers with the statement, and ``asked`` the
    number of all answers of the model in the run.
    """
    return {
        "fact": statement.topic,
        "truth": true_value(statement.topic, statement.truth) if statement.truth else "",
        **picked(statement, "kind", "said", "verdict", "quote", "sources", "answers", "asked"),
    }


def newest_statements(moved: Sequence[Shift]) -> list[ReportedStatement]:
    """Return each statement that shifts report, as last reported, in the order of the first
    reports.

    Reports with the same kind, topic and words are of one statement; of grave statements, all with
    the same topic are.

    Args:
        moved: The shifts in the order of their reports; those of metrics are left out.
    """
    newest: dict[tuple[StatementKind, str, str], ReportedStatement] = {}
    for shift in moved:
        if claim := shift.statement:
            grave = claim.kind is StatementKind.GRAVE
            newest[claim.kind, claim.topic, "" if grave else claim.said] = claim
    return list(newest.values())


def rise_title(rival: str, model: str, *, passes: bool) -> str:
    """Return the title of a competitor's rise: ``Umbra rises at Claude and passes you``."""
    return f"{rival} rises at {model}{' and passes you' if passes else ''}"


def topic_words(topic: str) -> str:
    """Return what a fact's field (in any case) is called in a sentence: ``founding year`` for
    ``founded``. A field without words of its own is returned as it is.
    """
    return FACT_WORDS.get(topic.casefold(), topic)


def _truth_clause(statement: ReportedStatement) -> str:
    """Return a clause on the truth that a false claim contradicts, to end a sentence: ``; in truth
    it is $14``. If the truth is not known, or the fact only says what is not so, the clause says
    that the fact sheet rules the claim out.
    """
    true = true_value(statement.topic, statement.truth)
    if not statement.truth or true == NOT_SO:
        return "; the fact sheet rules it out"
    if statement.verdict == "stale":
        return f"; that was true once, now it is {true}"
    return f"; in truth {true}"


def shift_words(shift: Shift, metrics: Mapping[str, Metric]) -> str:
    """Return a shift in words: ``visibility fell from 70 % to 45 %``; for a metric of which less is
    better, ``drawbacks became worse from 5 % to 20 %``; for a statement, what the model says. A
    change of 0 counts as a fall.

    Args:
        metrics: The metrics that are measured, by name. One that is missing is called by its name.
    """
    if shift.statement:
        return statement_clause(shift.statement)
    label, before, after = metric_words(shift, metrics)
    way = _direction(shift, metrics)
    return f"{label} {way} from {before} to {after}"


def _direction(shift: Shift, metrics: Mapping[str, Metric]) -> str:
    """Return ``rose`` or ``fell``; of a metric of which less is better, where "rose" would read as
    good news, ``became worse`` or ``became better``.
    """
    metric = metrics.get(shift.metric)
    if metric and not metric.higher_is_better:
        return "became worse" if shift.change > 0 else "became better"
    return "rose" if shift.change > 0 else "fell"


def moved_words(alert: Alert, metrics: Mapping[str, Metric]) -> str:
    """Return what an alert reports as a table cell, without the figures, which its card has:
    ``price “$49”; named less``; for a model-wide alert, ``how it speaks of 4 brands``.

    Args:
        metrics: The metrics that are measured, by name.
    """
    if alert.of_model:
        return f"how it speaks of {wording.count(len(alert.brands), 'brand')}"
    parts = [statement_cell(alert.statements)] if alert.shift.statement else []
    if first := next((shift for shift in alert.moved if not shift.statement), None):
        label, *_ = metric_words(first, metrics)
        if first.metric == VISIBILITY:
            parts.append("named more" if first.change > 0 else "named less")
        else:
            parts.append(f"{label} {_direction(first, metrics)}")
    return "; ".join(parts)


def metric_words(shift: Shift, metrics: Mapping[str, Metric]) -> tuple[str, str, str]:
    """Return the label of a shift's metric in lower case, and its values before and after the shift
    as text: ``("visibility", "70 %", "45 %")``. For a metric that is not among ``metrics``, because
    it is not measured any more, return its name and numbers with two decimals.
    """
    metric = metrics.get(shift.metric)
    if metric is None:  # its scorer is not installed any more
        return shift.metric, f"{shift.before:.2f}", f"{shift.after:.2f}"
    before, after = (wording.value(number, metric.scale) for number in (shift.before, shift.after))
    return metric.label.lower(), before, after
