"""Provider `openai`: OpenAI's models through the Responses API, with and without web search.

Own fine-tuned models (``ft:...``) are models like any other.
"""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_openai.provider import OpenAIProvider, OpenAISettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each table."""
    for name, mine in settings.each(OpenAISettings):
        yield OpenAIProvider(name, mine)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what OpenAI says of fine-tuning and data."""
    return read_landscapes("overheard_openai")
