"""Bursts: small runs between the scheduled ones, asked where an answer is most informative.

Calls in one run share its run effect, so many small runs some hours apart are more informative than
one large run. And a prompt that nearly always or hardly ever names the brand says little of a
change of all prompts: an answer to it is worth p (1 - p). But a change may be one of few prompts,
and then of any. So half of the calls of a burst go to all prompts alike, half by p (1 - p).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from math import log

from overheard.measure.blocks import RunKey, Stream
from overheard.numpy_proxy import Floats, np

MIN_BURST_GAP = timedelta(hours=3)
"""The shortest time between two bursts: runs that are nearer share a run effect."""
INFORMATIVE_SHARE = 0.5
"""Share of the calls that go by p (1 - p); the rest goes to all prompts alike."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A run that is wanted: what to ask, and when.

    Attributes:
        at: The earliest time of the run.
        asks: How often each prompt is to be asked, by its key; 1 or more each.
        reason: Why the run is wanted, in a few words.
    """

    at: datetime
    asks: Mapping[str, int]
    reason: str

    @property
    def calls(self) -> int:
        """The number of calls of the run."""
        return sum(self.asks.values())


def share_calls(
    prompts: Sequence[str],
    streams: Iterable[Stream],
    calls: int,
    *,
    seed: int,
    telling: float = INFORMATIVE_SHARE,
) -> dict[str, int]:
    """Return how often to ask each prompt with a number of calls, drawn at random.

    The share ``telling`` of the calls goes to the prompts in proportion to the information
    p (1 - p) of an answer, p being the prompt's rate so far. The rest goes to all prompts alike. A
    prompt gets its expected number of calls rounded down or up (systematic sampling, Madow 1949).

    Args:
        prompts: Keys of the prompts that may be asked; one or more.
        streams: The answers so far at one model; only metrics of 0 and 1 count.
        calls: Number of calls to share out; all of them are.
        telling: Share of the calls that go by p (1 - p), 0 to 1.

    Returns:
        How often to ask each prompt, by key; prompts that are not asked have no entry.
    """
    rng = np.random.default_rng(seed)
    information = _information(prompts, streams)
    expected = calls * ((1 - telling) / len(prompts) + telling * information / information.sum())
    order = rng.permutation(len(prompts))
    rounding = 1e-9
    ends = np.floor(np.cumsum(expected[order]) + rng.random() + rounding).astype(int)
    asks = np.zeros(len(prompts), dtype=int)
    asks[order] = np.diff(ends, prepend=0)
    asks[order[-1]] += calls - asks.sum()
    return {prompt: int(n) for prompt, n in zip(prompts, asks, strict=True) if n}


def _information(prompts: Sequence[str], streams: Iterable[Stream]) -> Floats:
    """Return the information p (1 - p) of an answer to each prompt, averaged over the streams whose
    values are 0 and 1, in the order of the prompts; 1 for all prompts without such streams.
    """
    by_stream = [_information_in(stream, prompts) for stream in streams if stream.binary]
    return np.asarray(np.mean(by_stream, axis=0)) if by_stream else np.ones(len(prompts))


def _information_in(stream: Stream, prompts: Sequence[str]) -> Floats:
    """Return the information p (1 - p) of an answer to each prompt in one stream, in the order of
    the prompts. The rate p has half an answer of each kind added, and is 1/2 for a prompt that the
    stream does not have.
    """
    rate = (stream.total.sum(axis=0) + 0.5) / (stream.n.sum(axis=0) + 1)
    rates = dict(zip(stream.prompts, rate.tolist(), strict=True))
    p = np.array([rates.get(prompt, 0.5) for prompt in prompts])
    return np.asarray(p * (1 - p))


YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class BurstPolicy:
    """How calls are spent on one model.

    Attributes:
        most: Bursts between two scheduled runs.
        gap: The shortest time between two runs of which one is a burst.
        suspicion: The Bayes factor above which something may have changed.
        budget: Calls in any 365 days, scheduled ones included.
    """

    calls: int = 30
    most: int = 8
    gap: timedelta = MIN_BURST_GAP
    suspicion: float = 3.0
    budget: int = 2000

    @property
    def threshold(self) -> float:
        """Logarithm of `suspicion`."""
        return log(self.suspicion)


@dataclass(frozen=True, slots=True)
class MadeRun:
    """A run of one model that was made: its start and number, its calls, and whether it was a
    burst.
    """

    run: RunKey
    calls: int
    burst: bool


@dataclass(frozen=True, slots=True)
class BurstSigns:
    """The signs of a change after the latest run.

    Attributes:
        largest: Logarithm of the largest Bayes factor of the brand's streams at this model.
        alarm: Whether the brand's statistic is over its threshold.
        canary: Whether a canary of the model was hit since the scheduled run before.
    """

    largest: float
    alarm: bool = False
    canary: bool = False


DEFAULT_POLICY = BurstPolicy()


def next_burst(
    made: Sequence[MadeRun],
    signs: BurstSigns,
    policy: BurstPolicy = DEFAULT_POLICY,
    *,
    now: datetime,
    prompts: Sequence[str],
    streams: Sequence[Stream],
    scheduled: int = 0,
    seed: int = 0,
) -> Burst | None:
    """Return the burst that should come next at a model. It is due now, or `BurstPolicy.gap` after
    the latest run if that is later.

    None when there are no signs of a change, when an alarm is raised already, when
    `BurstPolicy.most` bursts have followed the last scheduled run, when the year's budget has
    fewer calls left than a burst needs, or when no run has been made yet.

    Args:
        made: The model's runs so far, the oldest first.
        signs: Signs of a change in these runs.
        policy: How calls are spent.
        now: The current time.
        prompts: Keys of the prompts to choose from.
        streams: The model's streams; they show for which prompts an answer is most informative.
        scheduled: Number of calls that the schedule makes in 365 days, where the budget is for
            these too.
        seed: Seed of the random numbers, to which the number of the latest run is added.
    """
    reason = _reason(made, signs, policy)
    if not made or not reason or _calls_left(made, policy, scheduled, now) < policy.calls:
        return None
    latest = made[-1].run
    asks = share_calls(prompts, streams, policy.calls, seed=seed + latest.id)
    return Burst(max(now, latest.at + policy.gap), asks, reason)


def calls_spent(made: Sequence[MadeRun], now: datetime) -> int:
    """Return how many calls went to bursts in the 365 days before ``now``; those of scheduled runs
    do not count.
    """
    return sum(
        made_run.calls for made_run in made if made_run.burst and made_run.run.at > now - YEAR
    )


def _reason(made: Sequence[MadeRun], signs: BurstSigns, policy: BurstPolicy) -> str:
    """Return why a burst is wanted, in words; empty when none is.

    One is wanted while the largest Bayes factor is above `BurstPolicy.suspicion`, up to
    `BurstPolicy.most` bursts after a scheduled run. A canary that was hit calls for one burst after
    a scheduled run. None is wanted after an alarm.

    Args:
        made: The model's runs so far, the oldest first.
    """
    bursts = sum(1 for _ in takewhile(lambda made_run: made_run.burst, reversed(made)))
    if signs.alarm or bursts >= policy.most:
        return ""
    if signs.largest > policy.threshold:
        return f"something may have changed, burst {bursts + 1} of at most {policy.most}"
    if signs.canary and not bursts:
        return "a small daily question was answered differently"
    return ""


def _calls_left(made: Sequence[MadeRun], policy: BurstPolicy, scheduled: int, now: datetime) -> int:
    """Return how many calls the year's budget leaves for bursts, after those of the schedule
    (``scheduled``) and the bursts of the last 365 days; negative when it is exceeded.
    """
    return policy.budget - scheduled - calls_spent(made, now)
