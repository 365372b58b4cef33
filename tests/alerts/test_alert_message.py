"""Tests of an alert's message: what is worst is in its title, and nothing contradicts it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from kit.alert_shapes import (
    DAY,
    MODEL,
    NOON,
    OTHER,
    PROMPTS,
    alert_of,
    evidence_of,
    shift_of,
    stream_of,
)
from overheard.alerts import message as messages
from overheard.alerts.evidence import AlertEvidence
from overheard.alerts.message import alert_message
from overheard.alerts.metric_wording import LEAST_MOVED
from overheard.alerts.story import AlertPart, Period
from overheard.alerts.titles import brand_shifts
from overheard.cards.card import Card, Image, Severity
from overheard.cards.charts.trend import Chart
from overheard.detection.explanation import CAUSES, Explanation, Hypothesis
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    AlertState,
    Brand,
    Metric,
    ModelUpdate,
    PromptShift,
    ReportedStatement,
    Scale,
    StatementKind,
)
from overheard.measure.blocks import Stream

ASKED = " · by API, not the app"
"""How the model was asked, at the end of each last line."""
CLAIM = ReportedStatement(StatementKind.CLAIM, "price", "$49", "$14 a month", answers=6, asked=24)
METRICS = {
    "visibility": Metric("visibility", Scale.BINARY, "Visibility"),
    "sentiment": Metric("sentiment", Scale.POLARITY, "Sentiment"),
    "drawback": Metric("drawback", Scale.BINARY, "Drawback named", lower_is_better=True),
    "joy": Metric("joy", Scale.SHARE, "Joy"),
}


@pytest.fixture(autouse=True)
def charts(monkeypatch: pytest.MonkeyPatch) -> list[Chart]:
    """The charts that messages show; none is drawn."""
    shown: list[Chart] = []

    def keep(chart: Chart, name: str) -> Image:
        shown.append(chart)
        return Image(b"", "chart", name)

    monkeypatch.setattr(messages, "drawn_picture", keep)
    return shown


def evidence(*streams: Any, **more: Any) -> AlertEvidence:
    """Make the evidence of an alert about Acme, with Zeta as its competitor."""
    return evidence_of(streams=streams, metrics=METRICS, rivals=(Brand("Zeta"),), **more)


FELL = stream_of("Acme", MODEL, [[4, 4], [4, 3], [1, 0]])
GAINED = stream_of("Zeta", MODEL, [[1, 1], [1, 1], [3, 3]])
STILL = stream_of("Acme", OTHER, [[3, 3], [3, 3], [3, 3]])
MOVED_TOO = stream_of("Acme", OTHER, [[4, 4], [4, 4], [0, 0]])


def words(card: Card) -> str:
    """Return all words of a card."""
    return " ".join(filter(None, (card.title, str(card.text), card.footer)))


def test_the_message_has_the_news_in_words(charts: list[Chart]) -> None:
    """What it is now and usually, who gained, how sure that is, and which model did not change."""
    update = ModelUpdate(MODEL, NOON + DAY)
    shift = shift_of(change=-0.8, began=3, updates=(update,))
    known = evidence(FELL, GAINED, STILL, began=NOON + 3 * DAY)
    card = alert_message(alert_of(shift), known)

    assert card.title == "m-1 names Acme far less"
    assert card.text == "Named in 1 of 8 answers, usually 8. Zeta took your place."
    assert card.footer == (f"Nearly certain · fits m-1's update of 3 Mar · m-2 unchanged{ASKED}")
    assert card.severity is Severity.BAD
    assert charts[0].title == "Named, of 8 answers · m-1 (API)"
    assert [mark.label for mark in charts[0].marks] == ["m-1 update, 3 Mar"]
    assert card.table is not None
    assert card.table.pictured
    assert card.table.header == ("Brand", "Usually", "5 Mar")
    assert card.table.rows == (("Zeta", "2 of 8", "6 of 8"), ("Acme", "8 of 8", "1 of 8"))
    assert card.table.strong == 1
    assert card.table.right == {1, 2}, "its figures stand on the right"


def test_the_table_has_no_usual_value_before_there_is_one() -> None:
    """A brand without earlier answers has a dash; in a first check there is no such column."""
    claim = alert_of(shift_of(metric="false claims", statement=CLAIM))
    began = NOON + DAY
    first = alert_message(claim, evidence(stream_of("Acme", MODEL, [[2, 1]]), began=began)).table
    young = replace(
        stream_of("Zeta", MODEL, [[0, 0], [0, 0], [3, 3]]), n=np.array([[0, 0], [0, 0], [4, 4]])
    )
    later = alert_message(alert_of(shift_of(began=3)), evidence(FELL, young, began=NOON + 3 * DAY))

    assert first
    assert first.header == ("Brand", "3 Mar")
    assert first.rows == (("Acme", "3 of 8"),)
    assert first.right == {1}
    assert later.table
    assert later.table.rows[0] == ("Zeta", "-", "6 of 8")


def test_a_false_claim_is_the_worst_news() -> None:
    """It heads the title; that accuracy fell with it goes without saying."""
    claim = shift_of(metric="false claims", statement=CLAIM)
    also = (shift_of(change=-0.8), shift_of(metric="accuracy"), shift_of(metric="sentiment"))
    card = alert_message(alert_of(claim, also=also), evidence(FELL, began=NOON + 3 * DAY))

    assert card.title == "m-1 gets Acme's price wrong and names it far less"
    assert str(card.text).splitlines() == [
        "It says “$49” in 6 answers; in truth $14 a month.",
        "Named in 1 of 8 answers, usually 8.",
        "Also worse: the tone.",
    ]


@pytest.mark.parametrize(
    ("also", "line"),
    [
        ({"sentiment": -0.3, "joy": 0.3}, "Also worse: the tone."),
        ({"joy": 0.3, "drawback": -0.3}, "Also better: joy and drawbacks."),
        ({"drawback": LEAST_MOVED, "joy": 0.3}, "Also worse: drawbacks."),
        ({"drawback": LEAST_MOVED - 0.001, "joy": 0.3}, "Also better: joy."),
        ({"sentiment": -0.01}, "Also worse: the tone."),
        ({"accuracy": -0.3}, "Also worse: facts."),
        ({"sentiment": -0.3, "joy": -0.3, "drawback": 0.3}, "Also worse: the tone and joy."),
    ],
)
def test_what_else_became_worse_is_named_before_what_became_better(
    also: Mapping[str, float], line: str
) -> None:
    """Two metrics at most, and no rate that hardly moved."""
    shifts = tuple(shift_of(metric=name, change=change) for name, change in also.items())
    card = alert_message(
        alert_of(shift_of(change=-0.8), also=shifts), evidence(FELL, began=NOON + 3 * DAY)
    )

    assert str(card.text).splitlines()[-1] == line


def test_the_brands_of_a_model_as_a_whole_are_those_that_moved() -> None:
    """The tracked ones, the largest change first; all of them if no tracked one moved."""
    rivals = (Brand("Zeta"), Brand("Umbra", tracked=False), Brand("Mono"), Brand("Nulla"))
    streams = (
        stream_of("Acme", MODEL, [[4, 4], [4, 4], [3, 3]]),
        stream_of("Zeta", MODEL, [[0, 0], [0, 0], [4, 4]]),
        stream_of("Umbra", MODEL, [[4, 4], [4, 4], [0, 0]]),
        stream_of("Mono", MODEL, [[4, 4], [4, 4], [4, 4]]),
    )
    whole = alert_of(shift_of(brand=WHOLE_MODEL), also=(shift_of(),))

    def shown(*present: Stream, **more: Any) -> list[tuple[str, float, float, float]]:
        known = evidence_of(streams=present, rivals=rivals, began=NOON + 3 * DAY, **more)
        return [(s.brand, s.before, s.after, s.change) for s in brand_shifts(whole, known)]

    assert shown(*streams) == [("Zeta", 0.0, 1.0, 1.0), ("Acme", 1.0, 0.75, -0.25)]
    assert shown(*streams[2:]) == [("Umbra", 1.0, 0.0, -1.0), ("Mono", 1.0, 1.0, 0.0)]
    assert shown() == []
    moved_before = Period(NOON, None, 5)
    unusual = shown(*streams[:2], earlier=(moved_before,))
    assert unusual == [("Zeta", 0.0, 1.0, 1.0), ("Acme", 0.7, 0.75, pytest.approx(0.05))]


def test_a_competitor_passes_only_from_a_value_that_is_known() -> None:
    """One without a check before the change may have been in front already."""
    streams = (
        stream_of("Umbra", MODEL, [[1, 1], [1, 1], [4, 4]]),
        stream_of("Acme", MODEL, [[2, 2], [2, 2], [2, 2]]),
    )
    rise = alert_of(shift_of(brand="Umbra", change=0.75))

    def title(days: int) -> str:
        rival = Brand("Umbra", tracked=False)
        began = NOON + days * DAY
        known = evidence_of(streams=streams, brand=rival, rivals=(Brand("Acme"),), began=began)
        return alert_message(rise, known).title

    assert title(3) == "Umbra rises at m-1 and passes you"
    assert title(0) == "Umbra rises at m-1"


def test_a_message_that_is_too_long_leaves_out_what_else_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with two topics, a mean, an update, a cause and an owner; then what other models did. The
    details have both.
    """
    alert = alert_of(shift_of(change=-0.8), also=(shift_of(metric="sentiment"),))
    known = evidence(FELL, STILL, began=NOON + 3 * DAY)
    whole = alert_message(alert, known)
    assert "Also worse: the tone." in str(whole.text)
    assert whole.footer.endswith(f" · m-2 unchanged{ASKED}")
    said = f"{whole.title} {whole.text} {whole.footer}".split()
    monkeypatch.setattr(messages, "MAX_MESSAGE_WORDS", len(said) - 1)
    shorter = alert_message(alert, known)
    monkeypatch.setattr(messages, "MAX_MESSAGE_WORDS", len(said) - 5)
    shortest = alert_message(alert, known)

    assert shorter.text == shortest.text == "Named in 1 of 8 answers, usually 8."
    assert shorter.footer == whole.footer
    assert shortest.footer == whole.footer.replace(" · m-2 unchanged", "")


