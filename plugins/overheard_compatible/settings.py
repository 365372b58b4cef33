"""What stands in a ``[providers.*]`` table of this plugin."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from overheard import Secret, Settings


class PriceTable(Settings):
    """What a model charges, in US dollars a million tokens, as its vendor's page says."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class CompatibleSettings(Settings):
    """An endpoint and its models.

    Attributes:
        base_url: The address that ends before ``/chat/completions``, often in ``/v1``. It
            is shown in messages, so it holds no user name, password or query.
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

    base_url: str
    api_key: Secret | None = None
    models: tuple[str, ...] = Field(min_length=1)
    prices: Mapping[str, PriceTable] = Field(default_factory=dict)
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    timeout: float = Field(default=120, gt=0, le=600)
    retries: int = Field(default=2, ge=0, le=10)
    concurrency: int = Field(default=4, ge=1)

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
