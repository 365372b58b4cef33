"""`compare`: does one model represent a brand better than another, such as a fine-tune its base?"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from overheard import (
    Action,
    Answer,
    Brand,
    Card,
    CommandSpec,
    Difference,
    Face,
    Field,
    Image,
    Kind,
    Model,
    Quote,
    Role,
    Severity,
    Spans,
    Table,
    Tainted,
    View,
    argument,
    fitting,
    option,
    quoted,
    unknown_name,
    wording,
    words_of,
)
from overheard_finetune.comparison_rounds import (
    ComparisonResult,
    ComparisonSetup,
    ModelComparison,
    StopReason,
)
from overheard_finetune.comparison_verdicts import ERROR_RATE, MARGIN, Contrast, MetricResult
from overheard_finetune.errors import NothingAsked

SEED_BITS = 31
"""Bits of a random seed, which then fits into 32 bits with a sign."""

SHOWN_PROMPTS = 2
"""Prompts whose answers are shown side by side."""


MAX_TITLE_CHARS, MAX_QUESTION_CHARS = 140, 90
"""Characters of a card's title, and of the question above a quote."""


CHAT_VERDICTS = {
    MetricResult.BETTER: "Better",
    MetricResult.WORSE: "Worse",
    MetricResult.EQUIVALENT: "Alike",
    MetricResult.UNCLEAR: "Not clear",
}
"""Verdicts on metrics in the words of a chat."""


MOVED_VERDICTS = frozenset({MetricResult.BETTER, MetricResult.WORSE})
"""Verdicts of a difference."""


MAX_NOUNS = 3
"""Metrics of each verdict that a chat names."""


MAX_QUOTE_CHARS = 300
"""Characters of an answer that are shown."""


async def _chat_card(view: View, setup: ComparisonSetup, result: ComparisonResult) -> Card:
    """Return the chat's card of a comparison's result: the verdicts in words, with a picture of the
    differences if any metric could be compared. All figures are in the JSON data. If both models
    have the same display name, their ids are shown instead.
    """
    base, tuned = view.names.name(setup.base), view.names.name(setup.tuned)
    if base == tuned:
        base, tuned = setup.base.name, setup.tuned.name
    chart = _difference_chart(
        setup, result, f"{setup.brand.name}: {tuned} against {base}", for_chat=True
    )
    return Card(
        title=wording.shorten(_chat_title(setup.brand.name, base, tuned, result), MAX_TITLE_CHARS),
        text="\n".join(_verdict_lines(setup, result)),
        image=await view.draw(chart, "compare.png") if chart.spans else None,
        severity=_severity(setup, result),
        footer=f"{wording.count(result.calls, 'answer')} · {wording.money(result.spent)}",
        data=_comparison_json(setup, result),
        failed=result.stopped is StopReason.FAILED,
    )