def test_a_message_tells_the_latest_check() -> None:
    """Its counts are those of that check, also where nothing of a part is left."""
    claim = shift_of(metric="false claims", statement=CLAIM)
    alert, began = alert_of(claim, also=(shift_of(change=-0.8),)), NOON + 3 * DAY
    again = alert_message(alert, evidence(FELL, GAINED, began=began, stated={CLAIM: 7}))
    gone = alert_message(alert, evidence(FELL, GAINED, began=began, stated={CLAIM: 0}))
    back = stream_of("Acme", MODEL, [[4, 4], [4, 3], [4, 4]])
    eased = evidence(back, GAINED, began=began, over=frozenset({AlertPart.METRICS}))

    assert "It says “$49” in 7 answers; in truth" in str(again.text)
    assert "It said “$49”; no answer of the latest check does." in str(gone.text)
    assert gone.title == "m-1 got Acme's price wrong and names it far less"
    assert "Zeta took your place" in str(gone.text)
    assert "took your place" not in str(alert_message(alert, eased).text)


def test_a_check_that_does_not_show_the_change_says_what_does() -> None:
    """The title is of the change, and the counts are of the latest check: the mean is told, too."""
    back = stream_of("Acme", MODEL, [[4, 4], [1, 0], [4, 4]])
    card = alert_message(alert_of(shift_of(change=-0.8)), evidence(back))

    assert card.title == "m-1 names Acme far less"
    assert card.text == "Named in 8 of 8 answers, usually 8; 5 on average since 4 Mar."


