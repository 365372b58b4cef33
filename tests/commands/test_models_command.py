"""Tests of `models list`."""

import re
from pathlib import Path

import pytest

from kit.office import Office, executed
from kit.program import Program, sentences
from kit.scripted import ScriptedProvider
from kit.vendors import KEY
from overheard.commands.check import check
from overheard.commands.models import MILLION_TOKENS, list_models
from overheard.config.loader import load_config
from overheard.deployment import Call
from overheard.domain import FailureKind, Price
from overheard.errors import ProviderFailed
from overheard.runtime.wiring import open_deployment

OWN = """
[storage]
url = "sqlite:///{folder}/store.db"
[asking]
tries = 1
[[brands]]
name = "Acme"
"""

CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"

[providers.svc]
plugin = "openai"
api_key_env = "VENDOR_KEY"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2, batch = 0.5 }}

[limits."svc/m-1"]
requests_per_minute = 60
tokens_per_minute = 90_000
"""


def test_a_model_is_shown_with_its_pace_and_its_price_in_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in the terminal it is said that another process knows more."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    program = Program(tmp_path, CONFIG.format(folder=tmp_path.as_posix()))
    [model] = program.json("models", "list")["models"]

    assert model["pace"] == "4 of 4, 60 calls a minute, 90,000 tokens a minute"
    assert model["price"] == "$1, $2, 50 % in a batch"
    out, _ = program.run("models", "list")
    assert "what this process has seen" in sentences(out)


@pytest.mark.parametrize(
    ("price", "told", "footer"),
    [
        (Price(1, 2), "works, not watched; $1, $2", f"{MILLION_TOKENS}."),
        (Price(0, 0, search=0.01), "works, not watched; $0.01 a search", ""),
        (None, "works, not watched; price unknown", ""),
    ],
)
async def test_a_chat_says_what_a_price_is_of(
    office: Office, price: Price | None, told: str, footer: str
) -> None:
    """The footer is on prices by tokens, where there are any."""
    office.deployment.plugins.providers["svc"] = ScriptedProvider(price=price)
    card = await list_models(Call(office.deployment, channel="fake:C1"))

    assert str(card.text).endswith(told)
    assert card.footer == footer


async def test_a_model_that_only_fails_is_left_alone_and_says_so(tmp_path: Path) -> None:
    """For how long, and with its last error, without the term circuit breaker."""
    text = "".join(f'[[prompts]]\ntext = "Which tool is best for {n}?"\n' for n in range(5))
    failing = ScriptedProvider()
    failing.answer = lambda question: ProviderFailed(
        model=question.model,
        reason="the service answers with status 500; try again later.",
        kind=FailureKind.SERVER,
    )
    file = tmp_path / "config.toml"
    file.write_text(OWN.format(folder=tmp_path.as_posix()) + text, encoding="utf-8")
    async with open_deployment(load_config(file)) as deployment:
        deployment.plugins.providers["svc"] = failing
        assert (await list_models(Call(deployment))).data["models"][0]["told"] == "works"
        await executed(check(Call(deployment)))
        card = await list_models(Call(deployment))

    [model] = card.data["models"]
    assert model["state"] == "open"
    assert re.fullmatch(r"paused, for \d+(\.\d)? s", model["told"])
    assert "svc/m-1: svc/m-1 did not answer: the service answers with status 500" in str(card.text)
