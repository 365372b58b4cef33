"""Tests of `models list`."""

from pathlib import Path

import pytest

from program import Program, sentences
from vendors import KEY

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
