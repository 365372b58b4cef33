"""`changes`: what has changed in a time: alerts, and updates of models; or over the whole past. And
when models were updated, as vendors, people and the bot itself know it, and how each update changed
the visibility of brands.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Any, Literal

from overheard.alerts.events import alert_row, alert_table, show_actions
from overheard.alerts.history import replays
from overheard.alerts.story import Watch, alerts_about
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Table, fitting, picked
from overheard.cards.command import CommandSpec, Face, Kind, Role, argument, option, quoted
from overheard.commands.arguments import past_span, read_time, span_words
from overheard.commands.shifts import past_changes
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.detection.announced_updates import MIN_RUNS_BEFORE, KnownChange, since_update
from overheard.detection.confirmation import UPDATE_LOOKS
from overheard.domain import VISIBILITY, WHOLE_MODEL, Alert, Model, ModelUpdate, Scale, Shift
from overheard.errors import UnknownName
from overheard.interfaces import Store
from overheard.measure.trends import Span
from overheard.runs.plan import choose_brands, find_brand
from overheard.runs.update_feeds import read_feeds
from overheard.views.news import NewsKind, Telling, read_tellings, told_titles, with_standing_news
from overheard.views.standings import read_streams


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of an update of a model on how often one brand is named.

    Attributes:
        brand: The brand's name.
        watch: What the checks since the update show; or the shift that detection found, if it may
            have begun with the update.
        moved: Whether the brand moved.
        runs_before: Number of checks before the update that are compared.
    """

    brand: str
    watch: Watch
    moved: bool = False
    runs_before: int = 0

    @property
    def words(self) -> str:
        """The effect in words: that the brand moved, and by how much; that it did not, by more than
        so much; or that this is not clear.
        """
        if not self.watch.values or not self.watch.interval:
            return "no checks to compare"
        before, after = self.watch.values
        change = wording.change(after - before, Scale.BINARY)
        size = f"{change} ({wording.interval(*self.watch.interval, Scale.BINARY)})"
        few = self.runs_before < MIN_RUNS_BEFORE
        only = f" (only {wording.count(self.runs_before, 'check')} before it)" if few else ""
        if self.moved:
            before_after = f"from {wording.percent(before)} to {wording.percent(after)}"
            return f"moved by {size}, {before_after}{only}"
        if self.watch.is_still:
            points = wording.count(max(1, ceil(100 * self.watch.bound)), "point")
            return f"not moved by more than {points}{only}"
        if self.watch.over:
            return f"not clear: {size}"
        checks = f"{len(self.watch.looks)} of {wording.count(UPDATE_LOOKS, 'check')}"
        return f"not clear yet after {checks}: so far {size}"

    def data(self) -> dict[str, Any]:
        """Return the effect for JSON output. ``before``, ``after`` and ``interval`` are shares, 0
        to 1, and None without a measurement. ``level_kept`` is False if so few checks precede the
        update that chance would show a change too often, and ``runs_to_exclude`` is after about how
        many checks its size would be told.
        """
        watch, (before, after) = self.watch, self.watch.values or (None, None)
        finding = "moved" if self.moved else "still" if watch.is_still else "open"
        more = None if finding != "open" or watch.over else watch.looks_to_tell
        return {
            "brand": self.brand,
            "metric": VISIBILITY,
            "finding": finding if watch.values else None,
            "looks": len(watch.looks),
            "before": before,
            "after": after,
            "interval": list(watch.interval) if watch.interval else None,
            "runs_before": self.runs_before,
            "level_kept": self.runs_before >= MIN_RUNS_BEFORE,
            "runs_to_exclude": None if more is None else len(watch.looks) + more,
            "sentence": f"{self.brand}: {self.words}.",
        }


WHOLE_CHANGED = "It changed how it speaks about the whole category."


