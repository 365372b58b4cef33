"""Tests that each shape of provider meets each fault alike, with the real SDKs on real sockets."""

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit.shapes import CHAT, GEMINI, QUESTION, SHAPES, Shape
from kit.vendors import KEY, Reaction, Vendor, untrusted
from overheard import (
    Citation,
    FailureKind,
    Finish,
    Model,
    Prompt,
    Provider,
    ProviderFailed,
    ProviderUnavailable,
    Question,
    RateLimits,
    Usage,
)
from overheard.domain.models import MAX_SOURCE_CHARS
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings

ASKED = Question(Prompt(QUESTION), Model("svc", "m-1"))


@pytest.fixture(params=SHAPES, ids=str)
def shape(request: pytest.FixtureRequest) -> Shape:
    """Each vendor's shape in turn."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["first call", "later call"])
async def provider(
    shape: Shape, vendor: Vendor, request: pytest.FixtureRequest
) -> AsyncIterator[Provider]:
    """A provider that asks it: for the first time, which the SDK sends, or later."""
    made = shape.provider(vendor.url, timeout=10, first_byte_timeout=8)
    if request.param == "later call":
        vendor.reactions = [whole(shape)]
        await made.ask(ASKED, seed=7)
        vendor.calls.clear()
    yield made
    await made.close()


def whole(shape: Shape, text: str = "Acme is good.", finish: Finish = Finish.COMPLETE) -> Reaction:
    """Return an answer that ends in some way."""
    return Reaction(shape.answer(text, shape.words[finish]))


async def failing(provider: Provider, vendor: Vendor, reaction: Reaction) -> ProviderFailed:
    """Ask, and return how it failed: once, and in one sentence without the key."""
    vendor.reactions = [reaction]
    with pytest.raises(ProviderFailed, match=r"^svc/m-1 did not answer: [^\n]+; [^\n]+\.$") as it:
        await provider.ask(ASKED, seed=7)
    assert KEY not in str(it.value)
    assert len(vendor.calls) <= 1
    return it.value


async def test_an_answer_comes_with_what_it_was_billed_for(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """Tokens are counted alike under the names of all vendors, and priced."""
    vendor.reactions = [whole(shape)]
    reply = await provider.ask(ASKED, seed=7)

    assert (reply.text, reply.finish) == ("Acme is good.", Finish.COMPLETE)
    assert reply.served_model == "m-1-2026-01-01"
    assert reply.usage == Usage(10, 20, cached_tokens=4, reasoning_tokens=5)
    assert reply.cost_usd == pytest.approx(50e-6)
    assert reply.citations == ()


@pytest.mark.parametrize("shape", [CHAT], indirect=True, ids=str)
@pytest.mark.parametrize("own", [False, True], ids=["our client", "client of the SDK"])
async def test_later_calls_go_by_the_http_client_of_the_sdk_with_its_cookies(
    shape: Shape, vendor: Vendor, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever other HTTP clients there are; a cookie may change, as that of a load balancer."""
    provider = shape.provider(vendor.url)
    assert isinstance(provider, CompatibleProvider)
    vendor.looking_up = Reaction({"data": []}, headers={"Set-Cookie": "server=1; Path=/"})
    vendor.reactions = [
        Reaction(whole(shape).body, headers={"Set-Cookie": "server=2; Path=/"}),
        whole(shape),
    ]
    if own:
        monkeypatch.setattr(provider.service, "http_client", lambda _: None)
    await provider.verify()
    if not own:
        await provider.service.http_client().aclose()
    for _ in range(2):
        await provider.ask(ASKED, seed=7)
    await provider.close()

    assert [call.headers.get("cookie") for call in vendor.calls] == ["server=1", "server=2"]


@pytest.mark.parametrize("shape", [CHAT], indirect=True, ids=str)
async def test_a_refused_key_is_asked_of_the_sdk_again(shape: Shape, vendor: Vendor) -> None:
    """A key that is renewed while the bot runs."""
    provider = shape.provider(vendor.url)
    assert isinstance(provider, CompatibleProvider)
    refused = Reaction({"error": {"message": "expired"}}, status=401)
    vendor.reactions = [whole(shape), refused, whole(shape), whole(shape)]
    await provider.ask(ASKED, seed=7)
    provider.client.organization = "renewed"  # as a key would be, which the vendor here checks
    for _ in range(2):
        await provider.ask(ASKED, seed=7)

    await provider.close()

    sent = [call.headers.get("openai-organization") for call in vendor.calls]
    assert sent == [None, None, "renewed", "renewed"]


