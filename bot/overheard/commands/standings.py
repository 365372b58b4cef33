"""Standings: the metrics of brands at each model in one run, in tables, sentences and a picture.

A place (`ModelVisibility`) is how often a brand is named at one model, next to its competitors and
its usual share.
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

MAX_PLACES, MAX_NAMED_PLACES = 4, 3
"""Places on a card, and in a single sentence or title."""
MAX_RIVAL_BARS = 4
TOLD_CHANGE = 0.1
"""Smallest difference of a place's share to its usual share (0 to 1) with which the usual one is
told.
"""
TOLD_MEAN_CHANGE = 0.05
"""The same for the mean over all places."""


@dataclass(frozen=True, slots=True)
class MetricLevel:
    """The level of one metric of one brand at one model in one run."""

    brand: str
    model: Model
    metric: Metric
    point: Point

    def data(self) -> dict[str, Any]:
        """Return the level for JSON output, with the 90 % interval, in the units of the metric."""
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
    """Return the stored streams, sorted by brand, model and metric. A stream has the scores of one
    brand, model and metric by run and prompt, by the scorer versions in use.

    Args:
        brands: The brands' names; None for all.
        model: The model; None for all.
        metric: The name of the metric; None for all.
    """
    blocks = await deployment.store.blocks.table(brands, model=model, metric=metric)
    return streams_of_table(blocks.of(deployment.scoring.versions))


def standings_in(
    streams: Iterable[Stream], brands: Sequence[str], scoring: Scoring
) -> list[MetricLevel]:
    """Return the level of each metric in each run of some streams. They are sorted by model, then
    by brand in the order of `brands`, then by metric with visibility first; the runs of a stream
    are the oldest first.

    Streams of other brands, and of metrics that are not measured any more, are left out.

    Args:
        streams: The streams, usually of one run for each model.
        brands: The brands' names, in the order in which they are shown.
        scoring: The metrics that are measured.
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
    """Return a table with a row for each model and brand, and a column for each metric. Visibility
    has its 90 % interval in brackets; a missing value is ``-``.

    The column of models is left out if there is a single one.

    Args:
        rows: The levels. Rows and columns of the table are in the order in which they first occur
            here. Of several levels of one brand, model and metric, the last is shown.
        names: The display names of models.

    Returns:
        None without levels.
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
    """Return a level in words: ``43 % (35 to 52 %)`` for visibility, ``+0.42`` for others."""
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
    """The visibility of a brand at one model, next to that of its competitors (a place).

    Attributes:
        brand: The brand's name.
        mine: The brand's share of answers, 0 to 1, in the newest run of the model, with the number
            of answers.
        usual: The mean share in the earlier runs without a change; None without any.
        rivals: The competitors' shares in the same run, by name.
        even: Whether all these runs have the same number of answers, so that counts can be
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
        """Return a share of the answers (0 to 1) in words: ``9 of 24 answers``; ``38 % of answers``
        if the runs behind the present and the usual share differ in their numbers of answers.
        """
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
    """Return the visibility of a brand at each model of `rows`, in their order. The brand's usual
    share is the mean over the earlier stored runs that show no change.

    Args:
        brand: The brand's name.
        rows: The levels of one run for each model, of the brand and its competitors.
        stories: The brand's course at each model, which tells usual runs from those during a
            change. Where it is missing, all earlier runs are usual.
    """
    history = await read_streams(deployment, [brand], metric=VISIBILITY)
    return visibility_by_model(brand, rows, history, stories)


