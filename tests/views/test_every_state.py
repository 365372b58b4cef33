"""Every card in every state of a brand: one order of telling, and no sentence that is false there.

Each state is made by real checks of scripted models (`kit.states`), and each card is drawn as a
chat, a terminal and a page show it.
"""

import html
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.forbidden import forbidden, said
from kit.scripted import reply
from kit.states import (
    BRANDS,
    CALM,
    DOWN,
    FACTS,
    NAMES,
    SECOND_BRAND,
    WRONG,
    WRONG_YEAR,
    Past,
    Plan,
    past,
)
from overheard.alerts.story import WATCHED, Watch, read_watches, update_watched_models
from overheard.cards.card import Card, Severity
from overheard.cards.charts.renderer import without_pictures
from overheard.cards.wording import short_day
from overheard.commands.alerts import alert_card
from overheard.commands.delivery_cards import sign_of_life
from overheard.commands.doctor import Examination
from overheard.commands.report import report
from overheard.commands.status import status
from overheard.deployment import Call
from overheard.domain import Answer, Model, Question, Run, RunState, Setting
from overheard.runs.plan import lay_out
from overheard.testing.fakes import Screen
from overheard.views.news import WATCH_ICON, Telling, first_steps
from overheard.views.situation import SituationReader
from overheard_discord import layouts
from overheard_slack import blocks

FELL = Plan({"Acme": 8, "Umbra": 15}, {WRONG: 6}, served="b")
LOWER = Plan({"Acme": 4})
GREW = Plan({"Acme": 9, "Umbra": 15}, {WRONG: 7, WRONG_YEAR: 2}, served="b")
RIVALS_TOLD = f'{BRANDS}[[routes]]\nchannel = "fake:C9"\nrivals = true\n'
SITUATION_CARDS = ("status", "report Acme", "report Acme --week")
"""Cards that say how things are: the first news is their title."""
OTHER_CARDS = (
    "trend Acme --show versus",
    "trend Acme --show voice",
    "trend Acme",
    "changes Acme",
    "claims Acme",
    "answers Acme",
    "answers Acme --show questions",
    "answers Acme --show sources",
    "brief Acme",
    "changes Acme --show all",
    "changes --show updates",
)
"""Cards that answer another question, and say in a line what stands."""
ALERT, FAILED, FAR, RIVAL, WATCH = (
    r"gets Acme's|names (?:Acme|it) far less",
    r"did not answer on|[Tt]he check of .* failed",
    r"[Ff]ar below usual",
    r"Umbra rises at",
    r"Watching: ",
)
CALM_TITLE = r"[Aa]ll as usual"
ORDER = (ALERT, FAILED, FAR, RIVAL, WATCH, CALM_TITLE)
"""What comes first: patterns of news in the order of telling."""


@dataclass(frozen=True)
class State:
    """A state of a brand.

    Attributes:
        make: Makes the deployment.
        told: The patterns of the news that cards tell, the title first.
        silent: Names of models that did not answer.
        left: Names of models that are no longer asked.
        claims: In how many answers of its model's newest check each claim is made.
        brands: How many brands are tracked.
    """

    make: Callable[[], Awaitable[Past]]
    told: tuple[str, ...]
    silent: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    claims: Mapping[str, int] = field(default_factory=dict)
    brands: int = 1


def after(*weeks: Mapping[str, Plan], **more: object) -> Callable[[], Awaitable[Past]]:
    """Return what makes a deployment with calm weeks and then these."""

    async def make() -> Past:
        made = await past(**more)  # type: ignore[arg-type]
        for plans in weeks:
            await made.check(**plans)  # type: ignore[arg-type]
        return made

    return make


_UPDATE = Watch("visibility", datetime(2026, 10, 1, tzinfo=UTC), source="announced", over=True)
"""What an update did, after which nothing is asked again any more."""


async def _watched() -> Past:
    made = await past()
    store, now = made.deployment.store, made.deployment.clock.now()
    model = Model("openai", "gpt-5")
    await update_watched_models(store, "Acme", {model}, {model: Watch("visibility")}, now)
    return made


async def _left() -> Past:
    made = await past()
    made.leave("anthropic")
    await made.check(times=3)
    return made


async def _left_with_alert() -> Past:
    made = await past()
    await made.check(anthropic=FELL)
    made.leave("anthropic")
    await made.check(times=2)
    return made


