"""What stands in a ``[providers.*]`` table of this plugin."""

from collections.abc import Mapping

from pydantic import Field

from overheard import Secret, Settings


class PriceTable(Settings):
    """What a model charges, in US dollars a million tokens, as its vendor's page says."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class CompatibleSettings(Settings):
    """An endpoint and its models.

    Attributes:
        base_url: The address that ends before ``/chat/completions``, often in ``/v1``.
        api_key: The key; without one, none is sent that means anything.
        models: The ids to ask when nobody names a model.
        prices: For each model id, what it charges; a model without one has no known price.
        max_tokens: The answer window: how much of each answer is read, in tokens. Without one
            the service decides, and an answer that it cuts is not scored.
        temperature: For the model's sampling; without one the service decides.
        timeout: Seconds to wait for a whole answer.
        retries: How often a call is repeated after 429, 5xx and broken connections.
        concurrency: How many calls may be under way at a time.
    """

    base_url: str = Field(pattern=r"^https?://\S+$")
    api_key: Secret | None = None
    models: tuple[str, ...] = Field(min_length=1)
    prices: Mapping[str, PriceTable] = Field(default_factory=dict)
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    timeout: float = Field(default=120, gt=0)
    retries: int = Field(default=2, ge=0, le=10)
    concurrency: int = Field(default=4, ge=1)
