"""The bundled example: a brand, its buyers' questions and the local model, without a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from overheard.config.loader import Config, find_config, parse_config
from overheard.deployment import Deployment, Session


def example(folder: Path, scale: float = 1.0) -> Config:
    """Return the example's configuration.

    Args:
        folder: Where its store lies.
        scale: How strongly the bundled fine-tune works in the local model, 0 to 1.
    """
    text = files("overheard.commands").joinpath("demo.toml").read_text(encoding="utf-8")
    store = f"sqlite:///{(folder / 'example.db').as_posix()}"
    filled = text.replace("{store}", store).replace("{scale}", str(scale))
    return parse_config(filled, "the configuration of the example")


@asynccontextmanager
async def opened(given: Deployment | Session) -> AsyncIterator[Deployment]:
    """Give an open deployment: the one at hand, or the one that is configured, or the example in a
    store that is removed behind the block.
    """
    if isinstance(given, Deployment):
        yield given
        return
    with _config(given) as config:
        async with given.open_deployment(config) as deployment:
            yield deployment


@contextmanager
def _config(session: Session) -> Iterator[Config]:
    if session.config is not None or find_config(None).exists():
        yield session.read_config()
        return
    with TemporaryDirectory(prefix="overheard-example-") as folder:
        yield example(Path(folder))
