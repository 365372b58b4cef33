"""Tests of the presets of the provider `compatible`: what each service is sent, and adds."""

from typing import Any

import pytest
from pydantic import ValidationError

from kit.shapes import CHAT, QUESTION, Shape
from kit.vendors import KEY, Document, Reaction, Vendor
from overheard import Citation, FailureKind, Model, Prompt, ProviderFailed, Question, Usage
from overheard_compatible.presets import CHAT as CHATTING, PRESETS
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings


@pytest.fixture
def shape() -> Shape:
    """They all speak Chat Completions."""
    return CHAT


def made(vendor: Vendor, preset: str, **table: Any) -> CompatibleProvider:
    """Return a provider for a service that is really the loopback one."""
    defaults = {"base_url": vendor.url + "/v1", "api_key_env": "VENDOR_KEY", "models": ["m-1"]}
    settings = CompatibleSettings.model_validate({"preset": preset, **defaults, **table})
    return CompatibleProvider("svc", settings)


async def ask(provider: CompatibleProvider, name: str = "m-1") -> Any:
    """Ask once and close."""
    try:
        return await provider.ask(Question(Prompt(QUESTION), Model("svc", name)), seed=7)
    finally:
        await provider.close()


def answering(vendor: Vendor, **more: Any) -> None:
    """Have the service answer with something more."""
    answer: Document = CHAT.answer("Acme is good [2].", "stop")
    usage = answer["usage"] | more.pop("usage", {})
    vendor.reactions = [Reaction(answer | more | {"usage": usage})]


@pytest.mark.parametrize("preset", sorted(name for name, p in PRESETS.items() if p.api == CHATTING))
async def test_each_service_is_asked_in_its_own_words(vendor: Vendor, preset: str) -> None:
    """A seed goes under the name that the service knows it by, or not at all."""
    answering(vendor)
    provider = made(vendor, preset)
    await ask(provider)
    seed = PRESETS[preset].seed

    assert vendor.calls[0].body == {
        "model": "m-1",
        "messages": [{"role": "user", "content": QUESTION}],
        **({seed: 7} if seed else {}),
    }
    assert provider.capabilities("m-1").seed is bool(seed)
    assert PRESETS[preset].title in provider.capabilities("m-1").how
    assert made(vendor, preset, max_tokens=99).capabilities("m-1").answer_limit == 99


@pytest.mark.parametrize("preset", sorted(name for name, p in PRESETS.items() if p.key_env))
def test_a_service_that_wants_a_key_says_where_to_put_it(
    preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its users' usual environment variable is read; when it is not set, it is named."""
    variable = PRESETS[preset].key_env
    table = {"preset": preset, "base_url": "https://host/v1", "models": ["m-1"]}
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ValidationError, match=f"set the environment variable {variable}"):
        CompatibleSettings.model_validate(table)

    monkeypatch.setenv(variable, KEY)
    settings = CompatibleSettings.model_validate(table)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == KEY


@pytest.mark.parametrize("preset", ["ollama", "vllm"])
def test_a_service_on_this_machine_needs_no_address_and_no_key(preset: str) -> None:
    """It listens where it always does."""
    settings = CompatibleSettings.model_validate({"preset": preset, "models": ["m-1"]})

    assert settings.base_url.startswith("http://localhost:")
    assert settings.api_key is None


def test_a_service_that_cannot_be_told_to_search_is_not_asked_to() -> None:
    """The model is named before the first call."""
    with pytest.raises(ValidationError, match=r'm-1\+search cannot be asked.* leave "\+search"'):
        CompatibleSettings(base_url="http://host", models=("m-1+search",))


async def test_nor_is_it_when_the_model_is_named_at_the_terminal(vendor: Vendor) -> None:
    """An answer without search must never pass for one with it."""
    with pytest.raises(ProviderFailed, match="cannot be told to search") as caught:
        await ask(made(vendor, "xai"), "m-1+search")
    assert caught.value.kind is FailureKind.REQUEST
    assert not vendor.calls


async def test_xai_tells_its_sources_and_its_charge(vendor: Vendor) -> None:
    """Its charge comes in ticks, ten thousand million to the dollar."""
    answering(vendor, citations=["https://one.test"], usage={"cost_in_usd_ticks": 37_756_000})
    reply = await ask(made(vendor, "xai"))

    assert reply.citations == (Citation("https://one.test", cited=False),)
    assert reply.cost_usd == pytest.approx(0.0037756)


async def test_a_source_without_an_address_keeps_its_place(vendor: Vendor) -> None:
    """Otherwise the marks in the answer would point to the sources after the right ones."""
    answering(vendor, citations=[None, "https://two.test", {"title": "x"}, "https://four.test"])
    reply = await ask(made(vendor, "xai"))

    assert reply.citations == (
        Citation("https://two.test", cited=True),
        Citation("https://four.test", cited=False),
    )


async def test_openrouter_searches_when_told_to(vendor: Vendor) -> None:
    """Its notes are citations, and its charge is its own."""
    note = {"type": "url_citation", "url_citation": {"url": "https://one.test", "title": "One"}}
    [choice] = CHAT.answer("Acme is good.", "stop")["choices"]
    choice["message"]["annotations"] = [note, note]
    answering(vendor, choices=[choice], usage={"cost": 0.01})
    provider = made(vendor, "openrouter", models=["m-1+search"])
    reply = await ask(provider, "m-1+search")

    assert vendor.calls[0].body["model"] == "m-1"
    assert vendor.calls[0].body["plugins"] == [{"id": "web"}]
    assert reply.citations == (Citation("https://one.test", "One"),)
    assert reply.cost_usd == 0.01
    assert provider.capabilities("m-1+search").how == "OpenRouter Chat Completions, web search"
    assert not provider.capabilities("m-1").search


async def test_deepseek_tells_what_its_cache_held(vendor: Vendor) -> None:
    """Under another name."""
    more = {"prompt_tokens_details": None, "prompt_cache_hit_tokens": 8}
    answering(vendor, usage=more)

    usage = (await ask(made(vendor, "deepseek"))).usage
    assert usage == Usage(10, 20, cached_tokens=8, reasoning_tokens=5)


async def test_azure_tells_the_served_model_in_a_header(vendor: Vendor) -> None:
    """The key is in a special header, and the version in the address."""
    answer = CHAT.answer("Acme.", "stop")
    vendor.reactions = [Reaction(answer, headers={"x-ms-served-model": "gpt-5-2025-08-07"})]
    reply = await ask(made(vendor, "azure", api_version="2026-01-01"))

    assert reply.served_model == "gpt-5-2025-08-07"
    assert vendor.calls[0].headers["api-key"] == KEY
    assert vendor.calls[0].query == "api-version=2026-01-01"
