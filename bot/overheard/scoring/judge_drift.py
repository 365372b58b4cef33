"""Drift of a judge: agreement with its gold labels in each round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from overheard.domain import Prompt
from overheard.interfaces import Judge, Store

LEAST_LABELS_MOVED = 2
"""Gold labels from which a change of the agreement between two rounds is reported."""
SOUND = 0.75
"""The share of gold labels that a judge agrees with, if its word is to count for much."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a judge with its gold labels in one round.

    Attributes:
        at: When the round began.
        right: The number of labels that the judge agreed with.
        of: The number of labels.
        lost: Reasons for which verdicts on the gold texts could not be read, with their counts.
    """

    at: datetime
    right: int
    of: int
    lost: tuple[tuple[str, int], ...] = ()

    def differs_from(self, before: Agreement) -> bool:
        """Return whether the agreement differs from an earlier round by more than a model's own
        noise: by `LEAST_LABELS_MOVED` labels or more, up or down, or in the number of labels.
        """
        return self.of != before.of or abs(self.right - before.right) >= LEAST_LABELS_MOVED


async def agreements(store: Store, judge: Judge) -> list[Agreement]:
    """Return the agreement of a judge with its gold labels in each round, the oldest first; read
    from the store, nothing is asked.

    A round counts only if the judge's present model answered each present gold text in it
    completely, and these replies are still stored. Empty without such a round.
    """
    prompts = [Prompt(text) for text in judge.rehearsals]
    replies_by_run: dict[int, dict[str, str]] = defaultdict(dict)
    async for answer in store.answers.stream(prompts={prompt.key for prompt in prompts}):
        if answer.question.model == judge.model and answer.complete and not answer.gone:
            replies_by_run[answer.run_id][answer.question.prompt.key] = answer.reply.text
    if not replies_by_run:
        return []
    began = await store.runs.starts()
    result = []
    for run_id, replies in sorted(replies_by_run.items()):
        if len(replies) < len(prompts):
            continue
        texts = [replies[prompt.key] for prompt in prompts]
        matching, labels = judge.agreement(texts)
        count_losses = getattr(judge, "losses", None)
        lost = tuple(sorted(count_losses(texts).items())) if count_losses else ()
        result.append(Agreement(began[run_id], matching, labels, lost=lost))
    return result


def lost_verdicts(judge: Judge) -> str:
    """Return a sentence on how many verdicts of a judge in this process do not count, and why, the
    most frequent reason first; empty when all count, or when the judge keeps no count.
    """
    lost_by_reason = dict(getattr(judge, "verdicts", {}))
    total = sum(lost_by_reason.values())
    kept = lost_by_reason.pop("kept", 0)
    if kept == total:
        return ""
    reasons = sorted(lost_by_reason.items(), key=lambda reason: -reason[1])
    return (
        f"{total - kept} of {total} verdicts of the judge {judge.name} ({judge.model}) do not "
        f"count: {'; '.join(f'{reason} ({count})' for reason, count in reasons)}."
    )


def doubt(judge: Judge, agreements: list[Agreement]) -> str:
    """Return a sentence on why a judge is not reliable; empty when it is, and without a round.

    The first of these reasons that holds is given:

    - The agreement with the gold labels differs from the round before.
    - The agreement is below `SOUND`, and more than half of the labels that were missed were lost
      because replies could not be read.
    - The agreement is below `SOUND`.

    Args:
        agreements: Its agreement in each round, the oldest first.
    """
    if not agreements:
        return ""
    now = agreements[-1]
    before = agreements[-2] if len(agreements) > 1 else None
    whose = f"The judge {judge.name} ({judge.model})"
    if before and now.differs_from(before):
        return (
            f"{whose} agrees with {now.right} of {now.of} gold labels, and agreed with "
            f"{before.right} of {before.of} the round before: its model may have moved, so what it "
            f"says now is not comparable with what it said then."
        )
    if now.right >= SOUND * now.of:
        return ""
    missed, unread = now.of - now.right, sum(count for _, count in now.lost)
    if unread > missed / 2:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in now.lost)
        return (
            f"{whose} agrees with only {now.right} of {now.of} gold labels, because its replies "
            f"cannot be used: {reasons}."
        )
    return (
        f"{whose} agrees with only {now.right} of {now.of} gold labels: little of what it says "
        f"can be relied on, so name another model in [scorers.{judge.name}]."
    )
