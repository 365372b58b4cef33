"""numpy, imported at the first use, so that the program starts faster; and array types.

The matrices of an analysis are small. On a busy machine the threads of OpenBLAS wait for each other
longer than they multiply: an analysis took six times the CPU time. So it gets one thread, unless
the environment says otherwise.
"""

import os
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Counts", "Floats", "Mask", "Places", "np"]

Counts: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"
Mask: TypeAlias = "NDArray[np.bool_]"
Places: TypeAlias = "NDArray[np.intp]"


class _Later(ModuleType):
    """A module that is imported when its first attribute is read."""

    def __getattr__(self, name: str) -> Any:
        """Import the module, keep all its names in this one, and return the one asked for."""
        module = import_module(self.__name__)
        vars(self).update(vars(module))  # later reads do not call __getattr__
        return getattr(module, name)


os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is imported

if not TYPE_CHECKING:
    np = _Later("numpy")
