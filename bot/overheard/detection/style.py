"""The style canary: does a model write differently, whatever it says of brands?

A model that was exchanged in silence often gives itself away by how it writes. The answers are
there already, so looking costs nothing. It never alerts alone: it raises the weight of its run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overheard.numpy_proxy import Floats, np
from overheard.reading.style import FEATURES, style

ALPHA = 0.01
"""How often the canary may be hit when nothing changed."""
FLIPS = 9_999
"""How many random patterns of signs are tried; few prompts have fewer, and then all are."""
FEWEST = 8
"""Prompts: with fewer no p-value is below `ALPHA`, whatever happened."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One feature of the style, before and after.

    Attributes:
        feature: Which, see `overheard.reading.style.FEATURES`.
        before: Its mean over the shared prompts before, on the feature's scale.
        after: The same after.
        p_value: How often some feature would move this surely if nothing had changed.
    """

    feature: str
    before: float
    after: float
    p_value: float

    @property
    def rose(self) -> bool:
        """Whether there is more of it than before."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class StyleVerdict:
    """What a comparison of styles says.

    Attributes:
        p_value: Probability of a difference at least this sure when nothing changed; 1 when
            there is too little to compare.
        moved: The features that moved, the surest first.
        prompts: How many prompts it rests on.
    """

    p_value: float
    moved: tuple[Trait, ...]
    prompts: int
    alpha: float = ALPHA

    @property
    def hit(self) -> bool:
        """Whether the style changed."""
        return self.p_value <= self.alpha

    @property
    def note(self) -> str:
        """What changed, in a few words: ``length down, bullets up``."""
        return ", ".join(f"{t.feature} {'up' if t.rose else 'down'}" for t in self.moved)


def style_changed(
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
    *,
    seed: int,
    alpha: float = ALPHA,
) -> StyleVerdict:
    """Compare how a model wrote before and after, prompt by prompt.

    Each prompt gives one difference of each feature. If nothing changed, before and after could
    be exchanged within any prompt: so the largest |t| over the features is held against those of
    random exchanges (Fisher 1935; Westfall and Young 1993 for the maximum).

    Args:
        before: Answers by prompt; prompts with answers on one side only are left out.
        after: The same after.
        seed: Where the randomness comes from.
        alpha: How often it may be hit when nothing changed.
    """
    means = [(_mean(before[p]), _mean(after[p])) for p in sorted(before.keys() & after.keys())]
    pairs = [(a, b) for a, b in means if a is not None and b is not None]
    if len(pairs) < FEWEST:
        return StyleVerdict(1.0, (), len(pairs), alpha)
    one, two = np.array(pairs).swapaxes(0, 1)
    sure, p_values = _p_values(two - one, np.random.default_rng(seed))
    columns = (one.mean(axis=0).tolist(), two.mean(axis=0).tolist(), p_values.tolist())
    traits = [Trait(*row) for row in zip(FEATURES, *columns, strict=True)]
    moved = tuple(traits[i] for i in np.argsort(-sure) if traits[i].p_value <= alpha)
    return StyleVerdict(float(p_values.min()), moved, len(pairs), alpha)


def _mean(texts: Sequence[str]) -> Floats | None:
    known = [features for text in texts if (features := style(text))]
    return np.mean(known, axis=0) if known else None


def _p_values(differences: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return how sure each feature moved, and its p-value, corrected for the others.

    Differences are P x F.

    |t| grows with the absolute sum over the root of the sum of squares, which no flip of signs
    changes: so that ratio is compared, and there is nothing to divide by when all are equal.
    """
    # What is left of equal means after rounding is no difference.
    differences = np.where(np.abs(differences) > 1e-9, differences, 0.0)
    size = np.sqrt(np.square(differences).sum(axis=0))
    scaled = differences / np.where(size > 0, size, 1.0)
    largest = np.abs(_signs(len(scaled), rng) @ scaled).max(axis=1)
    seen = np.abs(scaled.sum(axis=0))
    return seen, np.asarray((largest[:, None] >= seen - 1e-9).mean(axis=0))


def _signs(prompts: int, rng: np.random.Generator) -> Floats:
    """Return patterns of signs, the observed one first: all there are, or many random ones."""
    if 2**prompts <= FLIPS:
        bits = np.arange(2**prompts)[:, None] >> np.arange(prompts) & 1
        return np.asarray(1.0 - 2.0 * bits)
    drawn = rng.integers(0, 2, (FLIPS, prompts)) * 2.0 - 1.0
    return np.concatenate([np.ones((1, prompts)), drawn])
