"""Names of models for readers: ``ChatGPT`` and not ``openai/gpt-5.4-mini+search``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from overheard.domain import Model

FAMILIES = (
    ("chatgpt", "ChatGPT"),
    ("gpt", "ChatGPT"),
    ("claude", "Claude"),
    ("gemini", "Gemini"),
    ("sonar", "Perplexity"),
    ("grok", "Grok"),
    ("mistral", "Mistral"),
    ("deepseek", "DeepSeek"),
    ("llama", "Llama"),
    ("qwen", "Qwen"),
    ("command", "Cohere"),
    ("kimi", "Kimi"),
    ("glm", "GLM"),
    ("nova", "Amazon Nova"),
    ("smollm", "SmolLM"),
)
"""Beginnings of a word of a model's id, and what readers call such models."""
VENDORS = {
    "openai": "ChatGPT",
    "anthropic": "Claude",
    "google": "Gemini",
    "perplexity": "Perplexity",
}
"""Names by provider, for ids that no family names."""
LOCAL = "local"
"""The provider of the model that comes with Overheard and runs on this machine."""
TUNED = "ft:"
"""Beginning of the id of a fine-tuned model at OpenAI."""


class ModelNames:
    """Gives each model of a deployment a name of its own.

    Args:
        models: The models that are asked. Models that share a name get an addition that
            distinguishes them: ``with search``, else the id in brackets.
        given: Names of the configuration, by ``provider/model``.
    """

    def __init__(
        self, models: Iterable[Model] = (), given: Mapping[str, str] | None = None
    ) -> None:
        """Compute a unique name for each model: a given name, or the name of its family, with an
        addition where several models share a name.
        """
        self._given = dict(given or {})
        asked = sorted(set(models))
        shared = Counter(self._base_name(model) for model in asked)
        self._names: dict[Model, str] = {}
        for model in asked:
            base = self._base_name(model)
            same = [other for other in asked if self._base_name(other) == base]
            self._names[model] = base if shared[base] == 1 else _distinct_name(model, base, same)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that are asked, sorted."""
        return tuple(self._names)

    def name(self, model: Model) -> str:
        """Return the name of a model, also of one that is not asked any more.

        A model that is not asked has its id in brackets when an asked model has the same name.
        """
        if known := self._names.get(model):
            return known
        base = self._base_name(model)
        return f"{base} ({model.name})" if base in self._names.values() else base

    def find(self, text: str, models: Iterable[Model]) -> Model | None:
        """Return the first of some models whose name or ``provider/model`` equals a text, without
        regard to case; None without one.
        """
        wanted = text.strip().casefold()
        for model in models:
            if wanted in {str(model).casefold(), self.name(model).casefold()}:
                return model
        return None

    def _base_name(self, model: Model) -> str:
        """Return the configured name, else the name of the model's family, else its id."""
        given = self._given.get(str(model)) or self._given.get(f"{model.provider}/{model.id}")
        return given or _family_name(model)


def asked_by(model: Model) -> str:
    """Return how a model is asked: ``API``, ``API, with search``, or ``on this machine``."""
    if model.provider == LOCAL:
        return "on this machine"
    return "API, with search" if model.searches else "API"


def _family_name(model: Model) -> str:
    """Return the name of a model's product, such as ChatGPT; else the last part of its id."""
    name = model.id.casefold()
    if name.startswith(TUNED):  # ft:gpt-4o:acme:support:abc123
        parts = model.id.split(":")
        return (
            f"ChatGPT fine-tuned ({parts[3]})"
            if len(parts) > 3 and parts[3]
            else "ChatGPT fine-tuned"
        )
    words = name.replace("/", "-").replace("_", "-").replace(":", "-").replace(".", "-").split("-")
    for beginning, family in FAMILIES:
        if any(word.startswith(beginning) for word in words):
            return family
    return VENDORS.get(model.provider, model.id.rpartition("/")[2])


def _distinct_name(model: Model, base: str, same: list[Model]) -> str:
    """Return the shortest name of a model that no other model of the same base name has.

    Args:
        model: The model.
        base: The base name.
        same: All models of that base name, with `model` among them.
    """
    name = base
    for with_id, with_provider in ((False, False), (True, False), (True, True)):
        shown = {
            m: _detailed_name(m, base, with_id=with_id, with_provider=with_provider) for m in same
        }
        name = shown[model]
        if len(set(shown.values())) == len(same):
            break
    return name


def _detailed_name(model: Model, base: str, *, with_id: bool, with_provider: bool) -> str:
    number = f" ({model.provider}/{model.id})" if with_provider else f" ({model.id})"
    search = " with search" if model.searches else ""
    return f"{base}{number if with_id else ''}{search}"
