"""Tests of the way from Markdown to prose."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from overheard.reading.markdown import prose, readable


def test_headings_list_items_and_table_rows_become_lines() -> None:
    """Each block of an answer is a line of the body, without its markup."""
    text = (
        "# Tools\n\nSome **good** ones:\n\n1. *Acme*\n   - cheap\n\n| A | B |\n|--|--|\n| x | y |\n"
    )
    assert prose(text) == "Tools\nSome good ones:\nAcme\ncheap\nA | B\nx | y"


@pytest.mark.parametrize(
    "text",
    [
        "```python\nimport acme\n```",
        "~~~\nacme\n~~~\n",
        "    pip install acme",
        "![Acme logo](https://acme.com/logo.png)",
        "<https://acme.com>",
        "https://acme.com/pricing?plan=acme",
        "www.acme.com",
        "acme.com/pricing",
        "Use `pip install acme` here.",
        "[1] https://acme.com/report",
        "Fine. ([acme.com](https://acme.com/x))",
        "Fine. [acme.com](https://acme.com/x)",
        "Fine [acme.com/pricing](https://acme.com/pricing).",
        "Fine【3†acme】.",
        "Fine \ue200cite\ue202acme\ue201.",
        "## Sources\n\n- [Best of Acme](https://example.org)\n- Acme: https://example.org",
        "## References\n\n1. Acme. *State of tools*. 2024.\n2. Acme blog, 2023",
        "**Sources:**\n\n[1] Acme, annual report",
        "Fine.[^1]\n\n[^1]: Acme, annual report, 2024.",
        "Fine.[^note]\n\n[^note]: Acme, annual report, 2024.",
        "<script>acme()</script>",
        "<!-- acme -->",
        "<think>acme</think>Fine.",
        "[ref]: https://acme.com 'acme'",
    ],
)
def test_what_is_no_prose_is_taken_out(text: str) -> None:
    """Code, addresses, images, citations, sources, scripts and thinking are not in the body."""
    assert "acme" not in prose(text).lower()


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("[Acme](https://acme.com) is fine.", "Acme is fine."),
        ("- [Monday.com](https://monday.com) is fine", "Monday.com is fine"),
        ("Acme is fine[1][2]. Bolt[^3] too [4, 5].", "Acme is fine. Bolt too."),
        ("Acme is fine ([1](https://x.org)).", "Acme is fine."),
        ("Use `Acme` here", "Use Acme here"),
        ("<b>Acme</b> is<br>fine", "Acme is\nfine"),
        ("<div>\n<b>Acme</b> is fine\n</div>", "Acme is fine"),
        ("```markdown\n# Acme\n**Bolt**\n```", "Acme\nBolt"),
        ("Acme &amp; Bolt", "Acme & Bolt"),
        (
            "Acme is among the very few tools that are\nwrapped here.\nNext line",
            "Acme is among the very few tools that are wrapped here.\nNext line",
        ),
        ("Acme\nlight and quiet\nvery cheap", "Acme\nlight and quiet\nvery cheap"),
        ("• Acme\n• Bolt", "Acme\nBolt"),
        ("Text first\n2. Acme", "Text first\nAcme"),
        ("Ac\u200bme, \u202eBolt\u202c, C\x00o, D\u00adash", "Acme, Bolt, Co, Dash"),
        ("Cafe\u0301", "Café"),
        ("Acme costs ~$50, ~~now~~ and Bolt ~$60~.", "Acme costs ~$50, and Bolt ~$60~."),
        ("**Acme**\ud83d is fine", "Acme\ufffd is fine"),
        ("", ""),
        (" \n\t\n ", ""),
    ],
)
def test_what_is_prose_stays(text: str, body: str) -> None:
    """Link text, names in backticks, HTML's text and Markdown in a fence are prose."""
    assert prose(text) == body


