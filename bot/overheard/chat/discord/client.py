"""The bot's connection to Discord: commands, clicks and forms become requests at the desk."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import discord
from discord import InteractionType, app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Role
from overheard.chat.concurrency import finish_tasks
from overheard.chat.discord import forms, interactions, tree
from overheard.chat.discord.conversation import Answer
from overheard.chat.discord.errors import told
from overheard.chat.discord.interactions import Click, Does, Questions
from overheard.chat.discord.sync import Trees, serves
from overheard.config.chats import DISCORD_API, DISCORD_GATEWAY, DiscordTable
from overheard.errors import ChatFailed
from overheard.interfaces import Desk, Request

log = logging.getLogger(__name__)

SOON = 0.15
"""Seconds that an answer may take before Discord is told that it will follow."""
SOON_FOR_FORMS = 2.0
"""The same for commands that configure: a form can be opened only as the first answer."""
ELSEWHERE = "This bot does not serve this place; its configuration says which it does."
GONE = "There is no such command any more; reload Discord to see those that there are."
QUIET = 0.2
"""Seconds without a further server after which the bot counts as ready; others may follow."""
LONGEST_LIMIT = 30.0
"""Seconds that discord.py waits itself when Discord asks for fewer requests."""


class Client(discord.Client):
    """A client that serves one desk.

    Args:
        settings: What the configuration says.
        desk: Where requests are brought; without one it only posts.
        silence: Seconds without a word from the gateway after which it is taken for dead.
    """

    def __init__(
        self, settings: DiscordTable, desk: Desk | None = None, *, silence: float = 60.0
    ) -> None:
        # This bot has no voice, so nobody need hear that its parts are missing.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            # Server names and roles; none of the privileged ones is needed.
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            max_ratelimit_timeout=LONGEST_LIMIT,
            guild_ready_timeout=QUIET,
            heartbeat_timeout=silence,
        )
        self.settings = settings
        self.desk = desk
        self.questions = Questions()
        self.trees = Trees(self, settings)
        self.down_since: float | None = time.monotonic()
        """When the connection was lost, or None while there is one."""
        self._serving: set[asyncio.Task[Any]] = set()

    async def on_connect(self) -> None:
        """Note that there is a connection."""
        self.down_since = None

    async def on_ready(self) -> None:
        """Bring the command trees up to date."""
        if self.desk is not None:
            await self.trees.sync(self.desk.commands, [None, *(guild.id for guild in self.guilds)])

    async def on_resumed(self) -> None:
        """Note that the connection is back."""
        self.down_since = None

    async def on_disconnect(self) -> None:
        """Note since when the connection is lost."""
        self.down_since = self.down_since or time.monotonic()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Give a server the commands, as soon as it can be reached."""
        if self.desk is not None:
            await self.trees.sync(self.desk.commands, [guild.id])

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Give a new server the commands."""
        await self.on_guild_available(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server: should the bot come back, it gets the commands anew."""
        self.trees.forget(guild.id)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take whatever a person did."""
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        if self.desk is None:
            return
        try:
            with told():
                await self._take(interaction, self.desk)
        except ChatFailed as failed:  # the desk told nobody, because there is nobody to tell
            log.warning("An interaction was not answered: %s", failed)

    async def stop_serving(self, patience: float) -> None:
        """Let what is being served come to its end within so many seconds, else cancel it."""
        serving = [task for task in self._serving if task is not asyncio.current_task()]
        await finish_tasks(serving, patience)

    async def _refuse(self, interaction: discord.Interaction[Any], text: str) -> None:
        await interaction.response.send_message(text, ephemeral=True)

    def _welcome(self, interaction: discord.Interaction[Any]) -> bool:
        if interaction.guild_id is None:
            return self.settings.direct_messages
        return serves(self.settings, interaction.guild_id)

    async def _take(self, interaction: discord.Interaction[Any], desk: Desk) -> None:
        data: Any = interaction.data or {}
        if interaction.type is InteractionType.autocomplete:
            await self._complete(interaction, desk)
        elif not self._welcome(interaction):
            await self._refuse(interaction, ELSEWHERE)
        elif interaction.type is InteractionType.application_command:
            if called := tree.read(data, desk.commands):
                await self._serve(interaction, desk, called.spec, **interactions.wish(called))
            else:
                await self._refuse(interaction, GONE)
        elif interaction.type is InteractionType.modal_submit:
            await self._take_form(interaction, desk, data)
        elif click := interactions.read(data.get("custom_id", "")):
            await self._take_click(interaction, desk, click)

    async def _take_form(
        self, interaction: discord.Interaction[Any], desk: Desk, data: Any
    ) -> None:
        name = forms.command_of(data.get("custom_id", ""))
        if spec := next((spec for spec in desk.commands if spec.name == name), None):
            options = forms.read(data, spec)
            await self._serve(interaction, desk, spec, command=name, options=options)

    async def _take_click(
        self, interaction: discord.Interaction[Any], desk: Desk, click: Click
    ) -> None:
        if click.does is Does.ASK:
            label = interactions.label_of(interaction.message, click.id)
            text = wording.printable(self.questions.ask(click.words, label))
            view = interactions.question(click, label)
            await interaction.response.send_message(text, view=view, ephemeral=True)
        elif click.does is Does.LEAVE:
            await interaction.response.defer()
            await interaction.delete_original_response()
        else:
            spec = interactions.named(click.words, desk.commands)
            await self._serve(interaction, desk, spec, words=click.words)

    async def _serve(
        self,
        interaction: discord.Interaction[Any],
        desk: Desk,
        spec: CommandSpec | None,
        **wish: Any,
    ) -> None:
        request = Request(
            id=str(interaction.id),
            person=interactions.person(interaction),
            channel=f"{interactions.NAME}:{interactions.place(interaction)}",
            message=interactions.clicked(interaction),
            **wish,
        )
        asked, alone = interactions.decides(request.words), interactions.sees_alone(interaction)
        answer = Answer(
            interaction,
            self.questions,
            private=spec.private if spec else asked and alone,
            replaces=asked or alone,
        )
        configures = spec is not None and spec.role is Role.ADMIN and not spec.spends
        async with answer.acknowledged_after(SOON_FOR_FORMS if configures else SOON):
            if not await desk.serve(request, answer):
                answer.leave()

    async def _complete(self, interaction: discord.Interaction[Any], desk: Desk) -> None:
        called = tree.read(interaction.data or {}, desk.commands)
        if called is None or called.typing is None:
            return
        option, part = called.typing, tree.last_typed(called.typing, called.typed)
        found = [one for one in option.choices if part.lower() in one.lower()]
        found = found or list(
            await desk.complete(
                called.spec.name,
                option.name,
                part,
                person=interactions.person(interaction),
                channel=f"{interactions.NAME}:{interactions.place(interaction)}",
            )
        )
        choices = tree.suggestions(option, called.typed, found)
        await interaction.response.autocomplete([app_commands.Choice(**one) for one in choices])


def redirect(client: discord.Client, settings: DiscordTable) -> None:
    """Send a client's requests and its gateway to the addresses of its settings."""
    if settings.api_url != DISCORD_API:
        _redirect_requests(client, settings.api_url.rstrip("/"))
    if settings.gateway_url != DISCORD_GATEWAY:
        _redirect_gateway(client, settings.gateway_url)