@pytest.mark.parametrize(
    ("shape", "finish"), [(s, f) for s in SHAPES for f in s.words], indirect=["shape"], ids=str
)
async def test_how_an_answer_ended_is_told_alike(
    shape: Shape, provider: Provider, vendor: Vendor, finish: Finish
) -> None:
    """For each vendor's word for it."""
    vendor.reactions = [whole(shape, finish=finish)]

    assert (await provider.ask(ASKED, seed=7)).finish is finish


async def test_an_answer_without_an_end_is_cut(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """A service that does not say how it ended did not end it."""
    vendor.reactions = [Reaction(shape.answer("Acme is", None))]

    assert (await provider.ask(ASKED, seed=7)).finish is Finish.CUT


async def test_a_chosen_window_is_sent_and_makes_answers_whole(
    shape: Shape, vendor: Vendor
) -> None:
    """When the deployment chose the window, every answer is cut alike and can be compared."""
    provider = shape.provider(vendor.url, max_tokens=64)
    vendor.reactions = [whole(shape, finish=Finish.LENGTH)]
    try:
        assert (await provider.ask(ASKED, seed=7)).finish is Finish.WINDOW
        assert "64" in json.dumps(vendor.calls[0].body)
    finally:
        await provider.close()


async def test_a_limited_answer_is_cut_short_and_not_sampled(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """Where the model takes a temperature; and its answer is whole."""
    vendor.reactions = [whole(shape, finish=Finish.LENGTH)]
    reply = await provider.ask(replace(ASKED, limit=20), seed=7)

    assert reply.finish is Finish.WINDOW
    sent = json.dumps(vendor.calls[0].body)
    assert "20" in sent
    assert ('"temperature": 0' in sent) is (shape.name != "messages")


async def test_an_empty_answer_is_no_answer(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """It would look as if the brand were not mentioned. It is paid all the same."""
    vendor.reactions = [whole(shape, " \u200b")]
    reply = await provider.ask(ASKED, seed=7)

    assert reply.finish is Finish.FAILED
    assert reply.cost_usd == pytest.approx(50e-6)


async def test_an_answer_of_a_megabyte_comes_whole(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """Nothing is cut on the way."""
    text = "Acmé is good. " * 75_000
    vendor.reactions = [whole(shape, text)]

    assert (await provider.ask(ASKED, seed=7)).text == text


async def test_what_a_service_reports_without_end_is_cut(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """The store keeps it for ever."""
    body = json.dumps(shape.answer("Acme is good.", shape.words[Finish.COMPLETE]))
    endless = body.replace("m-1-2026-01-01", "m" * 1_000_000)
    vendor.reactions = [Reaction(endless.encode())]

    assert (await provider.ask(ASKED, seed=7)).served_model == "m" * MAX_SOURCE_CHARS


def test_of_many_sources_a_thousand_are_kept_and_parts_of_tokens_are_whole() -> None:
    """Cited ones first; a call is never priced too low."""
    service = CompatibleProvider(
        "svc", CompatibleSettings(base_url="http://localhost:1/v1", models=("m-1",))
    ).service
    sources = [Citation(f"https://a.com/{number}", cited=number > 5_000) for number in range(9_000)]
    endless = Citation("https://a.com/" + "a" * 5_000)
    reply = service.reply(
        ASKED, "Acme.", Finish.COMPLETE, headers={}, citations=[endless, *sources],
        usage={"input_tokens": 1.5, "output_tokens": 2.5},
    )  # fmt: skip

    assert len(reply.citations) == 1_000
    assert all(source.cited and len(source.url) < 30 for source in reply.citations)
    assert reply.usage == Usage(2, 3)


async def test_what_a_service_still_allows_comes_with_the_answer(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """The wait is in the headers."""
    headers = {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59"}
    vendor.reactions = [Reaction(whole(shape).body, headers=headers)]

    limits = (await provider.ask(ASKED, seed=7)).limits
    assert limits == RateLimits(requests=60, requests_left=59)


@pytest.mark.parametrize(("told", "asked"), [({"Retry-After": "3"}, 3.0), ({}, None)])
async def test_a_service_that_is_busy_says_when_to_come_back(
    shape: Shape, provider: Provider, vendor: Vendor, told: dict[str, str], asked: float | None
) -> None:
    """The provider itself does not retry: its caller counts the attempts and waits."""
    left = {"x-ratelimit-remaining-requests": "0"}
    failure = await failing(
        provider, vendor, Reaction(shape.error("rate_limit_exceeded"), 429, told | left)
    )

    assert (failure.kind, failure.status) == (FailureKind.RATE_LIMIT, 429)
    assert (failure.retryable, failure.retry_after, failure.ambiguous) == (True, asked, False)
    assert failure.limits == RateLimits(requests_left=0)


@pytest.mark.parametrize(
    ("shape", "status", "body"),
    [(shape, status, b"oops") for shape in SHAPES for status in (500, 529)]
    + [(shape, 500, b"[" * 9_000) for shape in SHAPES if shape is not GEMINI],
    indirect=["shape"],
    ids=lambda value: None if isinstance(value, bytes) else str(value),
)
async def test_a_service_that_is_broken_may_be_asked_again(
    shape: Shape, provider: Provider, vendor: Vendor, status: int, body: bytes
) -> None:
    """Nothing was answered, and nothing is charged."""
    reaction = Reaction(body, status, content_type="text/plain")
    failure = await failing(provider, vendor, reaction)

    assert (failure.kind, failure.status) == (FailureKind.SERVER, status)
    assert (failure.retryable, failure.ambiguous) == (True, False)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, FailureKind.REQUEST, "refuses the question with status 400"),
        (403, FailureKind.AUTH, "the key may not ask this model"),
        (404, FailureKind.REQUEST, "there is no such model at http://127.0.0.1"),
        (413, FailureKind.REQUEST, "refuses the question with status 413"),
    ],
)
async def test_a_question_that_is_refused_is_not_asked_again(
    shape: Shape, provider: Provider, vendor: Vendor, status: int, kind: FailureKind, reason: str
) -> None:
    """It would be refused again. What the service says may repeat the key, and is not quoted."""
    failure = await failing(provider, vendor, Reaction(shape.error("odd"), status))

    assert reason in str(failure)
    assert (failure.kind, failure.retryable, failure.ambiguous) == (kind, False, False)


async def test_a_question_that_a_filter_refuses_says_so(
    shape: Shape, provider: Provider, vendor: Vendor
) -> None:
    """The remedy is another wording."""
    failure = await failing(provider, vendor, Reaction(shape.error("content_filter"), 400))

    assert failure.kind is FailureKind.FILTERED
    assert "content filter refuses the question; word it otherwise" in str(failure)


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (401, "odd", "the service refuses the key; check api_key_env or api_key_file."),
        (400, "API_KEY_INVALID", "the service refuses the key; check api_key_env"),
        (402, "odd", "the account has no credit left; top it up at the service."),
        (429, "insufficient_quota", "the account has no credit left; top it up"),
    ],
)
async def test_a_key_that_cannot_be_used_stops_all_questions(
    shape: Shape, provider: Provider, vendor: Vendor, status: int, code: str, sentence: str
) -> None:
    """The next one would fail for the same reason."""
    vendor.reactions = [Reaction(shape.error(code), status)]

    with pytest.raises(ProviderUnavailable, match=r"^svc cannot be used: ") as caught:
        await provider.ask(ASKED, seed=7)
    assert sentence in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("sent", [0, 40, -1])
async def test_a_connection_that_breaks_off_may_have_been_charged(
    shape: Shape, provider: Provider, vendor: Vendor, sent: int
) -> None:
    """Before, within or just before the end of the answer."""
    body = json.dumps(whole(shape).body).encode()
    reaction = Reaction(body, sent=sent) if sent else Reaction(hang_up=True)
    failure = await failing(provider, vendor, reaction)

    assert "broke the connection off; try again later." in str(failure)
    assert (failure.kind, failure.retryable, failure.ambiguous) == (
        FailureKind.CONNECTION,
        True,
        True,
    )


@pytest.mark.parametrize("status", [301, 303, 308])
async def test_a_redirect_is_not_followed(
    shape: Shape, provider: Provider, vendor: Vendor, status: int
) -> None:
    """The other host would get the question, and with some services the key."""
    async with Vendor().serving() as other:
        reaction = Reaction(b"", status, {"Location": other.url})
        failure = await failing(provider, vendor, reaction)

    assert not other.calls
    assert "redirects to another address" in str(failure)
    assert "set base_url to the service's own address." in str(failure)
    assert (failure.kind, failure.retryable) == (FailureKind.REQUEST, False)


@pytest.mark.parametrize(
    ("patience", "told"),
    [
        ({"first_byte_timeout": 0.1}, "silent for 0.1 s; try again, or raise first_byte_timeout."),
        (
            {"timeout": 0.1, "first_byte_timeout": 8},
            "no whole answer within 0.1 s; try again, or raise timeout.",
        ),
    ],
)
async def test_silence_is_borne_for_so_long_only(
    shape: Shape, vendor: Vendor, patience: dict[str, float], told: str
) -> None:
    """Before the first byte, and for the whole answer; the call may have been charged."""
    provider = shape.provider(vendor.url, **patience)
    try:
        failure = await failing(provider, vendor, Reaction(silent=True))
    finally:
        await provider.close()

    assert told in str(failure)
    assert (failure.kind, failure.retryable, failure.ambiguous) == (FailureKind.TIMEOUT, True, True)


@pytest.mark.parametrize(
    "reaction",
    [
        Reaction(b'{"id": "1", "choi'),
        Reaction(b"<html>", content_type="text/html"),
        Reaction(b"\xff\xfe\x00"),
        Reaction(b"[" * 100_000),
        Reaction(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}),
    ],
    ids=["cut", "html", "bytes", "deep", "packed"],
)
async def test_a_body_that_cannot_be_read_may_have_been_charged(
    provider: Provider, vendor: Vendor, reaction: Reaction
) -> None:
    """It is not asked again: a gateway that garbles answers would garble the next, and charge."""
    failure = await failing(provider, vendor, reaction)

    assert "the answer cannot be read as one of " in str(failure)
    assert (failure.kind, failure.retryable, failure.ambiguous) == (
        FailureKind.MALFORMED,
        False,
        True,
    )


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'"words"', b""])
async def test_a_body_of_another_shape_is_no_answer(
    provider: Provider, vendor: Vendor, body: bytes
) -> None:
    """And its cost is unknown."""
    vendor.reactions = [Reaction(body)]
    try:
        reply = await provider.ask(ASKED, seed=7)
        outcome: object = (reply.finish, reply.cost_usd)
    except ProviderFailed as failure:
        outcome = (failure.kind, failure.ambiguous)
    assert outcome in {(Finish.FAILED, None), (FailureKind.MALFORMED, True)}


