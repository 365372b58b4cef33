"""Charts: what they show, in pictures and in words."""

import re
import struct
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from overheard.cards.charts.bars import Bar, Bars, Rate, RateGroup, Rates
from overheard.cards.charts.forest import Difference, Pair, PairGroup, Pairs, Spans
from overheard.cards.charts.renderer import Drawable, alt_text, drawing
from overheard.cards.charts.shares import Share, Shares
from overheard.cards.charts.style import COLORS, Theme, fit_text, legible, text_width
from overheard.cards.charts.svg import WIDTH, ZOOM, png, spread_apart
from overheard.cards.charts.trend import MAX_LINES, Chart, Mark, Series
from overheard.cards.wording import MINUS
from overheard.domain import Scale

START = datetime(2026, 2, 2, 6, tzinfo=UTC)
WEEK = timedelta(days=7)


def line(label: str, *means: float, emphasis: bool = False, every: timedelta = WEEK) -> Series:
    """Return a line with a run every week."""
    points = ((START + every * i, m, m - 0.05, m + 0.05) for i, m in enumerate(means))
    return Series(label, tuple(points), emphasis)


ACME = line("Acme", 0.84, 0.82, 0.43, 0.41, emphasis=True)
GLOBEX = line("Globex", 0.5, 0.5, 0.5, 0.52)
CHART = Chart("Visibility of Acme", Scale.BINARY, (GLOBEX, ACME), caption="Share of answers.")
GRADE = Scale("grade", 0, 20, smallest_change=0.5, margin=1.0, reach=5.0, unit="grade")
SCALES = (Scale.BINARY, Scale.SHARE, Scale.POLARITY, Scale.RANK, GRADE)
UPDATE = Mark(START + WEEK * 1.5, "gpt-5 update")


@dataclass(frozen=True)
class Box:
    """A text of a drawing, and the rectangle that it fills, in units."""

    text: str
    x0: float
    x1: float
    y0: float
    y1: float
    color: str

    def overlaps(self, other: "Box") -> bool:
        """Whether two texts cover each other by more than half a unit."""
        return (
            min(self.x1, other.x1) - max(self.x0, other.x0) > 0.5
            and min(self.y1, other.y1) - max(self.y0, other.y0) > 0.5
        )


def elements(chart: Drawable, name: str) -> list[dict[str, str]]:
    """Return the attributes of a drawing's elements of a kind, with their text."""
    root = ElementTree.fromstring(drawing(chart).svg(alt_text(chart)))  # noqa: S314 - our own
    found = root.iter("{http://www.w3.org/2000/svg}" + name)
    return [{**element.attrib, "": element.text or ""} for element in found]


def texts(chart: Drawable) -> list[Box]:
    """Return all texts of a drawing."""
    return [_box(element) for element in elements(chart, "text")]


def _box(element: dict[str, str]) -> Box:
    weight, size = int(element["font-weight"]), float(element["font-size"])
    long = text_width(element[""], size, weight)
    x, y = float(element["x"]), float(element["y"])
    left = x - long * {"start": 0, "middle": 0.5, "end": 1}[element["text-anchor"]]
    color = element["fill"].removeprefix("var(--").removesuffix(")")
    return Box(element[""], left, left + long, y - 0.75 * size, y + 0.2 * size, color)


def path(chart: Chart, color: str) -> list[tuple[float, float]]:
    """Return the points of the one line of a colour."""
    [found] = [e for e in elements(chart, "polyline") if e["stroke"] == f"var(--{color})"]
    points = (point.split(",") for point in found["points"].split())
    return [(float(x), float(y)) for x, y in points]


def test_a_picture_is_three_pixels_a_unit() -> None:
    """A PNG is 960 pixels wide, for phones that show it at a third, on a background."""
    picture = png(drawing(CHART), Theme.LIGHT)
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">I", picture[16:20])[0] == WIDTH * ZOOM == 960


