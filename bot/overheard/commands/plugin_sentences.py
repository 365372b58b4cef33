"""What plugins have to tell in the report, the brief and the page of a brand."""

from __future__ import annotations

from contextlib import suppress

from overheard.cards.card import Card
from overheard.deployment import Call
from overheard.domain import Brand
from overheard.errors import OverheardError


async def plugin_sentences(call: Call, brand: Brand) -> list[str]:
    """Return the titles of the cards of commands with ``reports`` that have found something."""
    sentences = []
    for spec in call.plugins.commands.values():
        if spec.reports:
            with suppress(OverheardError):
                card = await spec.run(call, brand=brand.name)
                if isinstance(card, Card) and card.data.get("found"):
                    sentences.append(f"{card.title}.")
    return sentences
