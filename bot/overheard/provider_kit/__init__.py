"""Shared code of plugins for hosted services.

A plugin calls the SDK of its vendor. Settings, prices, timeouts, the meaning of errors and the
conversion of replies are here, so that all providers behave alike.
"""

from overheard.config.catalogue import read_landscapes
from overheard.provider_kit.batches import BatchingProvider, FoundBatch, batch_lines, batch_problem
from overheard.provider_kit.hosted_provider import Fields, HostedProvider, HostedService
from overheard.provider_kit.prices import CreationDates, PriceList
from overheard.provider_kit.settings import PriceTable, ProviderSettings
from overheard.provider_kit.transport import http_client

__all__ = [
    "BatchingProvider",
    "CreationDates",
    "Fields",
    "FoundBatch",
    "HostedProvider",
    "HostedService",
    "PriceList",
    "PriceTable",
    "ProviderSettings",
    "batch_lines",
    "batch_problem",
    "http_client",
    "read_landscapes",
]
