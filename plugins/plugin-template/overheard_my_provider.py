"""A provider for Overheard; it asks a service over HTTP. Put your service's shape into `ask`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from overheard import (
    Finish,
    HostedService,
    PluginSettings,
    Price,
    PriceList,
    Provider,
    ProviderSettings,
    Question,
    Reply,
    Secret,
    hookimpl,
)

overheard_api = ">=1.0,<2"


class MySettings(ProviderSettings):
    """A table ``[providers.NAME]`` with ``plugin = "my_provider"``."""

    base_url: str = "http://127.0.0.1:8080"
    models: tuple[str, ...] = ("model-1",)
    api_key: Secret = Field(json_schema_extra={"env": "MY_PROVIDER_API_KEY"})


class MyProvider:
    """Asks one service."""

    def __init__(self, name: str, settings: MySettings) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        self._service = HostedService(name, "My provider", settings, PriceList(settings.prices))

    def models(self) -> Sequence[str]:
        """Return the models of its table."""
        return self._settings.models

    def price(self, model: str) -> Price | None:
        """Return the price from the table, or None for an unknown price."""
        return self._service.price(model)

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask a question; `asking` sets the timeout and translates errors."""
        key = self._settings.api_key.get_secret_value()
        body = {"model": question.model.id, "prompt": question.prompt.text, "seed": seed}
        async with (
            self._service.asking(question.model),
            self._service.http_client(headers={"Authorization": f"Bearer {key}"}) as client,
        ):
            response = await client.post("/ask", json=body)
            answer = response.raise_for_status().json()
            return self._service.reply(
                question,
                answer["text"],
                Finish.COMPLETE if answer["done"] else Finish.LENGTH,
                headers=response.headers,
                usage={"input_tokens": answer["sent"], "output_tokens": answer["received"]},
                served_model=answer["model"],
            )

    async def close(self) -> None:
        """Do nothing: each question opens and closes its connection."""


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each table."""
    for name, mine in settings.each(MySettings):
        yield MyProvider(name, mine)
