"""Whether what a provider returned is a reply that can be kept.

A provider is somebody else's code. Everything that it returns is looked at before anything is
counted or stored, so that an odd value costs one answer and not the run.
"""

from __future__ import annotations

import math
from dataclasses import astuple, fields
from datetime import datetime

from overheard.domain import Citation, Finish, RateLimits, Reply, Usage

MOST_TOKENS = 2**31 - 1
"""The largest number of tokens that every database keeps."""
LONGEST_TEXT = 4_000_000
"""Characters of an answer: several times what any model writes; more takes minutes to score."""


def checked(given: object) -> tuple[Reply | None, str]:
    """Look at all of what a provider returned.

    Args:
        given: What its `ask` gave, of whatever type.

    Returns:
        The reply, or None, and a few words on what is wrong with it, such as ``it returns
        NoneType``. They quote no value, because a value may hold a secret.
    """
    if not isinstance(given, Reply):
        return None, f"it returns {type(given).__name__}"
    if flaw := _flaw(given):
        return None, flaw
    plain = {field.name: getattr(given, field.name) for field in fields(Reply)}
    return Reply(**plain | {"citations": tuple(given.citations)}), ""


def _flaw(reply: Reply) -> str:
    for name in ("text", "served_model", "fingerprint", "model_version"):
        if not isinstance(getattr(reply, name), str):
            return f"its {name} is not a string"
    if len(reply.text) > LONGEST_TEXT:
        return f"its text is longer than {LONGEST_TEXT:,} characters"
    for fits, flaw in (
        (isinstance(reply.finish, Finish), "its finish is not a Finish"),
        (
            _are_citations(reply.citations),
            "its citations are not a tuple of Citation with strings in them",
        ),
        (
            _is_usage(reply.usage),
            f"its usage is not a Usage of whole numbers from 0 to {MOST_TOKENS}",
        ),
        (_is_amount(reply.cost_usd), "its cost is not a number of dollars"),
        (_is_moment(reply.model_created), "its model_created is not a time with a time zone"),
        (isinstance(reply.limits, RateLimits | None), "its limits are not RateLimits"),
    ):
        if not fits:
            return flaw
    return ""


def _are_citations(given: object) -> bool:
    return isinstance(given, tuple | list) and all(
        isinstance(one, Citation)
        and isinstance(one.url, str)
        and isinstance(one.title, str)
        and isinstance(one.cited, bool)
        for one in given
    )


def _is_usage(given: object) -> bool:
    return isinstance(given, Usage) and all(
        isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_TOKENS
        for count in astuple(given)
    )


def _is_moment(given: object) -> bool:
    return given is None or (isinstance(given, datetime) and given.tzinfo is not None)


def _is_amount(given: object) -> bool:
    if given is None:
        return True
    if not isinstance(given, int | float) or isinstance(given, bool):
        return False
    try:
        return math.isfinite(given) and given >= 0
    except OverflowError:  # a whole number beyond all floats
        return False
