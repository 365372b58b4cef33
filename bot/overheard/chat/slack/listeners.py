"""What Slack sends: acknowledged at once, taken to the desk, once each."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from overheard.chat.slack import modals
from overheard.chat.slack.blocks import CLICK, home
from overheard.chat.slack.conversation import OpenForm, Place, SlackConversation, place_of_click
from overheard.chat.slack.rate_limit import Once, Pace, Tasks
from overheard.chat.slack.workspaces import Workspaces
from overheard.interfaces import Desk, Form, Person, Request

logger = logging.getLogger(__name__)

FORM_PATIENCE = 1.5
"""Seconds that a sent form waits for its first answer, which may be a problem to show in it."""
Body = dict[str, Any]


class Listeners:
    """Listens to one app, and serves what comes through the desk.

    Args:
        desk: Where requests are brought.
        workspaces: Finds the workspace that an event is from.
        session: The connections to use.
        pace: Gives turns in channels.
        many: Whether there are many workspaces, so that a channel's id needs its team's before it.
    """

    def __init__(
        self,
        desk: Desk,
        workspaces: Workspaces,
        session: aiohttp.ClientSession,
        pace: Pace,
        *,
        many: bool = False,
    ) -> None:
        self._desk = desk
        self._workspaces = workspaces
        self._session = session
        self._pace = pace
        self._many = many
        self._once = Once()
        self._tasks = Tasks()

    def attach(self, app: AsyncApp, command: str) -> None:
        """Listen for a slash command, clicks, forms and visits of the App Home."""
        app.middleware(self._skip_repeated)
        app.command(command)(self._commanded)
        app.action(re.compile(f"^{CLICK}:"))(self._clicked)
        app.view(modals.FORM)(self._submitted)
        app.options(re.compile(f"^{CLICK}:"))(self._completed)
        app.event("app_home_opened")(self._visited)

    async def close(self, patience: float) -> None:
        """Let what is under way come to its end within so many seconds, else cancel it."""
        await self._tasks.end(patience)

    async def _skip_repeated(
        self,
        body: Body,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse:
        event = body.get("event_id") or body.get("trigger_id")
        if event and body.get("type") != "block_suggestion" and not self._once.first(event):
            return BoltResponse(status=200, body="")
        return await next()

    async def _commanded(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        place = Place(body["user_id"], body["channel_id"], url=body.get("response_url", ""))
        words = body.get("text", "").strip()
        self._tasks.start(self._serve(body, place, words=words))

    async def _clicked(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        words = body["actions"][0].get("value", "")
        message = (body.get("container") or {}).get("message_ts", "")
        self._tasks.start(self._serve(body, place_of_click(body), words=words, message=message))

    async def _submitted(self, ack: AsyncAck, body: Body) -> None:
        """Serve a form. Its acknowledgement closes it, or shows in it what is wrong."""
        carried = modals.Carried.read(body["view"])
        command = next((c for c in self._desk.commands if c.name == carried.command), None)
        if command is None:  # a form that was opened before the bot was updated
            await ack()
            return
        options, problems = modals.read(command, body["view"])
        if problems:
            await ack(response_action="errors", errors=problems)
            return

        async def show_again(form: Form, place: Place) -> None:
            await ack(response_action="update", view=modals.modal(form, place.written()))

        place = Place.read(carried.place, body["user"]["id"])
        conversation = await self._conversation(body, place, show_again)
        self._tasks.start(
            self._bring(body, place, conversation, command=command.name, options=options)
        )
        if not await conversation.asked_again(FORM_PATIENCE):
            await ack()

    async def _completed(self, ack: AsyncAck, body: Body) -> None:
        """Offer values for what was typed into a form so far."""
        carried = modals.Carried.read(body["view"])
        option, typed = body["action_id"].removeprefix(f"{CLICK}:"), body.get("value", "")
        try:
            place = Place.read(carried.place, body["user"]["id"])
            person, channel = await self._asker(body, place)
            values = await self._desk.complete(
                carried.command, option, typed, person=person, channel=channel
            )
        except Exception:
            logger.exception("No values could be offered for %s", option)
            values = ()
        await ack(**modals.menu(values, typed))

    async def _visited(self, event: Body, body: Body) -> None:
        if event.get("tab") == "home":
            self._tasks.start(self._show_home(body, event["user"]))

    async def _serve(self, body: Body, place: Place, **wanted: Any) -> None:
        async def open_modal(form: Form, place: Place) -> None:
            workspace = await self._workspaces.of(_team(body))
            view = modals.modal(form, place.written())
            await workspace.client.call("views_open", trigger_id=body["trigger_id"], view=view)

        conversation = await self._conversation(body, place, open_modal)
        await self._bring(body, place, conversation, **wanted)
        if (body.get("container") or {}).get("type") == "view":
            await self._show_home(body, place.user)

    async def _conversation(
        self, body: Body, place: Place, open_form: OpenForm
    ) -> SlackConversation:
        workspace = await self._workspaces.of(_team(body))
        return SlackConversation(workspace, place, self._session, self._pace, open_form)

    async def _bring(
        self, body: Body, place: Place, conversation: SlackConversation, **wanted: Any
    ) -> None:
        """Take a request to the desk, and see to it that its last card is shown."""
        person, channel = await self._asker(body, place)
        request = Request(body["trigger_id"], person, channel, **wanted)
        try:
            await self._desk.serve(request, conversation)
        finally:  # also when it is cut off
            await conversation.finish()

    async def _asker(self, body: Body, place: Place) -> tuple[Person, str]:
        """Return who wants something, and where."""
        team = _team(body)
        workspace = await self._workspaces.of(team)
        person = await workspace.people.person(place.user, _name(body))
        return person, f"slack:{self._prefix(team)}{place.channel}"

    async def _show_home(self, body: Body, user: str) -> None:
        workspace = await self._workspaces.of(_team(body))
        card = await self._desk.home(await workspace.people.person(user))
        await workspace.client.call("views_publish", user_id=user, view=home(card))

    def _prefix(self, team: str) -> str:
        return f"{team}/" if self._many else ""


def _team(body: Body) -> str:
    return str(body.get("team_id") or (body.get("team") or {}).get("id") or "")


def _name(body: Body) -> str:
    user = body.get("user")
    told = user if isinstance(user, dict) else {}
    return str(body.get("user_name") or told.get("name") or told.get("username") or "")
