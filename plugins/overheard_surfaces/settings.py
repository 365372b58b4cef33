"""The settings of a collector's table, and the products whose answers are sold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from overheard import ProviderSettings, Secret

SURFACES = {
    "chatgpt": "ChatGPT app",
    "ai-mode": "AI Mode",
    "ai-overviews": "AI Overviews",
    "gemini": "Gemini app",
    "perplexity": "Perplexity app",
    "bing-ai-mode": "Bing AI Mode",
}
"""What cards call a product, by the id of its model."""
DEFAULT_COUNTRY = "US"


class CollectorSettings(ProviderSettings):
    """A collector's account.

    Attributes:
        models: The products to ask, such as ``chatgpt``.
        country: Where people ask, by its code in ISO 3166-1.
        language: The language of the product, by its code in ISO 639-1.
        timeout: Timeout in seconds of a call, which may fetch many answers.
        settled_s: Seconds after which a task that the collector does not list was not bought.
    """

    api_key: Secret
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = DEFAULT_COUNTRY
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    timeout: float = Field(default=300, gt=0, le=600)
    settled_s: float = Field(default=90, ge=0, le=600)