def test_questions_that_moved_both_ways_are_neither_less_nor_more() -> None:
    """As many answers as usual, to other questions: the message says for which it is less."""
    fell, rose = PROMPTS[:2]
    moved = (PromptShift(fell.key, 1.0, 0.0, 3, 3), PromptShift(rose.key, 0.0, 1.0, 3, 3))
    shift = shift_of(change=-0.01, prompts=moved)
    swapped = stream_of("Acme", MODEL, [[4, 0], [4, 0], [0, 4]])
    card = alert_message(alert_of(shift), evidence(swapped, began=NOON + 3 * DAY))

    assert card.title == "m-1 names Acme for other questions"
    assert card.text == (
        "Named in 4 of 8 answers, usually 4. Less for “Which tool is best for team 0?”"
    )
    assert card.severity is Severity.WARNING


def test_a_fall_that_is_over_is_named_again_whatever_single_questions_did() -> None:
    """Only where questions moved both ways and the whole hardly did, it speaks as before."""
    fell, rose = PROMPTS[:2]
    both = (PromptShift(fell.key, 1.0, 0.0, 3, 3), PromptShift(rose.key, 0.0, 1.0, 3, 3))

    def title(change: float, prompts: tuple[PromptShift, ...]) -> str:
        shift = shift_of(change=change, after=0.7 + change, prompts=prompts)
        over = alert_of(shift, state=AlertState.RECOVERED)
        return alert_message(over, evidence(FELL)).title

    assert title(-0.3, both) == title(-0.01, both[:1]) == "m-1 names Acme again"
    assert title(-0.01, both) == "m-1 speaks of Acme as before"


