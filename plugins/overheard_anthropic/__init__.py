"""Provider `anthropic`: Claude through the Messages API, with and without web search."""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_anthropic.provider import AnthropicProvider, AnthropicSettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each table."""
    for name, mine in settings.each(AnthropicSettings):
        yield AnthropicProvider(name, mine)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what Anthropic says of fine-tuning and data."""
    return read_landscapes("overheard_anthropic")
