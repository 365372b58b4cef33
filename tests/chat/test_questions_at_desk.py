"""Questions in words at the desk: a command that reads, or a card with buttons."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kit.office import DECLARED, Office, open_office
from kit.question_lists import situation
from overheard.cards.card import Card, Tainted
from overheard.cards.command import Face, Role
from overheard.chat.parser import parse
from overheard.chat.questions.wording import offered_card
from overheard.commands.registry import offered
from overheard.domain import Alert, Delivery, DeliveryKind, Model, Shift
from overheard.testing.fakes import GENERAL, Screen


async def asked(office: Office, question: str, *, message: str = "", thread: str = "1") -> Screen:
    """Ask a question in words."""
    return await office.chat.bring(
        office.chat.request(question=question, message=message, thread=thread)
    )


async def with_alert(office: Office, message: str, model: str = "m1") -> Alert:
    """Raise an alert of the office's brand, shown in a message."""
    now, store = office.deployment.clock.now(), office.store
    shift = Shift(
        "Acme",
        Model("svc", model),
        "visibility",
        1,
        0.9,
        0.3,
        -0.6,
        (-0.7, -0.5),
        chance_a_year=0.005,
    )
    wanted = Delivery(DeliveryKind.ALERT, "", GENERAL, now)
    alert, _ = await store.alerts.add(Alert(shift, opened_at=now), [wanted])
    later = now + timedelta(hours=1)
    [claimed] = await store.deliveries.claim("me", later, later, chats=["fake"], limit=1)
    await store.deliveries.record(claimed, "me", message=message, shown=1)
    return alert


def last(screen: Screen) -> Card:
    """Return the card that is shown at the end."""
    return screen.cards[-1]


async def test_a_question_is_answered_by_the_command_that_reads(office: Office) -> None:
    """With the ways on as buttons."""
    await office.chat.type("check Acme")
    card = last(await asked(office, "How are we doing?"))

    assert card.title.startswith("Acme: ")
    assert card.actions


async def test_what_was_not_understood_is_said_with_three_things_to_do(office: Office) -> None:
    """The words are shown as text that only a renderer escapes."""
    card = last(await asked(office, "what is the <!channel> weather today?"))

    assert card.title == "I did not understand that"
    assert isinstance(card.fields[0].value, Tainted)
    assert len(card.actions) == 3


@pytest.mark.parametrize(
    ("question", "unread", "offered"),
    [
        ("how are we doing in Germany?", "Germany", "report"),
        ("which questions about startups do we lose?", "startups", "answers Acme --show questions"),
        ("us against Foo", "Foo", "report"),
    ],
)
async def test_without_a_model_what_was_read_is_offered_and_not_answered(
    office: Office, question: str, unread: str, offered: str
) -> None:
    """A word that is not known keeps it from being an answer."""
    card = last(await asked(office, question))

    assert card.title == "I did not understand that"
    assert unread in str(card.fields[0].value)
    assert card.actions[0].words == offered
    assert card.actions[0].label.startswith("Without it: ")
    assert len(card.actions) == 3


async def test_an_order_whose_words_are_not_all_quoted_is_no_command() -> None:
    """The words after the quotation would be asked, too."""
    office = await open_office()
    card = last(await asked(office, 'ask "which board is best for dentists" too'))

    assert card.title == "I did not understand that"


@pytest.mark.parametrize("until", ["", " --until today"])
async def test_what_changed_at_one_model_names_it_and_what_is_open_elsewhere(until: str) -> None:
    """Also for a time that is over."""
    office = await open_office()
    await office.chat.type("check Acme")
    await with_alert(office, "C1.7")
    screen = await office.chat.type(f"changes --model m2 --since yesterday{until}")

    assert screen.card.title.startswith("No new alert at m2 ")
    assert "m1" in str(screen.card.text)


async def test_several_alerts_at_one_model_are_counted_in_the_title() -> None:
    """The word has its plural before the model."""
    office = await open_office()
    await office.chat.type("check Acme")
    alert = await with_alert(office, "C1.7", "m2")
    other = replace(alert.shift, brand="Zeta")
    await office.store.alerts.add(Alert(other, opened_at=alert.opened_at), [])
    screen = await office.chat.type("changes --model m2 --since yesterday --until today")

    assert screen.card.title.startswith("2 alerts at m2 ")


@pytest.mark.parametrize("span", ["until friday", "till tomorrow", "next monday"])
async def test_an_alert_is_put_aside_until_a_day(span: str) -> None:
    """As people write it."""
    office = await open_office()
    await office.chat.type("check Acme")
    await with_alert(office, "C1.7")
    screen = await office.chat.type(f'alerts snooze --for "{span}"')
    assert "snoozed" in str(screen.card.text)


