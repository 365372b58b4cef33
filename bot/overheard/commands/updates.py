"""When models were updated, as vendors, people and the bot itself know it, and how each update
changed the visibility of brands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from overheard.alerts.history import replays
from overheard.cards import wording
from overheard.cards.card import Action, Card, Table, picked
from overheard.cards.command import CommandSpec, Face, Kind, Role, argument, option
from overheard.commands.arguments import read_time
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.detection.announced_updates import (
    EXCLUDED_CHANGE,
    KnownChange,
    UpdateEffect,
    UpdateStatus,
    fits_update,
    follow_updates,
)
from overheard.domain import VISIBILITY, WHOLE_MODEL, Alert, Model, ModelUpdate, Scale, Shift
from overheard.errors import UnknownName
from overheard.interfaces import Store
from overheard.runs.plan import tracked
from overheard.runs.update_feeds import read_feeds
from overheard.views.standings import read_streams

NOTHING_TO_COMPARE = "has no checks to compare"
NAMED = Scale.BINARY
"""The scale of visibility, which effects are told of."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of an update of a model on how often one brand is named.

    Attributes:
        brand: The brand's name.
        verdict: The result of the test that compares the runs since the update with those before;
            None where there is nothing to compare.
        shift: The shift that detection found and that may have begun with the update; None without
            one. It is told in place of the test's result.
    """

    brand: str
    verdict: UpdateEffect | None
    shift: Shift | None = None

    @property
    def predicate(self) -> str:
        """The effect with its interval, as the predicate of a sentence about the brand, such as
        ``moved by -20 points (...)``.
        """
        if self.verdict is None:
            return _shift_words(self.shift) if self.shift else NOTHING_TO_COMPARE
        found = _shift_words(self.shift) if self.shift else _finding_words(self.verdict)
        return found + _level_caveat(self.verdict)

    @property
    def short(self) -> str:
        """The effect for a chat, without its interval: that the brand is named more or less (``is
        named less: 45 %, before 88 %``), as before (with a bound), that this is not yet clear, or
        that there is nothing to compare.
        """
        if self.shift:
            return _short_change_words(self.shift)
        if self.verdict is None:
            return NOTHING_TO_COMPARE
        if self.verdict.finding is UpdateStatus.MOVED:
            return _short_change_words(self.verdict)
        if self.verdict.finding is UpdateStatus.STILL:
            return f"is named as before, give or take {_bound_words(self.verdict)}"
        return _finding_words(self.verdict)

    @property
    def sentence(self) -> str:
        """The effect of the update as a sentence about the brand."""
        return f"{self.brand} {self.predicate}."

    def data(self) -> dict[str, Any]:
        """Return the effect for JSON output. If detection has found a shift, the effect is that
        shift; else it is the verdict of the test after the update.

        ``before``, ``after`` and ``interval`` are shares, 0 to 1, and None without a measurement.
        ``looks`` is the number of tests so far, ``level_kept`` is False if so few runs precede the
        update that chance would show a change too often, and ``runs_to_exclude`` is how many runs
        it would take to exclude a change of `EXCLUDED_CHANGE`.
        """
        verdict = self.verdict
        measured = self.shift or verdict
        finding = verdict.finding if verdict else None
        if self.shift:
            finding = UpdateStatus.MOVED
        return {
            "brand": self.brand,
            "metric": VISIBILITY,
            "finding": finding.value if finding else None,
            "looks": verdict.looks if verdict else 0,
            "before": measured.before if measured else None,
            "after": measured.after if measured else None,
            "interval": list(measured.interval) if measured else None,
            "runs_before": verdict.runs[0] if verdict else 0,
            "level_kept": bool(verdict and verdict.keeps_level),
            "runs_to_exclude": verdict.runs_to_exclude if verdict else None,
            "sentence": self.sentence,
        }


def _level_caveat(verdict: UpdateEffect) -> str:
    """Return a caveat in brackets, after a space, if so few runs precede the update that chance
    alone shows a change in more than 1 of 20 cases. Else return an empty string.
    """
    if verdict.keeps_level:
        return ""
    before = wording.count(verdict.runs[0], "check")
    return f" (with only {before} before it, more than 1 such finding in 20 may be chance)"


def _finding_words(verdict: UpdateEffect) -> str:
    """Return the result of the test as a predicate, without the caveat: how far visibility moved, a
    bound for how far at most, or that it is not yet clear, with how far it moved so far.
    """
    if verdict.finding is UpdateStatus.MOVED:
        return _shift_words(verdict)
    if verdict.finding is UpdateStatus.STILL:
        return f"did not move by more than {_bound_words(verdict)}{_runs_needed_words(verdict)}"
    size = _size_words(verdict)
    return f"is not yet clear after {verdict.looks} of {verdict.most} checks: so far {size}"


def _shift_words(moved: UpdateEffect | Shift) -> str:
    """Return a change of visibility as a predicate with its interval, and the values before and
    after: ``moved by -20 points (-28 to -12), from 62 % to 42 %``.
    """
    before, after = wording.percent(moved.before), wording.percent(moved.after)
    return f"moved by {_size_words(moved)}, from {before} to {after}"


def _size_words(moved: UpdateEffect | Shift) -> str:
    return f"{wording.change(moved.change, NAMED)} ({wording.interval(*moved.interval, NAMED)})"


def _runs_needed_words(verdict: UpdateEffect) -> str:
    """Return how many checks since the update it would take to exclude a change of
    `EXCLUDED_CHANGE`, as the end of a sentence: ``; to exclude 5 points would take 6 checks
    since``. If no number would, because too few checks precede the update, it says that. Empty if
    such a change is excluded already.
    """
    points = wording.count(round(100 * EXCLUDED_CHANGE), "point")
    if verdict.bound <= EXCLUDED_CHANGE:
        return ""
    if verdict.runs_to_exclude is None:
        before = wording.count(verdict.runs[0], "check")
        return f"; {points} cannot be excluded with {before} before it"
    return f"; to exclude {points} would take {verdict.runs_to_exclude:,} checks since"


def _short_change_words(moved: UpdateEffect | Shift) -> str:
    """Return a change of visibility as a predicate: ``is named less: 45 %, before 88 %``."""
    way = "more" if moved.change > 0 else "less"
    return f"is named {way}: {wording.percent(moved.after)}, before {wording.percent(moved.before)}"


def _bound_words(verdict: UpdateEffect) -> str:
    """Return the largest change that the test's interval allows, in points, at least 1."""
    return wording.count(max(1, round(100 * verdict.bound)), "point")


