"""Tests of what counts as a reply."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.scripted import reply
from overheard.domain import Citation, Finish, RateLimits, Reply, Search, Usage
from overheard.domain.models import MAX_ANSWER_CHARS
from overheard.plugins.validation import MAX_TOKENS, Nonsense, validated_reply

SECRET = "sk-very-secret"
WHOLE = Reply(
    "Acme is good.",
    Finish.COMPLETE,
    (Citation("https://acme.test", "Acme"),),
    "m-1-2026",
    "fp_1",
    Usage(0, MAX_TOKENS),
    0.25,
    "001",
    datetime(2026, 1, 1, tzinfo=UTC),
    RateLimits(requests_left=3),
    (Search("best tools", ("https://acme.test",)),),
)


@pytest.mark.parametrize(
    "given", [WHOLE, Reply("", Finish.FAILED), reply(cost_usd=None), reply(cost_usd=0)], ids=repr
)
def test_a_whole_reply_is_returned_as_it_is(given: Reply) -> None:
    """Optional fields of a reply can be left out."""
    assert validated_reply(given) == given


def test_a_list_of_citations_becomes_a_tuple() -> None:
    """It is the one slip that costs nothing."""
    cited = [Citation("https://acme.test")]

    assert validated_reply(reply(citations=cited)).citations == tuple(cited)


@pytest.mark.parametrize(
    ("given", "kind"), [(None, "NoneType"), (SECRET, "str"), (7, "int"), (Reply, "type")]
)
def test_what_is_no_reply_is_told_by_its_kind(given: object, kind: str) -> None:
    """Such as a forgotten return."""
    with pytest.raises(Nonsense) as nonsense:
        validated_reply(given)
    assert str(nonsense.value) == f"it returns {kind}"


@pytest.mark.parametrize(
    ("field", "value", "flaw"),
    [
        ("text", None, "its text"),
        ("text", SECRET.encode(), "its text"),
        ("finish", "complete", "its finish"),
        ("finish", None, "its finish"),
        ("citations", None, "its citations"),
        ("citations", SECRET, "its citations"),
        ("citations", (SECRET,), "its citations"),
        ("citations", (Citation(7),), "its citations"),  # type: ignore[arg-type] # is tried
        ("citations", (Citation("x", None),), "its citations"),  # type: ignore[arg-type] # too
        ("citations", (Citation("x", cited=1),), "its citations"),  # type: ignore[arg-type] # too
        ("citations", iter(()), "its citations"),
        ("served_model", None, "its served_model"),
        ("served_model", 5, "its served_model"),
        ("fingerprint", 7, "its fingerprint"),
        ("usage", None, "its usage"),
        ("usage", (1, 2), "its usage"),
        ("usage", Usage(-1, 0), "its usage"),
        ("usage", Usage(0, MAX_TOKENS + 1), "its usage"),
        ("usage", Usage(1.5, 0), "its usage"),  # type: ignore[arg-type] # is tried
        ("usage", Usage(0, None), "its usage"),  # type: ignore[arg-type] # too
        ("usage", Usage(True, 0), "its usage"),
        ("usage", Usage(searches=-1), "its usage"),
        ("model_version", None, "its model_version"),
        ("model_created", "2026-01-01", "its model_created"),
        ("model_created", datetime(2026, 1, 1), "its model_created"),  # noqa: DTZ001 - is tried
        ("limits", {"requests": 1}, "its limits"),
        ("citations", (Citation("https://a.com"),) * 1_001, "its citations are more than 1,000"),
        ("citations", (Citation("https://a.com/" + "a" * 5_000),), "its citations are more"),
        ("searches", None, "its searches"),
        ("searches", ("best tools",), "its searches"),
        ("searches", (Search("q", (7,)),), "its searches"),  # type: ignore[arg-type] # is tried
        ("searches", (Search("q" * 5_000),), "its searches are too many, or endless"),
        ("searches", (Search("q"),) * 1_001, "its searches are too many, or endless"),
        ("earlier", ("a" * MAX_ANSWER_CHARS,), "its text is longer"),
        ("cost_usd", SECRET, "its cost_usd is str"),
        ("cost_usd", True, "its cost_usd is bool"),
        ("cost_usd", -0.01, "its cost_usd is not a number of dollars"),
        ("cost_usd", math.nan, "its cost_usd is not a number of dollars"),
        ("cost_usd", math.inf, "its cost_usd is not a number of dollars"),
        ("cost_usd", 10**400, "its cost_usd is int"),
    ],
)
def test_an_odd_field_is_told_and_never_quoted(field: str, value: Any, flaw: str) -> None:
    """It may hold a secret, so its name must do."""
    with pytest.raises(Nonsense) as nonsense:
        validated_reply(replace(WHOLE, **{field: value}))
    assert str(nonsense.value).startswith(flaw)
    assert SECRET not in str(nonsense.value)
