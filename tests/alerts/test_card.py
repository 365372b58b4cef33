"""Tests of an alert's card: what it says, and from which numbers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kit.alert_shapes import (
    DAY,
    METRICS,
    MODEL,
    NOON,
    OTHER,
    PROMPTS,
    alert_of,
    answer,
    evidence_of,
    shift_of,
    stream_of,
)
from kit.scripted import reply
from overheard.alerts import message as alert_message_module
from overheard.alerts.answers import figures_card
from overheard.alerts.evidence import AlertEvidence, quotes
from overheard.alerts.message import alert_chart, alert_data
from overheard.alerts.phrases import (
    is_listed,
    moved_words,
    shift_words,
    statement_clause,
    statement_phrase,
    true_value,
)
from overheard.cards.card import Card, Field, Image, Severity
from overheard.cards.charts.trend import Chart, Mark
from overheard.cards.wording import MINUS
from overheard.domain import (
    WHOLE_MODEL,
    AlertState,
    Answer,
    Brand,
    ModelUpdate,
    Prompt,
    PromptShift,
    Question,
    ReportedStatement,
    StatementKind,
)
from overheard.measure.trends import Point


@pytest.fixture
def charts(monkeypatch: pytest.MonkeyPatch) -> list[Chart]:
    """The charts that cards show; none is drawn."""
    shown: list[Chart] = []

    def keep(chart: Chart, name: str) -> Image:
        shown.append(chart)
        return Image(b"", "chart", name)

    monkeypatch.setattr(alert_message_module, "drawn_picture", keep)
    return shown


@pytest.fixture(autouse=True)
def _undrawn(charts: list[Chart]) -> None:
    """Draw no chart in any of these tests."""


def paragraphs(composed: Card) -> list[str]:
    """Return a card's paragraphs."""
    return str(composed.text).split("\n\n")


def test_the_figures_begin_with_the_details_and_what_they_rest_on() -> None:
    """How sure it is, when it began, the answers on both sides, and the number of prompts."""
    composed = figures_card(alert_of(), evidence_of())

    assert composed.title == "m-1 names Acme less"
    assert paragraphs(composed)[:3] == [
        "How sure? The fall: nearly certain. Chance does this about once in 800 years.",
        "Why? It began with the check of 4 Mar.",
        "It rests on 30 answers since then and 1,200 before, to the same 7 questions.",
    ]
    assert composed.footer.startswith("Raised on 2 Mar 2026, 12:00 UTC · by API")
    assert composed.image
    assert composed.image.name == "alert-7.png"


@pytest.mark.parametrize(
    ("hours", "words"),
    [(-48, "It began between 2 and 4 Mar."), (-2, "It began with the check of 4 Mar.")],
)
def test_it_began_between_two_checks_of_two_days(
    monkeypatch: pytest.MonkeyPatch, hours: int, words: str
) -> None:
    """Two checks of one day are no range of days."""
    evidence = evidence_of()
    before = Point(1, evidence.began + timedelta(hours=hours), 0.5, 0.4, 0.6, 30)
    monkeypatch.setattr(AlertEvidence, "points", lambda *_: [before])

    assert f"Why? {words}" in paragraphs(figures_card(alert_of(), evidence))


def test_the_chart_marks_when_it_began_and_when_it_grew(charts: list[Chart]) -> None:
    """Of a range of dates the likeliest is marked as such; an update is marked where the change
    began that fits it, and a growth at the beginning is none.
    """
    dates, day_8 = (NOON + DAY, NOON + 4 * DAY), NOON + 8 * DAY
    figures_card(alert_of(), evidence_of())
    figures_card(alert_of(), evidence_of(likely_starts=dates, grown={5: day_8}))

    assert charts[0].marks == (Mark(NOON + 2 * DAY, "began"),)
    assert charts[1].marks == (Mark(NOON + 2 * DAY, "most likely began"), Mark(day_8, "grew"))
    later = shift_of(run_id=5, updates=(ModelUpdate(MODEL, NOON + DAY),))
    known = [evidence_of(grown={5: at, 6: NOON + 2 * DAY}) for at in (NOON + 2 * DAY, day_8)]
    marks = [alert_chart(later, METRICS["visibility"], one, "Named").marks for one in known]
    assert [[mark.label for mark in shown] for shown in marks] == [
        ["m-1 update, 3 Mar"],
        ["began", "m-1 update, 3 Mar"],
    ]


