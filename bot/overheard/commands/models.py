"""`models list`: the configured models, how each is asked, its price, and whether it is available
just now.
"""

import asyncio
from math import inf
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Card, Severity
from overheard.cards.command import CommandSpec, Face
from overheard.commands.examinations import shutdown_findings
from overheard.deployment import Call
from overheard.domain import FREE, Model, Price
from overheard.interfaces import Judge, Store
from overheard.runs.budget import capabilities_of, price_of
from overheard.runs.limits import BreakerState, ModelLimiter
from overheard.scoring.judge import agreements, doubt, judges, lost_verdicts

NOT_WATCHED = "not watched"
STATES = {
    BreakerState.CLOSED: "works",
    BreakerState.OPEN: "paused",
    BreakerState.HALF_OPEN: "being tried again",
}
MILLION_TOKENS = "A million tokens, in and out"
STATE_NOTE = "Pace and state are what this process has seen; ask a running bot for its own in chat."
"""The footer in a terminal. A process learns a service's limits from the service's answers, and
does not store them, so that a terminal knows less than the bot that asks.
"""


async def list_models(call: Call) -> Card:
    """Return the card of all configured models, with a paragraph for each model that is paused or
    is shut down soon, and one for each judge on how well it agrees with labelled answers. It is a
    warning if a model is paused or is shut down soon.

    Each model has a line, in a terminal with its id and pace. Nothing is asked.
    """
    kept = (await call.kept()).values()
    notes = {m: str(one["told"]) for one in kept if "told" in one for m in one.get("models", ())}
    rows = [
        _model_json(call, model) | {"watch": notes.get(str(model), NOT_WATCHED)}
        for model in call.plugins.models
    ]
    troubled = [row for row in rows if row["state"] != BreakerState.CLOSED]
    judged = [
        await _judge_json(call.store, judge) for judge in judges(call.plugins.scorers.values())
    ]
    reasons = [f"{row['model']}: {row['reason']}" for row in troubled]
    ends = [finding for finding in shutdown_findings(call) if finding.problem]
    reasons += [f"{end.place}: {end.problem}." for end in ends]
    paragraphs = [*reasons, *(judge["told"] for judge in judged)]
    prices = filter(
        None, (price_of(model, call.plugins.providers) for model in call.plugins.models)
    )
    by_tokens = any(price.input or price.output for price in prices)
    in_terminal = call.face is Face.TERMINAL
    lines = []
    for row in rows:
        how = f" ({row['how']})" if row["how"] != "-" else ""
        name, price = call.names.name(Model.parse(row["model"])), row["price"]
        state = f"{row['told']}, {row['watch']}; {price.replace('unknown', 'price unknown')}"
        if in_terminal:  # where people type the id
            name, state = f"{name}, {row['model']}", f"{state}; at a time {row['pace']}"
        lines.append(f"{name}{how}: {state}")
    paragraphs.insert(0, "\n".join(lines))
    return Card(
        title=wording.count(len(rows), "model"),
        text="\n\n".join(filter(None, paragraphs)),
        severity=Severity.WARNING if troubled or ends else Severity.PLAIN,
        footer=" ".join([f"{MILLION_TOKENS}."] * by_tokens + [STATE_NOTE] * in_terminal),
        data={"models": rows, "judges": judged},
    )


async def _judge_json(store: Store, judge: Judge) -> dict[str, Any]:
    """Return a judge for JSON output: its model, its agreement with labelled answers in each round
    (the oldest first), and the numbers of its verdicts in this process.

    ``told`` has the same as sentences: a doubt about the judge if there is one, else the newest
    agreement; then the verdicts that do not count.
    """
    rounds = await agreements(store, judge)
    sentence = f"{judge.model} judges answers, and has not been asked yet."
    if rounds:
        agreed = f"{rounds[-1].right} of {rounds[-1].of} gold labels"
        sentence = f"{judge.model} judges answers; it agrees with {agreed}."
    return {
        "scorer": judge.name,
        "model": str(judge.model),
        "agreements": [{"at": a.at.isoformat(), "right": a.right, "of": a.of} for a in rounds],
        "told": " ".join(filter(None, (doubt(judge, rounds) or sentence, lost_verdicts(judge)))),
        "verdicts": dict(getattr(judge, "verdicts", {})),
    }


def _model_json(call: Call, model: Model) -> dict[str, str]:
    """Return a model for JSON output, each value as text: id, how it is asked (``-`` if that is not
    known), price, pace and state.

    ``state`` is the name of a `BreakerState`, ``told`` the same in words with the time that is
    left, and ``reason`` the last failure (empty if there was none).
    """
    providers = call.plugins.providers
    limiter = call.deployment.limits.limiter(providers[model.provider], model)
    now = asyncio.get_running_loop().time()
    rest = limiter.rest(now)
    state = BreakerState.OPEN if rest else limiter.breaker.state(now)
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
    """Return the pace at which a model is called, in words: ``4 of 8, 500 calls a minute``."""
    calls, tokens = limiter.requests.size, limiter.tokens.size
    parts = [f"{int(limiter.allowed)} of {limiter.most}"]
    parts += [f"{calls:,.0f} calls a minute"] if calls < inf else []
    parts += [f"{tokens:,.0f} tokens a minute"] if tokens < inf else []
    return ", ".join(parts)


def _price_words(price: Price | None, *, batch: bool) -> str:
    """Return the price of a model in words: US dollars per million input and output tokens, per
    search, and the share of the price that is paid in a batch.

    Example: ``$1.25, $10, $0.01 a search, 50 % in a batch``. The result is ``unknown`` for None and
    ``free`` for `FREE`. The parts that are 0 are left out.
    """
    if price is None:
        return "unknown"
    if price == FREE:
        return "free"
    tokens = [f"${price.input:g}, ${price.output:g}"] if price.input or price.output else []
    search = [f"${price.search:g} a search"] if price.search else []
    less = [f"{wording.percent(price.batch)} in a batch"] if batch and price.batch else []
    return ", ".join([*tokens, *search, *less])


MODELS_LIST = CommandSpec(
    "models list",
    "Show every configured model: how it is asked, its price, its pace and its state.",
    list_models,
)
