"""Standings: the metrics of brands at each model in one run, in tables, sentences and a picture.

A place (`ModelVisibility`) is how often a brand is named at one model, next to its competitors and
its usual share.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from overheard.alerts.story import BrandAtModel, Story
from overheard.cards import wording
from overheard.cards.card import Table
from overheard.cards.charts.bars import Rate, RateGroup, Rates
from overheard.cards.model_names import ModelNames, asked_by
from overheard.domain import VISIBILITY, Metric, Model
from overheard.interfaces import Store
from overheard.measure.blocks import Stream, streams_of_table
from overheard.measure.trends import USUAL_CHECKS, Point, UsualRange, trend, usual_range

MAX_PLACES, MAX_NAMED_PLACES = 4, 3
"""Places on a card, and in a single sentence or title."""
MAX_RIVAL_BARS = 4
TOLD_CHANGE = 0.1
"""Smallest difference of a place's share to its usual share (0 to 1) with which the usual one is
told.
"""
FAR_CHANGE, FAR_DISTANCE = 0.2, 3.0
"""Smallest difference to the usual share, and smallest number of standard deviations, of a share
that is called far below or far above usual.
"""
RISE_DISTANCE, MIN_USUAL_CHECKS = 3.5, 3
"""The same number for a competitor, of which there are several, and the checks that it takes."""
Stories = Mapping[BrandAtModel, Story]


@dataclass(frozen=True, slots=True)
class MetricLevel:
    """The level of one metric of one brand at one model in one run."""

    brand: str
    model: Model
    metric: Metric
    point: Point


def levels_data(rows: Iterable[MetricLevel]) -> list[dict[str, Any]]:
    """Return levels for JSON output, in their order, with the 90 % interval, in the units of the
    metric.
    """
    return [
        {
            "brand": level.brand,
            "model": str(level.model),
            "metric": level.metric.name,
            "value": level.point.mean,
            "interval": [level.point.low, level.point.high],
            "answers": level.point.n,
        }
        for level in rows
    ]


async def read_streams(
    store: Store,
    versions: Collection[str],
    brands: Collection[str] | None = None,
    *,
    model: Model | None = None,
    metric: str | None = None,
    newest: tuple[str, int] | None = None,
) -> list[Stream]:
    """Return the stored streams, sorted by brand, model and metric. A stream has the scores of one
    brand, model and metric by run and prompt.

    Args:
        versions: The scorer versions in use, as ``scorer@version``.
        brands: The brands' names; None for all.
        model: The model; None for all.
        metric: The name of the metric; None for all.
        newest: As in `BlockRepository.table`.
    """
    blocks = await store.blocks.table(brands, model=model, metric=metric, newest=newest)
    return streams_of_table(blocks.of(versions))


def standings_in(
    streams: Iterable[Stream], brands: Sequence[str], metrics: Mapping[str, Metric]
) -> list[MetricLevel]:
    """Return the level of each metric in the newest run of some streams. They are sorted by model,
    then by brand in the order of `brands`, then by metric with visibility first.

    Streams of other brands, and of metrics that are not measured any more, are left out.

    Args:
        streams: The streams, usually of one run for each model.
        brands: The brands' names, in the order in which they are shown.
        metrics: The metrics that are measured, by name.
    """
    rows = [
        MetricLevel(stream.key.brand, stream.key.model, metrics[stream.key.metric], point)
        for stream in streams
        # Until the switch to a scorer's new version, there may be a metric that it dropped.
        if stream.key.brand in brands and stream.key.metric in metrics
        for point in trend(stream, last=1)
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


class Level(StrEnum):
    """Where a share lies against its usual range."""

    UNKNOWN = "unknown"
    USUAL = "usual"
    BELOW = "below"
    ABOVE = "above"
    FAR_BELOW = "far below"
    FAR_ABOVE = "far above"

    @property
    def far(self) -> bool:
        """Whether it is farther off than chance explains."""
        return self in {Level.FAR_BELOW, Level.FAR_ABOVE}


@dataclass(frozen=True, slots=True)
class Rise:
    """A competitor that is named far more than was usual for it.

    Attributes:
        now: Its share of answers in the newest check, 0 to 1.
        usual: Its usual share before.
        before: The last check before the rise.
        since: The first check since the rise.
    """

    rival: str
    now: float
    usual: float
    before: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class ModelVisibility:
    """The visibility of a brand at one model, next to that of its competitors (a place).

    Attributes:
        brand: The brand's name.
        mine: The brand's share of answers, 0 to 1, in the newest run of the model, with the number
            of answers.
        usual: What is usual by the earlier runs without a change; None without any.
        rivals: The competitors' shares in the same run, by name.
        even: Whether all these runs have the same number of answers, so that counts can be
            compared.
        rises: The competitors that are named far more than was usual for them.
    """

    brand: str
    model: Model
    mine: Point
    usual: UsualRange | None
    rivals: dict[str, float]
    even: bool
    rises: tuple[Rise, ...] = ()

    @property
    def level(self) -> Level:
        """Where the share lies against the usual range."""
        if self.usual is None:
            return Level.UNKNOWN
        mean, change = self.mine.mean, self.mine.mean - self.usual.mean
        if self.usual.low <= mean <= self.usual.high or abs(change) < TOLD_CHANGE:
            return Level.USUAL
        is_far = abs(change) >= FAR_CHANGE or mean == 0
        if is_far and abs(self.usual.distance(mean)) >= FAR_DISTANCE:
            return Level.FAR_BELOW if change < 0 else Level.FAR_ABOVE
        return Level.BELOW if change < 0 else Level.ABOVE

    @property
    def usual_mean(self) -> float | None:
        """The mean share that is usual; None without one."""
        return self.usual.mean if self.usual else None

    @property
    def rank(self) -> int:
        """The rank by share, 1 for the largest; equal shares have equal ranks."""
        return 1 + sum(share > self.mine.mean for share in self.rivals.values())

    @property
    def rank_words(self) -> str:
        """The rank in words: ``1st of 5`` or ``last of 5``; empty without competitors, and for a
        brand that no answer names.
        """
        brands = len(self.rivals) + 1
        if brands == 1 or not self.mine.mean:
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


def visibility_by_model(
    brand: str, rows: Iterable[MetricLevel], history: Iterable[Stream], stories: Stories
) -> list[ModelVisibility]:
    """Return the visibility of a brand at each model of `rows`, in their order, beside what was
    usual before the run of the row.

    Args:
        brand: The brand's name.
        rows: The levels of one run for each model, of the brand and its competitors. Those of other
            metrics than `VISIBILITY` are ignored.
        history: The streams of `VISIBILITY` of all these brands, with earlier runs.
        stories: The brand's course at each model; where it is missing, all earlier runs are usual.
    """
    visibility_rows = [row for row in rows if row.metric.name == VISIBILITY]
    points = {(stream.key.brand, stream.key.model): trend(stream, None) for stream in history}
    found = []
    for row in visibility_rows:
        if row.brand != brand:
            continue
        story = stories.get((brand, row.model))
        rivals = [
            other for other in visibility_rows if other.model == row.model and other.brand != brand
        ]
        past = {
            name: [point for point in points.get((name, row.model), []) if point.at < row.point.at]
            for name in (brand, *(rival.brand for rival in rivals))
        }
        own = [point for point in past[brand] if story is None or story.is_usual(point.at)]
        own = own[-USUAL_CHECKS:]
        found.append(
            ModelVisibility(
                brand=brand,
                model=row.model,
                mine=row.point,
                usual=usual_range(own, row.point.n),
                rivals={rival.brand: rival.point.mean for rival in rivals},
                even=all(point.n == row.point.n for point in own),
                rises=tuple(
                    rise
                    for rival in rivals
                    if (rise := _rise(rival.brand, [*past[rival.brand], rival.point]))
                ),
            )
        )
    return found


def _rise(rival: str, points: Sequence[Point]) -> Rise | None:
    """Return the rise of a competitor in its last check, or in its last two together; None if
    neither is far above what was usual before.
    """
    for checks in (2, 1):
        before, recent = points[:-checks], points[-checks:]
        if len(before) < MIN_USUAL_CHECKS:
            continue
        answers = sum(point.n for point in recent)
        usual = usual_range(before[-USUAL_CHECKS:], answers, checks)
        if usual is None:
            continue
        mean = sum(point.mean for point in recent) / checks
        gained = min(mean, points[-1].mean) - usual.mean
        if gained >= FAR_CHANGE and usual.distance(mean) >= RISE_DISTANCE:
            return Rise(rival, points[-1].mean, usual.mean, before[-1].at, recent[0].at)
    return None


def title(brand: str, places: Sequence[ModelVisibility], names: ModelNames) -> str:
    """Return a title with a brand's ranks at up to `MAX_NAMED_PLACES` models, the best first:
    ``Acme: 2nd of 5 at Claude, last at ChatGPT``.

    Models without a rank (no competitors, or no brand is named there) are left out. If no model has
    a rank, the title has the brand's share at the first model: ``Acme: named in 9 of 24 answers at
    Claude``. Without places it is the brand's name.
    """
    if not places:
        return brand
    by_rank = sorted(places, key=lambda place: (place.rank, place.model))
    shown = [place for place in by_rank if place.rank_words]
    ranked = [(place.rank_words, names.name(place.model)) for place in shown]
    if not ranked:
        first = places[0]
        return f"{brand}: named in {first.words(first.mine.mean)} at {names.name(first.model)}"
    parts = [f"{ranked[0][0]} at {ranked[0][1]}"]
    for words, name in ranked[1:MAX_NAMED_PLACES]:
        parts.append(f"{words.partition(' of ')[0]} at {name}")
    return f"{brand}: {', '.join(parts)}"


def rates(
    places: Sequence[ModelVisibility],
    names: ModelNames,
    zone: tzinfo = UTC,
    current: Sequence[ModelVisibility] | None = None,
) -> Rates:
    """Return a bar chart of a brand and its competitors at each of the first `MAX_PLACES` models.
    The brand's usual share, if there is one, is a tick.

    The title is ``Named, of 24 answers`` if shares are shown as counts of the same number of
    answers at all models, also those left out; else ``Named``.

    Args:
        places: The brand's visibility at each model, in the order of the chart.
        names: The display names of models.
        zone: The reader's time zone.
        current: The places of the newest check; the others are drawn as old, with their day. None
            if all are.
    """
    sizes = {place.answers for place in places}
    of = f", of {sizes.pop()} answers" if len(sizes) == 1 and sizes != {0} else ""
    new = places if current is None else current
    groups = []
    for place in places[:MAX_PLACES]:
        rivals = sorted(place.rivals.items(), key=lambda rival: -rival[1])[:MAX_RIVAL_BARS]
        own_rate = Rate(place.brand, place.mine.mean, place.usual_mean, emphasis=True)
        shown = [own_rate, *(Rate(name, share) for name, share in rivals)]
        shown.sort(key=lambda rate: (-rate.share, not rate.emphasis))
        old = "" if place in new else f"old: {wording.short_day(place.mine.at, zone)}"
        name, how = names.name(place.model), asked_by(place.model)
        groups.append(RateGroup(name, tuple(shown), how, place.answers, old))
    return Rates(f"Named{of}", tuple(groups))


def brand_groups(
    brands: Sequence[Sequence[ModelVisibility]], names: ModelNames
) -> tuple[RateGroup, ...]:
    """Return the bars of several brands: a group for each, with a bar for each of its first
    `MAX_PLACES` models. Brands without measurements are left out.
    """
    return tuple(
        RateGroup(
            places[0].brand,
            tuple(
                Rate(names.name(place.model), place.mine.mean, place.usual_mean, emphasis=True)
                for place in places[:MAX_PLACES]
            ),
            answers=places[0].answers if len({place.answers for place in places}) == 1 else 0,
        )
        for places in brands
        if places
    )


def table(
    places: Sequence[ModelVisibility],
    names: ModelNames,
    zone: tzinfo,
    current: Sequence[ModelVisibility],
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
        zone: The reader's time zone.
        current: The places of the newest check; the columns of the others have their day.
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
                "-" if share is None else wording.share(share, 0 if in_percent else place.answers)
                for place in places
                for share in [shares[name].get(place.model)]
            ),
        )
        for name in order
    )
    columns = [
        names.name(place.model)
        + ("" if place in current else f", {wording.short_day(place.mine.at, zone)}")
        for place in places
    ]
    header = ("Brand", *columns)
    strong = order.index(places[0].brand)
    right = frozenset(range(1, len(header)))
    return Table(header, rows, right, strong=strong, pictured=pictured, caption=caption)