async def _wrong_other_left() -> Past:
    made = await past()
    made.leave("anthropic")
    await made.check(times=2)
    await made.check(openai=Plan({}, {WRONG: 4}))
    return made


async def _fell_other_left() -> Past:
    made = await past()
    made.leave("anthropic")
    await made.check(times=2)
    await made.check(openai=FELL)
    await made.check(openai=DOWN)
    return made


async def _three_models() -> Past:
    made = await past("openai", "anthropic", "google")
    await made.check(openai=FELL, google=DOWN)
    return made


async def _unnamed() -> Past:
    made, none = await past(weeks=0), Plan({"Acme": 0})
    await made.check(times=3, openai=none, anthropic=none)
    return made


async def _imported() -> Past:
    """Return imported history: a run without a panel, in which a model states a wrong price."""
    made = await past(weeks=0)
    store, at = made.deployment.store, made.clock.now() - timedelta(days=1)
    prompt = made.deployment.catalogue.prompts[0]
    for week, text in enumerate(("Acme is good.", f"Acme is good. {WRONG}")):
        run = await store.runs.start(Run(f"old {week}", at - timedelta(weeks=1 - week)))
        await store.answers.add(
            [
                Answer(run.id, Question(prompt, Model("openai", "gpt-5"), n), reply(text), at)
                for n in range(4)
            ]
        )
    made.checked = await made.shown("report Acme")
    return made


async def _imported_and_rival() -> Past:
    made, wrong = await _imported(), Plan({}, {WRONG: 2})
    await made.check(times=5, openai=wrong)
    await made.check(times=2, openai=wrong, anthropic=Plan({"Umbra": 23}))
    assert "Named in 83 % of answers, usually 8" in str((await made.shown("status")).text)
    return made


STATES = {
    "calm": State(after(), (CALM_TITLE,)),
    "open alert": State(after({"openai": FELL}), (ALERT,), claims={"$49": 6}),
    "grown alert": State(
        after({"openai": FELL}, {"openai": GREW}), (ALERT,), claims={"$49": 7, "1999": 2}
    ),
    "claim alone": State(after({"openai": Plan({}, {WRONG: 3})}), (ALERT,), claims={"$49": 3}),
    "far below": State(after({"anthropic": Plan({"Acme": 3})}), (FAR,)),
    "rival": State(after(*[{"anthropic": Plan({"Umbra": 23})}] * 2), (RIVAL,)),
    "rival by alert": State(
        after(*[{"anthropic": Plan({"Umbra": 23})}] * 3, brands=RIVALS_TOLD), (RIVAL,)
    ),
    "watched": State(_watched, (WATCH,)),
    "one silent": State(after({"anthropic": DOWN}), (FAILED,), silent=("Claude",)),
    "all silent": State(
        after({"anthropic": DOWN, "openai": DOWN}), (FAILED,), silent=("Claude", "ChatGPT")
    ),
    "alert, then all silent": State(
        after({"openai": FELL}, {"openai": DOWN, "anthropic": DOWN}),
        (ALERT, FAILED),
        silent=("Claude", "ChatGPT"),
    ),
    "alert, the other silent": State(
        after({"openai": FELL, "anthropic": DOWN}), (ALERT, FAILED), silent=("Claude",)
    ),
    "fell, the other silent": State(
        after({"openai": LOWER}, {"openai": LOWER, "anthropic": DOWN}),
        (ALERT, FAILED),
        silent=("Claude",),
    ),
    "left": State(_left, (CALM_TITLE,), left=("Claude",)),
    "left with an alert": State(_left_with_alert, (CALM_TITLE,), left=("Claude",)),
    "three models": State(_three_models, (ALERT, FAILED), silent=("Gemini",), claims={"$49": 6}),
    "two brands": State(
        after({"openai": FELL}, brands=BRANDS + SECOND_BRAND), (ALERT,), claims={"$49": 6}, brands=2
    ),
    "unnamed": State(_unnamed, (r"No answer names Acme",)),
    "imported": State(_imported, (ALERT,), claims={"$49": 4}),
    "rival, and a claim elsewhere": State(
        after(
            {"anthropic": Plan({"Umbra": 23})},
            {"anthropic": Plan({"Umbra": 23}), "openai": Plan({}, {WRONG: 3})},
        ),
        (ALERT, RIVAL),
        claims={"$49": 3},
    ),
    "fell, and a rival elsewhere": State(
        after(*[{"openai": Plan({"Acme": 4}), "anthropic": Plan({"Umbra": 23})}] * 2),
        (ALERT, RIVAL),
    ),
    "far below, the other silent": State(
        after({"anthropic": Plan({"Acme": 3}), "openai": DOWN}), (FAILED, FAR), silent=("ChatGPT",)
    ),
    "both wrong, one more often": State(
        after({"openai": Plan({}, {WRONG: 3}), "anthropic": Plan({}, {WRONG: 5})}), (ALERT,)
    ),
    "wrong, then silent": State(
        after({"openai": Plan({}, {WRONG: 3})}, {"openai": DOWN}),
        (ALERT, FAILED),
        silent=("ChatGPT",),
        claims={"$49": 3},
    ),
    "wrong, then far below": State(
        after({"openai": Plan({}, {WRONG: 4})}, {"openai": Plan({"Acme": 3}, {WRONG: 3})}),
        (ALERT,),
        claims={"$49": 3},
    ),
    "imported lies, and a rival elsewhere": State(
        _imported_and_rival, (ALERT, RIVAL), claims={"$49": 2}
    ),
    "wrong, the other left": State(
        _wrong_other_left, (ALERT,), left=("Claude",), claims={"$49": 4}
    ),
    "fell, then all silent and one left": State(
        _fell_other_left, (ALERT, FAILED), silent=("ChatGPT",), left=("Claude",)
    ),
    "recovered": State(after({"openai": FELL}, *[{"openai": CALM}] * 6), (CALM_TITLE,)),
}


