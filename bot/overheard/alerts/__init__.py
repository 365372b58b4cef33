"""Alerts: what a shift is told as, to whom, once."""
