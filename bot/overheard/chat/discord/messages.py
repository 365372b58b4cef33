"""Pages as discord.py sends them."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import discord

from overheard.cards import words
from overheard.chat.discord import buttons, markup
from overheard.chat.discord.buttons import Questions
from overheard.chat.discord.embeds import Page, picture_name
from overheard.chat.limits import DISCORD

MARK = "overheard-"


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


def marked(page: Page, name: str, place: str) -> Page:
    """Return a page that carries a mark where no reader sees it.

    Discord keeps the address of an embed, and shows it only as the link under its title; so the
    mark stands in an embed without a title where there is one.

    Args:
        page: What is to be posted.
        name: The mark.
        place: The address of the channel, where a click on the title would lead.
    """
    at = next((i for i, embed in enumerate(page.embeds) if "title" not in embed), 0)
    embeds = [*page.embeds]
    embeds[at] = embeds[at] | {"url": f"{place}?{name}"}
    return Page(tuple(embeds), page.images, page.actions)


def carries(message: discord.Message, name: str) -> bool:
    """Whether a message carries a mark."""
    return any((embed.url or "").endswith(f"?{name}") for embed in message.embeds)


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
