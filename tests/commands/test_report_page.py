"""A report as a page: what it shows, that it is self-contained, and that all text stays text."""

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from kit.office import Office, open_office
from kit.scripted import SteppingClock, reply
from overheard.cards.charts.style import Theme
from overheard.commands.answers import answers
from overheard.commands.page import MAX_LOGO_BYTES, colors, legible_color
from overheard.commands.report import report
from overheard.deployment import Call
from overheard.domain import Alert, Answer, Citation, Model, Question, Run, Shift
from overheard.errors import BadUsage, FileUnreadable, NothingToAsk, UnknownName
from overheard.interfaces import Scorer
from overheard.scoring.service import Scoring
from overheard_accuracy import Accuracy
from overheard_sentiment import Sentiment
from overheard_visibility import Visibility

CONFIG = """
[[brands]]
name = "Acme"
competitors = ["Zeta", "Umbra"]
domains = ["acme.example"]

[[prompts]]
text = "Which tool is best for </p><script>alert(1)</script> teams of {{ 7 * 7 }}?"

[[prompts]]
text = "Which tool is easiest?"

[[facts]]
brand = "Acme"
field = "free plan"
value = "yes"
"""
FIRST = datetime(2026, 9, 21, 7, tzinfo=UTC)
HOSTILE = (
    "Acme has no free plan </p><script>alert(1)</script>"
    '<img src="https://evil.example/x.png" onerror="x()"> {{ 7 * 7 }} \u202e.'
)
GOOD = "Acme is easy to use and reliable. Zeta is an option. Umbra is slow."
CHATGPT, CLAUDE = Model("openai", "gpt-5.4-mini"), Model("anthropic", "claude-sonnet-5-5")
Said = Sequence[dict[Model, str]]
STEADY: Said = [{CHATGPT: GOOD, CLAUDE: GOOD}] * 3
FALLEN: Said = [*STEADY, {CHATGPT: "Zeta is best.", CLAUDE: GOOD}]


async def heard(said: Said, config: str = CONFIG) -> Office:
    """Return a deployment with one run a week, in which each model gave one answer twice to each
    question.
    """
    office = await open_office(config)
    deployment = office.deployment
    scorers: list[Scorer] = [Visibility(), Accuracy(), Sentiment()]
    scoring = Scoring(scorers, deployment.catalogue)
    clock = SteppingClock(FIRST + timedelta(weeks=len(said) - 1, hours=2))
    office.deployment = replace(deployment, scoring=scoring, clock=clock)
    for week, given in enumerate(said):
        at = FIRST + timedelta(weeks=week)
        run = await office.store.runs.start(Run(f"week {week}", at))
        await office.store.answers.add(
            [
                Answer(
                    run.id,
                    Question(prompt, model, number),
                    reply(text, citations=(Citation("https://acme.example/tour"),)),
                    at,
                )
                for prompt in deployment.catalogue.prompts
                for model, text in given.items()
                for number in range(2)
            ]
        )
    return office


async def test_questions_are_listed_from_either_end() -> None:
    """Those that the brand loses come first, or on request those that it wins."""
    office = await heard(())
    lost, named = office.deployment.catalogue.prompts
    run = await office.store.runs.start(Run("week", FIRST))
    await office.store.answers.add(
        [
            Answer(run.id, Question(prompt, CHATGPT, 0), reply(text), FIRST)
            for prompt, text in ((lost, "Zeta is best."), (named, GOOD))
        ]
    )

    async def listed(**order: object) -> tuple[str, list[list[str]]]:
        card = await answers(Call(office.deployment), brand="Acme", show="questions", **order)  # type: ignore[arg-type]
        return card.title, [row["named"] for row in card.data["questions"]]

    title, rows = await listed()
    assert title == "Acme is named in no answer to 1 of 2 questions at ChatGPT"
    title, best_first = await listed(won=True)
    assert (title, best_first) == ("The questions that name Acme most", rows[::-1])
    assert rows != best_first
    title, beside = await listed(against="Zeta")
    assert title == "Zeta is named more often for 1 of 2 questions at ChatGPT"
    assert beside[0] == ["0 : 1 of 1"]
    with pytest.raises(UnknownName, match="competitor"):
        await listed(against="Acme")


async def written(office: Office, folder: Path, **more: object) -> str:
    """Return the page of Acme."""
    file = folder / "page.html"
    await report(Call(office.deployment), brands=("Acme",), html=file, **more)  # type: ignore[arg-type]
    return file.read_text("utf-8")


