"""`landscape`: what is known of each vendor of models: last days of models, fine-tuning, and its
data policy (whether it trains on API data and chats, and how to opt out).

Each statement has the vendor's own page as its source. The contents are in ``landscape.toml`` of
each provider's plugin, such as ``plugins/overheard_openai/landscape.toml``; the table
``[landscape]`` of the configuration can correct them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from overheard import (
    SHUTDOWN_NOTICE,
    Action,
    BadUsage,
    Card,
    Choice,
    CommandSpec,
    Face,
    Field,
    Landscape,
    LandscapeTopic,
    Model,
    Severity,
    Table,
    View,
    argument,
    fitting,
    last_day,
    option,
    quoted,
    unknown_name,
    wording,
)
from overheard_finetune.page_check import PAGES, check_pages
from overheard_finetune.vendors import (
    MAX_AGE,
    TITLES,
    EntryStatus,
    TopicStatus,
    topic_statuses,
    upcoming_shutdowns,
)

CHECK = "check"
"""The word in the place of a vendor with which all pages are read again."""
HEADER = ("Vendor", "Fine-tuning", "Trains on API data", "Trains on chats", "Ends next")
CHAT_HEADER = ("Vendor", "Tuning", "API", "Chats")
CHAT_LEGEND = "Tuning: whether it can be fine-tuned. API, Chats: whether it trains on them."
SHOWN = (LandscapeTopic.TUNING, LandscapeTopic.API_DATA, LandscapeTopic.CONSUMER_DATA)
"""Topics in the overview."""
FIRST = (*SHOWN, LandscapeTopic.OPT_OUT)
"""Topics that a vendor's card in a chat shows at first."""
MAX_CELL_CHARS = 40
NOTHING = "-"
"""The cell of a vendor none of whose models ends soon."""
_NEVER = [(date.max, "")]
NAMED = 3
"""Largest number of models that a card names as ending."""


async def show_landscape(
    view: View,
    *,
    provider: Annotated[str, argument("Only this vendor; check reads all pages again.")] = "",
    vendor: Annotated[str, argument("After check: only this vendor's pages.")] = "",
    details: Annotated[
        bool, option("In a chat, every topic with the address of its page.")
    ] = False,
    pages: Annotated[Path | None, option("After check: where the hashes of pages are.")] = None,
) -> Card:
    """Return the card of what is known of vendors: which models end soon, what can be fine-tuned,
    and what they do with data.

    Args:
        provider: The name or title of a vendor in any case of letters, such as ``openai``; empty
            shows a table of all.
        vendor: After the word ``check``, the vendor whose pages are read again; empty for all.
        details: Whether a chat shows all topics of a vendor with full addresses; a terminal always
            does.
        pages: After ``check``, the file with the hashes of the last time; None for `PAGES`.

    Raises:
        UnknownName: when there is no such vendor.
        BadUsage: for ``check`` in a chat, or a second word without it.
        PagesUnwritable: when the file of hashes cannot be read or written.
    """
    checks = provider == CHECK
    if checks and view.face is Face.TERMINAL:
        return await check_pages(view, vendor, pages or Path(PAGES))
    if checks or vendor or pages:
        problem = "Pages are read again in a terminal" if checks else "Too many words"
        raise BadUsage(problem=problem, usage="landscape check [VENDOR] [--pages FILE]")
    today = view.clock.now().astimezone(view.zone).date()
    known = view.landscapes
    if not provider:
        return _overview_card(view, today)
    landscape = known.get(provider.strip().casefold()) or _find_by_title(known, provider)
    if landscape is None:
        raise unknown_name("vendor", provider, list(known))
    return _vendor_card(view, landscape, topic_statuses(landscape, today), today, details=details)


def _find_by_title(known: Mapping[str, Landscape], title: str) -> Landscape | None:
    """Return the landscape of the vendor with a title such as ``OpenAI``, in any case of letters;
    None if there is none.
    """
    wanted = title.strip().casefold()
    return next(
        (landscape for landscape in known.values() if landscape.title.casefold() == wanted), None
    )


