"""The heading of a row that is shown by itself."""

from overheard.cards.card import Table, Tainted
from overheard.cards.wording import heading, heading_cells


def test_a_first_cell_that_is_there_twice_names_no_row() -> None:
    """The second one goes with it; where there are but two columns, nothing would be left."""
    twice = Table(("Model", "Brand", "Share"), (("m", Tainted("A"), "1"), ("m", "B", "2")))
    assert heading_cells(twice) == 2
    assert heading(twice, ["m", "A"]) == "m \N{MIDDLE DOT} A"
    assert heading_cells(Table(("Model", "Brand"), (("m", "A"), ("m", "B")))) == 1
    assert heading_cells(Table(("Model", "Brand", "Share"), (("m", "A", "1"),))) == 1


def test_a_number_is_told_with_its_column() -> None:
    """A card of alerts says Alert 4, and not 4."""
    table = Table(("Alert", "Brand"), (("4", "Acme"),), frozenset({0}))
    assert heading(table, ["4"]) == "Alert 4"
    assert heading(table, [""]) == "Alert -"