class Outline(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(re.sub("<style>.*?</style>", "", page, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.words += data


async def test_a_page_has_all_of_its_parts_in_order(tmp_path: Path) -> None:
    """With the figures of the report."""
    outline = Outline(await written(await heard(FALLEN), tmp_path))
    parts = (
        "Far below usual: ChatGPT names Acme in 0 of 4 answers, usually 4",
        "0 of 4ChatGPT answers name you, usually 4",
        "4 of 4Claude answers name you, usually 4",
        "share of voice",
        "False claims",
        "What to do",
        "What changed, and how sure that is",
        "How each model sees Acme",
        "Questions won and lost",
        "Sources that the models cite",
        "How it was asked.",
        "not what people see in the apps",
        "Method and limits.",
    )
    places = [outline.words.find(part) for part in parts]

    assert -1 not in places
    assert places == sorted(places)
    assert "ease" in outline.words
    assert "acme.example, yours" in outline.words
    assert "gpt-5.4-mini, API" in outline.words


async def test_a_page_can_be_read_without_eyes(tmp_path: Path) -> None:
    """It has a language, headings in order, named cells and described pictures."""
    outline = Outline(await written(await heard(FALLEN), tmp_path))
    levels = [int(tag[1]) for tag in outline.tags if re.fullmatch(r"h[1-6]", tag)]
    labels = [value for name, value in outline.attributes if name == "aria-label"]

    assert ("lang", "en") in outline.attributes
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert outline.tags.count("table") == outline.tags.count("caption") == 2
    assert {"col", "row"} <= {value for name, value in outline.attributes if name == "scope"}
    assert outline.tags.count("svg") == len(labels) == 2
    assert all("Acme" in label for label in labels)


async def test_a_page_is_small_and_asks_for_nothing(tmp_path: Path) -> None:
    """No script, no link, no address; the policy forbids them, too."""
    page = await written(await heard(FALLEN), tmp_path)
    outline = Outline(page)

    assert len(page.encode()) < 100_000
    assert not {"script", "link", "iframe", "object", "a", "form"} & set(outline.tags)
    assert not {"href", "src", "srcset", "action"} & {name for name, _ in outline.attributes}
    assert not any(name.startswith("on") for name, _ in outline.attributes)
    assert not re.search(r"https?:|@import|url\(", page)
    assert "default-src 'none'" in page


async def test_what_strangers_wrote_stays_text(tmp_path: Path) -> None:
    """Answers, questions and sites are shown as they are, without invisible characters."""
    said = [{CHATGPT: HOSTILE, CLAUDE: HOSTILE}] * 2
    page = await written(await heard(said), tmp_path)
    outline = Outline(page)

    assert not {"script", "img"} & set(outline.tags)
    assert "for </p><script>alert(1)</script> teams of {{ 7 * 7 }}?" in outline.words
    assert "“Acme has no free plan" in outline.words
    assert "\u202e" not in page


async def test_the_same_store_and_time_give_the_same_bytes(tmp_path: Path) -> None:
    """Whenever it is written."""
    first, second = [await written(await heard(FALLEN), tmp_path) for _ in range(2)]
    assert first == second


async def test_the_figures_are_those_of_the_report(tmp_path: Path) -> None:
    """As `report --json` has them."""
    office = await heard(FALLEN)
    card = await report(Call(office.deployment), brands=("Acme",))
    page = await report(Call(office.deployment), brands=("Acme",), html=tmp_path / "page.html")
    assert page.data["results"] == card.data["brands"][0]["results"]


async def test_an_open_alert_is_on_the_page(tmp_path: Path) -> None:
    """What moved, since when, and who has it."""
    office = await heard(FALLEN)
    runs = sorted(run.id for run in await office.store.runs.find())
    shift = Shift(
        "Acme",
        CHATGPT,
        "visibility",
        runs[-1],
        1.0,
        0.0,
        -1.0,
        (-1.0, -0.6),
        began=runs[-1],
        chance_a_year=0.001,
    )
    await office.store.alerts.add(Alert(shift, FIRST))
    words = Outline(await written(office, tmp_path)).words

    assert "No false claim in the answers of 12 Oct." in words
    assert "Open since 12 Oct: ChatGPT names Acme far less" in words
    assert "ChatGPT names Acme far less, since 12 Oct 2026. Named in" in words
    assert "Nearly certain: if nothing had changed, you would see this" in words


async def test_one_check_is_enough(tmp_path: Path) -> None:
    """Without a course, the picture has the competitors."""
    outline = Outline(await written(await heard(STEADY[:1]), tmp_path))
    [first, *_] = [value for name, value in outline.attributes if name == "aria-label"]
    assert "Zeta" in first
    assert "usually" not in outline.words.partition("False claims")[0]


async def test_logo_and_color_are_those_of_the_configuration(tmp_path: Path) -> None:
    """The logo is within the file."""
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 50)
    table = f'[page]\nlogo = "{logo.as_posix()}"\ncolor = "#aa0033"\n'
    page = await written(await heard(STEADY, table + CONFIG), tmp_path)

    assert f'src="data:image/png;base64,{base64.b64encode(logo.read_bytes()).decode()}"' in page
    assert "--brand:#aa0033" in page


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"0" * MAX_LOGO_BYTES, "more than 200 kB"),
        (b"<html><script>alert(1)</script></html>", "is not a PNG"),
    ],
)
async def test_a_logo_that_is_none_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    """And no page is written."""
    logo = tmp_path / "logo.png"
    logo.write_bytes(content)
    office = await heard(STEADY, f'[page]\nlogo = "{logo.as_posix()}"\n' + CONFIG)
    with pytest.raises(BadUsage, match=problem):
        await written(office, tmp_path)
    assert not (tmp_path / "page.html").exists()


async def test_what_cannot_be_a_page_is_refused(tmp_path: Path) -> None:
    """Of several brands, without answers, or with a logo that is not there."""
    file = tmp_path / "page.html"
    office = await heard([], CONFIG + '[[brands]]\nname = "Other"\n')
    with pytest.raises(BadUsage, match="one brand"):
        await report(Call(office.deployment), html=file)
    with pytest.raises(NothingToAsk, match="no answers about Acme"):
        await report(Call(office.deployment), brands=("Acme",), html=file)
    gone = f'[page]\nlogo = "{(tmp_path / "gone.png").as_posix()}"\n'
    with pytest.raises(FileUnreadable):
        await written(await heard(STEADY, gone + CONFIG), tmp_path)


@pytest.mark.parametrize("color", ["#ffee00", "#000000", "#ffffff", "#0b63ce"])
def test_any_color_is_legible(color: str) -> None:
    """On white and on black; one that is legible stays."""
    for theme in Theme:
        found = colors(theme, color)
        assert legible_color(found["brand"], found["bg"]) == found["brand"]
    assert colors(Theme.LIGHT, "#0b63ce")["brand"] == "#0b63ce"
