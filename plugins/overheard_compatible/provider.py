"""The provider for endpoints that speak Chat Completions, through the openai SDK."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from overheard import (
    Capabilities,
    FailureKind,
    Fields,
    HostedProvider,
    Model,
    PriceList,
    ProviderFailed,
    Question,
    Reply,
)
from overheard_compatible.presets import CHAT
from overheard_compatible.reading import (
    citations_of,
    cost_of,
    finish_of,
    join_chunks,
    text_of,
    usage_of,
)
from overheard_compatible.settings import CompatibleSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionStreamOptionsParam

KEYLESS = "none"
"""The key for services without keys: the SDK needs one."""
NO_SEARCH = 'this service cannot be told to search; leave "+search" away.'


class CompatibleProvider(HostedProvider[CompatibleSettings, "AsyncOpenAI"]):
    """One endpoint."""

    def __init__(self, name: str, settings: CompatibleSettings) -> None:
        packaged_prices = ("overheard_compatible", settings.preset) if settings.preset else ()
        protocol = settings.service.api
        api_words = protocol if protocol == CHAT else f"the {protocol}"
        super().__init__(name, api_words, settings, PriceList(settings.prices, *packaged_prices))
        self._preset = settings.service

    def open_client(self) -> AsyncOpenAI:
        """Return a new client of OpenAI's SDK for this service; nothing is sent. It repeats no
        call, because a repeated call may be charged twice.

        Without a key, the word "none" is sent, because the SDK needs one. Azure gets the key in a
        header of its own too, and the configured API version in each address.
        """
        from openai import AsyncOpenAI, DefaultAioHttpClient

        settings = self.settings
        key = settings.api_key.get_secret_value() if settings.api_key else KEYLESS
        return AsyncOpenAI(
            base_url=settings.base_url,
            api_key=key,
            default_headers={"api-key": key} if settings.preset == "azure" else None,
            default_query=({"api-version": settings.api_version} if settings.api_version else None),
            max_retries=0,
            http_client=self.service.http_client(DefaultAioHttpClient),
        )

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model at this service; it searches the web if its name ends
        in ``+search``, and is then billed for one search.
        """
        preset = self._preset
        searches = Model(self.name, model).searches
        return Capabilities(
            search=searches,
            sampling=True,
            seed=bool(preset.seed),
            streaming=self.settings.stream,
            fingerprint=preset.fingerprint,
            searches=1 if searches else 0,
            answer_limit=self.settings.max_tokens,
            market=frozenset({"persona"}),
            follow_ups=True,
            how=f"{preset.how}, web search" if searches else preset.how,
        )

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Send a question to the service, and return its reply. `seed` is sent if the service takes
        seeds.

        The cost is what the service reports, else that of the price list.

        Raises:
            ProviderFailed: for an error of the service or network, no answer in time, or a search
                at a service that cannot search; the reason is a sentence without the key.
        """
        model = question.model
        if model.searches and not self._preset.search:
            raise ProviderFailed(model=model, reason=NO_SEARCH, kind=FailureKind.REQUEST)
        async with self.asking(model):
            headers, completion = await self.structured(
                question, lambda asked: self._completion(asked, self._request_fields(asked, seed))
            )
            return self.service.reply(
                question,
                text_of(completion),
                finish_of(completion),
                headers=headers,
                usage=usage_of(completion),
                served_model=headers.get("x-ms-served-model") or completion.model,
                fingerprint=completion.system_fingerprint,
                citations=citations_of(completion),
                cost=cost_of(completion),
            )

    async def _completion(
        self, question: Question, fields: dict[str, object]
    ) -> tuple[Mapping[str, str], Fields]:
        """Send a request, and return (headers of the response, the whole answer). The chunks of a
        stream are joined.

        Args:
            fields: Further fields of the request, by the service's names; ``messages`` is added to
                them.
        """
        name = question.model.id
        persona = self.market(question.model).persona
        told = [{"role": "system", "content": persona}] if persona else []
        fields["messages"] = [*told, *question.messages]
        if not self.settings.stream:
            return await self.post("/chat/completions", {"model": name, **fields})
        create = self.client.chat.completions.with_raw_response.create
        usage: ChatCompletionStreamOptionsParam = {"include_usage": True}
        # Messages in extra_body are sent unchanged; the SDK would check them against all types.
        pieces = await create(
            model=name, messages=(), stream=True, stream_options=usage, extra_body=fields
        )
        return pieces.headers, await join_chunks(pieces.parse())

    def _request_fields(self, question: Question, seed: int) -> dict[str, object]:
        """Return the fields of a question's request, by the service's names: seed, answer window,
        temperature, schema and search.

        What is not set, or not supported by the service, is left out. A question with a limit has
        temperature 0, any other the configured one.
        """
        preset = self._preset
        temperature, effort = self.sampling(question, self.settings.temperature)
        sent: dict[str, object] = {
            preset.seed: seed,
            preset.window: self.service.window(question),
            "temperature": temperature,
            "reasoning_effort": effort or None,
        }
        if question.schema:
            sent["response_format"] = preset.reply_format(json.loads(question.schema))
        chosen = {name: value for name, value in sent.items() if name and value is not None}
        return chosen | (dict(preset.search) if question.model.searches else {})
