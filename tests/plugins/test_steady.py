"""Tests of steady questions: what a service takes is asked, and is not read off a model's name."""

from typing import Any

import pytest

from kit.shapes import AGENT, CHAT, GEMINI, MESSAGES, QUESTION, RESPONSES, Shape
from kit.vendors import KEY, Call, Reaction, Vendor
from overheard import Model, Prompt, ProviderFailed, Question

STEADY = Question(Prompt(QUESTION), Model("svc", "gpt-5"), steady=True)
SHAPES = [RESPONSES, MESSAGES, GEMINI, CHAT, AGENT]


def effort(body: dict[str, Any]) -> Any:
    """Return the reasoning effort of a request, as each vendor has it."""
    found = body.get("generationConfig", {}).get("thinkingConfig") or body.get("reasoning_effort")
    return found or (body.get("reasoning") or body.get("output_config") or {}).get("effort")


class Refusing(Vendor):
    """A service that refuses requests with certain words, and says which or not."""

    def __init__(self, shape: Shape, *words: str, told: bool = True) -> None:
        super().__init__()
        self._shape, self._words, self._told = shape, words, told

    def react(self, call: Call) -> Reaction:
        """Answer, or refuse."""
        if call.method == "GET":
            return super().react(call)
        self.calls.append(call)
        for word in self._words:
            if word in call.text:
                message = f"{word} is not supported" if self._told else "invalid request"
                return Reaction({"error": {"message": message, "code": 400}}, 400)
        return Reaction(self._shape.answer("Acme.", next(iter(self._shape.words.values()))))


def temperature(body: dict[str, Any]) -> Any:
    """Return the temperature of a request."""
    return body.get("generationConfig", body).get("temperature")


async def asked(shape: Shape, service: Refusing, *questions: Question) -> list[dict[str, Any]]:
    """Ask questions, and return the requests."""
    async with service.serving():
        provider = shape.provider(service.url)
        try:
            for question in questions:
                await provider.ask(question, seed=7)
        finally:
            await provider.close()
    return [call.body for call in service.calls]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_KEY", KEY)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_what_takes_both_gets_temperature_0_and_the_least_effort(shape: Shape) -> None:
    """Whatever the model is called; a question that is not steady gets neither."""
    steady, plain = await asked(
        shape, Refusing(shape), STEADY, Question(STEADY.prompt, STEADY.model)
    )

    assert temperature(steady) == 0
    assert effort(steady)
    assert (temperature(plain), effort(plain)) == (None, None)


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_what_is_refused_is_left_out_and_remembered(shape: Shape, told: bool) -> None:
    """A 400 costs nothing, and is asked for once."""
    first, *_, last, again = await asked(
        shape, Refusing(shape, '"temperature"', told=told), STEADY, STEADY
    )

    assert temperature(first) == 0
    assert temperature(last) is temperature(again) is None
    assert effort(last) == effort(first)
    assert again == last


@pytest.mark.parametrize("shape", [RESPONSES, MESSAGES, CHAT, AGENT], ids=str)
async def test_the_least_effort_that_a_model_takes_is_found(shape: Shape) -> None:
    """One after another, beginning with none."""
    requests = await asked(shape, Refusing(shape, 'effort": "none', 'effort": "minimal'), STEADY)

    assert [effort(body) for body in requests] == ["none", "minimal", "low"]
    assert temperature(requests[-1]) == 0


async def test_a_question_that_is_wrong_otherwise_fails_and_teaches_nothing() -> None:
    """The next one is asked with all of it again."""
    service = Refusing(RESPONSES, "Which tool", told=False)
    with pytest.raises(ProviderFailed):
        await asked(RESPONSES, service, STEADY)
    bodies = [call.body for call in service.calls]

    assert len(bodies) == 5
    assert (temperature(bodies[0]), temperature(bodies[-1])) == (0, None)
