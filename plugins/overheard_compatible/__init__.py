"""Provider `compatible`: any endpoint that speaks OpenAI's Chat Completions, by its base URL.

It knows the particulars of Perplexity, xAI, Mistral, DeepSeek, OpenRouter, Ollama, vLLM and Azure
OpenAI, and serves any gateway and any own model behind an own address.
"""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_compatible.agent import AgentProvider
from overheard_compatible.presets import AGENT
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each table."""
    for name, mine in settings.each(CompatibleSettings):
        kind = AgentProvider if mine.service.api == AGENT else CompatibleProvider
        yield kind(name, mine)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what the well-known services say of fine-tuning and data."""
    return read_landscapes("overheard_compatible")
