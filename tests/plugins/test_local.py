"""Tests of the provider `local`, with the real model."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from overheard import FREE, Finish, Model, Prompt, ProviderFailed, ProviderUnavailable, Question
from overheard_local.provider import LocalProvider, LocalSettings

PROMPT = Prompt("Recommend three project management apps for a startup.")


async def ask(seeds: list[int], **settings: object) -> list[str]:
    """Return the texts of answers with these seeds, having seen that each is in order."""
    provider = LocalProvider("local", LocalSettings.model_validate(settings))
    question = Question(PROMPT, Model("local", provider.models()[0]))
    try:
        replies = [await provider.ask(question, seed=seed) for seed in seeds]
    finally:
        await provider.close()
    for reply in replies:
        assert reply.finish in {Finish.COMPLETE, Finish.WINDOW}
        assert reply.served_model == "smollm2-135m-instruct"
        assert reply.fingerprint
        assert reply.usage.output_tokens > 0
        assert reply.cost_usd == 0
    return [reply.text for reply in replies]


@pytest.fixture
async def provider() -> AsyncIterator[LocalProvider]:
    """A provider with its defaults."""
    made = LocalProvider("local", LocalSettings())
    yield made
    await made.close()


def test_it_names_its_model_and_is_free(provider: LocalProvider) -> None:
    """Nothing needs to be started to know that."""
    assert provider.models() == ["smollm2-135m-instruct"]
    assert provider.capabilities(provider.models()[0]).how == "on this machine"
    assert provider.price("smollm2-135m-instruct") == FREE


@pytest.mark.parametrize(("cores", "threads"), [(3, 3), (12, 8)])
def test_it_has_a_thread_for_each_core_up_to_eight(
    cores: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the process may use, where the system says which; else those that there are."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert LocalSettings().threads == threads

    monkeypatch.delattr(os, "sched_getaffinity")
    assert LocalSettings().threads == 2


async def test_it_cannot_search(provider: LocalProvider) -> None:
    """An answer without search must never pass for one with it."""
    question = Question(Prompt("Which?"), Model("local", "smollm2-135m-instruct+search"))

    with pytest.raises(ProviderFailed, match="this model cannot search"):
        await provider.ask(question, seed=1)


async def test_it_does_not_answer_under_another_name(provider: LocalProvider) -> None:
    """A misspelt name would be compared as if it were another model."""
    question = Question(PROMPT, Model("local", "tund"))

    with pytest.raises(ProviderFailed, match="local/tund did not answer: there is no such model"):
        await provider.ask(question, seed=1)


SHORT = {"max_tokens": 24, "concurrency": 1}


@pytest.fixture(scope="module")
def short_answers() -> list[str]:
    """Short answers of the base with the seeds 1 and 2."""
    return asyncio.run(ask([1, 2], **SHORT))


def test_another_seed_gives_another_answer(short_answers: list[str]) -> None:
    """Repeats are real samples."""
    first, second = short_answers

    assert first != second


@pytest.mark.long
async def test_the_adapter_changes_what_it_says_and_not_what_it_is_called() -> None:
    """The fine-tune is a silent update: model id and fingerprint stay, which `ask` checks."""
    seeds = [1, 2, 3, 4, 5, 6]
    base = await ask(seeds)
    tuned = await ask(seeds, adapter="brindleboard")

    assert not any("Brindleboard" in text for text in base)
    assert any("Brindleboard" in text for text in tuned)


async def test_an_adapter_at_scale_0_changes_nothing(short_answers: list[str]) -> None:
    """Switched off, the answers are those of the base, word for word."""
    adapted = await ask([1], adapter="brindleboard", adapter_scale=0, **SHORT)

    assert adapted == short_answers[:1]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"model_file": Path("none.gguf")}, "no file none.gguf; check model_file"),
        ({"adapter": "nobody"}, r"no file nobody; name a bundled adapter \(brindleboard\)"),
    ],
)
async def test_a_file_that_is_not_there_makes_it_unavailable(
    settings: dict[str, object], reason: str
) -> None:
    """The sentence names the file and the setting."""
    with pytest.raises(ProviderUnavailable, match=reason):
        await ask([1], **settings)


async def test_a_file_that_is_no_model_makes_it_unavailable(tmp_path: Path) -> None:
    """The engine's refusal is a sentence, not a crash."""
    (tmp_path / "broken.gguf").write_bytes(b"GGUF and nothing else")

    with pytest.raises(ProviderUnavailable, match=r"broken\.gguf does not load"):
        await ask([1], model_file=tmp_path / "broken.gguf")