async def list_updates(call: Call, model: str = "") -> Card:
    """Read the announced updates of models over the network, and return the card of all known
    updates, each with its effect on the visibility of the tracked brands.

    New announcements are stored; sentences say which sources could not be read. Answers without
    scores are scored first. A terminal has a table of numbers and notes as well. What two sources
    tell is one update.

    Args:
        model: A model's name or ``provider/model``, of which updates are shown; empty means all.
    """
    plugins, now = call.plugins, call.clock.now()
    problems = await read_feeds(plugins.feeds.values(), call.store.updates, plugins.providers, now)
    known = [
        update
        for update in await call.store.updates.find()
        if not model or call.names.find(model, [update.model])
    ]
    call = await call.caught_up()
    changes = await found_changes(call) if known else {}
    model_alerts = await _whole_model_alerts(call.store) if known else {}
    effects: dict[int, tuple[Effect, ...]] = {}
    for updated in dict.fromkeys(update.model for update in known):
        effects |= await _update_effects(call, updated, known, changes)
    paragraphs = [*problems]
    apart = {(update.model, update.at): update for update in known}
    for update in apart.values():
        head = f"{call.names.name(update.model)}, {wording.day(update.at, call.zone)}."
        whole = [WHOLE_CHANGED] if update.id in model_alerts else []
        paragraphs.append(" ".join([head, *whole, *_effect_sentences(effects[update.id])]))
    rows = [
        (str(u.id), str(u.model), wording.moment(u.at, call.zone), u.source, u.note) for u in known
    ]
    return Card(
        title=wording.count(len(apart), "known update"),
        text="\n\n".join(paragraphs) or "None is known yet.",
        table=Table(("No.", "Model", "When", "Known from", "Note"), tuple(rows), frozenset({0}))
        if rows and call.face is Face.TERMINAL
        else None,
        data={
            "updates": [
                _update_json(update, effects[update.id])
                | {"whole_model": model_alerts[update.id].id if update.id in model_alerts else None}
                for update in known
            ],
            "problems": problems,
        },
    )


async def add_update(
    call: Call,
    *,
    model: Annotated[str, argument("Which model.", Kind.MODEL)],
    when: Annotated[str, option("When it was; by default now.", Kind.TIME)] = "now",
    note: Annotated[str, option("A few words.")] = "",
) -> Card:
    """Store an update of a model. The checks after it are compared with those before it from now
    on.

    Args:
        call: Has the time zone of `when`.
        model: The model as ``provider/model``.
        when: The time of the update: a day or a moment such as ``2026-11-24T07:00``, or ``now``.
        note: A note in a few words; empty for none.

    Raises:
        UnknownName: for a model that no provider serves and that has no stored answers.
        BadUsage: when the time cannot be read.
    """
    chosen = await _known_model(call, model)
    at = read_time(when, call.clock.now(), call.zone)
    update = await call.store.updates.add(ModelUpdate(chosen, at, note=note))
    day = wording.moment(update.at, call.zone)
    return Card(
        title=f"Update of {call.names.name(update.model)} on {day}",
        text="It is kept. The next checks of this model are compared with those before it.",
        actions=(Action("changes --show updates", "What it did"),),
        data=_update_json(update, ()),
    )


async def remove_update(
    call: Call, *, number: Annotated[int, argument("Its number.", low=1)]
) -> Card:
    """Remove a stored update, such as one that was added by mistake.

    Args:
        number: The number of the update in `changes --show updates`.

    Raises:
        UnknownName: for an unknown number.
    """
    if not await call.store.updates.remove(number):
        known = [str(update.id) for update in await call.store.updates.find()]
        listed = ", ".join(known) or "none yet"
        raise UnknownName(kind="update", name=str(number), hint="", known=listed)
    return Card("Removed", "The update is forgotten.", data={"id": number})


Changes = Mapping[tuple[str, Model], Sequence[tuple[KnownChange, Shift]]]
"""The shifts that detection found, each with its times, by the brand's name and the model."""


