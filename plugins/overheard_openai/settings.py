"""What stands in a ``[providers.*]`` table of this plugin."""

from pydantic import Field

from overheard import ProviderSettings, Secret


class OpenAISettings(ProviderSettings):
    """OpenAI, or whoever else serves the Responses API.

    Attributes:
        api_key: The key.
        temperature: For the sampling of models that take one; without one the service decides.
        country: Two letters; where searches of the web pretend to be made from.
    """

    base_url: str = "https://api.openai.com/v1"
    api_key: Secret = Field(json_schema_extra={"env": "OPENAI_API_KEY"})
    temperature: float | None = Field(default=None, ge=0, le=2)
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$", examples=["US"])
