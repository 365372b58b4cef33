"""Signs of a silent update: another served model, other fingerprints, another style, other words.

Such a sign is no shift by itself, and never raises an alert alone: it raises the weight of its run.

*Served models.* A service that names the model it serves may name a new one. A service that shows
fingerprints usually shows several, because its machines are not all alike; then their mixture must
change.

*Style.* A model that was exchanged in silence often gives itself away by how it writes. The answers
are stored already, so the comparison costs nothing. It is compared over sessions, and a change has
to be confirmed by a second one: the false rate is then below 2 % a session in the worlds of
`tests/detection/test_style.py`.

*First words* (the canary). At temperature 0 a model answers the same question with the same word,
except where two words are nearly tied: there the arithmetic of the day decides. Another model has
its ties elsewhere. So a few border prompts, asked once a day, show a silent exchange within days
for one word each. A reasoning model takes no temperature and has no such ties.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from overheard.domain import Model, ModelUpdate, ServedModelCount
from overheard.measure.blocks import RunKey
from overheard.numpy_proxy import Floats, np
from overheard.reading.style import FEATURES, style
from overheard.special_functions import stdtrit

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
    updates = [
        update
        for model, served in by_model.items()
        for update in (*_new_models(model, served, runs), *_new_mixtures(model, served, runs))
    ]
    return sorted(updates, key=lambda update: (update.at, update.model, update.source))


def _new_models(
    model: Model, served: Mapping[int, Sequence[ServedModelCount]], runs: Sequence[RunKey]
) -> Iterator[ModelUpdate]:
    """Yield an update for each run whose replies name a served model for the first time, except in
    the first such run. ``served`` has the counts of answers by run number.
    """
    seen: set[str] = set()
    for run in runs:
        named = {s.served_model for s in served.get(run.id, ()) if s.served_model}
        if seen and named - seen:
            yield ModelUpdate(model, run.at, "served model", ", ".join(sorted(named - seen)))
        seen |= named


def _new_mixtures(
    model: Model, served: Mapping[int, Sequence[ServedModelCount]], runs: Sequence[RunKey]
) -> Iterator[ModelUpdate]:
    """Yield an update for each run whose mixture of fingerprints (answers by back end) differs, see
    `mixture_differs`, from the runs since the last such update. ``served`` has the counts of
    answers by run number, ``runs`` the runs in the order of time.
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
    """Return whether the mixture of a run's fingerprints differs from that of earlier runs; False
    with fewer than `MIN_MIXTURE_RUNS` of them.

    The distance (total variation) between the run and the earlier runs must be larger than by
    chance (a permutation test over answers), and larger than that of any earlier run from the other
    runs: machines take turns, so mixtures vary without an update.

    Args:
        now: Number of answers of the run by fingerprint.
        earlier: Number of answers of each earlier run by fingerprint.
        seed: Seed of the random numbers.
    """
    if len(earlier) < MIN_MIXTURE_RUNS:
        return False
    distance = _total_variation(now, earlier)
    others = (
        _total_variation(mixture, [*earlier[:i], *earlier[i + 1 :]])
        for i, mixture in enumerate(earlier)
    )
    return (
        distance > max(others) and _mixture_p_value(now, earlier, distance, seed) <= MIXTURE_LEVEL
    )


def _total_variation(mixture: Mixture, others: Sequence[Mixture]) -> float:
    """Return the total variation, 0 to 1, between the shares of fingerprints in a mixture and in
    all others together. A mixture has the number of answers by fingerprint.
    """
    rest = sum(others, Counter())
    names = mixture.keys() | rest.keys()
    shares = (abs(mixture[n] / mixture.total() - rest[n] / rest.total()) for n in names)
    return sum(shares) / 2


def _mixture_p_value(now: Mixture, earlier: Sequence[Mixture], distance: float, seed: int) -> float:
    """Return the probability, 0 to 1, that a random split of the answers of a run and of earlier
    runs has at least a total variation ``distance``, estimated from `MIXTURE_DRAWS` draws.
    """
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
"""How often the features of a session may stand out when nothing changed and effects are normal."""
MIN_STYLE_PROMPTS = 8
"""Prompts with fewer of which styles are not compared."""
MIN_STYLE_SESSIONS, MAX_STYLE_SESSIONS = 4, 8
"""Earlier sessions that a style is compared with."""
CONFIRMING_SESSIONS = 2
"""Sessions in a row in which a feature has to stand out to the same side."""


