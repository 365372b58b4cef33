"""`spend`: where the money went, and what of each limit is used up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any

from overheard.alerts.events import name_without_id
from overheard.cards import wording
from overheard.cards.card import Action, Card, Choice, Field, Severity, Table
from overheard.cards.charts.bars import Bar, Bars
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, Kind, option, quoted
from overheard.commands.arguments import Span, past_span
from overheard.deployment import Call, Deployment
from overheard.domain import Account, Run, Spending
from overheard.runs.budget import WARNING

Sums = dict[str, float]

BY = ("provider", "model", "brand", "asker", "channel")
SUM_NAMES = {"model": "Model", "brand": "Brand", "asker": "Person", "provider": "Service"}


async def spend(
    deployment: Deployment,
    call: Call,
    *,
    days: Annotated[int, option("Of so many days; 0: this month.", low=0)] = 0,
    since: Annotated[str, option("Since this day, instead of days.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
    by: Annotated[str, option("What the chart shows.", choices=BY)] = "model",
) -> Card:
    """Show the spending of a time: a chat gets one chart with a menu, a terminal also the sums by
    model, brand, person and provider.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        days: The number of days, today included; 0 means from the first of the month UTC.
        since: The first day, instead of ``days``.
        until: The last day; empty means now.
        by: The key of the chart's sums, one of `BY`.

    Raises:
        TimeUnreadable: for a day that cannot be read.
    """
    now = deployment.clock.now()
    span = past_span(since, until, now, call.zone)
    begin = span.begin or _first_moment(span.end or now, days)
    spent = await deployment.store.money.spending(since=begin, until=span.end)
    runs = {run.id: run for run in await deployment.store.runs.find()}
    sums = {name: _sums(spent, _names_function(name, runs)) for name in BY}
    shown = {name: _sums_by_display_name(name, sums[name], deployment) for name in BY}
    total = sum(spending.usd for spending in spent)
    estimated = sum(spending.estimated_usd for spending in spent)
    budget = await _budget_json(deployment)
    near = any(row["share"] >= WARNING for row in budget)
    in_chat = call.face is Face.CHAT
    others = [name for name in SUM_NAMES if name != by and len(sums[name]) > 1 and not in_chat]
    typed = {"days": str(days) if days else "", "since": since, "until": until}
    bars = Bars(
        f"Spent by {SUM_NAMES.get(by, by).lower()}", tuple(Bar(k, v) for k, v in shown[by].items())
    )
    return Card(
        title=f"Spent {wording.money(total, about=estimated > 0)}",
        text=f"{_span_words(Span(begin, span.end), call.zone)}, for "
        f"{wording.count(sum(spending.answers for spending in spent), 'answer')}."
        f"{_estimate_sentence(estimated, total)}",
        fields=tuple(Field(_limit_name(row["key"]), _limit_words(row)) for row in budget),
        table=_sums_table(SUM_NAMES.get(by, by.capitalize()), shown[by], pictured=True),
        image=await picture(bars, "spend.png") if spent else None,
        severity=Severity.WARNING if near else Severity.PLAIN,
        actions=(Action("budget set", "Budget"),) if in_chat else (),
        footer="Brands that share an answer share its cost." if len(sums["brand"]) > 1 else "",
        choice=_chart_menu(by, sums, typed) if in_chat else None,
        more=tuple(Card(f"By {n}", table=_sums_table(SUM_NAMES[n], shown[n])) for n in others),
        data={
            "since": begin.isoformat(),
            "until": span.end.isoformat() if span.end else None,
            "spent_usd": total,
            "estimated_usd": estimated,
            "answers": sum(spending.answers for spending in spent),
            **{f"by_{name}": sums[name] for name in BY},
            "budget": budget,
        },
    )


def _sums_by_display_name(name: str, sums: Sums, deployment: Deployment) -> Sums:
    """Return sums (US dollars) by display names of models and names of people."""
    models = {str(model): deployment.names.name(model) for model in deployment.names.models}
    shown: Sums = {}
    for key, usd in sums.items():
        label = (
            name_without_id(key)
            if name == "asker"
            else models.get(key, key)
            if name == "model"
            else key
        )
        shown[label] = shown.get(label, 0.0) + usd
    return shown


def _chart_menu(by: str, sums: Mapping[str, Sums], typed: Mapping[str, str]) -> Choice | None:
    """Return the menu of charts of the same time, with the chart `by` selected; None if there is no
    other chart to show. `sums` are by chart and name, `typed` the options of the command as typed.
    """
    names = [name for name in SUM_NAMES if name == by or len(sums[name]) > 1]
    given = "".join(f" --{name} {quoted(value)}" for name, value in typed.items() if value)
    entries = tuple(
        Action(f"spend --by {name}{given}", f"By {SUM_NAMES[name].lower()}") for name in names
    )
    return Choice("Show", entries, names.index(by)) if by in names and len(names) > 1 else None


def _limit_name(key: str) -> str:
    """Return the display name of a limit's key: ``This month``, ``Acme, this month``."""
    kind, _, name = key.partition(".")
    if name:
        return f"{name}, this month"
    return {"day": "Today", "month": "This month"}.get(kind, kind)


