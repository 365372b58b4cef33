"""Options that are read from the signature of a command's function."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Kind, Option, argument, option

BRAND = Annotated[str, argument("The brand.", Kind.BRAND)]


async def everything(
    call: object,
    *,
    brand: BRAND,
    others: Annotated[Sequence[str], argument("More.", Kind.BRAND)] = (),
    times: Annotated[int, option("How often.", low=1, high=9)] = 3,
    margin: Annotated[float | None, option("How far.")] = None,
    dry: Annotated[bool, option("Ask nothing.")] = False,
    out: Annotated[Path | None, option("The file.", word="to")] = None,
    form: Annotated[Literal["yaml", "json"], option("How.")] = "yaml",
    agreed: bool = False,
) -> Card:
    """Take every type of option."""
    return Card("Done")


def read(function: Callable[..., Any]) -> tuple[Option, ...]:
    """Return the options of a command with this function."""
    return CommandSpec("try", "Try.", function).options


def test_each_annotated_parameter_is_an_option_of_its_type() -> None:
    """In their order; the call and what is not annotated are none."""
    assert read(everything) == (
        Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),
        Option("others", "More.", Kind.BRAND, many=True, positional=True),
        Option("times", "How often.", Kind.INTEGER, default=3, low=1, high=9),
        Option("margin", "How far.", Kind.NUMBER),
        Option("dry", "Ask nothing.", Kind.FLAG, default=False),
        Option("out", "The file.", Kind.FILE, word="to"),
        Option("form", "How.", default="yaml", choices=("yaml", "json")),
    )


def test_annotations_that_are_written_as_text_are_read_too() -> None:
    """As with ``from __future__ import annotations``, even where another name is unknown."""
    names: dict[str, Any] = {"Annotated": Annotated, "option": option}
    exec(  # noqa: S102 - the text is this test's own
        "from __future__ import annotations\n"
        'async def shown(view: Unknown, *, most: Annotated[int, option("Most.")] = 2) -> Missing:'
        "    ...",
        names,
    )

    assert read(names["shown"]) == (Option("most", "Most.", Kind.INTEGER, default=2),)


def test_options_that_a_spec_names_itself_are_taken_as_they_are() -> None:
    """Also none at all, against the signature."""
    mine = (Option("brand", "Mine.", required=True),)

    assert CommandSpec("try", "Try.", everything, mine).options == mine
    assert CommandSpec("try", "Try.", everything, ()).options == ()


def test_a_type_that_cannot_be_typed_is_refused_with_the_name_of_the_option() -> None:
    """When the command is described, and not when it is used."""

    async def odd(call: object, *, when: Annotated[dict[str, int], option("When.")]) -> Card:
        return Card("Done")

    with pytest.raises(TypeError, match="the option when is of the type dict"):
        read(odd)