@dataclass(frozen=True, slots=True)
class StyleFeature:
    """One feature of the style, before and after.

    Attributes:
        feature: The name of the feature, see `overheard.reading.style.FEATURES`.
        before: Mean of the feature over the shared prompts before, on the feature's scale.
        after: Mean of the feature over the shared prompts after, on the feature's scale.
        t: Distance of the feature from the sessions before, in standard deviations of the
            prediction for a session; the smallest of the sessions after.
    """

    feature: str
    before: float
    after: float
    t: float

    @property
    def rose(self) -> bool:
        """Whether the feature's mean rose."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class StyleComparison:
    """The result of a comparison of styles.

    Attributes:
        moved: The features that moved, the surest first.
    """

    moved: tuple[StyleFeature, ...]

    @property
    def hit(self) -> bool:
        """Whether the style changed."""
        return bool(self.moved)

    @property
    def note(self) -> str:
        """What changed, in a few words: ``length down, bullets up``."""
        return ", ".join(f"{t.feature} {'up' if t.rose else 'down'}" for t in self.moved)


def compare_styles(
    before: Sequence[Mapping[str, Sequence[str]]], after: Sequence[Mapping[str, Sequence[str]]]
) -> StyleComparison:
    """Return the features of style that changed in some sessions of a model compared with the
    sessions before; none when too few sessions or prompts can be compared.

    How a model writes varies from session to session (search on or off, another back end), so that
    prompts of one session are not independent: a test over prompts took every second session 12
    hours later for another model. Here a session is one observation: the mean of each feature over
    the prompts that all sessions share. A feature stands out when it is outside of the prediction
    interval of the sessions before (Student's t, Bonferroni over the features), and it moved when
    it does so in all sessions after, to the same side.

    Args:
        before: The answers of each earlier session by prompt, the oldest session first.
        after: The answers of each of `CONFIRMING_SESSIONS` later sessions by prompt.
    """
    prompts = (
        set.intersection(*(set(session) for session in (*before, *after))) if before else set()
    )
    known = [_session_style(session, prompts) for session in (*before, *after)]
    styles = [style for style in known if style is not None]
    enough = len(before) >= MIN_STYLE_SESSIONS and len(after) == CONFIRMING_SESSIONS
    if len(prompts) < MIN_STYLE_PROMPTS or not enough or len(styles) < len(known):
        return StyleComparison(())
    old, new = np.array(styles[: len(before)]), np.array(styles[len(before) :])
    mean, count = old.mean(axis=0), len(before)
    spread = np.maximum(old.std(axis=0, ddof=1), 1e-9) * (1 + 1 / count) ** 0.5
    scores = (new - mean) / spread  # sessions x features
    least = stdtrit(count - 1, 1 - STYLE_LEVEL / (2 * len(FEATURES)))
    aligned = (np.abs(scores) > least).all(axis=0) & (
        np.abs(np.sign(scores).sum(axis=0)) == len(after)
    )
    sure = np.abs(scores).min(axis=0)
    moved = [
        StyleFeature(FEATURES[i], float(mean[i]), float(new[:, i].mean()), float(sure[i]))
        for i in np.argsort(-sure)
        if aligned[i]
    ]
    return StyleComparison(tuple(moved))


def _session_style(answers: Mapping[str, Sequence[str]], prompts: Collection[str]) -> Floats | None:
    """Return the mean features of a session's answers to prompts, each prompt with the same weight;
    None without words.
    """
    means = [_mean_style(answers[prompt]) for prompt in sorted(prompts)]
    known = [mean for mean in means if mean is not None]
    return np.asarray(np.mean(known, axis=0)) if known else None


def _mean_style(texts: Sequence[str]) -> Floats | None:
    known = [features for text in texts if (features := style(text))]
    return np.mean(known, axis=0) if known else None


BORDER_PROMPTS = 5
"""How many border prompts a daily run asks."""
MIN_UNSEEN_WORDS = 2
"""How many answers that were never seen before make a hit: one alone happens now and then."""
_QUOTES = "\"'`*_.,:;!?()[]{}\u201c\u201d\u2018\u2019\u00ab\u00bb"


@dataclass(frozen=True, slots=True)
class BorderPrompt:
    """A prompt whose most frequent first words are nearly tied, by its key.

    Attributes:
        prompt: The key of the prompt.
        answers: How often each first word was answered.
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
    """The result of a daily run of a canary.

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
    """Return the prompts whose most frequent first words are nearest to a tie, those first.

    Args:
        answers: Answers at temperature 0, by prompt key.
        most: Number of prompts to choose.

    Returns:
        At most ``most`` prompts. A service whose arithmetic never varies shows no ties; then
        prompts with a steady first word are chosen, which change with the model too, though less
        readily.
    """
    counted = [BorderPrompt(prompt, _words(texts)) for prompt, texts in sorted(answers.items())]
    answered = [border for border in counted if border.answers]
    return sorted(answered, key=lambda border: -border.tie)[:most]


def compare_first_words(
    reference: Mapping[str, Iterable[str]], today: Mapping[str, str]
) -> CanaryComparison:
    """Return the (prompt, first word) pairs not found in that prompt's earlier answers, and how
    many answers were compared.

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
