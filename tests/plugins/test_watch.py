"""Models are watched by themselves, from loopback services to the verdict, in fake time."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kit.recording import HandClock
from kit.shapes import AGENT, CHAT, GEMINI, MESSAGES, RESPONSES, Shape
from kit.vendors import Call as Asked, Reaction, Vendor
from kit.watched import DAY_USD, PROVIDER, Endpoint, House, opened
from overheard.alerts.story import read_watches
from overheard.cards.command import Proposal
from overheard.domain import Model
from overheard.errors import OverheardError

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
KEPT_NAME = "plugin:watch:svc/m-1"


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Endpoint]:
    """The service."""
    monkeypatch.setenv("VENDOR_KEY", "sk-very-secret")
    async with Endpoint().serving() as service:
        yield service
        await House.close()


@pytest.mark.slow
async def test_a_swap_becomes_a_verdict_without_a_hand(endpoint: Endpoint) -> None:
    """From the start of a watch to the sentence, at most nine days after the swap."""
    house = await opened(
        HandClock(START), PROVIDER.format(name="svc", url=endpoint.url, model="m-1")
    )
    await house.learn(7)
    await house.command("watch start", model="svc/m-1")
    await house.days(15)
    store = house.deployment.store
    assert await store.updates.find() == []
    assert await house.told() == {"svc/m-1": "watched since 21 Dec, 16 calm days of 14"}
    endpoint.swapped, swapped_at = True, house.clock.now()
    await house.days(9)

    [update] = await store.updates.find()
    assert (update.source, update.model) == ("watch", Model("svc", "m-1"))
    assert timedelta() <= update.at - swapped_at <= timedelta(days=1)
    [watch] = (await read_watches(store)).values()
    assert (watch.source, watch.over) == ("watch", True)
    assert watch.looks[-1] - swapped_at < timedelta(days=9)
    event, verdict = [await house.posted(one) for one in await store.deliveries.find()]
    assert event.title == "m-1 was changed without notice"
    assert "unlike those of the 16 days before" in str(event.text)
    assert "exchanged" not in str(event.text)
    assert verdict.title == "The update of m-1 did not move Acme"
    assert re.search(r"Not by more than \d+ points\.", str(verdict.text))


class Strict(Vendor):
    """A vendor that refuses what its models do not take, in that vendor's shape."""

    def __init__(self, shape: Shape, refuses: Sequence[str]) -> None:
        super().__init__()
        self._shape, self._refuses = shape, refuses
        self.accepted: list[Asked] = []

    def react(self, call: Asked) -> Reaction:
        """Answer, or refuse with status 400, and do not say what."""
        if call.method == "GET":
            return super().react(call)
        if any(word in call.text for word in self._refuses):
            return Reaction({"error": {"message": "invalid request", "code": 400}}, 400)
        self.accepted.append(call)
        return Reaction(self._shape.answer("A short one.", next(iter(self._shape.words.values()))))


ELEVEN = [
    (RESPONSES, "openai", "gpt-4.1", ()),
    (RESPONSES, "openai", "gpt-5-mini", ('"temperature"', '"none"')),
    (RESPONSES, "openai", "gpt-6-luna", ('"temperature"', '"none"', '"minimal"')),
    (RESPONSES, "openai", "gpt-6-luna+search", ('"temperature"', '"tools"')),
    (MESSAGES, "anthropic", "claude-sonnet-5-5", ('"temperature"', '"none"', '"minimal"')),
    (MESSAGES, "anthropic", "claude-haiku-4-5", ('"effort"',)),
    (MESSAGES, "anthropic", "claude-sonnet-5-5+search", ('"temperature"', '"tools"')),
    (GEMINI, "google", "gemini-3.5-flash", ('"temperature"', '"MINIMAL"')),
    (GEMINI, "google", "gemini-3.5-flash+search", ('"thinkingLevel"', '"tools"')),
    (CHAT, "compatible", "grok-4.3", ('"reasoning_effort"',)),
    (AGENT, "compatible", "perplexity/sonar", ('"temperature"',)),
]


