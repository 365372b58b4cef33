"""Tests of cards as Discord components."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import given, settings, strategies as st

from kit.discord_rules import COMPONENTS_V2, units, walk, words, wrong_components
from overheard.cards import wording
from overheard.cards.card import (
    Action,
    Card,
    Choice,
    Field,
    File,
    Image,
    Link,
    Quote,
    Severity,
    Table,
    Tainted,
    Text,
)
from overheard.chat_kit.requests import ClickKind
from overheard_discord import markup
from overheard_discord.layouts import MAX_PAGES, MessagePage, render
from overheard_discord.pages import MessageMark, Presenter, post_id

HOSTILE = Tainted(
    "<@123> <@&1> <#1> @everyone @here <!channel> [bank](https://evil.example) "
    "https://evil.example "
    "**bold** __u__ ~~s~~ ||spoiler|| `code` <t:1:R> :smile: <a:x:1> </check:1>\n"
    "# head\n-# small\n- list\n> quote\n>>> all\n1. one\n```py\ncode\n```\n\u202egnp.exe\u200b\\"
)


MARK = MessageMark(post_id("alert 12"), 3)


def sent(page: MessagePage) -> dict[str, Any]:
    """Return a page as discord.py sends it."""
    bodies = []

    async def put(view: Any, files: list[discord.File]) -> None:
        assert view.is_finished(), "discord.py would keep it"
        assert len(files) == sum(isinstance(piece, Image | File) for piece in page.pieces)
        bodies.append({"components": view.to_components()})

    asyncio.run(Presenter().show(page, put, MARK))
    [body] = bodies
    return body


def pieces(page: MessagePage, kind: int) -> list[dict[str, Any]]:
    """Return the components of a type in a page."""
    return [one for one in walk(sent(page)["components"]) if one["type"] == kind]


def shown(card: Card) -> str:
    """Return all that a card's messages say."""
    return "\n".join(words(sent(page)) for page in render(card))


def texts(most: int) -> st.SearchStrategy[Text]:
    """Return our own texts and strangers', some of them very long."""
    short = st.text(max_size=30)
    long = st.builds(lambda text, times: text * times, short, st.integers(1, most))
    return st.one_of(long, long.map(Tainted))


def actions() -> st.SearchStrategy[Action]:
    """Return buttons and entries of menus."""
    spoken, question = st.text(min_size=1, max_size=95), st.sampled_from(["", "Sure?"])
    return st.builds(Action, spoken, st.text(max_size=100), confirm=question, menu=st.booleans())


def choices() -> st.SearchStrategy[Choice]:
    """Return menus of one kind, with the entry that is shown or without."""
    entries = st.lists(actions(), max_size=30, unique_by=lambda action: action.words).map(tuple)
    return st.builds(Choice, st.text(max_size=30), entries, st.none() | st.integers(0, 29))


def cards(depth: int = 1) -> st.SearchStrategy[Card]:
    """Return cards of every kind, whether they fit or not."""
    few = st.text(max_size=300)
    rows = st.lists(st.tuples(texts(20), texts(3), texts(3)), max_size=40).map(tuple)
    more = st.lists(cards(depth - 1), max_size=14).map(tuple) if depth else st.just(())
    return st.builds(
        Card,
        title=few,
        text=texts(500),
        fields=st.lists(
            st.builds(Field, few, texts(60), st.booleans(), st.none() | actions()), max_size=40
        ).map(tuple),
        table=st.none() | st.builds(Table, st.just(("A", "B", "C")), rows, st.just(frozenset({1}))),
        quotes=st.lists(
            st.builds(Quote, few, texts(100).map(lambda t: Tainted(wording.visible(t)))),
            max_size=12,
        ).map(tuple),
        image=st.none() | st.builds(Image, st.just(b"png"), few),
        actions=st.lists(actions(), max_size=30).map(tuple),
        choice=st.none() | choices(),
        severity=st.sampled_from(Severity),
        footer=few,
        more=more,
    )


@settings(max_examples=8, deadline=None)
@given(cards())
def test_no_card_breaks_a_limit(card: Card) -> None:
    """Discord accepts each message of any card."""
    pages = render(card)
    assert 1 <= len(pages) <= MAX_PAGES
    for page in pages:
        body = sent(page)
        assert list(wrong_components(body["components"], COMPONENTS_V2)) == []
        assert len(list(walk(body["components"]))) == page.components


