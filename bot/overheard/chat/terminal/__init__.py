"""The terminal: its grammar and how it shows cards."""
