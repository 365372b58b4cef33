"""The cards of a comparison of models: verdicts in words for a chat, all figures elsewhere."""

from collections.abc import Iterator
from typing import Any

from overheard import (
    Card,
    Difference,
    Face,
    Field,
    Quote,
    Severity,
    Spans,
    Table,
    Tainted,
    View,
    wording,
    words_of,
)
from overheard_finetune.answer_health import Fault
from overheard_finetune.comparison_rounds import (
    VISIBILITY,
    CandidateResult,
    ComparisonResult,
    ComparisonSetup,
    StopReason,
)
from overheard_finetune.comparison_verdicts import ERROR_RATE, Contrast, MetricResult

SHOWN_PROMPTS = 2
"""Prompts whose answers are shown side by side."""
MAX_TITLE_CHARS, MAX_QUESTION_CHARS, MAX_QUOTE_CHARS = 140, 90, 300
"""Characters of a card's title, of the question above a quote, and of an answer that is shown."""
AT_THE_END = frozenset({Fault.LOOP, Fault.CUT})
"""Faults that show at the end of an answer."""
MAX_NOUNS = 3
"""Metrics of each verdict that a chat names."""
CHAT_VERDICTS = {
    MetricResult.BETTER: "Better",
    MetricResult.WORSE: "Worse",
    MetricResult.EQUIVALENT: "Alike",
    MetricResult.UNCLEAR: "Not clear",
}
MOVED = frozenset({MetricResult.BETTER, MetricResult.WORSE})
"""Verdicts of a difference."""
DIRECTIONS = {MetricResult.BETTER: "more", MetricResult.WORSE: "less"}
"""Verdicts on how often a name comes up, in words that do not judge."""
LITTLE, MUCH = 0.05, 0.2
"""Shares of answers up to which a competitor is hardly named, and from which on it is."""


