"""The provider for Anthropic's Messages API, one question at a time or in batches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import Field

from overheard import (
    BatchingProvider,
    Capabilities,
    CreationDates,
    Fields,
    FoundBatch,
    Market,
    Model,
    PriceList,
    ProviderSettings,
    Question,
    Reply,
    Secret,
)
from overheard_anthropic import batches
from overheard_anthropic.reading import citations_of, finish_of, searches_of, text_of, usage_of

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import WebSearchTool20250305Param


class AnthropicSettings(ProviderSettings):
    """Anthropic, or another service with its Messages API. The models take no temperature.

    Attributes:
        country: The country for web searches, as two letters.
    """

    base_url: str = "https://api.anthropic.com"
    api_key: Secret = Field(json_schema_extra={"env": "ANTHROPIC_API_KEY"})
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$", examples=["US"])

    @cached_property
    def home(self) -> Market:
        """The country for web searches."""
        return Market(country=self.country) if self.country else Market()


API = "the Messages API"
DEFAULT_MAX_TOKENS = 8_192
"""The limit of an answer's tokens where no window is configured: the service needs a limit."""


class AnthropicProvider(BatchingProvider[AnthropicSettings, "AsyncAnthropic"]):
    """One account."""

    extra = "anthropic"

    def __init__(self, name: str, settings: AnthropicSettings) -> None:
        super().__init__(name, API, settings, PriceList(settings.prices, "overheard_anthropic"))
        self._created = CreationDates(self._creation)

    def open_client(self) -> AsyncAnthropic:
        """Return a new client of Anthropic's SDK; nothing is sent. It repeats no call, because a
        repeated call may be charged twice.
        """
        from anthropic import AsyncAnthropic, DefaultAioHttpClient

        return AsyncAnthropic(
            base_url=self.settings.base_url,
            api_key=self.settings.api_key.get_secret_value(),
            max_retries=0,
            http_client=self.service.http_client(DefaultAioHttpClient),
        )

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model; it searches the web if its name ends in ``+search``.

        It can be asked in a batch if its batch price is known.
        """
        batch = self.sold_in_batches(model)
        return self.described(model, "Messages API", "web search", batch=batch)

    async def ask(self, question: Question, *, seed: int) -> Reply:  # noqa: ARG002 - none is taken
        """Send a question to the service, and return its reply.

        The reply has its cost, and the creation date of the served model if the service reports
        that date. `seed` is not sent.
        """
        async with self.asking(question.model):
            headers, message = await self.structured(
                question, lambda asked: self.post("/v1/messages", self.request(asked))
            )
            reply = self._reply(question, message, headers)
        return await self.dated(reply)

    async def hand_in(self, model: Model, requests: Mapping[str, Any]) -> str:  # noqa: ARG002 - each request names it
        """Submit requests as a batch, and return the service's id of the batch.

        Args:
            model: The model of all requests, which each request names itself.
            requests: The results of `request`, by our ids of the questions.
        """
        return await batches.submit(self.client, requests)

    async def find(self, batch: str) -> FoundBatch[Fields]:
        """Return the progress of a batch, and once it has ended its answers and problems, by our
        ids.

        Args:
            batch: The service's id of the batch.
        """
        return await batches.retrieve(self.client, batch)

    async def call_off(self, batch: str) -> None:
        """Cancel a batch, given by the service's id. Requests that the service has begun are
        finished and charged.
        """
        await self.client.messages.batches.cancel(batch)

    def read(self, question: Question, raw: Fields) -> Reply:
        """Return an answer of a batch as the reply to its question, at the price of batches.

        Args:
            question: The question that was submitted.
            raw: The answer, as the service wrote it.
        """
        return self._reply(question, raw, {}, batch=True)

    async def dated(self, reply: Reply) -> Reply:
        """Return a reply with the creation date of its served model, in UTC; with None as the date
        if the service reports none. Each model is looked up once.
        """
        return await self._created.dated(reply)

    def _reply(
        self,
        question: Question,
        message: Fields,
        headers: Mapping[str, str],
        *,
        batch: bool = False,
    ) -> Reply:
        """Return the reply to a question from the service's message, with its cost.

        Args:
            headers: The headers of the HTTP response, with the rate limits; empty in a batch.
            batch: Whether the lower price of batches applies.
        """
        return self.service.reply(
            question,
            text_of(message),
            finish_of(message),
            headers=headers,
            usage=usage_of(message),
            served_model=message["model"],
            citations=citations_of(message),
            searches=searches_of(message),
            batch=batch,
        )

    def request(self, question: Question) -> dict[str, Any]:
        """Return the request for a question, also for a batch.

        Without a limit of the answer, `DEFAULT_MAX_TOKENS` is sent, because the service needs one.
        A schema is sent as a JSON schema. A model that searches gets the web search tool, with the
        place of its market; a persona is the system text. Only a steady question has a temperature.
        """
        request: dict[str, Any] = {
            "model": question.model.id,
            "messages": question.messages,
            "max_tokens": self.service.window(question) or DEFAULT_MAX_TOKENS,
        }
        if question.schema:
            schema = json.loads(question.schema)
            request["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        temperature, effort = self.sampling(question, None)
        if question.steady and temperature is not None:
            request["temperature"] = temperature
        if effort:
            request["output_config"] = request.get("output_config", {}) | {"effort": effort}
        market = self.market(question.model)
        if market.persona:
            request["system"] = market.persona
        tools = {"tools": [self._search_tool(market)]} if question.model.searches else {}
        return request | tools

    async def _creation(self, served_model: str) -> object:
        """Return the creation date of a model as the service reports it: a datetime. Any
        error of the SDK is raised as it is.
        """
        return (await self.client.models.retrieve(served_model)).created_at

    def _search_tool(self, market: Market) -> WebSearchTool20250305Param:
        """Return the web search tool of a request, with the configured limit of searches, and the
        place of a market.
        """
        tool: WebSearchTool20250305Param = {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": self.settings.max_searches,
        }
        if market.location:
            tool["user_location"] = {"type": "approximate", **market.location}  # type: ignore[typeddict-item]
        return tool
