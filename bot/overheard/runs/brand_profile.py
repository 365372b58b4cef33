"""What a model knows of a brand, for the set-up, and questions that fit any category.

A person reviews all of it; nothing here adds any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from overheard.domain import Brand, Prompt

MAX_NAME_CHARS = 60
"""Longer lines of a model's answer are no names."""
MAX_COMPETITORS = 8
MAX_QUESTIONS = 10
TAG = "set-up"

_LINE = re.compile(
    r"^\W*(competitor|also called|founded|lowest price|free plan)s?"
    r"[\s*_]*[:=\-\u2013][\s*_]*(.+?)\s*$",
    re.IGNORECASE,
)
_EDGES = " \t*_`\"'“”«».,;:"
_TEMPLATES = (
    "What is the best {category}?",
    "Which {category} is easiest to learn?",
    "Which {category} is good value for the money?",
    "Which {category} do experts recommend?",
    "Which {category} is best for a small company?",
    "What should I look for in a {category}?",
    "What are the most popular options for a {category}?",
    "Which {category} has the fewest drawbacks?",
    "Is there a free {category} that is any good?",
    "Which {category} has the best support?",
)
_BRANDED = (
    "What are the pros and cons of {brand}?",
    "Is {brand} worth its price?",
    "Who is {brand} not for?",
)
_YES_NO = {"yes", "no"}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model says of a brand.

    Attributes:
        competitors: Names of other brands.
        aliases: Other names of the brand.
        facts: Values by the fields ``price``, ``free plan`` and ``founded``; to be confirmed.
    """

    competitors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def profile_request(brand: Brand) -> Prompt:
    """Return what a model is asked about a brand for the set-up."""
    site = f" ({brand.domains[0]})" if brand.domains else ""
    text = (
        f'The brand "{brand.name}"{site} sells: {brand.category or "a product"}. '
        f"Answer only with lines of these forms, and leave out what you do not know.\n"
        f"Competitor: NAME (one line for each of its {MAX_COMPETITORS} closest competitors)\n"
        f"Also called: NAME (another spelling that people use for the brand)\n"
        f"Lowest price: PRICE\nFree plan: yes or no\nFounded: YEAR"
    )
    return Prompt(text, (TAG,), (brand.name,))


def read_profile(text: str, brand: Brand) -> Profile:
    """Return what an answer to `profile_request` says; lines of other forms are ignored."""
    taken = {name.casefold() for name in brand.names}
    names: dict[str, list[str]] = {"competitor": [], "also called": []}
    facts: dict[str, str] = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        kind, said = found[1].lower(), " ".join(found[2].split())
        if kind in names:
            for name in _names(said):
                if name.casefold() not in taken:
                    taken.add(name.casefold())
                    names[kind].append(name)
        elif value := _fact(kind, said):
            facts.setdefault({"lowest price": "price"}.get(kind, kind), value)
    return Profile(
        tuple(names["competitor"][:MAX_COMPETITORS]), tuple(names["also called"][:3]), facts
    )


def template_questions(category: str, known: Iterable[str] = ()) -> list[str]:
    """Return questions that fit any category and name no brand, without those that are known."""
    seen = {one.casefold() for one in known}
    made = (text.format(category=_singular(category) or "product") for text in _TEMPLATES)
    return [text for text in made if text.casefold() not in seen]


def branded_questions(brand: str, competitors: Sequence[str]) -> list[str]:
    """Return questions that name the brand: they show how it is described."""
    asked = [text.replace("{brand}", brand) for text in _BRANDED]
    return [*asked, *(f"{brand} or {rival}: which is better?" for rival in competitors[:1])]


def _singular(category: str) -> str:
    """Return a category as it follows "a": without an article and a full stop."""
    words = " ".join(category.split()).strip(_EDGES)
    return re.sub(r"^(an?|the)\s+", "", words, flags=re.I)


def _names(said: str) -> list[str]:
    without = re.sub(r"\s*[(\[].*?[)\]]", "", said)
    parts = (part.strip(_EDGES) for part in re.split(r"[,;]", without))
    return [part for part in parts if 1 < len(part) <= MAX_NAME_CHARS and part.upper() != "NAME"]


def _fact(kind: str, said: str) -> str:
    """Return a fact's value, or an empty string for what cannot be one."""
    value = said.strip(_EDGES)
    if kind == "founded":
        year = re.search(r"\b(1[89]\d\d|20\d\d)\b", value)
        return year[1] if year else ""
    if kind == "free plan":
        word = value.split()[0].strip(_EDGES).lower() if value.split() else ""
        return word if word in _YES_NO else ""
    return value if re.search(r"\d", value) and len(value) <= MAX_NAME_CHARS else ""
