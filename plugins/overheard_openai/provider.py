"""Asking OpenAI's models through the Responses API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overheard import (
    Capabilities,
    CreationDates,
    HostedService,
    Model,
    Price,
    PriceList,
    Question,
    Reply,
)
from overheard_openai.reading import citations_of, finish_of, text_of, usage_of
from overheard_openai.settings import OpenAISettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI, Omit
    from openai.types.responses import WebSearchToolParam

API = "the Responses API"
MOST_CONNECTIONS = 1_000
"""More than are ever open: whoever asks decides how many calls are under way."""
SHORTEST_WINDOW = 16
"""Tokens; the service refuses a shorter one."""
REASONERS = ("gpt-5", "gpt-6", "o1", "o3", "o4")
"""How the ids of models begin that take no temperature."""


class OpenAIProvider:
    """One account.

    Attributes:
        name: The name of its table.
        concurrency: How many calls it may be given at a time.
    """

    def __init__(self, name: str, settings: OpenAISettings) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        prices = PriceList(settings.prices, "overheard_openai")
        self._service = HostedService(name, API, settings, prices)
        self._created = CreationDates(self._creation)
        self._opened: AsyncOpenAI | None = None

    def models(self) -> Sequence[str]:
        """Return the configured model ids."""
        return self._settings.models

    def price(self, model: str) -> Price | None:
        """Return what a model charges, as it is asked."""
        return self._service.price(model)

    def capabilities(self, model: str) -> Capabilities:
        """Return what can be done with a model, as it is asked."""
        searches = Model(self.name, model).searches
        return Capabilities(
            search=searches,
            sampling=_samples(model),
            batch=getattr(self.price(model), "batch", None) is not None,
            searches=self._settings.max_searches if searches else 0,
            how="Responses API, web search" if searches else "Responses API",
        )

    async def ask(self, question: Question, *, seed: int) -> Reply:  # noqa: ARG002 - none is taken
        """Ask one question.

        Raises:
            ProviderFailed: with what went wrong, in one sentence without the key.
            ProviderUnavailable: when the key is refused or the account has no credit.
        """
        import openai

        model, most = question.model, self._settings.max_searches
        async with self._service.asking(model):
            raw = await self._client().responses.with_raw_response.create(
                model=model.id,
                input=question.prompt.text,
                store=False,
                max_output_tokens=self._window(question),
                temperature=self._temperature(question),
                tools=[self._search_tool()] if model.searches else openai.omit,
                max_tool_calls=most if model.searches else openai.omit,
                include=["web_search_call.action.sources"] if model.searches else openai.omit,
            )
            response = raw.parse()
            # Azure tells the deployment in the body, and the model in a header.
            served = raw.headers.get("x-ms-served-model") or response.model
            reply = self._service.reply(
                question,
                text_of(response),
                finish_of(response),
                headers=raw.headers,
                usage=usage_of(response),
                served_model=served,
                fingerprint=getattr(response, "system_fingerprint", None),
                citations=citations_of(response),
            )
        return await self._created.dated(reply)

    async def verify(self) -> None:
        """List the models, which is free.

        Raises:
            ProviderUnavailable: when that fails.
        """
        async with self._service.trying():
            await self._client().models.list()

    async def close(self) -> None:
        """Close the connections."""
        if self._opened:
            await self._opened.close()

    def _client(self) -> AsyncOpenAI:
        if self._opened is None:
            import httpx2
            from openai import AsyncOpenAI, DefaultAioHttpClient

            settings = self._settings
            self._opened = AsyncOpenAI(
                base_url=settings.base_url,
                api_key=settings.api_key.get_secret_value(),
                timeout=httpx2.Timeout(settings.silence, connect=settings.connect_timeout),
                max_retries=0,
                http_client=DefaultAioHttpClient(
                    limits=httpx2.Limits(max_connections=MOST_CONNECTIONS)
                ),
            )
        return self._opened

    async def _creation(self, served_model: str) -> object:
        return (await self._client().models.retrieve(served_model)).created

    def _window(self, question: Question) -> int | Omit:
        import openai

        window = self._service.window(question)
        return max(window, SHORTEST_WINDOW) if window else openai.omit

    def _temperature(self, question: Question) -> float | Omit:
        import openai

        told = 0.0 if question.limit else self._settings.temperature
        return told if told is not None and _samples(question.model.id) else openai.omit

    def _search_tool(self) -> WebSearchToolParam:
        tool: WebSearchToolParam = {"type": "web_search"}
        if self._settings.country:
            tool["user_location"] = {"type": "approximate", "country": self._settings.country}
        return tool


def _samples(model: str) -> bool:
    return not model.startswith(REASONERS)
