"""Commands that read: what several of them need is scored once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from kit.office import open_office
from kit.scripted import reply
from overheard.domain import Answer, Metric, Model, Prompt, Question, Reading, Run, Scale, Score
from overheard.interfaces import NoProgress
from overheard.scoring.service import Scoring

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Slow:
    """A scorer that gives way to others while it reads.

    Attributes:
        read: The brand and the number of each answer that it was shown.
    """

    name, version = "slow", "1"
    metrics = (Metric("slow", Scale.BINARY, "Slow"),)

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []

    async def score(self, reading: Reading) -> list[Score]:
        """Say nothing of a brand."""
        self.read.append((reading.brand.name, reading.answer.id))
        await asyncio.sleep(0.01)
        return []


async def test_what_two_commands_need_is_scored_once() -> None:
    """The second waits for the first, and finds it done."""
    office, slow = await open_office(), Slow()
    run = await office.store.runs.start(Run("r", NOW))
    questions = [Question(Prompt("Best?"), Model("svc", "m-1"), number) for number in range(3)]
    await office.store.answers.add([Answer(run.id, one, reply(), NOW) for one in questions])
    scoring = Scoring((slow,), office.deployment.catalogue)
    deployment = replace(office.deployment, scoring=scoring)
    await asyncio.gather(
        deployment.caught_up(NoProgress()), (await deployment.refreshed()).caught_up(NoProgress())
    )

    assert len(slow.read) == len(set(slow.read)) > 0
