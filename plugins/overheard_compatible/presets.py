"""How well-known services differ, most of them in what they all call Chat Completions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CHAT = "Chat Completions"
AGENT = "Agent API"


@dataclass(frozen=True, slots=True)
class Preset:
    """What is particular about a service.

    Attributes:
        title: Its name, for people.
        base_url: Its address; without one, the configuration must tell it.
        key_env: The environment variable in which its users keep the key; without one the
            service takes none.
        seed: What it calls the seed; without a name it takes none.
        window: What it calls the most tokens of an answer.
        fingerprint: Whether it tells a fingerprint of its back end.
        search: What is sent beside the question to have the web searched; without it the
            service cannot be told to, and a model is never asked with ``+search``.
        api: What it speaks. Whatever is no Chat Completions has a provider of its own.
    """

    title: str = ""
    base_url: str = ""
    key_env: str = ""
    seed: str = "seed"
    window: str = "max_tokens"
    fingerprint: bool = False
    search: Mapping[str, object] = field(default_factory=dict)
    api: str = CHAT

    @property
    def how(self) -> str:
        """How it is asked, for people."""
        return f"{self.title} {self.api}".strip()


PLAIN = Preset(fingerprint=True)
"""Any endpoint."""

PRESETS = {
    "azure": Preset(
        "Azure OpenAI",
        key_env="AZURE_OPENAI_API_KEY",
        window="max_completion_tokens",
        fingerprint=True,
    ),
    "deepseek": Preset(
        "DeepSeek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        seed="",
        fingerprint=True,
    ),
    "mistral": Preset(
        "Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", seed="random_seed"
    ),
    "ollama": Preset("Ollama", "http://localhost:11434/v1", fingerprint=True),
    "openrouter": Preset(
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        search={"plugins": [{"id": "web"}]},
    ),
    "perplexity": Preset(
        "Perplexity",
        "https://api.perplexity.ai/v1",
        "PERPLEXITY_API_KEY",
        seed="",
        search={"tools": [{"type": "web_search"}]},
        api=AGENT,
    ),
    "vllm": Preset("vLLM", "http://localhost:8000/v1"),
    "xai": Preset("xAI", "https://api.x.ai/v1", "XAI_API_KEY", fingerprint=True),
}
