"""Whom the answer to a request is shown to."""

from dataclasses import replace

import pytest

from kit.slack_desk import ADD
from overheard.cards.command import Role
from overheard.chat_kit.requests import answers_one, decides

READS = replace(ADD, role=Role.VIEWER)
CHANGES = replace(ADD, role=Role.OPERATOR)
PRIVATE = replace(CHANGES, private=True)


@pytest.mark.parametrize(
    ("spec", "clicked", "private", "switch", "alone"),
    [
        (READS, False, False, False, False),
        (READS, True, False, False, True),
        (READS, True, False, True, False),
        (READS, True, True, True, True),
        (CHANGES, True, True, False, False),
        (PRIVATE, False, False, False, True),
        (None, True, True, False, False),
    ],
)
def test_whom_an_answer_is_shown_to(
    spec: object, clicked: bool, private: bool, switch: bool, alone: bool
) -> None:
    """What a click only reads is for the one who clicked, unless all see what it changes."""
    assert (
        answers_one(spec, "do it", clicked=clicked, private=private, switch=switch)  # type: ignore[arg-type]
        is alone
    )


def test_a_yes_in_a_private_message_is_answered_there() -> None:
    """In public it is answered in public."""
    assert decides("confirm x1Zq")
    assert decides("cancel x1Zq")
    assert not decides("check confirm")
    assert answers_one(None, "confirm x1Zq", clicked=True, private=True, switch=False)
    assert not answers_one(None, "confirm x1Zq", clicked=True, private=False, switch=False)
