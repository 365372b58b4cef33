"""Blocks, rates, intervals and trends. Pure functions over numbers."""
