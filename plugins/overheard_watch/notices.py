"""What vendors' lists of models and public feeds say of models: when they end, when they changed.

Everything is another's text: it is read by shape, bounded, and never shown but as a name or a day.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from pydantic import Field

from overheard import Model, ModelUpdate, OverheardError, Settings, View, http_client, last_day

MAX_ENTRIES = 20_000
MAX_NAME_CHARS = 200
MAX_ALIASES = 50
TIMEOUT_S = 20.0
REFRESH = timedelta(hours=6)
"""For so long a feed is not asked again."""
NAME_KEYS = ("model_id", "model_name", "model", "id")
"""The first of these with a text; where there is a ``model``, the ``id`` is the entry's own."""
END_KEYS = "shutdown_date retires_at expiration_date shutdown deprecation shutdown_on"
"""Where OpenAI, Anthropic, OpenRouter, model-eol, Mistral and modeldeprecations.dev write the last
day of a model; deprecations.info writes as OpenAI does. Google's own list has no days."""
REPLACEMENT_KEYS = (
    "replacement deprecation_replacement_model replacement_models replacement_model replacements"
)
CHANGES = re.compile("behavior|default|quality|model_update|version|alias")
"""Kinds of events after which a model may answer otherwise."""
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2100, 1, 1)


class FeedSettings(Settings):
    """A table ``[feeds.NAME]`` with ``plugin = "watch"``.

    Attributes:
        url: The address of a JSON document: deprecations.info, modeldeprecations.dev, model-eol,
            events of AI Provider Watch, or a list of models with last days.
    """

    url: str = Field(pattern=r"^https?://\S+$", examples=["https://deprecations.info/feed.json"])


class FeedUnreadable(OverheardError):
    """A feed cannot be read."""

    message = "The feed {name} cannot be read: {reason}; see what its url returns."

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What one source says of one model.

    Attributes:
        names: The id of the model and its aliases, in lower case.
        vendor: Who serves it, in lower case; empty where that is not said.
        source: Who says it, for people.
        read: The day on which it was read.
        ends: The last day of the model, or None.
        changed: When the model changed or was made, or None.
        replacement: The id of the model that follows it, or an empty text.
    """

    names: tuple[str, ...]
    vendor: str
    source: str
    read: date
    ends: date | None = None
    changed: datetime | None = None
    replacement: str = ""

    def is_of(self, model: Model) -> bool:
        """Return whether it is about a model: the same id, without the name of a gateway."""
        plain = model.id.casefold()
        return not {plain, plain.rpartition("/")[2]}.isdisjoint(self.names)


def read_notices(document: object, source: str, read: date) -> Iterator[Notice]:
    """Yield what a document says; entries of other shapes are skipped.

    Args:
        document: JSON: a list of entries, or an object with such a list under ``models``,
            ``items``, ``data`` or ``events``.
        source: Who says it, for people.
    """
    whole = document if isinstance(document, Mapping) else {}
    lists = (whole.get(key) for key in ("models", "items", "data", "events"))
    entries = document if isinstance(document, list) else next(filter(None, lists), [])
    vendor = _text(whole.get("publisher"))
    for entry in islice(entries if isinstance(entries, list) else [], MAX_ENTRIES):
        if isinstance(entry, Mapping):
            more = [value for key, value in entry.items() if str(key).startswith("_")]
            flat = dict(entry)
            for extension in more:
                flat |= extension if isinstance(extension, Mapping) else {}
            yield from _notice(flat, vendor, source, read)


def _notice(entry: Mapping[str, Any], vendor: str, source: str, read: date) -> Iterator[Notice]:
    kind = _text(entry.get("event_kind"))
    listed = [next(filter(None, map(_text, map(entry.get, NAME_KEYS))), "")]
    of_vendor = _text(entry.get("provider")) or vendor
    if kind:
        tags = [_text(tag) for tag in _list(entry.get("tags"))]
        models = (tag.removeprefix("model:") for tag in tags if tag.startswith("model:"))
        refs = [_text(one) for one in _list(entry.get("provider_refs"))]
        of_vendor = refs[0].removeprefix("provider:") if refs else of_vendor
        listed = [name.removeprefix(f"{of_vendor}-") for name in models]
    given = (_text(name) for name in (*listed, *_list(entry.get("aliases"))))
    names = tuple(dict.fromkeys(filter(None, given)))
    ends = next((day for key in END_KEYS.split() if (day := _day(entry.get(key)))), None)
    made = _time(entry.get("created")) or _time(entry.get("created_at"))
    if kind:
        made = _time(entry.get("effective_at")) or _time(entry.get("event_date"))
        made = made if CHANGES.search(kind) else None
    found = (entry.get(key) for key in REPLACEMENT_KEYS.split())
    follows = next(filter(None, found), "")
    follows = _list(follows)[0] if _list(follows) else follows
    replacement = _text(follows.get("model") if isinstance(follows, Mapping) else follows)
    if names and (ends or made):
        yield Notice(names, of_vendor, source, read, ends, made, replacement)


def _list(value: object) -> list[Any]:
    return value[:MAX_ALIASES] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Return a short printable text in lower case; an empty one for anything else."""
    if not isinstance(value, str) or len(value) > MAX_NAME_CHARS or not value.isprintable():
        return ""
    return value.strip().casefold()


