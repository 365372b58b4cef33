"""Tests of the provider: on a real socket, against a service that also misbehaves."""

from __future__ import annotations

from typing import Any

import pytest

from overheard import Secret
from overheard.testing import OpenDeployment, Reaction, Service, check_hosted_provider
from overheard_my_provider import MyProvider, MySettings


def said(text: str, *, done: bool = True) -> dict[str, Any]:
    """Return what the service sends for an answer."""
    return {"text": text, "done": done, "model": "model-1-0001", "sent": 10, "received": 20}


async def test_it_is_a_provider(overheard_service: Service) -> None:
    """The provider handles all faults of a service, and shows its key nowhere."""

    def make(url: str, key: str, timeout: float) -> MyProvider:
        settings = MySettings(base_url=url, api_key=Secret(key), timeout=timeout)
        return MyProvider("my_provider", settings)

    await check_hosted_provider(
        make, overheard_service, answer=said, cut=lambda text: said(text, done=False)
    )


async def test_it_is_asked_by_a_check(
    overheard_deployment: OpenDeployment,
    overheard_service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Overheard finds the plugin by its table, and keeps what it answers."""
    monkeypatch.setenv("MY_PROVIDER_API_KEY", "key-1")
    overheard_service.reactions = [Reaction(said("Acme is good."))]
    deployment = await overheard_deployment(
        f'[providers.mine]\nplugin = "my_provider"\nbase_url = "{overheard_service.url}"\n'
        '[providers.mine.prices."model-1"]\ninput = 0.0\noutput = 0.0'
    )
    await deployment.type("check --model mine/model-1")

    assert deployment.problems == {}
    answers = [answer async for answer in deployment.store.answers.stream()]
    assert {answer.reply.text for answer in answers} == {"Acme is good."}