def test_a_fence_that_never_ends_and_names_no_language_does_not_swallow_the_answer() -> None:
    """A stray fence is a slip; what follows it is prose."""
    assert prose("Fine.\n```\nAcme is good") == "Fine.\nAcme is good"


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("```\n1. Acme - fast and easy to learn\n```", "Acme - fast and easy to learn"),
        ("```text\nAcme\n```", "Acme"),
        ("```\nacme run --all\n```", ""),
        ("```\nAcme client = new Acme();\n```", ""),
        ('```json\n["Acme", "Bolt"]\n```', "Acme\nBolt"),
        ('{"pick": "Acme", "is_free": true, "note": null}', "Pick: Acme\nIs free: yes"),
        ('[{"rank": 2, "name": "Bolt"}, {"rank": 1, "name": "Acme"}]', "Acme\nBolt"),
        ('[{"tool": "Acme", "cons": ["slow", "dear"]}]', "Acme\nCons: slow; dear"),
        ('{"crm": {"brand": "Acme"}}', "Crm\nBrand: Acme"),
        ('{"a": [[1], {"b": []}]}', "A\n1"),
        ('{"name": "Acme"', '{"name": "Acme"'),
        ("```csv\ntool,cons\nAcme,slow\nBolt\n```", "Acme\nCons: slow\nBolt"),
        ("```csv\nAcme,slow\nBolt,dear\n```", "Acme,slow\nBolt,dear"),
    ],
)
def test_an_answer_in_a_fence_or_in_json_is_prose(text: str, body: str) -> None:
    """Code is none."""
    assert prose(text) == body


def test_json_of_any_depth_is_read() -> None:
    """It is text if it is too deep."""
    assert prose("[" * 100_000 + "]" * 100_000).startswith("[")


def test_code_that_is_cut_off_stays_code() -> None:
    """A fence that names its language is code, also where the answer ends in it."""
    assert prose("Fine.\n```python\nimport acme") == "Fine."


def test_a_link_that_shows_the_title_of_a_source_is_a_citation() -> None:
    """Titles of sources that the provider reports are not prose."""
    text = "Acme is fine. [Bolt beats all](https://x.org) It is."
    assert prose(text, titles={"Bolt beats all"}) == "Acme is fine. It is."


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "*a ", "`", "<", "<!--", "```\n", "> ", "[1,", "](", "(", "\\", "&", "www.", "\n"],
)
@pytest.mark.timeout(15)
def test_a_long_hostile_text_is_read(piece: str) -> None:
    """No pattern makes the parser hang: a fifth of a second is usual, and half a minute what the
    square of the length would take.
    """
    assert isinstance(prose(piece * (250_000 // len(piece))), str)


def test_a_paragraph_of_any_length_loses_its_markup() -> None:
    """Length is no reason to leave markup in."""
    assert prose("**Acme** is *fine*. " * 5_000) == ("Acme is fine. " * 5_000).strip()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_gives_composed_lines_without_gaps(text: str) -> None:
    """The body is NFC, and none of its lines is empty or has white space around it."""
    body = prose(text)
    assert body == unicodedata.normalize("NFC", body)
    assert all(line and line == line.strip() for line in body.split("\n") if body)


@given(st.text(alphabet="ab.*_#`[]()<>|~&\\!-1\n \t:/", max_size=200))
def test_any_markup_is_read(text: str) -> None:
    """No arrangement of markup raises."""
    assert isinstance(prose(text), str)


def test_an_answer_that_is_hardly_prose_is_shown_as_it_is() -> None:
    """A person who asks for code is shown code."""
    code = "Run this:\n\n```\noverheard check --brand Acme\noverheard report Acme\n```\n"

    assert readable(code) == code
    assert readable("**Acme** is best.") == "Acme is best."
    plans = "Compare plans at https://www.acme.example/plans?a=1, or [here](https://a.example)."
    assert readable(plans) == "Compare plans at acme.example, or here."
