"""Pages as discord.py sends them."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

import discord

from overheard.cards import words
from overheard.chat.discord import buttons, markup
from overheard.chat.discord.buttons import Questions
from overheard.chat.discord.embeds import Page, picture_name
from overheard.chat.limits import DISCORD

MARK = "overheard-"
MARKED = re.compile(rf"\?({MARK}[0-9a-f]+)(?:&part=(\d+))?$")
"""The end of an embed's address that is a mark."""


def sending(page: Page, questions: Questions) -> dict[str, Any]:
    """Return what `send` takes for a page."""
    more = {"view": buttons.view(page.actions, questions)} if page.actions else {}
    return {"embeds": _embeds(page), "files": _files(page), **more}


def editing(page: Page, questions: Questions) -> dict[str, Any]:
    """Return what `edit` takes for a page: all that was there before is replaced."""
    return {
        "content": None,
        "embeds": _embeds(page),
        "attachments": _files(page),
        "view": buttons.view(page.actions, questions) if page.actions else None,
    }


def mark(key: str) -> str:
    """Return what names a post: short enough for a nonce, and the same for the same key."""
    return MARK + hashlib.sha256(key.encode()).hexdigest()[: DISCORD.nonce - len(MARK)]


def marked(page: Page, name: str, place: str, part: int = 0) -> Page:
    """Return a page that carries a mark where no reader sees it.

    Discord keeps the address of an embed, and shows it only as the link under its title; so the
    mark stands in an embed without a title where there is one.

    Args:
        page: What is to be posted.
        name: The mark.
        place: The address of the channel, where a click on the title would lead.
        part: Which message of the post it is; the first one is 0.
    """
    at = next((i for i, embed in enumerate(page.embeds) if "title" not in embed), 0)
    embeds = [*page.embeds]
    embeds[at] = embeds[at] | {"url": f"{place}?{name}{f'&part={part}' if part else ''}"}
    return Page(tuple(embeds), page.images, page.actions)


def mark_of(message: discord.Message) -> tuple[str, int]:
    """Return the mark that a message carries, and which message of its post it is.

    What carries none has an empty one.
    """
    found = (MARKED.search(embed.url or "") for embed in message.embeds)
    return next(((one[1], int(one[2] or 0)) for one in found if one), ("", 0))


def _embeds(page: Page) -> list[discord.Embed]:
    return [discord.Embed.from_dict(embed) for embed in page.embeds]


def _files(page: Page) -> list[discord.File]:
    return [
        discord.File(
            io.BytesIO(image.png),
            filename=picture_name(number),
            description=markup.cut(words.printable(image.alt), DISCORD.alt),
        )
        for number, image in enumerate(page.images, 1)
    ]