def test_a_false_claim_leaves_what_is_usual_as_it_was() -> None:
    """The earlier checks are usual, also those that state it."""
    claim = shift_of(metric="false claims", statement=CLAIM)
    card = alert_message(alert_of(claim), evidence(FELL, began=NOON))
    assert str(card.text).splitlines()[1] == "Named in 1 of 8 answers, usually 8."


@pytest.mark.parametrize("state", list(AlertState))
def test_what_is_over_says_so(state: AlertState) -> None:
    """The title of a recovery is good news; in no other state it is."""
    claim = shift_of(metric="false claims", statement=CLAIM)
    for alert in (alert_of(state=state), alert_of(claim, state=state)):
        title = alert_message(alert, evidence(FELL, right=frozenset({"price"}))).title
        recovered = "again" in title or "right" in title
        assert recovered == (state is AlertState.RECOVERED), title


def test_what_is_over_names_nothing_else_that_had_moved() -> None:
    """An open alert does."""
    also = (shift_of(metric="sentiment"),)
    known = evidence(FELL, began=NOON + 3 * DAY)
    texts = {
        state: str(
            alert_message(alert_of(shift_of(change=-0.8), also=also, state=state), known).text
        )
        for state in (AlertState.OPEN, AlertState.RECOVERED)
    }

    assert "Also worse: the tone." in texts[AlertState.OPEN]
    assert "the tone" not in texts[AlertState.RECOVERED]


def test_what_is_not_stated_any_more_is_not_called_right() -> None:
    """No answer of the last checks states the price: it is no longer wrong, and that is all."""
    claim = shift_of(metric="false claims", statement=CLAIM)
    ceo = shift_of(metric="false claims", statement=replace(CLAIM, topic="ceo"))
    both = alert_of(claim, also=(ceo, shift_of()), state=AlertState.RECOVERED)

    assert alert_message(alert_of(claim, state=AlertState.RECOVERED), evidence(FELL)).title == (
        "m-1 no longer gets Acme's price wrong"
    )
    assert alert_message(both, evidence(FELL, right=frozenset({"price"}))).title == (
        "m-1 has Acme's price right and no longer gets its CEO wrong and names it again"
    )


def test_who_takes_care_of_it_is_in_the_last_line() -> None:
    """By name, without the id."""
    taken = alert_of(state=AlertState.ACKNOWLEDGED, by="Maya (slack:U1)")
    over = replace(taken, state=AlertState.RECOVERED)

    assert alert_message(taken, evidence(FELL)).footer.endswith(f"Maya has it{ASKED}")
    assert alert_message(over, evidence(FELL)).footer.endswith(f"Maya had it{ASKED}")


def test_another_model_that_moved_is_not_called_unchanged() -> None:
    """A change of ten points, or of a quarter of the brand's own, is one; a model that moved the
    other way, or hardly next to one that did, is not named.
    """
    began = NOON + 3 * DAY
    back = stream_of("Acme", OTHER, [[0, 0], [0, 0], [4, 4]])
    less = stream_of("Acme", OTHER, [[4, 4], [4, 4], [3, 3]])
    tenth = replace(STILL, total=np.array([[2.0, 2.0], [2.0, 2.0], [1.5, 1.5]]))
    hardly = stream_of("Acme", replace(OTHER, name="m-3"), [[2, 2], [2, 2], [2, 1]])
    hardly = replace(hardly, total=np.array([[2.0, 2.0], [2.0, 2.0], [1.85, 1.85]]))
    tone = [replace(one, key=one.key._replace(metric="sentiment")) for one in (FELL, MOVED_TOO)]

    def footer(*streams: Any, **more: Any) -> str:
        alert = alert_of(shift_of(**{"change": -0.8, **more}))
        return alert_message(alert, evidence(*streams, began=began)).footer

    for footer_of_moved in (
        footer(FELL, MOVED_TOO),
        footer(FELL, MOVED_TOO, hardly),
        footer(FELL, tenth),
        footer(FELL, less, change=-0.4),
    ):
        assert footer_of_moved.endswith(f"m-2 too{ASKED}")
        assert "m-3" not in footer_of_moved
    assert "m-2" not in footer(FELL, back) + footer(FELL) + footer(*tone, metric="sentiment")


