"""Blocks, rates, intervals and trends: pure functions of numbers."""
