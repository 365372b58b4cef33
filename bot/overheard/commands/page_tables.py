"""The tables of a report's page: questions, sources, and what each model says of the brand."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from overheard.advice.brief import BriefMarket
from overheard.advice.evidence import ScoredAnswer, scored_answers
from overheard.cards import wording
from overheard.cards.model_names import ModelNames
from overheard.deployment import Call
from overheard.domain import VISIBILITY, Brand, Catalogue, Model, RunKey
from overheard.measure.blocks import Stream
from overheard.views.standings import MetricLevel, ModelVisibility

MAX_QUESTIONS, MAX_SOURCES, MAX_ASPECTS = 10, 6, 3
QUESTION_CHARS = 90
DRAWBACK, FIRST_CHOICE = "drawback", "first_choice"


@dataclass(frozen=True, slots=True)
class QuestionCell:
    """What one model answered to one question in its newest run.

    Attributes:
        words: The number of answers that name the brand, ``3 of 8``; beside a competitor ``3 : 5 of
            8``; ``-`` without answers.
        lost: Whether no answer names the brand; beside a competitor, whether fewer answers name the
            brand than the competitor.
    """

    words: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question, with one cell for each model."""

    text: str
    cells: tuple[QuestionCell, ...]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A site, the number of answers that cite it, and whether it is the brand's own."""

    site: str
    answers: int
    own: bool


@dataclass(frozen=True, slots=True)
class ModelView:
    """What one model says of the brand.

    Attributes:
        model: The model's display name.
        rank: The brand's rank in words, such as ``1st of 5``; empty without competitors.
        lines: Pairs of a label (``Praises``) and a text.
    """

    model: str
    rank: str
    lines: tuple[tuple[str, str], ...]


async def answers_of_runs(
    call: Call, lines: Iterable[Stream], runs: Mapping[Model, Iterable[RunKey]]
) -> list[ScoredAnswer]:
    """Return the scored answers of some runs of each model, to the prompts of the given streams
    only, in the order of their numbers. Answers without a score by the scorers in use are left out.

    Args:
        lines: Streams of the brand and its competitors.
    """
    counted = {(model, run.id) for model, keys in runs.items() for run in keys}
    prompts = {prompt for line in lines for prompt in line.prompts}
    numbers = {run_id for _, run_id in counted}
    wanted = [run for run in await call.store.runs.find() if run.id in numbers]
    scored = await scored_answers(call.store, wanted, prompts, call.scoring.versions)
    return [answer for answer in scored if (answer.model, answer.answer.run_id) in counted]


async def newest_answers(
    call: Call, lines: Iterable[Stream], runs: Mapping[Model, Sequence[RunKey]]
) -> list[ScoredAnswer]:
    """Return `answers_of_runs` of each model's newest run; its runs have the oldest first."""
    newest = {model: model_runs[-1:] for model, model_runs in runs.items()}
    return await answers_of_runs(call, lines, newest)


def read_questions(
    catalogue: Catalogue,
    brand: Brand,
    lines: Iterable[Stream],
    scored: Iterable[ScoredAnswer],
    models: Sequence[Model],
    *,
    rival: Brand | None = None,
    best_first: bool = False,
) -> tuple[list[QuestionRow], int]:
    """Return a row for each question: in how many answers of its newest run each model names the
    brand.

    The questions are ordered by the brand's lead: the mean over models at home of its share of
    answers, minus that of the competitor (0 without one). Equal leads are ordered by text.

    Args:
        catalogue: The catalogue with the texts of questions.
        lines: Streams of the brand, and of the competitor; other streams are ignored.
        scored: Answers of the newest runs, which have the texts of questions that were removed
            since.
        models: The models, in the order of the cells.
        rival: A competitor that is counted beside the brand; None for the brand alone.
        best_first: Whether the questions with the largest lead come first; else those with the
            smallest.

    Returns:
        Up to `MAX_QUESTIONS` questions, and the number of those left out.
    """
    texts = {prompt.key: prompt.text for prompt in catalogue.prompts}
    texts |= {p.key: p.text for answer in scored for p in [answer.answer.question.prompt]}
    lines = list(lines)
    counts = _named_counts(lines, brand)
    others = _named_counts(lines, rival) if rival else {}
    sign = -1 if best_first else 1

    def rank(key: str) -> tuple[float, str]:
        lead = _mean_share(counts[key]) - (_mean_share(others[key]) if key in others else 0.0)
        return sign * lead, texts.get(key, key)

    order = sorted(counts, key=rank)
    found = [
        QuestionRow(
            wording.shorten(wording.line(texts.get(key, key)), QUESTION_CHARS),
            tuple(
                _question_cell(counts[key].get(model), others.get(key, {}).get(model))
                for model in models
            ),
        )
        for key in order[:MAX_QUESTIONS]
    ]
    return found, max(0, len(order) - MAX_QUESTIONS)


