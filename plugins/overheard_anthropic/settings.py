"""What stands in a ``[providers.*]`` table of this plugin."""

from pydantic import Field

from overheard import ProviderSettings, Secret


class AnthropicSettings(ProviderSettings):
    """Anthropic, or whoever else serves its Messages API. Its models take no temperature.

    Attributes:
        api_key: The key.
        country: Two letters; where searches of the web pretend to be made from.
    """

    base_url: str = "https://api.anthropic.com"
    api_key: Secret = Field(json_schema_extra={"env": "ANTHROPIC_API_KEY"})
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$", examples=["US"])
