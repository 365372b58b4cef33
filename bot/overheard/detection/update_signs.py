"""Signs of a silent update: another served model, other fingerprints, another style, other words.

Such a sign is no shift by itself, and never raises an alert alone: it raises the weight of its run.

*Served models.* A service that names the model it serves may name a new one. A service that shows
fingerprints usually shows several, because its machines are not all alike; then their mixture must
change.

*Style.* A model that was exchanged in silence often gives itself away by how it writes. The answers
are stored already, so the comparison costs nothing.

*First words* (the canary). At temperature 0 a model answers the same question with the same word,
except where two words are nearly tied: there the arithmetic of the day decides. Another model has
its ties elsewhere. So a few border prompts, asked once a day, show a silent exchange within days
for one word each. A reasoning model takes no temperature and has no such ties.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from overheard.domain import Model, ModelUpdate, ServedModelCount
from overheard.measure.blocks import RunKey
from overheard.numpy_proxy import Floats, np
from overheard.reading.style import FEATURES, style

MIXTURE_LEVEL = 0.001
"""How often chance alone may mix fingerprints as differently as this."""
MIXTURE_DRAWS = 2000
MIN_MIXTURE_RUNS = 3
"""Earlier runs from which it can be seen how much the mixture mixture_differs from run to run."""
Mixture = Counter[str]


def silent_updates(
    servings: Iterable[ServedModelCount], runs: Sequence[RunKey]
) -> list[ModelUpdate]:
    """Return the updates that show in served models and fingerprints, the oldest first.

    Args:
        servings: Number of answers by run, served model and fingerprint.
        runs: The runs to compare, the oldest first; servings of other runs are ignored.
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
    """Yield an update for each run whose replies name a served model for the first time."""
    seen: set[str] = set()
    for run in runs:
        named = {s.served_model for s in served.get(run.id, ()) if s.served_model}
        if seen and named - seen:
            yield ModelUpdate(model, run.at, "served model", ", ".join(sorted(named - seen)))
        seen |= named


def _new_mixtures(
    model: Model, served: Mapping[int, Sequence[ServedModelCount]], runs: Sequence[RunKey]
) -> Iterator[ModelUpdate]:
    """Yield an update for each run whose mixture of fingerprints differs from the runs since the
    last such update.
    """
    earlier: list[Mixture] = []
    for run in runs:
        now: Mixture = Counter()
        for serving in served.get(run.id, ()):
            if serving.fingerprint:
                now[serving.fingerprint] += serving.answers
        if not now:
            continue
        if mixture_differs(now, earlier, seed=run.id):
            yield ModelUpdate(model, run.at, "fingerprint", _mixture_note(now, earlier))
            earlier = []
        earlier.append(now)


def mixture_differs(now: Mixture, earlier: Sequence[Mixture], *, seed: int) -> bool:
    """Whether the mixture of a run's fingerprints differs from that of earlier runs.

    The distance (total variation) between the run and the earlier runs must be larger than by
    chance (a permutation test over answers), and larger than the distance of any earlier run from
    the
    others: machines take turns, so mixtures vary without an update.

    Args:
        now: Number of answers of the run by fingerprint.
        earlier: Number of answers of each earlier run by fingerprint.
        seed: Seed of the random numbers.
    """
    if len(earlier) < MIN_MIXTURE_RUNS:
        return False
    distance = _total_variation(now, earlier)
    others = (
        _total_variation(one, [*earlier[:i], *earlier[i + 1 :]]) for i, one in enumerate(earlier)
    )
    return (
        distance > max(others) and _mixture_p_value(now, earlier, distance, seed) <= MIXTURE_LEVEL
    )


def _total_variation(one: Mixture, others: Sequence[Mixture]) -> float:
    """Return the share of answers that would have to change hands (total variation)."""
    rest = sum(others, Counter())
    names = one.keys() | rest.keys()
    shares = (abs(one[n] / one.total() - rest[n] / rest.total()) for n in names)
    return sum(shares) / 2


