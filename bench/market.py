"""A market with known counts, for `bench/album.py`: a false price, a drop, and a recovery.

Two models answer eight questions three times every Monday. In each check, exactly so many of a
model's 24 answers name each brand as `NAMED` says. After an update of ChatGPT in the tenth week it
names Pipedrive less, and states a wrong price; in the thirteenth it is as before. Then Claude does
not answer, then no model does, and in the sixteenth Claude names Zoho CRM more than ever.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from overheard.cards.card import Card
from overheard.chat.access import ConfiguredAccess
from overheard.chat.desk import ChatDesk
from overheard.commands.alerts import alert_card
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment
from overheard.domain import Capabilities, Finish, Price, Question, Reply
from overheard.errors import ProviderFailed
from overheard.runtime.wiring import open_deployment
from overheard.testing.fakes import EchoProvider, FakeChat

FIRST_CHECK = datetime(2026, 9, 21, 7, tzinfo=UTC)
REPEATS = 3
NAMED: dict[str, dict[str, tuple[int, ...]]] = {
    "openai": {
        "Pipedrive": (22, 21, 22, 23, 22, 21, 23, 22, 22, 8, 9, 10, 21, 21, 0, 20, 19),
        "HubSpot": (21, 22, 20, 21, 21, 22, 21, 21, 21, 22, 22, 21, 21, 21, 0, 22, 21),
        "Salesforce": (18, 17, 18, 19, 18, 18, 17, 19, 18, 19, 18, 19, 18, 18, 0, 18, 17),
        "Zoho CRM": (14, 15, 14, 13, 14, 15, 14, 13, 14, 13, 14, 13, 14, 14, 0, 14, 14),
        "Freshsales": (8, 7, 8, 9, 8, 8, 7, 9, 8, 16, 17, 16, 9, 8, 0, 8, 9),
    },
    "anthropic": {
        "Pipedrive": (20, 19, 20, 21, 20, 20, 20, 19, 20, 20, 20, 20, 20, 0, 0, 20, 20),
        "HubSpot": (22, 22, 21, 22, 22, 23, 22, 22, 22, 22, 22, 22, 22, 0, 0, 22, 22),
        "Salesforce": (17, 17, 18, 17, 16, 17, 17, 18, 17, 17, 17, 16, 17, 0, 0, 17, 17),
        "Zoho CRM": (15, 15, 14, 15, 16, 15, 15, 15, 15, 15, 15, 15, 15, 0, 0, 22, 22),
        "Freshsales": (8, 8, 9, 8, 8, 7, 8, 8, 8, 8, 8, 9, 8, 0, 0, 8, 8),
    },
}
"""Answers of 24 that name a brand, by provider, brand and week."""
WRONG_PRICE, WRONG_YEAR = {9: 6, 10: 7, 11: 4}, {10: 2, 11: 2}
"""Answers of ChatGPT that state `$49 a month`, and `founded in 1999`, by week."""
SILENT = {"openai": (14,), "anthropic": (13, 14)}
"""The weeks in which a provider does not answer."""
FIRST = {"openai": (15, 19), "anthropic": (9, 16), "worse": (1, 3)}
"""Answers that name Pipedrive first, and that choose it; the last is ChatGPT after its update."""
MODELS = {"openai": "gpt-5.4-mini+search", "anthropic": "claude-sonnet-5-5+search"}
SERVED = ("gpt-5.4-mini-2026-08-01", "gpt-5.4-mini-2026-11-20")
UPDATED = 9
"""The week of the update."""
BRAND = "Pipedrive"
QUESTIONS = (
    "Which CRM is easiest for a five-person sales team?",
    "Which CRM has a visual sales pipeline?",
    "What is the best CRM for a B2B startup?",
    "What is the best CRM for a small sales team?",
    "Which CRM is easiest to learn?",
    "Which CRM works well with Gmail?",
    "Which CRM is good value for a small company?",
    "Which CRM do sales managers like?",
)
PRAISE = {
    "Pipedrive": "Its visual pipeline is excellent and it is easy to learn.",
    "HubSpot": "It has a generous free plan and great reports.",
    "Salesforce": "It is powerful, but expensive and complex.",
    "Zoho CRM": "It is affordable, though its support is slow.",
    "Freshsales": "It is simple and affordable.",
}
CONFIG = """
[storage]
url = "sqlite:///{folder}/market.db"
[access]
admins = ["fake:U1"]
[budget]
month = 5
[[brands]]
name = "Pipedrive"
domains = ["pipedrive.example"]
competitors = ["HubSpot", "Salesforce", "Zoho CRM", "Freshsales"]
[[schedules]]
name = "weekly"
cron = "0 9 * * mon"
timezone = "Europe/Berlin"
repeats = 3
[[facts]]
brand = "Pipedrive"
field = "price"
value = "$14 a month"
source = "https://pipedrive.example/pricing"
[[facts]]
brand = "Pipedrive"
field = "founded"
value = "2010"
"""


@dataclass
class Monday:
    """A clock at the Monday of a week, which advances by a second at each reading."""

    week: int = 0
    _readings: int = 0

    def now(self) -> datetime:
        """Return the time."""
        self._readings += 1
        began = FIRST_CHECK + timedelta(weeks=self.week)
        return began + timedelta(seconds=self._readings % 3_600)


@dataclass(frozen=True)
class Market:
    """The open deployment, its clock, and a person who types."""

    deployment: Deployment
    monday: Monday
    chat: FakeChat
    desk: ChatDesk

    async def check(self, week: int) -> tuple[Card, Card]:
        """Ask and score the questions of a week; return the card of the price and of the result."""
        self.monday.week = week
        screen = await self.chat.type(f"check --repeats {REPEATS}")
        done = await self.chat.click(screen, screen.card.actions[0].label)
        return screen.card, done.card


@asynccontextmanager
async def open_market(folder: str, names: Mapping[str, str] | None = None) -> AsyncIterator[Market]:
    """Open the deployment of the market, before its first check.

    Args:
        folder: The folder for the store.
        names: New names of the brands, by their usual names.
    """
    called = names or {}
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in QUESTIONS)
    config = parse_config(renamed(CONFIG, called).format(folder=folder) + prompts)
    async with open_deployment(config) as opened:
        monday = Monday()
        providers = {name: _provider(name, monday, called) for name in MODELS}
        plugins = replace(opened.plugins, providers=providers)
        deployment = replace(opened, plugins=plugins, clock=monday)
        access = ConfiguredAccess(config.access, deployment.store, monday)
        desk = ChatDesk(deployment, access)
        yield Market(deployment, monday, FakeChat(desk), desk)


class SearchingProvider(EchoProvider):
    """A provider that searches the web before it answers."""

    def capabilities(self, _: str) -> Capabilities:
        """Return what its models can do."""
        return Capabilities(search=True, how="API, web search")


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return a text with other names in it."""
    for old, new in names.items():
        text = text.replace(old, new).replace(old.lower(), new.lower())
    return text