@pytest.mark.parametrize(("shape", "plugin", "name", "refuses"), ELEVEN)
async def test_eleven_models_are_watched_or_their_siblings_are(
    shape: Shape, plugin: str, name: str, refuses: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the vendors' own SDKs: what a model refuses is left out, though the service does not
    say what that is.
    """
    monkeypatch.setenv("VENDOR_KEY", "sk-very-secret")
    table = PROVIDER.replace('"{url}/v1"', f'"{{url}}{shape.path}"').replace(
        '"openai"', f'"{plugin}"'
    )
    preset = 'preset = "perplexity"\n' if shape is AGENT else ""
    service = Strict(shape, refuses)
    async with service.serving():
        table = table.format(name="svc", url=service.url, model=name) + preset
        house = await opened(HandClock(START), table)
        await house.command("watch start", model=f"svc/{name}")
        await house.days(1)
        await House.close()

    assert len(service.accepted) == 24
    assert (await house.told())[f"svc/{name}"].endswith("learning: day 2 of 14")


async def test_whatever_an_endpoint_refuses_it_or_its_sibling_is_watched(
    endpoint: Endpoint,
) -> None:
    """No temperature, no effort but a low one, web search: what it takes is asked, once."""
    house = await opened(
        HandClock(START),
        PROVIDER.format(name="plain", url=endpoint.url, model="gpt-5-mini"),
        PROVIDER.format(name="search", url=endpoint.url, model="m-1+search"),
    )
    endpoint.refusals = ('"temperature"', '"none"', '"minimal"')
    await house.command("watch start", model="plain/gpt-5-mini")
    await house.days(1)
    accepted = [one.body for one in endpoint.calls if endpoint.takes(one)]
    assert len(accepted) == 24
    assert all("temperature" not in body for body in accepted)
    assert {body["reasoning"]["effort"] for body in accepted} == {"low"}
    refused = len(endpoint.calls) - len(accepted)
    await house.days(1)
    assert len(endpoint.calls) == 36 + refused
    endpoint.refusals, endpoint.calls = (), []
    card = await house.command("watch start", model="search/m-1+search")

    assert "Its web search is not watched" in str(card.text)
    assert all("tools" not in one.body for one in endpoint.calls)
    assert {one.body["temperature"] for one in endpoint.calls} == {0.0}
    told = await house.told()
    assert told["search/m-1+search"] == "watched since 4 Nov, learning: day 1 of 14"
    assert told["plain/gpt-5-mini"] == "watched since 2 Nov, learning: day 3 of 14"


@pytest.mark.slow
async def test_the_watch_stops_when_its_month_is_spent(endpoint: Endpoint) -> None:
    """With a sentence; the next month it goes on."""
    house = await opened(
        HandClock(START), PROVIDER.format(name="svc", url=endpoint.url, model="m-1")
    )
    proposal = await house.deployment.plugins.commands["watch start"].run(
        house.call, model="svc/m-1"
    )
    assert isinstance(proposal, Proposal)
    assert re.fullmatch(r"12 short questions a day, about \$0\.\d+ a month", proposal.price)
    await proposal.execute()
    [kept] = [one for one in await house.deployment.store.settings.all() if one.name == KEPT_NAME]
    poor = {**kept.value, "budget": 13 * DAY_USD}
    await house.deployment.store.settings.put(replace(kept, value=poor))
    await house.days(20)
    assert len(endpoint.calls) == 13 * 12
    assert (await house.told())["svc/m-1"].startswith("not watched until the end of the month")
    [said] = [await house.posted(one) for one in await house.deployment.store.deliveries.find()]
    assert said.title == "m-1 is not watched for now"
    await house.days(10)

    assert len(endpoint.calls) > 13 * 12
    await house.command("watch stop", model="svc/m-1")
    assert (await house.told())["svc/m-1"] == "not watched"


async def test_what_answers_nothing_is_not_watched(endpoint: Endpoint) -> None:
    """Such as an app that only takes tasks: its served model is seen in each check."""
    house = await opened(
        HandClock(START), PROVIDER.format(name="svc", url=endpoint.url, model="m-1")
    )
    endpoint.refusals = ("model",)
    with pytest.raises(OverheardError, match="answers no question of the watch"):
        await house.command("watch start", model="svc/m-1")

    assert await house.told() == {"svc/m-1": "not watched"}


async def test_another_served_model_is_reported_the_same_day(endpoint: Endpoint) -> None:
    """It costs nothing more."""
    house = await opened(
        HandClock(START), PROVIDER.format(name="svc", url=endpoint.url, model="m-1")
    )
    await house.command("watch start", model="svc/m-1")
    endpoint.served = "m-1-2026-11-03"
    await house.days(2)

    [update] = await house.deployment.store.updates.find()
    assert (update.source, update.note) == ("served model", "m-1-2026-11-03")
    assert update.at == START + timedelta(days=1)
