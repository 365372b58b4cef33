"""The situation of a brand: one value, built in one place from the store, that everything which
tells people how a brand stands reads.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from overheard.alerts.bursts import calls_left, next_time
from overheard.alerts.evidence import AlertEvidence, Known, gather_evidence
from overheard.alerts.live_claims import LiveClaim, live_claims
from overheard.alerts.message import message_lines, message_severity
from overheard.alerts.outbox import told_rivals
from overheard.alerts.story import (
    BrandAtModel,
    Period,
    Story,
    StoryState,
    Watch,
    alerts_about,
    is_usual,
    periods_of,
    read_watches,
    stories,
    without_covered,
)
from overheard.alerts.titles import message_title
from overheard.cards.card import Severity, picked
from overheard.cards.wording import name_without_id
from overheard.config.cron import Cron
from overheard.deployment import KEPT, Call
from overheard.domain import (
    BRANDED_VISIBILITY,
    SCHEDULER,
    VISIBILITY,
    Alert,
    AlertState,
    Block,
    Brand,
    Model,
    Run,
    RunKey,
    Schedule,
    ScheduleState,
)
from overheard.measure.blocks import Stream, streams
from overheard.measure.trends import USUAL_CHECKS
from overheard.runs.answers import summed_blocks
from overheard.runs.presence import READ_RUNS, Presence, attendances
from overheard.views import standings

HEADLINE = (VISIBILITY, BRANDED_VISIBILITY)
"""How often a brand is named, in answers to all questions."""


ClaimsByModel = Mapping[Model, tuple[LiveClaim, ...]]


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert with what its message says, in the same words everywhere."""

    alert: Alert
    evidence: AlertEvidence

    @property
    def title(self) -> str:
        """The title of its message."""
        return message_title(self.alert, self.evidence)

    def lines(self, *, in_percent: bool = False) -> list[str]:
        """Return the lines of its message: its claims, its metric, and what else moved."""
        return message_lines(self.alert, self.evidence, in_percent=in_percent)

    @property
    def severity(self) -> Severity:
        """Whether it is good or bad news."""
        return message_severity(self.alert, self.evidence)

    @property
    def model(self) -> Model:
        """The model that it is about."""
        return self.alert.shift.model

    @property
    def began(self) -> datetime:
        """The start of the run with which its change most likely began; of an alert that happened
        again, when it did.
        """
        return self.evidence.again or self.evidence.began

    def is_new(self, since: datetime) -> bool:
        """Return whether it was raised, or happened again, at a time or later."""
        return (self.evidence.again or self.alert.opened_at) >= since

    @property
    def owner(self) -> str:
        """The name of the person who takes care of it; empty if nobody does."""
        acknowledged = self.alert.state is AlertState.ACKNOWLEDGED
        return name_without_id(self.alert.by) if acknowledged else ""


@dataclass(frozen=True, slots=True)
class ModelSituation:
    """How a brand stands at one model.

    Attributes:
        run: The newest run with answers; None without any.
        asked: The newest run that asked it.
        place: How often it names the brand in `run`; None where that is not measured.
        claims: The false claims of `run`, those of most answers first.
        failure: Why it did not answer in `asked`, as a sentence; empty where that is not known.
        asked_again: When it is asked again, or could be; None where it is not.
        by_itself: Whether a running bot does that.
    """

    model: Model
    presence: Presence
    asked: RunKey
    run: RunKey | None
    story: Story
    place: standings.ModelVisibility | None = None
    claims: tuple[LiveClaim, ...] = ()
    failure: str = ""
    asked_again: datetime | None = None
    by_itself: bool = False

    @property
    def reason(self) -> str:
        """Why it did not answer, without its name; where that is not known, what is missing."""
        return self.failure.partition(" did not answer: ")[2] or "no new figure."

    def data(self) -> dict[str, Any]:
        """Return it as JSON values."""
        place = self.place
        usual = place.usual if place else None
        return {
            "model": str(self.model),
            "presence": self.presence.value,
            "asked": self.asked.at.isoformat(),
            "answered": self.run.at.isoformat() if self.run else None,
            "named": place.mine.mean if place else None,
            "answers": place.mine.n if place else None,
            "usual": usual.mean if usual else None,
            "usual_range": [usual.low, usual.high] if usual else None,
            "level": place.level.value if place else None,
            "rank": place.rank if place and place.rank_words else None,
            "rising": [rise.rival for rise in place.rises] if place else [],
            "story": self.story.state.value,
            "watched": self.story.watched or None,
            "asked_again": self.asked_again.isoformat() if self.asked_again else None,
            "claims": [_claim_data(claim) for claim in self.claims],
            "failure": self.failure or None,
        }