def _time(value: object) -> datetime | None:
    """Return a time in seconds since 1970 or ISO 8601, in UTC; None for anything else."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, datetime):
            found = value
        else:
            found = datetime.fromisoformat(value if isinstance(value, str) else "")
    except (ValueError, OverflowError, OSError):
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found if FIRST_DAY <= found.date() < LAST_DAY else None


def _day(value: object) -> date | None:
    found = _time(value)
    return found.date() if found else None


@dataclass(slots=True)
class _Fetched:
    """What a feed returned last; one entry for each address."""

    at: datetime
    notices: tuple[Notice, ...]
    tag: str = ""
    modified: str = ""


_FETCHED: dict[str, _Fetched] = {}


class PublicFeed:
    """One feed, by its address."""

    def __init__(self, name: str, settings: FeedSettings) -> None:
        self.name = name
        self._url = settings.url

    async def notices(self, now: datetime) -> tuple[Notice, ...]:
        """Return what the feed says; it is asked every `REFRESH`, whether it has changed.

        Raises:
            FeedUnreadable: when it cannot be read.
        """
        import httpx2

        known = _FETCHED.get(self._url)
        if known and now - known.at < REFRESH:
            return known.notices
        headers = {"If-None-Match": known.tag, "If-Modified-Since": known.modified} if known else {}
        sent = {name: value for name, value in headers.items() if value}
        try:
            async with asyncio.timeout(TIMEOUT_S), http_client(self._url) as client:
                response = await client.get(self._url, headers=sent)
            if known and response.status_code == httpx2.codes.NOT_MODIFIED:
                known.at = now
                return known.notices
            document = json.loads(response.raise_for_status().content)
            notices = tuple(read_notices(document, self.name, now.date()))
        except RecursionError:
            raise FeedUnreadable(name=self.name, reason="it is nested too deeply") from None
        except Exception as error:
            raise FeedUnreadable(name=self.name, reason=type(error).__name__) from None
        tag, modified = (response.headers.get(name, "") for name in ("etag", "last-modified"))
        _FETCHED[self._url] = _Fetched(now, notices, tag, modified)
        return notices

    async def updates(self, since: datetime) -> list[ModelUpdate]:
        """Return the changes of models that the feed tells of."""
        now = datetime.now(UTC)
        return [
            ModelUpdate(Model(one.vendor, f"{name}{search}"), one.changed, note=self.name)
            for one in await self.notices(now)
            if one.vendor and one.changed and since <= one.changed
            for name in one.names
            for search in ("", "+search")
        ]


async def vendor_notices(view: View, provider: str) -> list[Notice]:
    """Return what a service's own list of models says."""
    today = view.clock.now().date()
    entries = await view.work.listed(provider)
    known = view.landscapes.get(provider)
    name = known.title if known else provider
    return list(read_notices(list(entries), f"{name}'s model list", today))


async def all_notices(view: View, problems: list[str]) -> list[Notice]:
    """Return what all sources say that can be read: vendors' lists, feeds, and the landscape.

    Args:
        problems: Sentences on those that cannot be are added to it.
    """
    feeds = [PublicFeed(*one) for one in view.tables["feeds"].each(FeedSettings)]
    providers = list(dict.fromkeys(model.provider for model in view.models))
    results = await asyncio.gather(
        *(vendor_notices(view, provider) for provider in providers),
        *(feed.notices(view.clock.now()) for feed in feeds),
        return_exceptions=True,
    )
    found: list[Notice] = []
    for result in results:
        if isinstance(result, OverheardError):
            problems.append(str(result))
        elif isinstance(result, BaseException):
            raise result
        else:
            found += result
    return [*found, *_landscape_notices(view)]


def _landscape_notices(view: View) -> Iterable[Notice]:
    for model in view.models:
        if day := last_day(model, view.landscapes.values()):
            names = (model.id.casefold(), model.id.casefold().rpartition("/")[2])
            yield Notice(names, model.provider, "the landscape", view.clock.now().date(), day)