def _places(text: str) -> list[int]:
    """Return where each kind of news first stands in a text; -1 for those that do not."""
    return [found.start() if (found := re.search(kind, text)) else -1 for kind in ORDER]


def _assert_true(state: State, words: str, card: Card) -> None:
    """Assert what holds for every card in a state."""
    text = said(card)
    assert not forbidden(text), (words, text)
    for name in (*state.silent, *state.left):
        assert not re.search(rf"{name}(?: is)? unchanged|{name} as usual", text), (words, text)
        assert not re.search(rf"{name}: [^\n]*as usual", text), (words, text)
    if state.brands > 1:  # several brands, each with its own news
        return
    if state.claims:
        assert not re.search(r"[Nn]o (?:open alert|false claim)", text), (words, text)
    if state.told[0] != CALM_TITLE:
        assert not re.search(CALM_TITLE, text), (words, text)
    for value, count in state.claims.items():
        counts = set(re.findall(rf"“{re.escape(value)}[^”]*” in (?:all )?(\w+)", text))
        assert counts <= {str(count), "both" if count == 2 else str(count)}, (words, text)
    if FAILED in state.told:
        labels = [action.label for action in card.actions if not action.menu]
        assert not any(label.startswith("Ask again now") for label in labels), labels


def _assert_page(state: State, written: str, alerts: Sequence[Card]) -> None:
    """Assert that a page tells all news of a state, and its alerts as their messages do."""
    visible = re.sub(r"<style>.*?</style>", "", written, flags=re.DOTALL)
    words = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", visible)))
    assert not forbidden(words)
    for kind in state.told if state.brands == 1 else ():
        assert re.search(kind, words), (kind, words)
    for card in alerts if state.brands == 1 else ():
        assert card.title in words


