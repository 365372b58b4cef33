"""Provider `local`: a small real model on this machine, free and offline.

It is there to try Overheard with, and to show what a fine-tune does to a brand. It names real
brands, repeats itself and invents things: a real target, not a source of truth.
"""

from collections.abc import Iterator

from overheard import Landscape, PluginSettings, Provider, hookimpl, read_landscapes
from overheard_local.provider import LocalProvider, LocalSettings


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each valid ``[providers.*]`` table of this plugin, in the order of the
    file.

    An invalid table is left out, and its problem is kept in `settings`.
    """
    for name, provider_settings in settings.each(LocalSettings):
        yield LocalProvider(name, provider_settings)


@hookimpl
def overheard_landscapes() -> Iterator[Landscape]:
    """Return what the local model allows of fine-tuning and data."""
    return read_landscapes("overheard_local")
