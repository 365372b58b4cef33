"""What stands in every ``[providers.*]`` table of a hosted service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from overheard.config.settings import Settings


class PriceTable(Settings):
    """What a model charges, in US dollars, as its vendor's page says.

    Attributes:
        input: For a million tokens sent.
        output: For a million tokens received.
        cached: For a million tokens sent that the vendor's cache held.
        search: For one search of the web.
        batch: What tokens cost in a batch, as a share of the above.
        batch_cached: The same for those that the vendor's cache held, where it is another.
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    search: float | None = Field(default=None, ge=0)
    batch: float | None = Field(default=None, gt=0, le=1)
    batch_cached: float | None = Field(default=None, gt=0, le=1)


class ProviderSettings(Settings):
    """A service and its models.

    Attributes:
        base_url: The service's address. It is shown in messages, so it holds no user name,
            password or query.
        models: The ids to ask when nobody names a model; ``ID+search`` asks with web search.
        prices: For each model id, what it charges; it goes before the built-in price list.
        max_tokens: The answer window: how much of each answer is read, in tokens. Without one
            the service decides, and an answer that it cuts is not scored.
        max_searches: The most searches that one answer may make, where the service can be told.
        connect_timeout: Seconds to wait for a connection.
        first_byte_timeout: Seconds of silence to bear; without one, as long as for the answer.
        timeout: Seconds to wait for a whole answer.
        concurrency: How many calls may be under way at a time.
    """

    base_url: str
    models: tuple[str, ...] = Field(min_length=1)
    prices: Mapping[str, PriceTable] = Field(default_factory=dict)
    max_tokens: int | None = Field(default=None, ge=1)
    max_searches: int = Field(default=3, ge=1, le=20)
    connect_timeout: float = Field(default=10, gt=0, le=600)
    first_byte_timeout: float | None = Field(default=None, gt=0, le=600)
    timeout: float = Field(default=120, gt=0, le=600)
    concurrency: int = Field(default=4, ge=1)

    @property
    def silence(self) -> float:
        """Seconds of silence to bear."""
        return self.first_byte_timeout or self.timeout

    @field_validator("base_url")
    @classmethod
    def _shows_no_secret(cls, url: str) -> str:
        if not _is_address(url):
            raise ValueError('must be an address such as "http://localhost:11434/v1"')
        if "@" in urlsplit(url).netloc or "?" in url or "#" in url:
            raise ValueError(
                "must hold no user name, password or query; put the key into an environment "
                "variable and name that as api_key_env"
            )
        return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # its text may repeat a password
        return False
    return bool(whole) and not any(character.isspace() for character in url)