def _provider(name: str, monday: Monday, names: Mapping[str, str]) -> EchoProvider:
    """Return a provider whose answers depend on the week, the question and the repeat only."""
    provider = SearchingProvider(name=name, models=[MODELS[name]], price=Price(0.25, 2.0))
    asked: Counter[tuple[int, str]] = Counter()

    def answer(question: Question) -> Reply | ProviderFailed:
        week, text = monday.week, question.prompt.text
        if week in SILENT[name]:
            return ProviderFailed(
                model=f"{name}/{MODELS[name]}", reason="it is busy; try again later."
            )
        asked[week, text] += 1
        number = QUESTIONS.index(text) * REPEATS + (asked[week, text] - 1) % REPEATS
        return _reply(name, week, number, names)

    provider.answer = answer
    return provider


def _chosen(key: str, count: int, among: range | list[int]) -> list[int]:
    """Return so many of the answers' numbers, the same for a key."""
    return random.Random(key).sample(list(among), min(count, len(among)))


def _reply(name: str, week: int, number: int, names: Mapping[str, str]) -> Reply:
    served = SERVED[week >= UPDATED] if name == "openai" else "claude-sonnet-5-5-20260801"
    text = renamed(reply_text(name, week, number), names)
    return Reply(text, Finish.COMPLETE, cost_usd=0.0009, served_model=served)


