"""The reasoning effort with which a model is asked, which is a part of its name."""

import pytest

from overheard import Model
from overheard.cards.model_names import ModelNames, asked_by
from overheard.testing import question
from overheard_anthropic.provider import AnthropicProvider, AnthropicSettings
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings
from overheard_google.provider import GoogleProvider, GoogleSettings
from overheard_openai.provider import OpenAIProvider, OpenAISettings


@pytest.mark.parametrize(
    ("name", "id_", "searches", "effort"),
    [
        ("gpt-6", "gpt-6", False, ""),
        ("gpt-6+low", "gpt-6", False, "low"),
        ("gpt-6+search+high", "gpt-6", True, "high"),
        ("gpt-6+search", "gpt-6", True, ""),
        ("command-r+", "command-r+", False, ""),
        ("low", "low", False, ""),
    ],
)
def test_a_name_says_how_a_model_is_asked(name: str, id_: str, searches: bool, effort: str) -> None:
    """The effort comes last; another ending is a part of the id."""
    model = Model("svc", name)

    assert (model.id, model.searches, model.effort) == (id_, searches, effort)
    assert Model.parse(str(model)) == model


def test_readers_see_the_effort_where_names_would_be_equal() -> None:
    """And how it is asked."""
    low, high = Model("openai", "gpt-6+low"), Model("openai", "gpt-6+search+high")
    names = ModelNames([low, high], {}, ())

    assert names.name(low) == "ChatGPT, low effort"
    assert names.name(high) == "ChatGPT with search, high effort"
    assert asked_by(high) == "API, with search, high effort"


@pytest.mark.parametrize(("name", "effort"), [("m-1+low", "low"), ("m-1", None)])
def test_each_service_is_told_in_its_own_way(
    name: str, effort: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id goes without it; a model without an effort has that of the service."""
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(key, "k")
    table = {"models": [name]}
    asked = question(model=f"svc/{name}")
    openai = OpenAIProvider("svc", OpenAISettings.model_validate(table)).request(asked)
    claude = AnthropicProvider("svc", AnthropicSettings.model_validate(table)).request(asked)
    gemini = GoogleProvider("svc", GoogleSettings.model_validate(table)).request(asked)
    own = table | {"base_url": "http://127.0.0.1:9/v1"}
    chat = CompatibleProvider("svc", CompatibleSettings.model_validate(own))._request_fields(
        asked, 1
    )

    assert openai["model"] == claude["model"] == "m-1"
    assert openai.get("reasoning") == (effort and {"effort": effort})
    assert claude.get("output_config") == (effort and {"effort": effort})
    assert chat.get("reasoning_effort") == effort
    assert ("LOW" in str(gemini)) == bool(effort)
