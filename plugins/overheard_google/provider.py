"""Asking Google's models through the Gemini API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overheard import (
    Capabilities,
    HostedService,
    Model,
    Price,
    PriceList,
    ProviderUnavailable,
    Question,
    Reply,
)
from overheard_google.reading import citations_of, finish_of, text_of, usage_of
from overheard_google.settings import GoogleSettings

if TYPE_CHECKING:
    from google.genai.client import AsyncClient
    from google.genai.types import GenerateContentConfig
    from httpx2 import AsyncClient as HttpClient
    from httpx2 import Request

API = "the Gemini API"
MOST_CONNECTIONS = 1_000
"""More than are ever open: whoever asks decides how many calls are under way."""


class GoogleProvider:
    """One account.

    Attributes:
        name: The name of its table.
        concurrency: How many calls it may be given at a time.
    """

    def __init__(self, name: str, settings: GoogleSettings) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        prices = PriceList(settings.prices, "overheard_google")
        self._service = HostedService(name, API, settings, prices)
        self._opened: AsyncClient | None = None
        self._http: HttpClient | None = None

    def models(self) -> Sequence[str]:
        """Return the configured model ids."""
        return self._settings.models

    def price(self, model: str) -> Price | None:
        """Return what a model charges, as it is asked."""
        return self._service.price(model)

    def capabilities(self, model: str) -> Capabilities:
        """Return what can be done with a model, as it is asked.

        Nobody can tell Gemini how often it may search; the number is what is reckoned with.
        """
        searches = Model(self.name, model).searches
        return Capabilities(
            search=searches,
            sampling=True,
            seed=True,
            batch=getattr(self.price(model), "batch", None) is not None,
            searches=self._settings.max_searches if searches else 0,
            how="Gemini API, Google Search" if searches else "Gemini API",
        )

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question.

        Raises:
            ProviderFailed: with what went wrong, in one sentence without the key.
            ProviderUnavailable: when the SDK is missing or the key is refused.
        """
        model = question.model
        async with self._service.asking(model):
            response = await self._client().models.generate_content(
                model=model.id,
                contents=question.prompt.text,
                config=self._config(question, seed),
            )
            sent = response.sdk_http_response
            return self._service.reply(
                question,
                text_of(response),
                finish_of(response),
                headers=(sent.headers if sent else None) or {},
                usage=usage_of(response, model.id),
                served_model=response.model_version,
                model_version=response.model_version,
                citations=citations_of(response),
            )

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
            await self._opened.aclose()
        if self._http:
            await self._http.aclose()

    def _config(self, question: Question, seed: int) -> GenerateContentConfig:
        from google.genai.types import GenerateContentConfig, GoogleSearch, Tool

        return GenerateContentConfig(
            seed=seed,
            temperature=0.0 if question.limit else self._settings.temperature,
            max_output_tokens=self._service.window(question),
            tools=[Tool(google_search=GoogleSearch())] if question.model.searches else None,
        )

    def _client(self) -> AsyncClient:
        if self._opened is None:
            genai = self._sdk()
            settings = self._settings
            self._http = self._connections()
            options = genai.types.HttpOptions(
                base_url=settings.base_url,
                api_version="v1beta",
                # Without these two the SDK repeats a call by itself, and the call may be paid.
                retry_options=genai.types.HttpRetryOptions(attempts=1),
                httpx_async_client=self._http,
            )
            key = settings.api_key.get_secret_value()
            client = genai.Client(vertexai=False, api_key=key, http_options=options)
            self._opened = client.aio
        return self._opened

    def _sdk(self) -> Any:
        try:
            from google import genai
        except ImportError:
            raise ProviderUnavailable(
                provider=self.name,
                reason="Google's SDK is not installed",
                remedy='install it with "pip install overheard[google]"',
            ) from None
        return genai

    def _connections(self) -> HttpClient:
        import httpx2

        settings = self._settings
        patience = httpx2.Timeout(settings.silence, connect=settings.connect_timeout)

        async def have_patience(request: Request) -> None:
            # The SDK passes one time-out for everything, or none.
            request.extensions["timeout"] = patience.as_dict()

        return httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=MOST_CONNECTIONS),
            event_hooks={"request": [have_patience]},
        )
