import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from io import BytesIO
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overheard.cards.charts import bars, forest
from overheard.cards.charts.bars import Bar, Bars
from overheard.cards.charts.forest import Span, Spans
from overheard.cards.charts.trend import Chart, Mark, Series, alt, draw
from overheard.cards.wording import MINUS
from overheard.domain import Scale

START = datetime(2026, 2, 2, 6, tzinfo=UTC)
WEEK = timedelta(days=7)
BLUE = (0x00, 0x72, 0xB2)


def line(label: str, *means: float, emphasis: bool = False, every: timedelta = WEEK) -> Series:
    """Return a line with a run every week."""
    points = ((START + every * i, m, m - 0.05, m + 0.05) for i, m in enumerate(means))
    return Series(label, tuple(points), emphasis)


ACME = line("Acme", 0.84, 0.82, 0.43, 0.41, emphasis=True)
GLOBEX = line("Globex", 0.5, 0.5, 0.5, 0.52)
CHART = Chart("Visibility of Acme", Scale.BINARY, (GLOBEX, ACME), caption="Share of answers.")
UPDATE = Mark(START + WEEK * 1.5, "gpt-5 update")


def pixels(png: bytes) -> Any:
    """Return a picture as rows x columns x (red, green, blue), each 0 to 255."""
    from matplotlib.image import imread

    return (imread(BytesIO(png), format="png")[:, :, :3] * 255).round().astype(int)


def amount(picture: Any, color: tuple[int, int, int]) -> int:
    """Return how many pixels are of exactly this colour."""
    return int(np.sum(np.all(picture == color, axis=2)))


def figure(chart: Chart | Bars | Spans) -> Any:
    """Return a chart as matplotlib's drawn figure."""
    from overheard.cards.charts.trend_plot import figure

    if isinstance(chart, Bars):
        return bars.figure(chart)
    return forest.figure(chart) if isinstance(chart, Spans) else figure(chart)


Box = tuple[str, Any]
"""A text, and where it is drawn."""


def ticks(axis: Any) -> list[Box]:
    """Return the labels of an axis' ticks, from left to right or from the foot to the top."""
    low, high = sorted(axis.get_view_interval())
    shown = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    labels = [label for tick in shown for label in (tick.label1, tick.label2)]
    found = [
        (label.get_text().strip(), label.get_window_extent())
        for label in labels
        if axis.get_visible() and label.get_visible() and label.get_text()
    ]
    return sorted(found, key=lambda label: label[1].x0 if axis.axis_name == "x" else label[1].y0)


def boxes(figure: Any) -> list[Box]:
    """Return all texts of a figure."""
    axes = [*figure.axes, *figure.axes[0].child_axes]
    texts = [*figure.texts, *axes[0].texts, axes[0].xaxis.get_offset_text()]
    found = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    return found + [label for each in axes for a in (each.xaxis, each.yaxis) for label in ticks(a)]


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_chart_is_a_sharp_png() -> None:
    """A chart is 1800 x 960 pixels, on white, with something on it."""
    picture = pixels(draw(CHART))
    assert picture.shape == (960, 1800, 3)
    assert 0.5 < amount(picture, (255, 255, 255)) / picture[:, :, 0].size < 0.98


def test_the_same_chart_is_the_same_picture() -> None:
    """Drawing twice gives the same bytes."""
    assert draw(CHART) == draw(CHART)


def test_the_brand_stands_out() -> None:
    """The brand's line is thick with a band, a competitor's thin."""
    thin = pixels(draw(replace(CHART, series=(replace(ACME, emphasis=False),))))
    thick = pixels(draw(replace(CHART, series=(ACME,))))
    rose = amount(thin, (0xCC, 0x66, 0x77))
    assert amount(thick, BLUE) > 1.5 * rose > 0
    band = tuple(round(255 + 0.16 * (channel - 255)) for channel in BLUE)
    assert np.any(np.all(abs(thick - np.array(band)) <= 1, axis=2))


def test_a_mark_is_drawn_where_it_happened() -> None:
    """A model update adds a dashed line, as far between the runs as it was in time."""

    def column(at: datetime) -> int:
        picture = pixels(draw(replace(CHART, marks=(Mark(at, "x"),))))
        grey = np.all(abs(picture - np.array((0x57, 0x60, 0x6A))) <= 2, axis=2)
        return int(grey[250:700].sum(axis=0).argmax())

    assert (pixels(draw(CHART)) != pixels(draw(replace(CHART, marks=(UPDATE,))))).any()
    first, middle, last = (column(START + 3 * WEEK * share) for share in (0, 0.5, 1))
    assert middle == pytest.approx((first + last) / 2, abs=3)
    assert last - first > 900


