"""Draws the example cards as Discord shows them, for people to look at.

Usage: ``python bench/discord_gallery.py FOLDER``. Writes a page for each card, and a picture of it
where Chromium is installed (Debian: ``apt-get install chromium``). What is drawn is what is sent:
the page reads the embeds' markup as Discord does.
"""

from __future__ import annotations

import argparse
import base64
import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageChops
from gallery import cards, charts

from overheard.cards.card import Action, Card, Field, Image, Quote, Severity, Style, Table, Tainted
from overheard.cards.charts.svg import Theme, png
from overheard.cards.charts.trend import alt, drawing
from overheard.chat.discord.embeds import EmbedPage, picture_name, render

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HIGHEST = 4_000
MARKUP = (
    "@everyone <@1> <!channel> [your bank](https://evil.example) https://evil.example "
    "**bold** ||spoiler|| `code` :smile: \u202egnp.exe\u202c\n# head\n- list\n> quote\n"
    "```\nblock\n```"
)
CSS = """
body{margin:0;background:#313338;color:#dbdee1;font:16px/1.375 "gg sans","Noto Sans",Helvetica,
Arial,sans-serif;width:720px;padding:16px;-webkit-font-smoothing:antialiased}
.message{display:flex;margin-bottom:18px}.avatar{flex:none;width:40px;height:40px;border-radius:50%;
background:#5865f2;margin-right:16px;text-align:center;line-height:40px;color:#fff;font-weight:600}
.name{color:#f2f3f5;font-weight:500}.app{background:#5865f2;color:#fff;font-size:10px;
border-radius:3px;padding:1px 4px;margin:0 6px;vertical-align:2px}
.when{color:#949ba4;font-size:12px}
.embed{background:#2b2d31;border-left:4px solid;border-radius:4px;max-width:516px;width:fit-content;
min-width:200px;padding:8px 16px 16px 12px;margin-top:6px;box-sizing:border-box;
overflow-wrap:anywhere}.pictured{max-width:432px}.embed>*{margin-top:8px}
.author{font-size:14px;font-weight:600;color:#f2f3f5}.title{font-weight:600;color:#f2f3f5}
.text{font-size:14px;line-height:18px;white-space:pre-wrap}.fields{display:grid;
grid-template-columns:repeat(12,1fr);gap:8px;font-size:14px;line-height:18px}
.field b{display:block;color:#f2f3f5;font-weight:600;margin-bottom:2px}.field{white-space:pre-wrap}
.footer{font-size:12px;color:#dbdee1}.picture{max-width:400px;max-height:300px;border-radius:4px;
display:block}.quote{display:flex;margin-top:12px}.quote:before{content:"";width:4px;border-radius:4px;
background:#4e5058;margin-right:8px}.quote>div{white-space:pre-wrap}small{color:#949ba4;font-size:12px;display:block}
pre{background:#1e1f22;border:1px solid #1a1b1e;border-radius:4px;padding:7px;margin:6px 0 0;
font:14px/18px Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap}code{background:#1e1f22;
border-radius:3px;padding:0 3px;font:13px monospace}a{color:#00a8fc;text-decoration:none}
.buttons{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px;max-width:560px}.button{color:#fff;
border-radius:3px;font-size:14px;font-weight:500;padding:7px 16px;background:#4e5058}
.primary{background:#5865f2}.danger{background:#da373c}.private{color:#949ba4;font-size:12px}
"""
ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
INLINE = (
    (re.compile(r"\*\*(.+?)\*\*", re.DOTALL), r"<b>\1</b>"),
    (re.compile(r"__(.+?)__", re.DOTALL), r"<u>\1</u>"),
    (re.compile(r"\*(.+?)\*|\b_(.+?)_\b", re.DOTALL), r"<i>\1\2</i>"),
    (re.compile(r"~~(.+?)~~", re.DOTALL), r"<s>\1</s>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    (re.compile(r"\[(.+?)\]\((https?://\S+?)\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"(?<!\")(https?://[^\s<]+)"), r'<a href="\1">\1</a>'),
)


def spoken(text: str) -> str:
    """Return a piece of Discord's markup as HTML; escaped characters are literal."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(html.escape(match[1]))
        return f"\ue000{len(kept) - 1}\ue001"

    told = html.escape(ESCAPED.sub(keep, text), quote=False)
    for pattern, written in INLINE:
        told = pattern.sub(written, told)
    return re.sub("\ue000(\\d+)\ue001", lambda match: kept[int(match[1])], told)


def paragraphs(text: str) -> Iterator[str]:
    """Yield Discord's blocks as HTML: code, quotations, small print, and the rest."""
    for part in re.split(r"(```.*?```)", text, flags=re.DOTALL):
        if part.startswith("```"):
            yield f"<pre>{html.escape(part[3:-3].strip(chr(10)))}</pre>"
            continue
        for lines in re.findall(
            r"(?:^> .*\n?)+|^-# .*\n?|(?:^(?!> |-# ).*\n?)+", part, re.MULTILINE
        ):
            yield block(lines.rstrip("\n"))


def block(lines: str) -> str:
    """Return lines of one kind as HTML."""
    if lines.startswith("> "):
        inner = spoken("\n".join(line[2:] for line in lines.splitlines()))
        return f'<div class="quote"><div>{inner}</div></div>'
    if lines.startswith("-# "):
        return f"<small>{spoken(lines[3:])}</small>"
    return f"<div>{spoken(lines)}</div>" if lines else ""


def fields(told: list[dict[str, Any]]) -> Iterator[str]:
    """Yield fields, up to three of them side by side."""
    row: list[dict[str, Any]] = []
    for one in [*told, None]:
        if row and (one is None or not one["inline"] or len(row) == 3):
            yield from (field(each, 12 // len(row)) for each in row)
            row = []
        if one and one["inline"]:
            row.append(one)
        elif one:
            yield field(one, 12)


def field(one: dict[str, Any], width: int) -> str:
    """Return a field as HTML."""
    name, value = spoken(one["name"]), spoken(one["value"])
    return f'<div class="field" style="grid-column:span {width}"><b>{name}</b>{value}</div>'


def embed(one: dict[str, Any], pictures: dict[str, Image]) -> str:
    """Return an embed as HTML."""
    image = pictures.get(one.get("image", {}).get("url", ""))
    parts = [
        f'<div class="author">{html.escape(one["author"]["name"])}</div>'
        if "author" in one
        else "",
        f'<div class="title">{spoken(one["title"])}</div>' if "title" in one else "",
        f'<div class="text">{"".join(paragraphs(one.get("description", "")))}</div>',
        f'<div class="fields">{"".join(fields(one.get("fields", [])))}</div>',
        picture(image) if image else "",
        f'<div class="footer">{html.escape(one["footer"]["text"])}</div>'
        if "footer" in one
        else "",
    ]
    wide = "pictured" if image else ""
    color = f"#{one['color']:06x}" if "color" in one else "#1e1f22"
    return f'<div class="embed {wide}" style="border-color:{color}">{"".join(parts)}</div>'


def picture(image: Image) -> str:
    """Return a picture as HTML."""
    data = base64.b64encode(image.png).decode()
    return (
        f'<img class="picture" src="data:image/png;base64,{data}" alt="{html.escape(image.alt)}">'
    )


def message(page: EmbedPage) -> str:
    """Return a message as HTML."""
    pictures = {f"attachment://{picture_name(n)}": one for n, one in enumerate(page.images, 1)}
    shown = "".join(embed(one, pictures) for one in page.embeds)
    buttons = "".join(
        f'<span class="button {action.style}">{html.escape(action.label)}</span>'
        for action in page.actions
    )
    head = '<span class="name">overheard</span><span class="app">APP</span>'
    when = '<span class="when">Today at 07:00</span>'
    rest = f'<div class="buttons">{buttons}</div>' if buttons else ""
    body = f"<div>{head}{when}{shown}{rest}</div>"
    return f'<div class="message"><div class="avatar">o</div>{body}</div>'


def page(card: Card) -> str:
    """Return all messages of a card as a page."""
    shown = "".join(map(message, render(card)))
    return f'<!doctype html><meta charset="utf-8"><style>{CSS}</style><body>{shown}</body>'


def shoot(file: Path) -> Path | None:
    """Take a picture of a page, as high as it is; None without Chromium."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    target = file.with_suffix(".png")
    subprocess.run(  # noqa: S603 - our own page, in the browser of this machine
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            f"--screenshot={target}",
            f"--window-size=752,{HIGHEST}",
            file.resolve().as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    crop(target)
    return target


def crop(file: Path) -> None:
    """Cut what is empty below the page."""
    with PIL.Image.open(file) as opened:
        shot = opened.convert("RGB")
    empty = PIL.Image.new("RGB", shot.size, shot.getpixel((0, 0)))
    box = PIL.ImageChops.difference(shot, empty).getbbox() or (0, 0, 1, 1)
    shot.crop((0, 0, shot.width, min(shot.height, box[3] + 16))).save(file)


def examples(picture_of: Image) -> dict[str, Card]:
    """Return the cards of the gallery, and those that only a chat has."""
    shown = cards(picture_of)
    buttons = (
        Action("alerts acknowledge 12", "Acknowledge", Style.PRIMARY),
        Action("alerts snooze 12 --for 1d", "Snooze 1 day"),
        Action("alerts snooze 12 --for 7d", "Snooze 1 week"),
        Action("alerts evidence 12", "Evidence"),
        Action("alerts recheck 12", "Re-check, about $0.40", confirm="Ask again for about $0.40?"),
        Action("alerts close 12", "Close", Style.DANGER),
    )
    standing = Table(
        ("Brand", "Visibility", "Voice", "Position"),
        (
            ("Acme", "61 %", "48 %", "1.2"),
            ("Globex", "5 %", "8 %", "2.0"),
            ("株式会社", "9 %", "4 %", "3"),
        ),
        frozenset({1, 2, 3}),
    )
    return shown | {
        "alert": replace(shown["alert"], actions=buttons),
        "standing": Card("Acme at openai/gpt-5", "Latest run: 24 Mar 2026.", table=standing),
        "progress": Card(
            "Checking Acme",
            "120 of 240 questions, about 1 min left.",
            fields=(Field("Spent", "$0.21"), Field("Failed", "0"), Field("Models", "3")),
        ),
        "price": Card(
            "This costs about $1.20",
            "240 questions, at most $1.60.",
            actions=(Action("check --yes", "Go on", Style.PRIMARY), Action("x", "Not now")),
            severity=Severity.WARNING,
        ),
        "stranger": Card(
            "Strangers' words",
            Tainted(MARKUP),
            fields=(Field("Fact", Tainted(MARKUP), wide=True),),
            quotes=(Quote("somebody", Tainted(MARKUP)),),
        ),
        "flood": Card("A long answer", Tainted("Acme is a fine choice. " * 3_000)),
    }


def save(folder: Path) -> Iterable[Path]:
    """Write a page and a picture of each card; yield the files."""
    chart = charts()["shift"]
    for name, card in examples(Image(png(drawing(chart), Theme.DARK), alt(chart))).items():
        file = folder / f"discord-{name}.html"
        file.write_text(page(card), encoding="utf-8")
        yield shoot(file) or file


def main() -> None:
    """Fill the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Draws example cards as Discord shows them.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    files = list(save(folder))
    print(*files, sep="\n")
    if not any(file.suffix == ".png" for file in files):
        print("Chromium is not installed, so there are no pictures.", file=sys.stderr)


if __name__ == "__main__":
    main()