@pytest.mark.slow
@pytest.mark.parametrize("name", STATES)
async def test_every_card_tells_a_state_in_one_order(name: str, tmp_path: Path) -> None:
    """Title first, then the rest; no filter lifts it, and nothing contradicts it."""
    state = STATES[name]
    with without_pictures():
        made = await state.make()
        cards = {words: await made.shown(words) for words in (*SITUATION_CARDS, *OTHER_CARDS)}
        alerts = await made.deployment.store.alerts.find(live=True)
        call = Call(made.deployment, channel="fake:C1")
        details = [await alert_card(call, a, details=True) for a in alerts]
        messages = [await alert_card(call, alert) for alert in alerts]
        in_terminal = await report(Call(made.deployment), brands=["Acme"])
        page = tmp_path / "page.html"
        await report(Call(made.deployment), brands=["Acme"], html=page)
        cards["sign of life"] = await sign_of_life(call)
        cards["Home"] = await status(call)
        for alert in alerts:
            cards[f"evidence {alert.id}"] = await made.shown(f"evidence {alert.id}")
        findings = await Examination(Call(made.deployment)).findings()
        faults = [finding.place for finding in findings if finding.problem]
    cards["report in a terminal"] = in_terminal
    if made.checked.title and name != "watched":  # there, the check was before
        cards["check"] = made.checked
    for number, card in enumerate((*details, *messages)):
        cards[f"alert {number}"] = card

    for words, card in cards.items():
        _assert_true(state, words, card)
        shown = json.dumps([list(one.blocks) for one in blocks.render(card)], ensure_ascii=False)
        pieces = [piece for one in layouts.render(card) for piece in one.pieces]
        assert not forbidden(shown), words
        assert pieces
    for words in (*SITUATION_CARDS, "report in a terminal"):
        if words == "status" and len(cards[words].fields) > 1:
            assert re.search(state.told[0], str(cards[words].fields[0].value))
            continue
        first = cards[words]
        whole = f"{first.title}\n{first.text}"
        assert re.search(state.told[0], first.title), (words, whole)
        places = [place for place in _places(whole) if place >= 0]
        assert places == sorted(places), (words, whole)
        for kind in state.told:
            assert re.search(kind, whole), (words, kind, whole)
    evidences = {words for words in cards if words.startswith("evidence ")}
    for words in (set(OTHER_CARDS) | evidences) - {"claims Acme"}:
        for kind in {ALERT, FAILED, FAR, RIVAL} & set(state.told):
            assert re.search(kind, said(cards[words])), (words, kind, said(cards[words]))
    for message, detailed in zip(messages, details, strict=True):
        assert detailed.title == message.title
        figures = re.findall(r"“[^”]+”|\d+", str(message.text))
        assert all(figure in str(detailed.text) for figure in figures), "details have no less"
    _assert_page(state, page.read_text(encoding="utf-8"), messages)
    assert not (alerts and "No alert is open" in said(cards["sign of life"]))
    has_moved = any(shift.statement is None for alert in alerts for shift in alert.moved)
    assert has_moved or ", since " not in str(cards["trend Acme --show versus"].text)
    if name != "imported":  # there, no check was made
        assert (cards["sign of life"].severity is Severity.GOOD) == (not state.silent)
    assert {f"answers of {name}" for name in state.silent} <= set(faults)
    for name_left in state.left:
        tables = [card.table for card in cards.values() if card.table]
        assert not any(name_left in cell for table in tables for cell in table.header)
        assert f"No longer asked: {name_left}, since" in str(cards["report Acme"].text)


async def test_a_check_of_one_model_makes_no_other_leave() -> None:
    """The other is current, with its day, and is not called unchanged."""
    made = await past(weeks=3)
    made.clock.week += 1
    await made.chat.type("check --model ChatGPT --repeats 3")
    with without_pictures():
        card = await made.shown("status")
    [situation] = card.data["situation"]

    assert [one["presence"] for one in situation["models"]] == ["current", "current"]
    assert NAMES["anthropic"] in str(card.text)


async def test_what_is_wrong_of_a_competitor_is_news_of_the_competitor() -> None:
    """It is no alert of the brand, and no claim about it."""
    facts = FACTS + '[[facts]]\nbrand = "Globex"\nfield = "price"\nvalue = "$20 a month"\n'
    made = await past(weeks=5, facts=facts)
    with without_pictures():
        checked = await made.check(openai=Plan({}, {"Globex costs $99 a month.": 3}))
        week = await made.shown("report Acme --week")
        changes = await made.shown("changes Acme")

    assert checked.title == "ChatGPT gets Globex's price wrong"
    assert "It says “$99” in all 3 answers that state it; in truth $20 a month." in str(week.text)
    assert "ChatGPT gets Globex's price wrong" in said(changes)
    assert await made.deployment.store.alerts.find() == []


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_the_news_of_the_chosen_model_is_the_headline(provider: str) -> None:
    """Also where another model's comes first; the data has one shape with an end and without."""
    facts = FACTS + '[[facts]]\nbrand = "Globex"\nfield = "price"\nvalue = "$20 a month"\n'
    made = await past(weeks=5, facts=facts)
    wrong = Plan({}, {"Globex costs $99 a month.": 3})
    with without_pictures():
        await made.check(openai=wrong, anthropic=wrong)
        changes = await made.shown(f'changes Acme --model "{NAMES[provider]}"')
        ended = await made.shown(f'changes Acme --model "{NAMES[provider]}" --until today')

    assert changes.title == f"{NAMES[provider]} gets Globex's price wrong"
    assert ended.data["situation"] == changes.data["situation"]