def test_marks_outside_the_runs_are_left_out() -> None:
    """An update before the first run or after the last changes nothing on the chart."""
    far = (Mark(START - WEEK, "before"), Mark(START + 9 * WEEK, "after"))
    assert draw(replace(CHART, marks=far)) == draw(CHART)
    assert alt(replace(CHART, marks=far)) == alt(CHART)


@pytest.mark.parametrize("runs", [0, 1, 2, 60])
@pytest.mark.parametrize("scale", list(Scale))
def test_any_number_of_runs_can_be_drawn(runs: int, scale: Scale) -> None:
    """None, one, two or sixty runs make a picture, on every scale."""
    means = [1.0 + 0.5 * (i % 3) if scale is Scale.RANK else 0.2 * (i % 3) for i in range(runs)]
    chart = Chart("T", scale, (line("A", *means, emphasis=True), line("B", *means)))
    assert pixels(draw(chart)).min() < 128
    assert alt(chart)


def test_a_better_rank_is_higher() -> None:
    """Ranks are drawn with the first place on top, rates with the most on top."""

    def slope(scale: Scale, *means: float) -> float:
        picture = pixels(draw(Chart("T", scale, (line("A", *means, emphasis=True),))))[:, :1300]
        rows, columns = np.nonzero(np.all(picture == BLUE, axis=2))
        return float(np.polyfit(columns, -rows, 1)[0])

    assert slope(Scale.RANK, 3.0, 1.2) > 0
    assert slope(Scale.BINARY, 0.3, 0.8) > 0


def test_names_do_not_cover_each_other() -> None:
    """Lines that end at the same height get their names one below another."""
    from overheard.cards.charts.trend_plot import ROW_PT, spread

    placed = spread([100.0, 100.0, 101.0, 300.0], 90, 320)
    assert all(above - below >= ROW_PT - 1e-6 for below, above in pairwise(placed))
    assert placed[0] >= 90
    assert placed[-1] == pytest.approx(300)


@given(st.lists(st.floats(0, 300), max_size=12))
def test_names_stay_within_the_frame(heights: list[float]) -> None:
    """For any line ends, as many names as fit are apart and between foot and top."""
    from overheard.cards.charts.trend_plot import ROW_PT, spread

    placed = spread(sorted(heights), 0, 300)
    assert all(above - below >= ROW_PT - 1e-6 for below, above in pairwise(placed))
    assert all(-1e-6 <= height <= 300 + 1e-6 for height in placed)


@pytest.mark.parametrize(
    "name",
    [
        "$A_1$",
        r"\frac{",
        "株式会社テスト",
        "Rocket 🚀",
        "مرحبا",
        "W" * 300,
        "",
        "a\nb\x00\x1b[2J",
        "\ud800",
    ],
)
def test_names_from_outside_break_nothing(name: str) -> None:
    """Formulas, scripts without a font, and endless or empty names are drawn without a warning."""
    series = (line(name, 0.2, 0.3, emphasis=True), line(name, 0.2, 0.3))
    chart = Chart(name, Scale.SHARE, series, (Mark(START, name),), name)
    assert pixels(draw(chart)).shape == (960, 1800, 3)


def test_dollars_are_not_formulas() -> None:
    """A dollar sign in a name is drawn as it is."""
    from overheard.cards.charts.canvas import fit, width

    assert fit("$A_1$", 14, 500) == "$A_1$"
    assert width("$A_1$", 14) > width("A1", 14) * 1.8
    assert not any(text.get_parse_math() for text in figure(CHART).axes[0].texts)


def test_what_has_no_letters_is_a_box() -> None:
    """A letter that no font has becomes a box, a symbol is left out, and a name is never empty."""
    from overheard.cards.charts.canvas import legible

    assert legible("Acme \U00012000 🚀 Co") == "Acme □ Co"
    assert legible("🚀") == "□"


LONG = "A very long name that a plugin or a model has thought of, " * 3
ALL_KINDS: dict[str, Chart | Bars | Spans] = {
    "trend": replace(
        CHART,
        series=(replace(ACME, label=LONG), GLOBEX, line("Initech", 0.5, 0.5)),
        marks=tuple(Mark(START + WEEK * n, f"{n} {LONG}") for n in range(4)),
        caption=LONG,
    ),
    "one run": replace(CHART, series=(line("Acme", 1.0, emphasis=True), line("Globex", 1.0))),
    "bars": Bars(LONG, (Bar(LONG, 1000.0), *(Bar(f"Brand {n}", n) for n in range(12)))),
    "forest": Spans(
        "Compared",
        tuple(
            Span(f"{n} {LONG}", -0.1, (-0.2, 0.01), scale, LONG, moved=n == 1)
            for n, scale in enumerate(Scale)
        ),
        "Differences with 90 % intervals.",
    ),
}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_text_is_clipped_or_covers_another(kind: str) -> None:
    """With names of any length, every text is within the picture, and no two overlap."""
    drawn = figure(ALL_KINDS[kind])
    found = boxes(drawn)
    assert len(found) >= 5
    for text, box in found:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= drawn.bbox.x1, text
        assert box.y1 <= drawn.bbox.y1, text
    for (text, box), (other, second) in combinations(found, 2):
        assert not box.overlaps(second), (text, other)