@pytest.mark.parametrize(
    "card",
    [
        Card("T", HOSTILE),
        Card(HOSTILE.text),
        Card("T", fields=(Field("Name", HOSTILE),)),
        Card("T", quotes=(Quote(HOSTILE.text, HOSTILE),)),
        Card("T", table=Table(("A", "B" * 60), ((HOSTILE, "1"),))),
    ],
)
def test_a_stranger_marks_nothing_up(card: Card) -> None:
    """No mention, link, time, emoji or style of a stranger's is left where markup is read."""
    told = shown(card)
    for mark in ("<@", "<#", "<t:", "<a:", "</", "](", "**bold", "__u", "~~s", "||s", "```"):
        assert not re.search(rf"(?<!\\){re.escape(mark)}", told), mark
    assert not re.search(r"(?<!\\)@(everyone|here)", told)
    assert re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", told) is None


@pytest.mark.parametrize("card", [Card("T", HOSTILE), Card("T", fields=(Field("N", HOSTILE),))])
def test_a_strangers_address_is_no_link(card: Card) -> None:
    """A bare address is shown, and cannot be clicked."""
    assert r"https\://evil.example" in shown(card)
    assert "https://" not in shown(card)


def test_our_own_address_is_a_link() -> None:
    """What a card itself says keeps its addresses."""
    assert "https://discord.com/x" in shown(Card("T", "Open https://discord.com/x now."))


def test_a_link_of_the_card_is_a_link() -> None:
    """Behind words of our own; an address that could break out of it is not shown."""
    [page] = render(Card("T", "Text.", link=Link("More", "https://chat.example/a?b=1")))
    told = words(sent(page)).splitlines()
    assert told == ["### T", "Text.", "[More](https://chat.example/a?b=1)"]
    for bad in (
        "javascript:x",
        "https://a.example/) @everyone",
        "https://a.example/<b>",
        "http://a",
    ):
        [page] = render(Card("T", "Text.", link=Link("More", bad)))
        assert words(sent(page)).splitlines() == ["### T", "Text."]


def test_lines_begin_nothing() -> None:
    """Heads, lists, small print and quotations are not a stranger's to make."""
    for line in markup.escape(HOSTILE).splitlines():
        assert not re.match(r"\s*(#|-|>|\+|\d+[.)])", line), line


def test_a_stranger_cannot_leave_a_table() -> None:
    """In a block of code nothing but its end has a meaning, and no cell can write that."""
    told = shown(Card("T", table=Table(("A",), ((Tainted("a```b"),),))))
    assert told.count("```") == 2
    assert "a\u02cb\u02cb\u02cbb" in told


@pytest.mark.parametrize("limit", range(3, 12))
def test_a_cut_parts_no_escape(limit: int) -> None:
    """What is cut does not end in half an escape, nor in half a character."""
    for text in ("****" * 9, "\U0001f680" * 9, "a\\" * 9):
        cut = wording.cut(markup.escape(text), limit)
        assert units(cut) <= limit
        backslashes = len(cut[:-1]) - len(cut[:-1].rstrip("\\"))
        assert backslashes % 2 == 0
        assert cut.endswith("\u2026")


def test_what_is_left_out_is_counted() -> None:
    """Fifty thousand characters are cut openly."""
    told = shown(Card("T", Tainted("word " * 10_000), fields=(Field("F", Tainted("x" * 9_999)),)))
    assert re.search(r"… \([\d,]+ more characters\)", told)
    assert len(re.findall("more characters", told)) == 2


def test_many_messages_are_cut_openly() -> None:
    """A flood of cards ends in a sentence."""
    pages = render(Card("T", more=tuple(Card(f"Card {n}", "x" * 3000) for n in range(20))))
    assert len(pages) == MAX_PAGES
    assert "too many" in words(sent(pages[-1]))


def test_the_severity_is_a_colour_and_an_icon() -> None:
    """Who sees no colours sees another shape."""
    boxes = [pieces(render(Card("T", severity=one))[0], 17)[0] for one in Severity]
    assert len({box["accent_color"] for box in boxes}) == 4
    assert len({box["components"][0]["content"] for box in boxes}) == 4


def test_the_row_of_the_card_is_marked() -> None:
    """Code blocks have no bold on a phone."""
    table = Table(("Brand", "Share"), (("Acme", "9"), ("Globex", "61")), frozenset({1}), strong=0)
    [code] = markup.table_pieces(table)
    assert code.splitlines()[3:5] == ["\u203a Acme        9", "  Globex     61"]


def test_long_tables_are_parted_between_rows() -> None:
    """Each piece is a whole block with the header."""
    table = Table(("Brand", "Share"), tuple((f"Brand {n}", "9 %") for n in range(150)))
    pieces = list(markup.table_pieces(table))
    assert all(piece.count("```") == 2 and "Brand  " in piece for piece in pieces[:-1])
    assert pieces[-1] == "-# 50 more rows not shown"


def test_quotes_are_barred_and_sourced() -> None:
    """Every line has a bar, and the source is small below."""
    told = shown(Card("T", quotes=(Quote("openai/gpt-5, 3 Mar", Tainted("One.\nTwo.")),)))
    assert "> One.\n> Two.\n-# openai/gpt-5, 3 Mar" in told