def visibility_by_model(
    brand: str,
    rows: Iterable[MetricLevel],
    history: Iterable[Stream],
    stories: Mapping[BrandAtModel, Story],
) -> list[ModelVisibility]:
    """Return the visibility of a brand at each model of `rows`, in their order. The brand's usual
    share is the mean over the usual runs before the run of the row; None without such a run.

    Args:
        brand: The brand's name.
        rows: The levels of one run for each model, of the brand and its competitors. Those of other
            metrics than `VISIBILITY` are ignored.
        history: The brand's streams of `VISIBILITY`, with earlier runs.
        stories: The brand's course at each model; where it is missing, all earlier runs are usual.
    """
    visibility_rows = [row for row in rows if row.metric.name == VISIBILITY]
    points_by_model = {stream.key.model: trend(stream) for stream in history}
    found = []
    for row in visibility_rows:
        if row.brand != brand:
            continue
        story = stories.get((brand, row.model))
        past = [
            point
            for point in points_by_model.get(row.model, [])
            if point.at < row.point.at and (story is None or story.is_usual(point.at))
        ]
        found.append(
            ModelVisibility(
                brand=brand,
                model=row.model,
                mine=row.point,
                usual=sum(point.mean for point in past) / len(past) if past else None,
                rivals={
                    other.brand: other.point.mean
                    for other in visibility_rows
                    if other.model == row.model and other.brand != brand
                },
                even=all(point.n == row.point.n for point in past),
            )
        )
    return found


def title(brand: str, places: Sequence[ModelVisibility], names: ModelNames) -> str:
    """Return a title with a brand's ranks at up to `MAX_NAMED_PLACES` models, the best first:
    ``Acme: 2nd of 5 at Claude, last at ChatGPT``.

    Models without a rank (no competitors, or no brand is named there) are left out. If no model has
    a rank, the title has the brand's share at the first model: ``Acme: named in 9 of 24 answers at
    Claude``. Without places it is the brand's name.

    Args:
        places: The brand's visibility at each model.
        names: The display names of models.
    """
    if not places:
        return brand
    shown = [place for place in sorted(places, key=_by_rank) if place.rank_words]
    ranked = [(place.rank_words, names.name(place.model)) for place in shown]
    if not ranked:
        first = places[0]
        return f"{brand}: named in {first.words(first.mine.mean)} at {names.name(first.model)}"
    parts = [f"{ranked[0][0]} at {ranked[0][1]}"]
    for words, name in ranked[1:MAX_NAMED_PLACES]:
        parts.append(f"{words.partition(' of ')[0]} at {name}")
    return f"{brand}: {', '.join(parts)}"


def headline(brand: str, places: Sequence[ModelVisibility]) -> str:
    """Return a sentence, without its full stop, on a brand's share of answers: ``Acme is named in
    60 % of answers, usually 88 %``. Both shares are means over models, each with the same weight.

    The usual share is left out if it differs by less than `TOLD_MEAN_CHANGE`. A model without a
    usual share counts in the usual mean with its present share.

    Args:
        brand: The brand's name, which is returned without places.
        places: The brand's visibility at each model.
    """
    if not places:
        return brand
    now = sum(place.mine.mean for place in places) / len(places)
    past = [place.mine.mean if place.usual is None else place.usual for place in places]
    usual = sum(past) / len(past)
    differs = f", usually {wording.percent(usual)}" if abs(usual - now) >= TOLD_MEAN_CHANGE else ""
    return f"{brand} is named in {wording.percent(now)} of answers{differs}"


def ranks(places: Sequence[ModelVisibility], names: ModelNames) -> str:
    """Return a line for each of up to `MAX_PLACES` models, the best rank of the brand first, such
    as ``Claude: 2nd of 5, named in 62 %, usually 88 %.``, with line breaks between.

    A rank is left out where there is none. The usual share is left out if there is none, or if it
    differs by less than `TOLD_CHANGE`. Empty without places.

    Args:
        places: The brand's visibility at each model.
        names: The display names of models.
    """
    parts = []
    for place in sorted(places, key=_by_rank)[:MAX_PLACES]:
        now = wording.percent(place.mine.mean)
        told = told_usual(place)
        usual = "" if told is None else f", usually {wording.percent(told)}"
        rank = f"{place.rank_words}, " if place.rank_words else ""
        parts.append(f"{names.name(place.model)}: {rank}named in {now}{usual}.")
    return "\n".join(parts)


