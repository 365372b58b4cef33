"""Tests of the rival hypotheses: what a change looks like, and why."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import scipy

from overheard.detection.control_variate import (
    RunEffectPrior,
    StreamGroup,
    run_effect_prior,
    run_series,
)
from overheard.detection.explanation import (
    ALL_MODELS,
    BRAND_ALONE,
    CAUSES,
    MODEL_OR_CATEGORY,
    THIS_MODEL,
    Attribution,
    Cause,
    Explanation,
    Hypothesis,
    attribute,
    attribute_model,
    causes,
    explain,
    explanation_sentence,
    falls_among,
    is_everything,
)
from overheard.domain import Model, ModelUpdate, RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Floats, np
from overheard_lab.worlds import Moved, WorldDesign, brand_name, model_of, simulate_world

A, B = (Model("svc", name) for name in "ab")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
RUNS = [RunKey(START + timedelta(weeks=n), n + 1) for n in range(5)]
AT, BRANDS, MODELS = 20, 4, 3
PRIOR = RunEffectPrior(shared=0.03, own=0.02)
OWN = StreamKey(brand_name(0), model_of(0), "visibility")
MOVES: Mapping[Hypothesis, set[tuple[int, int]]] = {
    Hypothesis.BRAND_AT_MODEL: {(0, 0)},
    Hypothesis.MODEL: {(b, 0) for b in range(BRANDS)},
    Hypothesis.BRAND_EVERYWHERE: {(0, m) for m in range(MODELS)},
    Hypothesis.EVERYTHING: {(b, m) for b in range(BRANDS) for m in range(MODELS)},
}


def market(
    moved: set[tuple[int, int]], models: int = MODELS, brands: int = BRANDS, seed: int = 4
) -> list[Stream]:
    """Return streams in which some brands at some models fall two runs before the latest."""
    design = WorldDesign(tau=0.25, brands=brands, models=models, runs=AT + 2)
    signs = (-1.5, 1.3, -1.3, 1.3)
    changes = {cell: (Moved(AT, logits=signs[cell[0]]),) for cell in moved}
    return simulate_world(design, seed, changes).streams


@pytest.mark.parametrize("truth", list(Hypothesis))
def test_the_pattern_that_moved_is_the_likeliest(truth: Hypothesis) -> None:
    """Who moved two runs ago says what changed."""
    streams = market(MOVES[truth])
    found = attribute(OWN, streams, streams[0].runs[AT], run_effect_prior(OWN.model))
    assert max(found.weights, key=found.weights.__getitem__) is truth
    assert sum(found.weights.values()) == pytest.approx(1)
    assert found.moved(OWN)


def test_an_explanation_gives_its_evidence() -> None:
    """It names the competitors and models that moved, and those that did not."""
    streams = market(MOVES[Hypothesis.BRAND_EVERYWHERE])
    said = explain(OWN, streams, streams[0].runs[AT]).text
    assert "news about the brand on the web" in said
    assert "At this model the 3 competitors moved by no more than chance explains." in said
    assert f"The brand moved at {model_of(1)}, {model_of(2)} too." in said


def test_a_model_that_did_not_answer_since_the_change_is_not_said_to_be_unmoved() -> None:
    """Nor one that did not answer before: there is nothing to compare."""
    streams = market(MOVES[Hypothesis.BRAND_EVERYWHERE])
    silent = {model_of(1): slice(AT, None), model_of(2): slice(None, AT)}
    for stream in streams:
        if missing := silent.get(stream.key.model):
            for cells in (stream.n, stream.total, stream.squares):
                cells[missing] = 0
    said = explain(OWN, streams, streams[0].runs[AT]).text
    assert str(model_of(1)) not in said
    assert str(model_of(2)) not in said
    assert "At this model the 3 competitors moved by no more than chance explains." in said


@pytest.mark.parametrize(
    ("models", "brands", "words"),
    [
        (1, 1, "nothing to compare"),
        (1, 3, "A second model would tell them apart"),
        (2, 1, "an update of this model"),
    ],
)
def test_what_cannot_be_told_apart_is_said_together(models: int, brands: int, words: str) -> None:
    """One model or one brand leave fewer hypotheses."""
    streams = market({(0, 0)}, models, brands)
    assert words in explain(OWN, streams, streams[0].runs[AT]).text


def test_what_was_said_is_revised_by_a_clear_margin_only() -> None:
    """Causes that were left open are revised by a settled one, and a probable one by a sure one;
    in between, what was said stays, and both are left open where another cause is probable.
    """
    alone, whole = Hypothesis.BRAND_AT_MODEL, Hypothesis.MODEL

    def looks(weight: float, cause: Hypothesis) -> Explanation:
        rest = (1 - weight - 0.02) / 3
        weights = {one: weight if one is cause else rest for one in Hypothesis}
        weights[whole if cause is alone else alone] += 0.02
        said = explanation_sentence(weights, 2, 2)
        return Explanation(tuple(causes(weights, 2, 2)), said, f"{said} Nothing else moved.")

    first, turned, sure = looks(0.66, alone), looks(0.87, whole), looks(0.95, whole)
    weaker, settled, likely = looks(0.55, alone), looks(0.8, alone), looks(0.7, alone)
    left_open = looks(0.5, alone)
    assert turned.differs_from(left_open.words)
    assert sure.differs_from(first.words)
    assert not turned.differs_from(first.text)
    assert not first.differs_from(first.text)
    told = turned.beside(first.text)
    assert told.text == (
        f"This may be {CAUSES[whole].pattern}; or {CAUSES[alone].pattern}. Nothing else moved."
    )
    assert told.probable is None
    assert sure.beside(first.text) == sure
    assert turned.beside("") == turned
    assert sure.beside(first.text, returned=True).probable == CAUSES[alone]
    assert weaker.beside(first.text).probable == first.probable == CAUSES[alone]
    assert "; or " in likely.beside(left_open.words).words
    assert not likely.differs_from(left_open.words)
    assert settled.differs_from(left_open.words)
    assert sure.probable == CAUSES[whole]
    for weight, cause, said in ((0.75, alone, left_open), (0.9, whole, first)):
        assert looks(weight, cause).differs_from(said.words)
        assert not looks(weight - 0.001, cause).differs_from(said.words)


def test_an_update_is_told_by_its_signs() -> None:
    """How it is known, and its note; signs of one day share a sentence."""
    streams = market({(0, 0)})
    day = timedelta(days=1)
    signs = [(START, "served model"), (START, "style"), (START + day, "canary")]
    updates = [ModelUpdate(A, at, source) for at, source in signs]
    assert explain(OWN, streams, streams[0].runs[AT], updates).text.endswith(
        "The dates go with an update: the service named another model and the style of the "
        "answers changed. The dates go with an update: a small daily question was answered "
        "differently."
    )


def test_an_update_matches_if_and_only_if_its_block_is_among_the_dates() -> None:
    """Its block is that of the first run after it."""
    dates = RUNS[2:4]
    hours = timedelta(hours=1)
    moments = {
        "in the second block": RUNS[1].at,
        "just after the second run": RUNS[1].at + hours,
        "at the fourth": RUNS[3].at,
        "after the fourth": RUNS[3].at + hours,
        "after all": RUNS[4].at + hours,
    }
    updates = [ModelUpdate(A, at, note=note) for note, at in moments.items()]
    other = ModelUpdate(B, RUNS[2].at)
    found = falls_among([*updates, other], A, dates, RUNS)
    assert [update.note for update in found] == ["just after the second run", "at the fourth"]


def test_only_what_looks_like_everything_alone_is_everything() -> None:
    """Not where another cause is likely too, nor another one alone."""

    def said(everything: float, other: Hypothesis) -> str:
        rest = (1 - everything) / (len(Hypothesis) - 1) / 10
        weights = dict.fromkeys(Hypothesis, rest)
        weights |= {Hypothesis.EVERYTHING: everything, other: 1 - everything}
        return explanation_sentence(weights, models=3, brands=3)

    assert is_everything(said(0.95, Hypothesis.MODEL))
    assert not is_everything(said(0.5, Hypothesis.MODEL))
    assert not is_everything(said(0.05, Hypothesis.MODEL))


def noise_of(found: Attribution, streams: list[Stream], began: RunKey) -> Floats:
    """Return the covariance that chance gives to the changes of some streams, J x J.

    Streams of a model share the variance of its run effect; each has that of its own effect and its
    calls. The mean of runs on either side of a change has the n-th part of a run's variance.
    """
    keys = list(found.steps)
    noise = np.zeros((len(keys), len(keys)))
    for model in {key.model for key in keys}:
        mine = sorted((s for s in streams if s.key.model == model), key=lambda s: s.key.brand)
        series = run_series(StreamGroup.of(mine[0], mine[1:]), np.arange(AT + 2), PRIOR)
        late = sum(run >= began for run in mine[0].runs)
        sides = 1 / late + 1 / (AT + 2 - late)
        for i, one in enumerate(mine):
            row = keys.index(one.key)
            for other in mine:
                noise[row, keys.index(other.key)] = series.shared * sides
            noise[row, row] += (series.own + np.mean(1 / series.information[i])) * sides
            change = series.raw[i, -late:].mean() - series.raw[i, :-late].mean()
            assert found.steps[one.key] == pytest.approx(change)
    return noise


def covariances(
    hypothesis: Hypothesis, keys: list[StreamKey], own: list[StreamKey]
) -> list[Floats]:
    """Return the covariances of changes of size 1 that a hypothesis thinks of."""

    def matrix(entry: Callable[..., float], *given: object) -> Floats:
        return np.array([[entry(a, b, *given) for b in keys] for a in keys])

    def across(a: StreamKey, b: StreamKey) -> float:
        """A brand's changes at two models have 0.8 in common."""
        return 1.0 if a == b else 0.8 * (a.brand == b.brand)

    model = own[0].model
    match hypothesis:
        case Hypothesis.BRAND_AT_MODEL:
            return [matrix(lambda a, b, one: float(a == b == one), key) for key in own]
        case Hypothesis.MODEL:
            at = matrix(lambda a, b: float(a.model == b.model == model))
            return [at * np.eye(len(keys)), at * np.eye(len(keys)) + at]
        case Hypothesis.BRAND_EVERYWHERE:
            brands = [key.brand for key in own]
            return [
                matrix(lambda a, b, one: across(a, b) * (a.brand == b.brand == one), name)
                for name in brands
            ]
    return [matrix(across), matrix(lambda a, b: across(a, b) + 1)]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("truth", [Hypothesis.MODEL, Hypothesis.BRAND_EVERYWHERE])
