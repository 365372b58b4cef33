"""The kit for plugin authors: fakes for the rest of Overheard, and checks for each kind of plugin.

The fixtures of the same parts come with the pytest plugin `pytest_overheard`.
"""

from overheard.testing.checks import (
    PINGS,
    check_chat,
    check_command,
    check_conversation,
    check_failure,
    check_feed,
    check_hosted_provider,
    check_provider,
    check_scorer,
)
from overheard.testing.deployment import (
    Deployment,
    OpenDeployment,
    close_test_stores,
    open_deployment,
    open_test_store,
)
from overheard.testing.fakes import (
    NOW,
    TEXTS,
    EchoAsker,
    EchoProvider,
    FakeChat,
    FixedClock,
    Screen,
    question,
    readings,
)
from overheard.testing.service import Call, Reaction, Service

__all__ = [
    "NOW",
    "PINGS",
    "TEXTS",
    "Call",
    "Deployment",
    "EchoAsker",
    "EchoProvider",
    "FakeChat",
    "FixedClock",
    "OpenDeployment",
    "Reaction",
    "Screen",
    "Service",
    "check_chat",
    "check_command",
    "check_conversation",
    "check_failure",
    "check_feed",
    "check_hosted_provider",
    "check_provider",
    "check_scorer",
    "close_test_stores",
    "open_deployment",
    "open_test_store",
    "question",
    "readings",
]