def _named_counts(
    streams: Iterable[Stream], brand: Brand
) -> dict[str, dict[Model, tuple[int, int]]]:
    """Return, by prompt key and then by model, a pair: how many answers name the brand, and how
    many answers there are.

    Only the newest run with answers of each stream counts. Prompts without answers in it are left
    out, as are streams of other brands and of other metrics than `VISIBILITY`.
    """
    counts: dict[str, dict[Model, tuple[int, int]]] = {}
    for stream in streams:
        if stream.key.brand != brand.name or stream.key.metric != VISIBILITY:
            continue
        newest = max(run for run in range(len(stream.runs)) if stream.n[run].any())
        for column, prompt in enumerate(stream.prompts):
            if answers := int(stream.n[newest, column]):
                named = round(float(stream.total[newest, column]))
                counts.setdefault(prompt, {})[stream.key.model] = named, answers
    return counts


def _mean_share(counts: Mapping[Model, tuple[int, int]]) -> float:
    """Return the mean over models of the share of answers that name a brand, 0 to 1; `counts` are
    (named, answers), for at least one model. Those of other markets count where no other answers.
    """
    home = [pair for model, pair in counts.items() if not model.market] or [*counts.values()]
    return sum(named / answers for named, answers in home) / len(home)


def _question_cell(counts: tuple[int, int] | None, others: tuple[int, int] | None) -> QuestionCell:
    """Return the cell of one model's answers to one question: ``9 of 24``, or with a competitor ``9
    : 12 of 24``; ``-`` without answers. It is marked as lost if no answer names the brand, or if
    more name the competitor.
    """
    if counts is None:
        return QuestionCell("-")
    named, answers = counts
    if others is None:
        return QuestionCell(f"{named} of {answers}", lost=named == 0)
    return QuestionCell(f"{named} : {others[0]} of {answers}", lost=named < others[0])


def read_sources(market: BriefMarket, scored: Iterable[ScoredAnswer]) -> list[SourceRow]:
    """Return the `MAX_SOURCES` sites that most answers cite, each with the number of answers, the
    most cited first and equal ones by name. If none of them is the brand's own, its most cited own
    site is added at the end, if there is one.

    Args:
        market: Knows which sites belong to the brand.
        scored: The answers; each counts once for each site that it cites.
    """
    cited = Counter(site for answer in scored for site in answer.cited)
    order = sorted(cited, key=lambda site: (-cited[site], site))
    own = {site for site in order if market.owner(site) == market.brand.name}
    shown = order[:MAX_SOURCES]
    if not own & set(shown):
        shown += [site for site in order if site in own][:1]
    return [SourceRow(site, cited[site], site in own) for site in shown]


def read_views(
    names: ModelNames,
    places: Iterable[ModelVisibility],
    rows: Iterable[MetricLevel],
    scored: Sequence[ScoredAnswer],
) -> list[ModelView]:
    """Return, for each model, what it says of the brand in three lines: up to `MAX_ASPECTS` things
    that most of its answers praise, as many drawbacks, and how often it recommends the brand first.

    The last line is left out for a model at which `FIRST_CHOICE` is not measured.

    Args:
        places: The brand's visibility at each model, in the order of the result.
        rows: Standings, of which those of `FIRST_CHOICE` are read.
        scored: The answers of the newest runs.
    """
    picks = {
        (row.brand, row.model): row.point.mean for row in rows if row.metric.name == FIRST_CHOICE
    }
    found = []
    for place in places:
        model_answers = [answer for answer in scored if answer.model == place.model]
        praised: Counter[str] = Counter()
        blamed: Counter[str] = Counter()
        for answer in model_answers:
            praised.update(answer.praised(place.brand))
            blamed.update({d.topic for d in answer.details(place.brand, DRAWBACK)})
        lines = [
            ("Praises", _most_frequent(praised) or "nothing that stands out"),
            ("Drawbacks", _most_frequent(blamed) or "none named"),
        ]
        if (pick := picks.get((place.brand, place.model))) is not None:
            lines.append(("Recommends it first", f"in {place.words(pick)}"))
        name = names.name(place.model)
        found.append(ModelView(name, place.rank_words, tuple(lines)))
    return found


def _most_frequent(counter: Counter[str]) -> str:
    """Return up to `MAX_ASPECTS` topics with their numbers of answers, the most frequent first:
    ``price (4 answers), support (2)``; empty without any. `counter` has the numbers of answers.
    """
    topics = sorted(counter, key=lambda topic: (-counter[topic], topic))[:MAX_ASPECTS]
    if not topics:
        return ""
    first, *others = topics
    parts = [f"{first} ({wording.count(counter[first], 'answer')})"]
    return ", ".join([*parts, *(f"{topic} ({counter[topic]})" for topic in others)])
