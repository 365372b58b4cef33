"""Tests of what is decided in chat besides the catalogue: routes, summaries, names, budgets."""

from typing import Any

import pytest

from kit.office import DECLARED, PRICE, Office, open_office
from overheard.alerts.outbox import end_of_quiet, routed
from overheard.commands.arguments import days_of, in_words, read_words
from overheard.commands.setup.checklist import DRAFT, checklist, drafted_brand
from overheard.commands.setup.draft import Draft, store_draft
from overheard.commands.setup.naming import set_brand
from overheard.commands.setup.starting import set_places
from overheard.config.sections import Config
from overheard.deployment import Call
from overheard.domain import Setting
from overheard.errors import BadSchedule

CONFIGURED = (
    DECLARED
    + """
[[routes]]
channel = "fake:file"
[budget]
month = 9.0
"""
)


async def config(office: Office) -> Config:
    """Return the configuration with what was decided in chat."""
    return (await office.deployment.refreshed()).config


async def say(office: Office, words: str) -> str:
    """Type a command, and return the title and text of the answer."""
    card = (await office.chat.type(words)).card
    return f"{card.title} {card.text}"


async def test_alerts_of_a_brand_come_into_a_channel_and_are_quiet_at_night(office: Office) -> None:
    """What is typed in a channel holds for that channel."""
    assert "Alerts of Acme come into this channel" in await say(
        office, "subscribe Acme --quiet 22:00-07:00 --timezone Europe/Berlin"
    )
    route = routed((await config(office)).routes, "fake:general")
    assert route
    assert (route.brands, route.timezone) == (("Acme",), "Europe/Berlin")
    night = office.deployment.clock.now().replace(hour=23)
    assert end_of_quiet(route, night) is not None
    table = (await office.chat.type("routes")).card.table
    assert table
    assert table.rows[0] == ("this channel", "alerts of Acme", "22:00-07:00", "chat")
    assert "no more" in await say(office, "unsubscribe Acme")
    assert (await config(office)).routes == ()


async def test_what_the_file_has_is_shown_with_its_source_and_stays() -> None:
    """Each refusal names the file."""
    office = await open_office(CONFIGURED)
    for words in ("routes remove --channel fake:file", "budget set 20"):
        assert "config.toml" in await say(office, words), words
    table = (await office.chat.type("routes list")).card.table
    assert table
    assert "config.toml" in str(table.rows[0][-1])
    assert (await config(office)).budget.month == 9.0


async def test_summaries_names_and_budgets_hold_at_once(office: Office) -> None:
    """They are merged with the configuration at the next command."""
    said = await say(office, "summary set --day mon --day thu --time 9.30")
    assert "every Monday and Thursday at 9:30" in said
    assert await say(office, "budget set 20") == "A month may cost $20.00 at most "
    said = await say(office, "budget set 5 --channel fake:general")
    assert said == "This channel may cost $5.00 at most "
    assert "is called Oracle now" in await say(office, 'models rename svc/m-1 "Oracle"')
    now = await config(office)
    assert [report.cron for report in now.reports] == ["30 9 * * mon,thu"]
    assert (now.budget.month, now.budget.channels) == (20.0, {"fake:general": 5.0})
    assert now.models["svc/m-1"].name == "Oracle"
    assert "any more" in await say(office, "summary off")
    assert await say(office, "budget set") == "A month may cost what it costs "
    assert "svc/m-1 is called m-1 now" in await say(office, "models rename Oracle -")
    now = await config(office)
    assert (now.reports, now.budget.month, dict(now.models)) == ((), None, {})


async def test_the_budget_of_false_alarms_is_chosen_by_name_unless_the_file_has_it(
    office: Office,
) -> None:
    """With a button on the card of what is noticed; the set-up names what each shows."""
    assert await say(office, "budget alarms early") == "Early: wrong once a year "
    assert (await config(office)).alerts.false_alarms_per_year == 1.0
    await say(office, "budget alarms calm")
    assert (await config(office)).alerts.false_alarms_per_year == 0.2
    of_file = await open_office("[alerts]\nfalse_alarms_per_year = 0.5\n")
    assert "config.toml" in await say(of_file, "budget alarms early")
    assert (await config(of_file)).alerts.false_alarms_per_year == 0.5


