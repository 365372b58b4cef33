"""Chat `apprise`: notices, alerts and reports by e-mail, to Microsoft Teams and to other services.

The addresses are those of the Apprise library, such as ``mailto://`` and ``workflows://``.
"""

from collections.abc import Iterator

from overheard import Chat, PluginSettings, hookimpl
from overheard_apprise.chat import AppriseChat, AppriseSettings


@hookimpl
def overheard_chats(settings: PluginSettings) -> Iterator[Chat]:
    """Yield a chat for each valid ``[chats.*]`` table of this plugin, in the order of the file.

    An invalid table is left out, and its problem is kept in `settings`.
    """
    for name, chat_settings in settings.each(AppriseSettings):
        yield AppriseChat(name, chat_settings)