def _chat_title(brand: str, base: str, tuned: str, result: ComparisonResult) -> str:
    """Return a sentence on whether a brand does better or worse at the second model than at the
    first, or both in different metrics. If no metric is better or worse, it says that the brand
    does no better, as far as this shows. If the comparison failed, it says that not all questions
    were answered.

    Args:
        base: The first model's name for readers.
        tuned: The second model's name for readers.
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
    """Yield a line for each verdict that a metric has, with the first `MAX_NOUNS` of the metrics
    with this verdict and the number of the others. Then yield a line if a fine-tune also names the
    brand in answers to control questions, which are about other things; then, if the comparison
    failed, a sentence for each failure.
    """
    for verdict, words in CHAT_VERDICTS.items():
        nouns = [
            words_of(contrast.metric.name).noun or contrast.metric.label.lower()
            for contrast in result.metrics
            if contrast.verdict is verdict
        ]
        if nouns:
            more = [f"{len(nouns) - MAX_NOUNS} more"] if len(nouns) > MAX_NOUNS else []
            yield f"{words}: {wording.listing([*nouns[:MAX_NOUNS], *more])}."
    if _leaks(setup, result):
        yield f"It also names {setup.brand.name} where the question is about other things."
    if result.stopped is StopReason.FAILED:
        yield from result.failures


def _may_be_tuned(setup: ComparisonSetup) -> bool:
    """Return whether the second model may be a fine-tune of the first: both are of one provider."""
    return setup.base.provider == setup.tuned.provider


def _leaks(setup: ComparisonSetup, result: ComparisonResult) -> bool:
    """Return whether a fine-tune names the brand more often than its base in answers to control
    questions, which are about other things; False for models of two providers.
    """
    return _may_be_tuned(setup) and any(
        control.verdict is MetricResult.BETTER for control in result.controls
    )


def _terminal_card(
    view: View, setup: ComparisonSetup, result: ComparisonResult, image: Image | None
) -> Card:
    """Return the terminal's card of a comparison: sentences, counts, a table with intervals, the
    picture `image`, and answers side by side. Without a picture, because no metric could be
    compared, the table and the footer about it are left out.
    """
    title = f"{setup.brand.name} at {setup.tuned}, beside {setup.base}"
    return Card(
        title=wording.shorten(title, MAX_TITLE_CHARS),
        text="\n\n".join(_result_sentences(setup, result)),
        fields=(
            Field("Answers", f"{result.calls:,}"),
            Field("Rounds", str(result.rounds)),
            Field("Spent", wording.money(result.spent)),
        ),
        table=_difference_table(setup, result) if image else None,
        quotes=tuple(_answer_quotes(view, setup, result)),
        image=image,
        severity=_severity(setup, result),
        footer=_table_footer(setup) if image else "",
        data=_comparison_json(setup, result),
        failed=result.stopped is StopReason.FAILED,
    )


def _table_footer(setup: ComparisonSetup) -> str:
    """Return what the intervals and verdicts of a comparison's table mean, in sentences."""
    seeds = "seeds of their own" if setup.own_seeds else "the same seeds"
    return (
        "In brackets the 90 % interval. A verdict asks for more: of equal models, one is called "
        f"better or worse in at most {ERROR_RATE * 100:g} of 100 comparisons. Both got the same "
        f"questions, with {seeds}, as they are at this hour."
    )


def _result_sentences(setup: ComparisonSetup, result: ComparisonResult) -> Iterator[str]:
    """Yield a sentence for each verdict that a metric has, with all metrics of this verdict: first
    better, then worse, equivalent and unclear. Then yield a sentence on metrics that could not be
    compared, unless the comparison failed. If the second model may be a fine-tune of the first,
    yield one for each metric of leaks into control questions. If the comparison failed, yield its
    failures last.
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
    if _may_be_tuned(setup):
        for contrast in result.controls:
            yield _leak_sentence(setup, contrast)
    if result.stopped is StopReason.FAILED:
        yield f"Not all questions were answered. {' '.join(result.failures)}"


def _verdict_words(verdict: MetricResult, setup: ComparisonSetup) -> str:
    """Return a verdict on a metric in words: better or worse at the second model, equivalent within
    the margin of the comparison (in percentage points, which holds for metrics that are rates), or
    not yet clear.
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
    """Return a sentence on whether the fine-tune names the brand more often than its base in
    answers to control questions, which are about other things: it does (a leak), it does not, or
    this is not clear. Both rates and the number of questions are added.
    """
    scale = contrast.metric.scale
    rates = f"{wording.value(contrast.base, scale)} → {wording.value(contrast.tuned, scale)}"
    question_count = wording.count(contrast.pairs, "question")
    if contrast.verdict is MetricResult.BETTER:
        return (
            f"The fine-tune leaks: {setup.brand.name} now comes up in answers to {question_count} "
            f"about other things ({rates})."
        )
    if contrast.verdict is MetricResult.EQUIVALENT:
        return f"It does not leak into {question_count} about other things ({rates})."
    return f"Whether it leaks into other things is not yet clear ({rates} in {question_count})."


def _severity(setup: ComparisonSetup, result: ComparisonResult) -> Severity:
    """Return the colour of a comparison's card: BAD for a leak into control questions or a worse
    metric, GOOD for a better metric without these, else PLAIN.
    """
    verdicts = {contrast.verdict for contrast in result.metrics}
    if _leaks(setup, result) or MetricResult.WORSE in verdicts:
        return Severity.BAD
    return Severity.GOOD if MetricResult.BETTER in verdicts else Severity.PLAIN