def test_the_weights_are_those_of_normal_densities(truth: Hypothesis, *, whole: bool) -> None:
    """Bayes' rule over the hypotheses, by scipy, for changes of 0.4, 0.8 and 1.5 logits, and of 0.2
    where many brands changed.
    """
    streams = market(MOVES[truth], models=2, brands=3)
    began = streams[0].runs[AT - 1]
    found = (
        attribute_model(OWN.model, streams, began, PRIOR)
        if whole
        else attribute(OWN, streams, began, PRIOR)
    )
    keys = list(found.steps)
    assert set(keys) == {stream.key for stream in streams}
    own = [key for key in keys if key.model == OWN.model] if whole else [OWN]
    noise = noise_of(found, streams, began)
    steps = np.array([found.steps[key] for key in keys])
    assert [found.changes[key] for key in keys] == pytest.approx(steps / np.diag(noise) ** 0.5)
    logs = [
        scipy.special.logsumexp(
            [
                scipy.stats.multivariate_normal(cov=noise + size**2 * shape).logpdf(steps)
                for size in sizes
                for shape in shapes
            ]
        )
        - np.log(len(sizes) * len(shapes))
        + np.log(prior)
        for hypothesis, prior in zip(Hypothesis, (0.35, 0.30, 0.20, 0.15), strict=True)
        for shapes in (covariances(hypothesis, keys, own),)
        for many in (hypothesis in {Hypothesis.MODEL, Hypothesis.EVERYTHING},)
        for sizes in ((0.2, 0.4, 0.8, 1.5) if many else (0.4, 0.8, 1.5),)
    ]
    weights = np.exp(logs - scipy.special.logsumexp(logs))
    assert [found.weights[one] for one in Hypothesis] == pytest.approx(weights.tolist())
    for key, change in found.changes.items():
        assert found.moved(key) == (abs(change) >= 2)


