"""Tests of structured output: each vendor is asked for JSON in its own way, where it takes it."""

import json
from typing import Any

import pytest

from kit.shapes import CHAT, GEMINI, MESSAGES, QUESTION, RESPONSES, Shape
from kit.vendors import KEY, Reaction, Vendor
from overheard import Model, Prompt, ProviderFailed, Question

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
ASKED = Question(Prompt(QUESTION), Model("svc", "m-1"), limit=100, schema=json.dumps(SCHEMA))
WAYS: list[tuple[Shape, Any]] = [
    (RESPONSES, lambda body: body["text"]["format"]["schema"]),
    (MESSAGES, lambda body: body["output_config"]["format"]["schema"]),
    (GEMINI, lambda body: body["generationConfig"]["responseJsonSchema"]),
    (CHAT, lambda body: body["response_format"]["json_schema"]["schema"]),
]
KEYS = ("text", "output_config", "response_format", "responseJsonSchema")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_KEY", KEY)


async def ask(shape: Shape, vendor: Vendor, *questions: Question, **settings: Any) -> list[str]:
    """Ask questions, and return the texts of the replies."""
    provider = shape.provider(vendor.url, **settings)
    try:
        return [(await provider.ask(question, seed=7)).text for question in questions]
    finally:
        await provider.close()


@pytest.mark.parametrize(("shape", "sent"), WAYS, ids=[str(shape) for shape, _ in WAYS])
async def test_a_schema_is_sent_as_the_vendor_wants_it(shape: Shape, sent: Any) -> None:
    """And not for a question without one."""
    word = next(iter(shape.words.values()))
    async with Vendor().serving() as vendor:
        vendor.reactions = [Reaction(shape.answer("{}", word))]
        plain = Question(ASKED.prompt, ASKED.model)
        assert await ask(shape, vendor, ASKED, plain) == ["{}", "{}"]
        first, second = (call.body for call in vendor.calls)
    assert sent(first) == SCHEMA
    assert not any(f'"{key}": {{' in json.dumps(second) for key in KEYS)


@pytest.mark.parametrize("shape", [shape for shape, _ in WAYS], ids=str)
async def test_a_model_that_refuses_a_schema_is_asked_without(shape: Shape) -> None:
    """At once, and from then on."""
    word = next(iter(shape.words.values()))
    refusal = {"error": {"message": "json_schema is not supported by this model", "code": 400}}
    async with Vendor().serving() as vendor:
        vendor.reactions = [Reaction(refusal, 400), Reaction(shape.answer("{}", word))]
        assert await ask(shape, vendor, ASKED, ASKED) == ["{}", "{}"]
        with_schema = [any(f'"{key}": {{' in call.text for key in KEYS) for call in vendor.calls]
    assert with_schema == [True, False, False]


async def test_another_refusal_is_not_repeated() -> None:
    """It has nothing to do with the schema."""
    async with Vendor().serving() as vendor:
        vendor.reactions = [Reaction({"error": {"message": "too long"}}, 400)]
        with pytest.raises(ProviderFailed):
            await ask(CHAT, vendor, ASKED)
        assert len(vendor.calls) == 1


async def test_a_service_without_schemas_is_asked_for_json() -> None:
    """DeepSeek's is one."""
    word = next(iter(CHAT.words.values()))
    async with Vendor().serving() as vendor:
        vendor.reactions = [Reaction(CHAT.answer("{}", word))]
        await ask(CHAT, vendor, ASKED, preset="deepseek")
        assert vendor.calls[0].body["response_format"] == {"type": "json_object"}
