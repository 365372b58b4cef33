"""The provider for Google's Gemini API, one question at a time or in batches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING, Any

from pydantic import Field

from overheard import (
    BatchingProvider,
    BatchStatus,
    Capabilities,
    FoundBatch,
    Model,
    PriceList,
    ProviderSettings,
    Question,
    Reply,
    Secret,
)
from overheard_google import batches
from overheard_google.reading import citations_of, finish_of, searches_of, text_of, usage_of

if TYPE_CHECKING:
    from google.genai.client import AsyncClient
    from google.genai.types import GenerateContentConfig, GenerateContentResponse
    from httpx2 import AsyncClient as HttpClient, Request

    from overheard_google.redirects import Redirects


class GoogleSettings(ProviderSettings):
    """The Gemini Developer API.

    Attributes:
        temperature: The sampling temperature; None for the service's default.
        resolve_sources: Whether the page behind a redirect is requested from Google's redirect
            service where a response names neither its domain nor its host.
    """

    base_url: str = "https://generativelanguage.googleapis.com"
    api_key: Secret = Field(json_schema_extra={"env": "GEMINI_API_KEY"})
    temperature: float | None = Field(default=None, ge=0, le=2)
    resolve_sources: bool = True


API = "the Gemini API"


class GoogleProvider(BatchingProvider[GoogleSettings, "AsyncClient"]):
    """One account."""

    extra = "google"

    def __init__(self, name: str, settings: GoogleSettings) -> None:
        super().__init__(name, API, settings, PriceList(settings.prices, "overheard_google"))
        self._http: HttpClient | None = None
        self._redirects: Redirects | None = None

    def open_client(self) -> AsyncClient:
        """Return a new client of Google's SDK; nothing is sent. It repeats no call, because a
        repeated call may be charged twice.

        Its HTTP client, which the SDK does not close, is kept for `close`. Each request has the
        timeouts of the table.
        """
        from google import genai

        self._http = http = self.service.http_client()
        timeouts = http.timeout

        async def set_timeouts(request: Request) -> None:
            # The SDK passes a single timeout for all phases of a request, or none.
            request.extensions["timeout"] = timeouts.as_dict()

        http.event_hooks["request"].append(set_timeouts)
        options = genai.types.HttpOptions(
            base_url=self.settings.base_url,
            api_version="v1beta",
            # Without these two options the SDK repeats a call, which may be charged twice.
            retry_options=genai.types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
        )
        key = self.settings.api_key.get_secret_value()
        client: AsyncClient = genai.Client(vertexai=False, api_key=key, http_options=options).aio
        return client

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model; it searches the web if its name ends in ``+search``.

        It can be asked in a batch if its batch price is known. The largest number of searches is an
        estimate, the configured limit: Gemini takes no limit for searches.
        """
        batch = self.sold_in_batches(model)
        how, search = "Gemini API", "Google Search"
        able = self.described(model, how, search, sampling=True, seed=True, batch=batch)
        # Google takes no country, but the coordinates of a person who searches.
        parts = {"persona", "coordinates", "language"} if able.search else {"persona"}
        return replace(able, market=frozenset(parts))

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Send a question to the service, and return its reply with its cost.

        Redirects to unknown pages in its sources are replaced by the pages if `resolve_sources` is
        set.

        Args:
            seed: The sampling seed, which is sent.
        """
        model = question.model
        async with self.asking(model):
            create = self.client.models.generate_content
            contents: Any = question.prompt.text
            if question.said:
                contents = [
                    {"role": role, "parts": [{"text": message["content"]}]}
                    for role, message in zip(
                        cycle(("user", "model")), question.messages, strict=False
                    )
                ]
            response = await self.structured(
                question,
                lambda asked: create(
                    model=model.id, contents=contents, config=self._generation_config(asked, seed)
                ),
            )
            reply = self._reply(question, response)
        [reply] = await self._with_resolved_pages(reply)
        return reply

    def request(self, question: Question) -> Any:
        """Return a question as a request of a batch file, in the JSON of Gemini's REST API; without
        a seed.
        """
        return batches.request_of(question.prompt.text, self._generation_config(question))

    async def hand_in(self, model: Model, requests: Mapping[str, Any]) -> str:
        """Submit requests as a batch, and return the service's name of the batch.

        Args:
            model: The model of all requests.
            requests: The results of `request`, by our ids of the questions.
        """
        return await batches.submit(self.client, model.id, requests)

    async def find(self, batch: str) -> FoundBatch[batches.JsonObject]:
        """Return the progress of a batch, and once it has ended its answers and problems, by our
        ids.

        Args:
            batch: The service's name of the batch.
        """
        return await batches.retrieve(self.client, batch)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the progress of a batch, and once it has ended its replies and problems.

        Redirects to unknown pages in the replies' sources are replaced by the pages if
        `resolve_sources` is set.

        Args:
            batch: The service's name of the batch.
            questions: The submitted questions by our ids: at least one, and all to one model.

        Raises:
            ProviderFailed: when the service does not report the state.
            ProviderUnavailable: when the key is refused, or the account has no credit.
        """
        status = await super().look(batch, questions)
        replies = await self._with_resolved_pages(*status.replies.values())
        return replace(status, replies=dict(zip(status.replies, replies, strict=True)))

    async def call_off(self, batch: str) -> None:
        """Cancel a batch, given by the service's name. Requests that the service has begun are
        finished and charged.
        """
        await self.client.batches.cancel(name=batch)

    def read(self, question: Question, raw: batches.JsonObject) -> Reply:
        """Return an answer of a batch as the reply to its question, at the price of batches.

        Args:
            question: The question that was submitted.
            raw: The answer in the JSON of Gemini's REST API; unknown fields are ignored.
        """
        from google.genai.types import GenerateContentResponse

        response = GenerateContentResponse.model_validate(raw, extra="ignore")
        return self._reply(question, response, batch=True)

    async def close(self) -> None:
        """Close the SDK's client and the HTTP clients, as far as they were opened."""
        if self._opened is not None:
            await self._opened.aclose()
        if self._http:
            await self._http.aclose()
        if self._redirects:
            await self._redirects.close()

    @property
    def redirects(self) -> Redirects:
        """The resolver of redirects, created at the first use because its HTTP client is slow to
        import.
        """
        if self._redirects is None:
            from overheard_google.redirects import Redirects

            self._redirects = Redirects()
        return self._redirects

    async def _with_resolved_pages(self, *replies: Reply) -> list[Reply]:
        """Return the replies in order, with each redirect to an unknown page replaced by that page.

        A redirect whose page is not found stays. Requests are sent only if there are such redirects
        and `resolve_sources` is set. No error is raised.
        """
        hidden = any(citation.hidden for reply in replies for citation in reply.citations)
        if not (hidden and self.settings.resolve_sources):
            return list(replies)
        targets = await self.redirects.resolve(*(reply.citations for reply in replies))
        pairs = zip(replies, targets, strict=True)
        return [replace(reply, citations=citations) for reply, citations in pairs]

    def _reply(
        self, question: Question, response: GenerateContentResponse, *, batch: bool = False
    ) -> Reply:
        """Return the reply to a question from the service's response, with its cost.

        Args:
            batch: Whether the lower price of batches applies.
        """
        sent = response.sdk_http_response
        return self.service.reply(
            question,
            text_of(response),
            finish_of(response),
            headers=(sent.headers if sent else None) or {},
            usage=usage_of(response, question.model.id),
            served_model=response.model_version,
            model_version=response.model_version,
            citations=citations_of(response),
            searches=searches_of(response),
            batch=batch,
        )

    def _generation_config(
        self, question: Question, seed: int | None = None
    ) -> GenerateContentConfig:
        """Return the settings of a request for a question, in the SDK's type.

        A question with a limit has temperature 0, any other the configured one. What is None is not
        sent.

        Args:
            seed: The sampling seed; None in a batch.
        """
        from google.genai.types import (
            GenerateContentConfig,
            GoogleSearch,
            LatLng,
            RetrievalConfig,
            ThinkingConfig,
            Tool,
            ToolConfig,
        )

        market = self.market(question.model)
        place, where = market.coordinates, RetrievalConfig(language_code=market.language or None)
        if place:
            where.lat_lng = LatLng(latitude=place[0], longitude=place[1])
        is_placed = question.model.searches and (place or market.language)
        temperature, effort = self.sampling(question, self.settings.temperature)
        thinking: dict[str, Any] = {"thinking_level": effort.upper()}
        if effort == "none":
            thinking = {"thinking_budget": 0}
        return GenerateContentConfig(
            seed=seed,
            temperature=temperature,
            thinking_config=ThinkingConfig(**thinking) if effort else None,
            max_output_tokens=self.service.window(question),
            system_instruction=market.persona or None,
            tools=[Tool(google_search=GoogleSearch())] if question.model.searches else None,
            tool_config=ToolConfig(retrieval_config=where) if is_placed else None,
            response_mime_type="application/json" if question.schema else None,
            response_json_schema=json.loads(question.schema) if question.schema else None,
        )
