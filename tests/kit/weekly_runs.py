"""Histories for tests: runs of one week after another, of which only the scores matter."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kit.scripted import reply
from overheard.domain import Answer, Model, Prompt, Question, Run, Score, ScoreRecord
from overheard.interfaces import Store

MODELS = (Model("svc", "a"), Model("svc", "b"))
PROMPTS = tuple(Prompt(f"Which tool is best for team {number}?") for number in range(10))
REPEATS = 3
WEEK = timedelta(weeks=1)
START = datetime(2026, 1, 5, tzinfo=UTC)


async def keep_week(
    store: Store,
    week: int,
    scores: Mapping[Model, Sequence[Mapping[str, float]]],
    *,
    metric: str = "visibility",
    scorer: str = "s@1",
    served: str = "",
) -> Run:
    """Keep the run of a week.

    Args:
        store: Where it is kept.
        week: Its number; week 1 begins a week after `START`.
        scores: The score of each brand in each answer of a model: to the first prompt and its
            repeats, then to the second, and so on.
        metric: What is scored.
        scorer: What scores it, and its version.
        served: The model that the service reports.
    """
    run = await store.runs.start(Run(f"w{week}", START + week * WEEK))
    said = replace(reply(), served_model=served)
    name, _, version = scorer.partition("@")
    for model, each in scores.items():
        questions = [
            Question(PROMPTS[place // REPEATS], model, place % REPEATS)
            for place in range(len(each))
        ]
        answers = await store.answers.add(
            [Answer(run.id, question, said, run.started_at) for question in questions]
        )
        scored = [
            (
                answer,
                [
                    ScoreRecord(answer.id, brand, name, version, Score(metric, value))
                    for brand, value in values.items()
                ],
            )
            for answer, values in zip(answers, each, strict=True)
        ]
        await store.scores.add(name, version, scored)
    return run
