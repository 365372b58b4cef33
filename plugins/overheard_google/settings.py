"""What stands in a ``[providers.*]`` table of this plugin."""

from pydantic import Field

from overheard import ProviderSettings, Secret


class GoogleSettings(ProviderSettings):
    """The Gemini Developer API.

    Attributes:
        api_key: The key.
        temperature: For the model's sampling; without one the service decides.
    """

    base_url: str = "https://generativelanguage.googleapis.com"
    api_key: Secret = Field(json_schema_extra={"env": "GEMINI_API_KEY"})
    temperature: float | None = Field(default=None, ge=0, le=2)
