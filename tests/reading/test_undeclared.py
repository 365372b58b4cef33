"""Names that answers list beside declared brands, and what answers state of a brand."""

import pytest

from overheard.reading.mentions import stated_values, undeclared_names

LISTS = [
    "1. **Acme** - easy\n2. **Freshboard** - cheap\n3. **Kanbo** - big",
    "### Acme\nFine.\n### Freshboard Suite\nCheap.\n**Pros:** quick\n- Budget-friendly",
    "| Tool | Price |\n|---|---|\n| Acme | $14 |\n| Freshboard | $9 |",
    "Teams like Acme, Freshboard and Kanbo.",
]


def test_names_in_the_place_of_a_declared_one_are_counted() -> None:
    """With the number of answers that hold them; labels and phrases are no names."""
    assert undeclared_names(LISTS, ["Acme"]) == [("Freshboard", 4), ("Kanbo", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "**Freshboard** is what I would take.",  # no declared brand beside it
        "- **Acme**\n- **Price:** low\n- **Free plan**\n- 2024",
        "- Acme\n- Acme Enterprise\n- the cheapest one",
        "",
    ],
)
def test_what_is_no_name_is_not_proposed(text: str) -> None:
    """Labels, plans of a brand, and names in answers about something else."""
    assert undeclared_names([text] * 3, ["Acme"]) == []


def test_prices_and_years_are_those_of_the_brand_alone() -> None:
    """Of sentences that name it and no other; the value that most answers state."""
    texts = [
        "Acme starts at $14 per user per month. Zeta starts at $9.",
        "Acme was founded in 2010. Plans of Acme start at $14/user/month.",
        "Acme, unlike Zeta, was founded in 1999.",
        "Acme costs $49 a month.",
    ]
    assert stated_values(texts, ["Acme"], ["Zeta"]) == {
        "price": ("$14 a month", 2),
        "founded": ("2010", 1),
    }