def test_a_picture_is_in_its_place() -> None:
    """Title and text, the picture, facts, table, small print, then what can be done."""
    card = Card(
        "T",
        "Text",
        fields=(Field("Runs", "3"), Field("Open", "1")),
        table=Table(("A",), (("1",),)),
        image=Image(b"png", "It fell."),
        actions=(Action("check", "Check"), *(Action(o, o, menu=True) for o in ("help", "spend"))),
        footer="Nearly certain",
    )
    [box] = pieces(render(card)[0], 17)
    kinds = [one["type"] for one in box["components"]]
    assert kinds == [10, 10, 12, 10, 10, 10, 1, 1]
    assert box["components"][3]["content"] == "**Runs** 3\n**Open** 1"
    assert box["components"][5]["content"] == "-# Nearly certain"


def test_a_picture_takes_the_place_of_its_table() -> None:
    """The same is not shown twice."""
    table = Table(("A",), (("1",),), pictured=True)
    assert "```" not in shown(Card("T", table=table, image=Image(b"png", "It fell.")))
    assert "```" in shown(Card("T", table=table, image=Image(b"", "It fell.")))


def test_buttons_are_in_rows_of_three_under_their_card() -> None:
    """Each card has its container, and no row is too wide for a phone."""
    one, two = (
        Card(name, actions=tuple(Action(f"do {name} {n}", name) for n in range(4)))
        for name in ("one", "two")
    )
    [page] = render(Card("T", more=(one, two)))
    rows = [[len(r["components"]) for r in box["components"][1:]] for box in pieces(page, 17)]
    assert rows == [[], [3, 1], [3, 1]]


def test_a_button_that_is_there_twice_is_shown_once() -> None:
    """Discord takes no two of the same id; too many are counted."""
    action = Action("check", "Check")
    assert render(Card("T", actions=(action, replace(action, label="Again"))))[0].actions == (
        action,
    )
    entry = replace(action, menu=True)
    assert render(Card("T", actions=(entry, action)))[0].actions == (action,)
    many = tuple(Action(f"do {n}", "Do") for n in range(27))
    assert "2 buttons not shown" in shown(Card("T", actions=many))


def test_the_menu_holds_what_is_seldom_needed() -> None:
    """Its entries do what buttons do, a question included."""
    close = Action("alerts close 1", "Close", confirm="Close it?", menu=True)
    snooze = Action("alerts snooze 1 --for 1d", "Snooze", menu=True)
    [menu] = pieces(render(Card("T", actions=(snooze, close)))[0], 3)
    assert menu["placeholder"] == "More: snooze, close"
    told = [option["value"] for option in menu["options"]]
    assert told == [f"{ClickKind.RUN}:{snooze.words}", f"{ClickKind.ASK}:{close.words}"]


def test_a_choice_names_its_current_entry() -> None:
    """The menu of a report shows what it shows, and offers the rest."""
    entries = tuple(Action(f"report --metric {n}", n) for n in ("named", "first"))
    [menu] = pieces(render(Card("T", choice=Choice("Show", entries, 1)))[0], 3)
    told = [(option["label"], option.get("default")) for option in menu["options"]]
    assert told == [("named", False), ("Show: first", True)]


def test_a_button_is_next_to_its_field() -> None:
    """A step of a list has its own button."""
    field = Field("1. Your brand", "Pipedrive", action=Action("brands edit", "Change"))
    [section] = pieces(render(Card("T", fields=(field,)))[0], 9)
    assert section["components"][0]["content"] == "**1. Your brand**\nPipedrive"
    assert section["accessory"]["label"] == "Change"


def test_a_mark_is_read_as_it_was_written() -> None:
    """By the ids of components, which differ by the number of the message."""
    body = sent(render(Card("T", "Text"))[0])
    [box] = body["components"]
    assert (box["id"], box["components"][0]["id"]) == MARK.ids
    assert MARK.ids != replace(MARK, number=0).ids


def test_pictures_are_named_in_order() -> None:
    """Each card shows its own attachment."""
    cards = tuple(Card(f"Card {n}", image=Image(b"png", "words")) for n in range(3))
    [page] = render(Card("T", more=cards))
    urls = [one["items"][0]["media"]["url"] for one in pieces(page, 12)]
    assert urls == [f"attachment://chart-{n}.png" for n in (1, 2, 3)]


def test_a_chart_that_was_not_drawn_is_told_in_words() -> None:
    """Nothing is attached, and a stranger's name in it marks nothing up."""
    [page] = render(Card("T", image=Image(b"", "Acme: from 84 % to 43 %; **Zeta**: @everyone.")))
    assert pieces(page, 12) == []
    assert "Chart: Acme: from 84 % to 43 %; \\*\\*Zeta" in words(sent(page))