def test_the_chart_shows_the_brand_and_its_competitors_at_that_model(charts: list[Chart]) -> None:
    """The brand's line is the thick one; what has no stream has no line."""
    streams = (
        stream_of("Acme", MODEL, [[4, 4], [4, 2], [0, 0]]),
        stream_of("Acme", OTHER, [[1, 1], [1, 1], [1, 1]]),
        stream_of("Zeta", MODEL, [[0, 2], [2, 2], [4, 4]]),
    )
    rivals = (Brand("Zeta"), Brand("Umbra"))
    figures_card(alert_of(), evidence_of(streams=streams, rivals=rivals))
    [chart] = charts

    assert chart.title == "Named, of 8 answers · m-1 (API)"
    assert [(line.label, line.emphasis) for line in chart.series] == [
        ("Acme", True),
        ("Zeta", False),
    ]
    assert [point[1] for point in chart.series[0].points] == [1.0, 0.75, 0.0]
    assert [point[1] for point in chart.series[1].points] == [0.25, 0.5, 1.0]


def test_the_table_compares_competitors_here_and_the_brand_elsewhere() -> None:
    """Neither the stream itself nor a competitor at another model is in it."""
    streams = (
        stream_of("Acme", MODEL, [[4, 4], [4, 4], [0, 0]]),
        stream_of("Zeta", MODEL, [[0, 2], [2, 0], [4, 3]]),
        stream_of("Acme", OTHER, [[2, 2], [2, 2], [2, 1]]),
        stream_of("Zeta", OTHER, [[1, 1], [1, 1], [3, 3]]),
        stream_of("Umbra", MODEL, [[0, 0], [0, 0], [0, 0]]),
    )
    composed = figures_card(alert_of(), evidence_of(streams=streams))
    [zeta, acme] = composed.table.rows if composed.table else ()

    assert composed.table
    assert composed.table.header == ("Visibility of", "At", "Before", "After", "Change")
    assert zeta[:4] == ("Zeta", "m-1", "25 %", "88 %")
    assert acme[:4] == ("Acme", "m-2", "50 %", "38 %")
    assert (zeta[4], acme[4]) == ("+62 points", f"{MINUS}12 points")
    assert composed.table.right == frozenset({2, 3, 4})


def test_the_table_is_cut_where_the_shift_began() -> None:
    """Before and after are those of the run with which it began, and not of the alert's run."""
    rival = stream_of("Zeta", MODEL, [[0, 0], [4, 4], [4, 4]])
    composed = figures_card(alert_of(shift_of(began=2)), evidence_of(streams=(rival,)))

    assert composed.table
    assert composed.table.rows[0][2:4] == ("0 %", "100 %")
    assert figures_card(alert_of(), evidence_of()).table is None


def test_the_table_of_a_model_as_a_whole_has_the_brands_there() -> None:
    """First those that the alert reports, in its order, then the others by name."""
    rows = [[4, 4], [4, 4], [0, 0]]
    brands = ("Umbra", "Zeta", "Mono", "Acme")
    streams = [stream_of(brand, MODEL, rows) for brand in brands]
    streams += [stream_of("Acme", OTHER, rows), stream_of("Nulla", MODEL, [[0, 0]])]
    whole = shift_of(brand=WHOLE_MODEL)
    also = (shift_of(brand="Zeta"), shift_of(brand="Acme"))
    composed = figures_card(alert_of(whole, also=also), evidence_of(streams=tuple(streams)))

    assert composed.table
    assert [row[:2] for row in composed.table.rows] == [
        (brand, "m-1") for brand in ("Zeta", "Acme", "Mono", "Umbra")
    ]
    assert composed.table.rows[0][2:4] == ("100 %", "0 %")
    assert composed.table.right == frozenset({2, 3, 4})


