"""A simulated history of a deployment: weekly checks whose answers follow a script of drops,
returns, false claims, updates and refusals, with people who act on alerts.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from overheard.commands.alert_actions import acknowledge, close, mark_update, snooze
from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment, assemble
from overheard.domain import Finish, Reply
from overheard.errors import OverheardError
from overheard.plugins import Plugins
from overheard.testing.deployment import open_test_store
from overheard.testing.fakes import EchoProvider
from overheard_accuracy.scorer import Accuracy
from overheard_visibility.scorer import Visibility

PROMPTS = 6
REPEATS = 3
ANSWERS = PROMPTS * REPEATS
CHANNEL = "fake:C1"
USUAL = 0.85
CONFIG = f"""
[[routes]]
channel = "{CHANNEL}"
quiet = "22:00-07:30"
timezone = "Europe/Berlin"
[[brands]]
name = "Acme"
competitors = ["Globex", "Initech"]
[[facts]]
brand = "Acme"
field = "price"
value = "$14 a month"
""" + "".join(f'[[prompts]]\ntext = "Which tool is best for team {n}?"\n' for n in range(PROMPTS))


@dataclass(frozen=True)
class Week:
    """What one model does in a week.

    Attributes:
        share: How often it names the brand.
        lies: Whether it states a wrong price.
        served: The model that replies report.
        refuses: Whether it refuses all questions.
    """

    share: float = USUAL
    lies: bool = False
    served: str = "a"
    refuses: bool = False


def script(seed: int, weeks: int, first: int = 6) -> list[Week]:
    """Return the weeks of a model: calm at first, then whatever chance brings."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    found, now, served = [], Week(), 0
    for number in range(weeks):
        if number >= first and chance.random() < 0.3:
            what = chance.choice(("drop", "half", "back", "back", "lie", "truth", "update"))
            served += what in {"drop", "update"} and chance.random() < 0.7
            share = {"drop": 0.1, "half": 0.45, "back": USUAL}.get(what, now.share)
            lies = {"lie": True, "truth": False}.get(what, now.lies)
            now = Week(share, lies, f"v{served}")
        refuses = number >= first and chance.random() < 0.05
        found.append(Week(now.share, now.lies, now.served, refuses))
    return found


class Clock:
    """A clock of weeks, which advances by a second at each reading; checks are at 6 in the
    morning, within quiet hours.
    """

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 5, 5, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time."""
        self.at += timedelta(seconds=1)
        return self.at

    def to_week(self, number: int, hours: float = 5) -> None:
        """Go to an hour of the Monday of a week."""
        self.at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(weeks=number, hours=hours)


@dataclass
class Year:
    """The deployment in its history.

    Attributes:
        deployment: As it is now.
        clock: Its clock.
        scripts: What each provider's model does, by provider.
        checked: The text of the latest check's cards.
    """

    deployment: Deployment
    clock: Clock
    scripts: dict[str, list[Week]]
    chance: random.Random
    week: int = 0
    checked: str = ""
    asked: Counter[tuple[int, str]] = field(default_factory=Counter)

    @classmethod
    async def open(cls, seed: int, weeks: int) -> Year:
        """Open the deployment of a seed."""
        scripts = {"openai": script(seed, weeks), "anthropic": script(seed + 1_000, weeks, 12)}
        clock = Clock()
        models = {"openai": "gpt-5", "anthropic": "claude-5"}
        providers = {name: EchoProvider(name=name, models=[one]) for name, one in models.items()}
        plugins = Plugins({**providers}, {"visibility": Visibility(), "accuracy": Accuracy()})
        deployment = await assemble(parse_config(CONFIG), open_test_store(), plugins, clock=clock)
        chance = random.Random(seed)  # noqa: S311 - a simulation
        year = cls(deployment, clock, scripts, chance)
        for name, provider in providers.items():
            provider.answer = lambda _, name=name: year.answer(name)  # type: ignore[misc]
        return year

    def answer(self, name: str) -> Reply:
        """Answer as the model does in this week; the brand is named in exactly its share."""
        week = self.scripts[name][self.week]
        if week.refuses:
            return Reply("", Finish.REFUSED, served_model=week.served)
        number = self.asked[self.week, name]
        self.asked[self.week, name] += 1
        chance = random.Random(f"{name} {self.week}")  # noqa: S311 - a simulation
        order = chance.sample(range(ANSWERS), ANSWERS)
        rank = order[number % ANSWERS]
        said = ["It depends on the team."]
        if rank < round(week.share * ANSWERS):
            said.append("Acme is a solid choice.")
            price = "$49" if week.lies else "$14"
            said += [f"Acme costs {price} a month."] if rank % 3 == 0 else []
        if rank % 5 < (4 if week.share < 0.2 else 2):
            said.append("Globex is a solid choice.")
        if rank % 2:
            said.append("Initech is a solid choice.")
        return Reply(" ".join(said), Finish.COMPLETE, cost_usd=0.0, served_model=week.served)

    async def pass_week(self) -> None:
        """Check; later on the day, people act on alerts."""
        self.clock.to_week(self.week)
        self.deployment = await self.deployment.refreshed()
        proposal = await check(Call(self.deployment, channel="fake:other"), repeats=REPEATS)
        card = await proposal.execute()
        self.checked = " ".join(
            str(part) for one in (card, *card.more) for part in (one.title, one.text)
        )
        self.clock.to_week(self.week, hours=8)
        for alert in await self.deployment.store.alerts.find(live=True):
            await self._act(alert.id)

    async def _act(self, number: int) -> None:
        call = Call(self.deployment, "Maya (slack:U1)")
        act = self.chance.choice((None, None, acknowledge, snooze, mark_update, close))
        if act is None or (act is close and self.chance.random() < 0.6):
            return
        try:
            await act(call, alert=str(number))
        except OverheardError:
            return  # it is in that state already

    def shares(self, name: str) -> Iterator[float]:
        """Yield how often a model named the brand in each week so far, the latest first."""
        for week in reversed(self.scripts[name][: self.week + 1]):
            if not week.refuses:
                yield round(week.share * ANSWERS) / ANSWERS
