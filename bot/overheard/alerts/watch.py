"""After a run: has any brand moved? Blocks in, alerts out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overheard.alerts.bursts import Suspicion, suspicions
from overheard.alerts.grouping import gather
from overheard.alerts.history import Past
from overheard.alerts.lifecycle import Lifecycle
from overheard.detection.effect import Learning
from overheard.detection.update_signs import compare_styles, silent_updates
from overheard.domain import Alert, Model, ModelUpdate, Run, Shift
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey

RUNS_BEFORE = 12
"""With how many earlier runs the replies of a run are compared, to see who served them."""


Raised = Callable[[Alert], Awaitable[None]]
"""Is told of an alert."""
Doubt = Callable[[Shift], Awaitable[str]]
"""Returns why a shift is not what it seems, as a sentence, or an empty string."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a run found.

    Attributes:
        alerts: The run's alerts, as they are kept; the same ones when it is looked at again.
        compared: Whether there were earlier runs to compare it with.
        learning: How far the shortest baseline is, or None when all are long enough.
        suspicions: What it says of each brand at each model.
        doubts: Why shifts were not told, as sentences.
    """

    alerts: tuple[Alert, ...]
    compared: bool
    learning: Learning | None = None
    suspicions: tuple[Suspicion, ...] = ()
    doubts: tuple[str, ...] = ()


class Watch:
    """Looks at each run as it comes in.

    Args:
        past: Where the past of brands is.
        lifecycle: Raises the alerts.
        raised: Is told of each alert that is new.
        doubt: Asked before a shift is told.
    """

    def __init__(
        self,
        past: Past,
        lifecycle: Lifecycle,
        raised: Raised | None = None,
        doubt: Doubt | None = None,
    ) -> None:
        self._raised = raised
        self._doubt = doubt
        self._past = past
        self._store = past.store
        self._lifecycle = lifecycle

    async def look(self, run: Run, brands: Iterable[str], now: datetime) -> Look:
        """Look at a run beside all before it, and raise an alert for each brand and model that
        shifted.
        """
        for update in await self._silent_updates(run):
            await self._store.add_update(update)
        updates = await self._store.updates()
        looks = [await self._look_at(run, brand, updates, now) for brand in brands]
        learning = [look.learning for look in looks if look.learning]
        return Look(
            tuple(alert for look in looks for alert in look.alerts),
            any(look.compared for look in looks),
            min(learning, key=lambda one: one.runs, default=None),
            tuple(one for look in looks for one in look.suspicions),
            tuple(doubt for look in looks for doubt in look.doubts),
        )

    async def _look_at(
        self, run: Run, brand: str, updates: Sequence[ModelUpdate], now: datetime
    ) -> Look:
        """Look at all streams of a brand together: the promise is made for each brand."""
        replay = await self._past.replay(brand, updates, until=run.started_at)
        shifts = [s for a in replay.alarms if a.run.id == run.id for s in a.shifts]
        doubts = {shift: await self._doubts(shift) for shift in await self._new(shifts)}
        sure = [shift for shift, doubt in doubts.items() if not doubt]
        alerts = [await self._raise(alert) for alert in gather(sure, now)]
        return Look(
            tuple(alerts),
            replay.monitor.looks > 1,
            replay.monitor.learning(),
            tuple(suspicions(brand, replay)),
            tuple(filter(None, doubts.values())),
        )

    async def _doubts(self, shift: Shift) -> str:
        return await self._doubt(shift) if self._doubt else ""

    async def _new(self, shifts: Sequence[Shift]) -> list[Shift]:
        """Leave out what an alert has told already, before the past was told otherwise: history
        that is imported, or scored anew, can make a shift seen later than it was.
        """
        began = {run.id: run.started_at for run in await self._store.runs()} if shifts else {}
        told = [
            old
            for brand in {shift.brand for shift in shifts}
            for alert in await self._store.alerts(brand=brand)
            for old in (alert.shift, *alert.later)
        ]
        return [
            shift
            for shift in shifts
            if not any(
                old.model == shift.model
                and old.run_id != shift.run_id
                and began[shift.began] < began[old.run_id] < began[shift.run_id]
                for old in told
            )
        ]

    async def _raise(self, alert: Alert) -> Alert:
        kept, is_new = await self._lifecycle.raise_alert(alert)
        if is_new and self._raised:
            await self._raised(kept)
        return kept

    async def _silent_updates(self, run: Run) -> list[ModelUpdate]:
        """Return what the replies of a run say of updates, and how they are written."""
        most = 1 + RUNS_BEFORE
        runs = await self._store.runs(aside=False, until=run.started_at, limit=most)
        compared = sorted(RunKey(one.started_at, one.id) for one in runs)
        served = await self._store.served(runs=[key.id for key in compared])
        told = [u for u in silent_updates(served, compared) if u.at == run.started_at]
        return told + await style_updates(self._store, compared)


SOURCE = "style"
STYLE_RUNS_BEFORE = 3
"""With how many earlier runs a model's style is compared."""

Texts = dict[str, list[str]]


async def style_updates(store: Store, runs: Sequence[RunKey]) -> list[ModelUpdate]:
    """Return the models whose style changed with the latest run.

    A style that has changed before is compared with the runs since then.

    Args:
        store: Where the answers are.
        runs: The latest runs, the oldest first.
    """
    if len(runs) < 2:
        return []
    *earlier, latest = runs[-1 - STYLE_RUNS_BEFORE :]
    after = await _answers(store, {latest.id})
    texts = {run.id: await _answers(store, {run.id}) for run in earlier}
    found = []
    for model in sorted(after):
        known = [u.at for u in await store.updates(model) if u.source == SOURCE]
        since = max((at for at in known if at < latest.at), default=None)
        before: Texts = defaultdict(list)
        for run in earlier:
            if since is None or run.at >= since:
                for prompt, given in texts[run.id].get(model, {}).items():
                    before[prompt] += given
        verdict = compare_styles(before, after[model], seed=latest.id)
        if verdict.hit:
            found.append(ModelUpdate(model, latest.at, SOURCE, verdict.note))
    return found


async def _answers(store: Store, runs: Collection[int]) -> dict[Model, Texts]:
    """Return what each model answered to each prompt; only whole answers have a style."""
    found: dict[Model, Texts] = defaultdict(lambda: defaultdict(list))
    async for answer in store.answers(runs=runs):
        if answer.complete and not (answer.reused_from or answer.gone):
            found[answer.question.model][answer.question.prompt.key].append(answer.reply.text)
    return found
