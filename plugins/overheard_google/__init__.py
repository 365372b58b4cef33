"""Provider `google`: Gemini, with and without Google Search. It needs the extra `google`."""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_google.provider import GoogleProvider, GoogleSettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each valid ``[providers.*]`` table of this plugin, in the order of the
    file.

    An invalid table is left out, and its problem is kept in `settings`.
    """
    for name, provider_settings in settings.each(GoogleSettings):
        yield GoogleProvider(name, provider_settings)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what Google says of fine-tuning and data."""
    return read_landscapes("overheard_google")
