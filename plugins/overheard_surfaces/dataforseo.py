"""DataForSEO: answers are bought by posting tasks, at most 100 at a time, and fetched one by one.

Almost every response has the status 200; what happened is the number `status_code`, at the top and
in each task.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from overheard import (
    PLACE,
    FailureKind,
    Market,
    PluginSettings,
    Provider,
    ProviderFailed,
    ProviderUnavailable,
    Question,
    Secret,
    hookimpl,
)
from overheard_surfaces.collector import (
    REFUSED,
    Collector,
    Observation,
    accounts,
    same_question,
    searches,
    sources,
)
from overheard_surfaces.settings import COUNTRIES, CollectorSettings

OK, CREATED, NOTHING_FOUND = 20000, 20100, 40102
PENDING = frozenset({CREATED, 40601, 40602})
GONE = frozenset({40401, 40403})
"""A task that was charged and is not there any more."""
KEY_REFUSED, BUSY, NO_CREDIT = 40100, frozenset({40202, 40209}), frozenset({40200, 40203, 40210})
MISSING_CALL = frozenset({40400, 40402})
SERVER_FAULTS = 50000
BUSY_WAIT_S = 30.0
MAX_LISTED = 1000
GOOGLE = "serp/"
COUNTRY_LOCATIONS = 2000
"""A country's location has this and the number of the country in ISO 3166-1."""
PRODUCTS = {
    "chatgpt": "ai_optimization/chat_gpt/llm_scraper",
    "gemini": "ai_optimization/gemini/llm_scraper",
    "ai-mode": "serp/google/ai_mode",
    "ai-overviews": "serp/google/organic",
}
"""The collector's name of each product."""


class DataForSEOSettings(CollectorSettings):
    """An account.

    Attributes:
        api_key: The login and the password of the API, as ``login:password``.
        priority: 1 for answers within about five minutes, 2 for one minute at twice the price.
        location_code: The collector's code of a place, in the place of `country`.
    """

    base_url: str = "https://api.dataforseo.com"
    api_key: Secret = Field(json_schema_extra={"env": "DATAFORSEO_API_KEY"})
    priority: Literal[1, 2] = 1
    location_code: int | None = None


