"""Draws example cards as Slack shows them, for people to look at.

Usage: ``uv run --group dev python bench/slack_gallery.py FOLDER``. Every card becomes a page and a
picture of it, as a window and as a phone show it; so do the App Home and a form. Chromium takes the
pictures; without it, only the pages are written. The figures are invented.
"""

from __future__ import annotations

import argparse
import base64
import html
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gallery import cards, charts
from slack_examples import ACTIONS, form, more_cards, status

from overheard.cards.card import Image
from overheard.cards.charts.style import Theme
from overheard.cards.charts.svg import png
from overheard.cards.charts.trend import alt_text, drawing
from overheard_slack.blocks import Message, home_message, picture_key, render
from overheard_slack.modals import form_view

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WINDOWS = {"window": 760, "phone": 390}
"""Pixels that a message is wide."""
HIGHEST = 16_000
STYLE = """
body { margin: 0; padding: 16px; background: #fff; color: #1d1c1d; width: WIDTHpx;
  box-sizing: border-box;
  font: 15px/1.47 Lato, "Noto Sans", "Segoe UI", "DejaVu Sans", "Noto Color Emoji", sans-serif; }
.message { display: flex; gap: 8px; padding: 8px 0; }
.face { flex: none; width: 36px; height: 36px; border-radius: 8px; background: #1f2328; color: #fff;
  font-weight: 900; display: grid; place-items: center; }
.body { min-width: 0; flex: 1; overflow-wrap: anywhere; }
.name { font-weight: 900; } .app { font-size: 10px; background: #ddd; border-radius: 2px;
  padding: 1px 3px; color: #616061; margin: 0 4px; vertical-align: 2px; }
.time, .context { color: #616061; font-size: 12px; }
.context, .rich, .section, .actions { margin: 6px 0; white-space: pre-wrap; }
h1 { font-size: 18px; line-height: 1.33; font-weight: 900; margin: 8px 0; }
hr { border: 0; border-top: 1px solid #ddd; margin: 12px 0; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin: 6px 0; }
.fields div { white-space: pre-wrap; } blockquote { margin: 4px 0; padding-left: 12px;
  border-left: 4px solid #ddd; white-space: pre-wrap; }
pre { background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0;
  font: 12px/1.5 Monaco, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; }
button { font: 700 13px Lato, "Noto Sans", sans-serif; border: 1px solid #bbb; border-radius: 4px;
  background: #fff; padding: 5px 12px; } .primary { background: #007a5a; color: #fff; }
.beside { display: flex; justify-content: space-between; gap: 8px; align-items: start; }
.beside button { flex: none; }
.data { border: 1px solid #ddd; border-radius: 8px; margin: 6px 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: #616061;
  padding: 8px 10px; font-size: 13px; } th, td { padding: 6px 10px; border-top: 1px solid #ddd;
  text-align: left; white-space: nowrap; } th { background: #f8f8f8; font-weight: 700; }
.number { text-align: right; } .picture { max-width: 100%; border-radius: 8px; }
.danger { background: #e01e5a; color: #fff; }
label { display: block; font-weight: 700; margin-top: 14px; }
input, textarea { width: 100%; box-sizing: border-box; border: 1px solid #bbb; border-radius: 4px;
  padding: 8px; font: inherit; } .hint { color: #616061; font-size: 13px; }
.modal { border: 1px solid #ccc; border-radius: 8px; padding: 16px; box-shadow: 0 4px 16px #0002; }
"""


def block(piece: Mapping[str, Any]) -> str:
    """Return a block as HTML."""
    return {
        "header": lambda: f"<h1>{escape(piece['text']['text'])}</h1>",
        "divider": lambda: "<hr>",
        "section": lambda: section(piece),
        "data_table": lambda: data_table(piece),
        "context": lambda: f'<div class="context">{escape(piece["elements"][0]["text"])}</div>',
        "actions": lambda: f'<div class="actions">{"".join(map(button, piece["elements"]))}</div>',
        "rich_text": lambda: f'<div class="rich">{"".join(map(rich, piece["elements"]))}</div>',
        "input": lambda: field(piece),
    }[piece["type"]]()


def section(piece: Mapping[str, Any]) -> str:
    """Return a section: fields side by side, or a text with a button next to it."""
    if "fields" in piece:
        return f'<div class="fields">{"".join(map(fact, piece["fields"]))}</div>'
    text = f"<div>{escape(piece['text']['text'])}</div>"
    return f'<div class="section beside">{text}{button(piece["accessory"])}</div>'


def data_table(piece: Mapping[str, Any]) -> str:
    """Return the first page of a data table."""
    head, *rows = piece["rows"]
    names = "".join(f"<th>{escape(cell['text'])} \u21c5</th>" for cell in head)
    page = rows[: piece["page_size"]]
    body = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in page)
    more = f"<div class=hint>1 to {len(page)} of {len(rows)}</div>" if len(page) < len(rows) else ""
    caption = f"<caption>{escape(piece['caption'])}</caption>"
    return f'<div class="data"><table>{caption}<tr>{names}</tr>{body}</table>{more}</div>'


def cell(one: Mapping[str, Any]) -> str:
    """Return a cell of a data table."""
    if one["type"] == "rich_text":
        return f"<td>{''.join(map(rich, one['elements']))}</td>"
    side = ' class="number"' if one["type"] == "raw_number" else ""
    return f"<td{side}>{escape(one['text'])}</td>"