async def test_a_schedule_is_made_of_words_or_of_a_form_with_its_price() -> None:
    """The form shows what a check costs, and a price follows each change."""
    office = await open_office(forms=True, price=PRICE)
    said = await office.chat.choose("schedules add", name="weekly", cron="every Monday at 9")
    assert "I ask every Monday at 9:00, less than $0.01 each time" in str(said.card.text)
    form = await office.chat.type("schedules add")
    assert form.form
    assert form.form.title == "4 of 5: Where and when"
    assert (form.form.values["days"], form.form.values["time"]) == (("mon",), "09:00")
    assert "A check is less than $0.01" in str(form.form.hints["month"])
    await office.chat.submit(form, days=["tue", "fri"], time="17:00")
    [schedule] = (await office.store.catalogue.current()).schedules
    assert schedule.cron == "0 17 * * tue,fri"


async def test_suggested_questions_are_ticked_and_added_together() -> None:
    """In the form of the set-up's questions, whichever brand they are for."""
    office = await open_office(forms=True)
    office.provider.answer = lambda _: "Which board is best?\nWhich one is cheap?"
    shown = await office.chat.type("prompts suggest Acme")
    form = await office.chat.click(shown, "Choose questions")
    assert form.form
    assert [one.label for one in form.form.choices["questions"]] == [
        "Which board is best?",
        "Which one is cheap?",
    ]
    await office.chat.submit(form, questions=["q1"], then="later")
    texts = [prompt.text for prompt in (await office.store.catalogue.current()).prompts]
    assert texts[1:] == ["Which one is cheap?"]


@pytest.mark.parametrize(("brand", "asked_for"), [("Zeta", ()), ("Umbra", ("Umbra",))])
async def test_suggestions_for_another_brand_leave_the_set_up_alone(
    brand: str, asked_for: tuple[str, ...]
) -> None:
    """Each has a button of its own, and the brand that is being set up keeps its draft."""
    office = await open_office(forms=True)
    await office.chat.type("brands add Umbra")
    call = Call(await office.deployment.refreshed(), "Maya (fake:U1)", "fake:C1")
    await set_brand(call, name="Acme")
    before = await office.store.settings.get(DRAFT)
    office.provider.answer = lambda _: "Which board is best?\nWhich one is cheap?"
    shown = await office.chat.type(f"prompts suggest {brand}")
    assert await office.store.settings.get(DRAFT) == before
    await office.chat.click(shown, "Which one is cheap?")
    added = (await office.store.catalogue.current()).prompts[-1]
    assert (added.text, added.brands) == ("Which one is cheap?", asked_for)


async def test_a_competitor_is_not_the_brand_that_is_set_up() -> None:
    """Such as one whose draft was made while it was tracked."""
    office = await open_office()
    call = Call(await office.deployment.refreshed(), "Maya (fake:U1)", "fake:C1")
    await store_draft(call, Draft("Zeta"))
    assert (await drafted_brand(call)).name == "Acme"


async def test_a_second_brand_has_a_time_of_its_own() -> None:
    """The step is open until the schedule asks for the brand, and the first one stays in it."""
    office = await open_office()
    places = []
    for brand in ("Acme", "Umbra"):
        call = Call(await office.deployment.refreshed(), "Maya (slack:U1)", "slack:C1")
        await set_brand(call, name=brand)
        for step in ("before", "after"):
            call = Call(await office.deployment.refreshed(), "Maya (slack:U1)", "slack:C1")
            places.append(bool((await checklist(call)).decided["places"]))
            if step == "before":
                await set_places(call)
    assert places == [False, True, False, True]
    [weekly] = (await office.store.catalogue.current()).schedules
    assert weekly.brands == ("Acme", "Umbra")


async def test_a_setting_of_another_version_is_left_out(office: Office) -> None:
    """It cannot keep the deployment from working."""
    now = office.deployment.clock.now()
    values: dict[str, dict[str, Any]] = {
        "route:fake:x|": {"channel": "nowhere", "shape": 1},
        "budget:month": {"usd": "much"},
        "model:svc/m-1": {},
        "unknown:x": {"a": 1},
    }
    for name, value in values.items():
        await office.store.settings.put(Setting(name, value, "x", now))
    assert (await config(office)).routes == ()


@pytest.mark.parametrize(
    ("words", "cron"),
    [
        ("every Monday at 9", "0 9 * * mon"),
        ("Mondays and thursdays at 9:30 pm", "30 21 * * mon,thu"),
        ("every day at 7", "0 7 * * *"),
        ("weekdays at 8.15", "15 8 * * mon,tue,wed,thu,fri"),
        ("weekly on Sunday at 12 am", "0 0 * * sun"),
        ("0 7 1 * *", "0 7 1 * *"),
    ],
)
def test_times_of_a_week_are_read_and_said_in_words(words: str, cron: str) -> None:
    """What a form cannot show stays as it is."""
    assert read_words(words) == cron
    assert in_words(cron) != cron or days_of(cron) is None