@pytest.mark.parametrize(
    ("url", "sentence", "retryable"),
    [
        ("http://nowhere.invalid", "the name in http://nowhere.invalid", True),
        ("http://127.0.0.1:9", "cannot be reached; start the service there, or", False),
    ],
)
async def test_a_service_that_is_not_there_charges_nothing(
    shape: Shape, url: str, sentence: str, retryable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong name, or a port without a listener."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    provider = shape.provider(url)
    try:
        failure = await failing(provider, Vendor(), Reaction())
    finally:
        await provider.close()

    assert sentence in str(failure)
    assert "check base_url" in str(failure)
    assert (failure.kind, failure.retryable) == (FailureKind.CONNECTION, retryable)
    assert not failure.ambiguous


async def test_a_connection_that_is_not_secure_is_not_used(
    shape: Shape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No question and no key goes to a service whose certificate is not trusted."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    async with Vendor().serving(untrusted(tmp_path)) as vendor:
        provider = shape.provider(vendor.url)
        failure = await failing(provider, vendor, whole(shape))
        await provider.close()

    assert "gives no secure connection; check base_url and the certificate there." in str(failure)
    assert (failure.kind, failure.retryable, failure.ambiguous) == (
        FailureKind.CONNECTION,
        False,
        False,
    )
    assert not vendor.calls
