"""Tests of cards as Discord embeds."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discord_rules import units, wrong_embeds
from overheard.cards.card import (
    Action,
    Card,
    Field,
    Image,
    Link,
    Quote,
    Severity,
    Table,
    Tainted,
    Text,
)
from overheard.chat.discord import markup
from overheard.chat.discord.embeds import MAX_PAGES, EmbedPage, render

HOSTILE = Tainted(
    "<@123> <@&1> <#1> @everyone @here <!channel> [bank](https://evil.example) "
    "https://evil.example "
    "**bold** __u__ ~~s~~ ||spoiler|| `code` <t:1:R> :smile: <a:x:1> </check:1>\n"
    "# head\n-# small\n- list\n> quote\n>>> all\n1. one\n```py\ncode\n```\n\u202egnp.exe\u200b\\"
)


def words(page: EmbedPage) -> str:
    """Return all that a page's embeds say, as it is sent."""
    told = []
    for embed in page.embeds:
        told += [embed.get("title", ""), embed.get("description", "")]
        told += [text for one in embed.get("fields", []) for text in (one["name"], one["value"])]
        told.append(embed.get("footer", {}).get("text", ""))
    return "\n".join(told)


def shown(card: Card) -> str:
    """Return all that a card's messages say."""
    return "\n".join(map(words, render(card)))


def texts(most: int) -> st.SearchStrategy[Text]:
    """Return our own texts and strangers', some of them very long."""
    short = st.text(max_size=30)
    long = st.builds(lambda text, times: text * times, short, st.integers(1, most))
    return st.one_of(long, long.map(Tainted))


def cards(depth: int = 1) -> st.SearchStrategy[Card]:
    """Return cards of every kind, whether they fit or not."""
    few = st.text(max_size=300)
    rows = st.lists(st.tuples(texts(20), texts(3), texts(3)), max_size=40).map(tuple)
    more = st.lists(cards(depth - 1), max_size=14).map(tuple) if depth else st.just(())
    return st.builds(
        Card,
        title=few,
        text=texts(500),
        fields=st.lists(st.builds(Field, few, texts(60), st.booleans()), max_size=40).map(tuple),
        table=st.none() | st.builds(Table, st.just(("A", "B", "C")), rows, st.just(frozenset({1}))),
        quotes=st.lists(
            st.builds(Quote, few, texts(100).map(lambda t: Tainted(markup.plain(t)))), max_size=12
        ).map(tuple),
        image=st.none() | st.builds(Image, st.just(b"png"), few),
        actions=st.lists(
            st.builds(Action, st.text(min_size=1, max_size=90), st.text(max_size=100)), max_size=30
        ).map(tuple),
        severity=st.sampled_from(Severity),
        footer=few,
        more=more,
    )


@settings(max_examples=15, deadline=None)
@given(cards())
def test_no_card_breaks_a_limit(card: Card) -> None:
    """Discord accepts each message of any card."""
    pages = render(card)
    assert 1 <= len(pages) <= MAX_PAGES
    for page in pages:
        assert list(wrong_embeds(list(page.embeds))) == []
        assert 1 <= len(page.embeds) <= 10
        assert len(page.images) <= 10
        spoken = [action.words for action in page.actions]
        assert len(spoken) == len(set(spoken)) <= 25


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
    assert page.embeds[0]["description"] == "Text.\n\n[More](https://chat.example/a?b=1)"
    for bad in (
        "javascript:x",
        "https://a.example/) @everyone",
        "https://a.example/<b>",
        "http://a",
    ):
        [page] = render(Card("T", "Text.", link=Link("More", bad)))
        assert page.embeds[0]["description"] == "Text."


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
        cut = markup.cut(markup.escape(text), limit)
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
    assert "too many" in words(pages[-1])


def test_the_severity_is_a_colour_and_a_word() -> None:
    """Who sees no colours reads it."""
    embeds = [render(Card("T", severity=severity))[0].embeds[0] for severity in Severity]
    assert len({embed["color"] for embed in embeds}) == 4
    assert "author" not in embeds[0]
    told = [embed["author"]["name"].split()[-1] for embed in embeds[1:]]
    assert told == ["Good", "Warning", "Attention"]


def test_a_narrow_table_is_aligned() -> None:
    """Numbers end below each other in letters of one width."""
    table = Table(("Brand", "Share"), (("Acme", "9 %"), ("Globex", "61 %")), frozenset({1}))
    [code] = markup.table_pieces(table)
    lines = code.splitlines()
    assert lines[1:-1] == ["Brand   Share", "─────────────", "Acme      9 %", "Globex   61 %"]


def test_a_wide_table_is_told_row_by_row() -> None:
    """No number is cut, and each has its name."""
    table = Table(("Prompt", "Before", "After"), ((Tainted("Which? " * 9), "84 %", "43 %"),))
    [told] = markup.table_pieces(table)
    assert "Before: 84 % \u00b7 After: 43 %" in told


def test_a_row_of_many_columns_keeps_to_the_limits() -> None:
    """However many cells it has, and however long they are."""
    table = Table(tuple("ABCDEFGHIJKLMNOPQRST"), (tuple(Tainted("*" * 400) for _ in range(20)),))
    [page] = render(Card("T", table=table))
    assert list(wrong_embeds(list(page.embeds))) == []


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


def test_facts_come_before_what_they_are_drawn_from() -> None:
    """Fields are below an embed's text, so a table and quotes after them need another embed."""
    table = Table(("A",), (("1",),))
    [page] = render(Card("T", "Text", fields=(Field("F", "1"),), table=table, footer="Run 3"))
    first, second = page.embeds
    assert first["description"] == "Text"
    assert "```" in second["description"]
    assert second["footer"] == {"text": "Run 3"}
    assert first["color"] == second["color"]


def test_buttons_stand_under_their_card() -> None:
    """A card with buttons ends its message."""
    one, two = (Card(n, actions=(Action(f"do {n}", n),)) for n in ("one", "two"))
    pages = render(Card("T", more=(one, two, Card("end"))))
    assert [len(page.embeds) for page in pages] == [2, 1, 1]
    assert [[a.words for a in page.actions] for page in pages] == [["do one"], ["do two"], []]


def test_a_button_that_is_there_twice_is_shown_once() -> None:
    """Discord takes no two of the same id; too many are counted."""
    action = Action("check", "Check")
    assert render(Card("T", actions=(action, replace(action, label="Again"))))[0].actions == (
        action,
    )
    many = tuple(Action(f"do {n}", "Do") for n in range(27))
    assert "2 buttons not shown" in shown(Card("T", actions=many))


def test_pictures_are_named_in_order() -> None:
    """Each embed shows its own attachment."""
    cards = tuple(Card(f"Card {n}", image=Image(b"png", "words")) for n in range(3))
    [page] = render(Card("T", more=cards))
    urls = [embed["image"]["url"] for embed in page.embeds[1:]]
    assert urls == [f"attachment://chart-{n}.png" for n in (1, 2, 3)]


def test_a_chart_that_was_not_drawn_is_told_in_words() -> None:
    """Nothing is attached, and a stranger's name in it marks nothing up."""
    [page] = render(Card("T", image=Image(b"", "Acme: from 84 % to 43 %; **Zeta**: @everyone.")))
    assert page.images == ()
    assert "image" not in page.embeds[-1]
    assert "Chart: Acme: from 84 % to 43 %; \\*\\*Zeta" in words(page)


def test_a_card_of_nothing_is_something() -> None:
    """Discord refuses an empty embed."""
    assert words(render(Card(""))[0]).strip() == "-"
