"""Bright Data: one order is one snapshot of a dataset; its records follow when all are there."""

import csv
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from zlib import crc32

from pydantic import Field

from overheard import Market, PluginSettings, Provider, Question, Secret, hookimpl
from overheard_surfaces.collector import (
    Collector,
    Observation,
    accounts,
    same_question,
    searches,
    sources,
)
from overheard_surfaces.settings import CollectorSettings

ADDRESSES = {
    "gd_m7aof0k82r803d5bjm": "https://chatgpt.com/",
    "gd_mcswdt6z2elth3zqr2": "https://google.com/aimode",
    "gd_mbz66arm2mf9cu856y": "https://gemini.google.com/",
    "gd_m7dhdot1vw9a7gc1n": "https://www.perplexity.ai/",
    "gd_mfz5x93lmsjjjylob": "https://www.google.com/",
}
"""The address that each dataset asks."""
CHATGPT, OVERVIEWS = "gd_m7aof0k82r803d5bjm", "gd_mfz5x93lmsjjjylob"
READY, ENDED = "ready", frozenset({"failed", "cancelled", "canceled", "error"})
NOT_READY = 202
INDEX_STEP = 100_000
"""Numbers of questions that an order has of its own, so that it is found by them."""
NO_SUCH = frozenset({400, 404})
PRODUCTS = {
    "chatgpt": CHATGPT,
    "ai-mode": "gd_mcswdt6z2elth3zqr2",
    "ai-overviews": OVERVIEWS,
    "gemini": "gd_mbz66arm2mf9cu856y",
    "perplexity": "gd_m7dhdot1vw9a7gc1n",
}
"""The collector's name of each product."""


class BrightDataSettings(CollectorSettings):
    """An account."""

    base_url: str = "https://api.brightdata.com"
    api_key: Secret = Field(json_schema_extra={"env": "BRIGHTDATA_API_KEY"})


class BrightData(Collector[BrightDataSettings]):
    """An account at Bright Data."""

    title = "Bright Data"
    order_limit = 500
    follow_ups = frozenset({"chatgpt"})

    def __init__(self, name: str, settings: BrightDataSettings) -> None:
        super().__init__(name, settings, "brightdata", PRODUCTS)

    @property
    def authorization(self) -> str:
        """The header with the key."""
        return f"Bearer {self.settings.api_key.get_secret_value()}"

    def sent(self, product: str) -> frozenset[str]:
        """Return what of a market is sent: to Google's search the language, too."""
        return frozenset({"country", "language"} if product == OVERVIEWS else {"country"})

    def input(self, product: str, market: Market, question: Question) -> dict[str, Any]:
        """Return what is asked, without its number."""
        text, *more = question.prompt.turns
        asked = {"url": ADDRESSES[product], "country": market.country}
        if product == OVERVIEWS:
            pages = {"start_page": 1, "end_page": 1}
            language = market.language or self.settings.language
            return {**asked, **pages, "keyword": text, "language": language}
        options = {"web_search": True} if product == CHATGPT else {}
        follow_up = {"additional_prompt": more[0]} if more else {}
        return {**asked, **options, **follow_up, "prompt": text}

    async def buy(
        self, product: str, market: Market, questions: Mapping[str, Question], tag: str
    ) -> dict[str, str]:
        """Trigger the collection of one record for each question."""
        first = _first_index(tag)
        body = [
            {"index": first + number, **self.input(product, market, question)}
            for number, question in enumerate(questions.values())
        ]
        told = await self.call(
            "POST",
            "/datasets/v3/trigger",
            params={"dataset_id": product, "include_errors": "true", "format": "json"},
            json=body,
        )
        return _ordered(told["snapshot_id"], questions, first)

    async def find(
        self, product: str, questions: Mapping[str, Question], tag: str, since: datetime
    ) -> dict[str, str]:
        """Return the snapshot whose input has the numbers of the order."""
        first, earliest = _first_index(tag), since - timedelta(minutes=10)
        listed = await self.call(
            "GET",
            "/datasets/v3/snapshots",
            params={"dataset_id": product, "from_date": f"{earliest:%Y-%m-%d}"},
        )
        for snapshot in listed:
            if datetime.fromisoformat(snapshot["created"]) < earliest:
                continue
            path = f"/datasets/v3/snapshot/{snapshot['id']}/input"
            response = (await self.client.get(path)).raise_for_status()
            rows = csv.DictReader(StringIO(response.text))
            if str(first) in {row.get("index", "") for row in rows}:
                return _ordered(snapshot["id"], questions, first)
        return {}

    async def fetch(
        self, product: str, order: Mapping[str, str], questions: Mapping[str, Question]
    ) -> AsyncIterator[tuple[str, Observation]]:
        """Yield the records of a snapshot that is ready."""
        by_snapshot: dict[str, dict[str, str]] = {}
        for item, task in order.items():
            snapshot, _, index = task.partition("#")
            by_snapshot.setdefault(snapshot, {})[index] = item
        for snapshot, items in by_snapshot.items():
            status = (await self.call("GET", f"/datasets/v3/progress/{snapshot}"))["status"]
            if status in ENDED:
                for item in items.values():
                    yield item, Observation(problem=f"its collection has {status}; ask again.")
            if status != READY:
                continue
            response = await self.client.get(
                f"/datasets/v3/snapshot/{snapshot}", params={"format": "json"}
            )
            records = response.raise_for_status().json()
            if response.status_code == NOT_READY or not isinstance(records, list):
                continue
            by_index = {_index(record): record for record in records}
            for index, item in items.items():
                yield item, _observation(by_index.get(index), questions[item])

    async def cancel(self, batch: str) -> None:
        """Do nothing: records that are there are charged, and fetched when the snapshot ends."""

    async def balance(self) -> float:
        """Return the dollars that are left. At 0 there are the records that are free each month, so
        that only a debt means that nothing can be bought.
        """
        left = float((await self.call("GET", "/customer/balance"))["balance"])
        return left if left < 0 else left + 1.0

    async def has(self, product: str) -> bool:
        """Return whether a dataset lists snapshots."""
        params = {"dataset_id": product, "limit": "1"}
        response = await self.client.get("/datasets/v3/snapshots", params=params)
        return response.status_code not in NO_SUCH