async def found_changes(call: Call) -> Changes:
    """Return the shifts of visibility that detection finds in all stored runs of the tracked
    brands.

    Each has the start of the run with which it most likely began, and the starts of all runs with
    which it may have begun: an update explains it only if it took place just before one of these.
    """
    starts = await call.store.runs.starts()
    found: dict[tuple[str, Model], list[tuple[KnownChange, Shift]]] = {}
    for replay in await replays(call, call.catalogue.tracked):
        for shift in (shift for alarm in replay.alarms for shift in alarm.shifts):
            if shift.metric == VISIBILITY:
                began = shift.first_run_id
                dates = frozenset(starts[run] for run in (began, *shift.likely_first_runs))
                change = KnownChange(starts[began], dates)
                found.setdefault((shift.brand, shift.model), []).append((change, shift))
    return found


async def _whole_model_alerts(store: Store) -> dict[int, Alert]:
    """Return the alerts on models as a whole (a change of how a model speaks of all brands) that
    fit an update, by the number of the update.
    """
    every = await store.runs.find()
    runs = sorted(run.started_at for run in every if not run.aside)
    starts = {run.id: run.started_at for run in every}
    alerts = await store.alerts.find(brand=WHOLE_MODEL)
    first_runs = {
        update.id: (update.model, next((at for at in runs if at >= update.at), None))
        for update in await store.updates.find()
    }
    began = {(a.shift.model, starts[a.shift.first_run_id]): a for a in alerts}
    return {number: began[key] for number, key in first_runs.items() if key in began}


async def _update_effects(
    call: Call, model: Model, known: Iterable[ModelUpdate], changes: Changes
) -> dict[int, tuple[Effect, ...]]:
    """Return the effects of the updates of a model on every tracked brand, by the number of the
    update.
    """
    updates = [update for update in known if update.model == model]
    times = sorted({update.at for update in updates})
    streams = await read_streams(call.store, call.scoring.versions, model=model, metric=VISIBILITY)

    def effects(brand: str) -> dict[datetime, Effect]:
        """Return the effects on one brand by the times of the updates."""
        found = changes.get((brand, model), ())
        own = next((stream for stream in streams if stream.key.brand == brand), None)
        if own is None:
            return dict.fromkeys(times, Effect(brand, Watch(VISIBILITY)))
        others = [stream for stream in streams if stream is not own]
        known_changes, moved = [change for change, _ in found], None
        at_times = {}
        for at, following in zip(times, [*times[1:], None], strict=True):
            since = since_update(own, others, at, moved, following, known_changes)
            shift = next((s for change, s in found if change.fits(at, own)), None)
            shown = shift or since.compared
            watch = Watch.since(shown, VISIBILITY, looks=since.looks, over=since.over)
            at_times[at] = Effect(brand, watch, bool(shift) or watch.has_moved, since.before)
            moved = at if at_times[at].moved else moved
        return at_times

    of_brands = [effects(brand.name) for brand in call.catalogue.tracked]
    return {update.id: tuple(one[update.at] for one in of_brands) for update in updates}


def _effect_sentences(effects: Iterable[Effect]) -> Iterator[str]:
    """Yield a sentence for each different effect, with the names of all brands that have it, such
    as ``Acme and Globex: no checks to compare``.
    """
    alike: dict[str, list[str]] = {}
    for effect in effects:
        alike.setdefault(effect.words, []).append(effect.brand)
    for words, brands in alike.items():
        yield f"{wording.listing(brands)}: {words}."


def _update_json(update: ModelUpdate, effects: Iterable[Effect]) -> dict[str, Any]:
    """Return an update for JSON output, with its effect on each brand in the order of `effects`.
    ``at`` is the time of the update as an ISO date and time; ``note`` may be empty.
    """
    return {
        **picked(update, "id", "model", "at", "source", "note"),
        "effects": [effect.data() for effect in effects],
    }


async def _known_model(call: Call, name: str) -> Model:
    """Return the model of a name ``provider/model``."""
    served = list(map(str, call.plugins.models))
    try:
        model = Model.parse(name)
    except ValueError:
        model = None
    if model and (
        str(model) in served
        or await read_streams(call.store, call.scoring.versions, model=model, metric=VISIBILITY)
    ):
        return model
    raise unknown_name("model", name, served)


