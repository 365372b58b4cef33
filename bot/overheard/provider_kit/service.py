"""A hosted service: what asking it, trying it and paying it have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields

from overheard.domain import FREE, Citation, Finish, Model, Price, Question, Reply, Usage
from overheard.errors import OverheardError
from overheard.provider_kit.diagnosis import Place, read_fault
from overheard.provider_kit.prices import PriceList
from overheard.provider_kit.rate_headers import rate_limits
from overheard.provider_kit.settings import ProviderSettings

MOST_TOKENS = 2**31 - 1
WITHHELD = frozenset({Finish.FILTERED, Finish.REFUSED})


class HostedService:
    """One table of a provider that asks over the network.

    Args:
        name: The name of the table.
        api: What the service speaks, for messages: ``Messages API``.
        settings: What stands in the table.
        prices: What its models charge.
    """

    def __init__(self, name: str, api: str, settings: ProviderSettings, prices: PriceList) -> None:
        self.name = name
        self._settings = settings
        self._prices = prices
        self._place = Place(name, settings.base_url, api, settings.timeout, settings.silence)

    def price(self, model: str) -> Price | None:
        """Return what a model charges as it is asked, or None when nobody has told it."""
        return self._prices.price(model)

    def window(self, question: Question) -> int | None:
        """Return how many tokens of the answer are read; None when the service decides."""
        return question.limit or self._settings.max_tokens

    @asynccontextmanager
    async def asking(
        self, model: Model, ready: Callable[[], object] = lambda: None
    ) -> AsyncIterator[None]:
        """Ask within: for so long as a whole answer may take, and with errors made plain.

        Args:
            model: Who is asked.
            ready: Is called first, beyond the time-out: to import an SDK takes seconds that are
                none of the service's.

        Raises:
            ProviderFailed: for whatever an SDK raises, in one sentence without the key.
            ProviderUnavailable: when no other question could be answered either.
        """
        try:
            ready()
            async with asyncio.timeout(self._settings.timeout):
                yield
        except OverheardError:
            raise
        except Exception as error:
            raise read_fault(error, self._place).failure(model, self._place) from None

    @asynccontextmanager
    async def trying(self, ready: Callable[[], object] = lambda: None) -> AsyncIterator[None]:
        """Make a free call within, such as listing models; `ready` is called first.

        Raises:
            ProviderUnavailable: for whatever an SDK raises; a service without such a call is
                taken to be well.
        """
        try:
            ready()
            async with asyncio.timeout(self._settings.timeout):
                yield
        except OverheardError:
            raise
        except Exception as error:
            fault = read_fault(error, self._place)
            if fault.status not in {404, 405, 501}:
                raise fault.unavailable(self._place) from None

    def reply(
        self,
        question: Question,
        text: str,
        finish: Finish,
        *,
        headers: Mapping[str, str],
        usage: Mapping[str, object],
        served_model: object = "",
        fingerprint: object = "",
        model_version: object = "",
        citations: Sequence[Citation] = (),
        cost: object = None,
        batch: bool = False,
    ) -> Reply:
        """Make a reply of what a service told, however oddly it told it.

        Args:
            question: What was asked.
            text: The answer.
            finish: How it ended, before it is looked at whether there is anything in it.
            headers: Of the response.
            usage: By the names of the fields of `Usage`; what cannot be a count is 0.
            served_model: The id that the response reports.
            fingerprint: The back end's.
            model_version: The version that the response reports.
            citations: In order; of several for one address the first is kept.
            cost: Dollars, where the service tells them; it goes before the price list.
            batch: Whether it was asked in a batch, which has a price of its own.
        """
        if not isinstance(text, str):
            raise TypeError("an answer that is no text")
        billed = Usage(**{one.name: _count(usage.get(one.name)) for one in fields(Usage)})
        return Reply(
            text=text,
            finish=self._finish(question, finish, text),
            citations=_once(citations),
            served_model=_word(served_model),
            fingerprint=_word(fingerprint),
            usage=billed,
            cost_usd=self._cost(question.model, billed, cost, batch=batch),
            model_version=_word(model_version),
            limits=rate_limits(headers),
        )

    def _finish(self, question: Question, finish: Finish, text: str) -> Finish:
        if finish is Finish.LENGTH and self.window(question):
            finish = Finish.WINDOW
        return finish if text.strip() or finish in WITHHELD else Finish.FAILED

    def _cost(self, model: Model, usage: Usage, told: object, *, batch: bool) -> float | None:
        if isinstance(told, int | float) and 0 <= told < float("inf"):
            return float(told)
        price = self.price(model.name)
        if price is None or (usage == Usage() and price != FREE):
            return None  # what was billed is not told: nobody knows the cost
        return price.cost(usage, batch=batch)


def _word(told: object) -> str:
    """Return a name that the service tells; some tell a number."""
    return str(told) if isinstance(told, str | int | float) else ""


def _count(told: object) -> int:
    """Return a count; one that nobody can be billed for says nothing, which is 0."""
    return int(told) if isinstance(told, int | float) and 0 <= told <= MOST_TOKENS else 0


def _once(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Return each address once: as cited, if the answer cites it anywhere."""
    kept: dict[str, Citation] = {}
    for one in sorted(citations, key=lambda citation: not citation.cited):
        kept.setdefault(one.url, one)
    return tuple(kept.values())
