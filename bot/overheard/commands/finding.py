"""Things by what people call them."""

from __future__ import annotations

from collections.abc import Collection

from overheard.cards import words
from overheard.domain import Catalogue, Fact, Prompt
from overheard.errors import UnknownName
from overheard.settings import suggestion


def find_prompt(catalogue: Catalogue, name: str, *, kind: str = "prompt") -> Prompt:
    """Return a prompt by its key, its text, or the beginning of either if there is only one.

    Raises:
        UnknownName: when there is none, or more than one.
    """
    wanted = words.line(name).casefold()
    texts = {prompt.key: words.line(prompt.text).casefold() for prompt in catalogue.prompts}
    exact = [p for p in catalogue.prompts if wanted in (p.key, texts[p.key])]
    begun = [
        p for p in catalogue.prompts if p.key.startswith(wanted) or texts[p.key].startswith(wanted)
    ]
    found = exact or begun
    if len(found) != 1:
        known = [words.shorten(prompt.text, 40) for prompt in (found or catalogue.prompts)[:10]]
        raise unknown(kind, name, known)
    return found[0]


def find_fact(facts: tuple[Fact, ...], brand: str, field: str, *, kind: str = "fact") -> Fact:
    """Return the fact about something of a brand.

    Raises:
        UnknownName: when there is none.
    """
    mine = [fact for fact in facts if fact.brand == brand]
    for fact in mine:
        if fact.field.casefold() == field.strip().casefold():
            return fact
    raise unknown(kind, field, [fact.field for fact in mine])


def unknown(kind: str, name: str, known: Collection[str]) -> UnknownName:
    """Return the error for a name that does not exist, with the nearest one."""
    shown = ", ".join(known) or "none"
    name = words.shorten(name, 60)
    return UnknownName(kind=kind, name=name, hint=suggestion(name, known), known=shown)
