"""What metrics are called on cards, and what a model does when one of them changes."""

from dataclasses import dataclass

from overheard.cards import wording


@dataclass(frozen=True, slots=True)
class MetricWords:
    """How cards speak of one metric. An empty text means that there are no words for the case.

    Attributes:
        better: What a model does whose metric became better, as words to follow the model's name;
            with the places ``{brand}`` and, for rates, ``{far}``.
        worse: The same when the metric became worse.
        brands_better: What the brands are whose metric became better: ``Named more``.
        brands_worse: The same when it became worse.
        elsewhere: What a model does when the metric rose at some questions, fell at others and
            hardly moved on the whole.
        title: What a value of the metric is, at the beginning of a line or above a chart.
        noun: What the metric is called within a list.
        counts_mentions: Whether the metric says whether or where a brand is named, and not what is
            said of it.
        counted: What a rate is of.
    """

    better: str = ""
    worse: str = ""
    brands_better: str = ""
    brands_worse: str = ""
    elsewhere: str = ""
    title: str = ""
    noun: str = ""
    counts_mentions: bool = False
    counted: str = "answer"


METRIC_WORDS = {
    "visibility": MetricWords(
        "names {brand}{far} more",
        "names {brand}{far} less",
        "Named more",
        "Named less",
        "names {brand} for other questions",
        "Named",
        "how often you are named",
        counts_mentions=True,
    ),
    "first_choice": MetricWords(
        "recommends {brand} first{far} more",
        "recommends {brand} first{far} less",
        "Recommended first more often",
        "Recommended first less often",
        "recommends {brand} first for other questions",
        "Recommended first",
        "recommendations",
        counts_mentions=True,
    ),
    "top1": MetricWords(
        "names {brand} first{far} more",
        "names {brand} first{far} less",
        "Named first more often",
        "Named first less often",
        "names {brand} first for other questions",
        "Named first",
        "first places",
        counts_mentions=True,
    ),
    "top3": MetricWords(
        "puts {brand} in the first three more",
        "drops {brand} from the first three",
        "Among the first three more often",
        "Among the first three less often",
        "puts {brand} in the first three for other questions",
        "Among the first three",
        "places among the first three",
        counts_mentions=True,
    ),
    "position": MetricWords(
        "names {brand} earlier",
        "names {brand} later",
        "Named earlier",
        "Named later",
        "",
        "Your place",
        "your place",
        counts_mentions=True,
    ),
    "share_of_voice": MetricWords(
        "gives {brand} a larger share",
        "gives {brand} a smaller share",
        "A larger share",
        "A smaller share",
        "",
        "Your share",
        "your share",
    ),
    "overview_shown": MetricWords(
        "shows an overview{far} more often",
        "shows an overview{far} less often",
        "Asked where overviews are shown more often",
        "Asked where overviews are shown less often",
        title="Overview shown",
        noun="how often an overview is shown",
        counted="question",
    ),
    "sentiment": MetricWords(
        "speaks better of {brand}",
        "speaks worse of {brand}",
        "Spoken better of",
        "Spoken worse of",
        "",
        f"Tone, from {wording.MINUS}1 to +1",
        "the tone",
    ),
    "drawback": MetricWords(
        "warns of {brand} less",
        "warns of {brand} more",
        "Fewer drawbacks",
        "More drawbacks",
        "warns of {brand} for other questions",
        "With a drawback",
        "drawbacks",
    ),
    "accuracy": MetricWords(
        "gets more of {brand} right",
        "gets more of {brand} wrong",
        "More facts right",
        "Fewer facts right",
        "",
        "Facts right",
        "facts",
    ),
    "branded_visibility": MetricWords(title="Named when asked by name"),
}
"""The words of the built-in scorers' metrics, in the order in which tables list the metrics.

Of a metric that is not listed, cards say its `Metric.label`. The other lists of built-in metrics:
which one heads an alert (`HEAD_METRICS` in ``detection/decide.py``), which ones brands share
(`ZERO_SUM` in ``detection/explanation.py``), and the words of questions
(``chat/questions/parsed_question.py``).
"""
_NO_WORDS = MetricWords()


def words_of(metric: str) -> MetricWords:
    """Return the words of a metric, given by its name; all empty for a metric without any."""
    return METRIC_WORDS.get(metric, _NO_WORDS)
