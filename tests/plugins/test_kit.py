"""Tests of the kit itself: what it checks of a plugin, and what it refuses."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kit.installing import Shelf
from overheard import (
    Card,
    Finish,
    Form,
    HostedService,
    Price,
    PriceList,
    ProviderSettings,
    Question,
    Reply,
    Secret,
)
from overheard.chat.replies import error_sentence
from overheard.testing import (
    EchoProvider,
    Screen,
    Service,
    check_conversation,
    check_hosted_provider,
    readings,
)

CODE = "class Odd: pass\ndef fail():\n    raise KeyError('sk-1')\n"


class Streaming:
    """A provider of a service that sends its answers as an event stream."""

    name, concurrency = "streaming", 2

    def __init__(self, url: str, key: str, timeout: float) -> None:
        settings = ProviderSettings(base_url=url, timeout=timeout, models=("m-1",))
        self._key = Secret(key)
        self._service = HostedService(self.name, "Streaming", settings, PriceList(settings.prices))

    def models(self) -> Sequence[str]:
        """Return its only model."""
        return ("m-1",)

    def price(self, model: str) -> Price | None:
        """Return no price."""
        return self._service.price(model)

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Read the events until the last."""
        text, done, usage = "", False, {}
        body = {"prompt": question.prompt.text, "seed": seed}
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"}
        async with (
            self._service.asking(question.model),
            self._service.http_client(headers=headers) as client,
            client.stream("POST", "/ask", json=body) as response,
        ):
            response.raise_for_status()
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    text, done, usage = text + event["text"], event["done"], event.get("usage", {})
            if not usage:
                raise ValueError("there is no last event")
            finish = Finish.COMPLETE if done else Finish.LENGTH
            headers = dict(response.headers)
            return self._service.reply(question, text, finish, headers=headers, usage=usage)

    async def close(self) -> None:
        """Do nothing: each question opens and closes its connection."""


def events(text: str, *, done: bool = True) -> str:
    """Return an answer as an event stream."""
    half = len(text) // 2
    sent: list[dict[str, Any]] = [
        {"text": text[:half], "done": False},
        {"text": text[half:], "done": done, "usage": {"input_tokens": 5, "output_tokens": 9}},
    ]
    return "".join(f"data: {json.dumps(event)}\n\n" for event in sent)


async def test_a_streaming_provider_passes(overheard_service: Service) -> None:
    """A text is sent as an event stream."""
    await check_hosted_provider(
        Streaming, overheard_service, answer=events, cut=lambda text: events(text, done=False)
    )


async def test_a_conversation_has_to_have_all_that_the_desk_uses() -> None:
    """With forms and without."""
    screen = Screen(forms=True)

    def sent() -> list[str]:
        forms = [screen.form.title] if screen.form else []
        return [*(str(card.title) for card in screen.cards), *forms]

    await check_conversation(screen, sent=sent)

    class Narrow:
        async def show(self, card: Card, *, private: bool = False) -> None: ...

        async def open_form(self, form: Form) -> None: ...

    with pytest.raises(AssertionError, match="its conversations lack forms"):
        await check_conversation(Narrow(), sent=list)  # type: ignore[arg-type] # it lacks a part


def test_a_text_in_place_of_a_list_is_refused() -> None:
    """It would be taken for a list of letters."""
    with pytest.raises(TypeError, match=r"texts has to be a list, such as \['Acme is good.'\]"):
        readings("Acme is good.")
    with pytest.raises(TypeError, match="models has to be a list"):
        EchoProvider(models="m-1")


def test_an_error_in_a_plugin_s_code_names_the_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when Overheard asks for an attribute that an object of the plugin lacks."""
    Shelf(tmp_path, monkeypatch).install("team", CODE)
    import overheard_team  # type: ignore[import-not-found]

    def sentence(work: Any) -> str:
        try:
            work()
        except Exception as error:
            return error_sentence(error)
        return ""

    author = "the plugin's author can mend that; the log says where."
    assert sentence(overheard_team.fail) == f"KeyError in overheard_team: {author}"
    lacking = sentence(lambda: overheard_team.Odd().forms)
    assert lacking == f"AttributeError in overheard_team: {author}"
    assert sentence(lambda: int("x")).startswith("Something went wrong inside Overheard")
