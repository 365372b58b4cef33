"""Asking: panels, budgets, limits, runs, scoring."""
