"""Updates of a model that the style of its answers shows, read from the stored texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta

from overheard.detection.silent_updates import (
    CONFIRMING_SESSIONS,
    MAX_STYLE_SESSIONS,
    MIN_STYLE_SESSIONS,
    compare_styles,
)
from overheard.domain import Model, ModelUpdate
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey

STYLE_SOURCE = "style"
SESSION_LENGTH = timedelta(hours=6)
"""Runs that begin less than this after the first run of a session belong to the session."""
STYLE_PROMPTS = 40
"""Prompts of a model whose answers are read for their style; more add little."""
Texts = dict[str, list[str]]
"""The texts of answers, by the key of the prompt."""


async def style_updates(store: Store, runs: Sequence[RunKey]) -> list[ModelUpdate]:
    """Return an update for each model whose style of writing changed in the last
    `CONFIRMING_SESSIONS` sessions, in the order of the models. Nothing is stored.

    A session is a group of runs of about the same time. The last `CONFIRMING_SESSIONS` of them,
    each with answers of the model, are compared with up to `MAX_STYLE_SESSIONS` sessions before
    them since the model's last stored change of style. The update has the time of the first of the
    last sessions. With fewer than `MIN_STYLE_SESSIONS` sessions before them, the result is empty.

    Args:
        runs: The latest runs, the oldest first.
    """
    sessions = _run_sessions(runs)[-MAX_STYLE_SESSIONS - CONFIRMING_SESSIONS :]
    if len(sessions) < MIN_STYLE_SESSIONS + CONFIRMING_SESSIONS:
        return []
    latest = await _texts_of_runs(store, {run.id for run in sessions[-1]})
    prompts = {prompt for texts in latest.values() for prompt in sorted(texts)[:STYLE_PROMPTS]}
    earlier = [
        await _texts_of_runs(store, {run.id for run in session}, prompts)
        for session in sessions[:-1]
    ]
    began = sessions[-CONFIRMING_SESSIONS][0].at
    updates = []
    for model in sorted(latest):
        changes = [u.at for u in await store.updates.find(model) if u.source == STYLE_SOURCE]
        since = max((at for at in changes if at < began), default=None)
        texts_by_session = [
            answers.get(model, {})
            for session, answers in zip(sessions, (*earlier, latest), strict=True)
            if since is None or session[0].at >= since
        ]
        answered = [texts for texts in texts_by_session if texts]
        verdict = compare_styles(answered[:-CONFIRMING_SESSIONS], answered[-CONFIRMING_SESSIONS:])
        if verdict.hit and all(texts_by_session[-CONFIRMING_SESSIONS:]):
            updates.append(ModelUpdate(model, began, STYLE_SOURCE, verdict.note))
    return updates


def _run_sessions(runs: Sequence[RunKey]) -> list[list[RunKey]]:
    """Return runs as sessions, in the same order. A session holds the runs that begin less than
    `SESSION_LENGTH` after its first run; a run that begins exactly then begins the next session.

    Args:
        runs: The runs, the oldest first.
    """
    sessions: list[list[RunKey]] = []
    for run in runs:
        if sessions and run.at - sessions[-1][0].at < SESSION_LENGTH:
            sessions[-1].append(run)
        else:
            sessions.append([run])
    return sessions


async def _texts_of_runs(
    store: Store, runs: Collection[int], prompts: Collection[str] | None = None
) -> dict[Model, Texts]:
    """Return the texts that each model answered to each prompt, by model and prompt key. Answers
    that are incomplete, taken over from an earlier run, or deleted are left out.

    Args:
        prompts: Keys of the prompts; None for all.
    """
    found: dict[Model, Texts] = defaultdict(lambda: defaultdict(list))
    async for answer in store.answers.stream(runs=runs, prompts=prompts):
        if answer.complete and not (answer.reused_from or answer.gone):
            found[answer.question.model][answer.question.prompt.key].append(answer.reply.text)
    return found
