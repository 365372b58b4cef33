"""Sharing what a provider allows among many processes, without any of them knowing the others.

A provider has so many seats. The queue gives a task that asks it to no more workers at a time than
there are seats, whatever number of workers there is. Who holds a seat may use its share of what
the provider allows: of the calls at a time, and of the requests and tokens a minute. So all
together never use more than that, and use all of it as long as there are as many tasks as seats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from overheard.checks.limits import Limits
from overheard.domain import Model
from overheard.interfaces import Provider

SEATS = 8
"""Seats of a provider that allows as many calls at a time."""


def seats(limits: Limits, provider: Provider) -> int:
    """Return how many seats a provider has: each is good for at least one call at a time."""
    return max(1, min(SEATS, *(gate.full for gate in limits.gates(provider, _models(provider)))))


@contextmanager
def seat(limits: Limits, providers: Mapping[str, Provider], name: str) -> Iterator[None]:
    """Hold a seat of a provider while the block lasts; nothing of one that does not exist."""
    provider = providers.get(name)
    if provider is None:
        yield
        return
    gates = limits.gates(provider, _models(provider))
    of = seats(limits, provider)
    for gate in gates:
        gate.seat(1, of)
    try:
        yield
    finally:
        for gate in gates:
            gate.seat(-1, of)


def _models(provider: Provider) -> list[Model]:
    return [Model(provider.name, name) for name in provider.models()]
