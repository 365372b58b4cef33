"""`spend`: what answers cost, by model, brand, person, service and channel, and how much of each
limit is used up.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Choice, Field, Severity, Table
from overheard.cards.charts.bars import Bar, Bars
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Kind, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.cards.wording import name_without_id
from overheard.commands.arguments import past_span, span_words
from overheard.config.sections import Config
from overheard.deployment import Call
from overheard.domain import BURST, Account, Run, Spending
from overheard.measure.trends import Span
from overheard.runs.budget import WARNING

Sums = dict[str, float]

GROUPINGS = ("provider", "model", "brand", "asker", "channel")
"""The ways in which spending is summed."""
GROUPING_LABELS = {"model": "Model", "brand": "Brand", "asker": "Person", "provider": "Service"}
"""The groupings of the menu and of further tables, in their order; ``channel`` is only shown when
it is asked for.
"""


async def spend(
    call: Call,
    *,
    days: Annotated[int, option("Of so many days; 0: this month.", low=0)] = 0,
    since: Annotated[str, option("Since this day, instead of days.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
    by: Annotated[str, option("What the chart shows.", choices=GROUPINGS)] = "model",
) -> Card:
    """Return the card of what answers cost in a time, with a chart by one grouping, and how much of
    each limit is used up.

    A chat has a menu of the other groupings. The card is a warning if the share `WARNING` of a
    limit is spent.

    Args:
        call: Has the time zone of `since` and `until`.
        days: The number of days (of UTC) up to `until`, that day included; 0 means from the first
            of the month.
        since: The first day; if given, `days` is ignored.
        until: The last day, included; empty means up to now.
        by: The grouping of the chart, one of `GROUPINGS`.
    """
    now = call.clock.now()
    span = past_span(since, until, now, call.zone)
    midnight = (span.end or now).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=days - 1) if days else midnight.replace(day=1)
    begin = span.begin or first
    spent = await call.store.money.spending(since=begin, until=span.end)
    runs = {run.id: run for run in await call.store.runs.find()}
    sums = {name: _sums(spent, _names_function(name, runs)) for name in GROUPINGS}
    shown = _sums_by_display_name(by, sums[by], call.names)
    total = sum(spending.usd for spending in spent)
    estimated = sum(spending.estimated_usd for spending in spent)
    again = sum(one.usd for one in spent if runs[one.run_id].label == BURST)
    budget = await _budget_json(call)
    near = any(row["share"] >= WARNING for row in budget)
    typed = {"days": str(days) if days else "", "since": since, "until": until}
    bars = Bars(
        f"Spent by {GROUPING_LABELS.get(by, by).lower()}",
        tuple(Bar(k, v) for k, v in shown.items()),
    )
    header = (GROUPING_LABELS.get(by, by.capitalize()), "Spent")
    rows = tuple((name, wording.money(usd)) for name, usd in shown.items())
    when = span_words(Span(begin, span.end), call.zone)
    return Card(
        title=f"Spent {wording.money(total, about=estimated > 0)}",
        text=f"{when[:1].upper()}{when[1:]}, for "
        f"{wording.count(sum(spending.answers for spending in spent), 'answer')}."
        f"{_estimate_sentence(estimated, total)}{_again_sentence(call.config, again)}",
        fields=tuple(
            Field(
                _limit_name(row["key"]),
                f"{wording.money(float(row['spent']))} of {wording.money(float(row['allowed']))} "
                f"({wording.percent(float(row['share']))})",
            )
            for row in budget
        ),
        table=Table(header, rows, frozenset({1}), pictured=True) if rows else None,
        image=await picture(bars, "spend.png") if spent else None,
        severity=Severity.WARNING if near else Severity.PLAIN,
        actions=(Action("budget set", "Budget"),),
        footer="Brands that share an answer share its cost." if len(sums["brand"]) > 1 else "",
        choice=_chart_menu(by, sums, typed),
        data={
            "since": begin.isoformat(),
            "until": span.end.isoformat() if span.end else None,
            "spent_usd": total,
            "estimated_usd": estimated,
            "asked_again_usd": again,
            "answers": sum(spending.answers for spending in spent),
            **{f"by_{name}": sums[name] for name in GROUPINGS},
            "budget": budget,
        },
    )


def _sums_by_display_name(name: str, sums: Sums, names: ModelNames) -> Sums:
    """Return sums with display names in place of keys, in the same order. Sums of keys with the
    same name are added up, at the place of the first.
    """
    labels: Mapping[str, str] = {}
    if name == "asker":
        labels = {key: name_without_id(key) for key in sums}
    elif name == "model":
        labels = {str(model): names.name(model) for model in names.models}
    shown: Sums = {}
    for key, usd in sums.items():
        label = labels.get(key, key)
        shown[label] = shown.get(label, 0.0) + usd
    return shown


def _chart_menu(by: str, sums: Mapping[str, Sums], typed: Mapping[str, str]) -> Choice | None:
    """Return a menu that shows the same time by another grouping, with the present one selected.

    Groupings of `GROUPING_LABELS` with fewer than two entries are left out, except the present one.
    """
    names = [name for name in GROUPING_LABELS if name == by or len(sums[name]) > 1]
    if by not in names or len(names) < 2:
        return None
    given = "".join(f" --{name} {quoted(value)}" for name, value in typed.items() if value)
    entries = tuple(
        Action(f"spend --by {name}{given}", f"By {GROUPING_LABELS[name].lower()}") for name in names
    )
    return Choice("Show", entries, names.index(by))


def _limit_name(key: str) -> str:
    """Return the name of a limit for people: ``Today`` for ``day``, ``This month`` for ``month``,
    ``Acme, this month`` for ``brands.Acme``.
    """
    kind, _, name = key.partition(".")
    if name:
        return f"{name}, this month"
    return {"day": "Today", "month": "This month"}.get(kind, kind)


def _again_sentence(config: Config, usd: float) -> str:
    """Return a sentence, after a space, on what asking again has cost, and may cost; empty if it
    has cost nothing.
    """
    if not usd:
        return ""
    share = wording.percent(config.bursts.share)
    return (
        f" {wording.money(usd)} of it went to asking again where something may have changed: at "
        f"most {share} of what the checks of a year cost."
    )


def _estimate_sentence(usd: float, total: float) -> str:
    """Return a sentence, after a space, on how much of a sum is estimated; empty if nothing is."""
    if not usd:
        return ""
    part = "This" if usd >= total else f"Of this, {wording.money(usd)}"
    return f" {part} is estimated: the services did not report the usage."


def _names_function(name: str, runs: Mapping[int, Run]) -> Callable[[Spending], list[str]]:
    """Return a function that returns, for a payment, the keys of a grouping that share it equally.

    A payment has one key, such as its model. Only for the grouping ``brand`` there may be several:
    the brands of the run that the prompt concerns. ``(none)`` stands for no brand or channel,
    ``(unknown)`` for no person.
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
    """Return the spent US dollars by key, the largest first, then by key. A payment is divided
    equally among its keys.
    """
    sums: Sums = defaultdict(float)
    for spending in spent:
        names = shared_by(spending)
        for name in names:
            sums[name] += spending.usd / len(names)
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


async def _budget_json(call: Call) -> list[dict[str, Any]]:
    """Return each limit that is set, for JSON output: of the day, the month, and each brand and
    channel in this month (days and months of UTC).

    Sums are in US dollars: ``spent``, ``held`` (reserved for calls under way) and ``allowed``.
    ``share`` is the spent part of the limit, 1 for a limit of 0.
    """
    budget, now = call.config.budget, call.clock.now()
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
    balances = await call.store.money.balances([account for account, _ in limits.values()])
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


SPEND = CommandSpec(
    "spend",
    "Show what was spent, by provider, model, brand and person.",
    spend,
    examples=("spend", "spend --days 7", "spend --since 2026-10-01 --until 2026-10-31"),
    chart="",
)