async def test_a_trend_names_its_first_day_if_all_models_share_it() -> None:
    """Each change is from the model's own first check in the time."""
    made = await past(weeks=2)
    shared = made.clock.now()
    await made.check(anthropic=Plan(fails="timeout"))
    alone = made.clock.now()
    with without_pictures():
        await made.check()
        tables = [
            (await made.shown(f"trend Acme --since {at:%Y-%m-%d}")).table for at in (shared, alone)
        ]

    headers = [table.header[2] for table in tables if table]
    assert headers == [f"Since {short_day(shared, UTC)}", "Change in this time"]


async def test_a_trend_without_a_time_does_not_say_that_it_has_no_answers() -> None:
    """The only model that has ever answered is no longer asked."""
    made = await past(weeks=0)
    await made.check(times=2, anthropic=Plan(fails="timeout"))
    made.leave("openai")
    await made.check(anthropic=Plan(fails="timeout"))
    ended = await made.shown("trend Acme --until 2020-01-01")
    left = await made.shown("trend Acme")

    assert ended.text == "No answers in this time."
    assert str(left.text).startswith("No longer asked: ")


@pytest.mark.slow
async def test_a_competitor_has_an_alert_where_a_route_asks_for_it() -> None:
    """It rises and passes, or something false is said of it; of one's own brand's fall there is one
    alert, which names who took its place. Once no route asks, none is told.
    """
    facts = FACTS + '[[facts]]\nbrand = "Globex"\nfield = "price"\nvalue = "$20 a month"\n'
    made = await past(brands=RIVALS_TOLD, facts=facts)
    lie = Plan({"Acme": 6, "Umbra": 22}, {"Globex costs $99 a month.": 3})
    with without_pictures():
        for _ in range(3):
            await made.check(anthropic=Plan({"Umbra": 23}), openai=lie)
        call = Call(made.deployment, channel="fake:C9")
        cards = [await alert_card(call, one) for one in await made.deployment.store.alerts.find()]
        week = await made.shown("report Acme --week")

    assert {card.title for card in cards} == {
        "ChatGPT names Acme far less",
        "ChatGPT gets Globex's price wrong",
        "Umbra rises at Claude and passes you",
    }
    [rise] = [card for card in cards if card.title.startswith("Umbra")]
    assert "Umbra: named in 23 of 24 answers, usually 6." in str(rise.text)
    assert "Nearly certain" in rise.footer
    assert rise.severity is Severity.BAD
    assert not any(action.label == "What to do?" for action in rise.actions)
    assert all(card.title in said(week) for card in cards)
    no_route = made.deployment.config.model_copy(update={"routes": ()})
    reader = SituationReader(Call(replace(made.deployment, config=no_route)))
    assert (await reader.read(made.deployment.catalogue.brands[0])).rival_alerts == []


async def _checked(made: Past) -> Screen:
    screen = await made.chat.type("check --repeats 3")
    return await made.chat.click(screen, screen.card.actions[0].label)


@pytest.mark.slow
async def test_an_alert_with_a_message_in_the_channel_is_told_once() -> None:
    """The result of the check there has a line on it, without its figures and its picture, and only
    the person who asked sees it; later results are for all.
    """
    made = await past(brands=f'{BRANDS}[[routes]]\nchannel = "fake:general"\n')
    made.plans = {"openai": Plan({}, {WRONG: 3})}
    made.clock.week += 1
    screen = await _checked(made)
    there = screen.card
    elsewhere = await made.check(channel="fake:C2", openai=Plan({}, {WRONG: 3}))

    assert there.title == "ChatGPT gets Acme's price wrong"
    assert str(there.text).startswith("Its message is in this channel.")
    assert "$49" not in str(there.text)
    assert there.image is None
    assert screen.private
    made.clock.week += 1
    assert not (await _checked(made)).private
    assert "$49" in str(elsewhere.text)
    assert elsewhere.image is not None


