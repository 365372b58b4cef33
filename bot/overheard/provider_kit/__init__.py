"""What hosted services have in common, for the plugins that ask them.

A plugin speaks its vendor's SDK; everything else (settings, prices, time-outs, what an error
means, what a reply must look like) is here, so that all providers tell the same things alike.
"""

from overheard.config.landscapes import read_landscapes
from overheard.provider_kit.batches import BatchingProvider, FoundBatch, batch_lines, batch_problem
from overheard.provider_kit.prices import CreationDates, PriceList
from overheard.provider_kit.provider import HostedProvider
from overheard.provider_kit.service import HostedService
from overheard.provider_kit.settings import PriceTable, ProviderSettings

__all__ = [
    "BatchingProvider",
    "CreationDates",
    "FoundBatch",
    "HostedProvider",
    "HostedService",
    "PriceList",
    "PriceTable",
    "ProviderSettings",
    "batch_lines",
    "batch_problem",
    "read_landscapes",
]
