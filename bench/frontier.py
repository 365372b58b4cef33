"""How soon any rule could tell a fall of 10 points for the calls that it may spend.

    uv run python bench/detection.py --part frontier

One stream of 12 questions x 3 a week among those of three models, after 40 runs, in a model of it:
the estimate of a run on the logit scale is normal, with the variance of its calls and that of the
run effects that rivals leave, which is known; a run that asks again has the effect of the check
before with the probability of the laboratory. A rule asks again up to five times a week while the
evidence is above its limits, and later looks may be larger. Each rule's threshold is set by
simulation to the allowed false alarms, so that all that it selects is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from figures import rows

from overheard.detection.confirmation import LOOKS, LOOKS_BY_CHANCE
from overheard.detection.decision_inputs import alarm_table
from overheard.detection.power import WELL_KNOWN
from overheard.detection.step_evidence import STEP_VARIANCES, STEP_WEIGHTS
from overheard.numpy_proxy import Floats
from overheard_lab.worlds import LIKE_BEFORE

ANSWERS, MODELS, BEFORE = 36, 3, 40
EFFECT_VARIANCE = 0.051
"""Of a standard deviation of .25, half shared, what four rivals leave: .031 and .020."""
FALL = 0.715
"""A fall of 10 points, in logits."""
STARTS, CALM_WEEKS, FALL_AT, WEEKS = 12, 58, 14, 19
"""The weeks with which a change may have begun; and those that are simulated, of which the first
six do not count."""
PER_ANSWER = WELL_KNOWN[0] * WELL_KNOWN[1] / sum(WELL_KNOWN) / (sum(WELL_KNOWN) + 1)
BUDGETS = (0.2, 1.0)
CALLS = 1.35


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of asking again.

    Attributes:
        deviates: A check that lies so many standard deviations off opens an occasion.
        limit: So does evidence above this; and while it is, the model is asked on.
        first: The answers of the first look, over those of a check.
        growth: By what each further look is larger; the largest has four times a check's answers.
        always: Whether all looks are made.
        by_chance: By how much more often chance is taken to show what a look does.
    """

    deviates: float = 1.8
    limit: float = 2.0
    first: float = 1.0
    growth: float = 1.0
    always: bool = False
    by_chance: float = LOOKS_BY_CHANCE

    @property
    def sizes(self) -> Floats:
        """The answers of a week's runs, over those of a check."""
        grown = [min(self.first * self.growth**look, 4.0) for look in range(len(LOOKS))]
        return np.array([1.0, *grown])


def evidence(
    rule: Rule, fall: float, weeks: int, panels: int, seed: int, *, repeats: float, known: bool
) -> Floats:
    """Return the evidence after each run, panels x weeks x runs of a week: minus infinity for runs
    that are not made. The fall comes with the week `FALL_AT`.

    Args:
        repeats: How often each question is asked in a run, over 3.
        known: Whether the rule knows the direction and the size of the fall.
    """
    rng = np.random.default_rng(seed)
    noise = 1 / (repeats * rule.sizes * ANSWERS * PER_ANSWER)
    runs = len(noise)
    alike = np.full((runs, runs), LIKE_BEFORE**2)
    alike[0] = alike[:, 0] = LIKE_BEFORE
    np.fill_diagonal(alike, 1.0)
    covariance = EFFECT_VARIANCE * alike + np.diag(noise)
    weights = [np.linalg.solve(covariance[:k, :k], np.ones(k)) for k in range(1, runs + 1)]
    before = BEFORE * weights[0].sum()
    score_before = rng.standard_normal(panels) * before**0.5
    past = np.zeros((2, 0, panels))
    found = np.full((panels, weeks, runs), -np.inf)
    for week in range(weeks):
        effects = rng.standard_normal((panels, runs))
        effects = np.where(rng.random((panels, runs)) < LIKE_BEFORE, effects[:, :1], effects)
        level = EFFECT_VARIANCE**0.5 * effects + noise**0.5 * rng.standard_normal((panels, runs))
        level -= fall * (week >= FALL_AT)
        since = np.concatenate([past[:, ::-1].cumsum(1)[:, ::-1], np.zeros((2, 1, panels))], 1)
        now, asked = np.zeros((2, panels)), np.arange(panels)
        for run, weight in enumerate(weights):
            now[0, asked], now[1, asked] = weight.sum(), level[asked, : run + 1] @ weight
            information, score = since[:, :, asked] + now[:, None, asked]
            whole = before + information[0]
            score = score - information * (score_before[asked] + score[0]) / whole
            information = information * (whole - information) / whole
            found[asked, week, run] = seen = _evidence(information, score, known=known)
            if run == runs - 1:
                break
            goes = (seen > rule.limit) | rule.always
            if run == 0:
                sds = score[-1] / information[-1] ** 0.5
                goes |= (-sds if known else abs(sds)) > rule.deviates
            asked = asked[goes]
        past = np.concatenate([past, now[:, None]], axis=1)[:, 1 - STARTS :]
    return found