def _claim_data(claim: LiveClaim) -> dict[str, Any]:
    said = claim.statement
    return {
        "fact": said.topic,
        **picked(said, "said", "truth", "answers"),
        "of": said.asked,
        "before": claim.before,
    }


@dataclass(frozen=True)
class Situation:
    """How a brand stands at a time.

    Attributes:
        names: The names of the brand and of its competitors, the brand's first.
        models: The situation at each model that was ever asked, sorted by model.
        lines: Streams (one brand, model and metric over time) of all these brands, at the models
            that have not left.
        rows: The level of each metric of these brands in the newest answers of these models.
        alerts: The alerts that are not over, the newest first; those that an alert on the model as
            a whole covers are left out.
        stories: The course of the brand at each model.
        attempt: The newest run that asked about the brand, in whatever state it ended.
        rival_alerts: The alerts of its competitors that are not over, which a route asked for.
        rival_claims: The false claims about each competitor that has facts, by model, of the newest
            answers of the models that have not left.
        has_facts: Whether claims are compared with facts of the brand.
        next_check: The next scheduled check; None if none is due.
        told: What plugins tell of the brand, as `Work.keep` says.
    """

    brand: Brand
    at: datetime
    names: Sequence[str]
    models: Mapping[Model, ModelSituation]
    lines: Sequence[Stream]
    rows: Sequence[standings.MetricLevel]
    alerts: Sequence[OpenAlert]
    stories: standings.Stories
    attempt: Run | None = None
    rival_alerts: Sequence[OpenAlert] = ()
    rival_claims: Mapping[str, ClaimsByModel] = field(default_factory=dict)
    has_facts: bool = False
    next_check: datetime | None = None
    told: Sequence[Mapping[str, Any]] = ()

    def at_models(self, presence: Presence) -> list[ModelSituation]:
        """Return the situation at each model with a presence, sorted by model."""
        return [there for there in self.models.values() if there.presence is presence]

    @cached_property
    def places(self) -> list[standings.ModelVisibility]:
        """The visibility of the brand at each current model; those of which there is news first."""
        open_at = {opened.model for opened in self.alerts}

        def order(there: ModelSituation) -> tuple[bool, ...]:
            place = there.place
            is_calm = not (place and (place.level.far or place.rises))
            calm = is_calm, not there.story.watch, bool(there.model.market)
            return there.model not in open_at, not there.claims, *calm

        current = sorted(self.at_models(Presence.CURRENT), key=order)
        return [one.place for one in current if one.place]

    @property
    def moved_at(self) -> set[Model]:
        """The models at which an open alert reports that the brand has moved."""
        return {
            opened.model
            for opened in self.alerts
            if any(shift.statement is None for shift in opened.alert.moved)
        }

    @property
    def old_places(self) -> list[standings.ModelVisibility]:
        """The visibility at each silent or unread model, which is of an older check."""
        old = (*self.at_models(Presence.SILENT), *self.at_models(Presence.UNREAD))
        return [one.place for one in old if one.place]

    @cached_property
    def runs(self) -> dict[Model, list[RunKey]]:
        """For each model that has not left: its runs with answers about the brand, oldest first."""
        return {
            model: keys
            for model, keys in runs_by_model(self.lines, self.brand.name).items()
            if self.models[model].presence is not Presence.LEFT
        }

    @property
    def answered(self) -> RunKey | None:
        """The newest run with answers about the brand; None without any."""
        return max((there.run for there in self.models.values() if there.run), default=None)

    @property
    def current_models(self) -> list[Model]:
        """The models that answered; if none did, those with older answers."""
        current = [there.model for there in self.at_models(Presence.CURRENT)]
        return current or sorted(self.runs)

    @property
    def home_models(self) -> list[Model]:
        """The same without those in a market, for figures that are means over models."""
        current = self.current_models
        return [model for model in current if not model.market] or current

    @property
    def all_failed(self) -> bool:
        """Whether no model has answered in the newest check."""
        newest = self.attempt.id if self.attempt else None
        asked = [there for there in self.models.values() if there.asked.id == newest]
        return bool(asked) and all(there.presence is Presence.SILENT for there in asked)

    @property
    def claims(self) -> list[LiveClaim]:
        """The false claims of the models that have not left, those of most answers first."""
        claims = [
            claim
            for there in self.models.values()
            if there.presence is not Presence.LEFT
            for claim in there.claims
        ]
        return sorted(claims, key=lambda claim: -claim.statement.answers)

    @property
    def changed(self) -> dict[Model, datetime]:
        """For each model at which the brand has moved: the time at which the change began."""
        return {
            story.model: story.began
            for story in self.stories.values()
            if story.state is StoryState.MOVED and story.began and story.model in self.moved_at
        }

    def is_usual(self, at: datetime) -> bool:
        """Return whether a run at a time shows the present usual level of the brand at every model:
        outside of every change, and after the last change that a person accepted.
        """
        return all(story.is_usual(at) for story in self.stories.values())

    @property
    def own_rows(self) -> list[standings.MetricLevel]:
        """The metric levels of the brand itself, without its competitors."""
        return [row for row in self.rows if row.brand == self.brand.name]

    @property
    def headline_lines(self) -> list[Stream]:
        """The streams of visibility: the brand's own first, then those of the competitors in the
        order of `names`; those of one brand are sorted by model.
        """
        visibility = [line for line in self.lines if line.key.metric == VISIBILITY]
        return sorted(
            visibility, key=lambda line: (self.names.index(line.key.brand), line.key.model)
        )

    def data(self) -> dict[str, Any]:
        """Return it as JSON values: the newest check and its state, the open alerts in words, and
        the situation at each model.
        """
        attempt = self.attempt
        return {
            "brand": self.brand.name,
            "check": attempt.started_at.isoformat() if attempt else None,
            "check_state": attempt.state.value if attempt else None,
            "all_failed": self.all_failed,
            "alerts": [
                {"id": one.alert.id, "model": str(one.model), "title": one.title}
                for one in self.alerts
            ],
            "models": [there.data() for there in self.models.values()],
            "rival_claims": {
                rival: {
                    str(model): [_claim_data(one) for one in made] for model, made in by.items()
                }
                for rival, by in self.rival_claims.items()
            },
            "next_check": self.next_check.isoformat() if self.next_check else None,
        }


