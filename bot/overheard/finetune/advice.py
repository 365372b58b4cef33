"""What to do about a gap, step by step.

Advice says where to write and whom to ask. What to say of the brand stands in its fact sheet.
"""

from __future__ import annotations

from collections.abc import Iterator

from overheard.cards import words
from overheard.finetune.brief import Item, Kind


def steps(item: Item, brand: str) -> list[str]:
    """Return what to do about an item, the first thing first."""
    said = [line.format(brand=brand, item=item) for line in _STEPS[item.kind]]
    if item.kind is Kind.UNSTATED and not item.hits:
        said.append(_UNASKED)
    return [*said, *_ask(item)]


_STEPS = {
    Kind.ABSENT: (
        (
            "Publish a page that has this question as its title, answers it in the first "
            "paragraph, and says by name where {brand} fits and where it does not."
        ),
    ),
    Kind.CLAIM: (
        (
            "State the right {item.subject} in one plain sentence that names {brand}, with the day "
            "from which it holds, on the page where buyers look for it."
        ),
        "Search your own pages and profiles for “{item.stated}”, and take it down.",
    ),
    Kind.UNSTATED: (
        (
            "Say it in one plain sentence that names {brand}, as text and not in a picture, on a "
            "page that can be read without signing in."
        ),
    ),
    Kind.SENTIMENT: (
        (
            "First find out from your own people whether the criticism is right. If it is, mend "
            "that: no page will help."
        ),
        (
            "If it is out of date or wrong, publish what is true today, with figures and the day, "
            "and let customers of {brand} say it in their own words."
        ),
    ),
    Kind.SOURCE: (
        (
            "See what {item.subject} says of your category and how names get there: by a listing, "
            "a review, an article, an answer of yours. Get {brand} named that way, with the facts "
            "below."
        ),
    ),
}
_UNASKED = (
    "None of your prompts asks for it. If buyers do, add such a prompt, so that you can see "
    "whether the page works."
)


def _ask(item: Item) -> Iterator[str]:
    """Name the sites that answers cite and that belong to neither side."""
    sites = words.listing(item.reachable[:3])
    if sites and item.kind is Kind.CLAIM:
        yield (
            f"Look at what is said on {sites}, which these answers cite, and ask for a correction "
            "where it is wrong."
        )
    elif sites:
        yield (
            f"Make the page known to {sites}, which these answers cite: by a word to the editors "
            "where there are any, and under your own name where anybody can write."
        )
