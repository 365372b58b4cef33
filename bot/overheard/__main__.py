"""Where the program begins: ``overheard``, and ``python -m overheard``."""

import gc
import os
import sys
from importlib.metadata import version


def main() -> None:
    """Run the program by the arguments of the process.

    If ``--version`` is the only one, the version is printed at once. Any others are a command of
    the terminal, which is read from them and run.
    """
    if sys.argv[1:] == ["--version"]:  # scripts ask, again and again, and need nothing else
        sys.stdout.write(f"{version('overheard')}\n")
        return
    # Pydantic would look through all packages for plugins, which would see every setting.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()  # imported objects are no garbage, and a search among them takes long
    from overheard.runtime import wiring

    gc.freeze()  # and they stay
    gc.set_threshold(wiring.GC_THRESHOLD_OBJECTS)
    gc.enable()
    wiring.main()


if __name__ == "__main__":
    main()