def told_usual(place: ModelVisibility) -> float | None:
    """Return a brand's usual share of answers at a model (0 to 1), if it differs by `TOLD_CHANGE`
    or more from the present one. Return None if it does not, or if there is no usual share.
    """
    if place.usual is None or abs(place.usual - place.mine.mean) < TOLD_CHANGE:
        return None
    return place.usual


def _by_rank(place: ModelVisibility) -> tuple[int, Model]:
    return place.rank, place.model


def standing_sentence(places: Sequence[ModelVisibility], names: ModelNames) -> str:
    """Return a sentence with a brand's share of answers at up to `MAX_NAMED_PLACES` models, the
    best rank first. Empty without places.

    Example: ``Named in 20 of 24 answers at Claude and in 9 at ChatGPT (usually 22).`` The usual
    share is left out if there is none, or if it differs by less than `TOLD_CHANGE`.

    Args:
        places: The brand's visibility at each model.
        names: The display names of models.
    """
    shown = sorted(places, key=_by_rank)[:MAX_NAMED_PLACES]
    if not shown:
        return ""
    first, *others = shown
    shares = [first.words(first.mine.mean), *(_short_share_words(place, first) for place in others)]
    parts = [
        f"in {share} at {names.name(place.model)}{_usual_words(place)}"
        for place, share in zip(shown, shares, strict=True)
    ]
    return f"Named {wording.listing(parts)}."


def _short_share_words(place: ModelVisibility, first: ModelVisibility) -> str:
    """Return a brand's share of answers at a model, for a sentence that begins with its share at
    another model. It is a count, ``9`` if both models have the same number of answers, else ``9 of
    30``; ``38 %`` if the model's shares are not shown as counts.
    """
    share = wording.share(place.mine.mean, place.answers)
    if place.answers in {0, first.answers}:
        return share
    return f"{share} of {place.answers:,}"


def _usual_words(place: ModelVisibility) -> str:
    """Return the usual share of a place in brackets, after a space; empty if it is not told."""
    usual = told_usual(place)
    return "" if usual is None else f" (usually {wording.share(usual, place.answers)})"


def rates(places: Sequence[ModelVisibility], names: ModelNames) -> Rates:
    """Return a bar chart of a brand and its competitors at each of the first `MAX_PLACES` models.
    The brand's usual share, if there is one, is a tick.

    The title is ``Named, of 24 answers`` if shares are shown as counts of the same number of
    answers at all models, also those left out; else ``Named``.

    Args:
        places: The brand's visibility at each model, in the order of the chart.
        names: The display names of models.
    """
    sizes = {place.answers for place in places}
    of = f", of {sizes.pop()} answers" if len(sizes) == 1 and sizes != {0} else ""
    return Rates(f"Named{of}", tuple(_rate_group(place, names) for place in places[:MAX_PLACES]))


def _rate_group(place: ModelVisibility, names: ModelNames) -> RateGroup:
    """Return the bars of one model: the brand and its `MAX_RIVAL_BARS` largest competitors, the
    largest share first; among equal ones the brand is first.
    """
    own_rate = Rate(place.brand, place.mine.mean, place.usual, emphasis=True)
    rivals = sorted(place.rivals.items(), key=lambda rival: -rival[1])[:MAX_RIVAL_BARS]
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
    """Return a table with a row for each brand and a column for each model, with the brand's share
    of the model's answers. Brands with the largest sum of shares come first; a missing share is
    ``-``. The row of the brand whose places these are stands out. None without places.

    Args:
        places: The visibility of one brand at each model, next to its competitors.
        names: The display names of models.
        pictured: Whether the card's picture shows the same, so that a chat may leave the table out.
        in_percent: Whether shares are in per cent, also where counts could be compared.
        caption: What the table shows, for chats that need a caption; empty for none.
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
