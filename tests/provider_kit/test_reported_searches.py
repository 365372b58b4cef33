"""What services report of a model's searches, which may be anything."""

from typing import Any

from overheard import HostedService, PriceList, ProviderSettings
from overheard.domain import Finish, Model, Prompt, Question, Search
from overheard.plugins.validation import validated_reply

SERVICE = HostedService(
    "svc",
    "an API",
    ProviderSettings.model_validate({"base_url": "http://host/v1", "models": ["m-1"]}),
    PriceList({}),
)


def kept(*searches: Any) -> tuple[Search, ...]:
    """Return what a reply keeps of reported searches, which the core takes."""
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    reply = SERVICE.reply(
        question, "Acme.", Finish.COMPLETE, headers={}, usage={}, searches=iter(searches)
    )
    return validated_reply(reply).searches


def test_what_is_no_text_is_left_out() -> None:
    """A page is kept once; a search without a query or a page is none."""
    pages: Any = ("https://a.test", None, 7, "", "https://a.test", "x" * 5_000)
    nothing: Any = {"query": "x"}

    assert kept(Search("best", pages), Search(nothing), Search("")) == (
        Search("best", ("https://a.test",)),
    )


def test_endless_reports_are_cut() -> None:
    """As endless lists of sources are."""
    pages = tuple(f"https://a.test/{n}" for n in range(2_000))
    found = kept(*[Search("q" * 9_000, pages)] * 1_200)

    assert len(found) == len(found[0].pages) == 1_000
    assert len(found[0].query) == 4_000
