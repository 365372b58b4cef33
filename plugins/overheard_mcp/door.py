"""The door: carries out commands for the holders of tokens, with their rights, and returns the
documents that ``--json`` prints.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.mcpserver.exceptions import ToolError

from overheard import Card, Form, Person, Request, Role, Run, Tainted, View
from overheard_mcp.marks import Marker
from overheard_mcp.tokens import TokenBook
from overheard_mcp.tools import tables_of

START_TIMEOUT_S = 5.0
"""Seconds after which a check that goes on is reported as running."""
RUNS = 100
"""Of so many runs, the newest, a check is found."""
THIS_MACHINE = Person("mcp", "this-machine", "this-machine", role=Role.VIEWER)
"""Who talks over stdio without a token: it reads."""
_ELSEWHERE = Card(
    "This process is not at it",
    "A check that is still running was cut off, unless another process goes on with it. To go on, "
    "start it again. Of one that has ended, `report` and `situation` have the result.",
)


class _Reply:
    """The cards that a command shows; an `overheard.Conversation`."""

    forms = False

    def __init__(self) -> None:
        self.card = Card("It has begun")

    async def show(self, card: Card, *, private: bool = False) -> None:  # noqa: ARG002 - one reader
        """Keep the newest card."""
        self.card = card

    async def open_form(self, form: Form) -> None:
        """Say which options the command lacks."""
        self.card = Card(form.title, form.problem or form.text, failed=True)


class Door:
    """Carries out commands for the holders of tokens.

    Args:
        view: Its desk carries them out.
        secret: The token of the client of stdio; empty for none, and over HTTP.
    """

    def __init__(self, view: View, secret: str = "") -> None:
        self._view = view
        self._book = TokenBook(view)
        self._secret = secret
        self._checks: dict[str, _Reply] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def person(self) -> Person | None:
        """Return the holder of the token of this request, with the role that it has now; None for
        one that is not valid.
        """
        given = get_access_token()
        secret = given.token if given else self._secret
        if not secret:
            return THIS_MACHINE
        token = await self._book.find(secret)
        return token.person if token else None

    async def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out the command of a tool, and return its result.

        Raises:
            ToolError: with the sentence that people are shown, when it was not carried out.
        """
        if self._view.desk is None:
            raise ToolError("There is no desk here.")
        if (table := tables_of(self._view.desk).get(name)) is None:
            raise ToolError(f'There is no tool "{name}".')
        known = {*table.get("options", ()), *table.get("own", ())}
        if unknown := ", ".join(arguments.keys() - known):
            raise ToolError(f"{name} has no {unknown}; it has: {', '.join(sorted(known))}.")
        if name == "get_check":
            return await self._get(str(arguments.get("check", "")))
        options = {**arguments, **table.get("fixed", {})}
        if name == "start_check":
            return await self._start(str(options.pop("confirmation", "")), options)
        reply = await self._serve(_Reply(), command=table["command"], options=options)
        return self._result(reply.card, reply.card.data)

    async def _start(self, confirmation: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the price of a check or, with the confirmation that came with the price, start it.

        A confirmation is taken once, also by two calls at the same time. A check that costs nothing
        starts at once.
        """
        person, reply = await self._holder(), _Reply()
        asked: dict[str, Any] = {"command": "check", "options": options}
        if confirmation:
            asked = {"words": f"confirm {confirmation}"}
        task = asyncio.create_task(self._serve(reply, person, **asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        begun, run = self._view.clock.now(), None
        while not (task.done() or run):
            await asyncio.wait({task}, timeout=START_TIMEOUT_S)
            running = [run for run in await self._runs(person) if run.state == "running"]
            run = next((r for r in running if confirmation or r.started_at >= begun), None)
        return self._check(reply, None if task.done() else run)

    async def _get(self, key: str) -> dict[str, Any]:
        """Return how far a check of this token is, or its result."""
        person = await self._holder()
        run = next((run for run in await self._runs(person) if run.key == key), None)
        if run is None or person.role != Role.OPERATOR:
            raise ToolError(f"You have started no check {key}.")
        return self._check(self._checks.get(key), run)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return whose token of a request over HTTP it is; None for one that is not valid."""
        found = await self._book.find(token)
        return AccessToken(token=token, client_id=found.name, scopes=[]) if found else None

    async def aclose(self) -> None:
        """Stop what is under way; its answers are kept, and the next start goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _holder(self) -> Person:
        person = await self.person()
        if person is None:
            raise ToolError("This token is not valid any more.")
        return person

    async def _runs(self, person: Person) -> list[Run]:
        """Return the runs of a token, the newest first."""
        runs = await self._view.history.runs(limit=RUNS)
        return [run for run in runs if run.channel == f"mcp:{person.id}"]

    async def _serve(self, reply: _Reply, person: Person | None = None, **asked: Any) -> _Reply:
        """Have the desk carry out a request of the holder, and return the reply with its card."""
        person = person or await self._holder()
        request = Request(secrets.token_hex(16), person, f"mcp:{person.id}", **asked)
        if self._view.desk:
            await self._view.desk.serve(request, reply)
        return reply

    def _check(self, reply: _Reply | None, run: Run | None = None) -> dict[str, Any]:
        """Return the state of a check, by its newest card or, after a restart, by its run."""
        card = reply.card if reply else _ELSEWHERE
        data = card.data if isinstance(card.data, Mapping) else {}
        key = run.key if run else data.get("run")
        if reply and key:
            self._checks[key] = reply
        token = next(filter(None, (_token(action.words) for action in card.actions)), None)
        stored = run.state if run and not reply else "running"
        state = "price" if token else str(data.get("state") or stored)
        result = dict(data) if "results" in data else None
        document = {"state": state, "check": key, "confirmation": token, "result": result}
        return self._result(card, document)

    def _result(self, card: Card, data: Any) -> dict[str, Any]:
        """Return a card as the result of a tool, with the texts of third parties marked."""
        marker = Marker()
        headline, text = _text(card.title, marker), _text(card.text, marker)
        if card.failed and not card.data:
            raise ToolError(f"{headline}: {text}")
        return {
            "headline": headline,
            "text": text,
            "note": card.footer,
            "read_at": self._view.clock.now().isoformat(timespec="seconds"),
            "data": marker.document(data),
            "untrusted": marker.note,
        }


def _token(words: str) -> str:
    """Return the token of the button that says yes; empty for other buttons."""
    verb, _, token = words.partition(" ")
    return token if verb == "confirm" else ""


def _text(text: str | Tainted, marker: Marker) -> str:
    """Return a text of a card, marked if others wrote it."""
    return marker.text(text.text) if isinstance(text, Tainted) else marker.own(text)