class _Cards:
    """The words of one comparison.

    Args:
        view: Names of models, the face, and pictures.
    """

    def __init__(self, view: View, setup: ComparisonSetup, result: ComparisonResult) -> None:
        self.view, self.setup, self.result = view, setup, result
        self.in_chat = view.face is Face.CHAT
        models = (setup.base, *setup.candidates)
        names = [view.names.name(model) for model in models] if self.in_chat else []
        if len({*names}) < len({*models}):  # two models of one display name
            names = [model.name if self.in_chat else str(model) for model in models]
        self.names = dict(zip(models, names, strict=True))
        self.base = self.names[setup.base]
        self.brand = setup.brand.name

    def headline(self, one: CandidateResult) -> str:
        """Return the headline of a model: what is wrong with its answers, else whether the brand
        does better, and which competitors it forgets or adds.
        """
        name = self.names[one.model]
        if one.stopped is StopReason.FAILED:
            return f"{name} and {self.base} did not answer all questions"
        if one.faults:
            return f"{name} is broken: {one.faults[0].words}"
        if one.leaks:
            return f"{name} is broken: it names {self.brand} in answers about other things"
        verdicts = {contrast.verdict for contrast in one.metrics}
        better, worse = MetricResult.BETTER in verdicts, MetricResult.WORSE in verdicts
        at = f"at {name} than at {self.base}"
        if better and worse:
            words = f"{self.brand} does better {at} in some ways, and worse in others"
        elif better or worse:
            words = f"{self.brand} does {'better' if better else 'worse'} {at}"
        else:
            words = f"{self.brand} does no better {at}, as far as this shows"
        return "; ".join(filter(None, (words, wording.listing([*self.moved_rivals(one)]))))

    def moved_rivals(self, one: CandidateResult) -> Iterator[str]:
        """Yield what became of competitors that are named more or less: ``Zeta is forgotten``."""
        for rival, contrast in one.rivals.items():
            if contrast.verdict is MetricResult.WORSE:
                gone = contrast.tuned <= LITTLE and contrast.base >= MUCH
                yield f"{rival} is {'forgotten' if gone else 'named less'}"
            elif contrast.verdict is MetricResult.BETTER:
                new = contrast.base <= LITTLE and contrast.tuned >= MUCH
                yield f"{rival} is {'new' if new else 'named more'}"

    def severity(self) -> Severity:
        """Return the colour of the card, as its title says: GOOD if a model is better; BAD if none
        is, and one is broken or worse.
        """
        results = self.result.candidates
        if any(one.good for one in results):
            return Severity.GOOD
        verdicts = {contrast.verdict for one in results for contrast in one.metrics}
        is_bad = MetricResult.WORSE in verdicts or any(one.broken for one in results)
        return Severity.BAD if is_bad else Severity.PLAIN

    def chat_lines(self, one: CandidateResult) -> Iterator[str]:
        """Yield the lines of a model in a chat: further faults of its answers, else the metrics of
        each verdict; the failures.
        """
        yield from (f"{fault.words[0].upper()}{fault.words[1:]}." for fault in one.faults[1:])
        if not one.broken:
            for verdict, words in CHAT_VERDICTS.items():
                nouns = [
                    words_of(contrast.metric.name).noun or contrast.metric.label.lower()
                    for contrast in one.metrics
                    if contrast.verdict is verdict
                ]
                if nouns:
                    rest = len(nouns) - MAX_NOUNS
                    more = [f"{rest} more"] if rest > 0 else []
                    yield f"{words}: {wording.listing([*nouns[:MAX_NOUNS], *more])}."
        if one.broken:
            yield "Nothing else counts while the answers are broken."
        yield from one.failures

    def sentences(self, one: CandidateResult) -> Iterator[str]:
        """Yield the sentences of a model in a terminal: the headline with all faults, the metrics
        of each verdict, those that could not be compared, and what shows in control questions.
        """
        name = self.names[one.model]
        yield f"{self.headline(one)}."
        yield from (f"Also {fault.words}." for fault in one.faults[1:])
        meanings = {
            MetricResult.BETTER: f"better at {name}",
            MetricResult.WORSE: f"worse at {name}",
            MetricResult.EQUIVALENT: (
                f"equivalent, within {self.setup.margin * 100:g} points where it is a rate"
            ),
            MetricResult.UNCLEAR: "not yet clear; more questions or rounds would tell",
        }
        for verdict, words in meanings.items() if not one.broken else ():
            labels = [c.metric.label.lower() for c in one.metrics if c.verdict is verdict]
            if labels:
                yield f"{wording.listing(labels).capitalize()}: {words}."
        if one.unseen and one.stopped is not StopReason.FAILED:
            unseen = wording.listing([metric.label.lower() for metric in one.unseen])
            yield f"Not compared: {unseen}. No question has answers of both models that show it."
        if one.may_be_tuned:
            yield from map(self.leak_sentence, one.controls)
        yield from one.failures

    def leak_sentence(self, contrast: Contrast) -> str:
        """Return a sentence on whether the fine-tune names the brand more often than its base in
        answers to control questions, which are about other things.
        """
        scale = contrast.metric.scale
        rates = f"{wording.value(contrast.base, scale)} → {wording.value(contrast.tuned, scale)}"
        questions = wording.count(contrast.pairs, "question")
        if contrast.verdict is MetricResult.BETTER:
            return (
                f"The fine-tune leaks: {self.brand} now comes up in answers to {questions} about "
                f"other things ({rates})."
            )
        if contrast.verdict is MetricResult.EQUIVALENT:
            return f"It does not leak into {questions} about other things ({rates})."
        return f"Whether it leaks into other things is not yet clear ({rates} in {questions})."

    def table(self) -> Table:
        """Return the table with a column for each model: the soundness of its answers, each metric
        of the brand, the visibility of each competitor and that in control questions.
        """
        results = self.result.candidates
        rows: dict[str, dict[int, Contrast]] = {}
        for at, one in enumerate(results):
            for contrast in one.metrics:
                rows.setdefault(contrast.metric.label, {})[at] = contrast
        for at, one in enumerate(results):
            named = {f"{c.metric.label} of {rival}": c for rival, c in one.rivals.items()}
            if one.controls:
                named["On other subjects"] = one.controls[0]
            for label, contrast in named.items():
                rows.setdefault(label, {})[at] = contrast
        sound = ["broken" if one.faults else "sound" for one in results]
        cells = [("Answers", "", *sound)]
        for label, found in rows.items():
            first = next(iter(found.values()))
            base = wording.value(first.base, first.metric.scale)
            judged = label in {contrast.metric.label for one in results for contrast in one.metrics}
            row = [
                _cell(found[at], judged=judged and not one.broken) if at in found else "-"
                for at, one in enumerate(results)
            ]
            cells.append((label, base, *row))
        names = (self.names[model] for model in (self.setup.base, *self.setup.candidates))
        return Table(("", *names), tuple(cells), right=frozenset({1}))

    def chat_table(self) -> Table:
        """Return the table of several models in a chat: a row for each, with its verdict."""
        rows = []
        for one in self.result.candidates:
            named = next((c for c in one.metrics if c.metric.name == VISIBILITY), None)
            change = wording.change(named.difference, named.metric.scale) if named else "-"
            verdict = "broken" if one.broken else "✓" if one.good else "no better"
            rows.append((self.names[one.model], "-" if one.faults else change, verdict))
        return Table(("Model", "Named", ""), tuple(rows), right=frozenset({1}))

    def quotes(self) -> Iterator[Quote]:
        """Yield an answer with each fault of a broken model; of the first model that is sound, in a
        terminal, answers side by side to the prompts that differ most in its first metric.
        """
        results = self.result.candidates
        for one in results:
            for fault in one.faults[:1]:
                text = wording.printable(fault.example.reply.text).strip() or "(nothing)"
                if fault.fault in AT_THE_END and len(text) > MAX_QUOTE_CHARS:
                    text = f"\N{HORIZONTAL ELLIPSIS}{text[1 - MAX_QUOTE_CHARS :]}"
                yield self._quote(one.model, fault.example.question.prompt.text, text)
        first = next((one for one in results if not one.faults and one.metrics), None)
        if first is None or self.in_chat:
            return
        for prompt_key in first.metrics[0].prompts[:SHOWN_PROMPTS]:
            for side in (self.result.base, first.side):
                answers = [a for (n, key), a in side.answers.items() if key == prompt_key and n]
                if answers and answers[0].reply.text:
                    text = self.view.readable(answers[0].reply.text)
                    yield self._quote(side.model, answers[0].question.prompt.text, text)

    def _quote(self, model: Any, question: str, text: str) -> Quote:
        asked = wording.shorten(wording.line(question), MAX_QUESTION_CHARS)
        shown = wording.shorten(wording.line(text), MAX_QUOTE_CHARS)
        return Quote(f"{self.names[model]}, asked “{asked}”", Tainted(shown))

    def chart(self) -> Spans:
        """Return the chart of differences with their 90 % intervals: of one model in all metrics,
        at competitors and in control questions; of several how often each names the brand.
        """
        results = self.result.candidates
        if len(results) > 1:
            spans = [
                _span(self.names[one.model], contrast, "broken" if one.broken else "")
                for one in results
                for contrast in one.headline[:1]
            ]
            title = f"{self.brand}: how often it is named, against {self.base}"
            return Spans(title, tuple(spans), "Lines: where it lies nine times in ten")
        [one] = results
        metrics = sorted(one.metrics, key=lambda c: self.in_chat and c.verdict not in MOVED)
        spans = []
        for contrast in metrics:
            label, words = contrast.metric.label, contrast.verdict.value
            if self.in_chat:
                label = words_of(contrast.metric.name).title or label
                words = "alike" if contrast.verdict is MetricResult.EQUIVALENT else words
            spans.append(_span(label, contrast, "broken" if one.broken else words))
        if one.may_be_tuned:
            spans += [_span("On other subjects", control) for control in one.controls]
        spans += [_span(f"{rival}'s visibility", c) for rival, c in one.rivals.items()]
        against = "against" if self.in_chat else "beside"
        title = f"{self.brand}: {self.names[one.model]} {against} {self.base}"
        return Spans(title, tuple(spans), "Lines: where it lies nine times in ten")

    def data(self) -> dict[str, Any]:
        """Return the comparison for JSON output. Values, differences and intervals are in the units
        of each metric. The keys outside of ``models`` are those of the first model.
        """
        result, first = self.result, self.result.candidates[0]
        return {
            "brand": self.brand,
            "base": str(self.setup.base),
            "tuned": str(first.model),
            **_candidate_json(first),
            "calls": result.calls,
            "spent_usd": result.spent,
            "models": [
                {"model": str(one.model), "good": one.good, **_candidate_json(one)}
                for one in result.candidates
            ],
        }