def _difference_table(setup: ComparisonSetup, result: ComparisonResult) -> Table:
    """Return a table with a row for each metric of the brand, then one for the visibility of each
    competitor, then one for the brand in answers to control questions, which are about other
    things. A row has the values at both models, the difference with its 90 % interval, and the
    verdict.
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
    return Table(header, tuple(rows), right=frozenset({1, 2, 3}))


def _contrast_cells(contrast: Contrast) -> tuple[str, str, str]:
    """Return three cells: the value at the first model, the value at the second one, and the
    difference (second minus first) with its 90 % interval, as in ``-20 points (-28 to -12)``.
    """
    scale = contrast.metric.scale
    low, high = (wording.change(end, scale) for end in contrast.interval)
    return (
        wording.value(contrast.base, scale),
        wording.value(contrast.tuned, scale),
        f"{wording.change(contrast.difference, scale)} ({low.split()[0]} to {high.split()[0]})",
    )


def _direction_words(contrast: Contrast) -> str:
    """Return the verdict on the visibility of a competitor, or on that of the brand in answers to
    control questions, in words that do not judge: ``more`` for better, ``less`` for worse, else the
    verdict's own word.
    """
    if contrast.verdict is MetricResult.BETTER:
        return "more"
    if contrast.verdict is MetricResult.WORSE:
        return "less"
    return contrast.verdict.value


def _answer_quotes(view: View, setup: ComparisonSetup, result: ComparisonResult) -> Iterator[Quote]:
    """Yield, for each of the `SHOWN_PROMPTS` prompts that differ most in the first metric, the
    first answer of the first model and then that of the second. Each is on one line and cut to
    `MAX_QUOTE_CHARS`. Missing and empty answers are left out.
    """
    texts = {prompt.key: prompt.text for prompt in setup.prompts}
    moved_most = result.metrics[0].prompts if result.metrics else ()
    for prompt_key in moved_most[:SHOWN_PROMPTS]:
        question = wording.shorten(wording.line(texts.get(prompt_key, "")), MAX_QUESTION_CHARS)
        for model in (setup.base, setup.tuned):
            answer_text = _first_answer_text(result.answers, prompt_key, model)
            if answer_text:
                text = wording.shorten(wording.line(view.readable(answer_text)), MAX_QUOTE_CHARS)
                yield Quote(f"{model}, asked “{question}”", Tainted(text))


def _first_answer_text(answers: Sequence[Answer], prompt_key: str, model: Model) -> str:
    """Return the text of a model's first answer to a prompt; empty without one."""
    texts = (
        answer.reply.text
        for answer in answers
        if answer.question.prompt.key == prompt_key and answer.question.model == model
    )
    return next(texts, "")


def _difference_chart(
    setup: ComparisonSetup,
    result: ComparisonResult,
    title: str,
    *,
    for_chat: bool = False,
) -> Spans:
    """Return the chart of the differences between two models with their 90 % intervals: the
    metrics of the brand; its visibility in control questions, if the second model may be a
    fine-tune of the first; the visibility of each competitor.

    Args:
        for_chat: Whether metrics are named by the words of alerts, those with a difference first,
            and equivalent ones are called alike. Otherwise they are named by their labels, in the
            order of the result.
    """
    metrics: Sequence[Contrast] = result.metrics
    if for_chat:
        metrics = sorted(metrics, key=lambda contrast: contrast.verdict not in MOVED_VERDICTS)
    spans = []
    for contrast in metrics:
        label, verdict = contrast.metric.label, contrast.verdict.value
        if for_chat:
            label = words_of(contrast.metric.name).title or label
            verdict = "alike" if contrast.verdict is MetricResult.EQUIVALENT else verdict
        spans.append(_difference_span(label, contrast, verdict))
    if _may_be_tuned(setup):
        spans += [
            _difference_span("On other subjects", contrast, _direction_words(contrast))
            for contrast in result.controls
        ]
    spans += [
        _difference_span(f"{name}'s visibility", contrast, _direction_words(contrast))
        for name, contrast in result.rivals.items()
    ]
    return Spans(title=title, spans=tuple(spans), caption="Lines: where it lies nine times in ten")


def _difference_span(label: str, contrast: Contrast, verdict_words: str) -> Difference:
    """Return a line of the chart: the difference with its interval, and `verdict_words` beside it.
    The line is marked if the verdict of the contrast is better or worse.
    """
    return Difference(
        label=label,
        difference=contrast.difference,
        interval=contrast.interval,
        scale=contrast.metric.scale,
        verdict=verdict_words,
        moved=contrast.verdict in MOVED_VERDICTS,
    )


