"""The Home and `status`, and the digest of a week."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from kit.office import DECLARED, Office, asked_office, executed, open_office
from kit.scripted import reply
from overheard.alerts.run_analysis import AnalysisResult
from overheard.alerts.service import DetectionResult
from overheard.alerts.story import PARTLY, AlertPart, Watch, update_watched_models
from overheard.cards.card import Card, Severity
from overheard.commands.check import check
from overheard.commands.check_card import run_card
from overheard.deployment import Call
from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Answer,
    Model,
    ModelUpdate,
    Price,
    Prompt,
    Question,
    ReportedStatement,
    Run,
    Shift,
    StatementKind,
)
from overheard.runs.service import RunResult
from overheard.runs.tasks import Outcome
from overheard.views.situation import next_checks


async def _alert(office: Office, state: AlertState = AlertState.OPEN, by: str = "") -> Run:
    """Raise an alert of the newest check."""
    run = (await office.store.runs.find())[0]
    shift = Shift("Acme", Model("svc", "m-1"), "visibility", run.id, 1.0, 0.0, -1.0, (-1.0, -0.5))
    await office.store.alerts.add(Alert(shift, run.started_at, state=state, by=by), [])
    return run


async def test_status_of_one_brand_is_its_rank_and_a_picture() -> None:
    """And the way on: at most four buttons and a menu; the last button goes on with the set-up."""
    office = await asked_office("Acme is best. Zeta is good.", "Zeta is best. Zeta is good.")
    card = (await office.chat.type("status")).card

    assert card.title == "\N{EYES} Watching: m-1 may name Acme less"
    assert card.image
    assert "Zeta 3 of 3" in card.image.alt
    assert [one.words for one in card.actions if not one.menu] == [
        "report Acme",
        "check",
        "setup list",
    ]
    assert card.footer.startswith("Spent in ")


async def test_status_says_who_has_an_open_alert() -> None:
    """By name, without the id."""
    office = await asked_office("Acme is best.", "Zeta is best.")
    await _alert(office, AlertState.ACKNOWLEDGED, "Maya (slack:U1)")
    card = (await office.chat.type("status")).card

    assert "Maya has the alert." in str(card.text)
    assert "U1" not in str(card.text)
    assert card.actions[0].words == "alerts show 1"


async def test_a_check_in_a_chat_names_its_alert_and_opens_it() -> None:
    """Where no channel gets alerts, it offers this one; a terminal shows the alert below."""
    office = await asked_office("Acme is best.", "Zeta is best.")
    run = await _alert(office)
    alerts = tuple(await office.store.alerts.find())
    told = Card("m-1 names Acme far less")
    found = AnalysisResult(office.deployment, DetectionResult(alerts, compared=True), (), (told,))
    result = RunResult(Outcome(run), found)
    in_chat = await run_card(Call(office.deployment, channel="slack:C1"), result)
    in_terminal = await run_card(Call(office.deployment), result)

    assert in_chat.title == "m-1 names Acme far less"
    assert "new alert" not in str(in_chat.text), "its title is that of the alert"
    assert in_chat.more == ()
    words = {action.label: action.words for action in in_chat.actions}
    assert words["Open alert"] == "alerts show 1"
    assert words["Alerts into this channel"] == "routes add Acme"
    assert "1 new alert, below." in str(in_terminal.text)
    assert in_terminal.more == (told,)


async def test_status_of_several_brands_has_a_line_for_each_model() -> None:
    """Pictures of all would be too long for a phone."""
    more = DECLARED.replace("[[prompts]]", '[[brands]]\nname = "Umbra"\n\n[[prompts]]')
    office = await asked_office("Acme is best. Umbra is good.", config=more)
    card = (await office.chat.type("status")).card

    assert card.title == "2 brands: no open alert"
    rows = [(field.name, field.value) for field in card.fields]
    assert rows[0] == ("Acme", "m-1: 3 of 3 answers, 1st of 2.")
    opened = [field.action.words for field in card.fields if field.action]
    assert opened == ["report Acme", "report Umbra"]
    assert card.image
    assert card.image.alt == "Named. Acme: m-1 3 of 3. Umbra: m-1 3 of 3."


async def test_status_says_when_the_next_check_is_due() -> None:
    """In words that are read at a glance."""
    weekly = '\n[[schedules]]\nname = "weekly"\ncron = "0 9 * * tue"\n'
    office = await asked_office("Acme is best.", config=DECLARED + weekly)

    assert "Next check tomorrow at 09:00." in str((await office.chat.type("status")).card.text)


async def test_without_brands_status_has_one_first_step() -> None:
    """It is the button of the set-up."""
    office = await open_office("")

    assert (await office.chat.type("status")).action("Set up").words == "setup brand"


async def test_a_quiet_week() -> None:
    """All is as usual, with the figures of the newest check."""
    office = await asked_office("Acme is best. Zeta is good.", "Acme is best. Zeta is good.")
    card = (await office.chat.type("report --week")).card

    assert card.title == "Acme's week: all as usual; no open alert, no false claim"
    assert "m-1: 3 of 3, as usual, 1st of 2." in str(card.text)
    assert "False claims: none." in str(card.text)
    assert card.footer == "Spent in March: $0.00. · API only"


async def test_a_week_with_an_alert_says_so_first() -> None:
    """A new alert is a change; an earlier one is still open."""
    office = await asked_office("Acme is best.", "Zeta is best.")
    await _alert(office)
    new = (await office.chat.type("report Acme --week")).card
    later = (await office.chat.type("report Acme --since now")).card

    assert new.title == "Acme's week: m-1 names Acme far less"
    assert str(new.text).startswith("New: ")
    assert new.data["brands"][0]["new_alerts"] == [1]
    assert later.title == new.title
    assert "Still open since " in str(later.text)


async def test_where_no_brand_is_named_none_is_first() -> None:
    """A share of nothing is no place."""
    office = await asked_office("None of them.")
    card = (await office.chat.type("status")).card

    assert card.title == "No answer names Acme"
    assert "1st" not in str(card)


async def test_the_next_checks_are_those_of_schedules_that_are_not_paused() -> None:
    """Each has one; a schedule that is paused has none."""
    tables = [f'[[schedules]]\nname = "{at}"\ncron = "0 {at} * * *"\n' for at in (7, 9)]
    office = await open_office("".join(tables) + DECLARED)
    assert sorted(at.hour for at in (await next_checks(Call(office.deployment))).values()) == [7, 9]
    await office.store.schedules.pause("7", office.deployment.clock.now(), paused=True)
    assert [at.hour for at in (await next_checks(Call(office.deployment))).values()] == [9]


async def eventful(office: Office) -> None:
    """Store three checks of eight models, alerts at four of them and what became of these, a
    suspicion at the fifth, and updates.
    """
    store, now = office.store, office.deployment.clock.now()
    models = [Model("svc", f"m-{number}") for number in range(9)]
    prompt, runs = Prompt("Which tool is best?"), []
    for weeks in (5, 1, 0):
        at = now - timedelta(weeks=weeks, hours=1)
        runs.append(await store.runs.start(Run(f"{weeks} weeks ago", at)))
        text = reply("Acme is best. Zeta is good.")
        asked = [Question(prompt, model, repeat) for model in models[:8] for repeat in range(2)]
        await store.answers.add([Answer(runs[-1].id, one, text, at) for one in asked])

    async def alert(number: int, days: int, *events: AlertEvent, **more: Any) -> None:
        shift = Shift("Acme", models[number], "visibility", runs[0].id, 0.5, 1, 0.5, (0.0, 1.0))
        shift = replace(shift, **{k: more.pop(k) for k in ("change", "statement") if k in more})
        stored, _ = await store.alerts.add(Alert(shift, now - timedelta(days=days), **more), [])
        for event in events:
            stored = replace(stored, revision=stored.revision + 1)
            assert await store.alerts.change(stored, event)

    def event(what: AlertEventKind, days: int, part: AlertPart | None = None) -> AlertEvent:
        return AlertEvent(what, now - timedelta(days=days), note=PARTLY[part] if part else "")

    claim = ReportedStatement(StatementKind.CLAIM, "founded", "2001", "1999", answers=2, asked=4)
    eased, recovered = AlertEventKind.EASED, AlertEventKind.RECOVERED
    await alert(0, 30, event(eased, 2, AlertPart.STATEMENTS), statement=claim)
    await alert(1, 29, event(eased, 9, AlertPart.METRICS))
    await alert(2, 28, event(eased, 3, AlertPart.METRICS), change=-0.5)
    await alert(3, 2)
    over = {"state": AlertState.RECOVERED}
    await alert(4, 28, event(recovered, 6), **over, over_at=now - timedelta(days=6))
    await alert(6, 28, event(recovered, 8), **over, over_at=now - timedelta(days=8))
    await update_watched_models(store, "Acme", set(models), {models[5]: Watch("visibility")}, now)
    for number, days in ((7, 8), (0, 1), (0, 1), (8, 1), (1, 2), (2, 3), (3, 4)):
        await store.updates.add(ModelUpdate(models[number], now - timedelta(days=days)))


async def test_a_week_tells_each_model_once_by_what_matters_most(office: Office) -> None:
    """New, then open, partly back, back, watched, and the rest as usual; what is older than the
    week is no news.
    """
    await eventful(office)
    card = (await office.chat.type("report --week")).card
    said = str(card.text)

    assert card.title == "Acme's week: m-3 names Acme far more"
    assert said.startswith("New: ")
    assert said.count("Still open since ") == 2
    assert "And 2 more; see the report." in said
    assert "Over: m-4 names Acme as usual again." in said
    assert "m-2 is back to usual." in said
    assert "m-0 does not state it any more." in said
    assert "Updated: m-3 on 26 Feb, m-2 on 27 Feb and m-1 on 28 Feb." in said
    assert "m-4: 2 of 2 answers, 1st of 2.\nm-6: 2 of 2, as usual, 1st of 2." in said
    assert "m-5: " not in said, "what is watched is news, and counted above"
    assert card.severity is Severity.GOOD
    assert [action.words for action in card.actions] == [
        "alerts show 4",
        "report Acme",
        "brief Acme",
    ]
    week = card.data["brands"][0]
    assert (week["new_alerts"], week["open_alerts"]) == ([4], [3, 2, 1])
    assert week["recovered_alerts"] == [5]
    assert week["to_do"] == ["1. State “founding year” as text on your page: no answer says it."]
    assert "To do\n1. State" in str(card.text)


async def test_a_week_in_which_nothing_was_asked(office: Office) -> None:
    """Only what a month has cost, and the way on."""
    card = (await office.chat.type("report --week")).card

    assert card.title == "Acme's week: nothing was measured"
    assert card.severity is Severity.PLAIN
    assert [action.words for action in card.actions] == ["report Acme", "brief Acme"]


async def test_the_digest_has_what_the_weeks_questions_have_cost() -> None:
    """Of all brands, since its first day."""
    office = await open_office(price=Price(1.0, 2.0))
    office.provider.answer = lambda _: reply("Acme is best.", cost_usd=0.25)
    await executed(check(Call(office.deployment), repeats=3))

    assert (await office.chat.type("report --week")).card.footer == (
        "Asked 3 questions for $0.75. Spent in March: $0.75. · API only"
    )


async def test_what_a_person_does_to_an_alert_is_said_and_can_be_taken_back() -> None:
    """The card names the new state; an update that was known already has nothing to take back."""
    office = await asked_office("Acme is best.", "Zeta is best.")
    run = await _alert(office)

    async def done(words: str) -> tuple[str, list[str]]:
        card = (await office.chat.type(words)).card
        assert card.title == "Acme at m-1"
        return str(card.text), [action.label for action in card.actions]

    snoozed = "It is snoozed by Ada until"
    for words, said in (
        ("alerts acknowledge 1", "It is acknowledged by Ada."),
        ("alerts snooze 1 --for update", f"{snoozed} the next update of the model."),
        ("alerts snooze 1 --for 2026-03-09", f"{snoozed} 9 Mar 2026, 09:00 UTC."),
        ("alerts close 1 --why ours", "It is closed by Ada."),
        ("alerts close 1 --undo", "It is open."),
    ):
        assert await done(words) == (said, ["Undo"])
    day = f"{run.started_at.day} Mar 2026"
    assert await done("alerts update 1 --note blog") == (
        f"m-1 is marked as updated on {day}.",
        ["Undo"],
    )
    assert await done("alerts update 1") == (f"m-1 is marked as updated on {day}.", [])
    events = await office.store.alerts.events(1)
    [closed] = [event for event in events if event.what is AlertEventKind.CLOSED]
    assert closed.note == "It was our own doing."
