"""The settings in every ``[providers.*]`` table of a hosted service."""

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from overheard.config.catalogue import Market
from overheard.config.secrets import Secret
from overheard.config.sections import MAX_CONCURRENCY
from overheard.config.settings_base import Dollars, Line, Settings


class PriceTable(Settings):
    """The price of a model in US dollars, see `overheard.domain.Price`.

    Attributes:
        input: Per million tokens sent.
        output: Per million tokens received.
        cached: Per million tokens sent that the vendor read from its cache.
        search: Per web search.
        batch: Factor on the token prices in a batch.
        batch_cached: The factor for tokens read from the cache, if it is another.
    """

    input: Dollars
    output: Dollars
    cached: Dollars | None = None
    search: Dollars | None = None
    batch: float | None = Field(default=None, gt=0, le=1)
    batch_cached: float | None = Field(default=None, gt=0, le=1)


class ProviderSettings(Settings):
    """A service and its models.

    Attributes:
        base_url: The service's address. Messages show it, so it must not contain a user name,
            password or query.
        models: The ids of the models to ask by default; ``ID+search`` asks with web search.
        markets: Those of ``[[markets]]``, which are filled in: the models are asked in each, too.
        prices: Prices by model id; they override the built-in price list.
        max_tokens: The answer window: the largest length of an answer in tokens. Without it the
            service decides, and an answer that the service cuts is not scored.
        max_searches: The largest number of searches per answer, where the service accepts a limit.
        connect_timeout: Timeout of connecting in seconds.
        first_byte_timeout: Timeout between two bytes in seconds; None means `timeout`.
        timeout: Timeout of a complete answer in seconds.
        concurrency: The largest number of concurrent calls.
    """

    base_url: str
    models: tuple[Annotated[Line, Field(max_length=200)], ...] = Field(min_length=1)
    markets: tuple[Market, ...] = ()
    prices: Mapping[str, PriceTable] = Field(default_factory=dict)
    max_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    max_searches: int = Field(default=3, ge=1, le=20)
    connect_timeout: float = Field(default=10, gt=0, le=600)
    first_byte_timeout: float | None = Field(default=None, gt=0, le=600)
    timeout: float = Field(default=120, gt=0, le=600)
    concurrency: int = Field(default=4, ge=1, le=MAX_CONCURRENCY)

    @property
    def home(self) -> Market:
        """Where and as whom models are asked whose names have no market."""
        return Market()

    @property
    def silence(self) -> float:
        """Timeout between two bytes in seconds."""
        return self.first_byte_timeout or self.timeout

    @field_validator("base_url")
    @classmethod
    def _shows_no_secret(cls, url: str) -> str:
        """Return the address of a service unchanged, if messages may show it."""
        if not _is_address(url):
            raise ValueError('must be an address such as "http://localhost:11434/v1"')
        if "@" in urlsplit(url).netloc or "?" in url or "#" in url:
            raise ValueError(
                "must hold no user name, password, query or fragment; put the key into an "
                "environment variable and name that as api_key_env"
            )
        return url

    @field_validator("api_key", check_fields=False)
    @classmethod
    def _fits_a_header(cls, key: Secret | None) -> Secret | None:
        """Return the key unchanged; None for a service without a key."""
        text = key.get_secret_value() if key else ""
        if not re.fullmatch(r"[!-~]*", text):
            raise ValueError(
                "has a blank, a line break or a letter with an accent in it; copy the key again"
            )
        return key


def _is_address(url: str) -> bool:
    """Return whether a text is an http or https address with a host, without blanks and control
    characters. A port, if there is one, must be from 1 to 65535.
    """
    try:
        parts = urlsplit(url)
        has_host = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the error's text may repeat a password
        return False
    return has_host and url.isprintable() and " " not in url
