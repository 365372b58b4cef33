"""`changes`: what has changed in a time: alerts, and updates of models; or over the whole past."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from overheard.alerts.events import alert_row, alert_table, show_actions
from overheard.alerts.story import alerts_about
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, fitting
from overheard.cards.command import CommandSpec, Kind, argument, option, quoted
from overheard.commands.arguments import past_span, span_words
from overheard.commands.shifts import past_changes
from overheard.commands.updates import list_updates
from overheard.deployment import Call
from overheard.domain import Alert, Model, ModelUpdate
from overheard.measure.trends import Span
from overheard.runs.plan import choose_brands, find_brand
from overheard.views.news import NewsKind, Telling, read_tellings, told_titles, with_standing_news

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
    model: Annotated[str, option("Only at this model, of what is recent.", Kind.MODEL)] = "",
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
            await list_updates(call)
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
        still_open = span.end is None and not alert.state.over
        return span.holds(alert.opened_at) or still_open

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
