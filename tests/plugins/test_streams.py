"""Tests of answers that the provider `compatible` reads as they are written."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit.shapes import CHAT, QUESTION, Shape
from kit.vendors import Document, Reaction, Vendor
from overheard import Citation, FailureKind, Finish, Model, Prompt, ProviderFailed, Question, Usage

ASKED = Question(Prompt(QUESTION), Model("svc", "m-1"))
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def shape() -> Shape:
    """It speaks Chat Completions."""
    return CHAT


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[Any]:
    """A provider that reads streams."""
    made = CHAT.provider(vendor.url, stream=True, first_byte_timeout=0.2)
    yield made
    await made.close()


def event(**more: Any) -> bytes:
    """Return a chunk as it is sent."""
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "choices": [], **more}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def piece(text: str, word: str | None = None, **more: Any) -> bytes:
    """Return a piece of an answer."""
    delta = {"content": text, **more}
    choice = {"index": 0, "delta": delta, "finish_reason": word}
    return event(choices=[choice], model="m-1-2026-01-01", system_fingerprint="fp_1")


USAGE: Document = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
WHOLE = [piece("Acme "), piece("is good [1]."), piece("", "stop"), event(usage=USAGE)]


def streamed(*events: bytes, **more: Any) -> Reaction:
    """Return a stream of events."""
    return Reaction(b"".join(events), content_type="text/event-stream", **more)


async def test_a_streamed_answer_is_what_a_whole_one_is(provider: Any, vendor: Vendor) -> None:
    """Its pieces are one text, and what it was billed for comes last."""
    sources = event(citations=["https://one.test"])
    vendor.reactions = [streamed(*WHOLE, sources, DONE)]
    reply = await provider.ask(ASKED, seed=7)

    assert (reply.text, reply.finish) == ("Acme is good [1].", Finish.COMPLETE)
    assert (reply.served_model, reply.fingerprint) == ("m-1-2026-01-01", "fp_1")
    assert reply.usage == Usage(10, 20)
    assert reply.cost_usd == pytest.approx(50e-6)
    assert reply.citations == (Citation("https://one.test"),)
    assert vendor.calls[0].body["stream_options"] == {"include_usage": True}
    assert provider.capabilities("m-1").streaming


async def test_a_stream_that_ends_early_is_cut(provider: Any, vendor: Vendor) -> None:
    """The SDK raises nothing; without a finish reason the rest of the answer is unknown."""
    vendor.reactions = [streamed(*WHOLE[:2])]
    reply = await provider.ask(ASKED, seed=7)

    assert (reply.text, reply.finish) == ("Acme is good [1].", Finish.CUT)
    assert reply.cost_usd is None


async def test_a_refusal_comes_in_pieces_too(provider: Any, vendor: Vendor) -> None:
    """The refusal takes the place of the answer."""
    vendor.reactions = [
        streamed(piece("", refusal="I "), piece("", refusal="won't."), piece("", "stop"), DONE)
    ]
    reply = await provider.ask(ASKED, seed=7)

    assert (reply.text, reply.finish) == ("I won't.", Finish.REFUSED)


@pytest.mark.parametrize(
    ("reaction", "kind", "retryable"),
    [
        (streamed(*WHOLE, sent=300), FailureKind.CONNECTION, True),
        (streamed(WHOLE[0], b"data: {oops\n\n"), FailureKind.MALFORMED, False),
        (streamed(b'data: {"error": {"message": "x"}}\n\n'), FailureKind.MALFORMED, False),
        (streamed(b"data: \xff\n\n"), FailureKind.MALFORMED, False),
        (Reaction(silent=True), FailureKind.TIMEOUT, True),
    ],
    ids=["broken off", "malformed", "error", "bytes", "silent"],
)
async def test_a_stream_that_goes_wrong_may_have_been_charged(
    provider: Any, vendor: Vendor, reaction: Reaction, kind: FailureKind, retryable: bool
) -> None:
    """What came before is not an answer."""
    vendor.reactions = [reaction]

    with pytest.raises(ProviderFailed, match=r"^svc/m-1 did not answer: ") as caught:
        await provider.ask(ASKED, seed=7)
    failure = caught.value
    assert (failure.kind, failure.retryable, failure.ambiguous) == (kind, retryable, True)
