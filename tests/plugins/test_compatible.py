"""Tests of the provider `compatible`, with the real SDK against a service on loopback."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from loopback import Behaviour, ChatService
from overheard import Finish, Model, Price, Prompt, ProviderFailed, Question, Usage
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings

QUESTION = Question(Prompt("Which tool is best?"), Model("svc", "m-1"))
KEY = "sk-very-secret"


@pytest.fixture
def retries() -> int:
    """How often a call is repeated, unless a test says otherwise."""
    return 0


@pytest.fixture
async def provider(
    service: ChatService, retries: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[CompatibleProvider]:
    """A provider that is pointed at the service."""
    monkeypatch.setenv("SVC_KEY", KEY)
    table = {
        "base_url": service.url,
        "api_key_env": "SVC_KEY",
        "models": ["m-1"],
        "prices": {"m-1": {"input": 1.0, "output": 2.0}},
        "retries": retries,
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


async def test_a_model_without_a_price_has_an_unknown_cost(
    service: ChatService,
) -> None:
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
    assert provider.price("m-1") == Price(1.0, 2.0)


@pytest.mark.parametrize(
    ("finish", "kept"),
    [
        ("length", Finish.LENGTH),
        ("content_filter", Finish.FILTERED),
        (None, Finish.CUT),
        ("something new", Finish.CUT),
    ],
)
async def test_an_answer_that_did_not_end_by_itself_says_so(
    provider: CompatibleProvider, service: ChatService, finish: str | None, kept: Finish
) -> None:
    """A cut answer is marked, so that it is never scored."""
    service.behaviours = [Behaviour(finish=finish)]

    assert (await provider.ask(QUESTION, seed=1)).finish is kept


async def test_an_answer_that_fills_the_chosen_window_is_whole(service: ChatService) -> None:
    """When the deployment chose the window, every answer is cut alike and can be compared."""
    settings = CompatibleSettings(base_url=service.url, models=("m-1",), max_tokens=64)
    provider = CompatibleProvider("svc", settings)
    service.behaviours = [Behaviour(finish="length")]
    try:
        assert (await provider.ask(QUESTION, seed=1)).finish is Finish.WINDOW
    finally:
        await provider.close()


async def test_an_empty_answer_is_no_answer(
    provider: CompatibleProvider, service: ChatService
) -> None:
    """It would look as if the brand were not mentioned."""
    service.behaviours = [Behaviour(text=" ")]

    assert (await provider.ask(QUESTION, seed=1)).finish is Finish.FAILED


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
        ({"usage": {"prompt_tokens": 10**20, "completion_tokens": 3}}, "", "", Usage(0, 3)),
        ({"usage": {"prompt_tokens": -1, "completion_tokens": "3"}}, "", "", Usage()),
        ({"usage": {"prompt_tokens": 2.0, "completion_tokens": None}}, "", "", Usage(2, 0)),
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
    """Names become text, and a count that cannot be one counts as not told."""
    service.behaviours = [completion(**changes)]
    reply = await provider.ask(QUESTION, seed=1)

    assert reply.text == "Acme."
    assert (reply.served_model, reply.fingerprint, reply.usage) == (served, fingerprint, usage)
    assert isinstance(reply.usage.input_tokens, int)


@pytest.mark.parametrize("retries", [1])
async def test_it_asks_again_after_a_fault_that_passes(
    provider: CompatibleProvider, service: ChatService
) -> None:
    """A 429 with Retry-After, or a dropped connection, costs one repetition."""
    service.behaviours = [Behaviour(status=429, body=b"{}", headers={"Retry-After": "0"})]
    assert (await provider.ask(QUESTION, seed=1)).finish is Finish.COMPLETE

    service.behaviours = [Behaviour(hang_up=True)]
    assert (await provider.ask(QUESTION, seed=1)).finish is Finish.COMPLETE


UNREADABLE = "it is not what Chat Completions return; check base_url, or try again later."
WRONG_KEY = b'{"error": {"message": "Incorrect API key provided: sk-very-secret"}}'


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(status=401, body=WRONG_KEY), "refuses the key; check api_key_env"),
        (Behaviour(status=403, body=WRONG_KEY), "refuses the key; check api_key_env"),
        (Behaviour(status=404, body=b"{}"), "there is no such model at http://127.0.0.1"),
        (Behaviour(status=429, body=b"{}"), "asked too often"),
        (Behaviour(status=500, body=b"oops"), "answers with status 500"),
        (Behaviour(status=400, body=b'{"error": "bad"}'), "answers with status 400"),
        (Behaviour(body=b'{"choices": []}'), UNREADABLE),
        (Behaviour(body=b'{"choices": null}'), UNREADABLE),
        (Behaviour(body=b'{"choices": [{"mess'), UNREADABLE),
        (Behaviour(body=b"<html>", content_type="text/html"), UNREADABLE),
        (Behaviour(body=b"\xff\xfe\x00"), UNREADABLE),
        (Behaviour(body=b"[" * 100_000), UNREADABLE),
        (completion(choices=[{"message": {"content": 7}}]), UNREADABLE),
        (Behaviour(hang_up=True), "cannot be reached; check base_url"),
    ],
)
async def test_what_goes_wrong_is_one_sentence_without_the_key(
    provider: CompatibleProvider, service: ChatService, behaviour: Behaviour, reason: str
) -> None:
    """Each fault names the model and a remedy; a service that repeats the key is not quoted."""
    service.behaviours = [behaviour]

    with pytest.raises(ProviderFailed, match=r"^svc/m-1 did not answer: ") as caught:
        await provider.ask(QUESTION, seed=1)
    assert reason in str(caught.value)
    assert KEY not in str(caught.value)


async def test_a_service_that_is_silent_is_given_up(service: ChatService) -> None:
    """The time-out is for the whole answer and is named."""
    settings = CompatibleSettings(base_url=service.url, models=("m-1",), timeout=0.2, retries=0)
    provider = CompatibleProvider("svc", settings)
    service.behaviours = [Behaviour(delay=1)]
    try:
        with pytest.raises(ProviderFailed, match=r"no whole answer within 0\.2 s"):
            await provider.ask(QUESTION, seed=1)
    finally:
        await provider.close()


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
    """The address stands in messages, so the key belongs elsewhere."""
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
