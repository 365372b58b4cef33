"""Which plugins a deployment allows: ``[plugins] allow``."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from overheard.config import Config
from overheard.hookspecs import PROJECT
from overheard.plugins.shapes import Fault


def check_allowed(config: Config, distribution: str, version: str) -> None:
    """Refuse a distribution that the configuration does not allow, before any code of it runs.

    Raises:
        Fault: with what to write to allow it.
    """
    allowed = config.plugins.allow
    if distribution == PROJECT or allowed is None:
        return
    if any(_covers(entry, distribution, version, config.file) for entry in allowed):
        return
    raise Fault(
        f"is not allowed; if you trust it, add "
        f'"{distribution}=={version}" to {config.file}, [plugins] allow, or else remove it'
    )


def _covers(entry: str, distribution: str, version: str, file: str) -> bool:
    try:
        allowed = Requirement(entry)
    except InvalidRequirement:
        raise Fault(
            f'cannot be judged: {file}, [plugins] allow has "{entry}"; '
            'write a name, or one with a version such as "overheard-acme==1.2"'
        ) from None
    same = canonicalize_name(allowed.name) == canonicalize_name(distribution)
    return same and (not allowed.specifier or allowed.specifier.contains(version, prereleases=True))
