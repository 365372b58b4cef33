"""Draws every card that a deployment shows, as Slack and as Discord show it, for people to look at.

    uv run --group dev python bench/album.py FOLDER [--phone] [--dark]
    uv run --group dev python bench/album.py --budgets

The cards come from real commands on a store with half a year of history (`story.py`) and on a
market with known counts (`market.py`), so this also shows what people would read. A page for each
platform and group of commands, one for an alert, and a picture of each where Chromium is installed,
in few colours, as a window or as a phone shows them; and a page of charts. With `--budgets`, the
words, numbers and buttons of the market's cards are printed against their budgets
(`card_sizes.py`), and their height in Slack at 390 px.
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
import slack_gallery
from card_sizes import BUDGETS, size
from gallery import charts
from market import market_cards, open_market
from story import HOME, Scene, story

from overheard.cards.card import Card
from overheard.cards.charts.renderer import darken, themed
from overheard.cards.charts.style import Theme
from overheard.cards.charts.svg import png
from overheard.cards.charts.trend import alt_text, drawing
from overheard.commands.alerts import alert_card
from overheard.deployment import Call
from overheard.interfaces import Form
from overheard.testing.fakes import ADA
from overheard_discord import forms, layouts
from overheard_slack import blocks
from overheard_slack.modals import form_view

COLUMNS, WIDTH, GAP = 4, 560, 24
PHONE_WIDTH, PHONE_COLUMNS = 390, 6
UNITS = ("words", "numbers", "px", "buttons")
COLOURS = 64
"""Of a picture: letters and charts need few."""
PAGE = """
body {{ width: {width}px; max-width: none; padding: {gap}px; display: block;
  box-sizing: border-box; }}
.album {{ columns: {columns}; column-gap: {gap}px; }}
.scene {{ break-inside: avoid; margin-bottom: {gap}px; }}
.typed {{ font: 600 14px "DejaVu Sans Mono", monospace; opacity: .75; margin-bottom: 4px;
  overflow-wrap: anywhere; }}