def test_the_fields_are_the_numbers_of_the_shift() -> None:
    """Before, after, change, interval and level, also once it is over."""
    assert figures_card(alert_of(), evidence_of()).fields == (
        Field("Before", "70 %"),
        Field("After", "45 %"),
        Field("Change", f"{MINUS}25 points"),
        Field("Likely range of it", f"{MINUS}40 to {MINUS}10 points"),
        Field("Certainty", "nearly certain"),
    )
    over = alert_of(state=AlertState.RECOVERED)
    assert figures_card(over, evidence_of()).fields[-1] == Field("Certainty", "nearly certain")


def test_growth_is_told_with_its_run_and_its_own_certainty() -> None:
    """Each step has a sentence; the last field is the value of the metric that heads it."""
    later = (
        shift_of(run_id=5, before=0.45, after=0.3, change=-0.15, chance_a_year=0.1),
        shift_of(run_id=8, before=0.3, after=0.1, change=-0.2, chance_a_year=0.05),
        shift_of(run_id=8, metric="position", before=2.0, after=3.5, change=1.5),
    )
    alert = alert_of(later=later)
    composed = figures_card(alert, evidence_of(grown={5: NOON + 5 * DAY, 8: NOON + 8 * DAY}))

    assert (
        "It has grown: with the check of 7 Mar 2026, 12:00 UTC, visibility fell from 45 % to 30 % "
        "(likely). "
        "It has grown: with the check of 10 Mar 2026, 12:00 UTC, visibility fell from 30 % to 10 % "
        "(likely). "
        "It has grown: with the check of 10 Mar 2026, 12:00 UTC, position became worse from "
        "2.0 to 3.5 (nearly certain)."
    ) in paragraphs(composed)
    assert composed.fields[-1] == Field("Since it grew", "10 %")
    assert moved_words(alert, METRICS) == "named less"


def test_other_metrics_that_moved_in_the_run_are_named() -> None:
    """A line for each, with its values."""
    also = (
        shift_of(metric="position", before=2.0, after=3.5, change=1.5),
        shift_of(metric="gone", before=0.25, after=0.125, change=-0.125),
    )
    composed = figures_card(alert_of(also=also), evidence_of())

    told = "At the same time:\nPosition: 2.0 → 3.5\nGone: 0.25 → 0.12"
    assert told in paragraphs(composed)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "", "The service does not say which model it serves, so an update would not show."),
        (
            "m-1-0301",
            "",
            "The service no longer says which model it serves, so an update would not show.",
        ),
        (
            "",
            "m-1-0501",
            "The service says only since then which model it serves, so an update would not show.",
        ),
        (
            "m-1-0301",
            "m-1-0301",
            "The service reports the same model as before: if it was updated, then in silence.",
        ),
        ("m-1-0301", "m-1-0501", "The service reports another model than before: m-1-0501 fp."),
    ],
)
def test_the_served_model_before_is_compared_with_the_one_since(
    before: str, after: str, said: str
) -> None:
    """An answer of the moment at which it began counts as after."""
    marked = "fp" if after and after != before else ""
    answers = (answer(0, 1, served=before), answer(0, 2, served=after, fingerprint=marked))

    assert said in paragraphs(figures_card(alert_of(), evidence_of(answers=answers)))


def test_the_five_prompts_that_moved_most_are_listed() -> None:
    """A prompt that did not move is left out, and a prompt without an answer has its key."""
    moved = [(0, 1.0, 0.0), (1, 1.0, 1.0), (2, 0.9, 0.1), (3, 0.8, 0.2), (4, 0.0, 0.4)]
    prompts = tuple(PromptShift(PROMPTS[n].key, a, b, 3, 3) for n, a, b in moved)
    more = tuple(PromptShift(key, 0.5, 0.4, 3, 3) for key in ("fifth", "sixth"))
    composed = figures_card(alert_of(shift_of(prompts=prompts + more)), evidence_of())

    assert paragraphs(composed)[-1].split("\n") == [
        "The questions that moved most:",
        "100 % → 0 %  Which tool is best for team 0?",
        "90 % → 10 %  Which tool is best for team 2?",
        "80 % → 20 %  Which tool is best for team 3?",
        "0 % → 40 %  Which tool is best for team 4?",
        "50 % → 40 %  fifth",
    ]