def test_a_metric_whose_scorer_is_gone_is_named() -> None:
    """A metric that is only not measured at the moment says nothing of a plugin."""
    gone = alert_message(alert_of(shift_of(metric="gone")), evidence(FELL))
    silent = alert_message(alert_of(), evidence())

    assert 'The plugin that measures "gone" is not installed any more' in str(gone.text)
    assert "plugin" not in str(silent.text)


def test_an_alert_keeps_its_budget() -> None:
    """60 words and 12 numbers, with two claims and all that can be said."""
    claims = [
        shift_of(metric="false claims", statement=replace(CLAIM, said=f"{n} " + "word " * 30))
        for n in (1, 2, 3)
    ]
    moved = [shift_of(metric=name) for name in ("visibility", "sentiment", "drawback", "top3")]
    alert = alert_of(claims[0], also=(*claims[1:], *moved), state=AlertState.ACKNOWLEDGED, by="Ada")
    card = alert_message(alert, evidence(FELL, GAINED, STILL, began=NOON + timedelta(days=3)))

    assert len(words(card).split()) <= 60
    assert sum(any(c.isdigit() for c in word) for word in words(card).split()) <= 12


def said_of(cause: Hypothesis) -> Explanation:
    """Return an explanation that names one cause."""
    words = f"This is probably {CAUSES[cause].pattern}."
    return Explanation(((CAUSES[cause], 0.89),), words, words)


def test_the_last_line_says_how_sure_it_is_and_what_it_is_part_of() -> None:
    """As sure as the surest of its shifts; a part of a model's change has that change's cause."""
    cause = said_of(Hypothesis.BRAND_EVERYWHERE)
    surer = (shift_of(metric="sentiment", chance_a_year=0.4), shift_of(metric="joy"))
    own = alert_of(shift_of(chance_a_year=0.4), also=surer)
    whole = replace(alert_of(shift_of(brand=WHOLE_MODEL)), id=9)

    def footer(alert: Alert, **more: Any) -> str:
        return alert_message(alert, evidence(FELL, began=NOON + 3 * DAY, **more)).footer

    probably = f"probably {CAUSES[Hypothesis.BRAND_EVERYWHERE].short.format(brand='Acme')}"
    assert footer(own, explanation=cause) == f"Nearly certain · {probably}{ASKED}"
    likely = alert_of(shift_of(chance_a_year=0.4), also=surer[:1])
    assert footer(likely) == f"Likely{ASKED}"
    assert footer(own, explanation=cause, model_alert=whole) == (
        f"Nearly certain · part of m-1's change as a whole{ASKED}"
    )
    assert footer(alert_of(shift_of(chance_a_year=None))) == ASKED.removeprefix(" · ")
    assert footer(whole, model_alert=whole) == (
        f"Nearly certain · part of what moved at all models{ASKED}"
    )
    everything = footer(whole, explanation=said_of(Hypothesis.EVERYTHING))
    assert everything == f"Nearly certain{ASKED}", "its title says so"


def test_a_statement_is_not_said_to_be_told_by_another_model_too() -> None:
    """What else moved with it may be; unchanged models are named."""
    claim = shift_of(metric="false claims", statement=CLAIM)
    moved, began = alert_of(claim, also=(shift_of(change=-0.8),)), NOON + 3 * DAY

    assert "too" not in alert_message(alert_of(claim), evidence(FELL, MOVED_TOO)).footer
    assert alert_message(moved, evidence(FELL, STILL, began=began)).footer.endswith(
        f"m-2 unchanged{ASKED}"
    )
