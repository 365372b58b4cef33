"""`landscape check`: reads the vendors' pages again, and says which have changed since."""

import asyncio
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from overheard import (
    Card,
    Field,
    Landscape,
    Severity,
    Table,
    View,
    http_client,
    printable,
    unknown_name,
    wording,
)
from overheard_finetune.errors import PagesUnwritable
from overheard_finetune.vendors import overdue

PAGES = "landscape-pages.json"
"""The file in which the hashes of pages are kept, in the present folder."""
TIMEOUT_S = 20.0
"""Seconds for one page."""
AT_ONCE = 8
"""Pages that are read at the same time."""
HASH_DIGITS = 16
SHOWN_OVERDUE = 10
"""Entries that are too old, of which a card names the pages."""

_HIDDEN = re.compile(r"<(script|style|svg|nav|footer)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of reading a page.

    Attributes:
        topics: The entries that rest on it, as ``openai.limits``.
        state: ``new``, ``same``, ``changed`` or ``not read``.
        reason: Why it could not be read, as a clause; else empty.
        digest: The hash of its text; empty if it could not be read.
    """

    url: str
    topics: tuple[str, ...]
    state: str
    reason: str = ""
    digest: str = ""


async def check_pages(view: View, provider: str, pages: Path) -> Card:
    """Read the pages of all entries again, compare the hashes of their texts with those of the last
    time, and return the card of what has changed, what cannot be read, and what is too old.

    Args:
        provider: The name of a vendor; empty for all.
        pages: The file with the hashes of the last time; a missing one is created.

    Raises:
        UnknownName: when there is no such vendor.
        PagesUnwritable: when the file cannot be read or written.
    """
    known = view.landscapes
    if provider and provider not in known:
        raise unknown_name("vendor", provider, list(known))
    chosen = [known[provider]] if provider else list(known.values())
    topics = _topics_by_page(chosen)
    before = _read_hashes(pages)
    limit = asyncio.Semaphore(AT_ONCE)
    view.progress.start("Reading pages", len(topics))

    async def checked(url: str) -> PageResult:
        async with limit:
            digest, reason = await _digest(url)
        view.progress.advance()
        last = before.get(url)
        state = "not read" if reason else "new" if last is None else "changed"
        state = "same" if last == digest else state
        return PageResult(url, topics[url], state, reason, digest)

    results = await asyncio.gather(*map(checked, topics))
    _write_hashes(pages, before, {one.url: one.digest for one in results if one.digest})
    today = view.clock.now().astimezone(view.zone).date()
    return _card(results, overdue(chosen, today), pages)


def _topics_by_page(landscapes: Iterable[Landscape]) -> dict[str, tuple[str, ...]]:
    """Return the entries that rest on each page, as ``openai.limits``, by the page's address."""
    topics: dict[str, tuple[str, ...]] = {}
    for landscape in landscapes:
        for entry in landscape.entries:
            name = f"{landscape.name}.{entry.topic.value}"
            topics[entry.source] = (*topics.get(entry.source, ()), name)
    return topics


def _read_hashes(file: Path) -> dict[str, str]:
    """Return the hashes of the last time by the page's address; empty without a file."""
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, ValueError) as error:
        raise PagesUnwritable(file=file, reason=f"it is no list of pages ({error})") from None
    if not isinstance(found, Mapping):
        raise PagesUnwritable(file=file, reason="it is no list of pages")
    return {str(url): str(digest) for url, digest in found.items()}


def _write_hashes(file: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Keep the hashes of pages that were read, next to those of earlier times."""
    if not now:
        return
    text = json.dumps({**before, **now}, indent=1, sort_keys=True)
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise PagesUnwritable(file=file, reason=error.strerror or str(error)) from None


async def _digest(url: str) -> tuple[str, str]:
    """Return the hash of a page's text and an empty reason; an empty hash and the reason when it
    cannot be read. No redirect is followed, and at most 16 MB are read.
    """
    parts = urlsplit(url)
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            http_client(f"{parts.scheme}://{parts.netloc}", timeout=TIMEOUT_S) as client,
        ):
            response = await client.get(url)
            if response.is_redirect:
                return "", f"it has moved to {printable(response.headers.get('Location', '?'))}"
            if response.status_code != 200:
                return "", f"the server answers {response.status_code}"
            return text_hash(response.text), ""
    except TimeoutError:
        return "", f"no answer within {TIMEOUT_S:.0f} s"
    except Exception as error:  # of the network, of TLS, of a damaged or too long reply
        return "", f"{type(error).__name__}: {wording.line(printable(str(error)))}".rstrip(": ")


def text_hash(page: str) -> str:
    """Return a hash of what a page says: 16 hex digits. Scripts, styles, navigation, markup, case,
    and white space do not count.
    """
    text = html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", page)))
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest()[:HASH_DIGITS]


def _card(results: list[PageResult], old: list[str], file: Path) -> Card:
    """Return the card of the pages that changed, those that could not be read, and old entries."""
    changed = [one for one in results if one.state == "changed"]
    unread = [one for one in results if one.state == "not read"]
    reasons = {one.reason for one in unread}
    if results and len(unread) == len(results):
        reason = f" ({next(iter(reasons))})" if len(reasons) == 1 else ""
        title = f"No page could be read{reason}; check the connection, and try again"
    else:
        count = wording.count(len(changed), "page")
        title = f"{count} of {len(results)} changed" if changed else "No page has changed"
    rows = [(one.url, ", ".join(one.topics), one.reason or "changed") for one in changed + unread]
    more = [f"And {len(old) - SHOWN_OVERDUE} more."] if len(old) > SHOWN_OVERDUE else []
    return Card(
        title=title,
        text="\n\n".join([*old[:SHOWN_OVERDUE], *more]),
        fields=tuple(
            Field(state.capitalize(), str(sum(one.state == state for one in results)))
            for state in ("same", "changed", "new", "not read")
        ),
        table=Table(("Page", "Entries", "What"), tuple(rows)) if rows else None,
        severity=Severity.WARNING if changed or unread or old else Severity.GOOD,
        footer=f"The hashes are in {file}.",
        data={
            "pages": [
                {
                    "url": one.url,
                    "entries": list(one.topics),
                    "state": one.state,
                    "reason": one.reason or None,
                    "hash": one.digest or None,
                }
                for one in results
            ],
            "overdue": old,
        },
        failed=bool(results) and len(unread) == len(results),
    )
