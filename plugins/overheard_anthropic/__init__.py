"""Provider `anthropic`: Claude through the Messages API, with and without web search."""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_anthropic.provider import AnthropicProvider, AnthropicSettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each valid ``[providers.*]`` table of this plugin, in the order of the
    file.

    An invalid table is left out, and its problem is kept in `settings`.
    """
    for name, provider_settings in settings.each(AnthropicSettings):
        yield AnthropicProvider(name, provider_settings)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what Anthropic says of fine-tuning and data."""
    return read_landscapes("overheard_anthropic")