def _comparison_json(setup: ComparisonSetup, result: ComparisonResult) -> dict[str, Any]:
    """Return the setup and result of a comparison for JSON output. Values, differences and
    intervals are in the units of each metric. ``calls`` counts the answers, ``stopped`` says why no
    further round was asked, and ``failures`` has a sentence for each reason why questions have no
    answer.
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
    """Return the comparison of two models in one metric for JSON output: the means of both, the
    difference (second minus first) and its 90 % interval, all in the units of the metric; the
    verdict; and the number of compared pairs, such as questions that both models answered.
    """
    return {
        "metric": contrast.metric.name,
        "base": contrast.base,
        "tuned": contrast.tuned,
        "difference": contrast.difference,
        "interval": list(contrast.interval),
        "verdict": contrast.verdict.value,
        "pairs": contrast.pairs,
    }


async def compare(
    view: View,
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
    agreed: bool = False,
) -> Card:
    """Compare two models by the same questions, round by round, until each metric has a verdict or
    the rounds are used up; return the card. The answers are stored and charged, outside the
    history.

    Args:
        base: The first model, as ``provider/model`` or by its name.
        tuned: The second model; if it is the first again, two shares of its answers are compared.
        brand: The brand; empty means the first that is tracked.
        margin: Differences of a rate up to this many points (of 100) count as equivalent.
        seed: Base of the sampling seeds; None draws a random number.
        rounds: The largest number of rounds; None for ten, or more with few prompts.
        agreed: Whether a person has agreed to the price.

    Raises:
        ConfirmationNeeded: until a person has agreed, with the price of all rounds.
        UnknownName: for a brand or a provider that does not exist.
        NothingAsked: when there is no tracked brand, or no question for the brand.
        BudgetExceeded: when the budget does not cover all rounds.
    """
    named = [view.catalogue.brand(name) for name in (base, tuned)]
    if all(named):
        return _brands_card(*(found.name for found in named if found))
    measured = _find_brand(view, brand)
    prompts = view.catalogue.prompts_for(measured.name)
    setup = ComparisonSetup(
        brand=measured,
        rivals=view.catalogue.rivals(measured.name),
        base=view.find_model(base),
        tuned=view.find_model(tuned),
        prompts=tuple(prompt for prompt in prompts if not prompt.is_control),
        controls=view.catalogue.controls,
        seed=secrets.randbits(SEED_BITS) if seed is None else seed,
        margin=margin / 100,
        own_seeds=own_seeds,
        most=rounds,
    )
    if not setup.prompts:
        raise NothingAsked(brand=measured.name)
    if not agreed:
        raise await view.quote(*setup.whole)
    result = await ModelComparison(setup, view).play()
    if view.face is Face.CHAT:
        return await _chat_card(view, setup, result)
    chart = _difference_chart(
        setup, result, f"{setup.brand.name}: {setup.tuned} beside {setup.base}"
    )
    image = await view.draw(chart, "compare.png") if chart.spans else None
    return _terminal_card(view, setup, result, image)


def _brands_card(brand: str, other: str) -> Card:
    """Return the card that says which command compares two brands."""
    return Card(
        title=f"{brand} and {other} are brands",
        text="This compares models. Brands are compared by what models have answered.",
        actions=fitting(Action(f"trend {quoted(brand)} {quoted(other)}", "Compare the brands")),
    )


def _find_brand(view: View, name: str) -> Brand:
    """Return a brand by its name or alias; for an empty name the first that is tracked."""
    brands = view.catalogue.brands
    if name:
        found = view.catalogue.brand(name)
        if found is None:
            raise unknown_name("brand", name, [brand.name for brand in brands])
        return found
    tracked = next((brand for brand in brands if brand.tracked), None)
    if tracked is None:
        raise NothingAsked(brand="any brand")
    return tracked


COMPARE = CommandSpec(
    "compare",
    "Ask two models the same, and see which of them represents a brand better.",
    compare,
    section="Fine-tuning",
    role=Role.OPERATOR,
    spends=True,
    examples=(
        "compare local/base local/tuned",
        "compare openai/gpt-5.4-mini anthropic/claude-sonnet-5-5 Acme",
    ),
    opens=False,
    chart="",
)
