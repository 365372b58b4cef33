"""Signs of a silent update in the replies: other served models, other fingerprints.

Such a sign is no shift by itself, and never raises an alert alone: it raises the weight of its run.
A service that names the model it serves may name a new one. A service that shows fingerprints
usually shows several, because its machines are not all alike; then their mixture must change.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from overheard.domain import Model, ModelUpdate, RunKey, ServedModelCount
from overheard.numpy_proxy import np

MIXTURE_LEVEL = 0.001
"""Largest probability that chance alone mixes fingerprints as differently."""
MIXTURE_DRAWS = 2000
"""Random splits of the answers from which that probability is estimated."""
MIN_MIXTURE_RUNS = 3
"""Number of earlier runs that show how much the mixture differs from run to run."""
Mixture = Counter[str]
"""Number of answers by fingerprint."""


def silent_updates(
    servings: Iterable[ServedModelCount], runs: Sequence[RunKey]
) -> list[ModelUpdate]:
    """Return the updates of models that show in served models and fingerprints, the oldest first.
    Updates of the same time are in the order of model and source.

    Args:
        servings: Number of answers by run, requested model, served model and fingerprint.
        runs: The runs to compare, the oldest first; servings of other runs are ignored.
    """
    by_model: dict[Model, dict[int, list[ServedModelCount]]] = {}
    for serving in servings:
        by_model.setdefault(serving.model, {}).setdefault(serving.run_id, []).append(serving)
    updates = [
        update
        for model, served in by_model.items()
        for update in (*_new_models(model, served, runs), *_new_mixtures(model, served, runs))
    ]
    return sorted(updates, key=lambda update: (update.at, update.model, update.source))


def _new_models(
    model: Model, served: Mapping[int, Sequence[ServedModelCount]], runs: Sequence[RunKey]
) -> Iterator[ModelUpdate]:
    """Yield an update at the start of each run whose replies name a served model that no earlier
    run named. Its note is the new names in alphabetical order, such as ``gpt-5.4-mini-2026-03-01``.
    The first run that names any model yields no update.

    Args:
        served: Counts of answers by run number.
        runs: The runs to compare, the oldest first; runs without a named model are skipped.
    """
    seen: set[str] = set()
    for run in runs:
        named = {count.served_model for count in served.get(run.id, ()) if count.served_model}
        new = sorted(named - seen)
        if seen and new:
            yield ModelUpdate(model, run.at, source="served model", note=", ".join(new))
        seen |= named


def _new_mixtures(
    model: Model, served: Mapping[int, Sequence[ServedModelCount]], runs: Sequence[RunKey]
) -> Iterator[ModelUpdate]:
    """Yield an update at the start of each run whose fingerprints are mixed otherwise than those of
    the earlier runs (`mixture_differs`). Runs before an update are not compared with runs after it:
    the next update can be found `MIN_MIXTURE_RUNS` runs later at the earliest.

    Args:
        served: Counts of answers by run number; answers without a fingerprint are left out.
        runs: The runs to compare, the oldest first; runs without a fingerprint are skipped.
    """
    earlier: list[Mixture] = []
    for run in runs:
        mixture: Mixture = Counter()
        for count in served.get(run.id, ()):
            if count.fingerprint:
                mixture[count.fingerprint] += count.answers
        if not mixture:
            continue
        if mixture_differs(mixture, earlier, seed=run.id):
            new = sorted(mixture.keys() - sum(earlier, Counter()).keys())
            note = f"new: {', '.join(new)}" if new else "another mixture of known ones"
            yield ModelUpdate(model, run.at, source="fingerprint", note=note)
            earlier = []
        earlier.append(mixture)


def mixture_differs(now: Mixture, earlier: Sequence[Mixture], *, seed: int) -> bool:
    """Return whether the fingerprints of a run are mixed otherwise than those of earlier runs;
    False with fewer than `MIN_MIXTURE_RUNS` earlier runs.

    The distance between two mixtures is their total variation. That of the run from all earlier
    runs together must pass two tests. It must be larger than chance explains (a permutation test
    over answers, at the level `MIXTURE_LEVEL`). And it must be larger than the distance of any
    earlier run from the other earlier ones, because machines take turns and mixtures vary without
    an update.

    Args:
        now: Number of answers of the run by fingerprint; at least one answer.
        earlier: The same of each earlier run.
        seed: Seed of the random numbers of the permutation test.
    """
    if len(earlier) < MIN_MIXTURE_RUNS:
        return False
    distance = _total_variation(now, earlier)
    usual_distances = (
        _total_variation(mixture, [*earlier[:i], *earlier[i + 1 :]])
        for i, mixture in enumerate(earlier)
    )
    return (
        distance > max(usual_distances)
        and _mixture_p_value(now, earlier, distance, seed) <= MIXTURE_LEVEL
    )


def _total_variation(mixture: Mixture, others: Sequence[Mixture]) -> float:
    """Return the total variation between a mixture and all other mixtures together: half the sum of
    the absolute differences between the shares of each fingerprint. 0 for equal shares, 1 without a
    common fingerprint.

    Args:
        mixture: Number of answers by fingerprint; at least one answer.
        others: The same of other runs, with at least one answer in all.
    """
    rest = sum(others, Counter())
    fingerprints = mixture.keys() | rest.keys()
    differences = (
        abs(mixture[fingerprint] / mixture.total() - rest[fingerprint] / rest.total())
        for fingerprint in fingerprints
    )
    return sum(differences) / 2


def _mixture_p_value(now: Mixture, earlier: Sequence[Mixture], distance: float, seed: int) -> float:
    """Return the probability that chance mixes fingerprints as differently (a permutation test),
    above 0 and up to 1: all answers are dealt at random to the run and to the earlier runs,
    `MIXTURE_DRAWS` times.

    Args:
        now: Number of answers of the run by fingerprint.
        earlier: The same of each earlier run.
        distance: The observed total variation between them, 0 to 1.
    """
    together = now + sum(earlier, Counter())
    counts = np.array([together[fingerprint] for fingerprint in sorted(together)])
    size = now.total()
    dealt = np.random.default_rng(seed).multivariate_hypergeometric(counts, size, MIXTURE_DRAWS)
    rest = counts.sum() - size
    distances = np.abs(dealt / size - (counts - dealt) / rest).sum(axis=1) / 2
    rounding = 1e-12
    as_far = np.sum(distances >= distance - rounding)
    return float((1 + as_far) / (1 + MIXTURE_DRAWS))
