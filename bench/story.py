"""The cards of a deployment at work, for `bench/album.py`: real commands, store and scores.

Two invented models are asked every Monday which project tool is best. After eight weeks one of them
is updated in silence and names Acme less; later it goes further, and then it comes back.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from overheard.alerts.events import event_card, quiet_hours_card
from overheard.alerts.outbox import EARLIER_ALERT_LABEL
from overheard.cards.card import Card, Link
from overheard.chat.access import ConfiguredAccess
from overheard.chat.desk import ChatDesk
from overheard.commands.alerts import alert_card
from overheard.commands.check import check
from overheard.commands.plugins import notice_card
from overheard.config.loader import parse_config
from overheard.config.sections import Config
from overheard.deployment import Call, Deployment
from overheard.domain import AlertEventKind, AlertState, Finish, Price, Question, Reply
from overheard.interfaces import Form
from overheard.runtime.wiring import open_deployment
from overheard.testing.fakes import ADA, EchoProvider, FakeChat

WEEKS = (0.9,) * 8 + (0.55,) * 4 + (0.05,) * 4 + (0.9,) * 3 + (0.1,) * 2
"""How often the model that is updated names Acme, by week."""
HOME = "The App Home"
UPDATED = 8
"""The week of the silent update."""
REPEATS = 3
SERVED = ("gpt-5-2025-08-07", "gpt-5-2026-02-27")
PROMPTS = (
    "Which project tool suits a small team?",
    "What are good alternatives to Globex for agencies?",
    "What do engineers use to plan sprints?",
    "Which tool is easiest for people who hate tools?",
    "Which project tool has a good free plan?",
    "What is the best tool to plan a product launch?",
    "Which project tool do consultants recommend?",
    "What should a charity use to plan its projects?",
)
CONFIG = """
[storage]
url = "sqlite:///{folder}/story.db"
[access]
admins = ["fake:U1"]
[budget]
month = 100
[[brands]]
name = "Acme"
domains = ["acme.example"]
competitors = ["Globex", "Initech"]
[[schedules]]
name = "weekly"
cron = "0 7 * * mon"
timezone = "Europe/Berlin"
repeats = 3
[[facts]]
brand = "Acme"
field = "price"
value = "$10 a month"
source = "https://acme.example/pricing"
"""
PRAISE = (
    "**{}** is easy to learn and reliable, and its free plan is generous.",
    "Many teams choose {} because it is simple; its support is excellent.",
    "{} is a solid choice, though its reports are limited.",
    "{} is powerful but expensive, and people find it slow.",
)
SECTIONS = {
    "Measure and read": (
        "check", "report", "trend Acme", "trend Acme --metric sentiment", "claims Acme",
        'ask "Which project tool is best for a small team?"',
        "compare openai/gpt-5 anthropic/claude-5 Acme", "changes Acme --show all", "power Acme",
        "runs list", "changes --show updates", "updates add openai/gpt-5 --when 2026-03-15",
        "updates remove 1",
    ),
    "Alerts": (
        "alerts list", "evidence 1", "alerts show 1", "alerts recheck 1",
        'alerts update 1 --note "announced on their blog"',
    ),
    "What is measured": (
        "brands", 'brands add "Beacon Boards" --alias Beacon --domain beacon.example',
        'brands edit "Beacon Boards" --competitor Globex', 'brands remove "Beacon Boards"',
        'brands remove "Beacon Boards" --undo', "brands suggest Acme", "prompts list Acme",
        'prompts add "Is Acme worth its price?" --brand Acme --topic pricing',
        'prompts edit "Is Acme worth" --tag price', 'prompts remove "Is Acme worth"',
        'prompts remove "Is Acme worth" --undo', "prompts suggest Acme", "facts list Acme",
        "facts add Acme founded 2014", "facts edit Acme founded 2015",
        "facts remove Acme founded", "facts remove Acme founded --undo",
        "prompts suggest Acme --facts",
        "scores list", "scores prune",
    ),
    "Fine-tuning": (
        "landscape", "landscape openai", "brief Acme", "brief done a1b2c3",
        "brief done a1b2c3 --undo",
        "dataset review Acme", "dataset approve 3", "dataset correct 3 \"Acme costs $10 a month.\"",
        "dataset withdraw 3",
    ),
    "Run and set up": (
        "status", "models list", "schedules list",
        'schedules add daily "30 6 * * *" --timezone Europe/Berlin --repeats 3',
        "schedules edit daily --repeats 5", "schedules pause daily", "schedules pause daily --undo",
        "schedules run daily", "schedules remove daily", "runs resume 1f3a", "runs pause 1f3a",
        "runs cancel 1f3a", "spend", "spend --by brand", "audit --limit 10", "plugins list",
        "plugins openai", "plugins resume acme", "help", "help check", "hepl",
        "report Acmee", "brands remove Acme",
    ),
}  # fmt: skip
"""What people type, in an order in which most of it works."""
PAUSED = "10 faults in a row (it raised TimeoutError); it is not notified until you try it again."
"""What a paused plugin's notice says."""
SAME = {AlertState.SNOOZED, AlertState.CLOSED}
"""Where an alert's message is as it was, but for its state."""
FORMS = ("brands add", "prompts add", "schedules edit weekly", "check", "facts edit Acme founded")
"""Commands that lack something, where a chat has forms."""


