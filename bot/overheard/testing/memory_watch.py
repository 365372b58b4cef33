"""The in-memory twin of what the watch over runs needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from overheard.domain import Answer, Reply, ServedModelCount


class MemoryWatch:
    """Who served the answers, and thresholds; `overheard.interfaces.Store` says what each does."""

    def __init__(self) -> None:
        self._thresholds: dict[str, dict[str, float]] = {}

    async def thresholds(self, brand: str) -> dict[str, float]:
        """Return a brand's thresholds by what they were worked out from."""
        return dict(self._thresholds.get(brand, {}))

    async def keep_thresholds(self, brand: str, thresholds: Mapping[str, float]) -> None:
        """Keep a brand's thresholds in the place of those that were kept before."""
        self._thresholds[brand] = dict(thresholds)


def servings(answers: Iterable[Answer], runs: Collection[int] | None) -> list[ServedModelCount]:
    """Count who served the complete answers of some runs, or of all."""
    served = Counter(
        (a.run_id, a.question.model, _served(a.reply), a.reply.fingerprint)
        for a in answers
        if a.complete and not a.reused_from and (runs is None or a.run_id in runs)
    )
    return [ServedModelCount(*key, served[key]) for key in sorted(served)]


def _served(reply: Reply) -> str:
    return f"{reply.served_model} {reply.model_version}".strip()
