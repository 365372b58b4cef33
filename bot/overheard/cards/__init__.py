"""Neutral cards and charts: what is shown, and nothing of where."""