USUAL_DAYS = 7
"""Days that are shown by default."""
LISTED_CHANGES = 10
"""Alerts, and updates, that are shown."""
MAX_BUTTONS, MAX_BRANDS = 3, 5
"""Buttons for alerts, and brands whose situation is told."""


async def show_changes(
    call: Call,
    *,
    brands: Annotated[Sequence[str], argument("Brands; without one, all.", Kind.BRAND)] = (),
    show: Annotated[
        Literal["recent", "all", "updates"],
        option("What is recent, all that moved in the whole past, or updates of models."),
    ] = "recent",
    model: Annotated[
        str, option("Only at this model, of what is recent or of updates.", Kind.MODEL)
    ] = "",
    since: Annotated[str, option("Since this day; by default of a week.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
    details: Annotated[bool, option("In a chat, the whole past as a table.")] = False,
    why: Annotated[
        bool, option("The whole past, and for each run why nothing was reported.")
    ] = False,
) -> Card:
    """Show what is recent (`recent_changes`), all that moved in the whole past (`past_changes`), or
    all known updates of models (`list_updates`).

    Args:
        brands: Names or aliases of brands; empty means all.
        show: Which of the three; `details` and `why` mean the whole past.
        model: A model's name or ``provider/model``; empty means all. A name that no model has finds
            nothing.
        since: The first day or moment, such as ``2026-11-01``; empty means `USUAL_DAYS` days before
            the end.
        until: The last day, which is included, or a moment; empty means now.

    Raises:
        BadUsage: when `since` is in the future, or `until` is not after it.
    """
    if show != "recent" or details or why:
        card = (
            await list_updates(call, model)
            if show == "updates"
            else await past_changes(call, brands, details=details, why=why)
        )
        tellings = await read_tellings(call, choose_brands(call.catalogue, brands)[:MAX_BRANDS])
        return with_standing_news(card, *tellings, figures=show != "updates")
    span = past_span(since, until, call.clock.now(), call.zone)
    begin = span.begin or (span.end or call.clock.now()) - timedelta(days=USUAL_DAYS)
    return await recent_changes(call, brands, model, Span(begin, span.end))


async def recent_changes(call: Call, brands: Sequence[str], model: str, span: Span) -> Card:
    """Show the alerts that were raised and the updates of models that took place in a time, and the
    number of all checks in it. In a span without an end, earlier alerts that are not over are shown
    as well.
    """
    names = [find_brand(call.catalogue, brand).name for brand in brands]

    def is_chosen(candidate: Model) -> bool:
        """Return whether `model` is empty or names the model."""
        return not model or call.names.find(model, [candidate]) is not None

    def is_shown(alert: Alert) -> bool:
        """Return whether an alert was raised in the span, or is open in one without an end."""
        return span.holds(alert.opened_at) or (span.end is None and not alert.state.over)

    alerts = [
        alert
        for alert in await alerts_about(call.store, names[0] if len(names) == 1 else None)
        if is_shown(alert)
        and is_chosen(alert.shift.model)
        and (len(names) < 2 or {alert.shift.brand, *alert.brands} & {*names})
    ]
    updates = [
        update
        for update in await call.store.updates.find()
        if span.holds(update.at) and is_chosen(update.model)
    ]
    runs = await call.store.runs.find(aside=False)
    checks = sum(span.holds(run.started_at) for run in runs)
    tellings = await read_tellings(call, choose_brands(call.catalogue, names)[:MAX_BRANDS])
    named = call.names.find(model, call.plugins.models) if model else None
    at = f" at {call.names.name(named) if named else model}" if model else ""
    card = _changes_card(call, names, at, span, alerts, updates, checks)
    situations = [telling.situation.data() for telling in tellings]
    if span.end:
        card = with_standing_news(card, *tellings, figures=False)
        return replace(card, data={**card.data, "situation": situations})
    news = [(one, telling) for telling in tellings for one in telling.news]
    asked = [one for one in news if one[0].model is None or is_chosen(one[0].model)]
    first, of = min(asked, key=lambda one: one[0].kind, default=(None, None))
    told = []
    if first and of and first.kind <= NewsKind.WATCHED:
        told = ["\n".join(first.lines)]
        card = replace(card, title=of.headline(first))
    for telling in tellings:
        told += _telling_lines(telling, is_chosen, first.title if first and told else "")
    severities = {one.severity for telling in tellings for one in telling.news[:1]}
    return replace(
        card,
        text="\n\n".join(filter(None, [str(card.text), *told])),
        severity=Severity.WARNING
        if severities & {Severity.BAD, Severity.WARNING}
        else card.severity,
        data={**card.data, "situation": situations},
    )


def _telling_lines(telling: Telling, is_chosen: Callable[[Model], bool], title: str) -> list[str]:
    """Return what stands now, whatever was asked: the figures of the chosen models, and all news
    but the calm and that of the title.
    """
    titled = [one for one in telling.news if one.title == title]
    lines = telling.level_lines(titled, only=is_chosen)
    others = [one for one in telling.news if one.title != title]
    return ["\n".join(lines), *told_titles(telling, others, brief=True)]


def _changes_card(
    call: Call,
    brands: Sequence[str],
    at: str,
    span: Span,
    alerts: Sequence[Alert],
    updates: Sequence[ModelUpdate],
    checks: int,
) -> Card:
    """Return the card of alerts and updates: a sentence for each of the newest `LISTED_CHANGES`
    updates (the oldest of them first) and on the checks, a table of the newest `LISTED_CHANGES`
    alerts, and buttons for the newest `MAX_BUTTONS` alerts. The title counts those raised within
    the span; `at` is empty or names their model: `` at ChatGPT``. The card is a warning if one of
    them is not over.
    """
    names = call.names
    lines = [
        f"{names.name(update.model)} was updated on {wording.day(update.at, call.zone)}."
        for update in updates[-LISTED_CHANGES:]
    ]
    open_listed = "; alerts that are still open are listed" if alerts and not span.end else ""
    lines.append(f"{wording.count(checks, 'check')} in this time{open_listed}.")
    shown = alerts[:LISTED_CHANGES]
    report = Action(" ".join(["report", *map(quoted, brands)]), "Report")
    new = sum(span.holds(alert.opened_at) for alert in alerts)
    alert_count = wording.count(new, "alert") if new else "No new alert"
    return Card(
        title=f"{alert_count}{at} {span_words(span, call.zone)}",
        text="\n".join(lines),
        table=alert_table(call, shown),
        actions=fitting(*show_actions(call, shown[:MAX_BUTTONS]), report),
        severity=Severity.WARNING if any(not a.state.over for a in alerts) else Severity.PLAIN,
        data={
            "since": span.begin.isoformat() if span.begin else None,
            "checks": checks,
            "alerts": [alert_row(alert) for alert in alerts],
            "updates": [{"model": str(u.model), "at": u.at.isoformat()} for u in updates],
        },
    )


CHANGES = CommandSpec(
    "changes",
    "Show what has changed since a day or over the whole past, and updates of models.",
    show_changes,
    examples=(
        "changes",
        "changes Acme --since 2026-11-01",
        "changes Acme --show all",
        "changes Acme --why",
        "changes --show updates",
    ),
)
UPDATES_ADD = CommandSpec(
    "updates add",
    "Note that a model was updated.",
    add_update,
    role=Role.OPERATOR,
    examples=(
        "updates add openai/gpt-5.4-mini --when 2026-11-24",
        "updates add openai/gpt-5.4-mini",
    ),
)
UPDATES_REMOVE = CommandSpec(
    "updates remove",
    "Forget an update that was none.",
    remove_update,
    role=Role.OPERATOR,
    examples=("updates remove 3",),
)
