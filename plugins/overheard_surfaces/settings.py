"""The settings of a collector's table, and the products whose answers are sold."""

from functools import cached_property
from typing import Annotated

from pydantic import Field

from overheard import Market, ProviderSettings, Secret

SURFACES = {
    "chatgpt": "ChatGPT app",
    "ai-mode": "AI Mode",
    "ai-overviews": "AI Overviews",
    "gemini": "Gemini app",
    "perplexity": "Perplexity app",
    "bing-ai-mode": "Bing AI Mode",
}
"""What cards call a product, by the id of its model."""
STARTED = ("chatgpt", "ai-overviews")
"""The products that `collectors start` asks."""
DEFAULT_COUNTRY = "US"
COUNTRIES = {
    "AR": (32, "Argentina", "es"), "AT": (40, "Austria", "de"), "AU": (36, "Australia", "en"),
    "BE": (56, "Belgium", "nl"), "BR": (76, "Brazil", "pt"), "CA": (124, "Canada", "en"),
    "CH": (756, "Switzerland", "de"), "CL": (152, "Chile", "es"), "CO": (170, "Colombia", "es"),
    "CZ": (203, "Czechia", "cs"), "DE": (276, "Germany", "de"), "DK": (208, "Denmark", "da"),
    "ES": (724, "Spain", "es"), "FI": (246, "Finland", "fi"), "FR": (250, "France", "fr"),
    "GB": (826, "United Kingdom", "en"), "GR": (300, "Greece", "el"), "HU": (348, "Hungary", "hu"),
    "ID": (360, "Indonesia", "id"), "IE": (372, "Ireland", "en"), "IL": (376, "Israel", "he"),
    "IN": (356, "India", "en"), "IT": (380, "Italy", "it"), "JP": (392, "Japan", "ja"),
    "KR": (410, "South Korea", "ko"), "MX": (484, "Mexico", "es"), "MY": (458, "Malaysia", "en"),
    "NL": (528, "Netherlands", "nl"), "NO": (578, "Norway", "no"), "NZ": (554, "New Zealand", "en"),
    "PH": (608, "Philippines", "en"), "PL": (616, "Poland", "pl"), "PT": (620, "Portugal", "pt"),
    "RO": (642, "Romania", "ro"), "SE": (752, "Sweden", "sv"), "SG": (702, "Singapore", "en"),
    "TH": (764, "Thailand", "th"), "TR": (792, "Turkey", "tr"), "TW": (158, "Taiwan", "zh-TW"),
    "UA": (804, "Ukraine", "uk"), "US": (840, "United States", "en"), "VN": (704, "Vietnam", "vi"),
    "ZA": (710, "South Africa", "en"),
}  # fmt: skip
"""By code: the number in ISO 3166-1, the name, and the usual language."""


class CollectorSettings(ProviderSettings):
    """A collector's account.

    Attributes:
        models: The products to ask, such as ``chatgpt``; none without ``collectors start``.
        country: Where people ask, by its code in ISO 3166-1.
        language: The language of the product, by its code in ISO 639-1.
        timeout: Timeout in seconds of a call, which may fetch many answers.
        settled_s: Seconds after which a task that the collector does not list was not bought.
    """

    api_key: Secret
    models: tuple[str, ...] = ()
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = DEFAULT_COUNTRY
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    timeout: float = Field(default=300, gt=0, le=600)
    settled_s: float = Field(default=90, ge=0, le=600)

    @cached_property
    def home(self) -> Market:
        """Where a product is asked whose name has no market."""
        return Market(country=self.country, language=self.language)