def test_the_same_chart_is_the_same_picture() -> None:
    """Drawing twice gives the same bytes; the themes differ."""
    assert png(drawing(CHART), Theme.LIGHT) == png(drawing(CHART), Theme.LIGHT)
    assert png(drawing(CHART), Theme.LIGHT) != png(drawing(CHART), Theme.DARK)


def test_every_color_has_a_value_in_both_themes() -> None:
    """No variable remains in the drawing of a theme."""
    assert COLORS[Theme.LIGHT].keys() == COLORS[Theme.DARK].keys()
    for chart in ALL_KINDS.values():
        for theme in Theme:
            assert "var(" not in drawing(chart).svg("", theme)


@pytest.mark.parametrize("theme", Theme)
def test_text_can_be_read_on_its_background(theme: Theme) -> None:
    """Each colour of text has the contrast that WCAG 2 asks for, 4.5 to 1."""
    for name in ("ink", "mute", "brand", "gain", "third", "bad"):
        assert contrast(COLORS[theme][name], COLORS[theme]["pic"]) >= 4.5, name


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, by WCAG 2."""

    def luminance(color: str) -> float:
        channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_brand_stands_out() -> None:
    """The brand's line is thick with a band, a competitor's thin and grey."""
    strokes = {e["stroke"]: float(e["stroke-width"]) for e in elements(CHART, "polyline")}
    assert strokes["var(--brand)"] > 2 * strokes["var(--rival)"]
    assert [e["fill"] for e in elements(CHART, "polygon")] == ["var(--band)"]


def test_the_axis_of_counts_names_whole_answers() -> None:
    """Half of 21 answers are none."""
    named = {box.text for box in texts(replace(CHART, answers=21))}
    assert {"0", "10", "21"} < named


def test_the_band_covers_no_line() -> None:
    """It is below all lines, also where another line is drawn before that of the brand."""
    other = line("Claude", 0.85, 0.8, 0.45, 0.4, emphasis=True)
    chart = replace(CHART, series=(ACME, other))
    root = ElementTree.fromstring(drawing(chart).svg(alt_text(chart)))  # noqa: S314 - our own
    kinds = [element.tag.rpartition("}")[2] for element in root.iter()]
    shapes = [kind for kind in kinds if kind in {"polygon", "polyline"}]
    assert "polygon" in shapes
    assert shapes[-2:] == ["polyline", "polyline"]


def test_the_competitor_that_gained_is_named_in_its_color() -> None:
    """Of several, only the one that grew most since the change, by at least five points."""
    grown = line("Initech", 0.2, 0.2, 0.4, 0.6)
    chart = replace(CHART, series=(ACME, GLOBEX, grown), marks=(UPDATE,))
    assert {box.text: box.color for box in texts(chart)}["Initech 60 %"] == "gain"
    assert "gain" not in {box.color for box in texts(replace(CHART, marks=(UPDATE,)))}


def test_at_most_five_lines_are_drawn() -> None:
    """The brand and the one that gained are among them; the words name the same lines."""
    rivals = [line(f"Rival {n}", 0.5, 0.5, 0.5, 0.5) for n in range(8)]
    chart = replace(CHART, series=(*rivals, line("Late", 0, 0, 0.9, 0.9), ACME), marks=(UPDATE,))
    shown = [series.label for series in chart.shown_series]
    assert len(shown) == MAX_LINES
    assert {"Acme", "Late"} < set(shown)
    assert all(f"{name}: " in alt_text(chart) for name in shown)
    assert "Rival 6" not in alt_text(chart)


def test_a_mark_is_drawn_where_it_happened() -> None:
    """A model update adds a dashed line, as far between the runs as it was in time."""

    def column(at: datetime) -> float:
        [(x, _), *_] = path(replace(CHART, marks=(Mark(at, "x"),)), "bad")
        return x

    first, middle, last = (column(START + 3 * WEEK * share) for share in (0, 0.5, 1))
    assert middle == pytest.approx((first + last) / 2, abs=0.2)
    assert last - first > 150


def test_marks_outside_the_runs_are_left_out() -> None:
    """An update before the first run or after the last changes nothing on the chart."""
    far = (Mark(START - WEEK, "before"), Mark(START + 9 * WEEK, "after"))
    assert drawing(replace(CHART, marks=far)).svg("") == drawing(CHART).svg("")
    assert alt_text(replace(CHART, marks=far)) == alt_text(CHART)


@pytest.mark.parametrize("runs", [0, 1, 2, 60])
@pytest.mark.parametrize("scale", SCALES)
def test_any_number_of_runs_can_be_drawn(runs: int, scale: Scale) -> None:
    """None, one, two or sixty runs make a picture, on every scale."""
    means = [1.0 + 0.5 * (i % 3) if scale.lower_is_better else 0.2 * (i % 3) for i in range(runs)]
    chart = Chart("T", scale, (line("A", *means, emphasis=True), line("B", *means)))
    assert ("No measurements yet" in {box.text for box in texts(chart)}) == (runs == 0)
    assert len(elements(chart, "polyline")) >= (2 if runs > 1 else 0)
    assert alt_text(chart)


def test_a_better_rank_is_higher() -> None:
    """Ranks are drawn with the first place on top, rates with the most on top."""

    def rises(scale: Scale, *means: float) -> bool:
        points = path(Chart("T", scale, (line("A", *means, emphasis=True),)), "brand")
        return points[-1][1] < points[0][1]

    assert rises(Scale.RANK, 3.0, 1.2)
    assert rises(Scale.BINARY, 0.3, 0.8)


@given(st.lists(st.floats(0, 300), max_size=12))
def test_names_stay_within_the_frame(heights: list[float]) -> None:
    """For any line ends, as many names as fit are apart and between the bounds."""
    placed = spread_apart(sorted(heights), 18, 0, 300)
    assert all(below - above >= 18 - 1e-6 for above, below in pairwise(placed))
    assert all(-1e-6 <= height <= 300 + 1e-6 for height in placed)


@pytest.mark.parametrize(
    "name",
    [
        "<b>&",
        "\"'",
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
    """Markup, all scripts, and endless or empty names are drawn as text."""
    series = (line(name, 0.2, 0.3, emphasis=True), line(name, 0.2, 0.3))
    chart = Chart(name, Scale.SHARE, series, (Mark(START, name),), name)
    assert texts(chart)
    assert png(drawing(chart), Theme.LIGHT).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "name",
    ["株式会社テスト", "東方軟體", "东方软件", "한국전력", "مرحبا", "שלום", "Żółć Ελλ Дом ไทย"],
)
def test_names_of_many_scripts_have_their_letters(name: str) -> None:
    """Chinese, Japanese, Korean, Arabic, Hebrew, Thai, Greek and Cyrillic are in the fonts."""
    assert legible(name) == name


def test_what_has_no_letters_is_left_out() -> None:
    """A symbol without a letter in the fonts is omitted, and a name is never empty."""
    assert legible("Acme \U00012000 🚀 Co") == "Acme Co"
    assert legible("🚀") == "?"


LONG = "A very long name that a plugin or a model has thought of, " * 3
ALL_KINDS: dict[str, Drawable] = {
    "trend": replace(
        CHART,
        series=(replace(ACME, label=LONG), GLOBEX, line("Initech", 0.5, 0.5)),
        marks=tuple(Mark(START + WEEK * n, f"{n} {LONG}") for n in range(4)),
        caption=LONG,
    ),
    "one run": replace(CHART, series=(line("Acme", 1.0, emphasis=True), line("Globex", 1.0))),
    "bars": Bars(LONG, (Bar(LONG, 1000.0), *(Bar(f"Brand {n}", n) for n in range(12))), LONG),
    "forest": Spans(
        "Compared",
        tuple(
            Difference(f"{n} {LONG}", -0.1, (-0.2, 0.01), scale, LONG, moved=n == 1)
            for n, scale in enumerate(SCALES)
        ),
        "Differences with 90 % intervals.",
    ),
    "rates": Rates(
        "Named, of 24 answers",
        tuple(
            RateGroup(name, (Rate(LONG, 1.0, 0.9, emphasis=True), Rate("B", 0.5, 0.52)), LONG, 24)
            for name in ("ChatGPT", LONG)
        ),
    ),
    "pairs": Pairs(
        "Of 24 answers",
        LONG,
        LONG,
        (PairGroup("ChatGPT", (Pair(LONG, 0.0, 1.0), Pair("Named", 1.0, 0.5)), "API", 24),),
    ),
    "shares": Shares(
        "Share of voice, % of mentions",
        (START, START + WEEK),
        (Share(LONG, (0.4, 0.1)), *(Share(f"R{n}", (0.1, 0.15)) for n in range(6))),
        (UPDATE,),
    ),
}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_text_is_clipped_or_covers_another(kind: str) -> None:
    """With names of any length, every text is within the picture, and no two overlap."""
    chart = ALL_KINDS[kind]
    found = texts(chart)
    assert len(found) >= 5
    for box in found:
        assert box.x0 >= 0, box
        assert box.x1 <= WIDTH, box
        assert box.y0 >= 0, box
        assert box.y1 <= drawing(chart).height, box
    for one, other in combinations(found, 2):
        assert not one.overlaps(other), (one, other)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_text_is_large_enough_for_a_phone(kind: str) -> None:
    """No text is smaller than 11 units of a picture that a phone shows 310 pixels wide."""
    assert min(float(e["font-size"]) for e in elements(ALL_KINDS[kind], "text")) >= 11


def values(scale: Scale, *means: float, answers: int = 0) -> list[str]:
    """Return the labels of the value axis from the foot to the top."""
    points = tuple((START + WEEK * i, m, m, m) for i, m in enumerate(means))
    chart = Chart("T", scale, (Series("Acme", points),), answers=answers)
    found = [box for box in texts(chart) if box.x1 < 36 and box.y0 > 20]
    return [box.text for box in sorted(found, key=lambda box: -box.y0)]


def test_rates_start_at_zero() -> None:
    """A chart of rates starts at 0, and ends at a round rate, at most 1; counts end at all."""
    space = "\N{NARROW NO-BREAK SPACE}"
    assert values(Scale.BINARY, 0.3, 0.45) == [f"0{space}%", f"25{space}%", f"50{space}%"]
    assert values(Scale.SHARE, 0.97)[-1] == f"100{space}%"
    assert values(Scale.BINARY, 0.3, answers=24) == ["0", "12", "24"]


def test_polarity_shows_its_negative_half_when_needed() -> None:
    """Polarity includes 0, and is negative as far as the values are."""
    assert values(Scale.POLARITY, 0.1, 0.4) == ["0", "+0.25", "+0.5"]
    assert values(Scale.POLARITY, -0.1, 0.4) == [f"{MINUS}0.5", "0", "+0.5"]


def test_the_first_place_is_on_top() -> None:
    """Ranks are named from the worst up to 1, even when no brand has a lower rank."""
    assert values(Scale.RANK, 1.0) == ["2", "1"]
    assert values(Scale.RANK, 7.2) == ["8", "4", "1"]


def test_an_own_scale_ends_at_a_round_value_within_it() -> None:
    """An axis begins with the scale, ends at 1, 2 or 5 and zeros, and never beyond the scale."""
    assert values(GRADE, 3.0, 7.2) == ["0", "5", "10"]
    assert values(GRADE, 0.1) == ["0", "0.5", "1"]
    assert values(replace(GRADE, high=14), 13.0) == ["0", "7", "14"]
    assert values(replace(GRADE, low=10), 11.5) == ["10", "11", "12"]
    assert values(replace(GRADE, low=-20), -3.0) == [f"{MINUS}5", "0", "5"]
    assert values(replace(GRADE, lower_is_better=True), 7.2) == ["8", "4", "0"]


def test_days_follow_the_clock_of_the_reader() -> None:
    """A day is that of the reader's zone; runs of one day show the time, of two years the year."""
    berlin = ZoneInfo("Europe/Berlin")

    def shown(*at: datetime) -> list[str]:
        points = tuple((when, 0.5, 0.4, 0.6) for when in at)
        chart = Chart("T", Scale.BINARY, (Series("A", points, emphasis=True),), zone=berlin)
        found = [box for box in texts(chart) if re.match(r"\d+ [A-Z][a-z]{2}", box.text)]
        return [box.text for box in sorted(found, key=lambda box: box.x0)]

    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert shown(late) == ["29 Mar"]
    assert shown(late, late + WEEK) == ["29 Mar", "5 Apr"]
    assert shown(late, late + timedelta(hours=1)) == ["29 Mar, 00:30", "29 Mar, 01:30"]
    assert shown(late, late + 52 * WEEK) == ["29 Mar 2026", "28 Mar 2027"]


