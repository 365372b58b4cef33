"""Cloro: each task has a key of ours; a second task with the same key is refused.

A task cannot be found by its key, so one whose submission broke off is charged and lost. Orders
are small for that reason.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from overheard import Market, PluginSettings, Provider, Question, Secret, hookimpl
from overheard_surfaces.collector import (
    LOST,
    REFUSED,
    Collector,
    Observation,
    accounts,
    searches,
    sources,
)
from overheard_surfaces.settings import CollectorSettings

OVERVIEWS = "GOOGLE"
EXISTS, NO_CREDIT = "RESOURCE_ALREADY_EXISTS", "INSUFFICIENT_CREDITS"
GONE, NO_SUCH = 404, 400
INCLUDE = {"markdown": True, "searchQueries": True}
PRODUCTS = {
    "chatgpt": "CHATGPT",
    "ai-mode": "AIMODE",
    "ai-overviews": OVERVIEWS,
    "gemini": "GEMINI",
    "perplexity": "PERPLEXITY",
}
"""The collector's name of each product."""


class CloroSettings(CollectorSettings):
    """An account.

    Attributes:
        task_types: The collector's name of further products, such as ``bing-ai-mode``.
    """

    base_url: str = "https://api.cloro.dev"
    api_key: Secret = Field(json_schema_extra={"env": "CLORO_API_KEY"})
    task_types: Mapping[str, str] = Field(default_factory=dict)


class Cloro(Collector[CloroSettings]):
    """An account at Cloro."""

    title = "Cloro"
    order_limit = 20
    finds = False

    def __init__(self, name: str, settings: CloroSettings) -> None:
        super().__init__(name, settings, "cloro", {**PRODUCTS, **settings.task_types})

    @property
    def authorization(self) -> str:
        """The header with the key."""
        return f"Bearer {self.settings.api_key.get_secret_value()}"

    def sent(self, product: str) -> frozenset[str]:
        """Return what of a market is sent: to Google's search the language, too."""
        return frozenset({"country", "language"} if product == OVERVIEWS else {"country"})

    def payload(self, product: str, market: Market, question: Question) -> dict[str, Any]:
        """Return the request for a question."""
        text, country = question.prompt.text, market.country
        if product == OVERVIEWS:
            include = {"aioverview": {"markdown": True}}
            where = {"gl": country, "hl": market.language or self.settings.language}
            return {"query": text, **where, "include": include}
        return {"prompt": text, "country": country, "include": INCLUDE}

    async def buy(
        self, product: str, market: Market, questions: Mapping[str, Question], tag: str
    ) -> dict[str, str]:
        """Create a task for each question. One that was created before is charged and lost."""
        body = [
            {
                "taskType": product,
                "idempotencyKey": f"{tag}/{item}",
                "payload": self.payload(product, market, question),
            }
            for item, question in questions.items()
        ]
        results = (await self.call("POST", "/v1/async/task/batch", json=body))["results"]
        order, items = dict.fromkeys(questions, f"{REFUSED}missing"), list(questions)
        for result in results:
            item = items[result["index"]]
            if result["success"]:
                order[item] = result["task"]["id"]
                continue
            code = result["error"]["code"]
            order[item] = LOST if code == EXISTS else f"{REFUSED}{code}"
        if set(order.values()) == {f"{REFUSED}{NO_CREDIT}"}:
            self.refuse_credit()
        return order

    async def find(
        self, product: str, questions: Mapping[str, Question], tag: str, since: datetime
    ) -> dict[str, str]:
        """Return nothing: Cloro finds no task by its key, and creates none twice."""
        return {}

    async def fetch(
        self, product: str, order: Mapping[str, str], questions: Mapping[str, Question]
    ) -> AsyncIterator[tuple[str, Observation]]:
        """Get each task; those that are not done are left out."""

        async def get(task: str) -> dict[str, Any] | None:
            response = await self.client.get(f"/v1/async/task/{task}")
            if response.status_code == GONE:
                return None
            told: dict[str, Any] = response.raise_for_status().json()
            return told

        for item, told in await self.each(order, get):
            if told is None:
                yield item, Observation(lost=True)
            elif told["task"]["status"] == "COMPLETED":
                yield item, _observation(product, told.get("response") or {}, questions[item])
            elif told["task"]["status"] == "FAILED":
                code = ((told.get("response") or {}).get("error") or {}).get("code", "FAILED")
                yield item, Observation(problem=f"the collector could not ask it ({code}).")

    async def balance(self) -> float:
        """Return the credits that are left."""
        return float((await self.call("GET", "/v1/credits"))["remaining"])

    async def has(self, product: str) -> bool:
        """Return whether the countries of a product are listed."""
        response = await self.client.get("/v1/countries", params={"model": product.lower()})
        return response.status_code not in (NO_SUCH, GONE)


def _observation(product: str, response: Mapping[str, Any], question: Question) -> Observation:
    """Return what a completed task has found."""
    result = response.get("result") or response
    if product == OVERVIEWS:
        if "aioverview" not in result:
            return Observation(lost=True)
        if result["aioverview"] is None:
            return Observation(none=True)
        result = result["aioverview"]
    text = result.get("markdown") or result.get("text") or ""
    return Observation(
        text=text,
        model=result.get("model") or "",
        citations=tuple(sources(result.get("sources"))),
        searches=searches(result.get("searchQueries"), question, text),
    )


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield the accounts of this plugin."""
    yield from accounts(settings, Cloro, CloroSettings, "cloro")
