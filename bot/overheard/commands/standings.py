"""Standings: the metrics of brands at each model at a time, in tables, sentences and a picture.

A place says how often a brand is named at one model, next to its competitors and its usual share.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overheard.alerts.story import BrandAtModel, Story
from overheard.cards import wording
from overheard.cards.card import Table
from overheard.cards.charts.bars import Rate, RateGroup, Rates
from overheard.cards.model_names import ModelNames, asked_by
from overheard.deployment import Deployment
from overheard.domain import VISIBILITY, Metric, Model
from overheard.measure.blocks import Stream, streams_of_table
from overheard.measure.trends import Point, trend
from overheard.scoring.service import Scoring


@dataclass(frozen=True, slots=True)
class MetricLevel:
    """The level of one metric of one brand at one model in one run."""

    brand: str
    model: Model
    metric: Metric
    point: Point

    def data(self) -> dict[str, Any]:
        """Return the standing for JSON output, with the 90 % interval, in the units of the
        metric.
        """
        return {
            "brand": self.brand,
            "model": str(self.model),
            "metric": self.metric.name,
            "value": self.point.mean,
            "interval": [self.point.low, self.point.high],
            "answers": self.point.n,
        }


async def read_streams(
    deployment: Deployment,
    brands: Collection[str] | None = None,
    *,
    model: Model | None = None,
    metric: str | None = None,
) -> list[Stream]:
    """Return the stored streams of brands (None for all), optionally of one model and one metric,
    by the scorer versions in use; see `store.blocks.table`.
    """
    blocks = await deployment.store.blocks.table(brands, model=model, metric=metric)
    return streams_of_table(blocks.of(deployment.scoring.versions))


def standings_in(
    streams: Iterable[Stream], brands: Sequence[str], scoring: Scoring
) -> list[MetricLevel]:
    """Return the standings of brands, ordered by model, brand and metric (visibility first).

    Args:
        streams: Streams of one run for each model.
        brands: Names, in the order in which they are shown.
        scoring: The metrics and scorer versions in use.
    """
    metrics = scoring.metrics
    rows = [
        MetricLevel(stream.key.brand, stream.key.model, metrics[stream.key.metric], point)
        for stream in streams
        # Until the switch to a scorer's new version, there may be a metric that it dropped.
        if stream.key.brand in brands and stream.key.metric in metrics
        for point in trend(stream)
    ]
    order = sorted(metrics, key=lambda name: name != VISIBILITY)
    return sorted(rows, key=lambda s: (s.model, brands.index(s.brand), order.index(s.metric.name)))


def metric_table(rows: Sequence[MetricLevel], names: ModelNames) -> Table | None:
    """Return a table with a row for each model and brand and a column for each metric; visibility
    has its interval. None without standings.
    """
    metrics = list(dict.fromkeys(row.metric for row in rows))
    models = {row.model for row in rows}
    cells: dict[tuple[Model, str], dict[str, str]] = {}
    for row in rows:
        cells.setdefault((row.model, row.brand), {})[row.metric.name] = _metric_cell(row)
    lines = [
        ((names.name(model),) if len(models) > 1 else ())
        + (brand, *(cell.get(metric.name, "-") for metric in metrics))
        for (model, brand), cell in cells.items()
    ]
    first = ("Model", "Brand") if len(models) > 1 else ("Brand",)
    header = (*first, *(metric.label for metric in metrics))
    return Table(header, tuple(lines), frozenset(range(len(first), len(header)))) if rows else None


def _metric_cell(row: MetricLevel) -> str:
    mean = wording.value(row.point.mean, row.metric.scale)
    if row.metric.name != VISIBILITY:
        return mean
    return f"{mean} ({wording.value_range(row.point.low, row.point.high, row.metric.scale)})"


ONLY_BRANDED = (
    "Every question names a brand, so how often yours is named of itself is not measured. Add "
    "questions that buyers ask without a name."
)


@dataclass(frozen=True, slots=True)
class ModelVisibility:
    """The visibility of a brand at one model, next to that of its competitors.

    Attributes:
        brand: The brand's name.
        model: The model.
        mine: The brand's share of answers, 0 to 1, in the newest run of the model, with the number
            of answers.
        usual: The mean share in the earlier runs; None without any.
        rivals: The competitors' shares in the same run, by name.
        even: Whether all runs of the model have the same number of answers, so that counts can be
            compared.
    """

    brand: str
    model: Model
    mine: Point
    usual: float | None
    rivals: dict[str, float]
    even: bool

    @property
    def rank(self) -> int:
        """The rank by share, 1 for the largest; equal shares have equal ranks."""
        return 1 + sum(share > self.mine.mean for share in self.rivals.values())

    @property
    def rank_words(self) -> str:
        """The rank in words: ``1st of 5`` or ``last of 5``; empty without competitors, or when no
        brand is named.
        """
        brands = len(self.rivals) + 1
        if brands == 1 or not (self.mine.mean or any(self.rivals.values())):
            return ""
        return f"{'last' if self.rank == brands else wording.ordinal(self.rank)} of {brands}"

    @property
    def answers(self) -> int:
        """The number of answers if shares are shown as counts; 0 if in per cent."""
        return self.mine.n if self.even else 0

    def words(self, share: float) -> str:
        """Return a share (0 to 1) in words: ``9 of 24 answers`` or ``38 % of answers``."""
        if self.answers:
            return (
                f"{wording.share(share, self.answers)} of {wording.count(self.answers, 'answer')}"
            )
        return f"{wording.share(share)} of answers"


async def read_visibility(
    deployment: Deployment,
    brand: str,
    rows: Sequence[MetricLevel],
    stories: Mapping[BrandAtModel, Story],
) -> list[ModelVisibility]:
    """Return the visibility of a brand at each model in the runs of the standings, with its usual
    share from the stored history.

    Args:
        deployment: The open deployment.
        brand: The brand's name.
        rows: Standings of one run for each model.
        stories: The brand's stories, which tell the usual runs from the changed ones.
    """
    history = await read_streams(deployment, [brand], metric=VISIBILITY)
    return visibility_by_model(brand, rows, history, stories)


def visibility_by_model(
    brand: str,
    rows: Iterable[MetricLevel],
    history: Iterable[Stream],
    stories: Mapping[BrandAtModel, Story],
) -> list[ModelVisibility]:
    """Return the visibility of a brand at each model in the runs of the standings, in their order.

    Args:
        brand: The brand's name.
        rows: Standings of one run for each model.
        history: The brand's streams of `VISIBILITY`, with earlier runs.
        stories: The brand's stories, which tell the usual runs from the changed ones.
    """
    shown = [row for row in rows if row.metric.name == VISIBILITY]
    earlier = {stream.key.model: trend(stream) for stream in history}
    found = []
    for row in shown:
        if row.brand != brand:
            continue
        story = stories.get((brand, row.model))
        past = [
            point
            for point in earlier.get(row.model, [])
            if point.at < row.point.at and (story is None or story.is_usual(point.at))
        ]
        rivals = {r.brand: r.point.mean for r in shown if r.model == row.model and r.brand != brand}
        usual = sum(point.mean for point in past) / len(past) if past else None
        even = all(point.n == row.point.n for point in past)
        found.append(ModelVisibility(brand, row.model, row.point, usual, rivals, even))
    return found


def title(brand: str, places: Sequence[ModelVisibility], names: ModelNames) -> str:
    """Return the title of a brand's places: its ranks at up to three models, best first: ``Acme:
    2nd of 5 at Claude, last at ChatGPT``.
    """
    if not places:
        return brand
    shown = [place for place in sorted(places, key=_by_rank) if place.rank_words]
    ranked = [(place.rank_words, names.name(place.model)) for place in shown]
    if not ranked:
        first = places[0]
        return f"{brand}: named in {first.words(first.mine.mean)} at {names.name(first.model)}"
    parts = [f"{ranked[0][0]} at {ranked[0][1]}"]
    for words, name in ranked[1:3]:
        parts.append(f"{words.partition(' of ')[0]} at {name}")
    return f"{brand}: {', '.join(parts)}"


def headline(brand: str, places: Sequence[ModelVisibility]) -> str:
    """Return the mean visibility of a brand over its places: ``Acme is named in 60 % of answers,
    usually 88 %``. The usual value is left out if it differs by less than 5 points.
    """
    if not places:
        return brand
    now = sum(place.mine.mean for place in places) / len(places)
    past = [place.mine.mean if place.usual is None else place.usual for place in places]
    usual = sum(past) / len(past)
    differs = f", usually {wording.percent(usual)}" if abs(usual - now) >= 0.05 else ""
    return f"{brand} is named in {wording.percent(now)} of answers{differs}"


def ranks(places: Sequence[ModelVisibility], names: ModelNames) -> str:
    """Return a line for each of up to four places, best rank first: the brand's rank and share, and
    the usual share if it differs by 10 points or more.
    """
    parts = []
    for place in sorted(places, key=_by_rank)[:4]:
        now = wording.percent(place.mine.mean)
        moved = place.usual is not None and abs(place.usual - place.mine.mean) >= 0.1
        usual = f", usually {wording.percent(place.usual or 0.0)}" if moved else ""
        rank = f"{place.rank_words}, " if place.rank_words else ""
        parts.append(f"{names.name(place.model)}: {rank}named in {now}{usual}.")
    return "\n".join(parts)


def _by_rank(place: ModelVisibility) -> tuple[int, Model]:
    return place.rank, place.model


def standing_sentence(places: Sequence[ModelVisibility], names: ModelNames) -> str:
    """Return a sentence with a brand's share of answers at up to three models, and the usual share
    if it differs by 10 points or more; empty without places.
    """
    parts: list[str] = []
    shown = sorted(places, key=_by_rank)[:3]
    for place in shown:
        first = shown[0]
        words = place.words(place.mine.mean)
        if parts:
            words = words.removesuffix("s").removesuffix(" answer").removesuffix(" of")
            words = words.removesuffix(f" of {first.answers}") if first.answers else words
        parts.append(f"in {words} at {names.name(place.model)}{_usual_words(place)}")
    return f"Named {wording.listing(parts)}." if parts else ""


def _usual_words(place: ModelVisibility) -> str:
    if place.usual is None or abs(place.usual - place.mine.mean) < 0.1:
        return ""
    return f" (usually {wording.share(place.usual, place.answers)})"


def rates(places: Sequence[ModelVisibility], names: ModelNames) -> Rates:
    """Return the bar chart of the brands at up to four places, with the brand's usual share as a
    tick.
    """
    sizes = {place.answers for place in places}
    of = f", of {sizes.pop()} answers" if len(sizes) == 1 and sizes != {0} else ""
    return Rates(f"Named{of}", tuple(_rate_group(place, names) for place in places[:4]))


def _rate_group(place: ModelVisibility, names: ModelNames) -> RateGroup:
    """Return the bars of a place: the brand and its four largest competitors at one model, largest
    share first.
    """
    own_rate = Rate(place.brand, place.mine.mean, place.usual, emphasis=True)
    rivals = sorted(place.rivals.items(), key=lambda rival: -rival[1])[:4]
    shown = sorted(
        [own_rate, *(Rate(name, share) for name, share in rivals)],
        key=lambda rate: (-rate.share, not rate.emphasis),
    )
    return RateGroup(names.name(place.model), tuple(shown), asked_by(place.model), place.answers)


def table(
    places: Sequence[ModelVisibility],
    names: ModelNames,
    *,
    pictured: bool = False,
    in_percent: bool = False,
    caption: str = "",
) -> Table | None:
    """Return a table of each brand's share at each model, the brands with the largest total first;
    None without places.

    Args:
        places: A brand's places, one for each model.
        names: The display names of models.
        pictured: Whether the card's picture shows the same.
        in_percent: Whether shares are always in per cent, never as counts.
        caption: See `Table`.
    """
    if not places:
        return None
    shares: dict[str, dict[Model, float]] = {}
    for place in places:
        for name, share in {place.brand: place.mine.mean, **place.rivals}.items():
            shares.setdefault(name, {})[place.model] = share
    order = sorted(shares, key=lambda name: -sum(shares[name].values()))
    rows = tuple(
        (
            name,
            *(
                _share_cell(shares[name].get(place.model), 0 if in_percent else place.answers)
                for place in places
            ),
        )
        for name in order
    )
    header = ("Brand", *(names.name(place.model) for place in places))
    strong = order.index(places[0].brand)
    right = frozenset(range(1, len(header)))
    return Table(header, rows, right, strong=strong, pictured=pictured, caption=caption)


def _share_cell(share: float | None, answers: int) -> str:
    return "-" if share is None else wording.share(share, answers)