def test_marks_are_named() -> None:
    """The label of a mark is above the axes, at its dashed line."""
    drawn = figure(replace(CHART, marks=(UPDATE,)))
    box, axes = dict(boxes(drawn))["gpt-5 update"], drawn.axes[0].get_window_extent()
    assert box.y0 > axes.y1
    assert (box.x0 + box.x1) / 2 == pytest.approx((axes.x0 + axes.x1) / 2, abs=2)


def values(scale: Scale, *means: float) -> list[str]:
    """Return the labels of the value axis from the foot to the top."""
    points = tuple((START + WEEK * i, m, m, m) for i, m in enumerate(means))
    axes = figure(Chart("T", scale, (Series("Acme", points),))).axes[0]
    return [text for text, _ in ticks(axes.yaxis)]


def test_rates_start_at_zero() -> None:
    """A chart of rates starts at 0, and ends at the next round rate, at most 1."""
    assert values(Scale.BINARY, 0.3, 0.55) == ["0 %", "20 %", "40 %", "60 %"]
    assert values(Scale.SHARE, 0.97)[-1] == "100 %"
    assert values(Scale.SHARE, 0.0)[0] == "0 %"


def test_polarity_shows_its_negative_half_when_needed() -> None:
    """Polarity includes 0, and is negative as far as the values are."""
    assert values(Scale.POLARITY, 0.1, 0.4) == ["0", "+0.1", "+0.2", "+0.3", "+0.4"]
    assert values(Scale.POLARITY, -0.1, 0.4) == [f"{MINUS}0.1", "0", "+0.1", "+0.2", "+0.3", "+0.4"]


def test_the_first_place_is_on_top() -> None:
    """Ranks are named from the worst up to 1, even when no brand has a lower rank."""
    assert values(Scale.RANK, 1.0) == ["2", "1"]
    assert values(Scale.RANK, 7.2) == ["9", "7", "5", "3", "1"]


def times(start: datetime, span: timedelta, zone: tzinfo = UTC) -> tuple[list[Box], str]:
    """Return the labels of the time axis, and the text below them."""
    points = tuple((at, 0.5, 0.4, 0.6) for at in dict.fromkeys((start, start + span)))
    axis = figure(Chart("T", Scale.BINARY, (Series("W" * 60, points),), zone=zone)).axes[0].xaxis
    return ticks(axis), axis.get_offset_text().get_text().strip()


def test_times_follow_the_clock_of_the_reader() -> None:
    """Days begin at the reader's midnight, on both sides of a change to summer time."""
    berlin, first = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert [text for text, _ in times(first, timedelta(hours=47), berlin)[0]][::2] == [
        "29 Mar",
        "30 Mar",
        "31 Mar",
    ]
    assert times(first, timedelta(0), berlin)[1] == "29 Mar 2026, CET"


@settings(max_examples=20, deadline=None)
@given(
    st.one_of(
        [st.timedeltas(timedelta(0), timedelta(days=days)) for days in (0.01, 4, 100, 1000, 40000)]
    )
)
def test_times_fit(span: timedelta) -> None:
    """For any span, one to nine times are named, and no two names overlap."""
    found = [box for _, box in times(START, span)[0]]
    assert 1 <= len(found) <= 9
    assert all(left.x1 < right.x0 for left, right in pairwise(found))


def test_alt_names_the_brand_and_its_change() -> None:
    """The words say who moved from where to where, how surely, when, and what happened."""
    assert alt(replace(CHART, marks=(UPDATE,))) == (
        "Visibility of Acme. Acme: from 84 % to 41 % (90 % interval 36 to 46 %), "
        "2 Feb 2026 to 23 Feb 2026. Globex: from 50 % to 52 %. "
        "Marked: gpt-5 update on 12 Feb 2026."
    )


def test_alt_tells_minutes_apart() -> None:
    """Runs of one day have the time as their labels; a single run has its value alone."""
    quick = line("Acme", 0.8, 0.4, emphasis=True, every=timedelta(minutes=4))
    assert "06:00 UTC to 2 Feb 2026, 06:04 UTC" in alt(replace(CHART, series=(quick,)))
    assert "Acme: 80 % (" in alt(replace(CHART, series=(line("Acme", 0.8, emphasis=True),)))
    assert alt(replace(CHART, series=())) == "Visibility of Acme. No measurements yet."


def test_alt_has_an_end() -> None:
    """However many lines there are, the words stay within what chats take."""
    assert len(alt(replace(CHART, series=(ACME, *[GLOBEX] * 99)))) <= 1000