def test_an_alert_whose_scorer_is_gone_shows_what_is_kept() -> None:
    """Without a chart, and with the numbers as they were stored."""
    composed = figures_card(alert_of(shift_of(metric="gone")), evidence_of())

    assert paragraphs(composed)[0] == (
        'The plugin that measures "gone" is not installed any more: gone fell from 0.70 to 0.45.'
    )
    assert (composed.table, composed.image, composed.fields) == (None, None, ())
    assert composed.data["metric"] == "gone"
    assert "Only this model moved." in paragraphs(composed)
    whole = figures_card(alert_of(shift_of(brand=WHOLE_MODEL, metric="gone")), evidence_of())
    assert "is not installed any more" in paragraphs(whole)[0]
    assert composed.severity is whole.severity is Severity.WARNING


def test_the_figures_of_claims_have_every_claim_what_is_cited_and_what_moved() -> None:
    """A message says two of them; the metric that moved with them has its values."""
    claims = [
        shift_of(
            metric="false claims",
            statement=ReportedStatement(
                StatementKind.CLAIM, "price", said, "$14", sources=("a.com",), answers=6, asked=24
            ),
        )
        for said in ("$49", "$59", "$69")
    ]
    composed = figures_card(alert_of(claims[0], also=(*claims[1:], shift_of())), evidence_of())

    assert all(f"It says “{said}” in 6" in str(composed.text) for said in ("$49", "$59", "$69"))
    assert "Cited next to it: a.com." in paragraphs(composed)
    assert [field.value for field in composed.fields[:2]] == ["70 %", "45 %"]
    alone = figures_card(alert_of(claims[0], later=tuple(claims[1:])), evidence_of())
    assert alone.fields == ()
    assert not any(
        words in str(alone.text) for words in ("moved most", "It rests on", "It has grown")
    )


def test_a_statement_is_said_after_the_name_of_a_model() -> None:
    """A false claim with what is said, a grave sentence by its topic."""
    claim = ReportedStatement(StatementKind.CLAIM, "price", "$49", "$14", answers=6, asked=24)
    grave = ReportedStatement(StatementKind.GRAVE, "fraud", "", "", answers=2, asked=24)

    assert statement_phrase(claim, "Acme") == "says Acme's price is “$49”"
    assert statement_phrase(grave, "Acme").startswith("speaks of ")
    assert statement_phrase(grave, "Acme").endswith(" at Acme")
    topic = statement_phrase(grave, "Acme").removeprefix("speaks of ").removesuffix(" at Acme")
    assert statement_clause(grave) == f"it speaks of {topic}"


@pytest.mark.parametrize(
    ("topic", "listed", "truth"),
    [
        ("Never say", True, "not so"),
        ("Discontinued products", True, "discontinued"),
        ("price", False, "$14"),
    ],
)
def test_what_must_not_be_stated_is_no_value(topic: str, truth: str, *, listed: bool) -> None:
    """In any case of its letters; what is true of it is in words."""
    assert is_listed(topic) is listed
    assert true_value(topic, "$14") == truth


def test_an_alert_for_machines_has_all_of_its_shifts() -> None:
    """The head, what moved with it, and the growth with its runs."""
    also = (shift_of(metric="position", before=2.0, after=3.5, change=1.5, recovery=True),)
    data = alert_data(alert_of(also=also, later=(shift_of(run_id=5, after=0.2),)))

    assert (data["id"], data["run_id"], data["brand"], data["model"]) == (7, 3, "Acme", "svc/m-1")
    assert (data["before"], data["after"], data["change"]) == (0.7, 0.45, -0.25)
    assert (data["interval"], data["chance_a_year"]) == ([-0.4, -0.1], 0.00125)
    assert (data["recovery"], data["explanation"]) == (False, "Only this model moved.")
    assert [(one["metric"], one["after"], one["recovery"]) for one in data["also"]] == [
        ("position", 3.5, True)
    ]
    assert [(one["run_id"], one["after"]) for one in data["later"]] == [(5, 0.2)]


