"""Names of models for readers."""

import pytest

from overheard.cards.model_names import ModelNames, asked_by
from overheard.domain import Model


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openai/gpt-5.4-mini", "ChatGPT"),
        ("openai/chatgpt-5-latest+search", "ChatGPT"),
        ("openai/o5", "ChatGPT"),
        ("anthropic/claude-sonnet-5-5", "Claude"),
        ("gateway/anthropic.claude-3-haiku-20240307-v1:0", "Claude"),
        ("google/gemini-3.5-flash+search", "Gemini"),
        ("perplexity/sonar+search", "Perplexity"),
        ("agents/perplexity/sonar+search", "Perplexity"),
        ("openrouter/meta-llama/llama-3.3-70b", "Llama"),
        ("together/deepseek-ai/DeepSeek-V3", "DeepSeek"),
        ("ollama/llama3.2", "llama3.2"),
        ("compatible/claude-like", "claude-like"),
        ("dataforseo/chatgpt", "ChatGPT"),
        ("openai-compatible/gpt-like", "gpt-like"),
        ("compatible/anthropic/claude-5", "Claude"),
        ("compatible/deepseek-mini", "deepseek-mini"),
        ("ours/ft:gpt-4o:acme:support:abc", "ft:gpt-4o:acme:support:abc"),
        ("local/smollm2-135m", "SmolLM"),
        ("ours/support-bot", "support-bot"),
        ("bedrock/amazon.nova-pro-v1:0", "Amazon Nova"),
        ("cohere/command-a", "Cohere"),
        ("ours/command-center", "command-center"),
        ("nova/nova-1", "nova-1"),
        ("openai/ft:gpt-4o:acme:support:abc", "ChatGPT fine-tuned (support)"),
        ("openai/ft:gpt-4o:acme::abc", "ChatGPT fine-tuned"),
    ],
)
def test_a_model_has_the_name_that_readers_know(model: str, name: str) -> None:
    """The name of its family where provider or id name the vendor, else the last part of its id."""
    assert ModelNames().name(Model.parse(model)) == name


def names(*models: str, **given: str) -> list[str]:
    """Return the names of models that are asked together."""
    parsed = [Model.parse(model) for model in models]
    known = ModelNames(parsed, given)
    return [known.name(model) for model in parsed]


def test_models_that_are_asked_together_have_different_names() -> None:
    """What tells them apart is the search, else the id, else the provider."""
    assert names("openai/gpt-5", "openai/gpt-5+search") == ["ChatGPT", "ChatGPT with search"]
    assert names("openai/gpt-5", "openai/gpt-5-mini") == ["ChatGPT (gpt-5)", "ChatGPT (gpt-5-mini)"]
    assert names("azure/gpt-5", "openai/gpt-5") == [
        "ChatGPT (azure/gpt-5)",
        "ChatGPT (openai/gpt-5)",
    ]
    mixed = names("o/gpt-5", "o/gpt-5+search", "o/gpt-6", "o/gpt-6+search", "a/gpt-5")
    assert len(set(mixed)) == 5


def test_a_name_of_the_configuration_goes_first() -> None:
    """For the model with and without search, or for one of the two."""
    assert names("o/gpt-5", **{"o/gpt-5": "Our GPT"}) == ["Our GPT"]
    assert names("o/gpt-5+search", **{"o/gpt-5": "Our GPT"}) == ["Our GPT"]
    assert names("o/gpt-5", "o/gpt-5+search", **{"o/gpt-5+search": "Web"}) == ["gpt-5", "Web"]


def test_a_model_of_a_third_partys_provider_has_no_name_of_a_vendor() -> None:
    """It has that which its provider gives, else its id."""
    models = [Model("acme", "gpt-like-1"), Model("acme", "claude-2")]
    known = ModelNames(models, {"acme/claude-2": "Acme Chat"}, ["acme"])
    assert [known.name(model) for model in models] == ["gpt-like-1", "Acme Chat"]
    assert known.name(Model("acme", "gemini-0")) == "gemini-0"


def test_a_model_of_history_does_not_take_the_name_of_one_that_is_asked() -> None:
    """It has its id in brackets."""
    known = ModelNames([Model("openai", "gpt-6")])
    assert known.name(Model("openai", "gpt-5")) == "ChatGPT (gpt-5)"
    assert known.name(Model("anthropic", "claude-5")) == "Claude"


def test_a_model_is_found_by_its_name_or_its_id() -> None:
    """In any case; None when nothing fits."""
    models = [Model("openai", "gpt-6"), Model("anthropic", "claude-5")]
    known = ModelNames(models)
    assert known.find("chatgpt", models) == models[0]
    assert known.find("Anthropic/Claude-5", models) == models[1]
    assert known.find("Gemini", models) is None


def test_how_a_model_is_asked() -> None:
    """By API, with or without search; the model that comes with Overheard is asked by no API."""
    assert asked_by(Model("local", "smollm2")) == "on this machine"
    assert asked_by(Model("o", "gpt-5")) == "API"
    assert asked_by(Model("o", "gpt-5+search")) == "API, with search"