async def test_nothing_that_costs_or_changes_happens_without_its_button() -> None:
    """Neither in words nor as a typed command."""
    office = await open_office(price=None)
    for question in ("check again", "check Acme", "I'll take it", "brands remove Acme"):
        card = last(await asked(office, question))
        assert card.actions, question
    assert not await office.store.runs.find()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("send me the report as a file", "report Acme --share"),
        ("i want to add a question", "prompts add --brand Acme"),
        ("check every day", "schedules add --brand Acme"),
        ("check again", "check Acme"),
    ],
)
async def test_a_wish_is_a_button(office: Office, question: str, words: str) -> None:
    """With the words of the command, whose form asks for the rest."""
    card = last(await asked(office, question))

    assert card.title == "Shall I do that?"
    assert card.actions[0].words == words


@pytest.mark.parametrize(
    "words", ["schedules pause weekly", "updates add svc/m-1", "alerts snooze 1 --for 2d"]
)
async def test_who_fills_in_an_offer_gets_its_form(words: str) -> None:
    """Also where there is only one thing that it can be about: nothing is carried out."""
    office = await open_office(forms=True)
    await office.chat.type('schedules add weekly "every Monday at 9"')
    await office.chat.type("check Acme")
    await with_alert(office, "")
    offer = offered_card(parse(words, offered(Face.CHAT)), situation(), "")
    own = [action.words for action in offer.actions if action.label == "Fill it in myself"]

    assert own
    assert (await office.chat.type(own[0])).form


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("how sure are you?", "fluke"),
        ("why?", "why"),
        ("since when?", "Since "),
        ("what can we do?", "Acme"),
    ],
)
async def test_what_is_asked_in_an_alerts_thread_has_an_answer_of_its_own(
    office: Office, question: str, title: str
) -> None:
    """And the ways on to the alert's details and answers."""
    await office.chat.type("check Acme")
    alert = await with_alert(office, "C1.7")
    card = last(await asked(office, question, message="C1.7"))

    assert title in card.title
    if "do" not in question:
        assert [one.words for one in card.actions[:2]] == [
            f"alerts show {alert.id}",
            f"evidence {alert.id}",
        ]


async def test_a_question_in_an_alerts_thread_means_that_alert(office: Office) -> None:
    """Also one of several that are open."""
    await office.chat.type("check Acme")
    alert = await with_alert(office, "C1.7")
    await with_alert(office, "C1.8", model="m2")
    here = last(await asked(office, "snooze this", message="C1.7"))
    anywhere = last(await asked(office, "snooze it"))

    assert here.actions[0].words == f"alerts snooze {alert.id}"
    assert len(anywhere.actions) == 2


async def test_the_question_before_is_continued_in_its_thread_only(office: Office) -> None:
    """A name alone goes on with it."""
    await asked(office, "what do they say about our price?", thread="a")
    went_on = last(await asked(office, "and Zeta?", thread="a"))
    alone = last(await asked(office, "and what about it?", thread="b"))

    assert "Zeta" in went_on.title
    assert alone.title == "I did not understand that"


async def test_rights_are_those_of_commands(office: Office) -> None:
    """Who may not read is refused in private, and is shown nothing."""
    office.gate.role = -1
    screen = await asked(office, "how are we doing?")

    assert [card.title for card in screen.cards] == ["Not allowed"]
    assert screen.private


async def test_a_viewer_is_refused_what_the_command_would_refuse(office: Office) -> None:
    """Asking in words gives no right that the command would not give; said where it was asked."""
    office.gate.role = Role.VIEWER
    screen = await asked(office, "check again")

    assert last(screen).title == "Not allowed"
    assert not screen.private


async def test_a_person_who_asks_too_fast_waits(office: Office) -> None:
    """The limit is for each person."""
    titles = [last(await asked(office, f"hello{'!' * n}")).title for n in range(13)]

    assert titles[-1] == "One moment, please"
    assert titles[-2] == "Ask me in your own words"


@pytest.mark.parametrize("question", ["report Acme", "trend Acme --metric visibility"])
async def test_a_typed_command_that_reads_is_done(office: Office, question: str) -> None:
    """As behind the root command."""
    card = last(await asked(office, question))

    assert "Acme" in card.title


@pytest.mark.parametrize("question", ["how do we look?", "hello", "is hubspot eating our lunch?"])
async def test_without_any_brand_the_way_on_is_the_set_up(question: str) -> None:
    """A deployment begins empty; the answer stands where the question was."""
    office = await open_office("")
    screen = await asked(office, question)

    assert last(screen).title == "I do not know your brand yet"
    assert last(screen).actions[0].words == "setup brand"
    assert not screen.private


async def test_we_of_several_brands_is_asked_about() -> None:
    """With a button for each."""
    office = await open_office(DECLARED + '\n[[brands]]\nname = "Beta"\n')
    card = last(await asked(office, "which questions do we lose?"))

    assert [action.label for action in card.actions] == ["Acme", "Beta"]
    assert card.actions[1].words == "answers Beta --show questions"


async def test_a_question_may_be_typed_behind_the_root_command(office: Office) -> None:
    """Where it is no command, the grammar reads it."""
    screen = await office.chat.type("how is Zeta doing?")

    assert screen.card.title == "Zeta"


async def test_values_are_completed_by_what_readers_call_them(office: Office) -> None:
    """A metric by its label."""
    person = office.chat.person
    found = await office.desk.complete("trend", "metric", "first ch", person=person, channel="")

    assert found == ["first_choice"]
