"""What collectors have in common: answers are bought as tasks, each once, and fetched for nothing.

An order is what is bought by one call: the collector's id of each task by our id of the question,
as JSON, which the core stores as the id of a batch. A question that was refused has `REFUSED` and
the reason in the place of an id; one whose task cannot be found again has `LOST`.
"""

from __future__ import annotations

import asyncio
import json
import re
from abc import abstractmethod
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from os import environ
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar
from uuid import uuid4

from overheard import (
    BatchStatus,
    Capabilities,
    Citation,
    FailureKind,
    Finish,
    HostedProvider,
    Market,
    Model,
    PluginSettings,
    Price,
    PriceList,
    Provider,
    ProviderFailed,
    ProviderUnavailable,
    Question,
    Reply,
    Search,
)
from overheard_surfaces.settings import DEFAULT_COUNTRY, STARTED, SURFACES, CollectorSettings

if TYPE_CHECKING:
    from httpx2 import AsyncClient

REFUSED, LOST = "!", "?"
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 20.0
"""Waits for a single answer."""
CREDIT_STATUSES = frozenset({402, 403})
_WORD = re.compile(r"\b[^\W\d_\u2e80-\uffff]{4}|[\u2e80-\uffff]{2}")
"""The beginning of a longer word; in Chinese and Japanese two characters."""
_UNFINISHED = re.compile(r"[,;:(\[{\u2013\u2014]\s*$")
Table = TypeVar("Table", bound=CollectorSettings)


@dataclass(frozen=True, slots=True)
class Observation:
    """What became of a task that has ended.

    Attributes:
        text: The answer; empty without one.
        none: Whether the product showed no answer.
        model: The product's model, as the collector reports it.
        citations: The sources that the answer cites, then those that the product has shown.
        searches: What the product searched for, as the collector reports it.
        earlier: The answers to earlier turns.
        problem: Why there is no answer, as the rest of a sentence that begins with the model; the
            task is not charged.
        lost: Whether the task is charged and its answer cannot be used.
    """

    text: str = ""
    none: bool = False
    model: str = ""
    citations: tuple[Citation, ...] = ()
    searches: tuple[Search, ...] = ()
    earlier: tuple[str, ...] = ()
    problem: str = ""
    lost: bool = False


