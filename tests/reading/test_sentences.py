"""Tests of where sentences end."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from overheard.reading.text import sentences


@pytest.mark.parametrize(
    "expected",
    [
        ["Acme is fine.", "Bolt is not!", "Why?"],
        ["Acme Inc. makes tools, e.g. for Dr. Who.", "Bolt costs $4.50 in the U.S. today."],
        ["J. Crew vs. Bolt.", "Next."],
        ["Use Booking.com or node.js.", "iPhone too."],
        ['He said "Fine."', "Then he left."],
        ["Wait... what?", "Yes."],
        ["Yahoo! is a name."],
    ],
)
def test_sentences_end_where_people_end_them(expected: list[str]) -> None:
    """Abbreviations, initials, decimals and domain names do not end a sentence."""
    body = " ".join(expected)
    assert [body[start:end] for start, end in sentences(body)] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("It tops the list.Lenovo is next.", ["It tops the list.", "Lenovo is next."]),
        ("推荐Acme。它很好\uff01真的\uff1f", ["推荐Acme。", "它很好\uff01", "真的\uff1f"]),
        ("Acme\nBolt is fine", ["Acme", "Bolt is fine"]),
        ("", []),
    ],
)
def test_a_sentence_also_ends_without_a_space(body: str, expected: list[str]) -> None:
    """A missing space, a full stop of Chinese or Japanese and a line's end end a sentence."""
    assert [body[start:end] for start, end in sentences(body)] == expected


@given(st.text(alphabet="aB.!? \n。\"')", max_size=100))
def test_sentences_hold_all_that_is_written(body: str) -> None:
    """The spans are in order, do not overlap, and leave out white space alone."""
    spans = sentences(body)
    written = "".join(body[start:end] for start, end in spans)
    assert "".join(written.split()) == "".join(body.split())
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