def _evidence(information: Floats, score: Floats, *, known: bool) -> Floats:
    """Return the logarithm of the sum of the Bayes factors of a step over all starts."""
    if known:
        return np.asarray(np.logaddexp.reduce(-FALL * score - FALL**2 * information / 2))
    sizes = (
        score**2 * variance / (2 * (1 + variance * information))
        - np.log(1 + variance * information) / 2
        + np.log(weight)
        for variance, weight in zip(STEP_VARIANCES, STEP_WEIGHTS, strict=True)
    )
    return np.asarray(np.logaddexp.reduce(np.logaddexp(*sizes)))


def figures(
    rule: Rule, panels: int, seed: int, repeats: float = 1.0, *, known: bool = False
) -> tuple[float, list[list[float]]]:
    """Return the calls where nothing changes, over those of the checks of 12 x 3, and for each of
    `BUDGETS` the shares of the falls that are told within three days, a week and four.
    """
    calm, fallen = (
        evidence(rule, fall, weeks, panels, seed + own, repeats=repeats, known=known)
        for own, (fall, weeks) in enumerate(((0.0, CALM_WEEKS), (FALL, WEEKS)))
    )
    made = np.isfinite(calm[:, 6:]).mean(axis=(0, 1))
    for seen in (calm, fallen):
        seen[:, :, 1:] -= np.log(rule.by_chance) / alarm_table().far_slope
    shares = []
    for per_year in BUDGETS:
        threshold = np.quantile(calm[:, 6:].max(axis=(1, 2)), np.exp(-per_year / MODELS))
        over = fallen > threshold
        over = over[~over[:, :FALL_AT].any(axis=(1, 2)), FALL_AT:]
        check, week = over[:, :, 0], over.any(axis=2)
        told = week[:, 0], week[:, 0] | check[:, 1], week[:, :4].any(axis=1) | check[:, 4]
        shares.append([float(one.mean()) for one in told])
    return repeats * float(made @ rule.sizes), shares


def swept(*, known: bool) -> Iterator[Rule]:
    """Yield the rules among which the best is looked for."""
    limits = (0.5, 1.0, 1.5) if known else (2.0, 2.5, 3.0)
    for values in product((1.5, 1.8), limits, (0.67, 1.0), (1.0, 1.5, 2.0)):
        yield Rule(*values)


def frontier(panels: int, seed: int) -> None:
    """Print how soon a fall of 10 points can be told at most, by the calls; each line has a hundred
    times as many streams as brands are asked for, and the best are measured on streams of their
    own.
    """
    never = Rule(deviates=np.inf, limit=np.inf)
    best = {
        known: max(
            (
                (shares[0][1], number, rule)
                for number, rule in enumerate(swept(known=known))
                for calls, shares in [figures(rule, 25 * panels, seed, known=known)]
                if calls <= CALLS
            )
        )[2]
        for known in (False, True)
    }
    lines = (
        ("once a week", never, 1.0, False),
        ("five looks of 12 x 3, as shipped", Rule(), 1.0, False),
        ("the best at these calls", best[False], 1.0, False),
        ("the same, knowing size and direction", best[True], 1.0, True),
        ("all five looks every week", Rule(always=True), 1.0, False),
        *((f"the best, 12 x {times}", best[False], times / 3, False) for times in (4, 5, 6)),
    )
    named = "three days", "a week", "four weeks"
    rows(
        (
            "rule",
            "calls",
            *(f"{one}, {per_year:g} a year" for per_year in BUDGETS for one in named),
        ),
        (
            (name, f"{calls:.2f}", *(f"{one:.2f}" for budget in shares for one in budget))
            for name, rule, repeats, known in lines
            for calls, shares in [figures(rule, 100 * panels, seed + 2, repeats, known=known)]
        ),
    )
    print(f"\n{best}")
