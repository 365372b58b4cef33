"""Which plugins are installed, whatever the records of installed distributions look like."""

from __future__ import annotations

from importlib.metadata import Distribution, EntryPoint, distributions, entry_points

from overheard.hookspecs import PROJECT


def installed_plugins() -> tuple[list[EntryPoint], list[str]]:
    """Return the entry points of plugins, and the distributions whose own cannot be read."""
    try:
        return list(entry_points(group=PROJECT)), []
    except Exception:  # a single broken record, and nobody's can be listed
        return _one_by_one()


def identity(point: EntryPoint) -> tuple[str, str]:
    """Return the name and the version of what a plugin came with, as far as its record tells."""
    name, version = _told(point.dist) if point.dist else ("", "")
    return name or point.value, version


def _one_by_one() -> tuple[list[EntryPoint], list[str]]:
    points: list[EntryPoint] = []
    broken: list[str] = []
    for distribution in distributions():
        try:
            points.extend(distribution.entry_points.select(group=PROJECT))
        except Exception:  # whatever stands there
            broken.append(_told(distribution)[0] or "a distribution without a name")
    return points, broken


def _told(distribution: Distribution) -> tuple[str, str]:
    try:
        metadata = distribution.metadata  # each look at it reads it anew
        return metadata["Name"] or "", metadata["Version"] or ""
    except Exception:  # no text at all, or none that Python reads
        return "", ""
