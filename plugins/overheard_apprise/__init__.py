"""Chat `apprise`: notices, alerts and reports by e-mail, to Microsoft Teams and to other services.

The addresses are those of the Apprise library, such as ``mailto://`` and ``workflows://``.
"""

from collections.abc import Iterator

from overheard import Chat, PluginSettings, hookimpl
from overheard_apprise.chat import AppriseChat, AppriseSettings


@hookimpl
def overheard_chats(settings: PluginSettings) -> Iterator[Chat]:
    """Yield a chat for each table."""
    for name, mine in settings.each(AppriseSettings):
        yield AppriseChat(name, mine)
