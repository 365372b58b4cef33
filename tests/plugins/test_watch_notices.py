"""What vendors' lists and public feeds say, from recorded shapes on loopback."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kit.recording import HandClock
from kit.vendors import Call as Asked, Reaction
from kit.watched import PROVIDER, Endpoint, House, opened
from overheard import Model, OverheardError
from overheard.domain import Delivery
from overheard_watch.notices import FeedSettings, FeedUnreadable, Notice, PublicFeed, read_notices

START = datetime(2026, 12, 14, 9, tzinfo=UTC)
TODAY, LAST = START.date(), date(2027, 2, 12)
OPENAI = [
    {
        "id": "gpt-5.4-mini",
        "object": "model",
        "created": 1_767_225_600,
        "owned_by": "system",
        "shutdown_date": "2027-02-12",
    },
    {
        "id": "gpt-6-luna",
        "object": "model",
        "created": 1_780_000_000,
        "owned_by": "system",
        "shutdown_date": None,
    },
]
ANTHROPIC = {
    "data": [
        {
            "type": "model",
            "id": "claude-opus-4-1-20250805",
            "display_name": "Claude Opus 4.1",
            "created_at": "2025-08-05T00:00:00Z",
            "lifecycle": "deprecated",
            "deprecated_at": "2026-06-05T00:00:00Z",
            "retires_at": "2026-12-20T00:00:00Z",
        }
    ]
}
MISTRAL = {
    "object": "list",
    "data": [
        {
            "id": "mistral-medium-2508",
            "object": "model",
            "created": 1_766_520_693,
            "aliases": ["mistral-medium"],
            "deprecation": "2027-01-31T12:00:00Z",
            "deprecation_replacement_model": "mistral-medium-3-5",
            "type": "base",
        }
    ],
}
OPENROUTER = {
    "data": [
        {"id": "openai/gpt-5.4-mini", "created": 1_767_225_600, "expiration_date": "2027-02-14"}
    ]
}
MODEL_EOL = {
    "spec": "model-eol/0.1",
    "publisher": "openai",
    "models": [
        {
            "id": "gpt-5.4-mini",
            "aliases": ["gpt-5-mini"],
            "announced": "2026-11-12",
            "shutdown": "2027-02-14",
            "replacement": "gpt-6-luna",
            "source": "https://openai.test",
        }
    ],
}
DEPRECATIONS = [
    {
        "provider": "OpenAI",
        "model_id": "gpt-5.4-mini",
        "shutdown_date": "2027-02-12",
        "replacement_models": ["gpt-6-luna"],
        "url": "https://openai.test",
    }
]
CATALOGUE = {
    "count": 1,
    "models": [
        {
            "provider": "google",
            "model": "gemini-2.5-flash",
            "aliases": [],
            "released_on": "2025-06-17",
            "shutdown_on": "2027-02-12",
            "status": "deprecated",
            "replacements": [
                {"provider": "google", "model": "gemini-3.6-flash", "recommended": True}
            ],
        }
    ],
}
FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "items": [
        {
            "id": "google-gemini-2.5-flash",
            "url": "https://ai.google.test",
            "_deprecation": {
                "provider": "Google",
                "model_id": "gemini-2.5-flash",
                "shutdown_date": "2027-02-12",
                "announcement_date": "2026-11-11",
                "replacement_model": "gemini-3.6-flash",
            },
            "tags": ["Google"],
        }
    ],
}
EVENTS = {
    "items": [
        {
            "id": "2026-12-14-openai-behavior",
            "tags": ["model:openai-m-1", "provider:openai"],
            "_apw": {
                "schema_version": "apw.provider_event.v0",
                "event_kind": "model_behavior_change",
                "provider_refs": ["provider:openai"],
                "effective_at": "2026-12-14T07:00:00Z",
            },
        },
        {
            "id": "2026-12-14-openai-price",
            "tags": ["model:openai-m-1"],
            "_apw": {
                "event_kind": "pricing_change",
                "provider_refs": ["provider:openai"],
                "effective_at": "2026-12-14T08:00:00Z",
            },
        },
    ]
}


def said(document: object) -> list[Notice]:
    """Return what a document says."""
    return list(read_notices(document, "a list", TODAY))


@pytest.mark.parametrize(
    ("document", "model", "ends", "replacement"),
    [
        (OPENAI, "openai/gpt-5.4-mini", date(2027, 2, 12), ""),
        (ANTHROPIC, "anthropic/claude-opus-4-1-20250805", date(2026, 12, 20), ""),
        (MISTRAL, "mistral/mistral-medium", date(2027, 1, 31), "mistral-medium-3-5"),
        (OPENROUTER, "openrouter/openai/gpt-5.4-mini", date(2027, 2, 14), ""),
        (MODEL_EOL, "openai/gpt-5-mini+search", date(2027, 2, 14), "gpt-6-luna"),
        (DEPRECATIONS, "openai/gpt-5.4-mini", date(2027, 2, 12), "gpt-6-luna"),
        (CATALOGUE, "google/gemini-2.5-flash+search", date(2027, 2, 12), "gemini-3.6-flash"),
        (FEED, "google/gemini-2.5-flash", date(2027, 2, 12), "gemini-3.6-flash"),
        ([{"id": "x", "model": "gpt-9", "shutdown_on": "2027-02-12"}], "openai/gpt-9", LAST, ""),
    ],
)
def test_each_shape_says_when_a_model_ends(
    document: object, model: str, ends: date, replacement: str
) -> None:
    """Under its id, an alias, or the id without a gateway's prefix."""
    [notice] = [one for one in said(document) if one.is_of(Model.parse(model)) and one.ends]

    assert (notice.ends, notice.replacement, notice.read) == (ends, replacement, TODAY)


