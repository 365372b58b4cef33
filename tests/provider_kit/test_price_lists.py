"""Tests of price lists: what the built-in ones promise, and how a price is found."""

import math
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError
from time_machine import travel

from overheard import Finish, HostedService, Model, Price, PriceList, Prompt, Question, Reply, Usage
from overheard.provider_kit.settings import CreationDates, PriceFile, PriceTable, ProviderSettings

BUILT_IN = ("overheard_anthropic", "overheard_compatible", "overheard_google", "overheard_openai")
LIST = """
[sources.page]
url = "https://vendor.test/prices"
read = 2026-11-05
[sources.copy]
url = "https://vendor.test/tools"
via = "a copy"
read = 2026-11-06
[models."m-1"]
source = ["page", "copy"]
input = 1
output = 10
cached = 0.1
search = 0.01
batch = 0.5
[models."m-2"]
source = ["page"]
input = 2
output = 20
until = 2026-12-31
[models."vendor/m-3"]
source = ["page"]
input = 3
output = 30
"""
LAST_DAY = datetime(2026, 12, 31, 23, tzinfo=UTC)
"""Of the price of m-2."""
OWN = {"m-1": PriceTable(input=5, output=6)}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A plugin's package with a price list."""
    folder = tmp_path / "plugin_with_prices"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "prices.toml").write_text(LIST)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, folder.name, raising=False)  # of another test's folder
    return folder.name


@pytest.mark.parametrize("package", BUILT_IN)
def test_every_built_in_price_says_where_it_was_read(package: str) -> None:
    """A page of the vendor's, and a day that has been."""
    text = files(package).joinpath("prices.toml").read_text(encoding="utf-8")
    listed = PriceFile.model_validate(tomllib.loads(text))

    assert listed.models
    for source in listed.sources.values():
        assert source.url.startswith("https://")
        assert source.read <= datetime.now(UTC).date()
    named = {name for price in listed.models.values() for name in price.source}
    assert named == set(listed.sources)
    for name, price in listed.models.items():
        assert 0 < price.input < price.output, name
        assert price.cached is None or price.cached < price.input


def test_a_price_comes_with_its_sources(package: str) -> None:
    """So that a reader can look the price up."""
    price = PriceList({}, package).price("m-1")

    assert price == Price(1, 10, 0.1, 0.01, 0.5)
    assert price is not None
    assert price.source == (
        "https://vendor.test/prices, read 2026-11-05; "
        "https://vendor.test/tools, read 2026-11-06 via a copy"
    )


def test_the_configuration_goes_first(package: str) -> None:
    """An account may have special prices."""
    price = PriceList(OWN, package).price("m-1")

    assert price == Price(5, 6)
    assert price is not None
    assert price.source == "the configuration"


@pytest.mark.parametrize("name", ["m", "m-1-2026-01-01", "M-1", "m-3", "vendor/m-1", ""])
def test_a_price_is_never_that_of_a_similar_model(package: str, name: str) -> None:
    """Snapshots and sizes may cost something else."""
    assert PriceList({}, package).price(name) is None
    assert PriceList({}).price("m-1") is None


def test_with_search_the_price_of_a_search_must_be_known(package: str) -> None:
    """Otherwise the whole price is not known."""
    prices = PriceList({}, package)

    assert prices.price("m-1+search") == prices.price("m-1")
    assert prices.price("m-2+search") is None
    assert PriceList(OWN, package).price("m-1+search") is None


def test_a_model_can_have_another_price_with_search(package: str) -> None:
    """In the configuration, under its name with search."""
    own = {"m-2+search": PriceTable(input=1, output=2, search=0.03)}

    assert PriceList(own, package).price("m-2+search") == Price(1, 2, search=0.03)
    with travel(LAST_DAY):
        assert PriceList(own, package).price("m-2") == Price(2, 20)


def test_a_price_that_ends_is_not_known_afterwards(package: str) -> None:
    """The vendor has announced the day."""
    with travel(LAST_DAY):
        assert PriceList({}, package).price("m-2") == Price(2, 20)
    with travel(datetime(2027, 1, 1, tzinfo=UTC)):
        assert PriceList({}, package).price("m-2") is None


def test_a_list_can_serve_several_vendors(package: str) -> None:
    """The same id may be sold by two of them."""
    assert PriceList({}, package, "vendor").price("m-3") == Price(3, 30)
    assert PriceList({}, package, "other").price("m-3") is None


@pytest.mark.parametrize("key", ["input", "output", "cached", "search"])
def test_a_price_below_zero_is_refused(key: str) -> None:
    """The question itself costs nothing."""
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        PriceTable.model_validate({"input": 1, "output": 1, key: -1})


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(), 0),
        (Usage(1_000_000, 1_000_000), 11),
        (Usage(1_000_000, 0, cached_tokens=1_000_000), 0.1),
        (Usage(1_000_000, 0, cached_tokens=2_000_000), 0.1),
        (Usage(0, 1_000_000, reasoning_tokens=900_000), 10),
        (Usage(searches=3), 0.03),
    ],
)
def test_what_a_call_costs(usage: Usage, dollars: float) -> None:
    """Cached tokens are a part of those sent, reasoning of those received."""
    assert Price(1, 10, 0.1, 0.01).cost(usage) == pytest.approx(dollars)