def test_what_has_no_runs_on_both_sides_leaves_the_prior() -> None:
    """A change with the first run, after the last, or of a stream that there is not."""
    streams = market({(0, 0)}, models=1)
    runs = streams[0].runs
    prior = {hypothesis: hypothesis.value for hypothesis in Hypothesis}
    assert sum(prior.values()) == pytest.approx(1)
    later = RunKey(runs[-1].at + timedelta(weeks=1), 99)
    for began in (runs[0], later):
        assert attribute(OWN, streams, began, PRIOR).weights == prior
        assert attribute_model(OWN.model, streams, began, PRIOR).weights == prior
    absent = StreamKey("Nobody", OWN.model, OWN.metric)
    assert attribute(absent, streams, runs[AT], PRIOR).weights == prior
    assert attribute_model(B, streams, runs[AT], PRIOR).weights == prior
    last = attribute(OWN, streams, runs[-1], PRIOR)
    first = attribute(OWN, streams, runs[1], PRIOR)
    assert last.weights != prior != first.weights
    assert not first.moved(absent)


def test_what_others_win_of_a_shared_metric_is_no_change_of_theirs() -> None:
    """First places that a brand loses go to others; those that fall with it did change."""
    streams = [
        replace(stream, key=stream.key._replace(metric="top1"))
        for stream in market({(0, 0), (1, 0)})
    ]
    own = OWN._replace(metric="top1")
    began = streams[0].runs[AT]
    found = attribute(own, streams, began, PRIOR)
    plain = attribute_model(OWN.model, streams, began, PRIOR)
    assert plain.steps[own] < 0 < plain.steps[own._replace(brand=brand_name(1))]
    for key, step in plain.steps.items():
        gained = key.brand != own.brand and step > 0
        assert found.steps[key] == (0 if gained else step)


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({1: True}, "At this model the one competitor moved too (Brand 02)."),
        ({1: True, 2: True}, "At this model the 2 competitors moved too (Brand 02, Brand 03)."),
        ({1: True, 2: False}, "At this model 1 of the 2 competitors moved too (Brand 02)."),
        ({1: False}, "At this model the one competitor moved by no more than chance explains."),
    ],
)
def test_competitors_that_moved_are_named(
    moved: dict[int, bool], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All, some or none of them."""
    keys = {StreamKey(brand_name(b), model_of(0), "visibility"): m for b, m in moved.items()}
    changes = {OWN: -5.0, **{key: 4.0 * moved for key, moved in keys.items()}}
    weights = {hypothesis: hypothesis.value for hypothesis in Hypothesis}
    found = Attribution(weights, changes)
    monkeypatch.setattr("overheard.detection.explanation.attribute", lambda *_: found)
    streams = [s for s in market(set(), models=1) if s.key in changes]
    assert explain(OWN, streams, streams[0].runs[AT]).text.endswith(said)


@pytest.mark.parametrize(
    ("models", "brands", "expected"),
    [
        (3, 2, {0: 0.4, 1: 0.1, 2: 0.2, 3: 0.3}),
        (2, 2, {0: 0.4, 1: 0.1, 2: 0.2, 3: 0.3}),
        (1, 2, {BRAND_ALONE: 0.6, MODEL_OR_CATEGORY: 0.4}),
        (2, 1, {THIS_MODEL: 0.5, ALL_MODELS: 0.5}),
        (1, 1, {}),
    ],
)
def test_causes_that_cannot_be_told_apart_share_their_weight(
    models: int, brands: int, expected: dict[int | Cause, float]
) -> None:
    """With one model or one brand; the likeliest comes first, and a hint where models lack."""
    weights = dict(zip(Hypothesis, (0.4, 0.1, 0.2, 0.3), strict=True))
    named = {
        (CAUSES[list(Hypothesis)[key]] if isinstance(key, int) else key): weight
        for key, weight in expected.items()
    }
    found = causes(weights, models, brands)
    assert dict(found) == pytest.approx(named)
    ordered = sorted(named.values(), reverse=True)
    assert [weight for _, weight in found] == pytest.approx(ordered)
    hint = "A second model would tell them apart."
    assert explanation_sentence(weights, models, brands).endswith(hint) == (models == 1 < brands)


@pytest.mark.parametrize(
    ("weight", "begins", "short", "other"),
    [
        (0.9, "This looks like ", "looks like {brand} alone", False),
        (0.899, "This is probably ", "probably {brand} alone", False),
        (0.6, "This is probably ", "probably {brand} alone", False),
        (0.599, "This may be ", "not clear: {brand} alone or news about {brand}", True),
    ],
)
def test_words_are_as_sure_as_the_weights(
    weight: float, begins: str, short: str, *, other: bool
) -> None:
    """Below two thirds the next cause is named as well; JSON has all of them."""
    rest = (1 - weight) / 4
    weights = dict(zip(Hypothesis, (weight, rest, 2 * rest, rest), strict=True))
    said = explanation_sentence(weights, 2, 2)
    assert said.startswith(f"{begins}{CAUSES[Hypothesis.BRAND_AT_MODEL].pattern}")
    assert (CAUSES[Hypothesis.BRAND_EVERYWHERE].pattern in said) == other
    explained = Explanation(tuple(causes(weights, 2, 2)), said, said)
    assert explained.short == short
    data = explained.data()
    assert data["text"] == said
    assert data["weights"] == {
        CAUSES[one].pattern: round(share, 4) for one, share in weights.items()
    }


def test_without_other_brands_and_models_no_cause_is_named() -> None:
    """The few words say what is missing."""
    said = explanation_sentence({one: one.value for one in Hypothesis}, 1, 1)
    assert Explanation((), said, said).short == "no other brand or model to compare with"


def test_a_model_on_this_machine_knows_no_news() -> None:
    """What it says of a brand changes with the model, or with how it is asked."""
    weights = dict.fromkeys(Hypothesis, 0.3) | {Hypothesis.EVERYTHING: 0.1}
    (first, weight), _ = causes(weights, 1, 5, searches=False)
    assert first.short.format(brand="Acme", model="SmolLM") == "SmolLM alone"
    assert weight == pytest.approx(0.9 / 0.92)
    design = WorldDesign(brands=BRANDS, runs=AT + 2)
    streams = simulate_world(design, 1, {(0, 0): (Moved(AT, logits=2.0),)}).streams
    here = [replace(one, key=one.key._replace(model=Model("local", "smollm"))) for one in streams]
    said = explain(here[0].key, here, here[0].runs[AT]).words
    assert "an update of this model." in said