def test_events_of_behaviour_are_changes_and_others_are_not() -> None:
    """A price changes no answer."""
    [notice] = said(EVENTS)

    assert notice.names == ("m-1",)
    assert (notice.vendor, notice.changed) == ("openai", datetime(2026, 12, 14, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    "document",
    [
        None,
        "text",
        {"models": "many"},
        [None, 1, [], {"id": 7, "shutdown_date": "2027-01-01"}],
        [{"id": "a" * 300, "shutdown_date": "2027-01-01"}],
        [{"id": "m\u202e-1", "shutdown_date": "2027-01-01"}],
        [{"id": "m-1", "shutdown_date": "soon"}, {"id": "m-1", "created": 1e300}],
        [{"id": "m-1", "created": True}, {"id": "m-1", "shutdown_date": "9999-12-31"}],
        {"items": [{"_apw": "x", "id": "m-1"}, {"_apw": {"event_kind": 3}}]},
    ],
)
def test_what_has_another_shape_says_nothing(document: object) -> None:
    """Nor does it break anything."""
    assert said(document) == []


class Source(Endpoint):
    """The endpoint, which also lists its models and serves a feed.

    Attributes:
        listed: The entries of its list of models.
        feed: The document at ``/feed.json``; a text is sent as it is.
        asked: The headers with which the feed was asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[dict[str, Any]] = []
        self.feed: Any = []
        self.asked: list[Any] = []

    def react(self, call: Asked) -> Reaction:
        """Serve the list and the feed."""
        if call.path == "/feed.json":
            self.asked.append(call.headers)
            if call.headers.get("if-none-match") == '"1"':
                return Reaction({}, 304)
            return Reaction(self.feed, headers={"etag": '"1"'})
        if call.path == "/v1/models":
            return Reaction({"object": "list", "data": self.listed})
        return super().react(call)


@pytest.fixture
async def source(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Source]:
    """The service."""
    monkeypatch.setenv("VENDOR_KEY", "sk-very-secret")
    async with Source().serving() as service:
        yield service
        await House.close()


def provider(source: Source, model: str = "gpt-5.4-mini") -> str:
    """Return the tables of the provider and of a feed."""
    feed = f'[feeds.registry]\nplugin = "watch"\nurl = "{source.url}/feed.json"\n'
    return PROVIDER.format(name="openai", url=source.url, model=model) + feed


async def ends_posted(house: House) -> list[Delivery]:
    """Return the cards of endings that were posted."""
    return [d for d in await house.deployment.store.deliveries.find() if "ends-" in d.key]


async def test_a_model_that_ends_is_told_four_times(source: Source) -> None:
    """By its vendor's list, with what others say where they disagree."""
    source.listed, source.feed = OPENAI, MODEL_EOL
    house = await opened(HandClock(START), provider(source))
    told_on: list[date] = []
    for _ in range(9 * 7):
        house.clock.pass_(days=1)
        before = len(await ends_posted(house))
        await house.jobs("watch ends")
        if len(await ends_posted(house)) > before:
            told_on.append(house.clock.now().date())
    assert [(date(2027, 2, 12) - day).days for day in told_on] == [58, 30, 14, 3]
    card = await house.posted((await ends_posted(house))[-1])

    assert card.title == "ChatGPT's model gpt-5.4-mini ended on 12 Feb"
    assert "Proposed: gpt-6-luna. I ask both in four checks" in str(card.text)
    assert card.footer == (
        "OpenAI's model list says 12 Feb and registry says 14 Feb, read on 15 Feb"
    )
    labels = ["Start with the next check", "Choose another"]
    assert [action.label for action in card.actions] == labels


async def test_the_reminder_of_an_ending_is_a_delivery_of_next_week(source: Source) -> None:
    """Its card is drawn then: who has begun to ask both is not told to."""
    source.listed, source.feed = OPENAI, MODEL_EOL
    house = await opened(HandClock(START), provider(source))
    said = await house.command("watch remind", model="openai/gpt-5.4-mini")
    assert said.title == "I remind you of gpt-5.4-mini on 21 Dec 2026"
    [reminder] = await house.deployment.store.deliveries.find()
    assert reminder.due_at == START + timedelta(days=7)
    card = await house.posted(reminder)
    assert "Proposed: gpt-6-luna" in str(card.text)
    assert card.actions[-1].label == "Remind me in a week"
    await house.command("watch overlap", old="openai/gpt-5.4-mini", new="openai/gpt-6-luna")
    card = await house.posted(reminder)

    assert card.text == "gpt-6-luna is asked with it for 4 checks, then alone."
    assert [action.label for action in card.actions] == ["Choose another"]
    await house.jobs("watch ends")
    assert await ends_posted(house) == []


async def test_there_is_no_reminder_of_a_model_that_is_not_yet_to_end(source: Source) -> None:
    """Nor of one whose last day has passed."""
    source.listed = [OPENAI[0] | {"shutdown_date": None}]
    house = await opened(HandClock(START), provider(source))
    refused = "No source that I can read says that gpt-5.4-mini is yet to end; see watch ends."
    for last_day in (None, "2026-12-13"):
        source.listed[0]["shutdown_date"] = last_day
        with pytest.raises(OverheardError, match=refused):
            await house.command("watch remind", model="openai/gpt-5.4-mini")

    assert await house.deployment.store.deliveries.find() == []
    source.listed[0]["shutdown_date"] = "2026-12-14"
    await house.command("watch remind", model="openai/gpt-5.4-mini")


async def test_a_feed_that_has_not_changed_is_not_sent_again(source: Source) -> None:
    """It is asked every six hours, with the tag of the last answer."""
    source.feed = DEPRECATIONS
    feed = PublicFeed("registry", FeedSettings(url=f"{source.url}/feed.json"))
    first = await feed.notices(START)
    assert await feed.notices(START + timedelta(hours=5)) == first
    assert await feed.notices(START + timedelta(hours=7)) == first

    assert [headers.get("if-none-match") for headers in source.asked] == [None, '"1"']


async def test_a_hostile_feed_is_a_sentence(source: Source) -> None:
    """Whatever it sends; the vendor's list is read all the same."""
    source.listed, source.feed = OPENAI, b"[" * 200_000
    house = await opened(HandClock(START), provider(source))
    card = await house.command("watch ends")

    assert card.title == "1 model of yours ends"
    assert str(card.text).startswith("The feed registry cannot be read: ")
    source.feed = b"<html>"
    with pytest.raises(FeedUnreadable, match="JSONDecodeError"):
        await PublicFeed("other", FeedSettings(url=f"{source.url}/feed.json?2")).notices(START)


@pytest.mark.slow
async def test_an_announced_change_becomes_a_verdict_without_a_hand(source: Source) -> None:
    """The feed is read by itself, the questions are asked again, the result is posted."""
    source.feed = EVENTS
    house = await opened(HandClock(START - timedelta(weeks=10)), provider(source, "m-1"))
    await house.learn(10)
    update, _ = await house.deployment.store.updates.find()
    assert (update.source, update.at) == ("feed", datetime(2026, 12, 14, 7, tzinfo=UTC))
    assert update.model == Model("openai", "m-1")
    await house.days(4)

    deliveries = await house.deployment.store.deliveries.find()
    assert {one.channel for one in deliveries} == {"fake:C1", "slack:C1"}
    posted = await house.posted(deliveries[0])
    assert posted.title == "The update of ChatGPT did not move Acme"
    assert "Not by more than" in str(posted.text)


async def test_a_model_that_is_made_anew_under_its_name_is_an_update(source: Source) -> None:
    """Its vendor's list says when it was made."""
    source.listed = [{"id": "m-1", "object": "model", "created": 1_767_225_600, "owned_by": "x"}]
    house = await opened(HandClock(START), provider(source, "m-1"))
    for _ in range(2):
        house.clock.pass_(days=1)
        await house.jobs("watch ends")
    assert await house.deployment.store.updates.find() == []
    made = house.clock.now() + timedelta(hours=20)
    source.listed[0]["created"] = int(made.timestamp())
    house.clock.pass_(days=1)
    await house.jobs("watch ends")

    [update] = await house.deployment.store.updates.find()
    assert (update.model, update.at, update.source) == (Model("openai", "m-1"), made, "feed")


async def test_the_old_and_the_new_model_are_asked_in_four_checks(source: Source) -> None:
    """Then only the new one, whose charts begin with a mark."""
    source.listed = OPENAI
    schedule = '[[schedules]]\nname = "weekly"\ncron = "0 9 * * mon"\n'
    house = await opened(HandClock(START), schedule, provider(source))
    await house.learn(1)
    card = await house.command("watch overlap", old="openai/gpt-5.4-mini", new="openai/gpt-6-luna")
    assert card.title == "gpt-6-luna is asked beside gpt-5.4-mini"
    asked: list[set[str]] = []
    for _ in range(5):
        house.clock.pass_(days=7)
        await house.jobs("weekly", "watch ends")
        [run] = await house.deployment.store.runs.find(aside=False, limit=1)
        assert run.panel
        asked.append({model.id for model in run.panel.models})

    assert asked == [{"gpt-5.4-mini", "gpt-6-luna"}] * 4 + [{"gpt-6-luna"}]
    [mark] = await house.deployment.store.updates.find(Model("openai", "gpt-6-luna"))
    assert mark.note == "follows openai/gpt-5.4-mini"
