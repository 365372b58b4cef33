"""Deployments in every state that a brand can be in, made by real checks of scripted models."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from kit.office import OpenGate
from overheard.cards.card import Card
from overheard.chat.desk import ChatDesk
from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment, assemble
from overheard.domain import Finish, Price, Question, Reply
from overheard.errors import ProviderFailed
from overheard.plugins import Plugins
from overheard.testing.deployment import open_test_store
from overheard.testing.fakes import EchoProvider, FakeChat
from overheard_accuracy.scorer import Accuracy
from overheard_visibility.scorer import Visibility

PROMPTS, REPEATS = 8, 3
ANSWERS = PROMPTS * REPEATS
FIRST_MONDAY = datetime(2026, 9, 21, 7, tzinfo=UTC)
MODELS = {"openai": "gpt-5", "anthropic": "claude-5", "google": "gemini-3"}
NAMES = {"openai": "ChatGPT", "anthropic": "Claude", "google": "Gemini"}
BRANDS = """
[[brands]]
name = "Acme"
competitors = ["Globex", "Initech", "Umbra"]
"""
SECOND_BRAND = """
[[brands]]
name = "Beacon"
competitors = ["Globex"]
"""
FACTS = """
[[facts]]
brand = "Acme"
field = "price"
value = "$14 a month"
[[facts]]
brand = "Acme"
field = "founded"
value = "2010"
"""
SCHEDULE = """
[[schedules]]
name = "weekly"
cron = "0 9 * * mon"
timezone = "Europe/Berlin"
repeats = 3
"""
QUESTIONS = "".join(
    f'[[prompts]]\ntext = "Which tool suits {["small", "large"][n % 2]} teams, case {n}?"\n'
    for n in range(PROMPTS)
)
USUAL = {"Acme": 20, "Globex": 17, "Initech": 10, "Umbra": 6, "Beacon": 12}
"""Answers of `ANSWERS` that name each brand in a calm week; a little more or less by chance."""


@dataclass(frozen=True)
class Plan:
    """What one model answers in a week.

    Attributes:
        named: Answers that name a brand, where that differs from `USUAL`.
        says: Sentences that so many of the answers that name the brand contain.
        fails: Why it answers nothing; empty if it answers.
        served: The model that the service reports.
    """

    named: Mapping[str, int] = field(default_factory=dict)
    says: Mapping[str, int] = field(default_factory=dict)
    fails: str = ""
    served: str = "a"


CALM, DOWN = Plan(), Plan(fails="it is busy; try again later.")
RIGHT = "Acme costs $14 a month."
WRONG = "Acme costs $49 a month."
WRONG_YEAR = "Acme was founded in 1999."


class Mondays:
    """A clock at the Monday of a week, which advances by a second at each reading."""

    def __init__(self) -> None:
        self.week, self._readings = 0, 0

    def now(self) -> datetime:
        """Return the time."""
        self._readings += 1
        return FIRST_MONDAY + timedelta(weeks=self.week, seconds=self._readings % 3_600)


class Past:
    """A deployment with the checks of some weeks.

    Attributes:
        deployment: The deployment.
        clock: Its clock, which `check` moves on by a week.
        checked: The card of the latest check.
    """

    def __init__(self, deployment: Deployment, clock: Mondays) -> None:
        self.deployment, self.clock, self.checked = deployment, clock, Card("")
        self.plans: dict[str, Plan] = {}
        self._begun = False
        self.desk(deployment)

    async def configure(self, *, brands: str) -> None:
        """Go on with other brands."""
        config = parse_config(_written(brands, FACTS))
        old = self.deployment
        self.desk(await assemble(config, old.store, old.plugins, clock=self.clock))

    def desk(self, deployment: Deployment) -> None:
        """Let people use another deployment."""
        self.deployment = deployment
        self.chat = FakeChat(ChatDesk(deployment, OpenGate(), patience=600.0))

    async def check(self, *, times: int = 1, channel: str = "fake:other", **plans: Plan) -> Card:
        """Ask all questions in each of so many weeks; providers that are not named are calm."""
        for _ in range(times):
            self.plans = plans
            self.clock.week += self._begun
            self._begun = True
            proposal = await check(
                Call(await self.deployment.refreshed(), channel=channel), repeats=REPEATS
            )
            self.checked = await proposal.execute()
        return self.checked

    def leave(self, provider: str) -> None:
        """Take a provider with its model out of the deployment."""
        providers = {k: p for k, p in self.deployment.plugins.providers.items() if k != provider}
        plugins = replace(self.deployment.plugins, providers=providers)
        self.desk(replace(self.deployment, plugins=plugins, judged={}))

    async def shown(self, words: str) -> Card:
        """Return the card of a command in a chat."""
        return (await self.chat.type(words)).card

    def answer(self, provider: str, question: Question) -> Reply | ProviderFailed:
        """Return the answer of a provider's model to a question in the present week."""
        plan = self.plans.get(provider, CALM)
        if plan.fails:
            asked = f"{provider}/{MODELS[provider]}"
            return ProviderFailed(model=asked, reason=plan.fails)
        prompt = next(
            n
            for n, one in enumerate(self.deployment.catalogue.prompts)
            if one.text == question.prompt.text
        )
        number = prompt * REPEATS + question.repeat
        key, counts = f"{provider} {self.clock.week}", {**_counts(provider, self.clock.week)}
        counts.update(plan.named)
        naming = {
            brand: _chosen(f"{key} {brand}", range(ANSWERS), n) for brand, n in counts.items()
        }
        brands = [brand for brand in counts if number in naming[brand]]
        random.Random(f"{key} {number}").shuffle(brands)  # noqa: S311 - a script
        said = ["It depends on the team.", *(f"{brand} is a solid choice." for brand in brands)]
        left = sorted(naming["Acme"])
        for sentence, n in plan.says.items():
            stating, left = left[:n], left[n:]
            if number in stating:
                said.append(sentence)
        return Reply(" ".join(said), Finish.COMPLETE, cost_usd=0.0008, served_model=plan.served)


def _chosen(key: str, among: Sequence[int], count: int) -> set[int]:
    return set(random.Random(key).sample(among, count))  # noqa: S311 - a script


def _counts(provider: str, week: int) -> dict[str, int]:
    chance = random.Random(f"{provider} {week}")  # noqa: S311 - a script
    return {brand: count + chance.choice((-1, 0, 0, 1)) for brand, count in USUAL.items()}


def _written(brands: str, facts: str) -> str:
    return "[budget]\nmonth = 5\n" + brands + facts + SCHEDULE + QUESTIONS


async def past(*providers: str, weeks: int = 9, brands: str = BRANDS, facts: str = FACTS) -> Past:
    """Return a deployment that has asked the models of some providers in so many calm weeks.

    Args:
        providers: The providers; by default ``openai`` and ``anthropic``.
        weeks: The number of weeks.
        brands: The tables of the brands.
        facts: The tables of the facts.
    """
    clock = Mondays()
    names = providers or ("openai", "anthropic")
    models = {
        name: EchoProvider(name=name, models=[MODELS[name]], price=Price(0.25, 2.0))
        for name in names
    }
    plugins = Plugins({**models}, {"visibility": Visibility(), "accuracy": Accuracy()})
    config = parse_config(_written(brands, facts))
    deployment = await assemble(config, open_test_store(), plugins, clock=clock)
    made = Past(deployment, clock)
    for name, provider in models.items():
        provider.answer = lambda asked, name=name: made.answer(name, asked)  # type: ignore[misc]
    await made.check(times=weeks)
    return made
