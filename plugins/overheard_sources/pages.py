"""The brand's own pages: which are shown and cited; on request they are read and compared.

Pages are read from the brand's hosts alone, over TLS, up to a size, and nothing of them is shown
but the values of facts.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urljoin, urlsplit

from overheard import (
    Action,
    Answer,
    Card,
    Citation,
    Finish,
    Model,
    OverheardError,
    Prompt,
    Question,
    Reply,
    Severity,
    Table,
    Tainted,
    View,
    fitting,
    http_client,
    option,
    printable,
    quoted,
    wording,
)
from overheard_sources.robots import Refusal, refusals
from overheard_sources.searches import (
    A_BRAND,
    A_MODEL,
    SHOWN_ROWS,
    Searched,
    newest_searches,
    own_words,
    page_key,
    reading,
)

TIMEOUT_S = 15.0
MAX_HOPS = 4
MAX_PAGE_CHARS, MAX_TEXT_CHARS = 2_000_000, 60_000
MAX_READ, MAX_HOSTS = 5, 5
"""Pages, and hosts with their robots.txt, that one command reads."""
VALUE_CHARS = 40
SERVER_ERROR = 500
"""While a server answers so, crawlers take it that robots.txt refuses all."""
ORIGIN = "https://{}"
"""Where a host is read."""
_HIDDEN = frozenset({"script", "style", "svg", "nav", "footer", "noscript", "template"})
_STARTS = {"li": "\n- ", "h1": "\n# ", "h2": "\n## ", "h3": "\n### "}
_BLOCK = re.compile(r"p|div|t[rdh]|d[dt]|section|article|header|main|br|[uo]l|table|title|li|h\d")


class PageUnread(OverheardError):
    """A page of the brand's cannot be read."""

    message = "{page} cannot be read: {reason}."

    page: str
    reason: str


async def fetched(searched: Searched, page: str) -> tuple[int, str]:
    """Return (status, text) of a page of the brand, such as ``acme.com/robots.txt``. Redirects are
    followed to hosts of the brand alone.

    Raises:
        PageUnread: when it leads elsewhere, or no answer comes.
    """
    address, reason = f"https://{page}", "it is redirected again and again"
    try:
        for _ in range(MAX_HOPS):
            parts = urlsplit(address)
            host = (parts.hostname or "").removeprefix("www.")
            is_name = "." in host and not host.replace(".", "").isdigit()
            if parts.scheme != "https" or not is_name or not searched.has_own([host]):
                reason = "it leads to a host that is not your own"
                break
            origin = ORIGIN.format(parts.netloc)
            client = http_client(origin, timeout=TIMEOUT_S, headers={"User-Agent": "Overheard"})
            async with asyncio.timeout(TIMEOUT_S), client:
                response = await client.get(parts._replace(scheme="", netloc="").geturl() or "/")
            if not response.is_redirect:
                return response.status_code, response.text[:MAX_PAGE_CHARS]
            address = urljoin(address, response.headers.get("Location", ""))
    except TimeoutError:
        reason = f"no answer within {TIMEOUT_S:.0f} s"
    except Exception as error:  # of the network, of TLS, of a damaged or too long reply
        reason = wording.line(printable(str(error))).rstrip(".") or type(error).__name__
    raise PageUnread(page=page, reason=reason)


def page_text(document: str) -> str:
    """Return what an HTML document says, with headings and lists as Markdown; in one pass, whatever
    is wrong with it.
    """
    first, *pieces = document.split("<")
    parts, hidden = [first], ""
    for piece in pieces:
        tag, _, text = piece.partition(">")
        name = tag.strip().partition(" ")[0].casefold().rstrip("/")
        if hidden and name != f"/{hidden}":
            continue
        hidden = name if name in _HIDDEN else ""
        if not hidden:
            start = "\n" if _BLOCK.fullmatch(name.lstrip("/")) else ""
            parts += [_STARTS.get(name, start), text]
    lines = (" ".join(line.split()) for line in html.unescape("".join(parts)).splitlines())
    return "\n\n".join(filter(None, lines))[:MAX_TEXT_CHARS]


async def _stated_otherwise(view: View, searched: Searched, page: str) -> list[str]:
    """Return what a page states of the brand that contradicts the fact sheet, as the scorers read
    it: a clause for each fact.
    """
    brand = searched.brand
    status, document = await fetched(searched, page)
    if status != 200:
        raise PageUnread(page=page, reason=f"the server answers {status}")
    reply = Reply(f"# {brand.name}\n\n{page_text(document)}", Finish.COMPLETE)
    question = Question(Prompt(f"What is {brand.name}?"), Model("page", "own"))
    answer = Answer(0, question, reply, view.clock.now())
    stated = {
        detail.topic: wording.shorten(wording.line(detail.stated), VALUE_CHARS)
        for record in await view.score([answer], judged=False)
        if record.brand == brand.name and record.score.metric == "accuracy"
        for detail in record.score.details
        if detail.verdict in {"wrong", "stale"}
    }
    true = {fact.field: fact.value for fact in view.catalogue.facts if fact.brand == brand.name}
    return [
        f"{page} states {field} {value}; your facts say {true.get(field, 'otherwise')}"
        for field, value in sorted(stated.items())
    ]


