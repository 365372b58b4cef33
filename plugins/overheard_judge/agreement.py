"""`agreement`: on how many answers rules and the model agree, and which they read differently."""

from collections.abc import Iterator, Mapping
from math import sqrt
from statistics import fmean, variance
from typing import Annotated, NamedTuple

from overheard import (
    Card,
    CommandSpec,
    Detail,
    Kind,
    Model,
    Score,
    Table,
    View,
    argument,
    unknown_name,
    wording,
)
from overheard_judge.scorer import JudgeSettings

CHECKS = 12
"""The newest checks that count."""
_RUNS_READ = 20 * CHECKS
"""Runs among which they are looked for: the model's own requests are runs besides."""
_MOST_ROWS = 6
_MIN_PAIRS = 10
"""Answers from which on it is told what the model would say of all."""
_Z = 1.645
"""Of an interval of 90 %."""
_LABELS = {"drawback": "Drawback", "first_choice": "First choice", "sentiment": "Tone"}
_RATES = {"drawback": "A drawback", "first_choice": "First choice"}
_SHOWN_CHARACTERS = 60
"""Of a question and of what an answer says."""

Readings = Mapping[str, Score]
"""The scores of a brand in one answer by metric."""


class Rate(NamedTuple):
    """A rate by the rules, and as the model would read all answers with its interval of 90 %."""

    rules: float
    read: float
    low: float
    high: float


def estimate(rules: list[float], pairs: list[tuple[float, float]]) -> Rate | None:
    """Return the rate of all answers as the model reads them: the rules' rate, less the mean by
    which the rules exceed the model in the answers that both have read. None with fewer than
    `_MIN_PAIRS` of these, and where neither sees any.

    Args:
        rules: The rules' values, 0 or 1, of all answers.
        pairs: The values of the rules and of the model in the answers that both have read.
    """
    if len(pairs) < _MIN_PAIRS or (not any(rules) and not any(theirs for _, theirs in pairs)):
        return None
    excess = [ours - theirs for ours, theirs in pairs]
    rate = fmean(rules) - fmean(excess)
    half = _Z * sqrt(variance(excess) / len(excess) + variance(rules) / len(rules))
    return Rate(fmean(rules), rate, max(0.0, rate - half), min(1.0, rate + half))


