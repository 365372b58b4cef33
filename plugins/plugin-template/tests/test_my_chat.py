"""Tests of the chat: on a real socket, against a service that also refuses."""

from __future__ import annotations

import pytest

from overheard import Card, ChatFailed, Secret, Table
from overheard.testing import OpenDeployment, Reaction, Service, check_chat
from overheard_my_chat import MAX_MESSAGE, MyChat, MySettings


@pytest.fixture
def chat(overheard_service: Service) -> MyChat:
    """A chat that posts to a service on loopback."""
    return MyChat("my_chat", MySettings(url=Secret(overheard_service.url + "/secret")))


async def test_it_is_a_chat(chat: MyChat, overheard_service: Service) -> None:
    """The chat posts once, keeps to the limit, and mentions in text from outside have no effect."""

    def sent() -> list[str]:
        return [call.body["text"] for call in overheard_service.calls]

    await check_chat(chat, "here", sent=sent, longest=MAX_MESSAGE)


async def test_a_table_and_the_cards_below_are_posted(
    chat: MyChat, overheard_service: Service
) -> None:
    """A table and the cards below a card are part of its message."""
    table = Table(("Brand", "Visibility"), (("Acme", "40 %"),))
    await chat.post("here", Card("Title", table=table, more=(Card("Below"),)), key="1")

    [call] = overheard_service.calls
    assert call.body["text"] == "Title\nBrand | Visibility\nAcme | 40 %\nBelow"


async def test_a_refusal_is_told_without_the_address(
    chat: MyChat, overheard_service: Service
) -> None:
    """The address is a secret, so an error does not show it."""
    overheard_service.reactions = [Reaction(status=500)]

    with pytest.raises(ChatFailed, match="HTTP 500") as failed:
        await chat.post("here", Card("Title"), key="1")
    assert "secret" not in str(failed.value)


async def test_it_is_found(
    overheard_deployment: OpenDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overheard finds the plugin by its table."""
    monkeypatch.setenv("HOOK", "http://127.0.0.1:9/secret")
    deployment = await overheard_deployment('[chats.team]\nplugin = "my_chat"\nurl_env = "HOOK"')

    assert deployment.problems == {}
    assert deployment.provides["my_chat"] == ("chat team",)
