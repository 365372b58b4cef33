"""The canary's runs with a service whose words a test chooses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.office import executed
from kit.scripted import Quiet, ScriptedProvider, SteppingClock, reply
from overheard.commands.canary import run_canaries, set_up
from overheard.config.loader import load_config
from overheard.deployment import Call, Deployment
from overheard.domain import Capabilities, Price, Question, RunState
from overheard.errors import CanaryImpossible, NothingToAsk
from overheard.runs.canaries import CANDIDATES, LIMIT, canaries
from overheard.runtime.server import CANARIES, Server
from overheard.runtime.wiring import open_deployment
from overheard.testing.deployment import create_test_store

CONFIG = '[storage]\nurl = "sqlite:///{}/store.db"\n\n[[brands]]\nname = "Acme"\n'
TORN = [prompt.text for prompt in CANDIDATES[:7]]


@pytest.fixture
def provider() -> ScriptedProvider:
    """A service that is torn between two words at seven questions, and steady at the others."""
    made = ScriptedProvider(concurrency=16)
    made.answer = torn_between("Oak", "Elm")
    return made


def torn_between(one: str, other: str) -> Callable[[Question], object]:
    """Answer the torn questions with one word or the other, and the others steadily."""

    def answer(question: Question) -> object:
        torn = question.prompt.text in TORN and question.repeat % 3 == 2
        return reply(f"{other if torn else one}.")

    return answer


@asynccontextmanager
async def deployed(
    folder: Path, provider: ScriptedProvider, copied: Path | None = None
) -> AsyncIterator[Deployment]:
    """Open a deployment with a service, on an empty store or, a day later, on a copy of one."""
    file = folder / "config.toml"
    file.write_text(CONFIG.format(folder), encoding="utf-8")
    create_test_store(folder / "store.db", copied)
    async with open_deployment(load_config(file)) as opened:
        opened.plugins.providers["svc"] = provider
        start = datetime(2026, 3, 2 + bool(copied), 9, tzinfo=UTC)
        yield replace(opened, clock=SteppingClock(start))


@pytest.fixture
async def deployment(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[Deployment]:
    """An open deployment with that service."""
    async with deployed(tmp_path, provider) as opened:
        yield opened


@pytest.fixture(scope="module")
def set_up_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with a canary of that service."""
    folder = tmp_path_factory.mktemp("canary")

    async def fill() -> None:
        asked = ScriptedProvider(concurrency=16)
        asked.answer = torn_between("Oak", "Elm")
        async with deployed(folder, asked) as opened:
            await executed(set_up(opened, Call(), model="svc/m-1"))

    asyncio.run(fill())
    return folder / "store.db"


@pytest.fixture
async def watching(
    tmp_path: Path, provider: ScriptedProvider, set_up_store: Path
) -> AsyncIterator[Deployment]:
    """A deployment with that service, in which its canary is set up."""
    async with deployed(tmp_path, provider, set_up_store) as opened:
        yield opened


async def test_the_set_up_finds_the_torn_questions(
    deployment: Deployment, provider: ScriptedProvider
) -> None:
    """Five of them; every call is short, and nothing is scored."""
    card = await executed(set_up(deployment, Call(), model="svc/m-1"))
    assert len(card.data["prompts"]) == 5
    assert all(p["prompt"] in TORN for p in card.data["prompts"])
    assert card.data["prompts"][0]["answers"] == {"oak": 4, "elm": 2}
    assert {question.limit for question in provider.asked} == {LIMIT}
    assert len(provider.asked) == 40 * 6 + 5 * 20
    await deployment.scoring.catch_up(deployment.store, Quiet())
    assert await deployment.store.blocks.find() == []
    assert {run.state for run in await deployment.store.runs.find()} == {RunState.COMPLETE}


async def test_the_same_model_is_no_hit(watching: Deployment, provider: ScriptedProvider) -> None:
    """Either word was seen before; a day costs five calls."""
    card = await executed(run_canaries(watching, Call()))
    assert card.data["canaries"][0]["hit"] is False
    assert len(provider.asked) == 5
    assert await watching.store.updates.find() == []