def _overview_card(view: View, today: date) -> Card:
    """Return the card of all vendors: sentences on configured models that end soon, and a table
    with a row for each vendor.

    The vendors whose models end next come first, those without such a model last. A terminal has a
    button for each vendor, a chat a menu.

    Args:
        today: The day in the reader's time zone; "soon" is within `SHUTDOWN_NOTICE` of it.
    """
    known, last = view.landscapes, today + SHUTDOWN_NOTICE
    order = sorted(
        known, key=lambda name: (upcoming_shutdowns(known[name], today, last) or _NEVER)[0]
    )
    topics = {name: topic_statuses(known[name], today) for name in order}
    ending = _ending_sentences(view, today)
    vendors = fitting(*(Action(f"landscape {quoted(n)}", known[n].title) for n in order))
    in_chat = view.face is Face.CHAT
    cells = _chat_vendor_cells if in_chat else _vendor_cells
    rows = tuple(cells(known[name], statuses, today) for name, statuses in topics.items())
    title, text = "No model of yours ends soon", "Nothing to do."
    if ending:
        count = wording.count(len(ending), "model")
        title = f"{count} of yours {'ends' if len(ending) == 1 else 'end'} soon"
        text = f"{' '.join(ending)} Choose another."
    is_outdated = any(
        status.standing is EntryStatus.STALE for statuses in topics.values() for status in statuses
    )
    return Card(
        title=title,
        text=f"{text}\n\n{CHAT_LEGEND}" if in_chat and rows else text,
        table=Table(CHAT_HEADER if in_chat else HEADER, rows) if rows else None,
        severity=Severity.WARNING if ending else Severity.PLAIN,
        actions=() if in_chat else vendors,
        choice=Choice("One vendor, with its pages", vendors) if in_chat and vendors else None,
        footer=f"A month in brackets: not checked since, for over {MAX_AGE.days} days."
        if is_outdated
        else "",
        data={
            "vendors": [_vendor_json(known[name], statuses) for name, statuses in topics.items()]
        },
    )


def _ending_sentences(view: View, today: date) -> list[str]:
    """Return a sentence for each configured model that ends within `SHUTDOWN_NOTICE` of today or
    has ended already, the earliest first; no sentence for a model whose last day is not known. The
    models of providers without a key count too.

    Args:
        today: The day in the reader's time zone.
    """
    days = {
        model: day
        for model in view.named_models
        if (day := last_day(model, view.landscapes.values())) and day <= today + SHUTDOWN_NOTICE
    }
    return [
        f"{_name_and_id(view, model)} {'ends' if day >= today else 'ended'} on {_day_words(day)}."
        for model, day in sorted(days.items(), key=lambda found: found[1])
    ]


def _name_and_id(view: View, model: Model) -> str:
    """Return the display name of a model, with its id unless the name contains the id."""
    name = view.names.name(model)
    return name if model.name in name else f"{name} ({model.name})"


def _day_words(day: date) -> str:
    """Format a day: ``3 Mar 2026``."""
    return f"{day.day} {wording.MONTHS[day.month - 1]} {day.year}"


def _month_words(day: date) -> str:
    """Format the month of a day: ``Mar 2026``."""
    return f"{wording.MONTHS[day.month - 1]} {day.year}"


def _vendor_cells(
    landscape: Landscape, topics: Sequence[TopicStatus], today: date
) -> tuple[str, ...]:
    """Return a vendor's row of the terminal's table: title, one cell for each topic of `SHOWN`, and
    the model that ends next within `SHUTDOWN_NOTICE` (`NOTHING` if none does).

    Args:
        topics: The status of each of its topics.
        today: The day in the reader's time zone, from which "next" counts.
    """
    cells = {status.topic: _topic_cell(status) for status in topics}
    ends = upcoming_shutdowns(landscape, today, today + SHUTDOWN_NOTICE)
    return (
        landscape.title,
        *(cells[topic] for topic in SHOWN),
        _endings_words(ends[:1], len(ends)),
    )


def _chat_vendor_cells(
    landscape: Landscape, topics: Sequence[TopicStatus], today: date
) -> tuple[str, ...]:
    """Return a vendor's row of the chat's table: title and one cell for each topic of `SHOWN`. The
    model that ends next within `SHUTDOWN_NOTICE`, if any, follows the title in the first cell, as
    in ``OpenAI ends gpt-5 on 11 Dec``.

    Args:
        topics: The status of each of its topics.
        today: The day in the reader's time zone, from which "next" counts.
    """
    title, *cells, ends = _vendor_cells(landscape, topics, today)
    return (title if ends == NOTHING else f"{title} ends {ends}", *cells)


def _topic_cell(status: TopicStatus) -> str:
    """Return a topic's status in up to `MAX_CELL_CHARS` characters. The month of the last check
    follows in brackets if the entry is older than `MAX_AGE`: ``yes (Mar 2026)``.
    """
    gist = wording.shorten(status.gist, MAX_CELL_CHARS)
    since = status.unchecked_since
    return f"{gist} ({_month_words(since)})" if since else gist


def _endings_words(models: Sequence[tuple[date, str]], count: int) -> str:
    """Return which models end, in words: ``gpt-5 on 11 Dec, and 5 more``; `NOTHING` if none does.

    Args:
        models: The models that are named, as pairs of the last day and the name, in the order of
            the words.
        count: The number of all models that end, also those not named.
    """
    named = [f"{name} on {day.day} {wording.MONTHS[day.month - 1]}" for day, name in models]
    more = [f"{count - len(models)} more"] if count > len(models) else []
    return ", and ".join(filter(None, (", ".join(named), *more))) or NOTHING


