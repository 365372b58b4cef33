"""What a first month shows in Slack and Discord, as pages with a column for each step."""

from __future__ import annotations

import base64
import html
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord_gallery
import slack_gallery

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kit.discord_rules import words

PHONE_PX = 390
COLUMNS = 4


@dataclass(frozen=True)
class Shown:
    """A message as a chat shows it.

    Attributes:
        body: As HTML.
        text: Its words, without those of buttons, tables and pictures.
        all_text: All its words.
        place: ``channel``, ``thread``, ``private``, ``window`` or ``Home``.
    """

    body: str
    text: str
    all_text: str
    place: str


def in_slack(blocks: list[dict[str, Any]], files: Mapping[str, Any], place: str) -> Shown:
    """Return blocks as Slack shows them in a place (channel, thread ...); `files` are the uploaded
    files by their ids.
    """
    body = ""
    for one in blocks:
        if one["type"] == "image":
            body += _picture(files[one["slack_file"]["id"]]["content"])
        else:
            body += slack_gallery.block(one)
    worded = [one for one in blocks if one["type"] not in {"image", "actions", "data_table"}]
    return Shown(body, " ".join(texts(worded)), " ".join(texts(blocks)), place)


def in_discord(message: dict[str, Any], files: dict[str, bytes], place: str) -> Shown:
    """Return a message as Discord shows it; `files` are its attachments by their names."""
    body = "".join(_component(one, files) for one in message["components"])
    text = re.sub(r"```.*?```|[*#>_`\\-]", " ", words(message), flags=re.DOTALL)
    return Shown(body, text, f"{words(message)} {' '.join(texts(message))}", place)


def texts(part: Any) -> Iterator[str]:
    """Yield the texts within blocks or components."""
    if isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, str):
                if key in {"text", "alt_text", "content", "label", "description", "caption"}:
                    yield value
            else:
                yield from texts(value)
    elif isinstance(part, list):
        for one in part:
            yield from texts(one)


def _picture(content: bytes) -> str:
    return f'<img class=picture src="data:image/png;base64,{base64.b64encode(content).decode()}">'


def _component(one: dict[str, Any], files: dict[str, bytes]) -> str:
    """Return the HTML of a component of Discord; "" for an unknown type."""
    inner = "".join(_component(each, files) for each in one.get("components") or ())
    draw = {
        1: lambda: f'<div class="buttons">{inner}</div>',
        2: lambda: _button(one),
        3: lambda: _menu(one),
        9: lambda: (
            f'<div class="section"><div>{inner}</div>{_component(one["accessory"], files)}</div>'
        ),
        10: lambda: (
            f'<div class="text">{"".join(discord_gallery.paragraphs(one["content"]))}</div>'
        ),
        12: lambda: _gallery(one, files),
        17: lambda: (
            f'<div class="box" style="border-left-color:#{one["accent_color"]:06x}">{inner}</div>'
        ),
    }
    return draw.get(one["type"], lambda: "")()


def _button(one: dict[str, Any]) -> str:
    style = {1: "primary", 4: "danger"}.get(one["style"], "")
    return f'<span class="button {style}">{html.escape(one["label"])}</span>'


def _menu(one: dict[str, Any]) -> str:
    chosen = [option["label"] for option in one["options"] if option.get("default")]
    label = (chosen or [one.get("placeholder", "")])[0]
    return f'<div class="menu" style="width:100%">{html.escape(label)}</div>'


def _gallery(one: dict[str, Any], files: dict[str, bytes]) -> str:
    names = [item["media"]["url"].removeprefix("attachment://") for item in one["items"]]
    return "".join(_picture(files[name]) for name in names if name in files)


def draw(steps_of: Mapping[str, Sequence[tuple[str, Sequence[Shown]]]], folder: Path) -> None:
    """Write the pages of both chats, and print the paths of their pictures.

    Args:
        steps_of: By chat, (step, messages) in order.
        folder: The folder for the pages.
    """
    looks = {
        "slack": (slack_gallery.STYLE.replace("WIDTHpx", "auto"), "message"),
        "discord": (discord_gallery.CSS + ".message{display:block}", "message"),
    }
    width = COLUMNS * (PHONE_PX + 20) + 20
    for chat, steps in steps_of.items():
        style, kind = looks[chat]
        for number, some in enumerate(
            steps[at : at + COLUMNS] for at in range(0, len(steps), COLUMNS)
        ):
            columns = "".join(
                f'<div style="width:{PHONE_PX}px;flex:none"><b>{html.escape(name)}</b>'
                + "".join(f"<p><i>{one.place}</i><div class={kind}>{one.body}</div>" for one in new)
                + "</div>"
                for name, new in some
            )
            page = folder / f"{chat}-{number}.html"
            page.write_text(
                f'<!doctype html><meta charset="utf-8"><style>{style}.message{{display:block}}'
                f"body{{width:{width}px!important;max-width:none!important;display:flex;gap:20px;"
                f"align-items:flex-start}}</style>{columns}",
                encoding="utf-8",
            )
            print(slack_gallery.photograph(page, width) or page, flush=True)
