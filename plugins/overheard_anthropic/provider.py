"""Asking Anthropic's models through the Messages API."""

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
from overheard_anthropic.reading import citations_of, finish_of, text_of, usage_of
from overheard_anthropic.settings import AnthropicSettings

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import WebSearchTool20250305Param

API = "the Messages API"
MOST_CONNECTIONS = 1_000
"""More than are ever open: whoever asks decides how many calls are under way."""
MOST_TOKENS = 8_192
"""How long an answer may be when nobody chose a window: the service wants to be told."""


class AnthropicProvider:
    """One account.

    Attributes:
        name: The name of its table.
        concurrency: How many calls it may be given at a time.
    """

    def __init__(self, name: str, settings: AnthropicSettings) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        prices = PriceList(settings.prices, "overheard_anthropic")
        self._service = HostedService(name, API, settings, prices)
        self._created = CreationDates(self._creation)
        self._opened: AsyncAnthropic | None = None

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
            batch=getattr(self.price(model), "batch", None) is not None,
            searches=self._settings.max_searches if searches else 0,
            how="Messages API, web search" if searches else "Messages API",
        )

    async def ask(self, question: Question, *, seed: int) -> Reply:  # noqa: ARG002 - none is taken
        """Ask one question.

        Raises:
            ProviderFailed: with what went wrong, in one sentence without the key.
            ProviderUnavailable: when the key is refused or the account has no credit.
        """
        import anthropic

        model = question.model
        async with self._service.asking(model):
            raw = await self._client().messages.with_raw_response.create(
                model=model.id,
                messages=[{"role": "user", "content": question.prompt.text}],
                max_tokens=self._service.window(question) or MOST_TOKENS,
                tools=[self._search_tool()] if model.searches else anthropic.omit,
            )
            message = await raw.parse()
            reply = self._service.reply(
                question,
                text_of(message),
                finish_of(message),
                headers=raw.headers,
                usage=usage_of(message),
                served_model=message.model,
                citations=citations_of(message),
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

    def _client(self) -> AsyncAnthropic:
        if self._opened is None:
            import httpx2
            from anthropic import AsyncAnthropic, DefaultAioHttpClient

            settings = self._settings
            self._opened = AsyncAnthropic(
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
        return (await self._client().models.retrieve(served_model)).created_at

    def _search_tool(self) -> WebSearchTool20250305Param:
        tool: WebSearchTool20250305Param = {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": self._settings.max_searches,
        }
        if self._settings.country:
            tool["user_location"] = {"type": "approximate", "country": self._settings.country}
        return tool
