"""One question in several variants: the same words for other people and other markets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from overheard.domain.catalogue import Prompt


def variants(
    prompt: Prompt, personas: Sequence[str] = (), markets: Sequence[str] = ()
) -> list[Prompt]:
    """Return a prompt for each persona in each market.

    The places ``{persona}`` and ``{market}`` in its text are filled in, so that the text of each
    variant is what is sent, and its key tells it apart. A text without such a place stays as it
    is, and the persona or market is a mere label.

    Args:
        prompt: What all have in common.
        personas: Who asks; empty for the prompt's own.
        markets: Where; empty for the prompt's own.
    """
    return [
        replace(prompt, text=_filled(prompt.text, persona, market), persona=persona, market=market)
        for persona, market in product(personas or (prompt.persona,), markets or (prompt.market,))
    ]


def _filled(text: str, persona: str, market: str) -> str:
    return text.replace("{persona}", persona).replace("{market}", market)