async def _read(
    view: View, searched: Searched, pages: Sequence[str]
) -> tuple[list[Refusal], list[str]]:
    """Read robots.txt of the brand's hosts, and some of its pages. Return what is refused, and a
    clause for each difference and each page that cannot be read.
    """
    refused, differences, unread = list[Refusal](), list[str](), list[str]()
    declared = (Citation(domain).host for domain in searched.brand.domains)
    hosts = dict.fromkeys([*filter(None, declared), *(p.partition("/")[0] for p in pages)])
    for host in [*hosts][:MAX_HOSTS]:
        try:
            status, text = await fetched(searched, f"{host}/robots.txt")
        except PageUnread as problem:
            unread.append(str(problem).rstrip("."))
            continue
        text = "User-agent: *\nDisallow: /" if status >= SERVER_ERROR else text * (status == 200)
        own = (page.removeprefix(host) for page in pages if page.startswith(f"{host}/"))
        refused += refusals(host, text, ["/", *own], view.landscapes.values())
    for page in pages[:MAX_READ]:
        try:
            differences += await _stated_otherwise(view, searched, page)
        except PageUnread as problem:
            unread.append(str(problem).rstrip("."))
    return refused, [*differences, *unread]


async def sources_pages(
    view: View,
    *,
    brand: Annotated[str, A_BRAND] = "",
    model: Annotated[str, A_MODEL] = "",
    read: Annotated[
        bool, option("Read them: what differs from the facts, and whether crawlers may read them.")
    ] = False,
) -> Card:
    """Show which pages of the brand models are shown and cite, and which is to be mended.

    Args:
        brand: The name or alias of the brand; empty for the first that is tracked.
        model: The name of the only model whose answers count; empty for all.
        read: Whether robots.txt and up to `MAX_READ` of the pages are fetched.
    """
    searched = await newest_searches(view, brand, model)
    name, cited, shown = quoted(searched.brand.name), Counter[str](), Counter[str]()
    for answer in searched.answers:
        sources = [(page_key(source), source.cited) for source in answer.reply.citations]
        pages = {page for page, _ in sources if searched.has_own([page])}
        shown.update(pages)
        cited.update(pages & {page for page, is_cited in sources if is_cited})
    order = sorted(shown, key=lambda page: (-shown[page], page))
    never = next((page for page in order if not cited[page]), "")
    whose, of = own_words(view, searched.brand), searched.of_answers(view.zone)
    title = f"No page of {whose} is shown or cited in {of}"
    if order:
        title = f"{order[0]} is cited most of {whose}, in {cited[order[0]]} of {of}"
    if never:
        title = f"{never} is shown in {wording.count(shown[never], 'answer')}, and cited in none"
    refused, problems = await _read(view, searched, order) if read else ([], [])
    told = [*map(str, refused[:1]), *problems]
    paragraphs = [refusal.remedy for refusal in refused[:1]]
    if told:
        paragraphs += [f"{clause}." for clause in [*told[1:3], title]]
        title = told[0]
    elif read:
        paragraphs = ["Facts and robots.txt are in order, as far as they can be read."]
    rows = ((Tainted(page), str(shown[page]), str(cited[page])) for page in order[:SHOWN_ROWS])
    return Card(
        title=title,
        text=Tainted("\n\n".join(paragraphs)),
        table=Table(("Page", "Shown", "Cited"), (*rows,), frozenset({1, 2})) if order else None,
        severity=Severity.WARNING if told else Severity.PLAIN,
        actions=fitting(
            *([] if read else [Action(f"sources pages {name} --read", "Read them now")]),
            Action(f"sources list {name}", "The searches"),
        ),
        footer=f"{of}; shown: found by a search{searched.asked}",
        data={
            "brand": searched.brand.name,
            "pages": [{"page": p, "shown": shown[p], "cited": cited[p]} for p in order],
            "refused": [asdict(refusal) for refusal in refused],
            "problems": problems,
        },
    )


SOURCES_PAGES = reading(
    "sources pages",
    "Show which own pages models cite, what they state wrongly, and which crawlers they refuse.",
    sources_pages,
    examples=("sources pages Acme", "sources pages Acme --read"),
)
