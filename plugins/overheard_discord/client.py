"""The connection to Discord's gateway: commands, clicks and forms become requests at the desk."""

import contextlib
import logging
import time
from collections.abc import Coroutine, Sequence
from typing import Any

import discord
from discord import InteractionType

from overheard import (
    ChatFailed,
    Click,
    ClickKind,
    CommandSpec,
    Desk,
    Person,
    Request,
    Role,
    ServingTasks,
    answers_one,
    decides,
    wording,
)
from overheard_discord import custom_ids, forms, slash_commands
from overheard_discord.api import NAME, PLATFORM, redirect, translated_errors
from overheard_discord.conversation import DiscordConversation
from overheard_discord.layouts import render
from overheard_discord.pages import Presenter
from overheard_discord.questions import MessageConversation, person_of, read_question
from overheard_discord.settings import DiscordSettings
from overheard_discord.sync import CommandSync

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
        self, settings: DiscordSettings, desk: Desk | None = None, *, silence_s: float = 60.0
    ) -> None:
        """Configure the client of discord.py; nothing is sent yet.

        The connection counts as down from now until it is established. Without a desk, the client
        registers no commands and ignores all requests.
        """
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
        redirect(self, settings)
        self.settings = settings
        self.desk = desk
        self.presenter = Presenter()
        self.commands = CommandSync(self, settings)
        self.down_since: float | None = time.monotonic()
        """When the connection was lost, by `time.monotonic`; None while connected."""
        self.serving = ServingTasks(PLATFORM)

    async def on_connect(self) -> None:
        """Record that the connection is up."""
        self.down_since = None

    async def on_ready(self) -> None:
        """Register the commands in all served servers and for direct messages.

        Does nothing without a desk. A failure is logged, and tried again at the next connection.
        """
        if self.desk is not None:
            places = [None, *(guild.id for guild in self.guilds)]
            await self.commands.sync(self.desk.commands, places)

    on_resumed = on_connect

    async def on_disconnect(self) -> None:
        """Record when the connection was lost; a second loss in a row keeps the first time."""
        self.down_since = self.down_since or time.monotonic()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Register the commands in a server that can be reached again.

        Does nothing without a desk.
        """
        if self.desk is not None:
            await self.commands.sync(self.desk.commands, [guild.id])

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Register the commands in a new server, and post the greeting where the bot may write.

        Nothing happens without a desk, and in a server that the settings exclude. No greeting is
        posted where the bot may write in no channel. A greeting that Discord refuses is ignored.
        """
        await self.on_guild_available(guild)
        if self.desk is None or not self.settings.serves(guild.id):
            return
        places = (guild.system_channel, *guild.text_channels) if guild.me else ()
        writable = (one for one in places if one and one.permissions_for(guild.me).send_messages)
        if channel := next(writable, None):
            with contextlib.suppress(discord.HTTPException):
                for page in render(await self.desk.greeting()):
                    await self.presenter.show(page, channel.send)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server, so that a new invitation registers the commands again."""
        self.commands.forget(guild.id)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Serve a command, a click, a submitted form or an autocompletion.

        Does nothing without a desk. When Discord refuses the answer or cannot be reached, the
        failure is only logged.
        """
        if self.desk is not None:
            await self._logged(self._dispatch(interaction, self.desk), "An interaction")

    async def on_message(self, message: discord.Message) -> None:
        """Answer a mention of the bot or a direct message by the desk.

        All other messages are ignored. So are messages of bots, messages in a place that the
        settings exclude, and all messages while there is no desk. When Discord refuses the answer,
        the failure is only logged.
        """
        if self.desk is None or self.user is None:
            return
        request = read_question(message, self.user)
        if request and self.settings.serves(message.guild.id if message.guild else None):
            conversation = MessageConversation(message, self.presenter)
            await self._logged(self.desk.serve(request, conversation), "A question")

    async def _logged(self, serving: Coroutine[Any, Any, object], name: str) -> None:
        """Wait for a request to be served; an error that the desk could not show to the person is
        only logged.
        """
        self.serving.add_current()
        try:
            with translated_errors():
                await serving
        except ChatFailed as failed:
            log.warning("%s was not answered: %s", name, failed)

    async def _dispatch(self, interaction: discord.Interaction[Any], desk: Desk) -> None:
        """Serve an interaction by its type: a command, a form, a click, or text that is being
        typed.

        From a place that the settings exclude, values are offered all the same; every other
        interaction is refused with a sentence. So is a command that does not exist any more. A
        click on a component that is no button of the bot is ignored.

        Raises:
            discord.HTTPException: when Discord refuses an answer.
            ChatFailed: when Discord refuses an answer, or cannot be reached.
        """
        data: Any = interaction.data or {}
        if interaction.type is InteractionType.autocomplete:
            await self._offer_values(interaction, desk)
        elif not self.settings.serves(interaction.guild_id):
            await interaction.response.send_message(NOT_SERVED, ephemeral=True)
        elif interaction.type is InteractionType.application_command:
            if call := slash_commands.read_call(data, desk):
                typed = {"command": call.name, "options": call.options, "typed": True}
                await self._serve(interaction, desk, call.spec, **typed)
            else:
                await interaction.response.send_message(UNKNOWN_COMMAND, ephemeral=True)
        elif interaction.type is InteractionType.modal_submit:
            name = forms.command_of(data.get("custom_id", ""))
            if name and (spec := desk.command_of(name)):
                options = forms.read_options(data, spec)
                await self._serve(interaction, desk, spec, command=name, options=options)
        elif click := Click.read(custom_ids.clicked_id(data)):
            await self._serve_click(interaction, desk, click)

    async def _serve_click(
        self, interaction: discord.Interaction[Any], desk: Desk, click: Click
    ) -> None:
        """Carry out what the custom id of a clicked button or menu entry says.

        `ClickKind.ASK` sends the button's question, with a button for yes and a button Cancel, to
        the person who clicked alone. `ClickKind.CANCEL` deletes the clicked message, which is such
        a question. `ClickKind.RUN` passes the button's words to the desk, also words that name no
        command: the desk answers these with a correction.

        Args:
            click: The kind and the words, read from the custom id.

        Raises:
            discord.HTTPException: when Discord refuses the question or its deletion.
            ChatFailed: when Discord refuses another answer, or cannot be reached.
        """
        if click.kind is ClickKind.ASK:
            label = custom_ids.label_of(interaction.message, click.id)
            text = wording.printable(self.presenter.questions.question(click.words, label))
            view = custom_ids.question_view(click, label)
            await interaction.response.send_message(text, view=view, ephemeral=True)
        elif click.kind is ClickKind.CANCEL:
            await interaction.response.defer()
            await interaction.delete_original_response()
        else:
            spec = desk.command_of(click.words)
            await self._serve(interaction, desk, spec, words=click.words)

    async def _serve(
        self,
        interaction: discord.Interaction[Any],
        desk: Desk,
        spec: CommandSpec | None,
        **fields: Any,
    ) -> None:
        """Pass an interaction to the desk, which shows the answer.

        An interaction that has no answer after `ACKNOWLEDGE_AFTER_S` is acknowledged to Discord,
        one that may open a form after `FORM_ACKNOWLEDGE_AFTER_S`. An interaction that another
        process serves gets no answer from this one.

        The answer replaces the clicked message if that message is private, if it asked for a
        confirmation, or if the click chose what it shows.

        Args:
            interaction: A command, a submitted form or a click.
            spec: The command, or None when a button's words name no command.
            fields: Further fields of the `Request`: ``words``, or ``command`` and ``options``.

        Raises:
            ChatFailed: when Discord refuses the acknowledgement, or cannot be reached.
        """
        request = Request(
            id=str(interaction.id),
            person=_person(interaction),
            channel=_channel_name(interaction),
            message=_clicked_message_id(interaction),
            **fields,
        )
        clicked, switch = interaction.message, custom_ids.is_switch(interaction)
        private = clicked is not None and clicked.flags.ephemeral
        answer_private = answers_one(
            spec, request.words, clicked=clicked is not None, private=private, switch=switch
        )
        conversation = DiscordConversation(
            interaction,
            self.presenter,
            private=answer_private,
            replaces=private or switch or decides(request.words),
            quiet=spec is not None and spec.step,
        )
        may_open_form = spec is not None and spec.role is Role.ADMIN and not spec.spends
        delay_s = FORM_ACKNOWLEDGE_AFTER_S if may_open_form else ACKNOWLEDGE_AFTER_S
        async with conversation.acknowledged_after(delay_s):
            if not await desk.serve(request, conversation):
                conversation.answered = True

    async def _offer_values(self, interaction: discord.Interaction[Any], desk: Desk) -> None:
        """Send Discord up to 25 values that complete the text of an option that a person is
        typing.

        The values are the option's choices that contain the text, in any case of letters; without
        one, the values that the desk knows. In an option of several values, the text is the last
        value. Nothing is sent for an unknown command, or when no option is being typed.

        Raises:
            discord.HTTPException: when Discord refuses the values.
        """
        call = slash_commands.read_call(interaction.data or {}, desk)
        if call is None or call.typing is None:
            return
        option = call.typing
        typed_value = slash_commands.last_value(option, call.typed)
        values: Sequence[str] = [
            choice for choice in option.choices if typed_value.lower() in choice.lower()
        ]
        if not values:
            person, channel = _person(interaction), _channel_name(interaction)
            values = await desk.complete(
                call.spec.name, option.name, typed_value, person=person, channel=channel
            )
        choices = slash_commands.option_choices(option, call.typed, values)
        await interaction.response.autocomplete(choices)


def _person(interaction: discord.Interaction[Any]) -> Person:
    """Return the person of an interaction; in a server, one who may manage it is an owner."""
    owner = interaction.guild_id is not None and interaction.permissions.manage_guild
    return person_of(interaction.user, owner=owner)


def _channel_name(interaction: discord.Interaction[Any]) -> str:
    """Return the name of an interaction's channel, such as ``discord:123``.

    For a thread, it is the name of the channel in which the thread was started.
    """
    channel, number = interaction.channel, interaction.channel_id
    return f"{NAME}:{channel.parent_id if isinstance(channel, discord.Thread) else number}"


def _clicked_message_id(interaction: discord.Interaction[Any]) -> str:
    """Return the id of the message whose button was clicked, or "" for no click.

    A click in a message that only this person sees counts as a click on the message from whose
    button that one came, such as "yes" below a button's question.
    """
    message = interaction.message
    if message is None:
        return ""
    origin = message.interaction_metadata if message.flags.ephemeral else None
    origin_id = origin.interacted_message_id if origin else None
    return str(origin_id or message.id)