def test_alt_names_the_brand_and_its_change() -> None:
    """The words say who moved from where to where, how surely, when, and what happened."""
    assert alt_text(replace(CHART, marks=(UPDATE,))) == (
        "Visibility of Acme. Acme: from 84 % to 41 % (likely range 36 to 46 %), "
        "2 Feb 2026 to 23 Feb 2026. Globex: from 50 % to 52 %. "
        "Marked: gpt-5 update on 12 Feb 2026."
    )


def test_alt_tells_minutes_apart() -> None:
    """Runs of one day have the time as their labels; a single run has its value alone."""
    quick = line("Acme", 0.8, 0.4, emphasis=True, every=timedelta(minutes=4))
    assert "06:00 UTC to 2 Feb 2026, 06:04 UTC" in alt_text(replace(CHART, series=(quick,)))
    assert "Acme: 80 % (" in alt_text(replace(CHART, series=(line("Acme", 0.8, emphasis=True),)))
    assert alt_text(replace(CHART, series=())) == "Visibility of Acme. No measurements yet."


def test_words_and_picture_name_the_same_counts() -> None:
    """Counts of the bars and of the dots are those of the alternative text."""
    rates = Rates("Named", (RateGroup("ChatGPT", (Rate("Acme", 9 / 24, 22 / 24, True),), "", 24),))
    assert alt_text(rates) == "Named. ChatGPT: Acme 9 of 24, usually 22."
    assert {"Acme", "9", "ChatGPT"} <= {box.text for box in texts(rates)}
    pairs = Pairs("Of 24", "A", "B", (PairGroup("GPT", (Pair("Named", 9 / 24, 0.5),), "", 24),))
    assert alt_text(pairs) == "Of 24. A to B. GPT: Named 9 to 12 of 24."
    shares = Shares("Voice", (START,), (Share("A", (0.25,)), Share("B", (0.75,))))
    assert alt_text(shares) == "Voice, 2 Feb 2026: A 25 % to 25 %, B 75 % to 75 %."
    assert {"A 25", "B 75"} <= {box.text for box in texts(shares)}


def test_alt_has_an_end() -> None:
    """However long the names are, the words stay within what chats take."""
    for chart in ALL_KINDS.values():
        assert 0 < len(alt_text(chart)) <= 1000


def test_text_that_does_not_fit_is_cut() -> None:
    """An ellipsis ends what was cut, within the room."""
    assert fit_text("Acme", 11, 100) == "Acme"
    cut = fit_text(LONG, 11, 100)
    assert cut.endswith("…")
    assert 60 < text_width(cut, 11) <= 100


def test_who_took_a_place_gained_beyond_its_part_of_what_was_lost() -> None:
    """What a brand loses all others gain in proportion, the largest of them most."""
    shares = (Share("Acme", (0.25, 0.25, 0.13)), Share("Leader", (0.35, 0.35, 0.41)))
    taker, rest = Share("Taker", (0.1, 0.1, 0.15)), Share("Rest", (0.3, 0.3, 0.31))
    chart = Shares("Share", (START, START + WEEK, START + 2 * WEEK), (*shares, taker, rest))
    assert chart.gained == taker