def runs_by_model(lines: Iterable[Stream], brand: str) -> dict[Model, list[RunKey]]:
    """Return for each model its distinct runs with answers about a brand, the oldest first."""
    runs: dict[Model, set[RunKey]] = {}
    for line in lines:
        if line.key.brand == brand:
            answers = line.n.sum(axis=1).tolist()
            runs.setdefault(line.key.model, set()).update(
                run for run, count in zip(line.runs, answers, strict=True) if count
            )
    return {model: sorted(keys) for model, keys in runs.items() if keys}


@dataclass(frozen=True, slots=True)
class Shared:
    """What the situations of all brands are read from.

    Attributes:
        runs: The newest runs, the newest first.
        copies: The sums of the answers that the newest run reuses.
        watched: What is suspected of each brand at each model that is watched.
        live: The alerts of all brands that are not over.
        told: What plugins tell, newest first.
    """

    runs: Sequence[Run]
    copies: Sequence[Block]
    watched: Mapping[BrandAtModel, Watch]
    live: Sequence[Alert]
    told: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SituationReader:
    """Reads the situations of brands from the store; no answer is scored, no model is asked. It
    reads the newest runs once, so that each card has a reader of its own.
    """

    call: Call
    _shared: list[Shared] = field(default_factory=list)

    async def read(self, brand: Brand, metrics: Collection[str] = ()) -> Situation:
        """Return the situation of a brand now.

        Args:
            metrics: The metrics whose streams and levels are read, such as `HEADLINE`, of the
                newest runs that say what is usual; empty for the whole history of all.
        """
        name, now = brand.name, self.call.clock.now()
        names = self.call.catalogue.names_with_rivals([name])
        if not self._shared:
            runs = await self.call.store.runs.find(aside=False, limit=READ_RUNS)
            copies = await self.call.store.blocks.reused(runs[0].id) if runs else []
            said = await _told_by_plugins(self.call, now)
            watches = await read_watches(self.call.store)
            live = await self.call.store.alerts.find(live=True)
            self._shared.append(Shared(runs, copies, watches, live, said))
        [shared] = self._shared
        alerts = await alerts_about(self.call.store, name)
        starts = await self.call.store.runs.starts() if alerts else {}
        changes = [one for one in periods_of(alerts, starts) if not one.accepted]
        lines = await self._lines(names, metrics, changes, starts)
        answered = runs_by_model(lines, name)
        reused = await self._reused(shared, names)
        for model, run in reused:
            if run not in answered.setdefault(model, []):
                answered[model] = sorted([*answered[model], run])
        present = attendances(shared.runs, name, answered, self.call.names.models)
        left = {model for model, one in present.items() if one.presence is Presence.LEFT}
        lines = [line for line in lines if line.key.model in present.keys() - left]
        rows = self._rows(lines, names, answered, reused, left)
        watched = {key: metric for key, metric in shared.watched.items() if key[0] == name}
        asked = [(name, model) for model in answered]
        told = stories(alerts, starts, now, included=asked, watched=watched)
        has_facts = {fact.brand for fact in self.call.catalogue.facts}
        runs_there = {model: keys for model, keys in answered.items() if model not in left}
        claims = await self._claims(name, runs_there) if name in has_facts else {}
        places = {
            place.model: place
            for place in standings.visibility_by_model(
                name, rows, [ln for ln in lines if ln.key.metric == VISIBILITY], told
            )
        }
        newest = max((there.asked.id for there in present.values()), default=None)
        by_itself = False
        if self.call.config.bursts.automatic and any(watch.is_open for watch in watched.values()):
            async with self.call.store.locks.leader_lock(SCHEDULER) as is_free:
                by_itself = not is_free
        failures = {
            run: dict(await self.call.store.answers.failures(run))
            for run in {t.asked.id for t in present.values() if t.presence is Presence.SILENT}
        }
        models = {}
        for model, there in present.items():
            presence = there.presence
            if presence is Presence.SILENT and failures[there.asked.id].get(model) == "":
                presence = Presence.UNREAD
            failure = failures.get(there.asked.id, {}).get(model, "")
            story = told.get((name, model)) or Story(name, model, StoryState.STEADY)
            models[model] = ModelSituation(
                model=model,
                presence=presence,
                asked=there.asked,
                run=there.answered,
                story=story,
                place=places.get(model),
                claims=claims.get(model, ()),
                failure=failure and failure.replace(str(model), self.call.names.name(model)),
                asked_again=self._asked_again(model, story, shared.runs, now),
                by_itself=by_itself,
            )
        live = [alert for alert in alerts if not alert.state.over]
        uncovered = await without_covered(self.call.store, live)
        owners = told_rivals(self.call.catalogue, self.call.config.routes)
        staying = models.keys() - left
        known = Known(name, starts, shared.runs, {one: claims.get(one, ()) for one in staying})
        return Situation(
            brand=brand,
            at=now,
            names=names,
            models=models,
            lines=lines,
            rows=rows,
            alerts=[await self.opened(one, known) for one in uncovered],
            stories={
                key: story
                for key, story in told.items()
                if key[0] == name and (key[1] in staying or key[1] not in models)
            },
            attempt=next((run for run in shared.runs if run.id == newest), None),
            rival_alerts=[
                await self.opened(one)
                for one in shared.live
                if name in owners.get(one.shift.brand, ())
            ],
            rival_claims={
                rival: made
                for rival in names[1:]
                if rival in has_facts and (made := await self._claims(rival, runs_there))
            },
            has_facts=name in has_facts,
            told=[one for one in shared.told if one["brand"] == name],
            next_check=min((await next_checks(self.call, name)).values(), default=None),
        )

    def _asked_again(
        self, model: Model, story: Story, runs: Sequence[Run], now: datetime
    ) -> datetime | None:
        """Return when a model is asked again by itself, as far as the calls of a year allow it."""
        if not story.watch or model not in self.call.names.models:
            return None
        asked = [run for run in reversed(runs) if run.panel and model in run.panel.models]
        if not asked or not self.call.config.bursts.automatic:
            return None
        at = next_time(story.watch, asked, now)
        return at if at and calls_left(asked, self.call.config.bursts.share, now) > 0 else None

    async def opened(self, alert: Alert, known: Known | None = None) -> OpenAlert:
        """Return an alert, which may be over, with what its message says."""
        evidence = await gather_evidence(self.call, alert, with_answers=False, known=known)
        return OpenAlert(alert, evidence)

    def _versions_of(self, brand: str) -> Collection[str]:
        """Return the scorer versions that count; of a brand that they do not know yet, the present
        ones.
        """
        is_known = any(one.name == brand for one in self.call.scoring.catalogue.brands)
        scoring = self.call.scoring if is_known else self.call.deployment.current
        return scoring.versions

    async def _lines(
        self,
        names: Sequence[str],
        metrics: Collection[str],
        changes: Sequence[Period],
        starts: Mapping[int, datetime],
    ) -> list[Stream]:
        """Return the streams of brands; those of new ones by the versions that have read them. Of
        single metrics only the newest runs are read: `USUAL_CHECKS` outside of every change of the
        first brand, which its alerts report, and the two that are compared with them.
        """
        count = USUAL_CHECKS + 2 + sum(not is_usual(changes, at) for at in starts.values())
        groups: dict[frozenset[str], list[str]] = {}
        for name in names:
            groups.setdefault(frozenset(self._versions_of(name)), []).append(name)
        return [
            line
            for versions, brands in groups.items()
            for metric in metrics or (None,)
            for line in await standings.read_streams(
                self.call.store,
                versions,
                brands,
                metric=metric,
                newest=(names[0], count) if metric else None,
            )
        ]

    async def _reused(
        self, shared: Shared, names: Collection[str]
    ) -> dict[tuple[Model, RunKey], list[Stream]]:
        """Return the streams of the newest run with the answers that it reuses from earlier ones,
        by model; empty if it reuses none. The history does not count such answers.
        """
        if not shared.copies:
            return {}
        own = await self.call.store.blocks.find(run=shared.runs[0].id)
        blocks = summed_blocks([*own, *shared.copies])
        found: dict[tuple[Model, RunKey], list[Stream]] = {}
        wanted = [
            block
            for block in blocks
            if block.brand in names and block.version in self._versions_of(block.brand)
        ]
        for line in streams(wanted):
            found.setdefault((line.key.model, line.runs[-1]), []).append(line)
        return found

    def _rows(
        self,
        lines: Sequence[Stream],
        names: Sequence[str],
        answered: Mapping[Model, Sequence[RunKey]],
        reused: Mapping[tuple[Model, RunKey], Sequence[Stream]],
        left: Collection[Model],
    ) -> list[standings.MetricLevel]:
        """Return the levels of the newest answers of each model that has not left."""
        newest = {model: keys[-1] for model, keys in answered.items()}
        again = {model for model, run in reused if newest[model] == run}
        shown = [line for line in lines if line.key.model not in again]
        shown += [
            line
            for (model, run), copies in reused.items()
            if newest[model] == run and model not in left
            for line in copies
        ]
        return [
            row
            for row in standings.standings_in(shown, names, self.call.scoring.metrics)
            if row.point.run_id == newest[row.model].id
        ]

    async def _claims(self, brand: str, runs: Mapping[Model, Sequence[RunKey]]) -> ClaimsByModel:
        """Return the live claims about a brand of each model that has not left."""
        truths = self.call.catalogue.facts_of(brand)
        return await live_claims(
            self.call.store, self.call.scoring.finding_versions, brand, truths, runs
        )


