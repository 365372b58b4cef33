"""The connection to Discord's gateway: commands, clicks and forms become requests at the desk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any

import discord
from discord import InteractionType, app_commands

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Role
from overheard.chat.concurrency import finish_tasks
from overheard.chat.discord import forms, interactions, tree
from overheard.chat.discord.api import translated_errors
from overheard.chat.discord.conversation import DiscordConversation
from overheard.chat.discord.interactions import Click, ClickKind
from overheard.chat.discord.layouts import render
from overheard.chat.discord.pages import Presenter
from overheard.chat.discord.questions import MessageConversation, read_question
from overheard.chat.discord.sync import CommandSync, is_served
from overheard.chat.parser import spec_of
from overheard.config.chat_sections import DiscordTable
from overheard.errors import ChatFailed
from overheard.interfaces import Desk, Request

log = logging.getLogger(__name__)

ACKNOWLEDGE_AFTER_S = 0.15
"""An interaction without an answer after this time is acknowledged; its answer follows later."""
FORM_ACKNOWLEDGE_AFTER_S = 2.0
"""The same time for commands that may open a form: Discord takes a form only as first answer."""
NOT_SERVED = "This bot does not serve this place; its configuration says which it does."
UNKNOWN_COMMAND = "There is no such command any more; reload Discord to see those that there are."
GUILD_READY_TIMEOUT_S = 0.2
"""The bot counts as ready when no further server has arrived for this time; others may follow."""
MAX_RATE_LIMIT_WAIT_S = 30.0
"""discord.py itself waits for a rate limit that ends within this time; else it raises."""


class DiscordClient(discord.Client):
    """A gateway client that serves one desk.

    Args:
        settings: ``[discord]``.
        desk: Serves the requests; None for a client that only posts.
        silence_s: Seconds without a message from the gateway after which the connection counts as
            lost.
    """

    def __init__(
        self, settings: DiscordTable, desk: Desk | None = None, *, silence_s: float = 60.0
    ) -> None:
        """Configure the client of discord.py; nothing is sent yet."""
        # The bot has no voice features, so discord.py need not warn of missing voice libraries.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            # Server names and roles, and messages: without a privileged intent, Discord sends the
            # text of direct messages and of messages that mention the bot.
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            max_ratelimit_timeout=MAX_RATE_LIMIT_WAIT_S,
            guild_ready_timeout=GUILD_READY_TIMEOUT_S,
            heartbeat_timeout=silence_s,
        )
        self.settings = settings
        self.desk = desk
        self.presenter = Presenter()
        self.commands = CommandSync(self, settings)
        self.down_since: float | None = time.monotonic()
        """When the connection was lost, by `time.monotonic`; None while connected."""
        self._serving: set[asyncio.Task[Any]] = set()

    async def on_connect(self) -> None:
        """Record that the connection is up."""
        self.down_since = None

    async def on_ready(self) -> None:
        """Register the commands in all servers and for direct messages."""
        if self.desk is not None:
            places = [None, *(guild.id for guild in self.guilds)]
            await self.commands.sync(self.desk.commands, places)

    async def on_resumed(self) -> None:
        """Record that the connection is up again."""
        self.down_since = None

    async def on_disconnect(self) -> None:
        """Record when the connection was lost."""
        self.down_since = self.down_since or time.monotonic()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Register the commands in a server that can be reached again."""
        if self.desk is not None:
            await self.commands.sync(self.desk.commands, [guild.id])

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Register the commands in a new server, and post the greeting where the bot may write.

        Nothing happens in a server that the settings exclude; a refused greeting is ignored.
        """
        await self.on_guild_available(guild)
        if self.desk is None or not is_served(self.settings, guild.id):
            return
        with contextlib.suppress(discord.HTTPException):
            if channel := _greeted(guild):
                for page in render(await self.desk.greeting()):
                    await self.presenter.send(page, channel.send)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server, so that a new invitation registers the commands again."""
        self.commands.forget(guild.id)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Serve a command, click, form or autocompletion; a failure to answer is logged."""
        self._track()
        if self.desk is None:
            return
        try:
            with translated_errors():
                await self._dispatch(interaction, self.desk)
        except ChatFailed as failed:  # the desk could not show this error to the person
            log.warning("An interaction was not answered: %s", failed)

    async def on_message(self, message: discord.Message) -> None:
        """Answer a mention of the bot or a direct message by the desk; a failure to answer is
        logged.

        Other messages, and places that the settings exclude, are ignored.
        """
        if self.desk is None or self.user is None:
            return
        request = read_question(message, self.user)
        guild = message.guild
        served = is_served(self.settings, guild.id) if guild else self.settings.direct_messages
        if request is None or not served:
            return
        self._track()
        try:
            await self.desk.serve(request, MessageConversation(message, self.presenter))
        except ChatFailed as failed:  # the desk could not show this error to the person
            log.warning("A question was not answered: %s", failed)

    def _track(self) -> None:
        """Add the current task to the tasks that `stop_serving` waits for."""
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def stop_serving(self, timeout_s: float) -> None:
        """Wait some seconds for the interactions that are being served, then cancel the unfinished
        ones.
        """
        serving = [task for task in self._serving if task is not asyncio.current_task()]
        await finish_tasks(serving, timeout_s)

    async def _refuse(self, interaction: discord.Interaction[Any], text: str) -> None:
        await interaction.response.send_message(text, ephemeral=True)

    def _is_served(self, interaction: discord.Interaction[Any]) -> bool:
        """Return whether the settings let the interaction's server use the bot."""
        if interaction.guild_id is None:
            return self.settings.direct_messages
        return is_served(self.settings, interaction.guild_id)

    async def _dispatch(self, interaction: discord.Interaction[Any], desk: Desk) -> None:
        """Serve an interaction by its type: a command, a form, a click, or text that is being
        typed.

        Interactions from a place that the settings exclude are refused.
        """
        data: Any = interaction.data or {}
        if interaction.type is InteractionType.autocomplete:
            await self._offer_values(interaction, desk)
        elif not self._is_served(interaction):
            await self._refuse(interaction, NOT_SERVED)
        elif interaction.type is InteractionType.application_command:
            if call := tree.read_call(data, desk.commands):
                fields = interactions.request_fields(call)
                await self._serve(interaction, desk, call.spec, **fields)
            else:
                await self._refuse(interaction, UNKNOWN_COMMAND)
        elif interaction.type is InteractionType.modal_submit:
            await self._serve_form(interaction, desk, data)
        elif click := interactions.read_click(interactions.clicked_id(data)):
            await self._serve_click(interaction, desk, click)

    async def _serve_form(
        self, interaction: discord.Interaction[Any], desk: Desk, data: Any
    ) -> None:
        """Pass a submitted form to the desk; ignore the form of a command that no longer exists.

        Args:
            interaction: The interaction.
            desk: Serves the request.
            data: The interaction's data, with the name of the command and the options.
        """
        name = forms.command_of(data.get("custom_id", ""))
        if spec := next((spec for spec in desk.commands if spec.name == name), None):
            options = forms.read_options(data, spec)
            await self._serve(interaction, desk, spec, command=name, options=options)

    async def _serve_click(
        self, interaction: discord.Interaction[Any], desk: Desk, click: Click
    ) -> None:
        """Ask a button's question, remove that question, or pass the button's words to the desk.

        Args:
            interaction: The interaction.
            desk: Serves the request.
            click: The content of the button's custom id.
        """
        if click.kind is ClickKind.ASK:
            label = interactions.label_of(interaction.message, click.id)
            text = wording.printable(self.presenter.questions.question(click.words, label))
            view = interactions.question_view(click, label)
            await interaction.response.send_message(text, view=view, ephemeral=True)
        elif click.kind is ClickKind.CANCEL:
            await interaction.response.defer()
            await interaction.delete_original_response()
        else:
            spec = spec_of(click.words, desk.commands)
            await self._serve(interaction, desk, spec, words=click.words)

    async def _serve(
        self,
        interaction: discord.Interaction[Any],
        desk: Desk,
        spec: CommandSpec | None,
        **fields: Any,
    ) -> None:
        """Pass an interaction to the desk, and acknowledge it to Discord when the answer takes
        long.

        Args:
            interaction: The interaction.
            desk: Serves the request.
            spec: The command, or None when a button's words name no command.
            fields: Further fields of the `Request`: words, or a command with options.
        """
        request = Request(
            id=str(interaction.id),
            person=interactions.person(interaction),
            channel=interactions.channel_name(interaction),
            message=interactions.clicked_message(interaction),
            **fields,
        )
        confirms = interactions.answers_question(request.words)
        private = interactions.is_private_click(interaction)
        switch = interactions.is_switch(interaction)
        if spec is None:
            hidden = confirms and private
        else:
            to_one = spec.answers_one and bool(request.message)
            hidden = spec.private or (to_one and (private or not switch))
        conversation = DiscordConversation(
            interaction,
            self.presenter,
            private=hidden,
            replaces=confirms or private or switch,
            quiet=spec is not None and spec.step,
        )
        configures = spec is not None and spec.role is Role.ADMIN and not spec.spends
        after_s = FORM_ACKNOWLEDGE_AFTER_S if configures else ACKNOWLEDGE_AFTER_S
        async with conversation.acknowledged_after(after_s):
            if not await desk.serve(request, conversation):
                conversation.leave_to_other_process()

    async def _offer_values(self, interaction: discord.Interaction[Any], desk: Desk) -> None:
        """Send Discord up to 25 values that complete the text of an option that a person is
        typing.
        """
        call = tree.read_call(interaction.data or {}, desk.commands)
        if call is None or call.typing is None:
            return
        option, part = call.typing, tree.last_value(call.typing, call.typed)
        values = [choice for choice in option.choices if part.lower() in choice.lower()]
        values = values or list(
            await desk.complete(
                call.spec.name,
                option.name,
                part,
                person=interactions.person(interaction),
                channel=interactions.channel_name(interaction),
            )
        )
        choices = tree.option_choices(option, call.typed, values)
        await interaction.response.autocomplete(
            [app_commands.Choice(**choice) for choice in choices]
        )


def _greeted(guild: discord.Guild) -> discord.TextChannel | None:
    """Return the channel for a greeting in a server: the system channel, else the first in which
    the bot may write; None without one.
    """
    channels = [guild.system_channel, *guild.text_channels]
    me = guild.me
    return next((c for c in channels if c and me and c.permissions_for(me).send_messages), None)
