"""Tests of the provider `compatible`, with the real SDK against a service on loopback."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from kit.loopback import Behaviour, ChatService
from overheard import Finish, Model, Price, Prompt, ProviderFailed, Question, Usage
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings

QUESTION = Question(Prompt("Which tool is best?"), Model("svc", "m-1"))
KEY = "sk-very-secret"


@pytest.fixture
async def provider(
    service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[CompatibleProvider]:
    """A provider that is pointed at the service."""
    monkeypatch.setenv("SVC_KEY", KEY)
    table = {
        "base_url": service.url,
        "api_key_env": "SVC_KEY",
        "models": ["m-1"],
        "prices": {"m-1": {"input": 1.0, "output": 2.0}},
        "timeout": 5,
    }
    made = CompatibleProvider("svc", CompatibleSettings.model_validate(table))
    yield made
    await made.close()


async def test_an_answer_comes_with_all_that_the_service_tells(
    provider: CompatibleProvider,
) -> None:
    """Text, served model, fingerprint, tokens and cost are kept."""
    reply = await provider.ask(QUESTION, seed=7)

    assert reply.text == "Acme is good. (Which tool is best?)"
    assert reply.finish is Finish.COMPLETE
    assert (reply.served_model, reply.fingerprint) == ("m-1-2026-01-01", "fp_1")
    assert reply.usage == Usage(10, 20)
    assert reply.cost_usd == pytest.approx(50e-6)


async def test_it_sends_the_question_the_seed_and_the_key(
    provider: CompatibleProvider, service: ChatService
) -> None:
    """Each repeat can be sampled differently, and nothing is sent that was not configured."""
    await provider.ask(QUESTION, seed=7)

    [call] = service.calls
    assert call["seed"] == 7
    assert call["messages"] == [{"role": "user", "content": "Which tool is best?"}]
    assert "max_tokens" not in call
    assert "temperature" not in call
    assert service.keys == [f"Bearer {KEY}"]


async def test_a_model_without_a_price_has_an_unknown_cost(service: ChatService) -> None:
    """An unknown price is never zero."""
    settings = CompatibleSettings(base_url=service.url, models=("m-1",))
    provider = CompatibleProvider("svc", settings)
    try:
        assert provider.price("m-1") is None
        assert (await provider.ask(QUESTION, seed=1)).cost_usd is None
    finally:
        await provider.close()


def test_a_price_is_what_was_configured(provider: CompatibleProvider) -> None:
    """It is in dollars a million tokens."""
    price = provider.price("m-1")

    assert price == Price(1.0, 2.0)
    assert price is not None
    assert price.source == "the configuration"


def completion(**changes: Any) -> Behaviour:
    """Return an answer as services send it, with some fields changed."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": "Acme."}}
    return Behaviour(body=json.dumps({"choices": [choice], **changes}).encode())


@pytest.mark.parametrize(
    ("changes", "served", "fingerprint", "usage"),
    [
        ({}, "", "", Usage()),
        ({"system_fingerprint": 7}, "", "7", Usage()),
        ({"model": 5}, "5", "", Usage()),
        ({"model": {"id": "m"}, "system_fingerprint": []}, "", "", Usage()),
        ({"usage": {"prompt_tokens": 10**20, "completion_tokens": 3}}, "", "", Usage()),
        ({"usage": {"prompt_tokens": -1, "completion_tokens": "3"}}, "", "", Usage()),
        ({"usage": {"prompt_tokens": 2.0, "completion_tokens": None}}, "", "", Usage()),
        ({"usage": {"prompt_tokens": 2.0, "completion_tokens": 3}}, "", "", Usage(2, 3)),
        ({"usage": {"prompt_tokens": True, "completion_tokens": 3}}, "", "", Usage()),
        ({"usage": "none"}, "", "", Usage()),
    ],
)
async def test_odd_details_do_not_cost_the_answer(
    provider: CompatibleProvider,
    service: ChatService,
    changes: dict[str, Any],
    served: str,
    fingerprint: str,
    usage: Usage,
) -> None:
    """Names become text, and an impossible count is ignored."""
    service.behaviours = [completion(**changes)]
    reply = await provider.ask(QUESTION, seed=1)

    assert reply.text == "Acme."
    assert (reply.served_model, reply.fingerprint, reply.usage) == (served, fingerprint, usage)
    assert (reply.cost_usd is None) is (usage == Usage()), "no text is written for no tokens"
    assert isinstance(reply.usage.input_tokens, int)


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": []}',
        b'{"choices": null}',
        json.dumps({"choices": [{"message": {"content": 7}}]}).encode(),
    ],
)
async def test_an_answer_without_text_cannot_be_read(
    provider: CompatibleProvider, service: ChatService, body: bytes
) -> None:
    """The SDK takes any shape, so the provider looks."""
    service.behaviours = [Behaviour(body=body)]

    with pytest.raises(ProviderFailed, match="cannot be read as one of Chat Completions"):
        await provider.ask(QUESTION, seed=1)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pw-secret@host/v1",
        "http://pw-secret@host",
        "http://:pw-secret@host",
        "https://host/v1?key=pw-secret",
        "https://host/v1#pw-secret",
    ],
)
def test_an_address_with_a_login_is_refused_and_not_shown(url: str) -> None:
    """Messages show the address, so the address may not hold a key."""
    with pytest.raises(ValidationError, match="name that as api_key_env") as caught:
        CompatibleSettings(base_url=url, models=("m-1",))
    assert "pw-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nowhere",
        "ftp://host",
        "http://",
        "http://a b",
        "http://user:pw-secret",
        "http://[pw-secret",
        "http://pw-secret\uff20host",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    """A slip of the keyboard may lay a login bare too."""
    with pytest.raises(ValidationError, match="must be an address such as") as caught:
        CompatibleSettings(base_url=url, models=("m-1",))
    assert "pw-secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://[::1]:11434/v1", "https://host/@team/v1/", "HTTP://host"])
def test_any_plain_address_is_taken(url: str) -> None:
    """Also one with a port, a path or capitals."""
    assert CompatibleSettings(base_url=url, models=("m-1",)).base_url == url
