"""From an SDK's error to what it means.

SDKs wrap each other's errors, and some wrap wrongly (a hang-up becomes a time-out on the way from
aiohttp through httpx2). So the whole chain of causes is read, by the names of its classes: no SDK
need be imported for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from overheard.domain import Failing
from overheard.providing.faults import Fault, Place
from overheard.providing.headers import rate_limits, retry_after, wait
from overheard.providing.meanings import BROKEN, BY_CLASS, BY_STATUS, BY_WORD, REFUSED


def read_fault(error: BaseException, place: Place) -> Fault:
    """Return what an error of an SDK means."""
    fault = _by_status(error) or _by_class(error)
    facts = {
        "url": place.url,
        "api": place.api,
        "timeout": place.timeout,
        "silence": place.silence,
        "status": fault.status,
    }
    return replace(fault, reason=fault.reason.format(**facts))


def _by_status(error: BaseException) -> Fault | None:
    status = _status(error)
    if not status:
        return None
    texts = list(_texts([getattr(error, name, None) for name in ("body", "details")]))
    said = next((BY_WORD[text] for _, text in texts if text in BY_WORD), None)
    fault = said or BY_STATUS.get(status, BROKEN if status >= 500 else REFUSED)
    headers = _headers(error)
    delays = [retry_after(headers), *(wait(text) for key, text in texts if key == "retryDelay")]
    asked = next((delay for delay in delays if delay is not None), None)
    return replace(
        fault,
        status=status,
        retry_after=asked if fault.retryable else None,
        limits=rate_limits(headers),
    )


def _headers(error: BaseException) -> Mapping[str, str]:
    """Return the response's headers; aiohttp's own error carries them itself, or None."""
    whole = getattr(error, "response", error)
    return getattr(whole, "headers", None) or {}


def _by_class(error: BaseException) -> Fault:
    names = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    for known, fault in BY_CLASS:
        if known & names:
            return fault
    return Fault(Failing.OTHER, type(error).__name__, "try again later")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int:
    """Return the HTTP status of an error, 0 where it has none that says that it is one.

    The first number is it: to look further warns with aiohttp, whose errors have an old name too.
    """
    told = (getattr(error, name, None) for name in ("status_code", "status", "code"))
    status = next((number for number in told if isinstance(number, int)), 0)
    return status if 300 <= status <= 599 else 0


def _texts(body: object, key: str = "", depth: int = 6) -> Iterator[tuple[str, str]]:
    """Yield the texts in a body with their keys. Those that matter never stand deep, and a hostile
    body may be deep.
    """
    if isinstance(body, str):
        yield key, body
    elif depth and isinstance(body, Mapping):
        for name, part in body.items():
            yield from _texts(part, str(name), depth - 1)
    elif depth and isinstance(body, list):
        for part in body:
            yield from _texts(part, key, depth - 1)
