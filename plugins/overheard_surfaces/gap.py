"""How answers in an app differ from those by API: the mean difference over the same questions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from overheard import Block, stdtrit

LEVEL = 0.95
"""Coverage of the intervals."""
MIN_QUESTIONS = 4
"""With fewer questions in common, no interval says anything."""

Sums = Mapping[str, tuple[int, float]]
"""Number of answers and sum of their values, by the key of the question."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A metric in an app and by API, over the questions that both have answered.

    Attributes:
        questions: Number of these questions.
        app: Number of answers in the app, and the sum of their values.
        api: The same by API.
        difference: The mean over the questions of the app's mean less that by API.
        interval: Its interval with the coverage `LEVEL`; None with too few questions.
    """

    questions: int
    app: tuple[int, float]
    api: tuple[int, float]
    difference: float
    interval: tuple[float, float] | None

    @property
    def direction(self) -> int:
        """1 if the app's mean is higher beyond chance, -1 if it is lower, else 0."""
        low, high = self.interval or (-1.0, 1.0)
        return 1 if low > 0 else -1 if high < 0 else 0


def sums(blocks: Iterable[Block]) -> dict[str, tuple[int, float]]:
    """Return the sums of one stream by question."""
    found: dict[str, tuple[int, float]] = {}
    for block in blocks:
        n, total = found.get(block.prompt, (0, 0.0))
        found[block.prompt] = (n + block.n, total + block.total)
    return found


def gap(app: Sums, api: Sums) -> Gap | None:
    """Return the difference of two sums by question; None without a question in common.

    The interval is Student's for the mean of the questions' differences. Half a question is added
    that differs by one answer, so that equal questions do not give an interval of width 0.
    """
    both = sorted(app.keys() & api.keys())
    if not both:
        return None
    differences = [app[key][1] / app[key][0] - api[key][1] / api[key][0] for key in both]
    n, mean = len(both), fmean(differences)
    interval = None
    if n >= MIN_QUESTIONS:
        answers = min(fmean(side[key][0] for key in both) for side in (app, api))
        squares = sum((d - mean) ** 2 for d in differences) + 0.5 / answers**2
        half = stdtrit(n - 1, (1 + LEVEL) / 2) * (squares / (n - 1) / n) ** 0.5
        interval = (mean - half, mean + half)
    return Gap(n, _total(app, both), _total(api, both), mean, interval)


def _total(side: Sums, keys: Iterable[str]) -> tuple[int, float]:
    pairs = [side[key] for key in keys]
    return sum(n for n, _ in pairs), sum(total for _, total in pairs)
