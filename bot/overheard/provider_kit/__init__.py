"""Shared code of plugins for hosted services.

A plugin calls the SDK of its vendor. Settings, prices, timeouts, the meaning of errors and the
conversion of replies are here, so that all providers behave alike.
"""
