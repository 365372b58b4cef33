"""Silent updates that show in the replies: another served model, or other fingerprints than usual.

A service that names the model it serves may name a new one. One that shows fingerprints usually
shows several, because its machines are not all alike; then it is their mixture that must change.
Such a change is no shift by itself: it says where to look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from overheard.domain import Model, ModelUpdate, ServedModelCount
from overheard.measure.blocks import RunKey
from overheard.numpy_proxy import np

LEVEL = 0.001
"""How often chance alone may mix fingerprints as differently as this."""
DRAWS = 2000
FEWEST_RUNS = 3
"""Earlier runs from which it can be seen how much the mixture differs from run to run."""

Mixture = Counter[str]


def silent_updates(
    servings: Iterable[ServedModelCount], runs: Sequence[RunKey]
) -> list[ModelUpdate]:
    """Return what the replies of the runs say of updates, the oldest first.

    Args:
        servings: Who served the answers.
        runs: The runs, the oldest first; others do not matter.
    """
    by_model: dict[Model, dict[int, list[ServedModelCount]]] = {}
    for serving in servings:
        by_model.setdefault(serving.model, {}).setdefault(serving.run_id, []).append(serving)
    found = [
        update
        for model, served in by_model.items()
        for update in (*_new_models(model, served, runs), *_new_mixtures(model, served, runs))
    ]
    return sorted(found, key=lambda update: (update.at, update.model, update.source))


def _new_models(
    model: Model, served: Mapping[int, Sequence[ServedModelCount]], runs: Sequence[RunKey]
) -> Iterator[ModelUpdate]:
    """Yield the runs in which a served model is named that was never named before."""
    known: set[str] = set()
    for run in runs:
        named = {s.served_model for s in served.get(run.id, ()) if s.served_model}
        if known and named - known:
            yield ModelUpdate(model, run.at, "served model", ", ".join(sorted(named - known)))
        known |= named


def _new_mixtures(
    model: Model, served: Mapping[int, Sequence[ServedModelCount]], runs: Sequence[RunKey]
) -> Iterator[ModelUpdate]:
    """Yield the runs whose fingerprints are mixed otherwise than in the runs since the last one."""
    earlier: list[Mixture] = []
    for run in runs:
        now: Mixture = Counter()
        for serving in served.get(run.id, ()):
            if serving.fingerprint:
                now[serving.fingerprint] += serving.answers
        if not now:
            continue
        if differs(now, earlier, seed=run.id):
            yield ModelUpdate(model, run.at, "fingerprint", _named(now, earlier))
            earlier = []
        earlier.append(now)


def differs(now: Mixture, earlier: Sequence[Mixture], *, seed: int) -> bool:
    """Whether a run's fingerprints are mixed otherwise than those of earlier runs.

    Its distance from them must be larger than chance gives it (a permutation test over answers),
    and larger than that of any earlier run from the others: machines take turns.

    Args:
        now: Answers of the run by fingerprint.
        earlier: The same of each earlier run.
        seed: Where the randomness comes from.
    """
    if len(earlier) < FEWEST_RUNS:
        return False
    distance = _distance(now, earlier)
    others = (_distance(one, [*earlier[:i], *earlier[i + 1 :]]) for i, one in enumerate(earlier))
    return distance > max(others) and _chance(now, earlier, distance, seed) <= LEVEL


def _distance(one: Mixture, others: Sequence[Mixture]) -> float:
    """Return the share of answers that would have to change hands (total variation)."""
    rest = sum(others, Counter())
    names = one.keys() | rest.keys()
    shares = (abs(one[n] / one.total() - rest[n] / rest.total()) for n in names)
    return sum(shares) / 2


def _chance(now: Mixture, earlier: Sequence[Mixture], distance: float, seed: int) -> float:
    together = now + sum(earlier, Counter())
    counts = np.array([together[name] for name in sorted(together)])
    size = now.total()
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(counts, size, DRAWS)
    rest = counts.sum() - size
    distances = np.abs(drawn / size - (counts - drawn) / rest).sum(axis=1) / 2
    return float((1 + np.sum(distances >= distance - 1e-12)) / (1 + DRAWS))


def _named(now: Mixture, earlier: Sequence[Mixture]) -> str:
    new = sorted(now.keys() - sum(earlier, Counter()).keys())
    return f"new: {', '.join(new)}" if new else "another mixture of known ones"
