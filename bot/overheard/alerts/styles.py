"""The style canary on answers that are there anyway: after a run, does a model write as before?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from overheard.domain import Model, ModelUpdate
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey
from overheard.shifts.style import style_changed

SOURCE = "style"
RUNS_BEFORE = 3
"""With how many earlier runs a model's style is compared."""

Texts = dict[str, list[str]]


async def style_updates(store: Store, runs: Sequence[RunKey]) -> list[ModelUpdate]:
    """Return the models whose style changed with the latest run.

    A style that has changed before is compared with the runs since then.

    Args:
        store: Where the answers are.
        runs: The latest runs, the oldest first.
    """
    if len(runs) < 2:
        return []
    *earlier, latest = runs[-1 - RUNS_BEFORE :]
    after = await _answers(store, {latest.id})
    texts = {run.id: await _answers(store, {run.id}) for run in earlier}
    found = []
    for model in sorted(after):
        known = [u.at for u in await store.updates(model) if u.source == SOURCE]
        since = max((at for at in known if at < latest.at), default=None)
        before: Texts = defaultdict(list)
        for run in earlier:
            if since is None or run.at >= since:
                for prompt, given in texts[run.id].get(model, {}).items():
                    before[prompt] += given
        verdict = style_changed(before, after[model], seed=latest.id)
        if verdict.hit:
            found.append(ModelUpdate(model, latest.at, SOURCE, verdict.note))
    return found


async def _answers(store: Store, runs: Collection[int]) -> dict[Model, Texts]:
    """Return what each model answered to each prompt; only whole answers have a style."""
    found: dict[Model, Texts] = defaultdict(lambda: defaultdict(list))
    async for answer in store.answers(runs=runs):
        if answer.complete and not (answer.reused_from or answer.gone):
            found[answer.question.model][answer.question.prompt.key].append(answer.reply.text)
    return found
