"""`trend`: one metric of one brand over time, at each model or at one model beside the
competitors; shares of voice; and a brand against another.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Annotated, Any, Literal

from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, Table, fitting
from overheard.cards.charts.forest import Pair, PairGroup, Pairs
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.shares import Share, Shares
from overheard.cards.command import CommandSpec, Kind, argument, option, quoted
from overheard.cards.model_names import ModelNames, asked_by
from overheard.commands.answers import card_without_answers
from overheard.commands.arguments import chosen_models, named_model, past_span
from overheard.commands.check_card import fault_sentences
from overheard.commands.page_tables import answers_of_runs
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.detection.baseline import run_slice, stream_rows
from overheard.domain import VISIBILITY, Brand, Catalogue, Metric, Model, RunKey
from overheard.measure.blocks import StreamKey
from overheard.measure.trends import ALWAYS, Point, Span, stream_mean, trend
from overheard.numpy_proxy import np
from overheard.runs.plan import choose_brands, find_brand
from overheard.runs.presence import Presence
from overheard.views import courses
from overheard.views.news import Telling, standing_news, with_standing_news
from overheard.views.situation import HEADLINE, Situation, SituationReader
from overheard.views.standings import read_streams

METRICS = {"visibility": "Named", "first_choice": "Recommended", "top1": "Named first"}
"""The compared metrics, and their display names."""
CLOSE, FAR = 0.1, 0.3
"""Differences of a rate (0 to 1) below which brands are close, and from which one is far ahead."""
MAX_MODELS, MAX_ASPECTS = 4, 2
MIN_PRAISES, MIN_PRAISE_FACTOR = 2, 2
"""How many answers must praise an aspect of a brand, and how many times as many as of the other."""


@dataclass(frozen=True, slots=True)
class Duel:
    """The levels of one metric of two brands at one model.

    Attributes:
        metric: The name of the metric, one of `METRICS`.
        other: The level of the competitor.
    """

    model: Model
    metric: str
    mine: Point
    other: Point

    @property
    def difference(self) -> float:
        """The brand's level minus the competitor's."""
        return self.mine.mean - self.other.mean

    @property
    def finding(self) -> str:
        """How the brand stands: ``close``, ``ahead``, ``far ahead``, ``behind`` or ``far behind``.

        Brands are close when their levels differ by less than `CLOSE`, or when the level of each
        lies in the 90 % interval of the other, ends included. Otherwise one is ahead, and far ahead
        from a difference of `FAR` on.
        """
        size = abs(self.difference)
        mine, other = self.mine, self.other
        overlap = mine.low <= other.mean <= mine.high and other.low <= mine.mean <= other.high
        if size < CLOSE or overlap:
            return "close"
        side = "ahead" if self.difference > 0 else "behind"
        return f"far {side}" if size >= FAR else side


async def show_versus(
    call: Call, brand: str, other: str = "", model: str = "", span: Span = ALWAYS
) -> Card:
    """Return the card of how often a brand and a competitor are named, recommended and named first
    at each model. Answers without scores are scored first. If there is nothing to compare, the card
    offers a check, or to add competitors.

    Args:
        brand: The name or alias of a brand.
        other: The name or alias of the brand to compare it with. If it is empty, a tracked brand is
            compared with its most named competitor, and a competitor with the first tracked brand
            whose competitor it is.
        model: A model's display name or ``provider/model``; empty means all.
        span: The time of the checks that count together. If it is unlimited, only the newest check
            of each model counts.

    Raises:
        UnknownName: for a brand that does not exist, for brands that are not competitors, and for a
            model without answers.
    """
    own_brand, rival = _pair(call.catalogue, brand, other)
    call = await call.caught_up()
    situation = await SituationReader(call).read(own_brand)
    other = rival.name if rival else most_named(situation)
    chosen = chosen_models(call.names, situation.current_models, situation.runs, model)
    duels = list(_duels(situation, other, chosen, span))
    if not duels:
        text = f"No answers about {own_brand.name} and {other} in this time."
        lacks = "" if other else "It has no competitors yet."
        return card_without_answers(own_brand, text, lacks=lacks, other=other, models=[])
    praised = await _praised_more(call, situation, other, chosen, span)
    mine, names = situation.brand.name, call.names
    models = list(dict.fromkeys(duel.model for duel in duels))
    sizes = {size for duel in duels for size in (duel.mine.n, duel.other.n)}
    answers = sizes.pop() if len(sizes) == 1 else 0
    chart = Pairs(
        f"Of {answers} answers" if answers else "Share of answers",
        mine,
        other,
        tuple(_model_pairs(names, m, duels, answers) for m in models[:MAX_MODELS]),
    )
    aspects = [
        f"Said more often of {name}: {wording.listing(words)}."
        for name, words in zip(("you", other), praised, strict=True)
        if words
    ]
    newest = max(duel.mine.at for duel in duels)
    leads = _lead_sentences(call, situation, other, duels)
    card = Card(
        title=f"{mine} against {other}",
        text="\n\n".join([leads, *(["\n".join(aspects)] if aspects else [])]),
        image=await picture(chart, "versus.png"),
        actions=fitting(*_actions(situation, other)),
        footer=f"Answers until {wording.day(newest, call.zone)}.",
        data={
            "brand": mine,
            "other": other,
            "models": [
                {
                    "model": str(model),
                    "name": names.name(model),
                    "metrics": [_duel_json(duel) for duel in duels if duel.model == model],
                }
                for model in models
            ],
            "said_of_brand": praised[0],
            "said_of_other": praised[1],
        },
    )
    return with_standing_news(card, Telling(situation, call.names, call.zone))


def _pair(catalogue: Catalogue, brand: str, other: str) -> tuple[Brand, Brand | None]:
    """Return a tracked brand and its competitor from the names that a person gave, in any order.

    Of two names, one has to be a tracked brand and the other a competitor of it; if both are
    tracked and competitors of each other, the first name is the tracked brand. For a single name of
    a competitor, it is the first tracked brand that has this competitor.
    """
    first = find_brand(catalogue, brand)
    named = [first, *([find_brand(catalogue, other)] if other else [])]
    for mine in sorted(catalogue.tracked, key=lambda candidate: candidate.name != first.name):
        is_named = mine in named
        others = [candidate for candidate in named if candidate.name != mine.name]
        if is_named and not others:
            return mine, None
        rivals = {rival.name for rival in catalogue.rivals(mine.name)}
        may_be_mine = is_named or not other
        if len(others) == 1 and others[0].name in rivals and may_be_mine:
            return mine, others[0]
    known = [rival.name for rival in catalogue.rivals(first.name)]
    raise unknown_name(f"competitor of {first.name}", named[-1].name, known)


def most_named(situation: Situation) -> str:
    """Return the name of the competitor that is named most in the newest run of each model: the one
    with the largest sum of shares over models, and of equal ones the first in the report. Empty for
    a brand without competitors.
    """
    shares: Counter[str] = Counter()
    for place in situation.places:
        shares.update(place.rivals)
    return max(situation.names[1:], key=lambda name: shares[name], default="")


def _duels(situation: Situation, other: str, models: Sequence[Model], span: Span) -> Iterator[Duel]:
    """Yield, for each model and each metric of `METRICS`, the mean level of the brand and of its
    competitor over the runs that count. A metric without answers about one of the two in these runs
    is left out.
    """
    streams = {stream.key: stream for stream in situation.lines}

    def level(brand: str, model: Model, metric: str, runs: Sequence[RunKey]) -> Point | None:
        stream = streams.get(StreamKey(brand, model, metric))
        if stream is None:
            return None
        rows = [row for row, run in enumerate(stream.runs) if run in runs]
        return stream_mean(stream_rows(stream, np.array(rows, dtype=int)))

    for model in models:
        runs = _runs_in_span(situation.runs[model], span)
        for metric in METRICS:
            mine = level(situation.brand.name, model, metric, runs)
            theirs = level(other, model, metric, runs)
            if mine and theirs:
                yield Duel(model, metric, mine, theirs)


def _runs_in_span(runs: Sequence[RunKey], span: Span) -> list[RunKey]:
    """Return the runs within a span, the oldest first. If the span is unlimited, return a list with
    the newest run alone.
    """
    return list(runs[-1:]) if span == ALWAYS else [run for run in runs if span.holds(run.at)]


async def _praised_more(
    call: Call, situation: Situation, other: str, models: Iterable[Model], span: Span
) -> tuple[list[str], list[str]]:
    """Return the aspects, such as ``price``, that more answers praise of the brand than of the
    competitor, and those that more answers praise of the competitor: up to `MAX_ASPECTS` each, the
    largest lead first.
    """
    runs = {model: _runs_in_span(situation.runs[model], span) for model in models}
    scored = await answers_of_runs(call, situation.lines, runs)
    mine, theirs = (
        Counter(aspect for answer in scored for aspect in answer.praised(name))
        for name in (situation.brand.name, other)
    )
    return _more_often(mine, theirs), _more_often(theirs, mine)


def _more_often(own: Counter[str], other: Counter[str]) -> list[str]:
    """Return up to `MAX_ASPECTS` aspects that clearly more answers praise of one brand than of the
    other: those with the largest difference in answers first, then by name.

    An aspect counts if at least `MIN_PRAISES` answers praise it of the brand, and at least
    `MIN_PRAISE_FACTOR` times as many as praise it of the other brand.
    """
    ahead = [
        aspect
        for aspect in own
        if own[aspect] >= max(MIN_PRAISES, MIN_PRAISE_FACTOR * other[aspect])
    ]
    return sorted(ahead, key=lambda aspect: (other[aspect] - own[aspect], aspect))[:MAX_ASPECTS]


def _model_pairs(names: ModelNames, model: Model, duels: Iterable[Duel], answers: int) -> PairGroup:
    """Return the part of the picture for one model: a pair of levels for each metric."""
    model_duels = (duel for duel in duels if duel.model == model)
    pairs = tuple(Pair(METRICS[d.metric], d.mine.mean, d.other.mean) for d in model_duels)
    return PairGroup(names.name(model), pairs, asked_by(model), answers)


def _lead_sentences(call: Call, situation: Situation, other: str, duels: Sequence[Duel]) -> str:
    """Return sentences on who is named more often at which models: one for each of far ahead,
    ahead, close, behind and far behind that occurs. Empty without levels of visibility.
    """
    texts = {
        "far ahead": "you are far ahead",
        "ahead": "you are ahead",
        "close": "you are close",
        "behind": f"{other} is ahead",
        "far behind": f"{other} is far ahead",
    }
    shown = [duel for duel in duels if duel.metric == VISIBILITY]
    sentences = []
    for finding, words in texts.items():
        models = [duel.model for duel in shown if duel.finding == finding]
        if models:
            at = wording.listing([call.names.name(model) for model in models])
            since = _since_words(call.zone, situation, finding, models)
            sentences.append(f"At {at} {words}{since}.")
    return " ".join(sentences)


def _since_words(zone: tzinfo, situation: Situation, finding: str, models: Sequence[Model]) -> str:
    """Return since when the brand has changed at the model where it is behind, as the end of a
    sentence: ``, since 3 Mar``.
    """
    if "behind" not in finding or len(models) != 1:
        return ""
    began = situation.changed.get(models[0])
    return f", since {wording.short_day(began, zone)}" if began else ""


def _actions(situation: Situation, other: str) -> Iterator[Action]:
    """Yield the buttons of the card: questions to work on, share of voice, and the answers behind
    the newest alert about the brand that is not over, if any. Then yield a menu entry for each
    competitor but `other`.
    """
    own_name = quoted(situation.brand.name)
    yield Action(f"brief {own_name}", "Questions you lose", Style.PRIMARY)
    yield Action(f"trend {own_name} --show voice", "Share of voice")
    for opened in situation.alerts[:1]:
        yield Action(f"evidence {opened.alert.id}", "Read answers")
    for name in situation.names[1:]:
        if name != other:
            yield Action(f"trend {own_name} {quoted(name)}", f"Against {name}", menu=True)


def _duel_json(duel: Duel) -> dict[str, Any]:
    """Return the levels of one metric at one model for JSON output: means and 90 % intervals
    (shares, 0 to 1), the finding, and the number of answers about the brand.
    """
    return {
        "metric": duel.metric,
        "finding": duel.finding,
        "brand": duel.mine.mean,
        "brand_interval": [duel.mine.low, duel.mine.high],
        "other": duel.other.mean,
        "other_interval": [duel.other.low, duel.other.high],
        "answers": duel.mine.n,
    }


TOLD_CHANGE = 0.05
"""Smallest difference of a share to the usual one (0 to 1) with which the usual one is told."""


async def show_trend(
    call: Call,
    *,
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    other: Annotated[str, argument("A competitor to compare it with.", Kind.BRAND)] = "",
    show: Annotated[
        Literal["metric", "voice", "versus"],
        option("A metric, shares of voice, or the brand against a competitor at each model."),
    ] = "metric",
    metric: Annotated[str, option("Which metric.", Kind.METRIC)] = VISIBILITY,
    model: Annotated[str, option("Only at this model, beside the competitors.", Kind.MODEL)] = "",
    since: Annotated[str, option("Since this day.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
) -> Card:
    """Return the card of a metric of a brand over time, of shares of voice (_show_voice), or of
    the brand against a competitor (`show_versus`). Answers without scores are scored first.

    Args:
        brand: The brand's name or alias; empty means the first tracked brand.
        other: A competitor, which means `show` "versus"; empty there for the leading one.
        metric: The name of the metric, such as ``visibility`` or ``sentiment``.
        model: A model's display name or ``provider/model``; empty means all with answers.
        since: The first day that is shown; empty shows all from the first check.
        until: The last day that is shown, included; empty shows all until now.

    Raises:
        UnknownName: for a brand or a metric that does not exist, or a model without answers in this
            time.
        NothingToAsk: when no brand is named and none is tracked.
    """
    span = past_span(since, until, call.clock.now(), call.zone)
    chosen = choose_brands(call.catalogue, [brand] if brand else [])[0]
    if other or show == "versus":
        return await show_versus(call, chosen.name, other, model, span)
    if show == "voice":
        return await _show_voice(await call.caught_up(), chosen, model, span)
    return await _show_metric(call, chosen, metric, model, span)


async def _show_metric(call: Call, brand: Brand, metric: str, model: str, span: Span) -> Card:
    """Return the card of a metric at each model, or with `model` at that model beside the
    competitors. Its table has the brand only. Without a stream of the brand it offers a check.
    """
    measured = call.scoring.metrics
    if metric not in measured:
        raise unknown_name("metric", metric, list(measured))
    call = await call.caught_up()
    shown = measured[metric]
    names = [brand.name, *(rival.name for rival in call.catalogue.rivals(brand.name))]
    lines = await read_streams(call.store, call.scoring.versions, names, metric=metric)
    whole_streams = sorted(lines, key=lambda s: (names.index(s.key.brand), s.key.model))
    streams = [
        run_slice(stream, rows[0], rows[-1] + 1)
        for stream in whole_streams
        if (rows := [row for row, run in enumerate(stream.runs) if span.holds(run.at)])
    ]
    situation = await SituationReader(call).read(brand, HEADLINE)
    if not model:
        left = {there.model for there in situation.at_models(Presence.LEFT)}
        streams = [stream for stream in streams if stream.key.model not in left]
    else:
        models = sorted({s.key.model for s in streams if s.key.brand == brand.name})
        chosen = named_model(call.names, model, models)
        streams = [stream for stream in streams if stream.key.model == chosen]
    telling = Telling(situation, call.names, call.zone)
    own_lines = [line for line in streams if line.key.brand == brand.name]
    if not own_lines:
        text = "No answers yet."
        if any(line.key.brand == brand.name for line in whole_streams):
            text = "No answers in this time." if span != Span() else telling.left_sentence()
        title = _trend_title(shown, brand)
        return card_without_answers(brand, text, title=title, metric=metric, models={})
    points = {line.key.model: trend(line) for line in own_lines}
    told = (*standing_news(telling), telling.left_sentence(), *fault_sentences(call.scoring.faults))
    return Card(
        title=telling.dated(_trend_title(shown, brand)),
        text="\n\n".join(filter(None, told)),
        table=_trend_table(points, shown, span, call.names, call.zone),
        image=await picture(await courses.trend_chart(call, brand, shown, streams), "trend.png"),
        choice=courses.metric_choice(call.scoring.metrics.values(), brand, shown),
        actions=fitting(
            Action(f"report {quoted(brand.name)}", "Report"),
            Action(f"trend {quoted(brand.name)} --show voice", "Share of voice"),
        ),
        footer="Each question weighs the same. In brackets, the range in which the value lies nine "
        "times in ten.",
        data={
            "brand": brand.name,
            "metric": metric,
            "models": {
                str(model): list(map(_point_json, found)) for model, found in points.items()
            },
            "situation": telling.situation.data(),
        },
    )


def _trend_title(metric: Metric, brand: Brand) -> str:
    """Return ``How often Acme is named`` for visibility, ``Sentiment of Acme`` for others."""
    if metric.name == VISIBILITY:
        return f"How often {brand.name} is named"
    return f"{metric.label} of {brand.name}"


def _trend_table(
    points: dict[Model, list[Point]], metric: Metric, span: Span, names: ModelNames, zone: tzinfo
) -> Table:
    """Return a table with a row for each model, in the order of `points`: the newest value with its
    90 % interval, and its day where another model's is newer, the change from the first value to
    the newest (``-`` with a single one), and the number of runs. The day of the first value is
    named where all models share it.
    """
    newest_day = max(found[-1].at.astimezone(zone).date() for found in points.values())
    rows = []
    for model, found in points.items():
        first, last = found[0], found[-1]
        now = wording.value(last.mean, metric.scale)
        interval = wording.value_range(last.low, last.high, metric.scale)
        is_old = last.at.astimezone(zone).date() < newest_day
        day = f", {wording.short_day(last.at, zone)}" if is_old else ""
        change = wording.change(last.mean - first.mean, metric.scale) if len(found) > 1 else "-"
        rows.append((names.name(model), f"{now} ({interval}){day}", change, f"{len(found):,}"))
    days = {wording.short_day(found[0].at, zone) for found in points.values()}
    since = f"Since {min(days)}" if len(days) == 1 else "Change in this time"
    since = since if span.begin else "Since the first check"
    return Table(("Model", "Newest", since, "Checks"), tuple(rows), frozenset({1, 2, 3}))


def _point_json(point: Point) -> dict[str, Any]:
    """Return the value of one run for JSON output, with its 90 % interval, in the units of the
    metric.
    """
    return {
        "at": point.at.isoformat(),
        "value": point.mean,
        "interval": [point.low, point.high],
        "answers": point.n,
    }


async def _show_voice(call: Call, brand: Brand, model: str, span: Span) -> Card:
    """Return the card of the share of voice of a brand and its competitors over time."""
    situation = await SituationReader(call).read(brand)
    models = situation.home_models
    if model:
        models = chosen_models(call.names, situation.current_models, situation.runs, model)
    shares = courses.voice_shares(situation, call.zone, models=models, span=span)
    if shares is None:
        few = len(situation.names) < 2
        return card_without_answers(
            brand,
            "Nothing was measured in this time.",
            title=f"{brand.name}'s share of voice",
            lacks="Add competitors: the share is that of all brands of your market." if few else "",
            models=[],
            times=[],
            shares={},
            usual={},
        )
    metric = call.scoring.metrics[courses.VOICE_METRIC]
    shares = replace(shares, marks=await courses.chart_marks(call, situation.brand, metric, models))
    names = [call.names.name(model) for model in models]
    day = wording.short_day(shares.times[-1], shares.zone)
    own_name, shown = quoted(brand.name), sorted(situation.runs)
    actions = [Action(f"report {own_name}", "Report"), Action(f"brief {own_name}", "What to do?")]
    if len(models) < len(shown):
        actions.append(Action(f"trend {own_name} --show voice", "All models", menu=True))
    for one in shown if len(shown) > 1 else ():
        if [one] != list(models):
            name = call.names.name(one)
            words = f"trend {own_name} --show voice --model {quoted(name)}"
            actions.append(Action(words, f"Only {name}", menu=True))
    card = Card(
        title=f"{brand.name}'s share of voice: {_share_words(shares, shares.shares[0])}",
        text=_voice_sentence(shares),
        image=await picture(shares, "share-of-voice.png"),
        actions=fitting(*actions),
        footer=f"Of all mentions of these {wording.count(len(situation.names), 'brand')}, at "
        f"{wording.listing(names)}, until {day}.",
        data={
            "brand": brand.name,
            "models": [str(model) for model in models],
            "times": [at.isoformat() for at in shares.times],
            "shares": {share.label: list(share.values) for share in shares.shares},
            "usual": {share.label: shares.usual(share) for share in shares.shares},
        },
    )
    return with_standing_news(card, Telling(situation, call.names, call.zone))


def _voice_sentence(shares: Shares) -> str:
    """Return a sentence on which brand has the largest share now. If a competitor has gained most
    of what the brand lost, it has its present and its usual share, in a second sentence for another
    one.
    """
    own_share = shares.shares[0]
    leader = max(shares.shares, key=lambda share: share.values[-1])
    who = "You lead" if leader == own_share else f"{leader.label} leads"
    if leader == shares.gained:
        return f"{who} and gained most: {_share_words(shares, leader)}."
    leads = f"{who} with {wording.percent(leader.values[-1])}."
    if gained := shares.gained:
        return f"{leads} {gained.label} gained most: {_share_words(shares, gained)}."
    return leads


def _share_words(shares: Shares, share: Share) -> str:
    """Return a brand's present share and its usual one: ``31 %, usually 38 %``.

    The usual share is left out if there is none, or if it differs by less than `TOLD_CHANGE`; the
    competitor that gained most always has it.
    """
    now, usual = share.values[-1], shares.usual(share)
    if usual is None or (abs(now - usual) < TOLD_CHANGE and share != shares.gained):
        return wording.percent(now)
    return f"{wording.percent(now)}, usually {wording.percent(usual)}"


TREND = CommandSpec(
    "trend",
    "Show how a metric or shares of voice went over time, or a brand against another.",
    show_trend,
    examples=(
        "trend Acme",
        "trend Acme --metric sentiment",
        "trend Acme --model openai/gpt-5.4-mini",
        "trend Acme --show voice --since 2026-09-01",
        "trend Acme Zeta",
    ),
    chart="",
)
