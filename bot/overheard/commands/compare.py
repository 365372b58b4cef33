"""`compare`: does one model represent a brand better than another, such as a fine-tune its base?"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from overheard.alerts.metric_wording import NOUNS, SUBJECTS
from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.cards.card import Card, Field, Image, Quote, Severity, Table, Tainted
from overheard.cards.charts.forest import Difference, Spans
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, Kind, Proposal, Role, argument, option
from overheard.cards.model_names import ModelNames
from overheard.commands.demo import opened
from overheard.commands.versus import versus
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Panel, PromptShift, Run
from overheard.errors import NothingToAsk
from overheard.finetune.comparison import ERROR_RATE, MARGIN, Contrast, MetricResult
from overheard.finetune.rounds import (
    CONTROL_TAG,
    ComparisonResult,
    ComparisonSetup,
    ModelComparison,
    StopReason,
    control_prompts,
)
from overheard.reading.markdown import readable
from overheard.runs.plan import choose_brands, choose_models, new_run
from overheard.runs.price import Pair, unasked
from overheard.session import Session

LABEL = "compare"


async def compare(
    given: Deployment | Session,
    call: Call,
    *,
    base: Annotated[str, argument("The first model.", Kind.MODEL)],
    tuned: Annotated[str, argument("The second model.", Kind.MODEL)],
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    margin: Annotated[
        float, option("Points of a rate within which two models are equivalent.", low=1, high=50)
    ] = MARGIN * 100,
    seed: Annotated[int | None, option("Base of the sampling seeds.", low=0)] = None,
    own_seeds: Annotated[bool, option("Let each model draw for itself.")] = False,
    rounds: Annotated[int | None, option("How many rounds may be asked.", low=1, high=200)] = None,
) -> Proposal:
    """Return a comparison of two models by the same questions as a proposal with its price.
    Executing it asks round by round until each metric has a result.

    The answers are stored and charged, outside the history. For two names of brands, the brands are
    compared by stored answers instead, see `versus`.

    Args:
        given: The deployment, or the session; without a configuration, the bundled example is used.
        call: The person who asks, the channel, and the progress display.
        base: The first model, as ``provider/model``.
        tuned: The second model.
        brand: The brand; by default the first that is tracked.
        margin: Differences of a rate up to this many points count as equivalent.
        seed: Base of the sampling seeds; None draws a random number.
        own_seeds: Whether the models get different seeds.
        rounds: The largest number of rounds; None for ten, or more with few prompts.

    Raises:
        UnknownName: for a brand or a provider that does not exist.
        NothingToAsk: when there is no brand or prompt.
        BudgetExceeded: when the budget does not cover all rounds.
        BudgetUnknown: when there is a budget and an unknown price.
    """
    drawn = secrets.randbits(31) if seed is None else seed
    async with opened(given) as deployment:
        known = deployment.catalogue.brand
        if known(base) and known(tuned):
            return Proposal("", 0.0, partial(_compare_brands, given, call, base, tuned))
        setup = _comparison_setup(deployment, base, tuned, brand, margin / 100, drawn)
        setup = replace(setup, own_seeds=own_seeds, most=rounds)
        calls = sum((unasked(panel, ()) for panel in setup.whole), Counter[Pair]())
        payer = _aside_run(deployment, call, setup.whole[0]).payer
        quote = await deployment.pricing.quote_calls(calls, payer, answers=calls.total())
    return Proposal(
        quote.price, quote.usd, partial(_compare_models, given, call, setup), {"seed": drawn}
    )


async def _compare_brands(given: Deployment | Session, call: Call, brand: str, other: str) -> Card:
    """Compare two brands by stored answers; no model is asked."""
    async with opened(given) as deployment:
        return await versus(deployment, call, brand=brand, other=other)


async def _compare_models(given: Deployment | Session, call: Call, setup: ComparisonSetup) -> Card:
    """Ask both models of a setup until every metric has a verdict or the rounds are used up, and
    return the card; `given` is opened if it is a session.
    """
    async with opened(given) as deployment:
        carry_out = run_service(deployment, call).ask_aside
        comparison = ModelComparison(
            setup, carry_out, lambda panel: _aside_run(deployment, call, panel), deployment.scoring
        )
        result = await comparison.play()
        if call.face is Face.CHAT:
            return await chat_comparison_card(setup, result, deployment.names)
        return await comparison_card(setup, result)


def _comparison_setup(
    deployment: Deployment, base: str, tuned: str, brand: str, margin: float, seed: int
) -> ComparisonSetup:
    """Return the setup of a comparison of the models `base` and `tuned`, with a base of the
    sampling seeds; `margin` is a share from 0 to 1. Raises UnknownName, or NothingToAsk without a
    question for the brand.
    """
    catalogue = deployment.catalogue
    measured = choose_brands(catalogue, [brand] if brand else [])[0]
    mine = catalogue.prompts_for(measured.name)
    prompts = tuple(prompt for prompt in mine if CONTROL_TAG not in prompt.tags)
    if not prompts:
        raise NothingToAsk(missing=f"no question is asked for {measured.name}")
    first, second = (
        choose_models(deployment.plugins.providers, [name])[0] for name in (base, tuned)
    )
    rivals = catalogue.rivals(measured.name)
    return ComparisonSetup(
        measured, rivals, first, second, prompts, control_prompts(mine), seed, margin
    )


def _aside_run(deployment: Deployment, call: Call, panel: Panel) -> Run:
    run = new_run(
        panel, deployment.clock.now(), label=LABEL, asked_by=call.who, channel=call.channel
    )
    return replace(run, aside=True)


COMPARE = CommandSpec(
    "compare",
    "Ask two models the same, and see which of them represents a brand better.",
    compare,
    role=Role.OPERATOR,
    spends=True,
    examples=(
        "compare local/base local/tuned",
        "compare openai/gpt-5.4-mini anthropic/claude-sonnet-5-5 Acme",
    ),
    opens=False,
    chart="",
)


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
        setup, result, f"{setup.brand.name}: {tuned} against {base}", SUBJECTS
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
            NOUNS.get(contrast.metric.name, contrast.metric.label.lower())
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
    words: Mapping[str, str] | None = None,
) -> Spans:
    """Return the chart of the differences with their intervals.

    Args:
        setup: The setup of the comparison.
        result: The result of the comparison.
        title: The chart's title.
        words: Display names of metrics; if given, metrics with a difference come first.
    """
    metrics = sorted(
        result.metrics, key=lambda contrast: bool(words) and contrast.verdict not in MOVED_VERDICTS
    )
    spans = [
        _difference_span(
            (words or {}).get(contrast.metric.name, contrast.metric.label),
            contrast,
            "alike"
            if words and contrast.verdict is MetricResult.EQUIVALENT
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
