"""Provider `compatible`: any endpoint that speaks OpenAI's Chat Completions, by its base URL.

It serves Ollama, vLLM, OpenRouter, a gateway, an own fine-tuned model behind an own address.
"""

from collections.abc import Iterator

from overheard import PluginSettings, Provider, hookimpl
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each table."""
    for name, mine in settings.each(CompatibleSettings):
        yield CompatibleProvider(name, mine)
