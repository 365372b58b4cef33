"""Provider `openai`: OpenAI's models through the Responses API, with and without web search.

Own fine-tuned models (``ft:...``) are models like any other.
"""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_openai.provider import OpenAIProvider, OpenAISettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each valid ``[providers.*]`` table of this plugin, in the order of the
    file.

    An invalid table is left out, and its problem is kept in `settings`.
    """
    for name, provider_settings in settings.each(OpenAISettings):
        yield OpenAIProvider(name, provider_settings)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what OpenAI says of fine-tuning and data."""
    return read_landscapes("overheard_openai")
