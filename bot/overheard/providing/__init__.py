"""What hosted services have in common, for the plugins that ask them.

A plugin speaks its vendor's SDK; everything else (settings, prices, time-outs, what an error
means, what a reply must look like) is here, so that all providers tell the same things alike.
"""

from overheard.providing.batches import FoundBatch, batch_lines, batch_problem
from overheard.providing.batching import BatchingProvider
from overheard.providing.created import CreationDates
from overheard.providing.landscapes import read_landscapes
from overheard.providing.prices import PriceList
from overheard.providing.provider import HostedProvider
from overheard.providing.service import HostedService
from overheard.providing.settings import PriceTable, ProviderSettings

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
