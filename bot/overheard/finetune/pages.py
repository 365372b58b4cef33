"""A brief as a page: Markdown, or HTML that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from overheard.cards import words
from overheard.finetune.brief import Item
from overheard.finetune.facts import sentence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")

STYLE = """
body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:2.5rem auto;padding:0 1.2rem;
color:#1d2330;background:#fff}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .4rem}h2{font-size:1.15rem;margin:0 0 .3rem}
h3{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;color:#5b6475;margin:1rem 0 .2rem}
article{border:1px solid #d9dee8;border-radius:10px;padding:1.1rem 1.3rem;margin:1.1rem 0}
p,ul,blockquote{margin:.3rem 0}ul{padding-left:1.2rem}
blockquote{border-left:3px solid #d9dee8;padding-left:.8rem;color:#414a5c}
.meta{color:#5b6475;font-size:.9rem}.missing{background:#fff4e0;border-radius:6px;
padding:.4rem .6rem}code{background:#f1f3f7;border-radius:4px;padding:.1rem .3rem;font-size:.9em}
@media(prefers-color-scheme:dark){body{background:#14171d;color:#e5e8ee}article,blockquote{
border-color:#39404e}.meta,h3,blockquote{color:#a3acbd}.missing{background:#4a3713}
code{background:#262b35}}
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on the page.

    Attributes:
        title: Its title.
        lead: Sentences above the items.
        items: What to write, the most pressing first.
        brand: The brand's name.
        published: A title and sentences for each item that was published.
    """

    title: str
    lead: Sequence[str]
    items: Sequence[Item]
    brand: str
    published: Sequence[tuple[str, Sequence[str]]] = ()


def share(item: Item) -> str:
    """Return how often an item shows, and how sure that is."""
    if not item.answers:
        return "no answers yet"
    low, high = item.interval
    return (
        f"{words.percent(item.hits / item.answers)} of {words.count(item.answers, 'answer')} "
        f"({words.percent(low)} to {words.percent(high)})"
    )


def to_add(item: Item, brand: str) -> str:
    """Return what to add to the fact sheet first, or an empty string."""
    if not item.missing:
        return ""
    return (
        f"The fact sheet says nothing about {item.missing}. Find out what is true, add it with "
        f"facts add {brand} FIELD VALUE, and write then."
    )


def markdown(page: Page) -> str:
    """Return the page as Markdown; what models wrote is escaped."""
    return "\n".join(_markdown(page)) + "\n"


def _markdown(page: Page) -> Iterator[str]:
    yield from (f"# {_plain(page.title)}", "")
    for sentence_ in page.lead:
        yield from (_plain(sentence_), "")
    for number, item in enumerate(page.items, 1):
        yield from (f"## {number}. {_plain(item.title)}", "")
        yield from (f"{_plain(item.why)} Shows in {share(item)}. Item `{item.key}`.", "")
        for heading, lines in _parts(item, page.brand):
            yield from (f"**{heading}**", "", *(f"- {_plain(line)}" for line in lines), "")
    if page.published:
        yield from ("## Published", "")
    for title, sentences in page.published:
        yield from (f"- **{_plain(title)}** {_plain(' '.join(sentences))}",)


def html(page: Page) -> str:
    """Return the page as one HTML file without scripts, pictures or anything to load."""
    body = "\n".join(_html(page))
    title = escape(page.title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        f"{body}\n</body></html>\n"
    )


def _html(page: Page) -> Iterator[str]:
    yield from (f'<p class="meta">{escape(words.printable(line))}</p>' for line in page.lead)
    for number, item in enumerate(page.items, 1):
        yield f"<article><h2>{number}. {_escaped(item.title)}</h2>"
        yield f"<p>{_escaped(item.why)}</p>"
        yield f'<p class="meta">Shows in {escape(share(item))}. Item <code>{item.key}</code></p>'
        for heading, lines in _parts(item, page.brand):
            yield f"<h3>{heading}</h3>"
            yield from _list(heading, lines)
        yield "</article>"
    if page.published:
        yield "<h2>Published</h2>"
    for title, sentences in page.published:
        yield f"<article><h2>{_escaped(title)}</h2><p>{_escaped(' '.join(sentences))}</p></article>"


def _list(heading: str, lines: Iterable[str]) -> Iterator[str]:
    if heading == SAY:
        yield from (f"<blockquote>{_escaped(line)}</blockquote>" for line in lines)
    elif heading == ADD:
        yield from (f'<p class="missing">{_escaped(line)}</p>' for line in lines)
    else:
        yield "<ul>" + "".join(f"<li>{_escaped(line)}</li>" for line in lines) + "</ul>"


STATE = "What the page should state"
ADD = "Add to the fact sheet first"
SAY = "What models say"
WHO = "Models"
CITE = "What they cite"


def _parts(item: Item, brand: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the parts of an item that there are, each with a heading."""
    add = to_add(item, brand)
    said = [f"{one.text} ({one.model}, asked “{words.line(one.prompt)}”)" for one in item.said]
    parts = (
        (STATE, [sentence(fact) for fact in item.facts]),
        (ADD, [add] if add else []),
        (SAY, said),
        (WHO, [str(model) for model in item.models]),
        (CITE, [f"{site}, {words.count(count, 'answer')}" for site, count in item.sources]),
    )
    yield from ((heading, lines) for heading, lines in parts if lines)


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", words.line(text))


def _escaped(text: str) -> str:
    return escape(words.line(text))
