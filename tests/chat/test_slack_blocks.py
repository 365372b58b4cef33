import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings, strategies as st
from slack_sdk.models.blocks import Block

from kit.slack_judge import characters, judge_message, judge_view
from overheard.cards.card import (
    Action,
    Card,
    Choice,
    Field,
    Image,
    Quote,
    Severity,
    Style,
    Table,
    Tainted,
    Text,
)
from overheard_slack.blocks import Message, home_message, home_view, picture_key, render
from overheard_slack.controls import clicked_words

NEWER_THAN_THE_SDK = {"data_table"}
HOSTILE = (
    "<!channel> <!here> @everyone @here <@U123> <#C1> <https://evil.example|your bank> "
    "https://evil.example ```\ncode\n``` *bold* _x_ ~y~ `z` > quote :tada: &lt;!channel&gt; "
    "\u202egnp.exe\u202c zero\u200bwidth {\"type\": \"actions\"} \x07\x1b[31m"
)  # fmt: skip


def text(most: int = 4000) -> st.SearchStrategy[str]:
    """Return short texts of any letters, and long ones."""
    long = st.integers(1, most).map(lambda n: "Überaus lang & <fett>. " * (n // 20))
    return st.one_of(st.text(max_size=60), st.just(HOSTILE), long)


def texts(most: int = 4000) -> st.SearchStrategy[Text]:
    """Return our words, and a stranger's."""
    return st.one_of(text(most), text(most).map(Tainted))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Return tables, also wide and long ones."""
    columns = draw(st.integers(1, 6))
    cell = texts(300)
    rows = draw(st.lists(st.tuples(*[cell] * columns), max_size=6)) * draw(st.sampled_from([1, 40]))
    right = draw(st.frozensets(st.integers(0, columns - 1)))
    return Table(tuple(draw(text(100)) for _ in range(columns)), tuple(rows), right)


CARDS = st.recursive(
    st.builds(
        Card,
        title=text(400),
        text=texts(60_000),
        fields=st.lists(st.builds(Field, text(300), texts(), st.booleans()), max_size=14).map(
            tuple
        ),
        table=st.none() | tables(),
        quotes=st.lists(st.builds(Quote, text(400), text().map(Tainted)), max_size=4).map(tuple),
        image=st.none() | st.builds(Image, st.just(b"png"), text(3000)),
        actions=st.lists(
            st.builds(
                Action,
                st.text(max_size=90),
                text(100),
                st.sampled_from(Style),
                st.one_of(st.just(""), text(500)),
                st.booleans(),
            ),
            max_size=30,
        ).map(tuple),
        severity=st.sampled_from(Severity),
        footer=text(4000),
        choice=st.none()
        | st.builds(
            Choice,
            text(100),
            st.lists(
                st.builds(Action, st.text(min_size=1, max_size=90), text(100)),
                max_size=120,
                unique_by=lambda action: action.words,
            ).map(tuple),
            st.none() | st.integers(0, 130),
        ),
    ),
    lambda below: st.builds(replace, below, more=st.lists(below, max_size=6).map(tuple)),
    max_leaves=6,
)


def words_of(piece: Any) -> str:
    """Return all that a reader sees, in order."""
    if isinstance(piece, list | tuple):
        return "\n".join(filter(None, map(words_of, piece)))
    if not isinstance(piece, dict):
        return ""
    own = piece["text"] if isinstance(piece.get("text"), str) else ""
    return own or words_of([value for key, value in piece.items() if key != "type"])


def seen(card: Card, **more: Any) -> str:
    """Return what a reader sees of a card."""
    return words_of([list(message.blocks) for message in render(card, **more)])


def marked_up(piece: Any) -> list[str]:
    """Return all texts that Slack reads as markup."""
    if isinstance(piece, list | tuple):
        return [text for one in piece for text in marked_up(one)]
    if not isinstance(piece, dict):
        return []
    own = [piece["text"]] if piece.get("type") == "mrkdwn" else []
    return own + marked_up(list(piece.values()))


def problems(message: Message) -> list[str]:
    """Return what Slack, and its own SDK, would refuse."""
    found = [*judge_message({"blocks": list(message.blocks), "text": message.text})]
    known = [block for block in message.blocks if block["type"] not in NEWER_THAN_THE_SDK]
    for block in Block.parse_all(known):
        block.validate_json()
    return found


@settings(max_examples=8, deadline=None)
@given(CARDS)
def test_every_card_keeps_every_limit(card: Card) -> None:
    """Slack accepts the messages and the App Home of any card."""
    messages = render(card)

    assert messages
    assert [problem for message in messages for problem in problems(message)] == []
    plain = [replace(message, blocks=message.plain) for message in messages]
    assert [problem for message in plain for problem in problems(message)] == []
    assert [*judge_view(home_view(home_message(card)))] == []
    assert render(card) == messages


@settings(max_examples=8, deadline=None)
@given(CARDS)
def test_nothing_in_a_card_is_read_as_markup(card: Card) -> None:
    """Where Slack reads markup, there is no mention, no link and no formatting but our own."""
    for message in render(card):
        assert "<" not in message.text
        for told in marked_up(list(message.blocks)):
            name, value = told.removeprefix("*").split("*\n")
            assert not set("<>&*_~`\n") & set(name + value)


def test_a_strangers_words_are_shown_as_they_stand() -> None:
    """Texts of a card mention no one, link nowhere and hide nothing."""
    stranger = Tainted(HOSTILE)
    table = Table(("A",), ((stranger,),))
    card = Card("T", stranger, (Field("F", stranger),), table, (Quote("S", stranger),))
    told = " ".join(seen(card).split())

    assert told.count("<https://evil.example|your bank>") == 4
    assert told.count("gnp.exe zerowidth") == 4
    assert not any(letter in told for letter in "\u202e\u200b\x07\x1b")
    assert marked_up([list(message.blocks) for message in render(card)]) == []


def test_a_strangers_words_forge_no_button_and_no_other_card() -> None:
    """Words that look like blocks stay words."""
    forged = json.dumps([{"type": "actions", "elements": [{"type": "button"}]}])
    [message] = render(Card("T", Tainted(forged), quotes=(Quote("S", Tainted(forged)),)))

    assert {block["type"] for block in message.blocks} == {"header", "rich_text"}


def test_fifty_thousand_characters_are_cut_openly() -> None:
    """What is left out of a text is counted at its end."""
    told = seen(Card("T", Tainted("word " * 10_000)))

    assert "more characters)" in told
    assert len(told) < 13_000


def test_our_own_long_text_is_parted_between_words() -> None:
    """Nothing of it is lost, and no word is cut."""
    text = " ".join(f"word{number}" for number in range(1000))

    assert seen(Card("T", text)).removeprefix("T").split() == text.split()


def test_a_long_title_is_told_whole() -> None:
    """The header holds 150 characters; the whole follows below."""
    title = "Acme lost visibility at " + "a-model-with-a-long-name/" * 9
    [message] = render(Card(title))

    assert len(message.blocks[0]["text"]["text"]) == 150
    assert title in words_of(message.blocks[1])


def test_severity_is_told_by_a_sign_and_in_words() -> None:
    """The severity is also in words, in the message and in its notification."""
    texts = [render(Card("Acme fell", severity=severity))[0] for severity in Severity]

    assert len({message.blocks[0]["text"]["text"] for message in texts}) == 4
    assert [message.text for message in texts] == [
        "Acme fell",
        "Good: Acme fell",
        "Warning: Acme fell",
        "Attention: Acme fell",
    ]


def test_facts_stand_side_by_side_in_tens() -> None:
    """Short fields share sections of ten; a wide field has its own line; the order is kept."""
    fields = tuple(Field(f"F{n}", str(n), wide=n == 12) for n in range(14))
    [message] = render(Card("T", fields=fields))
    kinds = [(b["type"], len(b.get("fields", ()))) for b in message.blocks[1:]]

    assert kinds == [("section", 10), ("section", 2), ("rich_text", 0), ("section", 1)]


def test_a_table_stands_in_columns_with_its_numbers_to_the_right() -> None:
    """Letters of one width keep the columns apart; letters of double width do so too."""
    table = Table(("Model", "Share"), (("openai/gpt", "9 %"), ("日本語", "100 %")), frozenset({1}))
    lines = seen(Card("T", table=table), tables=False).splitlines()

    assert lines[1:] == [
        "Model       Share",
        "──────────  ─────",
        "openai/gpt    9 %",
        "日本語      100 %",
    ]


def test_long_cells_are_wrapped_and_no_number_is_broken() -> None:
    """Text gives way to numbers."""
    long = "Which project management tool suits a small team?"
    table = Table(("Prompt", "Before"), ((long, "95 %"),), frozenset({1}))

    assert seen(Card("T", table=table)).splitlines()[-2:] == [
        "Which project management tool       95 %",
        "suits a small team?",
    ]


def test_a_table_of_long_cells_is_told_row_by_row() -> None:
    """Columns of many broken lines are hard to read; numbers are side by side below."""
    long = "Which project management tool is best for a small team that works from everywhere?"
    table = Table(("Prompt", "Before", "After"), ((long, "95 %", "20 %"),), frozenset({1, 2}))
    told = seen(Card("T", table=table)).splitlines()

    assert [*filter(None, told)] == ["T", long, "Before: 95 % \N{MIDDLE DOT} After: 20 %"]


def test_rows_of_one_long_cell_end_with_their_text() -> None:
    """A row without further cells has no mark of an empty cell after it."""
    rows = tuple((f"Which tool {'keeps the books ' * 12}best in {year}?",) for year in (2025, 2026))
    assert seen(Card("", table=Table(("Question",), rows))).splitlines()[-1].endswith("in 2026?")


def test_a_long_table_repeats_its_header() -> None:
    """Each part can be read by itself, and no row is lost."""
    rows = tuple((f"row {n} {'x ' * 20}", str(n)) for n in range(150))
    told = seen(Card("T", table=Table(("Name", "Number"), rows, frozenset({1}))))

    assert told.count("Name ") == 5
    assert all(f"row {n} " in told for n in range(150))


def test_buttons_carry_words_and_ask_first_where_told() -> None:
    """A click does what the words do; a dangerous one asks before."""
    action = Action("brands remove Acme", "Remove", Style.DANGER, "Remove Acme?")
    [message] = render(Card("T", actions=(action, Action("help", "Help"))))
    remove, more = message.blocks[-1]["elements"]

    assert remove["value"] == "brands remove Acme"
    assert remove["confirm"]["text"]["text"] == "Remove Acme?"
    assert remove["confirm"]["style"] == remove["style"] == "danger"
    assert "style" not in more
    assert "confirm" not in more


def test_a_picture_is_shown_or_told_in_words() -> None:
    """Where the picture cannot be uploaded, its description takes its place."""
    image = Image(b"png", "Acme: from 84 % to 43 %.")
    card = Card("T", image=image)

    [message] = render(card)
    assert message.images == (image,)
    shown = message.with_files({picture_key(image): "F1"}).blocks[-1]
    assert shown == {"type": "image", "slack_file": {"id": "F1"}, "alt_text": image.alt}
    for told in (message.plain, message.with_files({picture_key(image): ""}).blocks):
        assert "Chart: Acme: from 84 % to 43 %." in str(told)
    assert render(card, pictures=False)[0].images == ()
    assert "Acme: from 84 % to 43 %." in seen(card, pictures=False)


def test_a_table_that_the_picture_shows_is_left_out() -> None:
    """It is there where the picture is not shown."""
    table = Table(("Brand", "ChatGPT"), (("Acme", "9"),), pictured=True)
    card = Card("T", table=table, image=Image(b"png", "A chart."))

    assert "Acme" not in seen(card)
    assert "Acme" in seen(card, pictures=False)
    assert "Acme" in seen(Card("T", table=table))


def test_what_is_seldom_needed_is_in_a_menu() -> None:
    """Behind the buttons; a choice does what the words do. An entry alone is a button."""
    close = Action("alerts close 1", "Close", menu=True)
    more = (Action("report", "Report"), Action("alerts show 1", "Details", menu=True))
    [message] = render(Card("T", actions=(close, *more)))
    button, menu = message.blocks[-1]["elements"]

    assert button["value"] == "report"
    assert menu["type"] == "overflow"
    option, _ = menu["options"]
    assert clicked_words({"actions": [{"selected_option": option}]}) == "alerts close 1"
    assert clicked_words({"actions": [button]}) == "report"
    [alone] = render(Card("T", actions=(close, more[0])))
    assert [one["type"] for one in alone.blocks[-1]["elements"]] == ["button", "button"]


def test_a_long_menu_is_one_menu() -> None:
    """An overflow menu has five entries; more are in a menu with a name."""
    entries = tuple(Action(f"alerts show {n}", f"Show {n}", menu=True) for n in range(7))
    [message] = render(Card("T", actions=entries))
    assert problems(message) == []
    [menu] = message.blocks[-1]["elements"]
    assert (menu["type"], menu["placeholder"]["text"]) == ("static_select", "More")
    assert len(menu["options"]) == 7


def test_an_entry_with_a_question_is_a_button() -> None:
    """A menu has one question for all its entries."""
    close = Action("alerts close 1", "Close", confirm="Close it?", menu=True)
    [message] = render(Card("T", actions=(close,)))
    [button] = message.blocks[-1]["elements"]
    assert button["confirm"]["text"]["text"] == "Close it?"


def test_a_short_table_can_be_sorted() -> None:
    """Numbers have their values, the row of the card is bold, and all is there as text too."""
    rows = (("HubSpot", "1,204"), ("Acme", "\u22120.4"), ("Zoho", "-"))
    table = Table(("Brand", "Answers"), rows, frozenset({1}), strong=1, caption="Named in answers")
    [message] = render(Card("T", table=table))
    assert problems(message) == []
    shown = message.blocks[-1]
    assert (shown["type"], shown["caption"]) == ("data_table", "Named in answers")
    assert shown["rows"][1][1] == {"type": "raw_number", "value": 1204, "text": "1,204"}
    assert shown["rows"][2][1]["value"] == -0.4
    assert shown["rows"][2][0]["type"] == "rich_text"
    assert shown["rows"][3][1] == {"type": "raw_text", "text": "-"}

    plain = replace(message, blocks=message.plain)
    assert problems(plain) == []
    told = words_of(list(plain.blocks))
    assert all(word in told for word in ("Named in answers", "HubSpot", "1,204", "\u22120.4"))


def test_long_texts_are_no_columns() -> None:
    """Questions are read row by row on a phone; so are App Homes, which take no data tables."""
    long = Table(("Question", "After"), (("Which tool? " * 5, "84 %"), ("Which? " * 9, "9 %")))
    assert "data_table" not in str(render(Card("T", table=long)))
    short = Table(("Brand", "Share"), (("Acme", "9 %"), ("Zoho", "8 %")))
    assert "data_table" not in str(home_view(home_message(Card("T", table=short))))
    two = Card("T", table=short, more=(Card("U", table=short),))
    [message] = render(two)
    assert "data_table" not in str(message.blocks), "a message takes one"
    wide = Table(tuple(f"Column {n}" for n in range(5)), (("Acme",) * 5, ("Zoho",) * 5))
    assert "data_table" not in str(render(Card("T", table=wide)))


def test_a_choice_is_a_menu() -> None:
    """Of a report above the picture, with the current entry; of snoozing next to the buttons."""
    entries = tuple(Action(f"report --metric {n}", n) for n in ("named", "first"))
    card = Card("T", "Text", choice=Choice("Show", entries, 1), actions=(Action("page", "Open"),))
    [message] = render(card)
    assert problems(message) == []
    kinds = [block["type"] for block in message.blocks]
    assert kinds == ["header", "rich_text", "actions", "actions"]
    [menu] = message.blocks[2]["elements"]
    assert menu["initial_option"]["text"]["text"] == "Show: first"
    assert clicked_words({"actions": [{"selected_option": menu["options"][0]}]}) == entries[0].words

    [message] = render(replace(card, choice=Choice("Snooze", entries)))
    assert problems(message) == []
    _, menu = message.blocks[-1]["elements"]
    assert menu["placeholder"]["text"] == "Snooze"


def test_a_button_is_next_to_its_field() -> None:
    """A step of a list has its own button."""
    field = Field("1. Your brand", Tainted("*Pipedrive*"), action=Action("brands edit", "Change"))
    [message] = render(Card("T", fields=(field,)))
    assert problems(message) == []
    section = message.blocks[-1]
    assert section["text"]["text"] == "1. Your brand\n*Pipedrive*"
    assert section["accessory"]["value"] == "brands edit"


def test_a_chart_that_was_not_drawn_is_told_in_words() -> None:
    """No picture follows, and the message does not point to the thread."""
    card = Card("T", image=Image(b"", "Acme: from 84 % to <43> %."))

    assert render(card)[0].images == ()
    assert "Acme: from 84 % to <43> %." in seen(card)
    assert "in the thread" not in seen(card)


def test_cards_below_follow_behind_a_line() -> None:
    """They share a message as long as there is room."""
    [message] = render(Card("Above", more=(Card("Below"), Card("Last"))))

    assert [block["type"] for block in message.blocks] == ["header", "divider"] * 2 + ["header"]


def test_a_card_that_is_there_twice_is_shown_twice() -> None:
    """A line is between the two."""
    [message] = render(Card("Above", more=(Card("Below"),) * 2))

    assert [block["type"] for block in message.blocks] == ["header", "divider"] * 2 + ["header"]


def test_a_card_begins_where_all_of_it_fits() -> None:
    """No title is at the end of a message while its text begins in the next."""
    messages = render(Card("T", "x" * 9000, more=(Card("Below", "y" * 9000),)))

    assert [message.blocks[0]["type"] for message in messages] == ["header", "header"]


def test_what_no_message_holds_is_counted() -> None:
    """After six messages it is said how many are left out, within the limits."""
    messages = render(Card("T", more=tuple(Card(f"C{n}", "x" * 9000) for n in range(12))))

    assert len(messages) == 6
    assert "6 more messages left out." in words_of(list(messages[-1].blocks))
    assert characters(list(messages[-1].blocks)) < 13_000
