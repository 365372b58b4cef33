"""`models list`: who can be asked, how, for how much, and whether they are asked just now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table
from overheard.cards.command import CommandSpec, Face
from overheard.commands.examinations import shutdown_findings
from overheard.deployment import Call, Deployment
from overheard.domain import FREE, Model, Price
from overheard.interfaces import Judge
from overheard.runs.cost_estimate import capabilities_of, price_of
from overheard.runs.limits import ModelLimiter
from overheard.runs.retries import BreakerState
from overheard.scoring.judge import judges
from overheard.scoring.judge_drift import agreements, doubt, lost_verdicts

STATES = {
    BreakerState.CLOSED: "works",
    BreakerState.OPEN: "paused",
    BreakerState.HALF_OPEN: "being tried again",
}
OWN = "Pace and state are what this process has seen; ask a running bot for its own in chat."
"""A process learns a service's limits from the service's answers, and does not store them."""


async def list_models(deployment: Deployment, call: Call) -> Card:
    """Show each configured model: search and knowledge, price, pace, state; and how well judges
    agree with labelled answers.
    """
    rows = [_model_json(deployment, model) for model in deployment.plugins.models]
    troubled = [row for row in rows if row["state"] != BreakerState.CLOSED]
    judged = [
        await _judge_json(deployment, judge)
        for judge in judges(deployment.plugins.scorers.values())
    ]
    reasons = [f"{row['model']}: {row['reason']}" for row in troubled]
    ends = [finding for finding in shutdown_findings(deployment) if finding.problem]
    reasons += [f"{end.place}: {end.problem}." for end in ends]
    return Card(
        title=wording.count(len(rows), "model"),
        text="\n\n".join(
            [*_models_paragraph(call, deployment, rows), *reasons, *(j["told"] for j in judged)]
        ),
        table=_models_table(deployment, rows) if call.face is Face.TERMINAL else None,
        severity=Severity.WARNING if troubled or ends else Severity.PLAIN,
        footer=OWN if call.face is Face.TERMINAL else "",
        data={"models": rows, "judges": judged},
    )


def _models_table(deployment: Deployment, rows: Sequence[Mapping[str, str]]) -> Table:
    """Return the terminal's table of models with ids, prices and pace; `rows` are those of the JSON
    output, see `_model_json`.
    """
    return Table(
        ("Model", "Asked by", "A million tokens, in and out", "At a time", "State"),
        tuple(
            (
                f"{deployment.names.name(Model.parse(row['model']))}, {row['model']}",
                row["how"],
                row["price"],
                row["pace"],
                row["told"],
            )
            for row in rows
        ),
    )


def _models_paragraph(
    call: Call, deployment: Deployment, rows: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    """Yield, in a chat, one paragraph with a line for each model: how it is asked and whether it
    works. `rows` are those of the JSON output, see `_model_json`.
    """
    if call.face is Face.CHAT and rows:
        asked = [f" ({row['how']})" if row["how"] != "-" else "" for row in rows]
        named = [deployment.names.name(Model.parse(row["model"])) for row in rows]
        lines = zip(named, asked, (row["told"] for row in rows), strict=True)
        yield "\n".join(f"{name}{how}: {state}" for name, how, state in lines)


async def _judge_json(deployment: Deployment, judge: Judge) -> dict[str, Any]:
    """Return how often a judge agrees with labelled answers, for JSON output, with a sentence
    (``told``).
    """
    by_model = await agreements(deployment.store, judge)
    latest = by_model[-1] if by_model else None
    doubts = doubt(judge, by_model)
    usual = f"{judge.model} judges answers, and has not been asked yet."
    if latest:
        agreed = f"{latest.right} of {latest.of} gold labels"
        usual = f"{judge.model} judges answers; it agrees with {agreed}."
    return {
        "scorer": judge.name,
        "model": str(judge.model),
        "agreements": [{"at": a.at.isoformat(), "right": a.right, "of": a.of} for a in by_model],
        "told": " ".join(filter(None, (doubts or usual, lost_verdicts(judge)))),
        "verdicts": dict(getattr(judge, "verdicts", {})),
    }


def _model_json(deployment: Deployment, model: Model) -> dict[str, str]:
    """Return a model with its price, pace and state for JSON output, all in words."""
    providers = deployment.plugins.providers
    limiter = deployment.limits.limiter(providers[model.provider], model)
    state, rest = _breaker_state(limiter)
    can = capabilities_of(model, providers)
    shown = STATES[state]
    in_words = f"{shown}, for {wording.duration(rest)}" if rest else shown
    return {
        "model": str(model),
        "how": can.how or "-",
        "price": _price_words(price_of(model, providers), batch=can.batch),
        "pace": _pace_words(limiter),
        "state": state.value,
        "told": in_words,
        "reason": limiter.breaker.reason,
    }


def _pace_words(limiter: ModelLimiter) -> str:
    """Return the pace of a limiter in words: how many calls may be under way at once, and the calls
    and tokens allowed a minute, as configured or learnt.
    """
    calls, tokens = limiter.requests.size, limiter.tokens.size
    parts = [f"{int(limiter.allowed)} of {limiter.most}"]
    parts += [f"{calls:,.0f} calls a minute"] if calls < inf else []
    parts += [f"{tokens:,.0f} tokens a minute"] if tokens < inf else []
    return ", ".join(parts)


def _breaker_state(limiter: ModelLimiter) -> tuple[BreakerState, float]:
    now = asyncio.get_running_loop().time()
    rest = limiter.rest(now)
    return (BreakerState.OPEN if rest else limiter.breaker.state(now)), rest


def _price_words(price: Price | None, *, batch: bool) -> str:
    """Return the price of a model in words: US dollars a million input and output tokens, a search,
    a batch.
    """
    if price is None:
        return "unknown"
    if price == FREE:
        return "free"
    search = f", ${price.search:g} a search" if price.search else ""
    less = f", {wording.percent(price.batch)} in a batch" if batch and price.batch else ""
    return f"${price.input:g}, ${price.output:g}{search}{less}"


MODELS_LIST = CommandSpec(
    "models list",
    "Show every configured model: how it is asked, its price, its pace and its state.",
    list_models,
    examples=("models list",),
)
