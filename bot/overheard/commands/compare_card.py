"""The card of a comparison of two models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from overheard.alerts.metric_wording import words_of
from overheard.cards import wording
from overheard.cards.card import Card, Field, Image, Quote, Severity, Table, Tainted
from overheard.cards.charts.forest import Difference, Spans
from overheard.cards.charts.renderer import picture
from overheard.cards.model_names import ModelNames
from overheard.domain import Answer, PromptShift
from overheard.finetune.contrasts import ERROR_RATE, Contrast, MetricResult
from overheard.finetune.model_comparison import ComparisonResult, ComparisonSetup, StopReason
from overheard.reading.markdown import readable

SHOWN_PROMPTS = 2
"""Prompts whose answers are shown side by side."""


CHAT_VERDICTS = {
    MetricResult.BETTER: "Better",
    MetricResult.WORSE: "Worse",
    MetricResult.EQUIVALENT: "Alike",
    MetricResult.UNCLEAR: "Not clear",
}
"""Verdicts on metrics in the words of a chat."""


MOVED_VERDICTS = frozenset({MetricResult.BETTER, MetricResult.WORSE})
"""Verdicts of a difference."""


MOST_NOUNS = 3
"""Metrics of each verdict that a chat names."""


MAX_QUOTE_CHARS = 300
"""Characters of an answer that are shown."""


async def comparison_card(setup: ComparisonSetup, result: ComparisonResult) -> Card:
    """Return the terminal's card of a comparison's result, with a picture if any metric could be
    compared.
    """
    chart = _difference_chart(
        setup, result, f"{setup.brand.name}: {setup.tuned} beside {setup.base}"
    )
    return _terminal_card(
        setup, result, await picture(chart, "compare.png") if chart.spans else None
    )


async def chat_comparison_card(
    setup: ComparisonSetup, result: ComparisonResult, names: ModelNames
) -> Card:
    """Return the chat's card of a comparison's result: the verdicts in words, with a picture of the
    differences if any metric could be compared. All figures are in `Card.data`.
    """
    base, tuned = names.name(setup.base), names.name(setup.tuned)
    if base == tuned:
        base, tuned = setup.base.name, setup.tuned.name
    chart = _difference_chart(
        setup, result, f"{setup.brand.name}: {tuned} against {base}", for_chat=True
    )
    return Card(
        title=wording.shorten(_chat_title(setup.brand.name, base, tuned, result), 140),
        text="\n".join(_verdict_lines(setup, result)),
        image=await picture(chart, "compare.png") if chart.spans else None,
        severity=_severity(setup, result),
        footer=f"{wording.count(result.calls, 'answer')} · {wording.money(result.spent)}",
        data=_comparison_json(setup, result),
        failed=result.stopped is StopReason.FAILED,
    )


def _chat_title(brand: str, base: str, tuned: str, result: ComparisonResult) -> str:
    """Return the title: at which of two models, `base` and `tuned` by display name, the brand does
    better by the result.
    """
    verdicts = {contrast.verdict for contrast in result.metrics}
    if result.stopped is StopReason.FAILED:
        return f"{tuned} and {base} did not answer all questions"
    if {MetricResult.BETTER, MetricResult.WORSE} <= verdicts:
        return f"{brand} does better at {tuned} than at {base} in some ways, and worse in others"
    if MetricResult.BETTER in verdicts:
        return f"{brand} does better at {tuned} than at {base}"
    if MetricResult.WORSE in verdicts:
        return f"{brand} does worse at {tuned} than at {base}"
    return f"{brand} does no better at {tuned} than at {base}, as far as this shows"


def _verdict_lines(setup: ComparisonSetup, result: ComparisonResult) -> Iterator[str]:
    """Yield a line for each verdict with up to `MOST_NOUNS` of its metrics, then a line on a leak
    into control questions, then the failures.
    """
    for verdict, words in CHAT_VERDICTS.items():
        nouns = [
            words_of(contrast.metric.name).noun or contrast.metric.label.lower()
            for contrast in result.metrics
            if contrast.verdict is verdict
        ]
        if nouns:
            more = [f"{len(nouns) - MOST_NOUNS} more"] if len(nouns) > MOST_NOUNS else []
            yield f"{words}: {wording.listing([*nouns[:MOST_NOUNS], *more])}."
    if _is_tuned(setup) and any(
        control.verdict is MetricResult.BETTER for control in result.controls
    ):
        yield f"It also names {setup.brand.name} where the question is about other things."
    yield from result.failures if result.stopped is StopReason.FAILED else ()


def _is_tuned(setup: ComparisonSetup) -> bool:
    """Whether the second model may be a fine-tune of the first: both are of one provider."""
    return setup.base.provider == setup.tuned.provider


def _terminal_card(setup: ComparisonSetup, result: ComparisonResult, image: Image | None) -> Card:
    """Return the terminal's card of a comparison; without an image there is no table either."""
    return Card(
        title=wording.shorten(f"{setup.brand.name} at {setup.tuned}, beside {setup.base}", 140),
        text="\n\n".join(_result_sentences(setup, result)),
        fields=(
            Field("Answers", f"{result.calls:,}"),
            Field("Rounds", str(result.rounds)),
            Field("Spent", wording.money(result.spent)),
        ),
        table=_difference_table(setup, result) if image else None,
        quotes=tuple(_answer_quotes(setup, result)),
        image=image,
        severity=_severity(setup, result),
        footer=(
            "In brackets the 90 % interval. A verdict asks for more: of equal models, one is "
            f"called better or worse in at most {ERROR_RATE * 100:g} of 100 comparisons. Both got "
            "the same questions, "
            f"with {'seeds of their own' if setup.own_seeds else 'the same seeds'},"
            " as they are at this hour."
        )
        if image
        else "",
        data=_comparison_json(setup, result),
        failed=result.stopped is StopReason.FAILED,
    )


