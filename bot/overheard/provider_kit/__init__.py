"""Shared code of plugins for hosted services.

A plugin calls the SDK of its vendor. Settings, prices, timeouts, the meaning of errors and the
conversion of replies are here, so that all providers behave alike.
"""

from overheard.config.catalogue import read_landscapes as read_landscapes
from overheard.provider_kit.batches import (
    BatchingProvider as BatchingProvider,
    FoundBatch as FoundBatch,
    batch_lines as batch_lines,
    batch_problem as batch_problem,
)
from overheard.provider_kit.hosted_provider import (
    Fields as Fields,
    HostedProvider as HostedProvider,
    HostedService as HostedService,
)
from overheard.provider_kit.prices import CreationDates as CreationDates, PriceList as PriceList
from overheard.provider_kit.settings import (
    PriceTable as PriceTable,
    ProviderSettings as ProviderSettings,
)
from overheard.provider_kit.transport import http_client as http_client