async def test_another_model_is_a_hit(watching: Deployment, provider: ScriptedProvider) -> None:
    """It is kept as an update, once; then the canary is silent until it is learnt anew."""
    provider.answer = torn_between("Ash", "Fir")
    card = await executed(run_canaries(watching, Call()))
    assert "it may have been updated" in str(card.text)
    (update,) = await watching.store.updates.find()
    assert (update.source, str(update.model)) == ("canary", "svc/m-1")
    provider.asked.clear()
    assert "watch it anew" in str((await executed(run_canaries(watching, Call()))).text)
    assert provider.asked == []
    await executed(set_up(watching, Call(), model="svc/m-1"))
    assert (await executed(run_canaries(watching, Call()))).data["canaries"][0]["hit"] is False
    assert len(await watching.store.updates.find()) == 1


async def test_a_single_new_word_joins_the_reference(
    watching: Deployment, provider: ScriptedProvider
) -> None:
    """One odd word a day is no hit, and the next day it is known."""
    (known,) = await canaries(watching.store)
    odd = known.prompts[0]
    provider.answer = lambda q: reply("Yew" if q.prompt == odd else "Oak")
    assert (await executed(run_canaries(watching, Call()))).data["canaries"][0]["hit"] is False
    (known,) = await canaries(watching.store)
    assert any("Yew" in texts for texts in known.answers.values())


async def test_failed_calls_are_no_hit(watching: Deployment, provider: ScriptedProvider) -> None:
    """A service that is down says nothing of its model."""
    provider.answer = lambda _: RuntimeError("down")
    card = await executed(run_canaries(watching, Call()))
    assert card.data["canaries"][0]["asked"] == 0
    assert card.data["canaries"][0]["hit"] is False


async def test_it_asks_before_it_spends(deployment: Deployment) -> None:
    """A model with a price is quoted, and nothing is asked before that is agreed to."""
    deployment.plugins.providers["svc"] = ScriptedProvider(price=Price(1.0, 2.0))
    proposal = await set_up(deployment, Call(), model="svc/m-1")
    assert "360 questions" in proposal.price
    assert proposal.usd > 0
    assert await deployment.store.runs.find() == []


class Reasoner(ScriptedProvider):
    """A service that takes no temperature."""

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all are alike
        """Say so."""
        return Capabilities()


async def test_reasoning_and_search_are_refused(deployment: Deployment) -> None:
    """Their first words say nothing."""
    with pytest.raises(CanaryImpossible, match="searches the web"):
        await executed(set_up(deployment, Call(), model="svc/m-1+search"))
    deployment.plugins.providers["svc"] = Reasoner()
    with pytest.raises(CanaryImpossible, match="takes no temperature"):
        await executed(set_up(deployment, Call(), model="svc/m-1"))


async def test_without_a_canary_there_is_nothing_to_run(deployment: Deployment) -> None:
    """The message says how to get one."""
    with pytest.raises(NothingToAsk, match="watched for silent updates"):
        await executed(run_canaries(deployment, Call()))


async def test_a_deployment_asks_the_canaries_that_are_set_up_once_a_day(
    deployment: Deployment, provider: ScriptedProvider
) -> None:
    """Without one its job does nothing; an exchange is kept as an update."""
    [job] = [job for job in await Server(deployment, {}).jobs() if job.name == CANARIES]
    start = deployment.clock.now()
    assert job.times.latest(start, start + timedelta(days=1)) == start.replace(
        day=start.day + 1, hour=5, minute=0, second=0
    )
    await job.run(start)
    assert provider.asked == []
    await executed(set_up(deployment, Call(), model="svc/m-1"))
    provider.answer = torn_between("Ash", "Fir")
    provider.asked.clear()
    await job.run(start)

    assert len(provider.asked) == 5
    assert [update.source for update in await deployment.store.updates.find()] == ["canary"]
