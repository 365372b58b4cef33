"""A brief as a page: Markdown, or a self-contained HTML file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from overheard.cards import wording
from overheard.cards.command import quoted
from overheard.domain import Fact
from overheard.finetune.brief import LABELS, BriefItem, steps
from overheard.finetune.texts import fact_sentence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")

STYLE = """
body{font:16px/1.55 system-ui,sans-serif;max-width:48rem;margin:2.5rem auto;padding:0 1.2rem;
color:#1d2330;background:#fff}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .4rem}
h2{font-size:1.15rem;line-height:1.35;margin:0 0 .3rem}
h3{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;color:#5b6475;margin:1rem 0 .2rem}
article{border:1px solid #d9dee8;border-radius:10px;padding:1.1rem 1.3rem;margin:1.1rem 0;
break-inside:avoid}
p,ul,ol,blockquote{margin:.3rem 0}ul,ol{padding-left:1.3rem}li{margin:.15rem 0}
blockquote{border-left:3px solid #d9dee8;padding-left:.8rem;color:#414a5c}
table{border-collapse:collapse;width:100%;margin:1.2rem 0;font-size:.95rem}
th{text-align:left;font-size:.8rem;color:#5b6475;font-weight:600}
th,td{padding:.35rem .6rem .35rem 0;border-bottom:1px solid #d9dee8;vertical-align:top}
td.n{text-align:right;white-space:nowrap}th.n{text-align:right}
.tag{background:#e8edf7;color:#2a4374;border-radius:5px;padding:.05rem .45rem;font-size:.82rem;
white-space:nowrap}a{color:inherit}
.meta{color:#5b6475;font-size:.9rem}.missing{background:#fff4e0;border-radius:6px;
padding:.4rem .6rem}code{background:#f1f3f7;border-radius:4px;padding:.1rem .3rem;font-size:.9em}
@media(prefers-color-scheme:dark){body{background:#14171d;color:#e5e8ee}article,blockquote,th,td{
border-color:#39404e}.meta,h3,th,blockquote{color:#a3acbd}.missing{background:#4a3713}
code{background:#262b35}.tag{background:#26334d;color:#c3d3f2}}
"""


@dataclass(frozen=True, slots=True)
class BriefPage:
    """The content of a brief's page.

    Attributes:
        title: The title.
        lead: Sentences above the items.
        items: The items in order.
        brand: The brand's name.
        published: A title and sentences for each published item.
    """

    title: str
    lead: Sequence[str]
    items: Sequence[BriefItem]
    brand: str
    published: Sequence[tuple[str, Sequence[str]]] = ()


def share_with_interval(item: BriefItem) -> str:
    """Return the share of all answers that show an item, with its 90 % interval, in words; ``no
    answer so far`` without hits.
    """
    if not item.hits:
        return "no answer so far"
    low, high = item.interval
    return (
        f"{wording.percent(item.hits / item.answers)} of {wording.count(item.answers, 'answer')} "
        f"({wording.percent(low)} to {wording.percent(high)})"
    )


def to_add(item: BriefItem, brand: str) -> str:
    """Return a sentence that asks to add the missing fact first; empty if no fact is missing.
    `brand` is the name as typed in commands.
    """
    if not item.missing:
        return ""
    return (
        f"The fact sheet says nothing about {item.missing}. Find out what is true and add it "
        f"(facts add {brand} FIELD VALUE) before you write."
    )


def markdown(page: BriefPage) -> str:
    """Return a brief's page as Markdown; all text is escaped."""
    return "\n".join(_markdown_lines(page)) + "\n"


def _markdown_lines(page: BriefPage) -> Iterator[str]:
    """Yield the lines of the Markdown page: lead, table, items, published items."""
    yield from (f"# {_markdown_text(page.title)}", "")
    for sentence_ in page.lead:
        yield from (_markdown_text(sentence_), "")
    if page.items:
        yield from ("| No. | Content | Gap | Shows in |", "| --- | --- | --- | --- |")
        for number, item in enumerate(page.items, 1):
            cells = (
                str(number),
                _markdown_text(item.title),
                LABELS[item.kind],
                _rate(item),
            )
            yield f"| {' | '.join(cells)} |"
        yield ""
    for number, item in enumerate(page.items, 1):
        yield from (f"## {number}. {_markdown_text(item.title)}", "")
        yield from (f"{_markdown_text(item.why)} Shows in {share_with_interval(item)}.", "")
        for heading, lines in _item_parts(item, page.brand):
            marks = (f"{place}." if heading == DO else "-" for place in range(1, len(lines) + 1))
            listed = (
                f"{mark} {_markdown_text(line)}" for mark, line in zip(marks, lines, strict=True)
            )
            yield from (f"**{heading}**", "", *listed, "")
        yield from (f"Published? `{done(item, page.brand)}`", "")
    if page.published:
        yield from ("## Published", "")
    for title, sentences in page.published:
        yield from (f"- **{_markdown_text(title)}** {_markdown_text(' '.join(sentences))}",)


def html(page: BriefPage) -> str:
    """Return a brief's page as one HTML file without scripts, pictures or external resources."""
    body = "\n".join(_body_elements(page))
    title = escape(page.title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        f"{body}\n</body></html>\n"
    )


def _body_elements(page: BriefPage) -> Iterator[str]:
    """Yield the elements of the HTML body: lead, table, items, published items; all text is
    escaped.
    """
    yield from (f'<p class="meta">{escape(wording.printable(line))}</p>' for line in page.lead)
    if page.items:
        yield "<table><thead><tr><th>No.</th><th>Content</th><th>Gap</th>"
        yield '<th class="n">Shows in</th></tr></thead><tbody>'
        yield from (_table_row(number, item) for number, item in enumerate(page.items, 1))
        yield "</tbody></table>"
    for number, item in enumerate(page.items, 1):
        yield f'<article id="item-{item.key}"><h2>{number}. {_escaped(item.title)}</h2>'
        yield f'<p><span class="tag">{LABELS[item.kind]}</span> {_escaped(item.why)}</p>'
        yield f'<p class="meta">Shows in {escape(share_with_interval(item))}.</p>'
        for heading, lines in _item_parts(item, page.brand):
            yield f"<h3>{heading}</h3>"
            yield from _list_elements(heading, lines)
        yield f'<p class="meta">Published? <code>{_escaped(done(item, page.brand))}</code></p>'
        yield "</article>"
    if page.published:
        yield "<h2>Published</h2>"
    for title, sentences in page.published:
        yield f"<article><h2>{_escaped(title)}</h2><p>{_escaped(' '.join(sentences))}</p></article>"


def _table_row(number: int, item: BriefItem) -> str:
    title = f'<a href="#item-{item.key}">{_escaped(item.title)}</a>'
    tag = f'<span class="tag">{LABELS[item.kind]}</span>'
    return (
        f'<tr><td>{number}</td><td>{title}</td><td>{tag}</td><td class="n">{_rate(item)}</td></tr>'
    )


def _rate(item: BriefItem) -> str:
    return wording.percent(item.hits / item.answers) if item.hits else "-"


def _list_elements(heading: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield the HTML elements of the lines under a heading: quotes, a remark, a paragraph or a
    list.
    """
    if heading == SAY:
        yield from (f"<blockquote>{_escaped(line)}</blockquote>" for line in lines)
    elif heading == ADD:
        yield from (f'<p class="missing">{_escaped(line)}</p>' for line in lines)
    elif len(lines) == 1:
        yield f"<p>{_escaped(lines[0])}</p>"
    else:
        kind = "ol" if heading == DO else "ul"
        yield (f"<{kind}>" + "".join(f"<li>{_escaped(line)}</li>" for line in lines) + f"</{kind}>")


DO = "What to do"
STATE = "What the page should state"
ELSE = "What else it can state"
ADD = "Find out first"
SAY = "What models say"
WHO = "Which models"
CITE = "What they cite"


def done(item: BriefItem, brand: str) -> str:
    """Return the command that marks an item as published, without the root command."""
    return f"brief done {item.key} --brand {quoted(brand)}"


def _item_parts(item: BriefItem, brand: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the heading and the lines of each part of an item that has lines."""
    add = to_add(item, quoted(brand))
    quotes = [f"{e.text} ({e.model}, asked “{wording.line(e.prompt)}”)" for e in item.said]
    cited = [f"{site} ({wording.count(count, 'answer')})" for site, count in item.sources]
    models = wording.listing([str(model) for model in item.models])
    parts = (
        (DO, steps(item, brand)),
        (ADD, [add] if add else []),
        (ELSE if add else STATE, [_fact_and_source(fact) for fact in item.facts]),
        (SAY, quotes),
        (WHO, [models] if models else []),
        (CITE, [wording.listing(cited)] if cited else []),
    )
    yield from ((heading, lines) for heading, lines in parts if lines)


def _fact_and_source(fact: Fact) -> str:
    return f"{fact_sentence(fact)}{f', stated at {fact.source}' if fact.source else ''}"


def _markdown_text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", wording.line(text))


def _escaped(text: str) -> str:
    return escape(wording.line(text))
