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
    """Yield a provider for each valid ``[providers.*]`` table of this plugin, in the order of the
    file.

    A table with the preset of Perplexity gets an `AgentProvider`, any other a `CompatibleProvider`.
    An invalid table is left out, and its problem is kept in `settings`.
    """
    for name, provider_settings in settings.each(CompatibleSettings):
        kind = AgentProvider if provider_settings.service.api == AGENT else CompatibleProvider
        yield kind(name, provider_settings)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what the well-known services say of fine-tuning and data."""
    return read_landscapes("overheard_compatible")