def reply_text(name: str, week: int, number: int, lies: int = 0) -> str:
    """Return the text of the answer `number` (0 to 23) of a provider's model in a week. So many
    more answers of ChatGPT state the wrong price than the week has.
    """
    everywhere = range(len(QUESTIONS) * REPEATS)
    named = {
        brand: _chosen(f"{name} {week} {brand}", counts[week], everywhere)
        for brand, counts in NAMED[name].items()
    }
    brands = [brand for brand, numbers in named.items() if number in numbers]
    random.Random(f"{name} {week} {number}").shuffle(brands)
    mine = named[BRAND]
    worse = name == "openai" and week in WRONG_PRICE
    first, best = FIRST["worse" if worse else name]
    if BRAND in brands:
        brands.remove(BRAND)
        at = 0 if number in _chosen(f"first {name} {week}", first, mine) else len(brands)
        brands.insert(at, BRAND)
    picked = number in _chosen(f"best {name} {week}", best, mine)
    pick = BRAND if picked else next((brand for brand in brands if brand != BRAND), "")
    said = ["It depends on how you work."]
    for brand in brands:
        picks = f"I would pick **{brand}** for this."
        lines = [picks if brand == pick else f"**{brand}** is worth a try.", PRAISE[brand]]
        wrong = _chosen(f"price {week}", WRONG_PRICE.get(week, 0) + lies, mine)
        if brand == BRAND and number in wrong:
            lines += ["It costs $49 a month."] if name == "openai" else []
        years = _chosen(f"year {week}", WRONG_YEAR.get(week, 0), mine)
        if brand == BRAND and name == "openai" and number in years:
            lines += ["It was founded in 1999."]
        said.append(" ".join(lines))
    return "\n\n".join(said)


TYPED = (
    ("report", "report"),
    ("report", "trend Pipedrive"),
    ("report", "trend --show voice"),
    ("report", "trend Pipedrive HubSpot"),
    ("home", "status"),
    ("digest", "report --week"),
    ("report", "claims Pipedrive"),
    ("report", "brief Pipedrive"),
    ("report", "changes Pipedrive --show all"),
    ("report", "power Pipedrive"),
    ("report", "spend"),
    ("report", "runs list"),
    ("report", "models list"),
    ("report", "alerts list"),
    ("report", "alerts show 1"),
    ("report", "alerts show 1 --about sure"),
    ("report", "alerts show 1 --about why"),
    ("report", "alerts show 1 --about others"),
    ("report", "alerts show 1 --about since"),
    ("home", "help"),
    ("error", "report Pipedriv"),
    ("error", "reprot"),
)
"""What is typed after the eleventh check, and the budget that its card has to keep."""


LATER = {
    13: "a silent model",
    14: "no answer",
    15: "a competitor that rose",
    16: "a rising competitor",
}
LATER_TYPED = (("digest", "report --week"), ("report", "changes"), ("report", "trend Pipedrive"))


async def market_cards(folder: str) -> AsyncIterator[tuple[str, str, Card]]:
    """Yield (budget, command or occasion, card) in the order of the deployment's life."""
    async with open_market(folder) as market:
        yield "home", "help, before the first check", (await market.chat.type("help")).card
        for week in range(11):
            price, card = await market.check(week)
            if week == 0:
                yield "error", "price of the first check", price
                yield "check", "first check", card
            if week == 3:
                yield "error", "price of a later check", price
                yield "check", "check while learning", card
            if week == 9:
                yield "check", "check that raises an alert", card
        yield "check", "check with an open alert", card
        [alert] = await market.deployment.store.alerts.find()
        yield "alert", "alert", await alert_card(Call(market.deployment), alert)
        for budget, words in TYPED:
            yield budget, words, (await market.chat.type(words)).card
        await market.chat.type("alerts acknowledge 1")
        yield "home", "status, with an owner", (await market.chat.type("status")).card
        for week in (11, 12):
            _, card = await market.check(week)
        yield "check", "check that ends it", card
        yield "digest", "digest of the recovery", (await market.chat.type("report --week")).card
        for week, what in LATER.items():
            _, card = await market.check(week)
            yield "check", f"check with {what}", card
            for budget, words in (("report", "report"), ("home", "status"), *LATER_TYPED):
                yield budget, f"{words}, with {what}", (await market.chat.type(words)).card
