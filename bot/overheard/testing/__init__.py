"""The kit for plugin authors: fakes for the rest of Overheard, and checks for each kind of plugin.

The fixtures of the same parts come with the pytest plugin `pytest_overheard`.
"""

from overheard.testing.checks import (
    PINGS as PINGS,
    check_chat as check_chat,
    check_command as check_command,
    check_conversation as check_conversation,
    check_failure as check_failure,
    check_feed as check_feed,
    check_hosted_provider as check_hosted_provider,
    check_provider as check_provider,
    check_scorer as check_scorer,
)
from overheard.testing.deployment import (
    Deployment as Deployment,
    OpenDeployment as OpenDeployment,
    close_test_stores as close_test_stores,
    open_deployment as open_deployment,
    open_test_store as open_test_store,
)
from overheard.testing.fakes import (
    NOW as NOW,
    TEXTS as TEXTS,
    EchoAsker as EchoAsker,
    EchoProvider as EchoProvider,
    FakeChat as FakeChat,
    FixedClock as FixedClock,
    Screen as Screen,
    question as question,
    readings as readings,
)
from overheard.testing.service import Call as Call, Reaction as Reaction, Service as Service
