"""A provider for a model in the own house, behind Hugging Face's text-generation-inference.

Its interface: https://huggingface.co/docs/text-generation-inference/reference/api_reference
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overheard import (
    FREE,
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

ENDED = {"eos_token": Finish.COMPLETE, "stop_sequence": Finish.COMPLETE, "length": Finish.LENGTH}
"""What the server calls how an answer ended."""


class InhouseSettings(ProviderSettings):
    """A table ``[providers.NAME]`` with ``plugin = "inhouse"``.

    Attributes:
        api_key: What the proxy before the server asks for, if anything.
    """

    models: tuple[str, ...] = ("inhouse",)
    api_key: Secret | None = None


class InhouseProvider:
    """One server. It is paid for anyway, so an answer costs nothing."""

    def __init__(self, name: str, settings: InhouseSettings) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        self._service = HostedService(
            name, "text-generation-inference", settings, PriceList(settings.prices)
        )

    def models(self) -> Sequence[str]:
        """Return what the table calls the model."""
        return self._settings.models

    def price(self, model: str) -> Price | None:
        """Return what the table says, or that it costs nothing."""
        return self._service.price(model) or FREE

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask once; `asking` holds the time-out, and says what an error means."""
        key = self._settings.api_key
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        wanted = {"max_new_tokens": self._service.window(question), "seed": seed, "details": True}
        body = {"inputs": question.prompt.text, "parameters": wanted}
        async with (
            self._service.asking(question.model),
            self._service.http_client(headers=headers) as client,
        ):
            response = (await client.post("/generate", json=body)).raise_for_status()
            told = response.json()
            details = told["details"]
            return self._service.reply(
                question,
                told["generated_text"],
                ENDED.get(details["finish_reason"], Finish.CUT),
                headers=response.headers,
                usage={"output_tokens": details["generated_tokens"]},
                served_model=response.headers.get("X-Served-Model", ""),
                cost=None if self._service.price(question.model.name) else 0.0,
            )

    async def close(self) -> None:
        """Do nothing: each question opens and closes its connection."""


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield a provider for each table."""
    for name, mine in settings.each(InhouseSettings):
        yield InhouseProvider(name, mine)