async def show_agreement(
    view: View,
    *,
    brand: Annotated[str, argument("Which brand; by default the first.", Kind.BRAND)] = "",
) -> Card:
    """Return on how many of the answers of the newest checks that name a brand rules and model
    agree, what the model would say of all, and a table of the answers that they read differently.

    Raises:
        UnknownName: when the brand is not in the catalogue.
    """
    tracked = (one.name for one in view.catalogue.brands if one.tracked)
    name = brand or next(tracked, "")
    if view.catalogue.brand(name) is None:
        raise unknown_name("brand", name, [one.name for one in view.catalogue.brands])
    runs = [run.id for run in await view.history.runs(limit=_RUNS_READ) if not run.aside][:CHECKS]
    rules: dict[int, dict[str, Score]] = {}
    read: dict[int, dict[str, Score]] = {}
    model = ""
    async for record in view.history.scores(runs=runs):
        if record.brand == name:
            by_model = record.scorer == "judge"
            model = record.version.partition(":")[2].rpartition("+")[0] if by_model else model
            of_answer = (read if by_model else rules).setdefault(record.answer_id, {})
            of_answer[record.score.metric] = record.score
    both = sorted(read.keys() & rules.keys())
    reader = Model.parse(model).name if model else ""
    answers = {answer.id: answer async for answer in view.history.answers(numbers=both)}
    others = [
        (answers[number], *difference)
        for number in both
        for difference in _differences(rules[number], read[number])
    ]
    agreed = len(both) - len({answer.id for answer, *_ in others})
    drawn = [number for number in both if "fact" not in answers[number].question.prompt.tags]
    rates = dict(_rates(rules, read, drawn))
    lines = [
        f"{_RATES[metric]}: {wording.percent(rate.rules)} of the answers that name it by the "
        f"rules, {wording.percent(rate.read)} by {reader} ({wording.percent(rate.low)} to "
        f"{wording.percent(rate.high)})."
        for metric, rate in rates.items()
    ]
    rows = [
        (
            wording.day(answer.asked_at, view.zone),
            wording.shorten(answer.question.prompt.text, _SHOWN_CHARACTERS),
            *difference,
        )
        for answer, *difference in others[-_MOST_ROWS:]
    ]
    if len(others) > len(rows):
        lines.append(f"The newest {len(rows)} of {len(others)} differences:")
    title = f"Rules and {reader} agree on {agreed} of {wording.count(len(both), 'answer')}"
    if not both:
        title = f"No answer on {name} has been read twice yet"
        lines = ["No model reads answers a second time yet; the set-up offers one."]
        for _, table in view.tables["scorers"].each(JudgeSettings):
            share = "each" if table.share == 1 else f"{wording.percent(table.share)}"
            lines = [f"{Model.parse(table.model).name} reads {share} of the next answers, too."]
    return Card(
        title=title,
        text="\n".join(lines),
        table=Table(("Day", "Question", "What", "Rules", reader), tuple(rows)) if rows else None,
        footer=f"{name}, the newest {wording.count(len(runs), 'check')}" if runs else name,
        data={
            "brand": name,
            "model": model or None,
            "agree": agreed,
            "of": len(both),
            "rates": {metric: rate._asdict() for metric, rate in rates.items()},
            "others": [
                {"answer": answer.id, "what": what, "rules": ours, "read": theirs}
                for answer, what, ours, theirs in others
            ],
        },
    )


def _rates(
    rules: Mapping[int, Readings], read: Mapping[int, Readings], drawn: list[int]
) -> Iterator[tuple[str, Rate]]:
    """Yield each metric with its rate, where it can be told; `drawn` were drawn at random."""
    for metric in _RATES:
        named = [said[metric].value for said in rules.values() if {metric, "sentiment"} <= {*said}]
        pairs = [
            (rules[number][metric].value, read[number][metric].value)
            for number in drawn
            if metric in rules[number] and metric in read[number]
        ]
        if rate := estimate(named, pairs):
            yield metric, rate


def _differences(rules: Readings, read: Readings) -> Iterator[tuple[str, str, str]]:
    """Yield (what, as rules read it, as the model reads it) for each difference in an answer."""
    for metric, label in _LABELS.items():
        if metric in rules and metric in read:
            (ours, told), (theirs, said) = (_words(metric, of[metric]) for of in (rules, read))
            if ours != theirs:
                yield label, told, said
    facts, stated = (of["accuracy"].details if "accuracy" in of else () for of in (rules, read))
    by_topic = {detail.topic: detail for detail in stated}
    for detail in facts:
        other = by_topic.get(detail.topic, Detail(detail.topic, "not said"))
        if detail.is_false != other.is_false:
            yield detail.topic.capitalize(), _fact_words(detail), _fact_words(other)


def _words(metric: str, score: Score) -> tuple[str, str]:
    """Return what is compared of a score, and the same in words for the table."""
    if metric == "sentiment":
        tone = next((detail.verdict for detail in score.details if detail.topic == "tone"), "")
        return tone, tone
    yes = "yes" if score.value else "no"
    return yes, f"“{_short(score.quote)}”" if score.value and metric == "drawback" else yes


def _fact_words(detail: Detail) -> str:
    return f"{detail.verdict}: “{_short(detail.stated)}”" if detail.stated else detail.verdict


def _short(text: str) -> str:
    return wording.shorten(wording.line(text), _SHOWN_CHARACTERS)


AGREEMENT = CommandSpec(
    "agreement",
    "Show on how many answers rules and a model that reads them agree.",
    show_agreement,
    section="What is measured",
    examples=("agreement", "agreement Acme"),
)
