"""Tables as text, where a chat has no table of its own."""

from overheard.cards.card import Table
from overheard.cards.wording import visible
from overheard.chat_kit.tables import text_grid, text_records

TABLE = Table(
    ("Brand", "Now"), (("Acme", "43 %"), ("A brand of a long name", "7 %")), right=frozenset({1})
)


def test_columns_are_as_wide_as_their_cells() -> None:
    """Numbers stand at the right."""
    grid = text_grid(TABLE, visible, max_width=40)

    assert grid is not None
    assert grid.width == 28
    assert grid.rows[0] == ("Acme                    43 %",)
    assert grid.rows[1] == ("A brand of a long name   7 %",)


def test_a_column_of_text_is_narrowed_as_far_as_it_may_be() -> None:
    """Else there are no columns."""
    grid = text_grid(TABLE, visible, max_width=20, min_column=12, max_lines=2)

    assert grid is not None
    assert grid.rows[1] == ("A brand of a     7 %", "long name")
    assert text_grid(TABLE, visible, max_width=20, min_column=12) is None
    assert text_grid(TABLE, visible, max_width=20) is None


def test_a_row_alone_names_its_columns() -> None:
    """Below its heading."""
    table = Table(("Brand", "Now", "Usually"), (("Acme", "43 %", "51 %"),))

    [record] = text_records(table, visible)
    assert record == ("Acme", "Now: 43 % · Usually: 51 %")
