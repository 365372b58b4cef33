"""When models were updated, as vendors, people and the bot itself know it, and how each update
changed the visibility of brands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Annotated, Any

from overheard.alerts.history import replays
from overheard.alerts.story import Watch
from overheard.cards import wording
from overheard.cards.card import Action, Card, Table, picked
from overheard.cards.command import CommandSpec, Face, Kind, Role, argument, option
from overheard.commands.arguments import read_time
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.detection.announced_updates import MIN_RUNS_BEFORE, KnownChange, since_update
from overheard.detection.confirmation import UPDATE_LOOKS
from overheard.domain import VISIBILITY, WHOLE_MODEL, Alert, Model, ModelUpdate, Scale, Shift
from overheard.errors import UnknownName
from overheard.interfaces import Store
from overheard.runs.update_feeds import read_feeds
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


async def list_updates(call: Call) -> Card:
    """Read the announced updates of models over the network, and return the card of all known
    updates, each with its effect on the visibility of the tracked brands.

    New announcements are stored; sentences say which sources could not be read. Answers without
    scores are scored first. A terminal has a table of numbers and notes as well. What two sources
    tell is one update.
    """
    plugins, now = call.plugins, call.clock.now()
    problems = await read_feeds(plugins.feeds.values(), call.store.updates, plugins.providers, now)
    known = await call.store.updates.find()
    call = await call.caught_up()
    changes = await found_changes(call) if known else {}
    model_alerts = await _whole_model_alerts(call.store) if known else {}
    effects: dict[int, tuple[Effect, ...]] = {}
    for model in dict.fromkeys(update.model for update in known):
        effects |= await _update_effects(call, model, known, changes)
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
        TimeUnreadable: when the time cannot be read.
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

    An alert fits if its change began with the first run since the update. Updates without such an
    alert are left out.
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