def escape(text: str) -> str:
    """Return text for HTML."""
    return html.escape(text)


def fact(text: Mapping[str, Any]) -> str:
    """Return a section's field; its name is bold."""
    name, _, value = text["text"].removeprefix("*").partition("*\n")
    return f"<div><b>{escape(name)}</b>\n{escape(value)}</div>"


def button(piece: Mapping[str, Any]) -> str:
    """Return a button, an overflow menu, or the menu of a choice."""
    if piece["type"] == "overflow":
        return "<button>\u22ef</button>"
    if piece["type"] == "static_select":
        shown = piece.get("initial_option", {}).get("text") or piece["placeholder"]
        return f"<button>{escape(shown['text'])} \u2304</button>"
    return f'<button class="{piece.get("style", "")}">{escape(piece["text"]["text"])}</button>'


def rich(part: Mapping[str, Any]) -> str:
    """Return a part of rich text."""
    runs = "".join(map(run, part["elements"]))
    kinds = {"rich_text_quote": "blockquote", "rich_text_preformatted": "pre"}
    kind = kinds.get(part["type"], "div")
    return f"<{kind}>{runs}</{kind}>"


def run(piece: Mapping[str, Any]) -> str:
    """Return a run of rich text."""
    text, style = escape(piece["text"]), piece.get("style", {})
    if piece["type"] == "link":
        return f'<a style="color: #1264a3">{text}</a>'
    text = f"<b>{text}</b>" if style.get("bold") else text
    return f"<i>{text}</i>" if style.get("italic") else text


def field(piece: Mapping[str, Any]) -> str:
    """Return an input of a form."""
    element = piece["element"]
    chosen = [element["initial_option"]] if "initial_option" in element else []
    values = [one["text"]["text"] for one in element.get("initial_options", chosen)]
    value = escape(element.get("initial_value") or ", ".join(values))
    long = element.get("multiline")
    box = f"<textarea rows=3>{value}</textarea>" if long else f'<input value="{value}">'
    optional = " (optional)" if piece["optional"] else ""
    label = f"<label>{escape(piece['label']['text'])}{optional}</label>"
    return f'{label}{box}<div class="hint">{escape(piece["hint"]["text"])}</div>'


def content(one: Message) -> str:
    """Return the HTML of the blocks of a message or of the App Home, pictures included."""
    pictures = {picture_key(image): image for image in one.images}
    return "".join(
        picture(pictures[piece["slack_file"]["id"]]) if piece["type"] == "image" else block(piece)
        for piece in one.blocks
    )


def message(one: Message) -> str:
    """Return the HTML of a message with its sender and time."""
    head = '<span class="name">Overheard</span><span class="app">APP</span>'
    body = content(one)
    return (
        f'<div class="message"><div class="face">O</div><div class="body">{head}'
        f'<span class="time">07:00</span>{body}</div></div>'
    )


def picture(image: Image) -> str:
    """Return a picture."""
    data = base64.b64encode(image.png).decode()
    return f'<img class="picture" src="data:image/png;base64,{data}">'


def view(shown: Mapping[str, Any]) -> str:
    """Return a form."""
    body = "".join(map(block, shown["blocks"]))
    buttons = f'<button>{shown["close"]["text"]}</button> <button class="primary">'
    title = escape(shown["title"]["text"])
    return (
        f'<div class="modal"><h1>{title}</h1>{body}<p style="text-align:right">{buttons}'
        f"{escape(shown['submit']['text'])}</button></p></div>"
    )


def examples() -> Iterator[tuple[str, str]]:
    """Yield the body of each page by name."""
    shift = charts()["shift"]
    shown = {**cards(Image(png(drawing(shift), Theme.LIGHT), alt_text(shift))), **more_cards()}
    shown["alert"] = replace(shown["alert"], actions=ACTIONS)
    for name, card in shown.items():
        yield name, "".join(map(message, render(card)))
    yield "home", content(home_message(status()))
    yield "form", view(form_view(form(), "{}"))


def photograph(page: Path, width: int) -> Path | None:
    """Save a PNG picture of an HTML page in the page's folder, `width` pixels wide, and
    return its path; None without a browser.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    target = page.with_suffix(".png")
    subprocess.run(  # noqa: S603 - a browser of this machine, a page of ours
        [
            browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu",
            f"--window-size={width},{HIGHEST}",
            f"--screenshot={target}", page.as_uri(),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    crop(target)
    return target


def crop(file: Path) -> None:
    """Cut off what is white below."""
    import PIL.Image
    import PIL.ImageChops

    with PIL.Image.open(file) as whole:
        white = PIL.Image.new(whole.mode, whole.size, whole.getpixel((0, 0)))
        box = PIL.ImageChops.difference(whole, white).getbbox() or (0, 0, 1, 1)
        whole.crop((0, 0, whole.width, box[3] + 16)).save(file)


def main() -> None:
    """Fill the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Draws example cards as Slack shows them.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in examples():
        for kind, width in WINDOWS.items():
            page = folder / f"slack-{name}-{kind}.html"
            style = STYLE.replace("WIDTH", str(width))
            page.write_text(f'<meta charset="utf-8"><style>{style}</style>{body}', encoding="utf-8")
            print(photograph(page, width) or f"{page} (no picture: Chromium is not installed)")


if __name__ == "__main__":
    main()
