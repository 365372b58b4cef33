"""Sentiment toward a brand, and the accuracy of an answer, as judged by a model."""

from __future__ import annotations

from collections.abc import Iterator

from overheard import PluginSettings, Scorer, hookimpl
from overheard_judge.scorer import JudgeSettings, ModelJudge

__all__ = ["JudgeSettings", "ModelJudge", "overheard_scorers"]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield a judge where the table ``[scorers.judge]`` asks for one."""
    for name, mine in settings.each(JudgeSettings):
        if name == "judge":
            yield ModelJudge(mine)