@dataclass
class Week:
    """A clock at the Monday of a week, which advances by a second at each reading."""

    number: int = 0
    _looks: int = field(default=0)

    def now(self) -> datetime:
        """Return the time."""
        self._looks += 1
        began = datetime(2026, 1, 5, 6, tzinfo=UTC) + timedelta(weeks=self.number)
        return began + timedelta(seconds=self._looks % 3_600)


@dataclass(frozen=True)
class Scene:
    """A card, or a form, and how one comes to see it."""

    section: str
    title: str
    shown: Card | Form


_told: dict[int, int] = {}
"""The revision of each alert that was looked at last."""
_shown: set[tuple[int, str, str]] = set()
"""The alerts, titles and states or texts of what was yielded: the rest looks the same."""


async def story(folder: str) -> AsyncIterator[Scene]:
    """Yield the scenes that people see of a deployment, in the order of its life."""
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS)
    config: Config = parse_config(CONFIG.format(folder=folder) + prompts)
    async with open_deployment(config) as opened:
        week = Week()
        providers = {one.name: one for one in map(_provider, ("openai", "anthropic"), (week,) * 2)}
        plugins = replace(opened.plugins, providers=providers)
        deployment = replace(opened, plugins=plugins, clock=week)
        call = Call(deployment, channel="fake:general")
        desk = ChatDesk(deployment, ConfiguredAccess(config.access, deployment.store, week))
        chat = FakeChat(desk)
        for scenes in (_life(call, week, chat), _posts(call, desk), _commands(chat)):
            async for scene in scenes:
                yield scene


async def _life(call: Call, week: Week, chat: FakeChat) -> AsyncIterator[Scene]:
    """Yield the check of a quiet week, then the alert after each change of its state."""
    for number in range(len(WEEKS)):
        week.number = number
        card = await (await check(await call.refreshed(), repeats=REPEATS)).execute()
        if number == 1:
            yield Scene("Measure and read", "check, in a quiet week", card)
        async for scene in _changed(call.deployment):
            yield scene
        [latest, *_] = [*await call.store.alerts.find(), None]
        if latest is None or latest.state is not AlertState.OPEN or latest.id > 1:
            continue
        for words in ("alerts acknowledge 1", "alerts snooze 1 --for update"):
            yield Scene("Alerts", f"/overheard {words}", (await chat.type(words)).card)
            async for scene in _changed(call.deployment):
                yield scene
    for words in ("alerts close 1", "alerts close 1 --undo", "alerts close 1"):
        yield Scene("Alerts", f"/overheard {words}", (await chat.type(words)).card)
    async for scene in _changed(call.deployment):
        yield scene