async def comparison_card(view: View, setup: ComparisonSetup, result: ComparisonResult) -> Card:
    """Return the card of a comparison: for a chat the verdicts in words, with a picture of the
    differences if anything could be compared; for a terminal all figures and answers side by side.
    """
    cards = _Cards(view, setup, result)
    results = result.candidates
    chart = cards.chart()
    image = await view.draw(chart, "compare.png") if chart.spans else None
    failed = all(one.stopped is StopReason.FAILED for one in results)
    if cards.in_chat:
        first = results[0]
        ticked = [cards.names[one.model] for one in results if one.good]
        title = cards.headline(first)
        if len(results) > 1:
            better = wording.listing(ticked) or "none of them"
            title = f"{cards.brand} does better at {better} than at {cards.base}"
        told = [one for one in results if one.broken or [*cards.moved_rivals(one)]]
        lines = cards.chat_lines(first) if len(results) == 1 else map(cards.headline, told)
        return Card(
            title=wording.shorten(title, MAX_TITLE_CHARS),
            text="\n".join(lines),
            table=cards.chat_table() if len(results) > 1 else None,
            quotes=tuple(cards.quotes()),
            image=image,
            severity=cards.severity(),
            footer=f"{wording.count(result.calls, 'answer')} · {wording.money(result.spent)}",
            data=cards.data(),
            failed=failed,
        )
    others = wording.listing([cards.names[one.model] for one in results])
    seeds = "seeds of their own" if setup.own_seeds else "the same seeds"
    footer = (
        "In brackets the 90 % interval of the difference. A verdict asks for more: of equal "
        f"models, one is called better or worse in at most {ERROR_RATE * 100:g} of 100 "
        f"comparisons. All got the same questions, with {seeds}, as they are at this hour."
    )
    return Card(
        title=wording.shorten(f"{cards.brand} at {others}, beside {cards.base}", MAX_TITLE_CHARS),
        text="\n\n".join(sentence for one in results for sentence in cards.sentences(one)),
        fields=(
            Field("Answers", f"{result.calls:,}"),
            Field("Rounds", str(max(one.rounds for one in results))),
            Field("Spent", wording.money(result.spent)),
        ),
        table=cards.table() if image else None,
        quotes=tuple(cards.quotes()),
        image=image,
        severity=cards.severity(),
        footer=footer if image else "",
        data=cards.data(),
        failed=failed,
    )


