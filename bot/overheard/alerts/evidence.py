"""What is known of an alert: its past, its other metrics and models, and sentences of answers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from overheard.alerts.checks import check_words
from overheard.alerts.live_claims import LiveClaim, live_claims, stated_facts
from overheard.alerts.story import AlertPart, Period, parts_over, periods_of
from overheard.cards import wording
from overheard.cards.card import Card, Quote, Tainted
from overheard.cards.model_names import ModelNames
from overheard.deployment import Call
from overheard.detection.baseline import MAX_BASELINE_RUNS, stream_since, stream_until
from overheard.detection.explanation import Explanation, explain, is_everything
from overheard.detection.placement import belongs_to
from overheard.detection.statements import MIN_RUNS_GONE
from overheard.domain import (
    ACCURACY,
    CORRECT,
    VISIBILITY,
    WHOLE_MODEL,
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Answer,
    Brand,
    Catalogue,
    Metric,
    Model,
    PromptShift,
    ReportedStatement,
    Run,
    RunKey,
    Shift,
    StatementKind,
)
from overheard.interfaces import Store
from overheard.measure.blocks import Stream, StreamKey, streams_of_table
from overheard.measure.trends import Point, trend
from overheard.reading.reader import Reader
from overheard.runs.presence import READ_RUNS, Presence, attendances


@dataclass(frozen=True, slots=True)
class AlertEvidence:
    """The measurements and answers that an alert's cards show.

    Attributes:
        began: Start of the run with which the shift most likely began.
        likely_starts: Starts of the runs with one of which it began, with a probability of 90 %,
            the earliest first; at least one.
        grown: By the number of each run that showed growth: the start of the run with which the
            growth most likely began.
        metrics: The metrics that are measured now, by name.
        streams: The same metric of the brand and its competitors, by brand and then model.
        answers: Complete answers of the model to the prompts that moved most, oldest first.
        rivals: The competitors that the brand is compared with.
        zone: The reader's time zone.
        names: The names of models for readers.
        earlier: Earlier changes of the brand at the model; their checks do not show what is usual.
        over: The parts of the alert (metrics, statements) that are over while another is not.
        until: When the alert was over; its card shows no later check. None while it is not over.
        explanation: The likeliest explanation as of the latest run; None for statements alone, and
            where too little is stored.
        model_alert: The model-wide alert to which the alert belongs, or None.
        stated: In how many answers of the model's latest check each false claim is made.
        claims: The false claims of the model's latest answers, also those not reported.
        current: The models that answered in the newest check; only these can be unchanged.
        right: Of an alert that is over, the topics of its false claims that the model states right
            in the checks by which the claims are gone.
        cause: The card of a plugin that explains changes; None without one.
        checked: What a model that read the sentences says of them, in words; empty without one.
        again: When an alert that had recovered happened again, the last time; None without that.
    """

    began: datetime
    likely_starts: tuple[datetime, ...]
    grown: Mapping[int, datetime]
    metrics: Mapping[str, Metric]
    streams: Sequence[Stream]
    answers: Sequence[Answer]
    brand: Brand
    rivals: tuple[Brand, ...]
    zone: tzinfo
    names: ModelNames = field(default_factory=ModelNames)
    earlier: tuple[Period, ...] = ()
    over: frozenset[AlertPart] = frozenset()
    until: datetime | None = None
    explanation: Explanation | None = None
    model_alert: Alert | None = None
    stated: Mapping[ReportedStatement, int] = field(default_factory=dict)
    claims: Sequence[LiveClaim] = ()
    current: frozenset[Model] | None = None
    right: frozenset[str] = frozenset()
    cause: Card | None = None
    checked: str = ""
    again: datetime | None = None

    def live(self, statement: ReportedStatement) -> LiveClaim | None:
        """Return the claim of the latest answers that repeats a reported statement, if any."""
        return next((claim for claim in self.claims if claim.repeats(statement)), None)

    @property
    def everything(self) -> bool:
        """Whether the latest explanation is that everything moved at once."""
        return self.explanation is not None and is_everything(self.explanation.words)

    def stream(self, brand: str, shift: Shift) -> Stream | None:
        """Return a brand's stream at the model and metric of a shift; None when the evidence has no
        such stream.
        """
        key = StreamKey(brand, shift.model, shift.metric)
        return next((stream for stream in self.streams if stream.key == key), None)

    def points(self, stream: Stream | None) -> list[Point]:
        """Return the mean of each run of a stream, in the order of time; empty for None. Runs that
        began after the alert was over are left out.
        """
        points = trend(stream) if stream else []
        return [point for point in points if self.until is None or point.at <= self.until]

    def text(self, prompt: str) -> str:
        """Return the text of a prompt by its key; the key itself when the evidence has no answer to
        the prompt.
        """
        prompts = (answer.question.prompt for answer in self.answers)
        return next((asked.text for asked in prompts if asked.key == prompt), prompt)


@dataclass(frozen=True, slots=True)
class Known:
    """What is read already of an alert's brand.

    Attributes:
        starts: The start of each run, by its number.
        runs: The newest runs, the newest first.
        claims: The false claims of the newest answers of each model that has not left.
    """

    brand: str
    starts: Mapping[int, datetime]
    runs: Sequence[Run]
    claims: Mapping[Model, Sequence[LiveClaim]]


async def gather_evidence(
    call: Call, alert: Alert, *, with_answers: bool = True, known: Known | None = None
) -> AlertEvidence:
    """Read from the store what an alert's card shows, and return it: streams, dates of runs, the
    likeliest explanation, and the complete answers of the model to the prompts that moved most.

    For a model-wide alert, the first brand that it reports counts as the brand, and the others
    count as competitors. Nothing is stored, and no model is asked.

    Args:
        with_answers: Whether the answers are read, which only details and quotes show.
        known: What need not be read a second time.
    """
    store, catalogue, names = call.store, call.catalogue, call.names
    metrics, versions = call.scoring.metrics, call.scoring.versions
    shift = alert.shift
    name, *others = alert.brands
    brand = catalogue.brand(name) or Brand(name)
    rivals = catalogue.rivals(name)
    if alert.of_model:
        rivals = tuple(catalogue.brand(other) or Brand(other) for other in others)
    starts = known.starts if known else None
    past = (await read_pasts(store, catalogue, versions, [alert], starts=starts))[alert.id]
    events = await store.alerts.events(alert.id)
    over = parts_over(events)
    returned = alert.state is AlertState.RECOVERED or AlertPart.METRICS in over
    explanation = alert_explanation(alert, past)
    starts, began = past.starts, past.began
    prompts = [moved.prompt for moved in moved_prompts(measured_shift(alert))]
    answers = [
        answer
        async for answer in store.answers.stream(prompts=prompts if with_answers else ())
        if answer.complete and answer.question.model == shift.model
    ]
    answered = {
        stream.key.model: [run for run in stream.runs if run.at <= (alert.over_at or run.at)]
        for stream in past.streams
        if stream.key.brand == name
    }
    at_model = {shift.model: answered.get(shift.model, ())}
    facts = catalogue.facts_of(name)
    truths = {said.topic: said.truth for said in alert.statements} | facts
    is_known = known and known.brand == name and shift.model in known.claims
    if known and is_known and facts.keys() >= truths.keys() and not alert.state.over:
        claims, runs = known.claims[shift.model], known.runs
    else:
        live = await live_claims(store, call.scoring.finding_versions, name, truths, at_model)
        claims = live.get(shift.model, ())
        runs = await store.runs.find(aside=False, until=alert.over_at, limit=READ_RUNS)
    present = attendances(runs, name, answered, names.models)
    newest = max((model.asked for model in present.values()), default=None)
    return AlertEvidence(
        began=began.at,
        likely_starts=tuple(starts[run] for run in shift.likely_first_runs or (began.id,)),
        grown={
            later.run_id: starts[later.first_run_id] for later in alert.later if not later.recovery
        },
        metrics=metrics,
        streams=past.streams,
        stated={
            statement: sum(claim.statement.answers for claim in claims if claim.repeats(statement))
            for statement in alert.statements
            if statement.kind is StatementKind.CLAIM and at_model[shift.model]
        },
        claims=claims,
        current=frozenset(
            model
            for model, there in present.items()
            if there.presence is Presence.CURRENT and there.answered == newest
        ),
        right=await _corrected_topics(store, versions, alert, past.streams),
        answers=sorted(answers, key=lambda answer: answer.asked_at),
        brand=brand,
        rivals=rivals,
        zone=call.zone,
        names=names,
        earlier=past.earlier,
        until=alert.over_at,
        over=over,
        explanation=explanation and explanation.beside(last_said(alert, events), returned=returned),
        model_alert=past.model_alert,
        checked=await check_words(store, alert),
        again=max((e.at for e in events if e.what is AlertEventKind.RELAPSED), default=None),
    )


@dataclass(frozen=True, slots=True)
class AlertPast:
    """The stored history by which an alert is explained.

    Attributes:
        starts: The start of each run, by the run's number.
        began: The run with which the alert's change most likely began.
        streams: The streams of the alert's metric (`measured_shift`) at all models, of its brand
            and competitors; of all brands for a model-wide alert.
        earlier: The earlier changes of the brand at the model, the oldest first.
        model_alert: The model-wide alert to which the alert belongs, or None.
    """

    starts: Mapping[int, datetime]
    began: RunKey
    streams: Sequence[Stream]
    earlier: tuple[Period, ...]
    model_alert: Alert | None


async def read_pasts(
    store: Store,
    catalogue: Catalogue,
    versions: Collection[str],
    alerts: Sequence[Alert],
    until: datetime | None = None,
    starts: Mapping[int, datetime] | None = None,
) -> dict[int, AlertPast]:
    """Read from the store the history by which alerts are explained, and return it by the number
    of each alert.

    Runs are read once, blocks once for each metric, and alerts once for each brand.

    Args:
        catalogue: The brands; those of the alerts may be gone from it.
        versions: Scorer versions whose scores count, as ``scorer@version``.
        until: Only blocks of runs that began at this time or earlier; by default all.
        starts: The start of each run, by its number; None to read them.
    """
    compared = {alert.id: _compared_brands(alert, catalogue) for alert in alerts}
    metrics = {alert.id: measured_shift(alert).metric for alert in alerts}
    tables = {}
    for metric in sorted(set(metrics.values())):
        groups = [compared[number] for number in compared if metrics[number] == metric]
        named_groups = [group for group in groups if group is not None]
        needs_all_brands = len(named_groups) < len(groups)
        brands = None if needs_all_brands else frozenset[str]().union(*named_groups)
        tables[metric] = await store.blocks.table(brands, metric=metric, until=until)
    alerts_of = {
        name: await store.alerts.find(brand=name)
        for name in sorted({WHOLE_MODEL, *(alert.brands[0] for alert in alerts)})
    }
    if starts is None:
        starts = await store.runs.starts()
    return {
        alert.id: _alert_past(
            alert,
            starts,
            streams_of_table(tables[metrics[alert.id]].of(versions, brands=compared[alert.id])),
            (*alerts_of[alert.brands[0]], *alerts_of[WHOLE_MODEL]),
        )
        for alert in alerts
    }


def _compared_brands(alert: Alert, catalogue: Catalogue) -> frozenset[str] | None:
    """Return the names of the brands whose streams explain an alert: its brand and the competitors.
    None stands for all brands, which explain a model-wide alert.
    """
    if alert.of_model:
        return None
    name = alert.shift.brand
    return frozenset({name, *(rival.name for rival in catalogue.rivals(name))})


def _alert_past(
    alert: Alert,
    starts: Mapping[int, datetime],
    streams: Sequence[Stream],
    related: Sequence[Alert],
) -> AlertPast:
    """Return the history by which an alert is explained, from data that is already read."""
    began = RunKey(starts[alert.shift.first_run_id], alert.shift.first_run_id)
    others_at_model = [
        other
        for other in related
        if other.shift.model == alert.shift.model and other.id != alert.id
        if (other.of_model if alert.of_model else alert.brands[0] in other.brands)
    ]
    model_alerts = [other for other in related if other.of_model]
    return AlertPast(
        starts=starts,
        began=began,
        streams=streams,
        earlier=tuple(
            period for period in periods_of(others_at_model, starts) if period.began < began.at
        ),
        model_alert=belongs_to(alert, model_alerts, starts),
    )


def alert_explanation(alert: Alert, past: AlertPast) -> Explanation | None:
    """Return the likeliest explanation of an alert as of the latest run of its model; if the alert
    is over, as of the last run that began up to its end.

    The change is compared with at most `MAX_BASELINE_RUNS` runs before it, which began after the
    end of all earlier changes (after their beginning where a person accepted the new level).

    Returns:
        The explanation; None when the alert reports statements alone, or when its metric has no
        run at its model before the change, or none from its beginning on.
    """
    shift, began = measured_shift(alert), past.began
    at_model = next((stream for stream in past.streams if stream.key.model == shift.model), None)
    if at_model is None or shift.statement:
        return None
    level_starts = [
        period.began if period.accepted else period.ended or period.began for period in past.earlier
    ]
    since = max(level_starts, default=None)
    before = [run for run in at_model.runs if run < began and (since is None or since <= run.at)]
    until = alert.over_at or at_model.runs[-1].at
    if not before or began.at > until:
        return None
    first = before[-MAX_BASELINE_RUNS:][0]
    last = max(run for run in at_model.runs if run.at <= until)
    compared = [stream_until(stream_since(stream, first), last) for stream in past.streams]
    brand = WHOLE_MODEL if alert.of_model else shift.brand
    return explain(StreamKey(brand, shift.model, shift.metric), compared, began, shift.updates)


def last_said(alert: Alert, events: Iterable[AlertEvent]) -> str:
    """Return the explanation of an alert that readers saw last, as a sentence: that of its latest
    REVISED event, or else that with which the alert was raised. Empty for an alert of statements
    alone, and for an alert that was raised without an explanation.

    Args:
        events: The events of the alert, the oldest first.
    """
    explained_shift = alert.shift if alert.of_model else measured_shift(alert)
    revisions = [event.note for event in events if event.what is AlertEventKind.REVISED]
    return revisions[-1] if revisions else explained_shift.explanation


async def _corrected_topics(
    store: Store, versions: Collection[str], alert: Alert, streams: Sequence[Stream]
) -> frozenset[str]:
    """Return the topics of an alert's false claims (such as ``price``) that at least one answer of
    the model states correctly in the last `MIN_RUNS_GONE` runs up to the alert's end. Empty while
    the alert is not over, and when no run of the brand at the model is among the streams.
    """
    topics = {claim.topic for claim in alert.statements if claim.truth}
    brand, model = alert.shift.brand, alert.shift.model
    runs = next((s.runs for s in streams if (s.key.brand, s.key.model) == (brand, model)), ())
    if alert.over_at is None or not topics or not runs:
        return frozenset()
    last_runs = {run.id for run in [r for r in runs if r.at <= alert.over_at][-MIN_RUNS_GONE:]}
    details = await stated_facts(store, versions, brand, topics, last_runs, (CORRECT,))
    right = {
        detail.topic
        async for answer in store.answers.stream(numbers=sorted(details))
        if answer.question.model == model
        for detail in details[answer.id]
    }
    return frozenset(right)


def measured_shift(alert: Alert) -> Shift:
    """Return the shift of a metric that an alert's picture shows: the first shift of a brand that
    the alert reports and that is no statement.

    For a model-wide alert, this is the shift of the brand that moved most. An alert of statements,
    which say themselves what is wrong, has no such shift if nothing but accuracy moved; then its
    first statement is returned with the metric `VISIBILITY`, so that the picture shows how often
    the brand is named.
    """
    measured = (shift for shift in metric_shifts(alert) if shift.brand)
    stated = next((shift for shift in alert.moved if shift.statement), alert.shift)
    return next(measured, replace(stated, metric=VISIBILITY))


def metric_shifts(alert: Alert) -> list[Shift]:
    """Return the shifts of metrics that an alert reports, in the order of their reports. Accuracy
    is left out beside statements, which say what is wrong.
    """
    return [
        shift
        for shift in alert.moved
        if shift.statement is None and not (alert.statements and shift.metric == ACCURACY)
    ]


MAX_MOVED_PROMPTS = 5


def moved_prompts(shift: Shift) -> tuple[PromptShift, ...]:
    """Return the first `MAX_MOVED_PROMPTS` prompts of a shift that moved in its direction, in the
    order of the shift's prompts: those that moved most first.
    """
    in_direction = [p for p in shift.prompts if (p.after - p.before) * shift.change > 0]
    return tuple(in_direction[:MAX_MOVED_PROMPTS])


QUOTED_PROMPTS = 2
MAX_QUOTE_CHARS, MAX_QUESTION_CHARS = 300, 100


def quotes(
    shift: Shift, evidence: AlertEvidence, *, most: int = QUOTED_PROMPTS
) -> tuple[Quote, ...]:
    """Return quotes from answers that show a shift: for each prompt one from before the shift and
    one from after it, in this order. A side whose answers have no text has no quote.

    On the side with the higher value of the brand, answers that name the brand go first, and on the
    other side answers that do not name it.

    Args:
        most: The largest number of prompts, of those that moved most in the shift's direction.
    """
    reader = Reader((evidence.brand, *evidence.rivals))
    quotes_in_order = []
    for moved in moved_prompts(shift)[:most]:
        rose = moved.after > moved.before
        for after in (False, True):
            answers = _answers_on_side(evidence, moved, after=after)
            sentence = _first_sentence_about_brand(
                reader, evidence, answers, prefer_named=after == rose
            )
            if sentence:
                asked = wording.shorten(
                    wording.line(evidence.text(moved.prompt)), MAX_QUESTION_CHARS
                )
                source = f"{'After' if after else 'Before'}, asked “{asked}”"
                said = wording.shorten(wording.line(sentence), MAX_QUOTE_CHARS)
                quotes_in_order.append(Quote(source, Tainted(said)))
    return tuple(quotes_in_order)


def _answers_on_side(evidence: AlertEvidence, moved: PromptShift, *, after: bool) -> list[Answer]:
    """Return the answers of the evidence to a prompt on one side of the beginning of the shift, the
    nearest in time first. An answer asked at the beginning is after it.
    """
    answers = [
        answer
        for answer in evidence.answers
        if answer.question.prompt.key == moved.prompt
        if (answer.asked_at >= evidence.began) == after
    ]
    return answers if after else answers[::-1]


def _first_sentence_about_brand(
    reader: Reader, evidence: AlertEvidence, answers: Sequence[Answer], *, prefer_named: bool
) -> str:
    """Return a sentence of the first answer that has any: the first sentence that names the brand,
    or else the first that names a competitor, or else the first of all. Empty without such an
    answer.
    """
    readings = [reader.read(answer).reading(evidence.brand, evidence.rivals) for answer in answers]
    readings.sort(key=lambda reading: bool(reading.of(evidence.brand.name)) != prefer_named)
    for reading in readings:
        mentions = reading.of(evidence.brand.name) or reading.mentions
        if mentions:
            return reading.sentence(mentions[0].sentence)
        if reading.sentences:
            return reading.sentence(0)
    return ""