def redirect_answers(settings: DiscordTable) -> None:
    """Send the answers of interactions that arrive in this task and its children elsewhere, too."""
    if settings.api_url != DISCORD_API:
        async_context.set(_Adapter(settings.api_url.rstrip("/")))


def _redirect_requests(client: discord.Client, base: str) -> None:
    request = client.http.request

    async def elsewhere(route: Route, **more: Any) -> Any:
        return await request(_moved(route, base), **more)

    client.http.request = elsewhere  # type: ignore[method-assign]


def _redirect_gateway(client: discord.Client, gateway: str) -> None:
    connect = client.http.ws_connect
    default = str(DiscordWebSocket.DEFAULT_GATEWAY)

    async def elsewhere(url: str, **more: Any) -> Any:
        return await connect(url.replace(default, gateway, 1), **more)

    client.http.ws_connect = elsewhere  # type: ignore[method-assign]


class _Adapter(AsyncWebhookAdapter):
    """Answers interactions elsewhere."""

    def __init__(self, base: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # discord.py has no types there
        self._base = base

    async def request(self, route: Route, *args: Any, **more: Any) -> Any:
        """Send a request."""
        return await super().request(_moved(route, self._base), *args, **more)


def _moved(route: Route, base: str) -> Route:
    route.url = route.url.replace(Route.BASE, base, 1)
    return route
