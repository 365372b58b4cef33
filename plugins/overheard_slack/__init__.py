"""Chat `slack`: cards as Block Kit, commands, buttons and forms by slack-bolt."""

from collections.abc import Iterator
from functools import partial

from overheard import Chat, CommandSpec, LaterChat, PluginSettings, hookimpl
from overheard_slack.manifest import SLACK_MANIFEST
from overheard_slack.settings import SlackSettings


@hookimpl
def overheard_chats(settings: PluginSettings) -> Iterator[LaterChat]:
    """Yield the chat of ``[slack]``, if there is such a table."""
    for _, mine in settings.each(SlackSettings):
        yield LaterChat("slack", partial(_chat, mine), open_to_all=mine.many)


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the command that prints the app's manifest."""
    yield SLACK_MANIFEST


def _chat(settings: SlackSettings) -> Chat:
    from overheard_slack.chat import SlackChat

    return SlackChat(settings)