async def next_checks(call: Call, brand: str = "") -> dict[Schedule, datetime]:
    """Return the time of the next check of each schedule, in the order of the catalogue. Schedules
    that are paused or never due again are left out, and those that do not check a given brand.
    """
    found = {}
    for schedule in call.catalogue.schedules:
        if not brand or schedule.concerns(brand):
            now = call.clock.now()
            state = await call.store.schedules.state(schedule.name, now)
            if at := next_run_time(now, schedule, state):
                found[schedule] = at
    return found


def next_run_time(now: datetime, schedule: Schedule, state: ScheduleState) -> datetime | None:
    """Return the time of a schedule's next run; None when it is paused or never due again."""
    return None if state.paused else Cron(schedule.cron, schedule.timezone).after(now)


async def _told_by_plugins(call: Call, at: datetime) -> list[Mapping[str, Any]]:
    """Return what plugins tell of brands at a time (see `Work.keep`), the newest first."""
    settings = [one for one in await call.store.settings.all() if one.name.startswith(KEPT)]
    told = [one.value.get("tells") for one in sorted(settings, key=lambda one: one.at)[::-1]]
    now, keys = at.isoformat(), {"brand", "title", "line", "until", "good"}
    return [one for one in told if isinstance(one, dict) and keys <= {*one} and one["until"] > now]
