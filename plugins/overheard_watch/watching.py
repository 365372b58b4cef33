"""The daily asking of watched models, and what their answers show."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from overheard import (
    Answer,
    Finish,
    Model,
    ModelUpdate,
    OverheardError,
    Panel,
    Prompt,
    View,
    wording,
)
from overheard_watch.statistic import LEARNING_DAYS, WatchDay, WatchState, watch_state

LABELS = frozenset({"watch start", "watch run"})
"""Labels of its runs: the commands that ask."""
DAY = timedelta(hours=23, minutes=30)
"""Time between two days: a little less than one, as the hour of asking wanders by minutes."""
SOON = timedelta(minutes=55)
"""Time after which a day that is grossly unlike the others is asked again."""
DAYS_A_MONTH = 31
ROUNDING_USD = 1e-9
READ = frozenset({Finish.COMPLETE, Finish.WINDOW, Finish.LENGTH, Finish.REFUSED})
"""Endings of answers that count: what a model refuses is its answer as well."""


class Unanswered(OverheardError):
    """A model has answered no question of the watch, such as an app that only takes tasks."""

    message = (
        "{model} answers no question of the watch. {reason} That another model is served is seen "
        "in each check all the same."
    )

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A model that is watched.

    Attributes:
        models: The model that is asked, and those that it stands for, such as its sibling with web
            search.
        since: When it was first asked; after an event the day of that.
        budget: US dollars that the watch may spend in a month; None if its price is not known.
        due: When it is asked next.
        event: The day since which it has answered otherwise; None before.
        compared: Number of days that this was compared with.
        stopped: The month whose money is spent, such as ``2026-11``; empty while it is asked.
        told: Its state in a few words.
    """

    models: tuple[Model, ...]
    since: datetime
    questions: tuple[str, ...]
    budget: float | None
    due: datetime
    event: datetime | None = None
    compared: int = 0
    stopped: str = ""
    told: str = ""

    @property
    def model(self) -> Model:
        """The model that is asked."""
        return self.models[0]

    @property
    def panel(self) -> Panel:
        """The questions of a day."""
        return Panel((), tuple(map(Prompt, self.questions)), (self.model,), steady=True)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Watched:
        """Return it from the values that were kept."""
        times = {key: datetime.fromisoformat(kept[key]) for key in ("since", "due")}
        event = datetime.fromisoformat(kept["event"]) if kept["event"] else None
        models, questions = map(Model.parse, kept["models"]), tuple(kept["questions"])
        return cls(
            **{**kept, **times, "event": event, "questions": questions, "models": tuple(models)}
        )

    def data(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "models": list(map(str, self.models)),
            "since": self.since.isoformat(),
            "questions": list(self.questions),
            "budget": self.budget,
            "due": self.due.isoformat(),
            "event": self.event.isoformat() if self.event else None,
            "compared": self.compared,
            "stopped": self.stopped,
            "told": self.told,
        }


@dataclass(frozen=True, slots=True)
class Diary:
    """What a watched model has answered.

    Attributes:
        month_usd: US dollars that were spent in this month.
        latest_usd: The same of the latest run.
        served: The ids of the models that answered in the latest run and in none before.
    """

    days: tuple[WatchDay, ...] = ()
    month_usd: float = 0.0
    latest_usd: float = 0.0
    served: tuple[str, ...] = ()

    @property
    def after_another(self) -> float:
        """What the month would have cost after another day like the latest."""
        return self.month_usd + self.latest_usd - ROUNDING_USD


async def watched_models(view: View) -> dict[str, Watched]:
    """Return the models that are watched, by the name under which they are kept."""
    kept = await view.work.kept()
    return {name: Watched.read(value) for name, value in kept.items() if "questions" in value}


