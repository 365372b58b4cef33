"""Which plugins a deployment allows: ``[plugins] allow``, and what a pin covers.

A pin is the SHA-256 of the list of a distribution's files with the SHA-256 of each, as they lie on
the disk now. It covers what the installed RECORD lists, without what an installer or Python writes
itself. Compiled copies of the code are not covered: who can write there can do anything.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import PurePosixPath

from overheard.config.sections import Config
from overheard.errors import OverheardError
from overheard.installation import PROJECT
from overheard.plugins.registration import Fault

UNCOVERED = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})
"""Files of a distribution's metadata that say how it was installed, and not what."""

_PIN = re.compile(r"^(?P<needed>.*?)(?:\s+--hash=sha256:(?P<pin>[0-9a-f]{64}))?$")


class Unpinnable(OverheardError):
    """A distribution has no files that a hash could cover."""

    message = "{distribution} cannot be pinned: {reason}; {remedy}."

    distribution: str
    reason: str
    remedy: str


def check_allowed(
    config: Config, name: str, version: str, installed: Distribution | None = None
) -> None:
    """Raise an error unless the configuration allows a distribution; called before its code runs.

    Without ``[plugins] allow`` every distribution is allowed. Otherwise it is allowed if an entry
    names it, without a version or with a range that fits, and has no pin, or if its files have one
    of the pins of these entries.

    Args:
        config: The configuration; ``[plugins] allow`` lists names, versions and pins.
        installed: The installed distribution, whose files a pin is compared with; None fits no
            pin.

    Raises:
        Fault: when the distribution is not allowed, with the entry that would allow it; when an
            entry is not valid.
    """
    entries = config.plugins.allow
    if entries is None:
        return
    required = [_pin_in_entry(entry, name, version, config.file) for entry in entries]
    if None in required:  # an entry without a pin allows it
        return
    pins = [pin for pin in required if pin]
    if not pins:
        raise Fault(
            f"is not allowed; if you trust it, add "
            f'"{name}=={version}" to {config.file}, [plugins] allow, or else remove it'
        )
    _check_pins(pins, name, installed, config.file)


def entry_of(name: str) -> str:
    """Return the entry of ``[plugins] allow`` that pins a distribution in its installed version,
    such as ``acme==1.2 --hash=sha256:0a1b...``.

    Raises:
        Unpinnable: when the distribution is not installed, or its files cannot be listed.
    """
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        raise Unpinnable(
            distribution=name, reason="it is not installed", remedy="install it first"
        ) from None
    return f"{installed.name}=={installed.version} --hash=sha256:{pin_of(installed)}"


def pin_of(installed: Distribution) -> str:
    """Return a distribution's pin: the SHA-256, as 64 hexadecimal digits, of the sorted list of its
    covered files with the SHA-256 of each.

    Raises:
        Unpinnable: when a file cannot be read, or the distribution's list of files lacks the module
            of a plugin, as with an editable install.
    """
    files = _file_hashes(installed)
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path} {content}\n".encode())
    return digest.hexdigest()


def _pin_in_entry(entry: str, name: str, version: str, file: str) -> str | None:
    """Return the pin that an entry of ``[plugins] allow`` requires of a distribution.

    Args:
        entry: The entry, such as ``overheard-acme``, ``overheard-acme==1.2`` or
            ``overheard-acme==1.2 --hash=sha256:`` with 64 hexadecimal digits.

    Returns:
        The hexadecimal digits of the pin; None when the entry allows the distribution without a
        pin; an empty string when the entry is for another distribution or version.
    """
    # Only a configuration that names its plugins needs them.
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    pinned = _PIN.match(entry.strip())
    try:
        allowed = Requirement(pinned["needed"] if pinned else entry)
    except InvalidRequirement:
        raise Fault(
            f'cannot be judged: {file}, [plugins] allow has "{entry}"; write a name, or one with a '
            'version such as "overheard-acme==1.2", or what overheard plugins pin prints'
        ) from None
    is_same = canonicalize_name(allowed.name) == canonicalize_name(name)
    fits = not allowed.specifier or allowed.specifier.contains(version, prereleases=True)
    if not (is_same and fits):
        return ""
    return pinned["pin"] if pinned else None


def _check_pins(pins: list[str], name: str, installed: Distribution | None, file: str) -> None:
    """Raise `Fault`, with the remedy, unless an installed distribution has one of the pins.

    The fault names a file that was changed after the installation, if there is one.

    Args:
        pins: The pins, as hexadecimal digits.
        installed: The installed distribution, or None.
    """
    remedy = f"reinstall it, or, if you trust it as it is, write what overheard plugins pin {name} "
    remedy += f"prints into {file}, [plugins] allow"
    try:
        if installed and pin_of(installed) in pins:
            return
        changed = next(_changed_files(installed), "") if installed else ""
    except Unpinnable as error:
        raise Fault(f"is not loaded, because {error.details['reason']}; {remedy}") from None
    if changed:
        raise Fault(f"is not what was pinned: {changed} was changed after installing it; {remedy}")
    raise Fault(f"is not what was pinned: its files are other ones; {remedy}")


def _file_hashes(installed: Distribution) -> Mapping[str, str]:
    """Return the SHA-256 of each file that a pin covers, as it lies on the disk now, in hexadecimal
    digits and by the file's name in the distribution.

    Raises:
        Unpinnable: when a file cannot be read, or the list of files lacks the plugin's module.
    """
    listed = {path.as_posix(): path for path in installed.files or ()}
    covered = {name: path for name, path in listed.items() if _is_covered(name)}
    _check_whole(installed, covered)
    contents = {}
    for name, path in covered.items():
        try:
            content = installed.locate_file(path).read_bytes()  # type: ignore[attr-defined]
        except OSError:
            raise Unpinnable(
                distribution=installed.name,
                reason=f"its file {name} is gone",
                remedy="reinstall it",
            ) from None
        contents[name] = hashlib.sha256(content).hexdigest()
    return contents


def _is_covered(name: str) -> bool:
    """Return whether a pin covers a file of a distribution: neither compiled code (``.pyc``) nor
    one of `UNCOVERED` in the folder of the metadata.
    """
    path = PurePosixPath(name)
    own = path.parent.name.endswith(".dist-info") and path.name in UNCOVERED
    return path.suffix != ".pyc" and not own


def _check_whole(installed: Distribution, covered: Mapping[str, object]) -> None:
    """Raise an error unless the module of each of a distribution's plugins is among the covered
    files.
    """
    for point in installed.entry_points:
        if point.group != PROJECT:
            continue
        path = point.module.replace(".", "/")
        if not {f"{path}.py", f"{path}/__init__.py"} & set(covered):
            raise Unpinnable(
                distribution=installed.name,
                reason=f"its list of files does not hold {point.module}, as with an editable "
                "install",
                remedy="install it as a wheel",
            )


def _changed_files(installed: Distribution) -> Iterator[str]:
    """Yield the names of the covered files whose SHA-256 differs from that in the installed RECORD,
    in its order. Files without a SHA-256 there are skipped.

    Raises:
        Unpinnable: when a file cannot be read, or the list of files lacks the plugin's module.
    """
    actual = _file_hashes(installed)
    for path in installed.files or ():
        if path.hash is None or path.hash.mode != "sha256":
            continue
        name, recorded = path.as_posix(), _hexadecimal(path.hash.value)
        if actual.get(name, recorded) != recorded:
            yield name


def _hexadecimal(value: str) -> str:
    """Return a digest from a RECORD (base 64 without padding) in hexadecimal digits."""
    return urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