WHOLE_CHANGED = "It changed how it speaks about the whole category."
_PLURAL = {"has": "have", "is": "are"}


async def list_updates(call: Call) -> Card:
    """Read the announced updates of models over the network, and return the card of all known
    updates, each with its effect on the visibility of the tracked brands.

    New announcements are stored; sentences say which sources could not be read. Answers without
    scores are scored first. A terminal has a table as well; a chat has short sentences, and several
    updates of one model on one day count as one in the title.

    Args:
        call: Tells whether a chat or a terminal asks, the time zone, and the progress display.
    """
    plugins, now = call.plugins, call.clock.now()
    problems = await read_feeds(plugins.feeds.values(), call.store.updates, plugins.providers, now)
    known = await call.store.updates.find()
    call = await call.caught_up()
    changes = await found_changes(call) if known else {}
    model_alerts = await _whole_model_alerts(call.store) if known else {}
    effects = {
        update.id: effects
        for model in dict.fromkeys(update.model for update in known)
        for update, effects in await _update_effects(call, model, known, changes)
    }
    is_chat = call.face is Face.CHAT
    paragraphs = [*problems]
    for update in {(update.model, update.at): update for update in known}.values():
        name = call.names.name(update.model) if is_chat else str(update.model)
        head = f"{name}, {wording.day(update.at, call.zone)}:"
        whole = [WHOLE_CHANGED] if update.id in model_alerts else []
        sentences = _effect_sentences(effects[update.id], short=is_chat)
        paragraphs.append(" ".join([head, *whole, *sentences]))
    if not paragraphs:
        advice = "." if is_chat else "; add one with: updates add"
        paragraphs = [f"None is known yet{advice}"]
    rows = [
        (str(u.id), str(u.model), wording.moment(u.at, call.zone), u.source, u.note) for u in known
    ]
    days = {(update.model, update.at.astimezone(call.zone).date()) for update in known}
    return Card(
        title=wording.count(len(days if is_chat else known), "known update"),
        text="\n\n".join(paragraphs),
        table=Table(("No.", "Model", "When", "Known from", "Note"), tuple(rows), frozenset({0}))
        if rows and not is_chat
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
        call: Tells whether a chat or a terminal asks, and the time zone of `when`.
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
    is_chat = call.face is Face.CHAT
    name = call.names.name(update.model) if is_chat else str(update.model)
    return Card(
        title=f"Update of {name} on {wording.moment(update.at, call.zone)}",
        text="It is kept. The next checks of this model are compared with those before it.",
        actions=(Action("changes --show updates", "What it did"),),
        footer="" if is_chat else f"Update {update.id}",
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
    for replay in await replays(call, tracked(call.catalogue)):
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
) -> list[tuple[ModelUpdate, tuple[Effect, ...]]]:
    """Return the updates of a model in the given order, each with its effect on every tracked
    brand.
    """
    model_updates = [update for update in known if update.model == model]
    times = sorted({update.at for update in model_updates})
    streams = await read_streams(call.store, call.scoring.versions, model=model, metric=VISIBILITY)
    by_brand = []
    for brand in tracked(call.catalogue):
        found = changes.get((brand.name, model), ())
        own = next((stream for stream in streams if stream.key.brand == brand.name), None)
        if own is None:
            by_brand.append({at: Effect(brand.name, None) for at in times})
            continue
        others = [stream for stream in streams if stream is not own]
        verdicts = follow_updates(own, others, times, changes=[change for change, _ in found])
        shifts = [[s for change, s in found if fits_update(at, own.runs, change)] for at in times]
        by_brand.append(
            {
                at: Effect(brand.name, verdict, next(iter(fitting), None))
                for at, verdict, fitting in zip(times, verdicts, shifts, strict=True)
            }
        )
    return [
        (update, tuple(effect_at[update.at] for effect_at in by_brand)) for update in model_updates
    ]


def _effect_sentences(effects: Iterable[Effect], *, short: bool) -> Iterator[str]:
    """Yield a sentence for each different effect, with the names of all brands that have it, such
    as ``Acme and Globex are not yet clear after 1 of 4 checks.`` for two brands.
    """
    alike: dict[str, list[str]] = {}
    for effect in effects:
        alike.setdefault(effect.short if short else effect.predicate, []).append(effect.brand)
    for predicate, brands in alike.items():
        verb, space, rest = predicate.partition(" ")
        verb = _PLURAL.get(verb, verb) if len(brands) > 1 else verb
        yield f"{wording.listing(brands)} {verb}{space}{rest}."


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
