"""Requests of chats: what a click does, who sees its answer, and the tasks that serve them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from overheard.cards.card import Action
from overheard.cards.command import CommandSpec
from overheard.chat_kit.messages import Recent
from overheard.interfaces import CANCEL, CONFIRM

MAX_QUESTIONS = 1_000
"""Questions kept in memory; a button whose question is forgotten asks with its label."""


class ClickKind(StrEnum):
    """What a click does; the first part of a button's id.

    The values never change, because messages that were posted before an update have them.
    """

    RUN = "do"
    """Runs the button's words."""
    ASK = "ask"
    """Asks the button's question before anything is run."""
    CANCEL = "leave"
    """Removes such a question without running anything."""


@dataclass(frozen=True, slots=True)
class Click:
    """The content of a button's id, such as ``do:alerts show 12``, which works as long as its
    message exists.

    Attributes:
        words: The words of the button's action; "" for `ClickKind.CANCEL`.
    """

    kind: ClickKind
    words: str = ""

    @property
    def id(self) -> str:
        """The button's id, which `read` reads."""
        return f"{self.kind}:{self.words}"

    @classmethod
    def read(cls, button_id: str) -> Click | None:
        """Return the content of a button's id; None for any other id."""
        kind, colon, words = button_id.partition(":")
        return cls(ClickKind(kind), words) if colon and kind in set(ClickKind) else None


class ButtonQuestions:
    """The questions of the buttons shown last, in memory: an id has no room for them."""

    def __init__(self) -> None:
        self._questions: Recent[str, str] = Recent(MAX_QUESTIONS)

    def click(self, action: Action) -> Click:
        """Return what a click on an action's button does: ask the action's question, which is kept,
        or run its words. Above `MAX_QUESTIONS`, the oldest question is forgotten.
        """
        if not action.confirm:
            return Click(ClickKind.RUN, action.words)
        self._questions[action.words] = action.confirm
        return Click(ClickKind.ASK, action.words)

    def question(self, words: str, label: str) -> str:
        """Return the question of the button with these words; one that is not kept, as after a
        restart, is replaced by the button's label, or else its words: ``Close: are you sure?``.
        """
        return self._questions.get(words) or f"{label or words}: are you sure?"


def decides(words: str) -> bool:
    """Return whether a button's words confirm or cancel a command that waits for a yes, such as
    ``confirm x1Zq``; the answer takes the place of the question.
    """
    return words.partition(" ")[0] in {CONFIRM, CANCEL}


def answers_one(
    spec: CommandSpec | None, words: str = "", *, clicked: bool, private: bool, switch: bool
) -> bool:
    """Return whether only the person who sent a request sees its answer; all others are public.

    Private is every answer of a private command; the answer to a yes or a cancel in a private
    message; and the answer to a click on a button of a command that answers only the one who clicks
    (`CommandSpec.answers_one`), unless the click changes what a public message shows.

    Args:
        spec: The command; None for a button's words that name none.
        words: The words of the clicked button.
        clicked: Whether the request is a click.
        private: Whether only this person sees the clicked message.
        switch: Whether the click chose what the message shows (`Choice.chosen`).
    """
    if spec is None:
        return private and decides(words)
    return spec.private or (clicked and spec.answers_one and (private or not switch))


FINISH_TIMEOUT_S = 0.4
"""How long a running command may take to end by itself when the bot stops."""
log = logging.getLogger("overheard")


class ServingTasks:
    """The tasks in which a chat serves requests.

    Args:
        platform: The chat's name in the log.
    """

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine as a task; an exception of it is logged and raised nowhere."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._on_done)

    def add_current(self) -> None:
        """Add the current task, until it ends; its exceptions are those of its caller."""
        if task := asyncio.current_task():
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def finish(self, timeout_s: float) -> None:
        """Give the tasks, without the current one, some seconds to end, cancel those that have not,
        and wait until all have ended.

        The second wait has no limit: a cancelled task may still clean up.
        """
        if running := self._running - {asyncio.current_task()}:
            _, unfinished = await asyncio.wait(running, timeout=timeout_s)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A request from %s ended badly: %s", self._platform, error)
