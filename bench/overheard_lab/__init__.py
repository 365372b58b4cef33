"""The laboratory: the monitor that ships, tried on simulated brands whose truth is known.

It is no part of the program. In a clone:
``uv run --directory bench python -m overheard_lab simulate``
"""