def _mixture_p_value(now: Mixture, earlier: Sequence[Mixture], distance: float, seed: int) -> float:
    """Return the probability that a random split of all answers has at least this distance."""
    together = now + sum(earlier, Counter())
    counts = np.array([together[name] for name in sorted(together)])
    size = now.total()
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(counts, size, MIXTURE_DRAWS)
    rest = counts.sum() - size
    distances = np.abs(drawn / size - (counts - drawn) / rest).sum(axis=1) / 2
    return float((1 + np.sum(distances >= distance - 1e-12)) / (1 + MIXTURE_DRAWS))


def _mixture_note(now: Mixture, earlier: Sequence[Mixture]) -> str:
    new = sorted(now.keys() - sum(earlier, Counter()).keys())
    return f"new: {', '.join(new)}" if new else "another mixture of known ones"


STYLE_LEVEL = 0.01
"""How often the canary may be hit when nothing changed."""
MAX_SIGN_PATTERNS = 9_999
"""How many random patterns of signs are tried; few prompts have fewer, and then all are."""
MIN_STYLE_PROMPTS = 8
"""Prompts: with fewer no p-value can be below `STYLE_LEVEL`."""


@dataclass(frozen=True, slots=True)
class StyleFeature:
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
class StyleComparison:
    """What a comparison of styles says.

    Attributes:
        p_value: Probability of a difference at least this sure when nothing changed; 1 when
            there is too little to compare.
        moved: The features that moved, the surest first.
        prompts: How many prompts it rests on.
    """

    p_value: float
    moved: tuple[StyleFeature, ...]
    prompts: int
    alpha: float = STYLE_LEVEL

    @property
    def hit(self) -> bool:
        """Whether the style changed."""
        return self.p_value <= self.alpha

    @property
    def note(self) -> str:
        """What changed, in a few words: ``length down, bullets up``."""
        return ", ".join(f"{t.feature} {'up' if t.rose else 'down'}" for t in self.moved)


def compare_styles(
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
    *,
    seed: int,
    alpha: float = STYLE_LEVEL,
) -> StyleComparison:
    """Compare how a model wrote before and after, prompt by prompt.

    Each prompt gives one difference of each feature. If nothing changed, before and after could
    be exchanged within any prompt: so the largest |t| over the features is compared with that of
    random exchanges (Fisher 1935; Westfall and Young 1993 for the maximum).

    Args:
        before: Earlier answers by prompt; prompts with answers on one side only are left out.
        after: Later answers by prompt.
        seed: Seed of the random numbers.
        alpha: Probability of a hit when nothing changed.
    """
    means = [
        (_mean_style(before[p]), _mean_style(after[p]))
        for p in sorted(before.keys() & after.keys())
    ]
    pairs = [(a, b) for a, b in means if a is not None and b is not None]
    if len(pairs) < MIN_STYLE_PROMPTS:
        return StyleComparison(1.0, (), len(pairs), alpha)
    old, new = np.array(pairs).swapaxes(0, 1)
    scores, p_values = _style_p_values(new - old, np.random.default_rng(seed))
    columns = (old.mean(axis=0).tolist(), new.mean(axis=0).tolist(), p_values.tolist())
    traits = [StyleFeature(*row) for row in zip(FEATURES, *columns, strict=True)]
    moved = tuple(traits[i] for i in np.argsort(-scores) if traits[i].p_value <= alpha)
    return StyleComparison(float(p_values.min()), moved, len(pairs), alpha)


def _mean_style(texts: Sequence[str]) -> Floats | None:
    known = [features for text in texts if (features := style(text))]
    return np.mean(known, axis=0) if known else None


