"""Plugins: found, loaded, isolated from each other, and reported.

Every plugin is loaded on its own. One that cannot be used becomes one sentence with its name, its
version and the remedy, and everything else runs on. So does one that fails later.
"""

from overheard.plugins.guard import (
    Guard as Guard,
    Notice as Notice,
    remedy_of as remedy_of,
    separate_output as separate_output,
    separated_output as separated_output,
)
from overheard.plugins.guarded import (
    GuardedProvider as GuardedProvider,
    IsolatedScorer as IsolatedScorer,
    Listeners as Listeners,
)
from overheard.plugins.loading import (
    PluginReport as PluginReport,
    Plugins as Plugins,
    added_commands as added_commands,
    added_plugins as added_plugins,
    built_in_plugins as built_in_plugins,
    installed_plugins as installed_plugins,
    load_plugins as load_plugins,
    models_of as models_of,
    plugin_at_fault as plugin_at_fault,
)
from overheard.plugins.watchdog import watched_loop as watched_loop
