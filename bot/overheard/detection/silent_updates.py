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
from overheard.reading.language import FEATURES, style
from overheard.special_functions import stdtrit

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
            note = _mixture_note(mixture, earlier)
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


def _mixture_note(now: Mixture, earlier: Sequence[Mixture]) -> str:
    """Return the note of an update by fingerprints: ``new: `` with the fingerprints that no earlier
    run had, or, without any, that known ones are mixed otherwise.
    """
    new = sorted(now.keys() - sum(earlier, Counter()).keys())
    return f"new: {', '.join(new)}" if new else "another mixture of known ones"


STYLE_LEVEL = 0.01
"""How often the features of a session may stand out when nothing changed and effects are normal."""
MIN_STYLE_PROMPTS = 8
"""Prompts with fewer of which styles are not compared."""
MIN_STYLE_SESSIONS, MAX_STYLE_SESSIONS = 4, 8
"""Fewest and most earlier sessions that a style is compared with."""
CONFIRMING_SESSIONS = 2
"""Sessions in a row in which a feature has to stand out to the same side."""
MIN_STYLE_SD = 1e-9
"""Least standard deviation of a feature, against a division by 0."""


@dataclass(frozen=True, slots=True)
class StyleFeature:
    """One feature of the style, before and after.

    Attributes:
        feature: The name of the feature, see `overheard.reading.language.FEATURES`.
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
        """What changed, in a few words: ``length down, bullets up``; empty without a change."""
        return ", ".join(
            f"{feature.feature} {'up' if feature.rose else 'down'}" for feature in self.moved
        )


def compare_styles(
    before: Sequence[Mapping[str, Sequence[str]]], after: Sequence[Mapping[str, Sequence[str]]]
) -> StyleComparison:
    """Return the features of style that changed in the latest sessions of a model compared with the
    sessions before, the surest first.

    There are none unless the earlier sessions are `MIN_STYLE_SESSIONS` or more, the later ones are
    `CONFIRMING_SESSIONS`, all sessions share `MIN_STYLE_PROMPTS` prompts or more, and each session
    has words in its answers to these.

    One observation is the mean of a feature over the shared prompts of one session. Prompts of a
    session are not independent, because how a model writes varies with the session (search on or
    off, another back end): a test over prompts took every second session 12 hours later for another
    model. A feature stands out in a session when it is outside of the prediction interval of the
    earlier sessions (Student's t at `STYLE_LEVEL`, Bonferroni over the features). It changed when
    it stands out in all later sessions, to the same side.

    Args:
        before: The answers of each earlier session by prompt key, the oldest session first.
        after: The answers of each later session by prompt key.
    """
    sessions = [*before, *after]
    if len(before) < MIN_STYLE_SESSIONS or len(after) != CONFIRMING_SESSIONS:
        return StyleComparison(())
    prompts = set.intersection(*(set(session) for session in sessions))
    if len(prompts) < MIN_STYLE_PROMPTS:
        return StyleComparison(())
    styles = [
        features
        for session in sessions
        if (features := _session_style(session, prompts)) is not None
    ]
    if len(styles) < len(sessions):
        return StyleComparison(())
    old, new = np.array(styles[: len(before)]), np.array(styles[len(before) :])
    mean, count = old.mean(axis=0), len(before)
    prediction_sd = np.maximum(old.std(axis=0, ddof=1), MIN_STYLE_SD) * (1 + 1 / count) ** 0.5
    scores = (new - mean) / prediction_sd  # sessions x features
    limit = stdtrit(count - 1, 1 - STYLE_LEVEL / (2 * len(FEATURES)))
    is_same_side = np.abs(np.sign(scores).sum(axis=0)) == len(after)
    stands_out = (np.abs(scores) > limit).all(axis=0) & is_same_side
    least_scores = np.abs(scores).min(axis=0)
    moved = [
        StyleFeature(FEATURES[i], float(mean[i]), float(new[:, i].mean()), float(least_scores[i]))
        for i in np.argsort(-least_scores)
        if stands_out[i]
    ]
    return StyleComparison(tuple(moved))


def _session_style(answers: Mapping[str, Sequence[str]], prompts: Collection[str]) -> Floats | None:
    """Return the mean of each feature of style in a session's answers to some prompts, in the order
    of `FEATURES`; None when no answer has words.

    Each prompt has the same weight; prompts whose answers have no words are left out.

    Args:
        answers: The answers by prompt key.

    Raises:
        KeyError: when the session has no entry for one of the prompts.
    """
    means = [_mean_style(answers[prompt]) for prompt in sorted(prompts)]
    known_means = [mean for mean in means if mean is not None]
    return np.asarray(np.mean(known_means, axis=0)) if known_means else None


def _mean_style(answers: Sequence[str]) -> Floats | None:
    """Return the mean of each feature of style over answers, without answers that have no words;
    None when all of them are left out.
    """
    styles = [features for answer in answers if (features := style(answer))]
    return np.mean(styles, axis=0) if styles else None


BORDER_PROMPTS = 5
"""How many border prompts a daily run asks."""
MIN_UNSEEN_WORDS = 2
"""How many answers that were never seen before make a hit: one alone happens now and then."""
_QUOTES = "\"'`*_.,:;!?()[]{}\u201c\u201d\u2018\u2019\u00ab\u00bb"


@dataclass(frozen=True, slots=True)
class BorderPrompt:
    """A prompt whose most frequent first words are nearly tied, by its key.

    Attributes:
        answers: Number of answers that began with each first word; at least one answer.
    """

    prompt: str
    answers: Mapping[str, int]

    @property
    def tie(self) -> float:
        """How near the first words are to a tie: the share of the answers that did not begin with
        the commonest first word, from 0 (all began with it) to below 1.
        """
        return 1 - max(self.answers.values()) / sum(self.answers.values())


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
        """Whether the model may have been exchanged: `MIN_UNSEEN_WORDS` or more words are new."""
        return len(self.unseen) >= MIN_UNSEEN_WORDS


def first_word(text: str) -> str:
    """Return an answer's first word in lower case, without the quotes and punctuation around it:
    ``acme`` for ``"**Acme**, of course"``. Empty for an answer without words.
    """
    for word in text.split():
        if bare := word.strip(_QUOTES).casefold():
            return bare
    return ""


def nearest_ties(
    answers: Mapping[str, Sequence[str]], most: int = BORDER_PROMPTS
) -> list[BorderPrompt]:
    """Return the prompts whose first words are nearest to a tie, the nearest first.

    Prompts as near as each other are in the order of their keys; prompts without words in their
    answers are left out. Where a service's answers never vary, the prompts have a steady first
    word, which changes with the model less readily.

    Args:
        answers: Several answers to each prompt at temperature 0, by prompt key.
        most: Largest number of prompts to return.
    """
    counted = [
        BorderPrompt(prompt, _first_word_counts(texts)) for prompt, texts in sorted(answers.items())
    ]
    answered = [border for border in counted if border.answers]
    return sorted(answered, key=lambda border: -border.tie)[:most]


def compare_first_words(
    reference: Mapping[str, Iterable[str]], today: Mapping[str, str]
) -> CanaryComparison:
    """Return which of today's first words were never the first word of an earlier answer to the
    same prompt, in the order of the prompt keys, and how many answers were compared.

    Args:
        reference: Earlier answers by prompt key.
        today: Today's answer by prompt key. Prompts without earlier answers and answers without
            words are left out, and do not count as compared.
    """
    first_words = {prompt: first_word(text) for prompt, text in today.items()}
    compared = sorted(
        (prompt, word) for prompt, word in first_words.items() if word and prompt in reference
    )
    unseen = tuple(
        (prompt, word)
        for prompt, word in compared
        if word not in _first_word_counts(reference[prompt])
    )
    return CanaryComparison(unseen, len(compared))


def _first_word_counts(texts: Iterable[str]) -> Counter[str]:
    """Return how many texts begin with each first word; texts without words are left out."""
    return Counter(word for text in texts if (word := first_word(text)))