def _result_sentences(setup: ComparisonSetup, result: ComparisonResult) -> Iterator[str]:
    """Yield sentences on the result of a comparison: verdicts by metric, metrics that could not be
    compared, leaks into control questions, failures.
    """
    for verdict in (
        MetricResult.BETTER,
        MetricResult.WORSE,
        MetricResult.EQUIVALENT,
        MetricResult.UNCLEAR,
    ):
        names = [
            contrast.metric.label.lower()
            for contrast in result.metrics
            if contrast.verdict is verdict
        ]
        if names:
            yield f"{wording.listing(names).capitalize()}: {_verdict_words(verdict, setup)}."
    if result.unseen and result.stopped is not StopReason.FAILED:
        unseen = wording.listing([metric.label.lower() for metric in result.unseen])
        yield f"Not compared: {unseen}. No question has answers of both models that show it."
    if _is_tuned(setup):
        for contrast in result.controls:
            yield _leak_sentence(setup, contrast)
    if result.stopped is StopReason.FAILED:
        yield f"Not all questions were answered. {' '.join(result.failures)}"


def _verdict_words(verdict: MetricResult, setup: ComparisonSetup) -> str:
    """Return a verdict on a metric in words, with the name of the second model or the margin of the
    setup.
    """
    return {
        MetricResult.BETTER: f"better at {setup.tuned}",
        MetricResult.WORSE: f"worse at {setup.tuned}",
        MetricResult.EQUIVALENT: (
            f"equivalent, within {setup.margin * 100:g} points where it is a rate"
        ),
        MetricResult.UNCLEAR: "not yet clear; more questions or rounds would tell",
    }[verdict]


def _leak_sentence(setup: ComparisonSetup, contrast: Contrast) -> str:
    """Return a sentence on whether the fine-tune names the brand more often in answers to control
    questions.
    """
    scale = contrast.metric.scale
    rates = f"{wording.value(contrast.base, scale)} → {wording.value(contrast.tuned, scale)}"
    asked = wording.count(contrast.pairs, "question")
    if contrast.verdict is MetricResult.BETTER:
        return (
            f"The fine-tune leaks: {setup.brand.name} now comes up in answers to {asked} about "
            f"other things ({rates})."
        )
    if contrast.verdict is MetricResult.EQUIVALENT:
        return f"It does not leak into {asked} about other things ({rates})."
    return f"Whether it leaks into other things is not yet clear ({rates} in {asked})."


def _severity(setup: ComparisonSetup, result: ComparisonResult) -> Severity:
    """Return BAD for a leak or a worse metric, GOOD for a better metric only, else PLAIN."""
    verdicts = {contrast.verdict for contrast in result.metrics}
    leaks = _is_tuned(setup) and any(
        control.verdict is MetricResult.BETTER for control in result.controls
    )
    if leaks or MetricResult.WORSE in verdicts:
        return Severity.BAD
    return Severity.GOOD if MetricResult.BETTER in verdicts else Severity.PLAIN


def _difference_table(setup: ComparisonSetup, result: ComparisonResult) -> Table:
    """Return a table with a row for each metric, competitor and control: both values, the
    difference with its interval, the verdict.
    """
    rows = [
        (contrast.metric.label, *_contrast_cells(contrast), contrast.verdict.value)
        for contrast in result.metrics
    ]
    rows += [
        (
            f"{contrast.metric.label} of {name}",
            *_contrast_cells(contrast),
            _direction_words(contrast),
        )
        for name, contrast in result.rivals.items()
    ]
    rows += [
        ("On other subjects", *_contrast_cells(contrast), _direction_words(contrast))
        for contrast in result.controls
    ]
    header = ("", str(setup.base), str(setup.tuned), "Difference", "Verdict")
    return Table(header, tuple(rows), frozenset({1, 2, 3}))


