"""Overheard: hear what AI models say about a brand, and speak up when that shifts.

This is the face: all that a plugin needs, see `overheard.api`. Nothing else is public.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overheard.api import *  # noqa: F403 - the names are listed there
else:  # the program begins here too, and need not wait for all that plugins see

    def __getattr__(name: str) -> Any:
        """Return what the face has of this name, or what has taken its place."""
        face = import_module("overheard.api")
        if name == "__all__":
            return [name for name in vars(face) if not name.startswith("_")]
        if not hasattr(face, name):
            name = import_module("overheard.deprecations").replacement(name)
        return getattr(face, name)

    def __dir__() -> list[str]:
        """Return the names of the face, which `dir` and completion would else not see."""
        return sorted({*globals(), *__getattr__("__all__")})
