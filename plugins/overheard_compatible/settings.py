"""The settings in a ``[providers.*]`` table of this plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from overheard import Model, ProviderSettings, Secret
from overheard_compatible.presets import CHAT, PLAIN, PRESETS, Preset


class CompatibleSettings(ProviderSettings):
    """An endpoint and its models.

    Attributes:
        preset: The name of a known service; see `PRESETS`.
        base_url: The address before ``/chat/completions``, which often ends in ``/v1``. A preset
            may have a default.
        api_key: The key; without a key, a meaningless key is sent.
        api_version: The ``api-version`` that Azure OpenAI wants for a deployment's address.
        temperature: The sampling temperature; None for the service's default.
        stream: Whether answers are streamed, for gateways that close a silent connection.
    """

    preset: (
        Literal["azure", "deepseek", "mistral", "ollama", "openrouter", "perplexity", "vllm", "xai"]
        | None
    ) = None
    api_key: Secret | None = None
    api_version: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    stream: bool = False

    @property
    def service(self) -> Preset:
        """What is particular about the service: its preset, or that of any endpoint."""
        return PRESETS[self.preset] if self.preset else PLAIN

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, table: Any) -> Any:
        """Return a configuration table with the preset's address and key variable.

        They are filled in only where the table does not set them; a key file also counts as set.
        Anything without a known preset is returned as it is.
        """
        preset = PRESETS.get(str(table.get("preset"))) if isinstance(table, Mapping) else None
        if preset is None:
            return table
        filled = dict(table)
        if preset.base_url:
            filled.setdefault("base_url", preset.base_url)
        if preset.key_env and not {"api_key", "api_key_file"} & filled.keys():
            filled.setdefault("api_key_env", preset.key_env)
        return filled

    @model_validator(mode="after")
    def _fits_the_service(self) -> CompatibleSettings:
        """Return the settings if they fit the service.

        Raises:
            ValueError: for a missing key at a service with keys, for streaming at a service whose
                answers are read whole, and for a model with ``+search`` at a service that cannot
                search.
        """
        service = self.service
        if service.key_env and self.api_key is None:
            raise ValueError(
                f"api_key is missing; set the environment variable {service.key_env}, or name "
                "another one as api_key_env, or a file that holds it as api_key_file"
            )
        if self.stream and service.api != CHAT:
            raise ValueError(
                f"stream: the answers of {service.title} are read whole; leave it away"
            )
        searching = [name for name in self.models if Model("", name).searches]
        if searching and not service.search:
            raise ValueError(
                f"models: {searching[0]} cannot be asked, because this service cannot be told "
                'to search; leave "+search" away'
            )
        return self