class Collector(HostedProvider[Table, "AsyncClient"]):
    """An account at a collector.

    Attributes:
        title: The collector's name.
        order_limit: The most tasks of one order.
        finds: Whether an order can be found again by its tag.
        follow_ups: The products that are asked a follow-up in the same task, by our ids.
    """

    title: ClassVar[str]
    order_limit: ClassVar[int]
    finds: ClassVar[bool] = True
    follow_ups: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, name: str, settings: Table, vendor: str, products: Mapping[str, str]
    ) -> None:
        """Keep the settings.

        Args:
            vendor: The first half of the names in ``prices.toml``.
            products: The collector's name of each product, by our id.
        """
        self.products = products
        prices = PriceList(settings.prices, "overheard_surfaces", vendor)
        super().__init__(name, f"{self.title}'s API", settings, prices)

    @property
    @abstractmethod
    def authorization(self) -> str:
        """The header with the key."""

    @abstractmethod
    async def buy(
        self, product: str, market: Market, questions: Mapping[str, Question], tag: str
    ) -> dict[str, str]:
        """Buy the answers to questions in a market, and return the order.

        Args:
            tag: Unique for the order.
        """

    @abstractmethod
    async def find(
        self, product: str, questions: Mapping[str, Question], tag: str, since: datetime
    ) -> dict[str, str]:
        """Return what the collector has of an order that may have been bought; free."""

    @abstractmethod
    def fetch(
        self, product: str, order: Mapping[str, str], questions: Mapping[str, Question]
    ) -> AsyncIterator[tuple[str, Observation]]:
        """Yield each task that has ended, by our id of its question; free.

        Args:
            order: The ids of tasks that were bought, by our ids of the questions.
        """

    @abstractmethod
    async def balance(self) -> float:
        """Return what is left in the account, below or at 0 when nothing can be bought; free."""

    @abstractmethod
    async def has(self, product: str) -> bool:
        """Return whether the collector still sells a product's answers; free."""

    def sent(self, product: str) -> frozenset[str]:  # noqa: ARG002 - a collector says more
        """Return what of a market is sent to a product, given by the collector's name."""
        return frozenset({"country"})

    def open_client(self) -> AsyncClient:
        """Return a new HTTP client for the collector; nothing is sent."""
        return self.service.http_client(headers={"Authorization": self.authorization})

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Call the collector, and return the JSON of its response.

        Raises:
            ProviderUnavailable: when the account has no credit.
            Exception: of the client, and for a response that is no JSON.
        """
        response = await self.client.request(method, path, **more)
        if response.status_code in CREDIT_STATUSES:
            self.refuse_credit()
        return response.raise_for_status().json()

    async def each(
        self, order: Mapping[str, str], get: Callable[[str], Awaitable[dict[str, Any] | None]]
    ) -> list[tuple[str, dict[str, Any] | None]]:
        """Call ``get`` for each task of an order, and return (our id, what it returns) of those
        calls that succeed: the others are made again with the next look.

        Raises:
            ProviderUnavailable: when the account is refused.
            Exception: of the first call, when none succeeds.
        """
        free = asyncio.Semaphore(self.settings.concurrency)

        async def one(task: str) -> dict[str, Any] | None:
            async with free:
                return await get(task)

        results = await asyncio.gather(*map(one, order.values()), return_exceptions=True)
        failures = [one for one in results if isinstance(one, BaseException)]
        refusals = [one for one in failures if isinstance(one, ProviderUnavailable)]
        if failures and (refusals or len(failures) == len(results)):
            raise [*refusals, *failures][0]
        pairs = zip(order, results, strict=True)
        return [(item, told) for item, told in pairs if not isinstance(told, BaseException)]

    def refuse_credit(self) -> NoReturn:
        """Raise that the account has no credit."""
        reason, remedy = "the account has no credit left", f"top it up at {self.title}"
        raise ProviderUnavailable(provider=self.name, reason=reason, remedy=remedy)

    def capabilities(self, model: str) -> Capabilities:
        """Return how a product is asked: by tasks alone, at a price for each answer."""
        asked, home = Model(self.name, model), self.settings.country
        title = SURFACES.get(asked.id, asked.id)
        where = asked.market.partition("~")[0].partition("-")[0] or home
        abroad = "" if where == DEFAULT_COUNTRY else f" ({where})"
        return Capabilities(
            search=False,
            batch=True,
            batch_only=True,
            batch_limit=self.order_limit,
            searches=1,
            market=self.sent(self.products.get(asked.id, "")),
            follow_ups=asked.id in self.follow_ups,
            how=f"{title}, {where}, signed out",
            name=f"{title}{abroad}",
        )

    def price(self, model: str) -> Price | None:
        """Return the price of a product, which is the same in all markets."""
        return super().price(Model(self.name, model).id)

    def product(self, model: Model) -> str:
        """Return the collector's name of a product.

        Raises:
            ProviderUnavailable: when the collector does not sell its answers.
        """
        if model.id not in self.products:
            raise ProviderUnavailable(
                provider=self.name,
                reason=f'{self.title} has no "{model.name}"',
                remedy=f"choose among {', '.join(self.products)}",
            )
        return self.products[model.id]

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Buy the answers to questions, and return the order."""
        return await self.submit_once(questions, uuid4().hex, None, buy=True)

    async def submit_once(
        self, questions: Mapping[str, Question], tag: str, since: datetime | None, buy: bool
    ) -> str:
        """Return an order: what the collector has of it, and what is bought now.

        A task is taken as not bought if the collector does not list it `settled_s` after the first
        submission; before that it remains unknown. Where the collector finds nothing and nothing is
        to be bought, all tasks are taken as charged and lost.

        Raises:
            ProviderFailed: when that, or what became of a submission, remains unknown
                (`ambiguous`), and when nothing was accepted.
            ProviderUnavailable: when the key is refused, or the account has no credit.
        """
        model = next(iter(questions.values())).model
        product, most = self.product(model), 1 + (model.id in self.follow_ups)
        order = {
            item: f"{REFUSED}it takes no more than {most} turns"
            for item, question in questions.items()
            if len(question.prompt.turns) > most
        }
        taken = {item: question for item, question in questions.items() if item not in order}
        async with self.asking(model):
            if since is not None and taken:
                order |= await self.find(product, taken, tag, since)
        left = {item: question for item, question in questions.items() if item not in order}
        if left and not buy and not self.finds:
            order |= dict.fromkeys(left, LOST)
        elif left and buy:
            age_s = settled_s = self.settings.settled_s
            if since is not None and self.finds:
                age_s = (datetime.now(UTC) - since).total_seconds()
            if age_s < settled_s:
                raise ProviderFailed(
                    model=model,
                    reason=f"{self.title} does not yet say whether it has the questions.",
                    retryable=True,
                    retry_after=settled_s - age_s,
                    ambiguous=True,
                )
            order |= await self._bought(model, product, left, tag)
        return json.dumps(order) if order else ""

    async def _bought(
        self, model: Model, product: str, questions: Mapping[str, Question], tag: str
    ) -> dict[str, str]:
        """Buy the answers to questions. A service that breaks at that may have accepted them."""
        try:
            async with self.asking(model):
                order = await self.buy(product, self.market(model), questions, tag)
        except ProviderFailed as failed:
            if failed.status is None or failed.status < 500 or failed.ambiguous:
                raise
            raise ProviderFailed(
                model=model,
                reason=failed.details["reason"],
                kind=failed.kind,
                status=failed.status,
                retryable=True,
                retry_after=failed.retry_after,
                ambiguous=True,
            ) from None
        reasons = [task for task in order.values() if task.startswith(REFUSED)]
        if len(reasons) == len(questions):
            raise ProviderFailed(
                model=model,
                reason=f"{self.title} refuses the questions ({reasons[0][1:]}).",
                kind=FailureKind.REQUEST,
            )
        return order

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the answers of an order that are there, and the problems of tasks without one.

        A charged task without a usable answer has a reply that is cut, with its price, and is not
        bought again.

        Args:
            batch: The order.
            questions: The questions whose answers are wanted: at least one, to one model.

        Raises:
            ProviderFailed: when the collector does not report the state.
            ProviderUnavailable: when the key is refused.
        """
        order: Mapping[str, str] = json.loads(batch)
        model = next(iter(questions.values())).model
        replies, problems = dict[str, Reply](), dict[str, str]()
        tasks = dict[str, str]()
        for item, question in questions.items():
            task = order.get(item, REFUSED)
            if task.startswith(REFUSED):
                problems[item] = f"the collector refuses it ({task[1:] or 'without a reason'})."
            elif task.startswith(LOST):
                replies[item] = self._reply(question, Observation(lost=True))
            else:
                tasks[item] = task
        async with self.asking(model):
            async for item, observation in self.fetch(self.product(model), tasks, questions):
                if observation.problem:
                    problems[item] = observation.problem
                else:
                    replies[item] = self._reply(questions[item], observation)
        done = len(replies) + len(problems)
        return BatchStatus(done, done >= len(questions), replies, problems)

    def _reply(self, question: Question, observation: Observation) -> Reply:
        """Return a task that was charged as a reply with its price."""
        finish = Finish.NONE if observation.none else Finish.COMPLETE
        if is_unfinished(observation.text):
            finish = Finish.CUT
        price = self.price(question.model.name)
        reply = self.service.reply(
            question,
            observation.text,
            finish,
            headers={},
            usage={},
            served_model=observation.model,
            citations=observation.citations,
            searches=observation.searches,
            cost=price.search if price else None,
        )
        finish = Finish.CUT if reply.finish is Finish.FAILED else reply.finish
        return replace(reply, finish=finish, earlier=observation.earlier)

    async def ask(self, question: Question, *, seed: int) -> Reply:  # noqa: ARG002 - it has none
        """Buy one answer, and wait for it."""
        questions = {"0": question}
        order, wait_s = await self.submit(questions), FIRST_WAIT_S
        while True:
            status = await self.look(order, questions)
            if status.replies:
                return status.replies["0"]
            if status.problems:
                raise ProviderFailed(model=question.model, reason=status.problems["0"])
            await asyncio.sleep(wait_s)
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)

    async def cancel(self, batch: str) -> None:
        """Do nothing: what was bought cannot be given back."""

    async def verify(self) -> datetime | None:
        """Check the key, the balance and, in an account whose table names no product, those that
        `collectors start` asks; for nothing.

        Raises:
            ProviderUnavailable: when the key is refused, nothing is left, or one is sold no more.
        """
        async with self.service.trying(lambda: self.client):
            if await self.balance() <= 0:
                self.refuse_credit()
        asked = () if self.models() else [p for p in STARTED if p in self.products]
        there = await self.list_models() if asked else ()
        gone = [product for product in asked if product not in there]
        if gone:
            raise ProviderUnavailable(
                provider=self.name,
                reason=f"{self.title} sells no answers of {', '.join(gone)} any more",
                remedy="see collectors stop, and docs/surfaces.md for another collector",
            )
        return None

    async def list_models(self) -> Sequence[str]:
        """Return the products that the collector sells; of the configured ones (of all where none
        is) those that it says it still has.
        """
        there = set(self.products)
        configured = {Model(self.name, model).id for model in self.models()} or there
        async with self.service.trying(lambda: self.client):
            for product in sorted(configured & there):
                if not await self.has(self.products[product]):
                    there.remove(product)
        return sorted(there)

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.aclose()


def accounts(
    settings: PluginSettings, kind: Callable[[str, Table], Provider], table: type[Table], name: str
) -> Iterator[Provider]:
    """Yield a collector for each valid table, or for a key in the environment alone."""
    for each, checked in settings.each(table):
        yield kind(each, checked)
    variable = table.model_fields["api_key"].json_schema_extra
    if not settings.tables and isinstance(variable, dict) and environ.get(str(variable["env"])):
        yield kind(name, settings.one(table, name))


def is_unfinished(text: str) -> bool:
    """Return whether an answer breaks off: in a block of code, or behind a character after which
    something must follow.
    """
    return bool(text.count("```") % 2 or _UNFINISHED.search(text))


def same_question(prompt: object, question: Question) -> bool:
    """Return whether the question that a collector reports is ours, apart from spaces."""
    return str(prompt or "").split() == question.prompt.turns[0].split()


def searches(queries: object, question: Question, answer: str) -> tuple[Search, ...]:
    """Return the searches in a collector's list, without the question itself, which some products
    echo. Collectors now and then attach those of another visitor: a list that shares no word with
    question and answer is left out.
    """
    listed = (
        [query for query in queries if isinstance(query, str)] if isinstance(queries, list) else []
    )
    ours = f"{question.prompt.text} {answer}".casefold()
    if not any(word in ours for query in listed for word in _WORD.findall(query.casefold())):
        return ()
    return tuple(Search(query) for query in listed if not same_question(query, question))


def sources(entries: object, *, cited: bool = True) -> Iterable[Citation]:
    """Yield the sources in a collector's list; what is no source with an address is left out."""
    for entry in entries if isinstance(entries, list) else ():
        url = entry.get("url") if isinstance(entry, dict) else None
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            title = entry.get("title") or entry.get("label") or ""
            domain = entry.get("domain") or ""
            yield Citation(url, str(title), cited, str(domain))