def _estimate_sentence(usd: float, total: float) -> str:
    if not usd:
        return ""
    part = "This" if usd >= total else f"Of this, {wording.money(usd)}"
    return f" {part} is estimated: the services did not report the usage."


def _span_words(span: Span, zone: tzinfo) -> str:
    """Return the days of a span in words: ``Since 1 Oct 2026`` or ``1 Oct 2026 to 31 Oct 2026``."""
    begin = wording.day(span.begin, zone) if span.begin else ""
    if span.end is None:
        return f"Since {begin}"
    return f"{begin} to {wording.day(span.end - timedelta(seconds=1), zone)}"


def _first_moment(now: datetime, days: int) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days - 1) if days else midnight.replace(day=1)


def _names_function(name: str, runs: Mapping[int, Run]) -> Callable[[Spending], list[str]]:
    """Return a function from a payment to the names (of `name`: provider, model, brand, asker or
    channel) that share it equally.
    """

    def brands(spending: Spending) -> list[str]:
        panel, prompt = runs[spending.run_id].panel, spending.prompt
        named = panel.brands if panel else ()
        return [b for b in named if prompt.concerns(b)] or ["(none)"]

    shares: dict[str, Callable[[Spending], list[str]]] = {
        "provider": lambda s: [s.model.provider],
        "model": lambda s: [str(s.model)],
        "brand": brands,
        "asker": lambda s: [runs[s.run_id].asked_by or "(unknown)"],
        "channel": lambda s: [runs[s.run_id].channel or "(none)"],
    }
    return shares[name]


def _sums(spent: Iterable[Spending], shared_by: Callable[[Spending], list[str]]) -> Sums:
    """Return the spent sums in US dollars by name, largest first; a payment is divided equally
    among the names that `shared_by` returns for it.
    """
    sums: Sums = defaultdict(float)
    for spending in spent:
        names = shared_by(spending)
        for name in names:
            sums[name] += spending.usd / len(names)
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _sums_table(header: str, sums: Sums, *, pictured: bool = False) -> Table | None:
    rows = tuple((name, wording.money(usd)) for name, usd in sums.items())
    return Table((header, "Spent"), rows, frozenset({1}), pictured=pictured) if rows else None


async def _budget_json(deployment: Deployment) -> list[dict[str, Any]]:
    """Return each limit of the budget in US dollars with the amounts spent and reserved, for JSON
    output.
    """
    budget, now = deployment.config.budget, deployment.clock.now()
    month, day = f"{now:%Y-%m}", f"{now:%Y-%m-%d}"
    limits = {
        "day": (Account("day", period=day), budget.day),
        "month": (Account("month", period=month), budget.month),
        **{f"brands.{n}": (Account("brand", n, month), usd) for n, usd in budget.brands.items()},
        **{
            f"channels.{n}": (Account("channel", n, month), usd)
            for n, usd in budget.channels.items()
        },
    }
    balances = await deployment.store.money.balances([account for account, _ in limits.values()])
    return [
        {
            "key": key,
            "spent": balances[account].spent,
            "held": balances[account].held,
            "allowed": usd,
            "share": balances[account].spent / usd if usd else 1.0,
        }
        for key, (account, usd) in limits.items()
        if usd is not None
    ]


def _limit_words(row: Mapping[str, Any]) -> str:
    spent, allowed, share = (float(row[key]) for key in ("spent", "allowed", "share"))
    return f"{wording.money(spent)} of {wording.money(allowed)} ({wording.percent(share)})"


SPEND = CommandSpec(
    "spend",
    "Show what was spent, by provider, model, brand and person.",
    spend,
    examples=("spend", "spend --days 7", "spend --since 2026-10-01 --until 2026-10-31"),
    chart="",
)
