"""Plugins: found, loaded, isolated from each other, and reported.

Every plugin is loaded on its own. One that cannot be used becomes one sentence with its name, its
version and the remedy, and everything else runs on. So does one that fails later.
"""

from overheard.plugins.guard import Guard, Notice, remedy_of, separate_output, separated_output
from overheard.plugins.guarded import GuardedProvider, IsolatedScorer, Listeners
from overheard.plugins.loading import (
    PluginReport,
    Plugins,
    added_commands,
    added_plugins,
    built_in_plugins,
    distribution_of,
    entry_of,
    installed_plugins,
    load_plugins,
    models_of,
    plugin_at_fault,
)
from overheard.plugins.watchdog import watched_loop

__all__ = [
    "Guard",
    "GuardedProvider",
    "IsolatedScorer",
    "Listeners",
    "Notice",
    "PluginReport",
    "Plugins",
    "added_commands",
    "added_plugins",
    "built_in_plugins",
    "distribution_of",
    "entry_of",
    "installed_plugins",
    "load_plugins",
    "models_of",
    "plugin_at_fault",
    "remedy_of",
    "separate_output",
    "separated_output",
    "watched_loop",
]