@pytest.mark.parametrize(
    "words", ["every Monday at 25", "every Funday at 9", "mo at 9", "weekly at 9"]
)
def test_a_time_that_does_not_exist_is_refused(words: str) -> None:
    """With what would be right."""
    with pytest.raises(BadSchedule):
        read_words(words)


@pytest.mark.parametrize(
    ("time", "cron"),
    [("9:00", "0 10 * * sun"), ("22:45", "0 23 * * sun"), ("23:30", "0 0 * * mon")],
)
async def test_the_summary_of_the_set_up_follows_the_check(
    office: Office, time: str, cron: str
) -> None:
    """Also after a check shortly before midnight."""
    call = Call(office.deployment, "Maya (slack:U1)", "slack:C1")
    await set_places(call, days=("sun",), time=time)
    [summary] = (await config(office)).reports
    assert summary.cron == cron


async def test_what_is_not_there_is_not_removed(office: Office) -> None:
    """A person is told so; what the file has is said to be the file's."""
    assert "No such alerts come here" in await say(office, "unsubscribe Acme")
    assert "No summary comes here" in await say(office, "summary off")
    await say(office, "subscribe Acme")
    assert "No such alerts come here" in await say(office, "unsubscribe")
    assert await say(office, "unsubscribe Acme") == "Alerts of Acme come into this channel no more "
    declared = CONFIGURED + '[budget.channels]\n"fake:file" = 3.0\n'
    declared += '[[reports]]\nname = "weekly"\nchannel = "fake:file"\ncron = "0 9 * * mon"\n'
    of_file = await open_office(declared)
    for words in ("summary off --channel fake:file", "budget set 5 --channel fake:file"):
        assert "config.toml" in await say(of_file, words), words
    assert "cost $5.00" in await say(of_file, "budget set 5 --channel fake:other")


async def test_the_list_of_routes_says_what_each_channel_gets_and_who_decided(
    office: Office,
) -> None:
    """Alerts and summaries, of the file and of the chat; without any, that alerts go nowhere."""
    empty = (await office.chat.type("routes")).card
    assert (str(empty.text), empty.table) == ("Alerts go nowhere yet.", None)
    assert [action.words for action in empty.actions] == ["routes add", "summary set"]
    of_file = await open_office(CONFIGURED)
    await say(of_file, "subscribe --channel fake:all")
    await say(of_file, "summary set --day mon")
    card = (await of_file.chat.type("routes")).card
    assert card.table
    assert (card.title, str(card.text)) == ("3 routes", "")
    assert card.table.rows == (
        ("fake:file", "all alerts", "-", "config.toml"),
        ("fake:all", "all alerts", "-", "chat"),
        ("this channel", "summary every Monday at 10:00", "-", "chat"),
    )
    assert [route["channel"] for route in card.data["routes"]] == ["fake:file", "fake:all"]
    assert [report["channel"] for report in card.data["digests"]] == ["fake:general"]


async def test_quiet_hours_that_cannot_be_read_are_refused(office: Office) -> None:
    """Good ones are said in words, and each card offers what comes next."""
    assert "Quiet hours are two times of the day" in await say(office, "subscribe --quiet night")
    card = (await office.chat.type("subscribe --quiet 22:00-07:00")).card
    assert str(card.text) == "Not between 22:00 and 07:00; what comes then waits."
    assert [action.words for action in card.actions] == ["summary set", "routes list"]
    data = {"channel": "fake:general", "brand": "", "quiet": "22:00-07:00", "rivals": False}
    assert card.data == data
    rivals = (await office.chat.type("subscribe --rivals")).card
    assert str(rivals.text) == "Competitors too."
    summary = (await office.chat.type("summary set")).card
    assert summary.data == {"channel": "fake:general", "cron": "0 10 * * mon", "timezone": "UTC"}
    assert [action.words for action in summary.actions] == ["summary set --off", "routes list"]
    spent = (await office.chat.type("budget set 7")).card
    assert spent.data == {"channel": "", "month": 7.0}
    assert [action.words for action in spent.actions] == ["spend"]


async def test_forms_show_what_is_decided_now() -> None:
    """The days and time of the channel's summary, and the limit of a month."""
    office = await open_office(forms=True)
    await office.chat.choose("summary set", days=["thu"], time="9:30")
    await office.chat.choose("budget set", month=12.0)
    summary, budget = await office.chat.type("summary set"), await office.chat.type("budget set")
    assert summary.form
    assert (summary.form.values["days"], summary.form.values["time"]) == (("thu",), "09:30")
    assert budget.form
    assert budget.form.values["month"] == 12.0
