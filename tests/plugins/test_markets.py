"""Markets: where and as whom a model is asked, which is a part of its name."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit.shapes import AGENT, CHAT, GEMINI, MESSAGES, QUESTION, RESPONSES, SHAPES, Shape
from kit.vendors import Reaction, Vendor
from overheard import Market, Model, Prompt, ProviderFailed, Question
from overheard.cards.model_names import ModelNames
from overheard.config.loader import parse_config
from overheard.errors import ConfigError

BERLIN = Market(
    name="Berlin",
    country="DE",
    region="Berlin",
    city="Berlin",
    coordinates=(52.5, 13.4),
    language="de",
    persona="The user founded a company.",
)
SELLER = Market(name="seller", persona="The user sells.")
PLACE = {"country": "DE", "region": "Berlin", "city": "Berlin"}


@pytest.mark.parametrize(
    ("name", "id_", "market", "searches"),
    [
        ("gpt-6@DE", "gpt-6", "DE", False),
        ("gpt-6@DE-de+search+low", "gpt-6", "DE-de", True),
        ("chatgpt@TW-zh-TW", "chatgpt", "TW-zh-TW", False),
        ("gpt-6@founder~1a2b+search", "gpt-6", "founder~1a2b", True),
        ("claude-3@20250101", "claude-3@20250101", "", False),
        ("@cf/llama+search", "@cf/llama", "", True),
    ],
)
def test_a_name_says_in_which_market_a_model_is_asked(
    name: str, id_: str, market: str, searches: bool
) -> None:
    """Behind the id; another @ is a part of the id."""
    model = Model("svc", name)

    assert (model.id, model.market, model.searches) == (id_, market, searches)
    assert model.within(market) == model
    assert model.within("").market == ""
    assert model.within("").within(market) == model


def test_what_is_sent_decides_the_key() -> None:
    """Answers to another persona are another history; a country alone can be read from the key."""
    founder = Market(name="founder", persona="The user founded a company.")

    assert Market(country="DE", language="de").key == "DE-de"
    assert Market.of_key("DE-de") == Market(country="DE", language="de")
    assert founder.key.startswith("founder~")
    assert founder.key != founder.model_copy(update={"persona": "The user sells."}).key
    assert Market.of_key(founder.key) is None


@pytest.fixture(params=SHAPES, ids=str)
def shape(request: pytest.FixtureRequest) -> Shape:
    """Each of the vendors' shapes."""
    made: Shape = request.param
    return made


@pytest.fixture
async def provider(vendor: Vendor, shape: Shape) -> AsyncIterator[Any]:
    """A provider that asks one model at home and in Berlin."""
    more = {"preset": "perplexity"} if shape is AGENT else {}
    made: Any = shape.provider(vendor.url, markets=(BERLIN, SELLER), **more)
    yield made
    await made.close()


async def test_each_service_is_sent_what_it_takes(
    provider: Any, vendor: Vendor, shape: Shape
) -> None:
    """The persona as the system text, the place and the language with the search."""
    word = next(iter(shape.words.values()))
    vendor.reactions = [Reaction(shape.answer("Acme.", word))]
    name = f"m-1@{SELLER.key}" if shape is CHAT else f"m-1@{BERLIN.key}+search"
    await provider.ask(Question(Prompt(QUESTION), Model("svc", name)), seed=7)
    body = vendor.calls[0].body

    if shape is CHAT:
        assert body["messages"][0] == {"role": "system", "content": SELLER.persona}
        return
    if shape is GEMINI:
        assert BERLIN.persona in str(body["systemInstruction"])
        found = body["toolConfig"]["retrievalConfig"]
        assert found == {"lat_lng": {"latitude": 52.5, "longitude": 13.4}, "language_code": "de"}
        return
    assert body["system" if shape is MESSAGES else "instructions"] == BERLIN.persona
    kind = {} if shape is AGENT else {"type": "approximate"}
    assert body["tools"][0]["user_location"] == kind | PLACE
    assert body.get("language_preference") == ("de" if shape is AGENT else None)


async def test_a_market_that_cannot_be_sent_is_not_asked(
    provider: Any, vendor: Vendor, shape: Shape
) -> None:
    """A country needs a search; and a market that is gone from the file has no text."""
    for name in ("m-1@DE", "m-1@gone~0000"):
        asked = Question(Prompt(QUESTION), Model("svc", name))
        with pytest.raises(ProviderFailed, match=r"cannot be asked in this market; ask svc/m-1\."):
            await provider.ask(asked, seed=7)
    assert vendor.calls == []


def test_models_are_asked_in_each_market_that_they_are_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model that does not search is asked as a persona alone."""
    monkeypatch.setenv("VENDOR_KEY", "k")
    founder = Market(name="founder", persona="The user founded a company.")
    germany = Market(country="DE")
    made: Any = RESPONSES.provider(
        "http://127.0.0.1:9", models=["m-1", "m-1+search"], markets=(germany, founder)
    )

    assert list(made.models()) == [
        *("m-1", "m-1+search"),
        *("m-1@DE+search", f"m-1@{founder.key}", f"m-1@{founder.key}+search"),
    ]
    assert made.price("m-1@DE+search") == made.price("m-1+search")


def test_readers_see_the_market() -> None:
    """By its country or its name."""
    home, germany = Model("openai", "gpt-6+search"), Model("openai", "gpt-6@DE-de+search")
    founder = Model("openai", "gpt-6@founder~1a2b+search")
    names = ModelNames([home, germany, founder], {str(germany): ""}, ())

    assert [names.name(model) for model in (home, germany, founder)] == [
        *("ChatGPT", "ChatGPT (DE)", "ChatGPT (founder)")
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('name = "x"', "needs a country"),
        ('city = "Berlin"\nname = "x"', "country is missing"),
        ('persona = "The user sells."', "name is missing"),
        ('country = "DE"\n[[markets]]\ncountry = "DE"', "the same name occurs 2 times"),
    ],
)
def test_a_table_that_says_too_little_is_refused(table: str, problem: str) -> None:
    """In one sentence."""
    with pytest.raises(ConfigError, match=problem):
        parse_config(f"[[markets]]\n{table}\n")