async def read_diary(view: View, watched: Watched) -> Diary:
    """Return what a model has answered since it is watched, or since its last event."""
    runs = [
        run
        for run in reversed(await view.history.runs())
        if run.label in LABELS and run.started_at >= watched.since
        if run.panel and watched.model in run.panel.models
    ]
    answers: dict[int, list[Answer]] = {run.id: [] for run in runs}
    if runs:
        async for answer in view.history.answers(runs=list(answers)):
            answers[answer.run_id].append(answer)
    diary, known, now = Diary(), set[str](), view.clock.now()
    for run in runs:
        replies = {one.question.prompt.text: one.reply for one in answers[run.id]}
        texts = {asked: one.text for asked, one in replies.items() if one.finish in READ}
        served = {one.served_model for one in replies.values()} - {""}
        usd = sum(one.cost_usd or 0.0 for one in replies.values())
        in_month = (run.started_at.year, run.started_at.month) == (now.year, now.month)
        again = diary.days and run.started_at - diary.days[-1].at < DAY / 2
        day = replace(diary.days[-1], again=texts) if again else WatchDay(run.started_at, texts)
        diary = Diary(
            days=(*diary.days[: -1 if again else None], day),
            month_usd=diary.month_usd + in_month * usd,
            latest_usd=usd,
            served=tuple(sorted(served - known)) if known else (),
        )
        known |= served
    return diary


@dataclass(frozen=True, slots=True)
class Turn:
    """A watched model whose day has come.

    Attributes:
        asks: Whether it is asked now: the money of its month is not spent.
    """

    watched: Watched
    diary: Diary
    state: WatchState
    asks: bool

    @classmethod
    async def of(cls, view: View, watched: Watched) -> Turn:
        """Return the turn of a model with what it has answered so far."""
        diary = await read_diary(view, watched)
        state = await asyncio.to_thread(watch_state, diary.days, watched.questions)
        budget = watched.budget
        return cls(watched, diary, state, budget is None or diary.after_another <= budget)

    async def take(self, view: View) -> Watched:
        """Ask the model, report and post what is new, keep its state, and return it.

        Raises:
            OverheardError: when it cannot be asked; the next hour tries again.
        """
        now, watched = view.clock.now(), self.watched
        if not self.asks:
            month = f"{now:%Y-%m}"
            return await _kept(view, replace(watched, stopped=month, due=now + DAY), self.state)
        asked = await view.ask(watched.panel)
        if not any(one.reply.text for one in asked.answers):
            name = view.names.name(watched.models[-1])
            raise Unanswered(model=name, reason=" ".join(asked.failures[:1]))
        after = await Turn.of(view, watched)
        if after.diary.served:
            note = ", ".join(after.diary.served)
            for model in watched.models:
                await view.work.report(ModelUpdate(model, now, "served model", note))
        due = now + (SOON if after.state.doubtful else DAY)
        return await _kept(view, replace(watched, stopped="", due=due), after.state)


async def _kept(view: View, watched: Watched, state: WatchState) -> Watched:
    """Keep and return a watch; report and post an event that is new, post that money is spent."""
    key = f"spent-{watched.model}-{watched.stopped}" if watched.stopped else ""
    if state.events:
        [at], [compared] = state.events, state.compared
        note = f"answers to {len(watched.questions)} questions unlike those of {compared} days"
        for model in watched.models:
            await view.work.report(ModelUpdate(model, at, "watch", note))
        watched = replace(watched, since=at, event=at, compared=compared)
        key = f"event-{watched.model}-{at:%Y-%m-%d}"
    watched = replace(watched, told=state_words(watched, state, view.zone))
    await view.work.keep(str(watched.model), watched.data())
    if key:  # posted once; its card is drawn from what is kept
        await view.work.post(key, "watch list", model=str(watched.model))
    return watched


def state_words(watched: Watched, state: WatchState, zone: tzinfo) -> str:
    """Return a watch in a few words, such as ``watched since 3 Nov, 14 calm days of 14``."""
    if watched.stopped:
        spent = wording.money(watched.budget or 0.0)
        return f"not watched until the end of the month: {spent} are spent"
    since = wording.short_day(watched.since, zone)
    if state.learns:
        again = " again" if watched.event else ""
        days = f"day {max(state.baseline, 1)} of {LEARNING_DAYS}"
        return f"watched since {since}, learning{again}: {days}"
    unlike = f", then {wording.count(state.streak, 'day')} unlike them" if state.streak else ""
    return f"watched since {since}, {state.baseline} calm days of {LEARNING_DAYS}{unlike}"


def event_sentence(view: View, watched: Watched) -> str:
    """Return what the last event of a model is; empty without one."""
    if watched.event is None:
        return ""
    name = view.names.name(watched.models[-1])
    day = wording.short_day(watched.event, view.zone)
    return (
        f"Since about {day} the answers of {name} to {len(watched.questions)} fixed questions are "
        f"unlike those of the {watched.compared} days before. Chance does this less than once a "
        "year. Another instruction of its vendor looks the same as another model."
    )
