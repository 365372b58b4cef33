"""Draws every card that a deployment shows, as Slack and as Discord show it, for people to look at.

    uv run python bench/album.py FOLDER

The cards come from real commands on a store with half a year of history (`story.py`), so this also
shows what people would read. A page for each platform and group of commands, one for an alert, and
a picture of each where Chromium is installed, in few colours; and a page of charts.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import discord_gallery
import PIL.Image
import slack_gallery
from gallery import charts
from story import HOME, Scene, story

from overheard.cards.card import Card
from overheard.cards.charts.svg import Theme, png
from overheard.cards.charts.trend import alt, drawing
from overheard.chat.discord import forms, layouts
from overheard.chat.slack import blocks
from overheard.chat.slack.modals import modal
from overheard.interfaces import Form

COLUMNS, WIDTH, GAP = 4, 560, 24
COLOURS = 64
"""Of a picture: letters and charts need few."""
PAGE = """
body {{ width: {width}px; padding: {gap}px; display: block; box-sizing: border-box; }}
.album {{ columns: {columns}; column-gap: {gap}px; }}
.scene {{ break-inside: avoid; margin-bottom: {gap}px; }}
.typed {{ font: 600 14px "DejaVu Sans Mono", monospace; opacity: .75; margin-bottom: 4px;
  overflow-wrap: anywhere; }}
.album img {{ max-width: 100%; }}
"""
DISCORD_MODAL = """
.modal { background: #313338; border: 1px solid #1e1f22; border-radius: 8px; padding: 16px; }
.modal label { display: block; font-weight: 600; font-size: 14px; margin-top: 12px; }
.modal input, .modal textarea { width: 100%; box-sizing: border-box; background: #1e1f22;
  color: #dbdee1; border: 0; border-radius: 4px; padding: 8px; font: inherit; }
.modal .hint { color: #949ba4; font-size: 12px; }
"""


def in_slack(scene: Scene) -> str:
    """Return a scene as Slack shows it."""
    shown = scene.shown
    if isinstance(shown, Form):
        return slack_gallery.view(modal(shown, "{}"))
    if scene.title == HOME:
        return slack_gallery.view(blocks.home_view(shown))
    return "".join(map(slack_gallery.message, blocks.render(shown)))


def in_discord(scene: Scene) -> str:
    """Return a scene as Discord shows it."""
    shown = scene.shown
    if isinstance(shown, Card):
        return "".join(map(discord_gallery.message, layouts.render(shown)))
    told = forms.modal(shown).to_dict()
    fields = "".join(map(_field, told["components"]))
    return f'<div class="modal"><b>{html.escape(told["title"])}</b>{fields}</div>'


def _field(label: Mapping[str, Any]) -> str:
    """Return an input of Discord's form."""
    if "label" not in label:
        return f'<div class="hint">{html.escape(label["content"])}</div>'
    inner = label["component"]
    value = html.escape(inner.get("value") or inner.get("placeholder") or "")
    long = inner.get("style") == 2
    box = f"<textarea rows=3>{value}</textarea>" if long else f'<input value="{value}">'
    name, hint = html.escape(label["label"]), html.escape(label.get("description") or "")
    return f'<label>{name}</label>{box}<div class="hint">{hint}</div>'


Shown = Callable[[Scene], str]
PLATFORMS: Mapping[str, tuple[str, Shown]] = {
    "slack": (slack_gallery.STYLE.replace("WIDTHpx", "auto"), in_slack),
    "discord": (discord_gallery.CSS + DISCORD_MODAL, in_discord),
}


def page(style: str, pieces: Sequence[tuple[str, str]], columns: int = COLUMNS) -> str:
    """Return a page of pieces, each under what led to it."""
    layout = PAGE.format(columns=columns, gap=GAP, width=columns * (WIDTH + GAP) + GAP)
    told = "".join(
        f'<div class="scene"><div class="typed">{html.escape(title)}</div>{body}</div>'
        for title, body in pieces
    )
    head = f'<!doctype html><meta charset="utf-8"><style>{style}{layout}</style>'
    return f'{head}<div class="album">{told}</div>'


ALONE = {"alert": "Alert 1 in its channel", "home": HOME}
"""What also has a separate picture."""


def pages(scenes: Sequence[Scene]) -> Iterator[tuple[str, str, int]]:
    """Yield the pages by name, with how many columns they have."""
    ordered = sorted(scenes, key=lambda scene: scene.section)
    for section, group in groupby(ordered, key=lambda scene: scene.section):
        mine = list(group)
        for platform, (style, shown) in PLATFORMS.items():
            there = [one for one in mine if platform == "slack" or one.title != HOME]
            pieces = [(scene.title, shown(scene)) for scene in there]
            name = f"{platform}-{section.lower().replace(' ', '-')}"
            yield name, page(style, pieces), COLUMNS
    for name, title in ALONE.items():
        scene = next(scene for scene in scenes if scene.title == title)
        for platform, (style, shown) in PLATFORMS.items():
            if platform == "slack" or title != HOME:
                yield f"{platform}-{name}", page(style, [("", shown(scene))], 1), 1
    yield "charts", page(slack_gallery.STYLE.replace("WIDTHpx", "auto"), list(_charts()), 2), 2


def _charts() -> Iterator[tuple[str, str]]:
    for name, chart in charts().items():
        data = base64.b64encode(png(drawing(chart), Theme.LIGHT)).decode()
        told = html.escape(alt(chart))
        picture = f'<img src="data:image/png;base64,{data}"><div class="hint">{told}</div>'
        yield name, picture


def reduced(file: Path) -> Path:
    """Put a picture of few colours in a picture's place; it takes a quarter of the room."""
    with PIL.Image.open(file) as whole:
        fewer = whole.convert("RGB").quantize(
            COLOURS, PIL.Image.Quantize.MAXCOVERAGE, kmeans=1, dither=PIL.Image.Dither.NONE
        )
    small = file.with_suffix(".webp")
    fewer.convert("RGB").save(small, lossless=True, quality=90)
    file.unlink()
    return small


async def scenes() -> list[Scene]:
    """Return all scenes of the story."""
    with TemporaryDirectory() as folder:
        return [scene async for scene in story(folder)]


def main() -> None:
    """Fill the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Draws every card as chats show it.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content, columns in pages(asyncio.run(scenes())):
        file = folder / f"{name}.html"
        file.write_text(content, encoding="utf-8")
        shot = slack_gallery.photograph(file, columns * (WIDTH + GAP) + GAP)
        print(
            reduced(shot) if shot else f"{file} (no picture: Chromium is not installed)", flush=True
        )


if __name__ == "__main__":
    main()
