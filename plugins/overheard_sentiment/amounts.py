"""What much or little of something says: low fees are good, low quality is not."""

from __future__ import annotations

from collections.abc import Sequence

from overheard_sentiment.stems import stem, stems

_REACH = 3
"""How many words behind an amount what it is an amount of may stand."""
_VALENCE = 1.4
_LITTLE = stems(
    "short shorter shortest low lower lowest fewer reduce cut halve slash shrink minimize minimise"
    " trim decrease"
)
_MUCH = stems(
    "long longer longest high higher highest steep steeper soar hike raise double triple increase"
    " rise excessive"
)
_BURDENS = stems("""
fee price pricing cost premium latency noise rent interest commission markup bill weight churn
maintenance bounce delay wait queue setup lead time overhead effort waste emission turnover
risk paperwork downtime energy consumption
""")
_ASSETS = stems("""
quality standard performance resolution accuracy capacity durability reliability satisfaction rating
score uptime return retention deliverability efficiency mark marks grade precision throughput range
battery comfort productivity engagement conversion sales revenue safety
""")


def is_amount(text: str) -> bool:
    """Whether a word tells an amount."""
    here = stem(text)
    return here in _LITTLE or here in _MUCH


def amount(texts: Sequence[str], at: int) -> float | None:
    """Return what the amount says that begins here; None where the word tells no amount.

    Args:
        texts: The words of a sentence, in lower case.
        at: Index of the word.
    """
    if not is_amount(texts[at]):
        return None
    here = stem(texts[at])
    for text in texts[at + 1 : at + 1 + _REACH]:
        if not text.isalpha():
            break
        burden = stem(text) in _BURDENS
        if burden or stem(text) in _ASSETS:
            return _VALENCE if burden == (here in _LITTLE) else -_VALENCE
    return 0.0
