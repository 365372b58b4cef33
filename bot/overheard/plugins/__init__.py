"""Plugins: found, kept apart, and watched over.

Every plugin is loaded on its own. One that cannot be used becomes one sentence with its name, its
version and the remedy, and everything else runs on. So does one that fails later.
"""

from overheard.plugins.guard import Guard
from overheard.plugins.listeners import Listeners
from overheard.plugins.loading import load_plugins
from overheard.plugins.output import sort_output, sorted_output
from overheard.plugins.reports import PluginReport, Plugins
from overheard.plugins.trust import distribution_of, entry_of

__all__ = [
    "Guard",
    "Listeners",
    "PluginReport",
    "Plugins",
    "distribution_of",
    "entry_of",
    "load_plugins",
    "sort_output",
    "sorted_output",
]
