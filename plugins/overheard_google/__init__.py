"""Provider `google`: Gemini, with and without Google Search. It needs the extra `google`."""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_google.provider import GoogleProvider, GoogleSettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each table."""
    for name, mine in settings.each(GoogleSettings):
        yield GoogleProvider(name, mine)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what Google says of fine-tuning and data."""
    return read_landscapes("overheard_google")
