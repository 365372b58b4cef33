"""The differences between well-known services, most of which speak Chat Completions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CHAT = "Chat Completions"
AGENT = "Agent API"


@dataclass(frozen=True, slots=True)
class Preset:
    """The properties of a service.

    Attributes:
        title: The service's name, for people.
        base_url: The service's address; empty when the configuration must name the address.
        key_env: The environment variable with the key; empty for a service without keys.
        seed: The name of the parameter for the seed; empty for a service without seeds.
        window: The name of the parameter for the largest number of tokens in an answer.
        fingerprint: Whether answers have a fingerprint of the back end.
        search: Parameters that make the service search the web; empty for a service without
            search, whose models cannot be asked with ``+search``.
        schemas: Whether the service takes JSON schemas of answers; others take ``json_object``.
        api: The protocol: `CHAT`, or `AGENT`, which has a provider for itself.
    """

    title: str = ""
    base_url: str = ""
    key_env: str = ""
    seed: str = "seed"
    window: str = "max_tokens"
    fingerprint: bool = False
    search: Mapping[str, Any] = field(default_factory=dict)
    api: str = CHAT
    schemas: bool = True

    def reply_format(self, schema: Mapping[str, object]) -> Mapping[str, object]:
        """Return the parameter ``response_format`` for answers with a JSON schema.

        A service that takes no schemas is only asked for JSON; `schema` is then not sent.
        """
        if not self.schemas:
            return {"type": "json_object"}
        named = {"name": "reply", "schema": schema, "strict": True}
        return {"type": "json_schema", "json_schema": named}

    @property
    def how(self) -> str:
        """The service and its protocol, for people."""
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
        schemas=False,
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
