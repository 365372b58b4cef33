"""The provider for OpenAI's Responses API, one question at a time or in batches."""

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
from overheard_openai import batches
from overheard_openai.reading import citations_of, finish_of, searches_of, text_of, usage_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import WebSearchToolParam


class OpenAISettings(ProviderSettings):
    """OpenAI, or another service with the Responses API.

    Attributes:
        temperature: The sampling temperature of models that take one; None for the default.
        country: The country for web searches, as two letters.
    """

    base_url: str = "https://api.openai.com/v1"
    api_key: Secret = Field(json_schema_extra={"env": "OPENAI_API_KEY"})
    temperature: float | None = Field(default=None, ge=0, le=2)
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$", examples=["US"])

    @cached_property
    def home(self) -> Market:
        """The country for web searches."""
        return Market(country=self.country) if self.country else Market()


API = "the Responses API"
MIN_WINDOW_TOKENS = 16
"""The shortest answer window that the service accepts."""
REASONING_PREFIXES = ("gpt-5", "gpt-6", "o1", "o3", "o4")
"""Prefixes of the ids of models without a temperature."""


class OpenAIProvider(BatchingProvider[OpenAISettings, "AsyncOpenAI"]):
    """One account."""

    def __init__(self, name: str, settings: OpenAISettings) -> None:
        super().__init__(name, API, settings, PriceList(settings.prices, "overheard_openai"))
        self._created = CreationDates(self._creation)

    def open_client(self) -> AsyncOpenAI:
        """Return a new client of OpenAI's SDK; nothing is sent. It repeats no call, because a
        repeated call may be charged twice.
        """
        from openai import AsyncOpenAI, DefaultAioHttpClient

        return AsyncOpenAI(
            base_url=self.settings.base_url,
            api_key=self.settings.api_key.get_secret_value(),
            max_retries=0,
            http_client=self.service.http_client(DefaultAioHttpClient),
        )

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model, given by its name such as ``gpt-5.4-mini+search``.

        A model whose name ends in ``+search`` searches the web. It is not asked in a batch, because
        OpenAI documents no web search in batches. Reasoning models take no temperature.
        """
        batch = self.sold_in_batches(model) and not Model(self.name, model).searches
        sampling = _takes_temperature(model)
        return self.described(model, "Responses API", "web search", sampling=sampling, batch=batch)

    async def ask(self, question: Question, *, seed: int) -> Reply:  # noqa: ARG002 - none is taken
        """Send a question to the service, and return its reply.

        The reply has its cost, and the creation date of the served model if the service reports
        that date. `seed` is not sent.
        """
        async with self.asking(question.model):
            headers, response = await self.structured(
                question, lambda asked: self.post("/responses", self.request(asked))
            )
            reply = self._reply(question, response, headers)
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
        await self.client.batches.cancel(batch)

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
        response: Fields,
        headers: Mapping[str, str],
        *,
        batch: bool = False,
    ) -> Reply:
        """Return the reply to a question from the service's response, with its cost.

        Args:
            headers: The headers of the HTTP response, with the rate limits; empty in a batch.
            batch: Whether the lower price of batches applies.
        """
        return self.service.reply(
            question,
            text_of(response),
            finish_of(response),
            headers=headers,
            usage=usage_of(response),
            # Azure returns the deployment's name in the body, and the model's name in a header.
            served_model=headers.get("x-ms-served-model") or response["model"],
            fingerprint=getattr(response, "system_fingerprint", None),
            citations=citations_of(response),
            searches=searches_of(response),
            batch=batch,
        )

    def request(self, question: Question) -> dict[str, Any]:
        """Return the request for a question, also for a batch.

        It asks the service to store nothing. A limit of the answer below `MIN_WINDOW_TOKENS` is
        raised to that. A question with a limit has temperature 0, any other the configured one, as
        far as the model takes a temperature. A schema is sent as a strict JSON schema. A model that
        searches gets the web search tool with the configured limit of searches, and the place of
        its market; a persona is sent as the instructions.
        """
        model, settings = question.model, self.settings
        asked = question.messages if question.said else question.prompt.text
        request: dict[str, Any] = {"model": model.id, "input": asked, "store": False}
        if window := self.service.window(question):
            request["max_output_tokens"] = max(window, MIN_WINDOW_TOKENS)
        if question.schema:
            request["text"] = {
                "format": {
                    "type": "json_schema",
                    "name": "reply",
                    "schema": json.loads(question.schema),
                    "strict": True,
                }
            }
        temperature, effort = self.sampling(question, settings.temperature)
        if temperature is not None and (question.steady or _takes_temperature(model.id)):
            request["temperature"] = temperature
        market = self.market(model)
        if market.persona:
            request["instructions"] = market.persona
        if effort:
            request["reasoning"] = {"effort": effort}
        if model.searches:
            tool: WebSearchToolParam = {"type": "web_search"}
            if market.location:
                tool["user_location"] = {"type": "approximate", **market.location}  # type: ignore[typeddict-item]
            request["tools"] = [tool]
            request["max_tool_calls"] = settings.max_searches
            request["include"] = ["web_search_call.action.sources"]
        return request

    async def _creation(self, served_model: str) -> object:
        """Return the creation date of a model as the service reports it: seconds since 1970. Any
        error of the SDK is raised as it is.
        """
        return (await self.client.models.retrieve(served_model)).created


def _takes_temperature(model: str) -> bool:
    """Return whether a model takes a temperature, by its name; reasoning models take none."""
    return not model.startswith(REASONING_PREFIXES)
