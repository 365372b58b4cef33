"""A simulated brand that is asked as one goes: for policies whose next run depends on the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from overheard.detection.simulate import World
from overheard.measure.blocks import RunKey, Stream
from overheard.numpy_proxy import np


class Living:
    """One simulated brand, with a past, that answers whatever is asked.

    Args:
        world: Where it comes from.
        index: Which of its panels.
        past: How many of its runs have been made.
        tau: Standard deviation of the runs' shocks.
        rng: Draws moods and answers.
    """

    def __init__(
        self, world: World, index: int, past: int, tau: float, rng: np.random.Generator
    ) -> None:
        self._chances = (world.chance[index], world.changed[index])
        self._tau = tau
        self._rng = rng
        self.stream: Stream = world.stream(index, first=past)

    def ask(self, at: datetime, asks: Mapping[str, int], *, changed: bool) -> RunKey:
        """Make a run.

        Args:
            at: When; later than all before.
            asks: How often each prompt is asked, by its key.
            changed: Whether the change has happened.
        """
        old = self.stream
        n = np.array([[asks.get(prompt, 0) for prompt in old.prompts]])
        chance, mood = self._chances[changed], self._tau * self._rng.standard_normal()
        logits = np.log(chance / (1 - chance)) + mood
        hits = self._rng.binomial(n, 1 / (1 + np.exp(-logits)))
        total = np.concatenate([old.total, hits])
        run = RunKey(at, old.runs[-1].id + 1)
        n = np.concatenate([old.n, n])
        self.stream = replace(old, runs=(*old.runs, run), n=n, total=total, squares=total)
        return run
