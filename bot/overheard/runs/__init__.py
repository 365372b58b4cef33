"""A run, from its plan to its stored answers."""