def _style_p_values(differences: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return a score of how clearly each feature moved, F, and its p-value corrected for the other
    features, F.

    The score is the absolute sum of the differences (P x F) over the root of their sum of squares.
    |t| grows with this ratio, and flips of signs do not change the denominator: so the ratio is
    compared instead of |t|, which would divide by 0 where all differences are equal.
    """
    # A difference that comes from rounding alone is set to 0.
    differences = np.where(np.abs(differences) > 1e-9, differences, 0.0)
    size = np.sqrt(np.square(differences).sum(axis=0))
    scaled = differences / np.where(size > 0, size, 1.0)
    largest = np.abs(_sign_patterns(len(scaled), rng) @ scaled).max(axis=1)
    seen = np.abs(scaled.sum(axis=0))
    return seen, np.asarray((largest[:, None] >= seen - 1e-9).mean(axis=0))


def _sign_patterns(prompts: int, rng: np.random.Generator) -> Floats:
    """Return patterns of signs, the observed one first: all there are, or many random ones."""
    if 2**prompts <= MAX_SIGN_PATTERNS:
        bits = np.arange(2**prompts)[:, None] >> np.arange(prompts) & 1
        return np.asarray(1.0 - 2.0 * bits)
    drawn = rng.integers(0, 2, (MAX_SIGN_PATTERNS, prompts)) * 2.0 - 1.0
    return np.concatenate([np.ones((1, prompts)), drawn])


BORDER_PROMPTS = 5
"""How many border prompts a daily run asks."""
MIN_UNSEEN_WORDS = 2
"""How many answers that were never seen before make a hit: one alone happens now and then."""
_QUOTES = "\"'`*_.,:;!?()[]{}\u201c\u201d\u2018\u2019\u00ab\u00bb"


@dataclass(frozen=True, slots=True)
class BorderPrompt:
    """A prompt, and how near its first word is to a tie.

    Attributes:
        prompt: Its key.
        answers: How often each first word came.
    """

    prompt: str
    answers: Mapping[str, int]

    @property
    def tie(self) -> float:
        """How near the tie is: the share of all answers but the commonest, 0 to 1."""
        total = sum(self.answers.values())
        return 1 - max(self.answers.values()) / total


@dataclass(frozen=True, slots=True)
class CanaryComparison:
    """What a daily run says.

    Attributes:
        unseen: Answers that the reference never gave, as (prompt key, first word).
        asked: How many prompts were answered.
    """

    unseen: tuple[tuple[str, str], ...]
    asked: int

    @property
    def hit(self) -> bool:
        """Whether the model may have been exchanged."""
        return len(self.unseen) >= MIN_UNSEEN_WORDS


def first_word(text: str) -> str:
    """Return an answer's first word, without case and punctuation; empty when there is none."""
    return next((bare for word in text.split() if (bare := word.strip(_QUOTES).casefold())), "")


def nearest_ties(
    answers: Mapping[str, Sequence[str]], most: int = BORDER_PROMPTS
) -> list[BorderPrompt]:
    """Choose the prompts whose first word is nearest to a tie.

    Args:
        answers: Answers at temperature 0, by prompt key.
        most: Number of prompts to choose.

    Returns:
        The nearest ties first. A service whose arithmetic never varies shows no ties; then prompts
        with a steady first word are chosen, which change with the model too, though less readily.
    """
    counted = [BorderPrompt(prompt, _words(texts)) for prompt, texts in sorted(answers.items())]
    answered = [border for border in counted if border.answers]
    return sorted(answered, key=lambda border: -border.tie)[:most]


def compare_first_words(
    reference: Mapping[str, Iterable[str]], today: Mapping[str, str]
) -> CanaryComparison:
    """Return which first words of a daily run were never seen among the model's earlier answers.

    Args:
        reference: Earlier answers, by prompt key.
        today: Today's answers; prompts without a reference do not count, nor do empty answers.
    """
    words = {prompt: first_word(text) for prompt, text in today.items() if prompt in reference}
    given = sorted((prompt, word) for prompt, word in words.items() if word)
    unseen = tuple((p, word) for p, word in given if word not in _words(reference[p]))
    return CanaryComparison(unseen, len(given))


def _words(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts if (word := first_word(text)))
