"""Names of models for readers: ``ChatGPT`` and not ``openai/gpt-5.4-mini+search``."""

import re
from collections.abc import Collection, Iterable, Mapping

from overheard.domain import LOCAL, Model

FAMILIES = (
    ("chatgpt", "ChatGPT", "openai|azure"),
    ("gpt", "ChatGPT", "openai|azure"),
    ("claude", "Claude", "anthropic"),
    ("gemini", "Gemini", "google|vertex"),
    ("sonar", "Perplexity", "perplexity"),
    ("grok", "Grok", "x-?ai"),
    ("mistral", "Mistral", "mistral"),
    ("deepseek", "DeepSeek", "deepseek"),
    ("llama", "Llama", "meta"),
    ("qwen", "Qwen", "qwen|alibaba|dashscope"),
    ("command", "Cohere", "cohere"),
    ("kimi", "Kimi", "moonshot"),
    ("glm", "GLM", "z-?ai|zhipu"),
    ("nova", "Amazon Nova", "amazon"),
    ("smollm", "SmolLM", "local|huggingface"),
)
"""Beginnings of a word of a model's id, what readers call such models, and beginnings of a word
before it, in the provider's name or in the id, which say whose they are.
"""
VENDORS = {
    "openai": "ChatGPT",
    "anthropic": "Claude",
    "google": "Gemini",
    "perplexity": "Perplexity",
}
"""Names by provider, for ids that no family names."""
APPS = frozenset({"chatgpt", "ai-mode", "ai-overviews", "gemini", "perplexity", "bing-ai-mode"})
"""Models that are no API but products, whose answers are bought."""
TUNED = "ft:"
"""Beginning of the id of a fine-tuned model at OpenAI."""


class ModelNames:
    """Gives each model of a deployment a name of its own.

    Args:
        models: The models that are asked. Models that share a name get an addition that
            distinguishes them: ``with search``, else the id in brackets.
        given: Names of the configuration or the provider, by ``provider/model``.
        foreign: Providers of third parties, whose names say nothing of a vendor.

    Attributes:
        models: The models that are asked, sorted.
    """

    def __init__(
        self,
        models: Iterable[Model] = (),
        given: Mapping[str, str] | None = None,
        foreign: Collection[str] = (),
    ) -> None:
        """Compute a name for each model, which no other asked model has.

        It is the given name, else that of the family, such as ``Claude``; with an addition where
        several models share it.
        """
        self._given = dict(given or {})
        self._foreign = frozenset(foreign)
        self._names: dict[Model, str] = {}
        bases = {model: self._base_name(model) for model in sorted(set(models))}
        for model, base in bases.items():
            namesakes = [other for other, name in bases.items() if name == base]
            is_unique = len(namesakes) == 1
            self._names[model] = base if is_unique else _distinct_name(model, base, namesakes)
        self.models = tuple(self._names)

    def name(self, model: Model) -> str:
        """Return the name of a model for readers, such as ``ChatGPT``, also of one that is not
        asked any more.

        A model that is not asked has its id in brackets when an asked model has the same name.
        """
        if known := self._names.get(model):
            return known
        base = self._base_name(model)
        return f"{base} ({model.name})" if base in self._names.values() else base

    def find(self, text: str, models: Iterable[Model]) -> Model | None:
        """Return the first of some models whose name or ``provider/model`` equals a text; None
        without one.

        Case, and space around the text, do not count.

        Args:
            text: The text, such as ``ChatGPT`` or ``openai/gpt-5.4-mini``.
            models: The models, in the order in which they are tried.
        """
        wanted = text.strip().casefold()
        for model in models:
            if wanted in {str(model).casefold(), self.name(model).casefold()}:
                return model
        return None

    def _base_name(self, model: Model) -> str:
        """Return the given name of a model, else the name of its family.

        A name that is configured for a model counts for the same model with search too, unless that
        has its own.
        """
        model_id = model.id
        given = self._given.get(str(model)) or self._given.get(f"{model.provider}/{model_id}")
        if model.market and not self._given.get(str(model)):
            market, plain = model.market.partition("~")[0], self._base_name(model.within(""))
            return f"{plain} ({market.partition('-')[0]})"
        if given:
            return given
        if not (family := family_name(model, self._foreign)):
            return model_id.rpartition("/")[2]
        if not model_id.startswith(TUNED):
            return family
        suffix = "".join(model_id.split(":")[3:4])  # ft:gpt-4o:acme:support:abc123
        return f"{family} fine-tuned ({suffix})" if suffix else f"{family} fine-tuned"


def family_name(model: Model, foreign: Collection[str] = ()) -> str:
    """Return what readers call the models of a vendor, such as ``ChatGPT``; empty for a model that
    is neither of the vendor's provider nor has an id that names the vendor, as at a gateway
    (``anthropic/claude-5``).

    Args:
        foreign: Providers whose names say nothing of a vendor.
    """
    is_foreign = model.provider in foreign or "compatible" in model.provider
    vendor = "" if is_foreign else model.provider.casefold()
    path = f"{vendor}/{model.id.casefold()}"
    for beginning, family, vendors in FAMILIES:
        is_app = beginning == model.id and model.id in APPS
        if is_app or re.search(rf"(?:^|[/._:-])(?:{vendors}).*?[/._:-]{beginning}", path):
            return family
    return VENDORS.get(vendor, "")


def asked_by(model: Model) -> str:
    """Return how a model is asked: ``API``, ``API, with search, low effort``, ``on this machine``,
    or as ``a signed-out visitor`` of an app.
    """
    if model.id in APPS:
        return "a signed-out visitor"
    if model.provider == LOCAL:
        return "on this machine"
    parts = ["API", *(["with search"] if model.searches else ())]
    return ", ".join([*parts, *([f"{model.effort} effort"] if model.effort else ())])


def _distinct_name(model: Model, base: str, namesakes: list[Model]) -> str:
    """Return the shortest name of a model that no other model of the same base name has.

    Tried in this order: with search and effort, with the id in brackets, and with provider and id;
    the last one counts when none is distinct.
    """
    name = base
    for with_id, with_provider in ((False, False), (True, False), (True, True)):
        names = {}
        for other in namesakes:
            model_id = f"{other.provider}/{other.id}" if with_provider else other.id
            addition = f" ({model_id})" if with_id else ""
            effort = f", {other.effort} effort" if other.effort else ""
            names[other] = f"{base}{addition}{' with search' if other.searches else ''}{effort}"
        name = names[model]
        if len(set(names.values())) == len(namesakes):
            break
    return name