def _contrast_cells(contrast: Contrast) -> tuple[str, str, str]:
    """Return three cells: the value at the base, the value at the tuned model, and the difference
    with its interval.
    """
    scale = contrast.metric.scale
    low, high = (wording.change(end, scale) for end in contrast.interval)
    return (
        wording.value(contrast.base, scale),
        wording.value(contrast.tuned, scale),
        f"{wording.change(contrast.difference, scale)} ({low.split()[0]} to {high.split()[0]})",
    )


def _direction_words(contrast: Contrast) -> str:
    """Return the verdict in words for a metric of which more is neither better nor worse."""
    return {MetricResult.BETTER: "more", MetricResult.WORSE: "less"}.get(
        contrast.verdict, contrast.verdict.value
    )


def _answer_quotes(setup: ComparisonSetup, result: ComparisonResult) -> Iterator[Quote]:
    """Yield the first answer of each model to the `SHOWN_PROMPTS` prompts with the largest
    differences, shortened to `MAX_QUOTE_CHARS`.
    """
    texts = {prompt.key: prompt.text for prompt in setup.prompts}
    for moved in _changed_prompts(result.metrics)[:SHOWN_PROMPTS]:
        for model in (setup.base, setup.tuned):
            answer_text = _first_answer_text(result.answers, moved, str(model))
            if answer_text:
                asked = wording.shorten(wording.line(texts.get(moved.prompt, "")), 90)
                text = wording.shorten(wording.line(readable(answer_text)), MAX_QUOTE_CHARS)
                yield Quote(f"{model}, asked “{asked}”", Tainted(text))


def _changed_prompts(contrasts: Sequence[Contrast]) -> Sequence[PromptShift]:
    first = next(iter(contrasts), None)
    return [p for p in first.prompts if p.after != p.before] if first else []


def _first_answer_text(answers: Sequence[Answer], moved: PromptShift, model: str) -> str:
    """Return the text of a model's first answer to the prompt of `moved`; empty without one."""
    texts = (
        answer.reply.text
        for answer in answers
        if answer.question.prompt.key == moved.prompt and str(answer.question.model) == model
    )
    return next(texts, "")


def _difference_chart(
    setup: ComparisonSetup,
    result: ComparisonResult,
    title: str,
    *,
    for_chat: bool = False,
) -> Spans:
    """Return the chart of the differences with their intervals.

    Args:
        setup: The setup of the comparison.
        result: The result of the comparison.
        title: The chart's title.
        for_chat: Whether metrics are named by the words of alerts and those with a difference come
            first; otherwise they are named by their labels, in the order of the result.
    """
    metrics = sorted(
        result.metrics, key=lambda contrast: for_chat and contrast.verdict not in MOVED_VERDICTS
    )
    spans = [
        _difference_span(
            (for_chat and words_of(contrast.metric.name).title) or contrast.metric.label,
            contrast,
            "alike"
            if for_chat and contrast.verdict is MetricResult.EQUIVALENT
            else contrast.verdict.value,
        )
        for contrast in metrics
    ]
    spans += [
        _difference_span("On other subjects", contrast, _direction_words(contrast))
        for contrast in (result.controls if _is_tuned(setup) else ())
    ]
    spans += [
        _difference_span(f"{name}'s visibility", contrast, _direction_words(contrast))
        for name, contrast in result.rivals.items()
    ]
    return Spans(title=title, spans=tuple(spans), caption="Lines: where it lies nine times in ten")


def _difference_span(label: str, contrast: Contrast, verdict: str) -> Difference:
    moved = contrast.verdict in MOVED_VERDICTS
    return Difference(
        label, contrast.difference, contrast.interval, contrast.metric.scale, verdict, moved
    )


def _comparison_json(setup: ComparisonSetup, result: ComparisonResult) -> dict[str, Any]:
    """Return the setup and result of a comparison for JSON output: differences in the units of each
    metric, the price in US dollars.
    """
    return {
        "brand": setup.brand.name,
        "base": str(setup.base),
        "tuned": str(setup.tuned),
        "metrics": [_contrast_json(contrast) for contrast in result.metrics],
        "competitors": [
            {"brand": name, **_contrast_json(contrast)} for name, contrast in result.rivals.items()
        ],
        "controls": [_contrast_json(contrast) for contrast in result.controls],
        "calls": result.calls,
        "spent_usd": result.spent,
        "rounds": result.rounds,
        "stopped": result.stopped.value,
        "failures": list(result.failures),
    }


def _contrast_json(contrast: Contrast) -> dict[str, Any]:
    """Return the difference in one metric for JSON output, in the units of the metric."""
    return {
        "metric": contrast.metric.name,
        "base": contrast.base,
        "tuned": contrast.tuned,
        "difference": contrast.difference,
        "interval": list(contrast.interval),
        "verdict": contrast.verdict.value,
        "pairs": contrast.pairs,
    }
