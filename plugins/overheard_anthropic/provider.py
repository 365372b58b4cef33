"""Asking Anthropic's models through the Messages API, one by one or in batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from overheard import (
    BatchLook,
    Capabilities,
    CreationDates,
    HostedProvider,
    PriceList,
    Question,
    Reply,
)
from overheard_anthropic import batches
from overheard_anthropic.reading import citations_of, finish_of, text_of, usage_of
from overheard_anthropic.settings import AnthropicSettings

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import Message, WebSearchTool20250305Param

API = "the Messages API"
MOST_TOKENS = 8_192
"""How long an answer may be when nobody chose a window: the service wants to be told."""


class AnthropicProvider(HostedProvider[AnthropicSettings, "AsyncAnthropic"]):
    """One account."""

    def __init__(self, name: str, settings: AnthropicSettings) -> None:
        super().__init__(name, API, settings, PriceList(settings.prices, "overheard_anthropic"))
        self._created = CreationDates(self._creation)

    def open_client(self) -> AsyncAnthropic:
        """Make the SDK's client."""
        from anthropic import AsyncAnthropic, DefaultAioHttpClient

        return AsyncAnthropic(
            base_url=self.settings.base_url,
            api_key=self.settings.api_key.get_secret_value(),
            timeout=self.patience(),
            max_retries=0,
            http_client=DefaultAioHttpClient(limits=self.pool()),
        )

    def capabilities(self, model: str) -> Capabilities:
        """Return what can be done with a model, as it is asked."""
        batch = self.sold_in_batches(model)
        return self.described(model, "Messages API", "web search", batch=batch)

    async def ask(self, question: Question, *, seed: int) -> Reply:  # noqa: ARG002 - none is taken
        """Ask one question.

        Raises:
            ProviderFailed: with what went wrong, in one sentence without the key.
            ProviderUnavailable: when the key is refused or the account has no credit.
        """
        async with self.asking(question.model):
            create = self.client.messages.with_raw_response.create
            raw = await create(**self._request(question))
            reply = self._reply(question, await raw.parse(), raw.headers)
        return await self._created.dated(reply)

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Hand questions to one model in as a batch.

        Raises:
            ProviderFailed: when it was not taken, or when nobody knows.
            ProviderUnavailable: when the key is refused or the account has no credit.
        """
        [model] = {question.model for question in questions.values()}
        async with self.asking(model):
            requests = {item: self._request(question) for item, question in questions.items()}
            return await batches.submit(self.client, requests)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchLook:
        """Return how far a batch is, and what came of it.

        Raises:
            ProviderFailed: when the service does not say.
            ProviderUnavailable: when the key is refused.
        """
        [model] = {question.model for question in questions.values()}
        async with self.asking(model):
            found = await batches.look(self.client, batch)
            look = found.look(questions, self._batched)
        dated = {item: await self._created.dated(reply) for item, reply in look.replies.items()}
        return replace(look, replies=dated)

    async def cancel(self, batch: str) -> None:
        """Have the service begin nothing more of a batch.

        Raises:
            ProviderUnavailable: when it cannot be told.
        """
        async with self.service.trying():
            await self.client.messages.batches.cancel(batch)

    def _batched(self, question: Question, message: Message) -> Reply:
        return self._reply(question, message, {}, batch=True)

    def _reply(
        self,
        question: Question,
        message: Message,
        headers: Mapping[str, str],
        *,
        batch: bool = False,
    ) -> Reply:
        return self.service.reply(
            question,
            text_of(message),
            finish_of(message),
            headers=headers,
            usage=usage_of(message),
            served_model=message.model,
            citations=citations_of(message),
            batch=batch,
        )

    def _request(self, question: Question) -> dict[str, Any]:
        """Return what is asked, as the service takes it."""
        request: dict[str, Any] = {
            "model": question.model.id,
            "messages": [{"role": "user", "content": question.prompt.text}],
            "max_tokens": self.service.window(question) or MOST_TOKENS,
        }
        return request | ({"tools": [self._search_tool()]} if question.model.searches else {})

    async def _creation(self, served_model: str) -> object:
        return (await self.client.models.retrieve(served_model)).created_at

    def _search_tool(self) -> WebSearchTool20250305Param:
        tool: WebSearchTool20250305Param = {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": self.settings.max_searches,
        }
        if self.settings.country:
            tool["user_location"] = {"type": "approximate", "country": self.settings.country}
        return tool