async def test_answers_that_are_not_scored_yet_are_no_failure() -> None:
    """What is scored is told with its day, and nothing is offered to be asked again."""
    made = await past(weeks=3)
    before = made.deployment
    made.clock.week += 1
    panel = lay_out(before.catalogue, before.plugins.providers, repeats=1)
    run = await before.store.runs.start(Run("late", made.clock.now(), panel, RunState.COMPLETE))
    asked = [
        Answer(run.id, one, reply("Acme is good."), run.started_at) for one in panel.questions()
    ]
    await before.store.answers.add(asked)
    reader = SituationReader(Call(before))
    telling = Telling(await reader.read(before.catalogue.brands[0]), before.names, UTC)

    [news] = telling.news
    assert news.title == "The answers of 12 Oct are not scored yet"
    assert "on 5 Oct" in news.lines[0]
    assert first_steps(telling.situation, [news]) == []


@pytest.mark.parametrize(
    ("watch", "title", "line"),
    [
        (_UPDATE, "What the update of ChatGPT did to Acme is not clear", r"20 of 24, .*"),
        (replace(_UPDATE, values=(0.5, 0.46), interval=(-0.24, 0.17)),
         "What the update of ChatGPT did to Acme is not clear",
         r"50 % before and 46 % after it\. Not clear: .4 points \(.*\)\."),
        (replace(_UPDATE, over=False, values=(0.5, 0.46), interval=(-0.24, 0.17)),
         f"{WATCH_ICON} ChatGPT was changed: announced", r".* Not clear yet: .4 points \(.*\)\."),
        (replace(_UPDATE, over=False, values=(0.5, 0.52), interval=(-0.25, 0.29),
                 answers=(1000, 36), looks=(datetime(2026, 10, 2, tzinfo=UTC),)),
         f"{WATCH_ICON} ChatGPT was changed: announced",
         r".* More than 12 more checks would be needed to tell\."),
    ],
)  # fmt: skip
async def test_an_update_says_what_is_known_of_it(watch: Watch, title: str, line: str) -> None:
    """That it is over, or what it takes to tell; nothing of answers that were not counted."""
    made = await past(weeks=3)
    store, now = made.deployment.store, made.deployment.clock.now()
    model = Model("openai", "gpt-5")
    await update_watched_models(store, "Acme", {model}, {model: watch}, now)
    reader = SituationReader(Call(made.deployment))
    telling = Telling(
        await reader.read(made.deployment.catalogue.brands[0]), made.deployment.names, UTC
    )

    [news] = [one for one in telling.news if one.model == model]
    assert news.title == title
    assert re.fullmatch(line, "".join(news.lines))
    assert "next check" not in str(news.lines)


@pytest.mark.parametrize(
    ("weeks", "rare", "share"),
    [(3, True, "a third"), (3, False, "a tenth"), (14, True, "half"), (14, False, "a quarter")],
)
async def test_how_much_of_what_is_watched_is_true_is_said_by_the_number_of_checks(
    weeks: int, rare: bool, share: str
) -> None:
    """In the first weeks less has changed, so less of it is true."""
    made = await past("openai", weeks=weeks)
    store, now, model = made.deployment.store, made.deployment.clock.now(), Model("openai", "gpt-5")
    watch = Watch("visibility", rare=rare)
    await update_watched_models(store, "Acme", {model}, {model: watch}, now)
    reader = SituationReader(Call(made.deployment))
    telling = Telling(
        await reader.read(made.deployment.catalogue.brands[0]), made.deployment.names, UTC
    )

    [news] = [one for one in telling.news if one.model == model]
    assert f"True in about {share} of such cases." in news.lines[0]


async def test_a_list_of_watched_models_of_an_early_store_is_passed_over() -> None:
    """It names no evidence that could be shown."""
    made = await past("openai", weeks=3)
    store, now = made.deployment.store, made.deployment.clock.now()
    await store.settings.put(Setting(f"{WATCHED}Acme", {"models": ["openai/gpt-5"]}, "", now))

    assert await read_watches(store) == {}


@pytest.mark.slow
async def test_what_is_watched_is_told_also_after_an_alert_that_is_over() -> None:
    """An earlier change does not hide a new suspicion."""
    made = await after({"openai": FELL}, *[{"openai": CALM}] * 4)()
    store, now = made.deployment.store, made.deployment.clock.now()
    model = Model("openai", "gpt-5")
    await update_watched_models(store, "Acme", {model}, {model: Watch("visibility")}, now)
    with without_pictures():
        card = await made.shown("status")

    assert "Watching: " in card.title
