"""Arguments of commands: brands, prompts, facts and times by what people type."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import Kind, argument
from overheard.config.settings import suggestion
from overheard.domain import Brand, Catalogue, Fact, Prompt
from overheard.errors import BadUsage, NameTaken, TimeUnreadable, UnknownName

BrandName = Annotated[str, argument("The brand.", Kind.BRAND)]
AlertNumber = Annotated[str, argument("Its number.", Kind.ALERT)]


def find_prompt(catalogue: Catalogue, name: str, *, kind: str = "prompt") -> Prompt:
    """Return a prompt by its key, its text, or the beginning of either if there is only one.

    Raises:
        UnknownName: when no prompt or several prompts match.
    """
    wanted = wording.line(name).casefold()
    texts = {prompt.key: wording.line(prompt.text).casefold() for prompt in catalogue.prompts}
    exact = [p for p in catalogue.prompts if wanted in (p.key, texts[p.key])]
    begun = [
        p for p in catalogue.prompts if p.key.startswith(wanted) or texts[p.key].startswith(wanted)
    ]
    found = exact or begun
    if len(found) != 1:
        known = [wording.shorten(prompt.text, 40) for prompt in (found or catalogue.prompts)[:10]]
        raise unknown(kind, name, known)
    return found[0]


def find_fact(facts: tuple[Fact, ...], brand: str, field: str, *, kind: str = "fact") -> Fact:
    """Return the fact about something of a brand.

    Raises:
        UnknownName: when there is no such fact.
    """
    mine = [fact for fact in facts if fact.brand == brand]
    for fact in mine:
        if fact.field.casefold() == field.strip().casefold():
            return fact
    raise unknown(kind, field, [fact.field for fact in mine])


def unknown(kind: str, name: str, known: Collection[str]) -> UnknownName:
    """Return the error for a name that does not exist, with the nearest one."""
    shown = ", ".join(known) or "none"
    name = wording.shorten(name, 60)
    return UnknownName(kind=kind, name=name, hint=suggestion(name, known), known=shown)


_DAYS = {"today": 0, "yesterday": 1}


def moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a time; a day begins at midnight, and without a zone it is in the reader's.

    Args:
        text: ``2026-11-24``, ``2026-11-24T07:00``, ``today``, ``yesterday`` or ``now``.
        now: What time it is.
        zone: The reader's time zone.

    Raises:
        TimeUnreadable: when the text has none of these forms.
    """
    word = text.strip().casefold()
    if word == "now":
        return now
    if word in _DAYS:
        day = (now.astimezone(zone) - timedelta(days=_DAYS[word])).date()
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    try:
        written = datetime.fromisoformat(text.strip())
        aware = written if written.tzinfo else written.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeUnreadable(text=text) from None


def past_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a time that is not in the future, see `moment`.

    Raises:
        TimeUnreadable: when it cannot be read.
        BadUsage: when it is in the future.
    """
    at = moment(text, now, zone)
    if at > now:
        problem = f"{wording.day(at, zone)} is still to come"
        raise BadUsage(problem=problem, usage="yesterday, or the day on which it was")
    return at


def require_free_names(catalogue: Catalogue, brand: Brand) -> None:
    """Refuse a brand with a spelling of another brand: each mention would count for both.

    Raises:
        NameTaken: when a spelling is taken.
    """
    for name in brand.names:
        owner = catalogue.brand(name)
        if owner and owner.name != brand.name:
            raise NameTaken(name=name, owner=f"the brand {owner.name}")