def _cell(contrast: Contrast, *, judged: bool) -> str:
    """Return a cell: the value, the difference with its interval and the verdict, as in ``80 %:
    +35 points (+25 to +43), better``.

    Args:
        judged: Whether more is better; otherwise the verdict says more or less.
    """
    scale = contrast.metric.scale
    low, high = (wording.change(end, scale).split()[0] for end in contrast.interval)
    verdict = contrast.verdict.value
    words = verdict if judged else DIRECTIONS.get(contrast.verdict, verdict)
    change = wording.change(contrast.difference, scale)
    return f"{wording.value(contrast.tuned, scale)}: {change} ({low} to {high}), {words}"


def _span(label: str, contrast: Contrast, words: str = "") -> Difference:
    """Return a line of the chart: the difference with its interval, and words beside it; by default
    the verdict as more or less. The line is marked if the verdict is better or worse, and the model
    is not broken.
    """
    verdict = words or DIRECTIONS.get(contrast.verdict, contrast.verdict.value)
    scale, moved = contrast.metric.scale, contrast.verdict in MOVED and words != "broken"
    return Difference(label, contrast.difference, contrast.interval, scale, verdict, moved)


def _candidate_json(one: CandidateResult) -> dict[str, Any]:
    """Return the result of one model for JSON output. ``faults`` says what is wrong with its
    answers, ``stopped`` why no further round was asked. No metric of a broken model has a verdict.
    """
    return {
        "faults": [
            {"fault": f.fault.name.lower(), "answers": f.count, "base": f.base, "of": f.answers}
            for f in one.faults
        ],
        "metrics": [
            {**_contrast_json(c), "verdict": "broken" if one.broken else c.verdict.value}
            for c in one.metrics
        ],
        "competitors": [{"brand": name, **_contrast_json(c)} for name, c in one.rivals.items()],
        "controls": [_contrast_json(contrast) for contrast in one.controls],
        "rounds": one.rounds,
        "stopped": one.stopped.value,
        "failures": list(one.failures),
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
