"""The same answer in other layouts, and with other names: what is said does not change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

FOOTER = "\n\nAI responses may include mistakes. Learn more. Your feedback helps us improve."
NAMES = ("Liquid Death", "Best Buy", "Poison", "Zento")
"""Names that judge, and one that does not."""

_HEADING = re.compile(r"(?P<signs>#{1,6})\s+(?P<title>.*\S)\s*")
_BULLET = re.compile(r"(?P<indent>\s*)(?:[-*+\u2022]|\d{1,2}[.)])\s+(?P<text>.*\S)\s*")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*")
_TITLE = re.compile(r"(?!\W*(?:pros|cons)\b)\s*(?:\*\*[^*]+\*\*:?|\S.*:)\s*", re.IGNORECASE)
"""A line that is a title of what is below."""
_LABELLED = re.compile(r"\W{0,4}\*\*[^*]+\*\*")
_IN_LIST = re.compile(r"\s+\S|(?:[-*+\u2022]|\d{1,2}[.)])\s")
_BOLD = re.compile(r"\*\*|__")


@dataclass(frozen=True)
class Section:
    """A heading with the bullets and paragraphs below it; ``bullets`` is empty for other lines.

    Attributes:
        lead: What stands before the title in another layout: a rule after a section that keeps its
            heading, or the bullet of an item whose siblings have nothing below.
    """

    lines: tuple[str, ...]
    title: str = ""
    bullets: tuple[str, ...] = ()
    lead: str = ""


def sections(text: str, *, items: bool = False) -> Iterator[Section]:
    """Divide a text into headings with a flat list below, and all other lines; with `items`, also
    into items that have items below them. What may be about all entries is in no section: a plain
    paragraph at the end, or before a rule that is not one between entries. A heading with a title
    among its lines is none.
    """
    lines = text.split("\n")
    at, kept, rules = 0, 9, sum(_RULE.fullmatch(line) is not None for line in lines)
    while at < len(lines):
        heading = _HEADING.fullmatch(lines[at])
        if not heading:
            kept = 9 if _RULE.fullmatch(lines[at]) else kept
            title, below = _BULLET.fullmatch(lines[at]), list(_below(lines, at)) if items else []
            if title and len({point["indent"] for _, point in below}) == 1:
                end = below[-1][0] + 1
                is_item = title["indent"] or _has_plain_sibling(lines, at)
                lead = lines[at][: title.start("text")] if is_item else ""
                told = tuple(point["text"] for _, point in below)
                yield Section(tuple(lines[at:end]), title["text"], told, lead)
                at = end
                continue
            yield Section((lines[at],))
            at += 1
            continue
        end, told, level = at + 1, list[str](), len(heading["signs"])
        bullets, is_flat, after = 0, True, at + 1
        while end < len(lines) and not (_HEADING.match(lines[end]) or _RULE.fullmatch(lines[end])):
            bullet = _BULLET.fullmatch(lines[end])
            is_flat &= len(bullet["indent"]) < 2 if bullet else not _TITLE.fullmatch(lines[end])
            bullets += bullet is not None
            if lines[end].strip():
                told.append(bullet["text"] if bullet else lines[end].strip(" >"))
            end += 1
            label = _LABELLED.match(lines[end - 1])
            after = end if bullet or (label and text.count(label[0]) > 1) else after
        between = rules >= sum(line.startswith(heading["signs"] + " ") for line in lines) - 1
        if end == len(lines) or (_RULE.fullmatch(lines[end]) and not between):
            del told[len(told) - sum(bool(line.strip()) for line in lines[after:end]) :]
            end = after
        if bullets and is_flat:
            yield Section(
                tuple(lines[at:end]), heading["title"], tuple(told), "---\n\n" * (level <= kept < 9)
            )
            at, kept = end, 9
        else:
            yield Section((lines[at],))
            at, kept = at + 1, level


def _has_plain_sibling(lines: Sequence[str], at: int) -> bool:
    """Return whether an item of the list of an item has nothing below it."""
    start = end = at
    while start and (not lines[start - 1].strip() or _IN_LIST.match(lines[start - 1])):
        start -= 1
    while end + 1 < len(lines) and (not lines[end + 1].strip() or _IN_LIST.match(lines[end + 1])):
        end += 1
    found = ((index, _BULLET.fullmatch(lines[index])) for index in range(start, end + 1))
    depth = len(lines[at]) - len(lines[at].lstrip())
    return any(
        bullet and len(bullet["indent"]) <= depth and not list(_below(lines, index))
        for index, bullet in found
    )


def _below(lines: Sequence[str], at: int) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield (index, match) of the items below an item."""
    title = _BULLET.fullmatch(lines[at])
    for index in range(at + 1, len(lines) if title else 0):
        bullet = _BULLET.fullmatch(lines[index])
        if title and bullet and len(bullet["indent"]) > len(title["indent"]):
            yield index, bullet
        elif lines[index].strip():
            return


def as_lines(text: str) -> str:
    """Return an answer with each section as one list item: its title, and its bullets
    as sentences.
    """

    def item(section: Section) -> str:
        told = " ".join(_sentence(bullet) for bullet in section.bullets)
        return f"{section.lead}- **{_plain(section.title)}**: {told}\n"

    return _mapped(text, item)


def as_table(text: str) -> str:
    """Return an answer with successive sections as a table: a row for each section, with a cell of
    its bullets.
    """
    parts: list[str] = []
    in_table = False
    for section in sections(text):
        if section.bullets:
            if section.lead:
                parts += ["", section.lead]
            if section.lead or not in_table:
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
        join: What stands between two points; a mark replaces the full stop of the point before, and
            points with commas are joined by semicolons instead of commas.
        around: What stands before the first point; a dash if it is empty.
    """
    before = around or " \u2013 "

    def line(section: Section) -> str:
        title = section.title.rstrip(" :\u2013\u2014-")
        if not title.startswith("**") or title.endswith("**"):
            title = f"**{_plain(title).rstrip(' :')}**"
        indent = max(0, len(section.lead) - 2) if section.lead[-1:] == " " else 0
        points = [bullet if "\n" in join else bullet.rstrip(". ") for bullet in section.bullets]
        mark = "; " if join == ", " and any(", " in point for point in points) else join
        told = f"{before}{mark.join(points)}".replace("\n", "\n" + " " * indent)
        return f"{section.lead}{title}{told}\n"

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