def _first_index(tag: str) -> int:
    """Return the number of the first question of an order."""
    return INDEX_STEP * (1 + crc32(tag.encode()) % 20_000)


def _ordered(snapshot: str, questions: Mapping[str, Question], first: int) -> dict[str, str]:
    """Return an order whose tasks are a snapshot and the number of a record in it."""
    return {item: f"{snapshot}#{first + number}" for number, item in enumerate(questions)}


def _index(record: Mapping[str, Any]) -> str:
    """Return the number of a record; that of an error stands in its input."""
    asked = record.get("input") or {}
    return str(record.get("index") or asked.get("index") or "")


def _observation(record: Mapping[str, Any] | None, question: Question) -> Observation:
    """Return what became of a question. Records with an error are not charged."""
    if record is None:
        return Observation(problem="the collector has no record of it; ask again.")
    text = record.get("answer_text_markdown") or record.get("answer_text") or ""
    if record.get("error") and not (text or record.get("aio_text")):
        code = str(record.get("error_code") or "error")
        return Observation(problem=f"the collector could not ask it ({code[:60]}); ask again.")
    asked = {**(record.get("input") or {}), **{key: told for key, told in record.items() if told}}
    if not same_question(asked.get("prompt") or asked.get("keyword"), question):
        return Observation(lost=True)
    if "aio_text" in record:
        overview = record["aio_text"] or ""
        return Observation(text=overview, none=not overview)
    earlier = (text,) if len(question.prompt.turns) > 1 else ()
    if earlier:
        text = record.get("additional_answer_text") or ""
    cited = (record.get("citations"), record.get("links_attached"))
    shown = (record.get("search_sources"), record.get("sources"))
    return Observation(
        text=text,
        model=record.get("model") or "",
        citations=(
            *(source for entries in cited for source in sources(entries)),
            *(source for entries in shown for source in sources(entries, cited=False)),
        ),
        searches=searches(record.get("web_search_query"), question, text),
        earlier=earlier,
    )


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield the accounts of this plugin."""
    yield from accounts(settings, BrightData, BrightDataSettings, "brightdata")
