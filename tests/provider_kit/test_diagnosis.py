"""Tests of what an SDK's error means, for errors that no service can be made to cause."""

import asyncio
import ssl
import time
from typing import Any

import aiohttp
import pytest
from openai import DefaultAioHttpClient

from overheard import (
    FailureKind,
    Finish,
    HostedService,
    Model,
    PriceList,
    Prompt,
    Question,
    http_client,
)
from overheard.errors import ProviderFailed, ProviderUnavailable
from overheard.provider_kit.diagnosis import Endpoint, read_fault
from overheard.provider_kit.settings import ProviderSettings

PLACE = Endpoint("svc", "http://host/v1", "the Acme API", timeout=5, silence=5)
MODEL = Model("svc", "m-1")
SECRET = "sk-very-secret"


class StatusError(Exception):
    """An SDK's error with a status."""

    def __init__(self, status: object, body: object = None) -> None:
        super().__init__(SECRET)
        self.status_code = status
        self.body = body


def test_an_error_that_nobody_knows_is_told_by_its_kind() -> None:
    """Its text may hold a secret."""
    failure = read_fault(LookupFailure(SECRET), PLACE).failure(MODEL, PLACE)

    assert isinstance(failure, ProviderFailed)
    assert str(failure) == "svc/m-1 did not answer: LookupFailure; try again later."
    assert (failure.kind, failure.retryable) == (FailureKind.OTHER, False)


class LookupFailure(Exception):
    """An error of a class that says nothing."""


def test_causes_that_go_in_a_circle_are_read_once() -> None:
    """An error may be its own cause."""
    one, other = LookupFailure(), LookupFailure()
    one.__cause__, other.__cause__ = other, one

    assert read_fault(one, PLACE).kind is FailureKind.OTHER


def test_the_deepest_cause_may_say_most() -> None:
    """However it was wrapped on the way."""
    error = TimeoutError()
    error.__context__ = LookupFailure()
    error.__context__.__cause__ = ssl.SSLError()

    assert "no secure connection" in read_fault(error, PLACE).reason


async def test_what_is_no_http_is_no_refusal_of_the_question() -> None:
    """Aiohttp gives it the status 400, as if the service had said so; it may be billed."""
    endings = (b"Content-Length: -5\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + bodies.pop())
        writer.close()

    bodies = list(endings)
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for _ in endings:
            with pytest.raises(aiohttp.ClientResponseError) as raised:
                async with http_client(url, DefaultAioHttpClient) as client:
                    await client.get("/")
            fault = read_fault(raised.value, PLACE)
            assert (fault.kind, fault.status) == (FailureKind.MALFORMED, None)
            assert fault.ambiguous


@pytest.mark.parametrize("status", [200, 0, "429", None, 999])
def test_what_is_no_error_status_says_nothing(status: object) -> None:
    """Then the class of the error counts."""
    assert read_fault(StatusError(status), PLACE).status is None


def deep(word: str) -> Any:
    """Return a body with a code deeper than any service puts it."""
    body: Any = word
    for _ in range(500):
        body = {"a": [body]}
    return body


@pytest.mark.parametrize(
    "body", [None, "insufficient_quota and more", [], deep("insufficient_quota")]
)
def test_a_body_without_code_words_leaves_it_to_the_status(body: Any) -> None:
    """Words in a sentence are no codes, and a hostile body is not followed down."""
    assert read_fault(StatusError(429, body), PLACE).kind is FailureKind.RATE_LIMIT


def test_a_code_word_says_more_than_the_status() -> None:
    """The first code counts, at any reasonable depth."""
    body = [{"error": {"details": [{"reason": "insufficient_quota"}]}}]
    failure = read_fault(StatusError(429, body), PLACE).failure(MODEL, PLACE)

    assert isinstance(failure, ProviderUnavailable)


async def test_what_is_no_text_is_no_answer() -> None:
    """A service may send anything where the text should be."""
    settings = ProviderSettings(base_url="http://host", models=("m-1",))
    service = HostedService("svc", "the Acme API", settings, PriceList({}))
    odd: Any = 7

    with pytest.raises(ProviderFailed, match="cannot be read as one of the Acme API"):
        async with service.asking(MODEL):
            service.reply(Question(Prompt("?"), MODEL), odd, Finish.COMPLETE, headers={}, usage={})


async def test_the_time_that_an_sdk_takes_to_load_is_none_of_the_services() -> None:
    """A first answer that comes at once is not too late, and what loading raises is reported."""
    settings = ProviderSettings(base_url="http://host", models=("m-1",), timeout=0.05)
    service = HostedService("svc", "the Acme API", settings, PriceList({}))
    async with service.asking(MODEL, lambda: time.sleep(0.1)):
        await asyncio.sleep(0)

    def broken() -> None:
        raise LookupFailure(SECRET)

    with pytest.raises(ProviderFailed, match="LookupFailure"):
        async with service.asking(MODEL, broken):
            pass
