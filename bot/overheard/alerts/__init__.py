"""Alerts and their life; whether a shift becomes one is decided in `detection/decide.py`."""