async def _changed(deployment: Deployment) -> AsyncIterator[Scene]:
    """Yield the message of each alert that has changed since the last call, and the latest message
    in its thread.
    """
    now = await deployment.refreshed()
    for alert in reversed(await now.store.alerts.find()):
        if _told.get(alert.id) == alert.revision:
            continue
        _told[alert.id] = alert.revision
        card = await alert_card(Call(now), alert)
        if alert.state not in SAME and _is_new(alert.id, card.title, alert.state.value):
            if alert.follows:
                card = replace(
                    card, link=Link(EARLIER_ALERT_LABEL, "https://acme.slack.com/archives/C1/p1")
                )
            yield Scene("Alerts", f"Alert {alert.id} in its channel", card)
        for event in (await now.store.alerts.events(alert.id))[1:][-1:]:
            if event.what is AlertEventKind.CONTINUED:  # which is not posted
                continue
            card = event_card(alert, event, now.names)
            if _is_new(alert.id, card.title, str(card.text)):
                yield Scene("Alerts", "In its thread", card)


def _is_new(number: int, title: str, more: str) -> bool:
    """Whether something was not yielded yet; from now on it was."""
    there = len(_shown)
    _shown.add((number, title, more))
    return len(_shown) > there


async def _posts(call: Call, desk: ChatDesk) -> AsyncIterator[Scene]:
    """Yield the cards that no request asked for."""
    alerts = await call.store.alerts.find()
    titles = [(await alert_card(call, alert)).title for alert in alerts]
    digest = quiet_hours_card(alerts, titles, call.zone)
    yield Scene("Alerts", "After quiet hours", digest or Card("Nothing was held back"))
    yield Scene("Run and set up", HOME, await desk.home(ADA))
    fault = notice_card("webhook", PAUSED)
    yield Scene("Run and set up", "A plugin that fails", fault)


async def _commands(chat: FakeChat) -> AsyncIterator[Scene]:
    """Yield the card of each command, the cards after a confirmation, and the forms."""
    for section, typed in SECTIONS.items():
        for words in typed:
            screen = await chat.type(words)
            yield Scene(section, f"/overheard {words}", screen.card)
            labels = [one.label for one in screen.card.actions]
            if labels[1:] == ["Cancel"]:
                answer = "Cancel" if words in {"check", "scores prune"} else labels[0]
                told = await chat.click(screen, answer)
                yield Scene(section, f"... {answer}", told.card)
                if any(one.label == "Undo" for one in told.card.actions):
                    undone = await chat.click(told, "Undo")
                    yield Scene(section, "... Undo", undone.card)
    chat.forms = True
    for words in FORMS:
        if form := (await chat.type(words)).form:
            yield Scene("What is measured", f"/overheard {words}", form)


def _provider(name: str, week: Week) -> EchoProvider:
    """Return a provider whose answers depend on the week and the question only, by a
    seeded chance.
    """
    models = {"openai": "gpt-5", "anthropic": "claude-5"}
    provider = EchoProvider(name=name, models=[models[name]], price=Price(1.25, 10.0))

    def answer(question: Question) -> Reply:
        asked = f"{name} {week.number} {question.prompt.text} {len(provider.asked)}"
        chance = random.Random(asked)
        acme = WEEKS[week.number] if name == "openai" else 0.6
        brands = [
            brand
            for brand, share in (("Acme", acme), ("Globex", 0.6), ("Initech", 0.45))
            if chance.random() < share
        ]
        chance.shuffle(brands)
        return _reply(name, week, chance, brands)

    provider.answer = answer
    return provider


def _reply(name: str, week: Week, chance: random.Random, brands: list[str]) -> Reply:
    """Return the reply of a provider that praises some brands, and sometimes states a price of
    Acme.
    """
    said = [chance.choice(PRAISE).format(brand) for brand in brands]
    if "Acme" in brands and chance.random() < 0.3:
        said.append(f"Acme costs ${chance.choice((10, 12, 15))} a month.")
    said.append("Compare their plans at https://reviews.example/project-tools before you decide.")
    served = SERVED[week.number >= UPDATED] if name == "openai" else "claude-5-20250929"
    text = " ".join(["It depends on how you work.", *said])
    return Reply(text, Finish.COMPLETE, cost_usd=0.0021, served_model=served)