class DataForSEO(Collector[DataForSEOSettings]):
    """An account at DataForSEO."""

    title = "DataForSEO"
    order_limit = 100

    def __init__(self, name: str, settings: DataForSEOSettings) -> None:
        super().__init__(name, settings, f"dataforseo-{settings.priority}", PRODUCTS)

    @property
    def authorization(self) -> str:
        """The header with the login and the password."""
        key = self.settings.api_key.get_secret_value()
        return f"Basic {b64encode(key.encode()).decode()}"

    def sent(self, product: str) -> frozenset[str]:
        """Return what of a market is sent: at Google's search the state and the city, too."""
        place = PLACE if product.startswith(GOOGLE) else frozenset({"country"})
        return place | {"language"}

    async def envelope(self, method: str, path: str, **more: Any) -> list[dict[str, Any]]:
        """Call the collector, and return the tasks of its response.

        Raises:
            ProviderFailed: when it is asked too often, or has a fault of its own.
            ProviderUnavailable: when it refuses the account, or does not have this call.
        """
        told = await self.call(method, f"/v3/{path}", **more)
        self.require(told["status_code"])
        tasks: list[dict[str, Any]] = told.get("tasks") or []
        return tasks

    def require(self, code: int) -> None:
        """Raise the error that a status code stands for; nothing for a success."""
        if code in (OK, CREATED):
            return
        if code in NO_CREDIT:
            self.refuse_credit()
        if code == KEY_REFUSED:
            reason, remedy = "the service refuses the key", "check api_key_env or api_key_file"
            raise ProviderUnavailable(provider=self.name, reason=reason, remedy=remedy)
        raise ProviderFailed(
            model=self.name,
            reason=f"DataForSEO answers with {code}; try again later.",
            kind=FailureKind.RATE_LIMIT if code in BUSY else FailureKind.SERVER,
            retryable=code in BUSY or code >= SERVER_FAULTS,
            retry_after=BUSY_WAIT_S if code in BUSY else None,
            ambiguous=code >= SERVER_FAULTS,
        )

    async def buy(
        self, product: str, market: Market, questions: Mapping[str, Question], tag: str
    ) -> dict[str, str]:
        """Post a task for each question. Some may be refused, with a code each."""
        location = self.settings.location_code if market == self.settings.home else None
        if location is None and market.country not in COUNTRIES:
            reason = f"its location of {market.country} is not known here"
            remedy = "set location_code in a table of its own"
            raise ProviderUnavailable(provider=self.name, reason=reason, remedy=remedy)
        language = market.language or self.settings.language
        shared: dict[str, Any] = {"language_code": language, "priority": self.settings.priority}
        if product.startswith(GOOGLE) and market.region:
            names = (market.city, market.region, COUNTRIES[market.country][1])
            shared["location_name"] = ",".join(filter(None, names))
        else:
            shared["location_code"] = location or COUNTRY_LOCATIONS + COUNTRIES[market.country][0]
        if product == PRODUCTS["ai-overviews"]:
            shared["load_async_ai_overview"] = True
        body = [
            {**shared, "keyword": escaped(question.prompt.text), "tag": f"{tag}/{item}"}
            for item, question in questions.items()
        ]
        tasks = await self.envelope("POST", f"{product}/task_post", json=body)
        refused = {task["status_code"] for task in tasks if task["status_code"] != CREATED}
        if refused and len(tasks) == sum(task["status_code"] != CREATED for task in tasks):
            self.require(min(refused))
        order = {
            str(task["data"]["tag"]).rpartition("/")[2]: (
                task["id"] if task["status_code"] == CREATED else f"{REFUSED}{task['status_code']}"
            )
            for task in tasks
        }
        return {item: order.get(item, f"{REFUSED}missing") for item in questions}

    async def find(
        self, product: str, questions: Mapping[str, Question], tag: str, since: datetime
    ) -> dict[str, str]:
        """Return the tasks of the account's list that have the tag."""
        found, wanted = dict[str, str](), {f"{tag}/{item}": item for item in questions}
        for offset in range(0, 10 * MAX_LISTED, MAX_LISTED):
            span = {
                "datetime_from": _written(since - timedelta(minutes=10)),
                "datetime_to": _written(datetime.now(UTC) + timedelta(minutes=10)),
                "limit": MAX_LISTED,
                "offset": offset,
                "sort": "desc",
                "include_metadata": True,
            }
            [task] = await self.envelope(
                "POST", f"{product.partition('/')[0]}/id_list", json=[span]
            )
            listed = task.get("result") or []
            for entry in listed:
                item = wanted.get((entry.get("metadata") or {}).get("tag", ""))
                if item is not None:
                    found[item] = entry["id"]
            if len(listed) < MAX_LISTED:
                break
        return found

    async def fetch(
        self, product: str, order: Mapping[str, str], questions: Mapping[str, Question]
    ) -> AsyncIterator[tuple[str, Observation]]:
        """Get each task; those that are not done are left out."""

        async def get(task: str) -> dict[str, Any]:
            [told] = await self.envelope("GET", f"{product}/task_get/advanced/{task}")
            return told

        for item, task in await self.each(order, get):
            observation = task and self.observation(product, task, questions[item])
            if observation:
                yield item, observation

    def observation(
        self, product: str, task: Mapping[str, Any], question: Question
    ) -> Observation | None:
        """Return what became of a task; None if it is not done."""
        code, overviews = task["status_code"], product == PRODUCTS["ai-overviews"]
        if code in PENDING | BUSY or code >= SERVER_FAULTS:  # the call has failed, not the task
            return None
        if code == NOTHING_FOUND and overviews:
            return Observation(none=True)
        if code != OK:
            lost = code in GONE or bool(task.get("cost"))
            reason = f"the collector could not ask it ({code}); ask again."
            return Observation(lost=lost, problem="" if lost else reason)
        [result] = task["result"]
        if not same_question(result.get("keyword"), question):
            return Observation(lost=True)
        if product.startswith(GOOGLE):
            return _overview(result, may_be_empty=overviews)
        cited, shown = sources(result.get("sources")), result.get("search_results")
        text = result.get("markdown") or ""
        return Observation(
            text=text,
            model=result.get("model") or "",
            citations=(*cited, *sources(shown, cited=False)),
            searches=searches(result.get("fan_out_queries"), question, text),
        )

    async def balance(self) -> float:
        """Return the dollars that are left."""
        [task] = await self.envelope("GET", "appendix/user_data")
        return float(task["result"][0]["money"]["balance"])

    async def has(self, product: str) -> bool:
        """Return whether the languages of a product are listed."""
        try:
            [task] = await self.envelope("GET", f"{product}/languages")
        except ProviderFailed:
            return False
        return task["status_code"] not in MISSING_CALL


def escaped(keyword: str) -> str:
    """Return a question as the collector reads it: it decodes ``%`` and ``+``."""
    return keyword.replace("%", "%25").replace("+", "%2B")


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} +00:00"


def _overview(result: Mapping[str, Any], *, may_be_empty: bool) -> Observation:
    """Return the overview among the items of a page of results."""
    items = [item for item in result.get("items") or [] if item.get("type") == "ai_overview"]
    if not items:
        return Observation(none=may_be_empty, lost=not may_be_empty)
    parts = [part for part in items[0].get("items") or [] if isinstance(part, dict)]
    texts = [str(part.get("markdown") or part.get("text") or "") for part in parts]
    listed = [items[0].get("references"), *(part.get("references") for part in parts)]
    return Observation(
        text=items[0].get("markdown") or "\n\n".join(filter(None, texts)),
        citations=tuple(source for entries in listed for source in sources(entries)),
    )


@hookimpl
def overheard_providers(settings: PluginSettings) -> Iterator[Provider]:
    """Yield the accounts of this plugin."""
    yield from accounts(settings, DataForSEO, DataForSEOSettings, "dataforseo")
