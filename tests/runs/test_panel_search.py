"""Tests that a model which is asked to search does."""

from typing import Any

import pytest

from kit.scripted import ScriptedProvider
from overheard.domain import Capabilities, Model
from overheard.errors import SearchUnknown
from overheard.runs.plan import choose_models


class Described(ScriptedProvider):
    """A provider that says whether its models search.

    Attributes:
        told: What it says; an error is raised.
    """

    told: Any = Capabilities()

    def capabilities(self, model: str) -> Any:  # noqa: ARG002 - all are alike
        """Return the given answer."""
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


@pytest.mark.parametrize("told", [Capabilities(), None, RuntimeError("x")])
def test_a_model_that_would_ignore_its_search_is_refused(told: Any) -> None:
    """Else its answers would count as answers with a search."""
    provider = Described()
    provider.told = told
    with pytest.raises(SearchUnknown) as raised:
        choose_models({"svc": provider}, ["svc/m-1+search"])

    assert "svc/m-1+search would be asked without a web search" in str(raised.value)
    assert "take m-1, or" in str(raised.value)


def test_a_provider_that_says_nothing_does_not_search() -> None:
    """Without search it is asked as ever."""
    providers = {"svc": ScriptedProvider()}
    with pytest.raises(SearchUnknown):
        choose_models(providers, ["svc/m-1+search"])
    assert choose_models(providers, ["svc/m-1"]) == (Model("svc", "m-1"),)


def test_a_model_that_searches_is_asked_to() -> None:
    """With and without."""
    provider = Described()
    provider.told = Capabilities(search=True)

    asked = choose_models({"svc": provider}, ["svc/m-1", "svc/m-1+search"])
    assert [model.searches for model in asked] == [False, True]
