"""Draws the example cards as Discord shows them, for people to look at.

Usage: ``uv run --group dev python bench/discord_gallery.py FOLDER``. Writes a page for each card,
and pictures of it as a window and as a phone show it where Chromium is installed (Debian: ``apt-get
install chromium``). What is drawn is what is sent: the page reads the markup as Discord does.
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

from gallery import cards, charts

from overheard.cards.card import Action, Card, Choice, Field, Image, Quote, Style, Table, Tainted
from overheard.cards.charts.style import Theme
from overheard.cards.charts.svg import png
from overheard.cards.charts.trend import alt_text, drawing
from overheard_discord.layouts import Box, MessagePage, Piece, render

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HIGHEST = 4_000
MARKUP = (
    "@everyone <@1> <!channel> [your bank](https://evil.example) https://evil.example "
    "**bold** ||spoiler|| `code` :smile: \u202egnp.exe\u202c\n# head\n- list\n> quote\n"
    "```\nblock\n```"
)
WINDOWS = {"": 752, "-phone": 390}
"""Pixels that the picture of a page is wide, by the end of its name."""
CSS = """
body{margin:0;background:#313338;color:#dbdee1;font:16px/1.375 "gg sans","Noto Sans",Helvetica,
Arial,sans-serif;max-width:752px;padding:16px 12px;box-sizing:border-box;
-webkit-font-smoothing:antialiased}
.message{display:flex;margin-bottom:18px}.avatar{flex:none;width:40px;height:40px;border-radius:50%;
background:#5865f2;margin-right:10px;text-align:center;line-height:40px;color:#fff;font-weight:600}
.content{min-width:0;flex:1}.name{color:#f2f3f5;font-weight:500}.app{background:#5865f2;color:#fff;
font-size:10px;border-radius:3px;padding:1px 4px;margin:0 6px;vertical-align:2px}
.when{color:#949ba4;font-size:12px}
.box{background:#2b2d31;border:1px solid #3f4147;border-left:4px solid;border-radius:8px;
max-width:600px;padding:12px 14px;margin-top:8px;box-sizing:border-box;overflow-wrap:anywhere;
display:flex;flex-direction:column;gap:8px}
.text{line-height:22px;white-space:pre-wrap}h3{font-size:16px;line-height:22px;margin:0;color:#f2f3f5}
.picture{width:100%;border-radius:8px;display:block}
.quote{display:flex}.quote:before{content:"";flex:none;width:4px;border-radius:4px;
background:#4e5058;margin-right:8px}.quote>div{white-space:pre-wrap}
small{color:#949ba4;font-size:13px;line-height:18px;display:block}
pre{background:#1e1f22;border:1px solid #1a1b1e;border-radius:4px;padding:7px;margin:0;
font:14px/18px Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap}code{background:#1e1f22;
border-radius:3px;padding:0 3px;font:13px monospace}a{color:#00a8fc;text-decoration:none}
.buttons{display:flex;flex-wrap:wrap;gap:8px}.button{color:#fff;border-radius:8px;font-size:14px;
font-weight:500;padding:7px 14px;background:#4e5058;flex:none}.primary{background:#5865f2}
.danger{background:#da373c}.menu{background:#1e1f22;border:1px solid #3f4147;border-radius:8px;
padding:8px 12px;display:flex;justify-content:space-between;white-space:nowrap;overflow:hidden}
.menu:after{content:"\\2304"}
.section{display:flex;justify-content:space-between;align-items:flex-start;gap:8px}
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
            r"(?:^> .*\n?)+|^-# .*\n?|^### .*\n?|(?:^(?!> |-# |### ).*\n?)+", part, re.MULTILINE
        ):
            yield block(lines.rstrip("\n"))


def block(lines: str) -> str:
    """Return the HTML of lines of Discord Markdown that are all of one kind: quote, heading, small
    or plain.
    """
    if lines.startswith("> "):
        inner = spoken("\n".join(line[2:] for line in lines.splitlines()))
        return f'<div class="quote"><div>{inner}</div></div>'
    if lines.startswith("### "):
        return f"<h3>{spoken(lines[4:])}</h3>"
    if lines.startswith("-# "):
        return f"<small>{spoken(lines[3:])}</small>"
    return f"<div>{spoken(lines)}</div>" if lines else ""


def piece(one: Piece) -> str:
    """Return a part of a card as HTML."""
    if isinstance(one, Image):
        return picture(one)
    if isinstance(one, tuple):
        return f'<div class="buttons">{"".join(map(button, one))}</div>'
    if isinstance(one, Choice):
        label = one.label if one.chosen is None else one.actions[one.chosen].label
        return f'<div class="menu">{html.escape(label)}</div>'
    text = f'<div class="text">{"".join(paragraphs(one.text))}</div>'
    return f'<div class="section">{text}{button(one.action)}</div>' if one.action else text


def button(action: Action) -> str:
    """Return a button as HTML."""
    return f'<span class="button {action.style}">{html.escape(action.label)}</span>'


def picture(image: Image) -> str:
    """Return a picture as HTML."""
    data = base64.b64encode(image.png).decode()
    return (
        f'<img class="picture" src="data:image/png;base64,{data}" alt="{html.escape(image.alt)}">'
    )


def box(one: Box) -> str:
    """Return a container as HTML."""
    inner = "".join(map(piece, one.pieces))
    return f'<div class="box" style="border-left-color:#{one.color:06x}">{inner}</div>'


def message(page: MessagePage) -> str:
    """Return a message as HTML."""
    head = '<span class="name">overheard</span><span class="app">APP</span>'
    when = '<span class="when">Today at 07:00</span>'
    body = f'<div class="content">{head}{when}{"".join(map(box, page.boxes))}</div>'
    return f'<div class="message"><div class="avatar">o</div>{body}</div>'


def page(card: Card) -> str:
    """Return all messages of a card as a page."""
    shown = "".join(map(message, render(card)))
    return f'<!doctype html><meta charset="utf-8"><style>{CSS}</style><body>{shown}</body>'


def shoot(file: Path, end: str) -> Path | None:
    """Save a picture of an HTML page in the page's folder, of the width
    `WINDOWS[end]`, and return its path; None without Chromium.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    target = file.with_name(f"{file.stem}{end}.png")
    subprocess.run(  # noqa: S603 - our own page, in the browser of this machine
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            f"--screenshot={target}",
            f"--window-size={WINDOWS[end]},{HIGHEST}",
            file.resolve().as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    crop(target)
    return target


def crop(file: Path) -> None:
    """Overwrite a picture without the empty area below the page."""
    import PIL.Image
    import PIL.ImageChops

    with PIL.Image.open(file) as opened:
        shot = opened.convert("RGB")
    empty = PIL.Image.new("RGB", shot.size, shot.getpixel((0, 0)))
    box = PIL.ImageChops.difference(shot, empty).getbbox() or (0, 0, 1, 1)
    shot.crop((0, 0, shot.width, min(shot.height, box[3] + 16))).save(file)


def examples(picture_of: Image) -> dict[str, Card]:
    """Return, by name, the cards of the gallery and further cards that only chats show."""
    shown = cards(picture_of)
    buttons = (
        Action("alerts acknowledge 12", "I'll take it", Style.PRIMARY),
        Action("evidence 12", "Read answers"),
        Action("brief Acme", "What to do?"),
        Action("alerts show 12 --details", "Details", menu=True),
        Action("alerts recheck 12", "Ask again, about $0.40", menu=True),
        Action("alerts close 12", "Not interesting", confirm="Close alert 12?", menu=True),
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
    share = Table(
        ("% of answers", "ChatGPT", "Claude"),
        (("HubSpot", "92", "92"), ("Pipedrive", "38", "83"), ("Zoho CRM", "58", "63")),
        frozenset({1, 2}),
        strong=1,
        caption="Named in % of answers, Mon 30 Nov",
    )
    metrics = tuple(Action(f"report --metric {n}", n) for n in ("named in answers", "recommended"))
    return shown | {
        "alert": replace(shown["alert"], actions=buttons),
        "standing": Card("Acme at openai/gpt-5", "Latest run: 24 Mar 2026.", table=standing),
        "report": Card(
            "Pipedrive is named in 60 % of answers, usually 88 %",
            "All of the fall is at ChatGPT, since 23 Nov. At Claude you are 2nd of 5.",
            table=share,
            image=picture_of,
            choice=Choice("Show", metrics, 0),
            actions=tuple(Action(n, n) for n in ("Open the page", "Share", "Details")),
        ),
        "setup": Card(
            "Set up Overheard",
            fields=(
                Field("1. Your brand", "Pipedrive, CRM", action=Action("brands edit", "Change")),
                Field("2. Questions", "8 questions", action=Action("prompts add", "Add")),
                Field("3. When", "not yet", action=Action("schedules add", "Choose")),
            ),
        ),
        "progress": Card(
            "Checking Acme",
            "120 of 240 questions, about 1 min left.",
            fields=(Field("Spent", "$0.21"), Field("Failed", "0"), Field("Models", "3")),
        ),
        "price": Card(
            "240 questions for about $1.20",
            "check Acme\n\nAt most $1.60.",
            actions=(Action("confirm x", "Ask", Style.PRIMARY), Action("cancel x", "Cancel")),
            footer="This question expires in an hour.",
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
    for name, card in examples(Image(png(drawing(chart), Theme.DARK), alt_text(chart))).items():
        file = folder / f"discord-{name}.html"
        file.write_text(page(card), encoding="utf-8")
        yield from filter(None, (shoot(file, end) for end in WINDOWS))
        yield file


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
