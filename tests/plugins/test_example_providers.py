"""Tests that the example's providers can be used, also those that are commented out."""

import re
from pathlib import Path

import pytest

from overheard.config.loader import parse_config
from overheard.plugins import load_plugins

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
KEYS = (
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "PERPLEXITY_API_KEY"),
    *("AZURE_OPENAI_API_KEY", "GATEWAY_API_KEY", "DATAFORSEO_API_KEY", "CLORO_API_KEY"),
)


def test_every_provider_of_the_example_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table fits its plugin, and every model has a price, except the gateway's."""
    for key in KEYS:
        monkeypatch.setenv(key, "sk-0123456789")
    [part] = re.findall(r"# --- Who is asked.*?(?=# --- )", EXAMPLE.read_text("utf-8"), re.DOTALL)
    plugins = load_plugins(parse_config(re.sub(r"^#(?=[\[\w])", "", part, flags=re.MULTILINE)))

    assert not plugins.faulty
    assert plugins.providers.keys() >= {"openai", "anthropic", "google", "perplexity", "gateway"}
    unpriced = [
        f"{provider.name}/{model}"
        for provider in plugins.providers.values()
        for model in provider.models()
        if provider.price(model) is None
    ]
    assert {name.partition("@")[0] for name in unpriced} == {"gateway/our-model"}
