"""The same answer in other layouts, and with other names: what is said does not change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

FOOTER = "\n\nAI responses may include mistakes. Learn more. Your feedback helps us improve."
NAMES = ("Liquid Death", "Best Buy", "Poison", "Zento")
"""Names that judge, and one that does not."""

_HEADING = re.compile(r"#{1,6}\s+(?P<title>.*\S)\s*")
_BULLET = re.compile(r"(?P<indent>\s*)(?:[-*+\u2022]|\d{1,2}[.)])\s+(?P<text>.*\S)\s*")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*")
_BOLD = re.compile(r"\*\*|__")


@dataclass(frozen=True)
class Section:
    """A heading with the bullets and paragraphs below it; ``bullets`` is empty for other lines."""

    lines: tuple[str, ...]
    title: str = ""
    bullets: tuple[str, ...] = ()


def sections(text: str, *, items: bool = False) -> Iterator[Section]:
    """Divide a text into headings with a flat list below, and all other lines; with `items`, also
    into items that have items below them.
    """
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        heading = _HEADING.fullmatch(lines[at])
        if not heading:
            title, below = _BULLET.fullmatch(lines[at]), list(_below(lines, at)) if items else []
            if title and below:
                end = below[-1][0] + 1
                yield Section(tuple(lines[at:end]), title["text"], tuple(told for _, told in below))
                at = end
                continue
            yield Section((lines[at],))
            at += 1
            continue
        end, bullets, told, nested = at + 1, 0, [], False
        while end < len(lines) and not (_HEADING.match(lines[end]) or _RULE.fullmatch(lines[end])):
            bullet = _BULLET.fullmatch(lines[end])
            nested |= bullet is not None and len(bullet["indent"]) > 1
            bullets += bullet is not None
            if lines[end].strip():
                told.append(bullet["text"] if bullet else lines[end].strip(" >"))
            end += 1
        closed = end < len(lines)  # else the last paragraph may be about all
        if nested or not bullets or not (closed or bullets == len(told)):
            yield Section((lines[at],))
            at += 1
        else:
            yield Section(tuple(lines[at:end]), heading["title"], tuple(told))
            at = end


def _below(lines: Sequence[str], at: int) -> Iterator[tuple[int, str]]:
    """Yield (index, text) of the items below an item."""
    title = _BULLET.fullmatch(lines[at])
    for index in range(at + 1, len(lines) if title else 0):
        bullet = _BULLET.fullmatch(lines[index])
        if title and bullet and len(bullet["indent"]) > len(title["indent"]):
            yield index, bullet["text"]
        elif lines[index].strip():
            return


def as_lines(text: str) -> str:
    """Return an answer with each section as one list item: its title, and its bullets
    as sentences.
    """

    def item(section: Section) -> str:
        told = " ".join(_sentence(bullet) for bullet in section.bullets)
        return f"- **{_plain(section.title)}**: {told}\n"

    return _mapped(text, item)


def as_table(text: str) -> str:
    """Return an answer with successive sections as a table: a row for each section, with a cell of
    its bullets.
    """
    parts: list[str] = []
    in_table = False
    for section in sections(text):
        if section.bullets:
            if not in_table:
                parts.append("\n| Product | Details |\n|---|---|")
            in_table = True
            cell = " ".join(map(_sentence, section.bullets)).replace("|", "/")
            parts.append(f"| {_plain(section.title)} | {cell} |")
        elif not in_table or any(line.strip() for line in section.lines):
            parts += ["", *section.lines] if in_table else section.lines
            in_table = False
    return "\n".join(parts)


def with_footer(text: str) -> str:
    """Add the notice of a service."""
    return text + FOOTER


def joined(text: str, join: str, around: str = "") -> str:
    """Return an answer with each entry as one line or paragraph: its title, and its points with
    their labels, joined.

    Args:
        join: What stands between two points; a mark replaces the full stop of the point before.
        around: What stands before the first point; a dash if it is empty.
    """
    before = around or " \u2013 "

    def line(section: Section) -> str:
        title = _plain(section.title).rstrip(" :\u2013\u2014-")
        points = [bullet if "\n" in join else bullet.rstrip(". ") for bullet in section.bullets]
        return f"**{title}**{before}{join.join(points)}\n"

    return _mapped(text, line, items=True)


RELAYOUTS: dict[str, Callable[[str], str]] = {
    "lines": as_lines,
    "table": as_table,
    "footer": with_footer,
    **{
        name: partial(joined, join=join)
        for name, join in {
            "semicolons": "; ",
            "full stops": ". ",
            "commas": ", ",
            "dashes": " - ",
            "bars": " | ",
        }.items()
    },
    "new lines": partial(joined, join="\n", around="\n"),
    "nested bullets": partial(joined, join="\n  - ", around="\n  - "),
}


def renamed(text: str, name: str, other: str) -> str:
    """Give a brand another name, wherever it is written as a word."""
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", other, text)


def reordered(text: str, names: Sequence[str]) -> str:
    """Write the sections whose titles have these names in the opposite order."""
    parts = list(sections(text))
    places = [at for at, part in enumerate(parts) if any(name in part.title for name in names)]
    turned = dict(zip(places, (parts[at] for at in reversed(places)), strict=True))
    return "\n".join(line for at, part in enumerate(parts) for line in turned.get(at, part).lines)


def _mapped(text: str, write: Callable[[Section], str], *, items: bool = False) -> str:
    return "\n".join(
        write(section) if section.bullets else "\n".join(section.lines)
        for section in sections(text, items=items)
    )


def _plain(title: str) -> str:
    return _BOLD.sub("", title).strip()


def _sentence(bullet: str) -> str:
    return bullet if bullet[-1:] in ".!?" else f"{bullet}."