def test_cached_tokens_without_a_price_cost_what_any_do() -> None:
    """Rather too much than too little."""
    assert Price(1, 10).cost(Usage(1_000_000, 0, cached_tokens=1_000_000)) == 1


def test_what_googles_cache_held_is_no_cheaper_in_a_batch() -> None:
    """The vendor says so; everything else is sold there at half the price."""
    prices = PriceList({}, "overheard_google")
    price = prices.price("gemini-2.5-flash")
    assert price is not None
    assert price.cached is not None
    cached, plain = Usage(1_000_000, cached_tokens=1_000_000), Usage(1_000_000, 1_000_000)
    assert price.cost(cached, batch=True) == price.cost(cached) == price.cached
    assert price.cost(plain, batch=True) == price.cost(plain) / 2


@pytest.mark.parametrize(
    ("reported", "cost"),
    [(0, 30e-6), (0.0, 30e-6), (0.25, 0.25), (-1, 30e-6), (1e9, 30e-6), (None, 30e-6)],
)
def test_a_known_price_goes_before_a_reported_nothing(reported: object, cost: float) -> None:
    """Gateways report 0 for what they do not know; and no answer costs a fortune."""
    assert charged(reported, {"input_tokens": 10, "output_tokens": 10}) == pytest.approx(cost)


@pytest.mark.parametrize(
    "usage",
    [
        {},
        {"input_tokens": None, "output_tokens": None},
        {"input_tokens": -5, "output_tokens": 10},
        {"input_tokens": 2**31 - 1, "output_tokens": 2**31 - 1},
        {"input_tokens": "10", "output_tokens": "10"},
        {"input_tokens": "10", "output_tokens": 10},
        {"input_tokens": 10},
        {"output_tokens": 10},
        {"input_tokens": 10, "output_tokens": 0},
        {"input_tokens": 1e300, "output_tokens": 10},
        {"input_tokens": math.nan, "output_tokens": 10},
        {"input_tokens": 10, "output_tokens": math.inf},
        {"input_tokens": True, "output_tokens": True},
        {"input_tokens": [10], "output_tokens": {"all": 10}},
    ],
)
@pytest.mark.parametrize("reported", [None, 0])
def test_without_believable_usage_the_cost_is_unknown(
    usage: dict[str, object], reported: object
) -> None:
    """And not zero: it is estimated then."""
    assert charged(reported, usage) is None


def test_fewer_tokens_than_the_text_can_have_are_not_believed() -> None:
    """The cost would be too low."""
    usage: dict[str, object] = {"input_tokens": 10, "output_tokens": 2}
    assert charged(None, usage, "Acme is good. " * 4) is not None
    assert charged(None, usage, "Acme is good. " * 400) is None


def charged(reported: object, usage: dict[str, object], text: str = "Acme.") -> float | None:
    """Return the cost of a reply at $1 and $2 a million tokens."""
    table = {"base_url": "http://host/v1", "models": ["m-1"]}
    settings = ProviderSettings.model_validate(
        {**table, "prices": {"m-1": {"input": 1, "output": 2}}}
    )
    service = HostedService("svc", "an API", settings, PriceList(settings.prices))
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    return service.reply(
        question, text, Finish.COMPLETE, headers={}, usage=usage, cost=reported
    ).cost_usd


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),  # noqa: DTZ001 - it has no zone
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T00:00:00+00:00"),
        (1_767_225_600, datetime(2026, 1, 1, tzinfo=UTC)),
        (1_767_225_600.0, datetime(2026, 1, 1, tzinfo=UTC)),
        (365 * 24 * 3600, datetime(1971, 1, 1, tzinfo=UTC)),
        (365 * 24 * 3600 - 1, None),
        (0, None),
        ("2026-01-01", None),
        (None, None),
        (1e300, None),
        (OSError("The service is away."), None),
    ],
)
async def test_a_served_model_is_as_old_as_its_service_says(told: object, known: object) -> None:
    """In UTC; the year 1970 means unknown, and nothing that a service says is an error."""

    async def look_up(served_model: str) -> object:
        asked.append(served_model)
        if isinstance(told, Exception):
            raise told
        return told

    asked: list[str] = []
    dates = CreationDates(look_up)
    said = Reply("Acme.", Finish.COMPLETE, served_model="m-1-0301")
    first, second = [await dates.dated(said) for _ in "ab"]

    expected = datetime.fromisoformat(known) if isinstance(known, str) else known
    assert first.model_created == second.model_created == expected
    assert replace(first, model_created=None) == said
    assert asked == ["m-1-0301"]
    assert await dates.dated(replace(said, served_model="")) == replace(said, served_model="")
    assert asked == ["m-1-0301"]