def _vendor_card(
    view: View, landscape: Landscape, topics: Sequence[TopicStatus], today: date, *, details: bool
) -> Card:
    """Return the card of one vendor: which of its models end soon, which entries are too old or
    undated, and a field for each topic.

    A chat without `details` shows only the topics of `FIRST` that have an entry, without the full
    addresses, and has a button for the rest.

    Args:
        topics: The status of each of its topics.
        today: The day in the reader's time zone; "soon" is within `SHUTDOWN_NOTICE` of it.
        details: Whether a chat shows everything, as a terminal always does.
    """
    in_chat = view.face is Face.CHAT
    whole = details or not in_chat
    shown = topics if whole else [t for t in topics if t.topic in FIRST and t.entry]
    ends = upcoming_shutdowns(landscape, today, today + SHUTDOWN_NOTICE)
    old = [TITLES[status.topic] for status in shown if status.standing in _OLD]
    table = f"[landscape.{landscape.name}.TOPIC]"
    sentences = (
        f"Ends soon: {_endings_words(ends[:NAMED], len(ends))}." if ends else "",
        f"Look again before you rely on it: {wording.listing(old)}." if old else "",
    )
    return Card(
        title=f"{landscape.title}: fine-tuning and data",
        text="\n\n".join(filter(None, sentences)),
        fields=tuple(
            Field(TITLES[status.topic], _topic_sentences(status, whole=whole), wide=True)
            for status in shown
        ),
        severity=Severity.WARNING if ends or old else Severity.PLAIN,
        actions=()
        if whole
        else fitting(Action(f"landscape {quoted(landscape.name)} --details", "Everything it says")),
        footer=f"Correct it in your configuration, {table}, with value, source and as_of."
        if not in_chat
        else "",
        data=_vendor_json(landscape, topics),
    )


_OLD = {EntryStatus.STALE, EntryStatus.UNDATED}


def _topic_sentences(status: TopicStatus, *, whole: bool) -> str:
    """Return what is known on a topic, with its source and age in brackets, and with ``from the
    configuration`` if it was corrected there. For a topic without an entry, return a sentence that
    nothing is known.

    Args:
        whole: Whether the full address of the source is given, and that of the copy, if the page
            was read from one; else only the host of the source.
    """
    entry = status.entry
    if entry is None:
        where = f"; it would be at {status.page}" if status.page and whole else ""
        return f"Not known: no page of the vendor that was read says it{where}."
    source = entry.source if whole else urlsplit(entry.source).hostname or ""
    via = f"read via {entry.via}" if entry.via and whole else ""
    origin = "from the configuration" if entry.corrected else ""
    return f"{entry.value} ({', '.join(filter(None, [source, _age_words(status), via, origin]))})"


def _age_words(status: TopicStatus) -> str:
    """Return the age of a topic's entry: ``as of 3 Mar 2026``; ``not checked since 3 Mar 2026`` if
    it is older than `MAX_AGE`; ``of no certain day`` if it is undated.
    """
    as_of = status.entry and status.entry.as_of
    if status.standing is EntryStatus.UNDATED or not as_of:
        return "of no certain day"
    return f"{'not checked since' if status.unchecked_since else 'as of'} {_day_words(as_of)}"


def _vendor_json(landscape: Landscape, topics: Sequence[TopicStatus]) -> dict[str, Any]:
    """Return a vendor's landscape for JSON output: its topics, and the last day of each of its
    models as an ISO date.
    """
    return {
        "vendor": landscape.name,
        "title": landscape.title,
        "topics": [_topic_json(status) for status in topics],
        "shutdowns": {name: day.isoformat() for name, day in landscape.shutdowns.items()},
    }


def _topic_json(status: TopicStatus) -> dict[str, Any]:
    """Return a topic's status for JSON output. Without an entry all values but ``topic``,
    ``standing`` and ``corrected`` are None.
    """
    entry = status.entry
    return {
        "topic": status.topic.value,
        "standing": status.standing.value,
        "value": entry.value if entry else None,
        "source": entry.source if entry else None,
        "page": status.page or None,
        "as_of": entry.as_of.isoformat() if entry and entry.as_of else None,
        "via": (entry.via or None) if entry else None,
        "corrected": bool(entry and entry.corrected),
    }


LANDSCAPE = CommandSpec(
    "landscape",
    "Show what vendors end soon, fine-tune, and do with data.",
    show_landscape,
    section="Fine-tuning",
    examples=("landscape", "landscape openai", "landscape check"),
    opens=False,
)