def test_a_shift_of_no_size_fell() -> None:
    """The word follows the sign of the change."""
    assert shift_words(shift_of(change=0.0), METRICS) == "visibility fell from 70 % to 45 %"
    assert shift_words(shift_of(change=0.5), METRICS) == "visibility rose from 70 % to 45 %"


SILENT, NAMED = "Others are better. Zeta is cheap.", "Many are good. Acme is best."


def test_quotes_show_the_brand_before_it_fell_and_its_absence_after() -> None:
    """The answers nearest to the shift speak; of those, one that shows it best."""
    answers = (
        answer(0, 0, "Acme was first once."),
        answer(0, 1, NAMED),
        answer(0, 2, "Acme is still here."),
        answer(0, 3, SILENT),
    )
    shift = shift_of(prompts=(PromptShift(PROMPTS[0].key, 1.0, 0.0, 3, 3),))
    before, after = quotes(shift, evidence_of(answers=answers))

    assert (before.source, before.text.text) == (
        "Before, asked “Which tool is best for team 0?”",
        "Acme is best.",
    )
    assert (after.source, after.text.text) == (
        "After, asked “Which tool is best for team 0?”",
        "Zeta is cheap.",
    )


def test_quotes_show_the_brand_after_it_rose() -> None:
    """Then absence shows best before, and the name since."""
    answers = (answer(0, 0, NAMED), answer(0, 1, SILENT), answer(0, 2, SILENT), answer(0, 3, NAMED))
    shift = shift_of(change=0.5, prompts=(PromptShift(PROMPTS[0].key, 0.0, 1.0, 3, 3),))

    said = [quote.text.text for quote in quotes(shift, evidence_of(answers=answers))]
    assert said == ["Zeta is cheap.", "Acme is best."]


def test_quotes_come_from_two_prompts_that_moved_with_the_shift() -> None:
    """A prompt that moved against it, or not at all, is not quoted; more are when asked for."""
    rates = [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0), (1.0, 0.2), (1.0, 0.4)]
    prompts = tuple(
        PromptShift(PROMPTS[n].key, before, after, 3, 3) for n, (before, after) in enumerate(rates)
    )
    answers = tuple(answer(n, day) for n in range(5) for day in (1, 2))
    shift, known = shift_of(prompts=prompts), evidence_of(answers=answers)

    assert [quote.source[-8:] for quote in quotes(shift, known)] == ["team 2?”"] * 2 + [
        "team 3?”"
    ] * 2
    assert len(quotes(shift, known, most=5)) == 6


def test_an_answer_that_names_nobody_is_quoted_from_its_beginning() -> None:
    """And an empty one is passed over."""
    answers = (answer(0, 2, ""), answer(0, 3, "It depends. Ask a friend."))
    shift = shift_of(prompts=(PromptShift(PROMPTS[0].key, 1.0, 0.0, 3, 3),))
    [quote] = quotes(shift, evidence_of(answers=answers))

    assert quote.text.text == "It depends."


def test_long_quotes_and_prompts_are_cut() -> None:
    """A quote at 300 characters, a prompt at 100 in a quote and at 90 in the list."""
    prompt = Prompt("Which " + "x" * 120)
    text = "Acme " + "y" * 400
    known = evidence_of(answers=(Answer(1, Question(prompt, MODEL), reply(text), NOON),))
    shift = shift_of(prompts=(PromptShift(prompt.key, 1.0, 0.0, 3, 3),))
    [quote] = quotes(shift, known)

    assert len(quote.text.text) == 300
    assert len(quote.source) == len("Before, asked “”") + 100
    listed = paragraphs(figures_card(alert_of(shift), known))[-1].split("\n")[1]
    assert len(listed) == len("100 % → 0 %  ") + 90


def test_evidence_finds_the_stream_of_a_brand_at_the_model() -> None:
    """Not that of another model or metric."""
    streams = (
        stream_of("Acme", OTHER, [[1, 1]]),
        stream_of("Acme", MODEL, [[1, 1]], "position"),
        stream_of("Acme", MODEL, [[2, 2]]),
    )
    known = evidence_of(streams=streams)

    assert known.stream("Acme", shift_of()) is streams[2]
    assert known.stream("Zeta", shift_of()) is None
    assert replace(known, streams=()).stream("Acme", shift_of()) is None
