"""The commands: plain functions from typed arguments to a card."""
