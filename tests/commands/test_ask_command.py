"""One free question to every model."""

from kit.office import PRICE, Office, open_office
from kit.scripted import reply
from overheard.cards.card import Tainted
from overheard.domain import RunState, Search


async def test_the_answers_stand_side_by_side_as_strangers_words(office: Office) -> None:
    """Each model has a card below the question."""
    office.provider.answer = lambda _: reply("Acme, @everyone, of course.")
    screen = await office.chat.type("ask What is best for two?")

    assert screen.card.title == "What is best for two?"
    assert [(card.title, card.text) for card in screen.card.more] == [
        ("m-1", Tainted("Acme, @everyone, of course."))
    ]


async def test_an_answer_is_shown_without_its_markup(office: Office) -> None:
    """As `compare` shows it; machines get it as it was written."""
    written = "## Tools\n\n1. **Acme** is [best](https://acme.com).\n2. *Zeta* is next."
    office.provider.answer = lambda _: reply(written)
    card = (await office.chat.type("ask What is best?")).card

    assert card.more[0].text == Tainted("Tools\nAcme is best.\nZeta is next.")
    assert card.data["answers"][0]["text"] == written


async def test_what_a_model_searched_for_stands_below_its_answer(office: Office) -> None:
    """Three searches in a chat; machines get all, with what was shown, opened and cited."""
    searches = (*(Search(f"query {n}", ("https://g2.test",)) for n in range(5)), Search("", ("p",)))
    office.provider.answer = lambda _: reply("Acme.", searches=searches)
    card = (await office.chat.type("ask What is best?")).card

    [field] = card.more[0].fields
    assert field.name == "Searched for"
    assert field.value == Tainted("“query 0”, “query 1”, “query 2” and 2 more")
    [answer] = card.data["answers"]
    assert answer["searches"][0] == {"query": "query 0", "pages": ("https://g2.test",)}
    assert len(answer["searches"]) == 6
    assert not answer["citations"]


async def test_it_is_priced_before_it_is_asked() -> None:
    """A yes does it."""
    office = await open_office(price=PRICE)
    question = await office.chat.type("ask What is best?")
    assert office.provider.asked == []
    done = await office.chat.click(question, "Ask")

    assert len(done.card.more) == 1


async def test_no_figure_rests_on_it(office: Office) -> None:
    """The answer is kept and never scored, not even by a later check."""
    await office.chat.type("ask Which tool is best?")
    await office.chat.type("check")
    runs = {run.label: run for run in await office.store.runs.find()}

    assert runs["ask"].state is RunState.COMPLETE
    assert len([a async for a in office.store.answers.stream(runs=[runs["ask"].id])]) == 1
    assert {block.run_id for block in await office.store.blocks.find()} == {runs[""].id}


async def test_a_long_answer_is_cut_and_says_so(office: Office) -> None:
    """Machines get all of it."""
    office.provider.answer = lambda _: reply("word " * 1000)
    card = (await office.chat.type("ask What is best?")).card

    assert card.more[0].footer == "The first 1,500 of 4,999 characters."
    assert card.data["answers"][0]["text"] == "word " * 1000


async def test_a_model_that_does_not_answer_is_told(office: Office) -> None:
    """When none does, what was asked for was not done."""
    office.provider.answer = lambda _: RuntimeError("broken")
    card = (await office.chat.type("ask What is best?")).card

    assert card.failed
    assert card.data["state"] == "failed"
    assert card.text


async def test_a_model_that_takes_no_follow_up_is_told(office: Office) -> None:
    """It is not asked, and the card says why there is no answer."""
    card = (await office.chat.type("ask What is best? >> Which is cheapest?")).card

    assert office.provider.asked == []
    assert card.text == "1 question is not asked of m-1, which takes no follow-up."


async def test_a_model_can_be_chosen(office: Office) -> None:
    """One that does not exist is a sentence with the nearest."""
    screen = await office.chat.type("ask What is best? --model sv/m-1")

    assert 'There is no model called "sv/m-1"; did you mean "svc/m-1"' in str(screen.card.text)
