"""Models are watched by themselves, from loopback services to the verdict, in fake time."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kit.recording import HandClock
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