.album img {{ max-width: 100%; }}
"""
SLACK_DARK = """
body, button, input, textarea { background: #1a1d21; color: #d1d2d3; }
.primary { background: #007a5a; color: #fff; }
.time, .context, .hint, caption { color: #ababad; }
.data th, pre { background: #222529; } button, input, textarea, pre, .data, th, td, hr, .modal {
  border-color: #565856; } .app { background: #35373b; color: #ababad; }
"""
DISCORD_MODAL = """
.modal { background: #313338; border: 1px solid #1e1f22; border-radius: 8px; padding: 16px; }
.modal label { display: block; font-weight: 600; font-size: 14px; margin-top: 12px; }
.modal input, .modal textarea { width: 100%; box-sizing: border-box; background: #1e1f22;
  color: #dbdee1; border: 0; border-radius: 4px; padding: 8px; font: inherit; }
.modal .hint { color: #949ba4; font-size: 12px; }
"""


def in_slack(scene: Scene) -> str:
    """Return the HTML of a scene as Slack shows it: a form, the App Home or messages."""
    shown = scene.shown
    if isinstance(shown, Form):
        return slack_gallery.view(form_view(shown, "{}"))
    if scene.title == HOME:
        return slack_gallery.content(blocks.home_message(shown))
    return "".join(map(slack_gallery.message, blocks.render(shown)))


def in_discord(scene: Scene) -> str:
    """Return the HTML of a scene as Discord shows it: messages or a form."""
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


def page(
    style: str, pieces: Sequence[tuple[str, str]], columns: int = COLUMNS, wide: int = WIDTH
) -> str:
    """Return an HTML page of (title, HTML body) pieces in columns.

    Args:
        style: The CSS of the platform.
        pieces: The pieces, in order; the title is the command that led to the body.
        columns: The number of columns.
        wide: The width of a column in pixels.
    """
    layout = PAGE.format(columns=columns, gap=GAP, width=columns * (wide + GAP) + GAP)
    told = "".join(
        f'<div class="scene"><div class="typed">{html.escape(title)}</div>{body}</div>'
        for title, body in pieces
    )
    head = f'<!doctype html><meta charset="utf-8"><style>{style}{layout}</style>'
    return f'{head}<div class="album">{told}</div>'


INVENTED = {
    "Pipedrive": "Acme",
    "HubSpot": "Globex",
    "Salesforce": "Initech",
    "Zoho CRM": "Umbra",
    "Freshsales": "Hooli",
}
"""Names of brands on pictures that are shown without a word that they are invented."""
ALONE_WIDTH = 480


def pages(
    scenes: Sequence[Scene], *, phone: bool = False, dark: bool = False
) -> Iterator[tuple[str, str, int]]:
    """Yield (name, HTML, width in pixels) for the pages of each platform and section, and for the
    charts.
    """
    columns, wide = (PHONE_COLUMNS, PHONE_WIDTH) if phone else (COLUMNS, WIDTH)
    ordered = sorted(scenes, key=lambda scene: scene.section)
    for section, group in groupby(ordered, key=lambda scene: scene.section):
        mine = list(group)
        for platform, (style, shown) in PLATFORMS.items():
            there = [one for one in mine if platform == "slack" or one.title != HOME]
            pieces = [(scene.title, shown(scene)) for scene in there]
            name = f"{platform}-{section.lower().replace(' ', '-')}"
            css = style + (SLACK_DARK if dark and platform == "slack" else "")
            yield name, page(css, pieces, columns, wide), columns * (wide + GAP) + GAP
    style = slack_gallery.STYLE.replace("WIDTHpx", "auto")
    yield "charts", page(style, list(_charts()), 2), 2 * (WIDTH + GAP) + GAP


def _charts() -> Iterator[tuple[str, str]]:
    for name, chart in charts().items():
        data = base64.b64encode(png(drawing(chart), Theme.LIGHT)).decode()
        told = html.escape(alt_text(chart))
        picture = f'<img src="data:image/png;base64,{data}"><div class="hint">{told}</div>'
        yield name, picture


def reduced(file: Path) -> Path:
    """Replace a PNG picture by a WebP picture of `COLOURS` colours, a quarter as large, and return
    its path.
    """
    import PIL.Image

    with PIL.Image.open(file) as whole:
        fewer = whole.convert("RGB").quantize(
            COLOURS, PIL.Image.Quantize.MAXCOVERAGE, kmeans=1, dither=PIL.Image.Dither.NONE
        )
    small = file.with_suffix(".webp")
    fewer.convert("RGB").save(small, lossless=True, quality=90)
    file.unlink()
    return small


async def scenes(*, dark: bool = False) -> list[Scene]:
    """Return the scenes of the story, then those of the market; `dark`: with charts for
    dark chats.
    """
    darken(["fake"] if dark else [])
    with TemporaryDirectory() as folder, themed("fake:album"):
        told = [scene async for scene in story(folder)]
    with TemporaryDirectory() as folder, themed("fake:album"):
        return told + [Scene("Market", name, card) async for _, name, card in market_cards(folder)]


async def alone() -> list[tuple[str, Card | Form]]:
    """Return (name, card or form) for those that get a picture each; the name begins with the
    platform, Discord's are dark.
    """
    darken(["discord"])
    found: list[tuple[str, Card | Form]] = []
    with TemporaryDirectory() as folder:
        async with open_market(folder, INVENTED) as market:
            price = [(await market.check(week))[0] for week in range(10)][-1]
            [alert] = await market.deployment.store.alerts.find()
            for platform in PLATFORMS:
                call = Call(market.deployment, channel=f"{platform}:C1")
                with themed(call.channel):
                    card = await alert_card(call, alert)
                found.append((f"{platform}-alert", card))
            found += [("slack-home", await market.desk.home(ADA)), ("discord-price", price)]
            market.chat.forms = True
            if form := (await market.chat.type("brands add")).form:
                found.append(("slack-form", form))
    return found


def draw_alone(folder: Path) -> Iterator[Path]:
    """Draw a picture of each card and form of `alone` in a folder, and yield its path; an HTML page
    without a browser.
    """
    for name, card in asyncio.run(alone()):
        style, shown = PLATFORMS[name.partition("-")[0]]
        title = HOME if name.endswith("home") else ""
        body = page(style, [("", shown(Scene("", title, card)))], 1)
        file = folder / f"{name}.html"
        wide = body.replace(f"width: {WIDTH + GAP + GAP}px", f"width: {ALONE_WIDTH}px")
        file.write_text(wide, encoding="utf-8")
        shot = slack_gallery.photograph(file, ALONE_WIDTH)
        yield reduced(shot) if shot else file


async def budgets() -> list[tuple[str, str, Card]]:
    """Return the cards of the market with known counts, each with its budget and what led to it."""
    with TemporaryDirectory() as folder:
        return [card async for card in market_cards(folder)]


def height(card: Card, folder: Path) -> int | None:
    """Return the height in pixels of a card in Slack on a phone; None without a browser."""
    file = folder / "card.html"
    style = slack_gallery.STYLE.replace("WIDTH", str(PHONE_WIDTH))
    body = "".join(map(slack_gallery.message, blocks.render(card)))
    file.write_text(f'<meta charset="utf-8"><style>{style}</style>{body}', encoding="utf-8")
    shot = slack_gallery.photograph(file, PHONE_WIDTH)
    if shot is None:
        return None
    import PIL.Image

    with PIL.Image.open(shot) as picture:
        return picture.height


def print_budgets() -> None:
    """Print the words, numbers, pixels and buttons of each card; a value above its budget has an
    exclamation mark.
    """
    with TemporaryDirectory() as folder:
        for kind, name, card in asyncio.run(budgets()):
            found, pixels = size(card), height(card, Path(folder))
            sizes = (found.words, found.numbers, pixels or 0, found.buttons)
            cells = (
                f"{value}{'!' if value > most else ''} {unit}"
                for value, most, unit in zip(sizes, BUDGETS[kind], UNITS, strict=True)
            )
            print(f"{kind:7} {name}: {', '.join(cells)}", flush=True)


def main() -> None:
    """Fill the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Draws every card as chats show it.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--budgets", action="store_true")
    parser.add_argument("--phone", action="store_true", help="as a phone shows them")
    parser.add_argument("--dark", action="store_true", help="for dark chats")
    given = parser.parse_args()
    if given.budgets:
        print_budgets()
        return
    if given.folder is None:
        parser.error("name a folder")
    folder: Path = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for drawn in draw_alone(folder):
        print(drawn, flush=True)
    found = asyncio.run(scenes(dark=given.dark))
    for name, content, wide in pages(found, phone=given.phone, dark=given.dark):
        file = folder / f"{name}.html"
        file.write_text(content, encoding="utf-8")
        shot = slack_gallery.photograph(file, wide)
        print(
            reduced(shot) if shot else f"{file} (no picture: Chromium is not installed)", flush=True
        )


if __name__ == "__main__":
    main()
