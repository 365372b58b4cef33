"""A running process: its wiring, services, scheduling, health and shutdown."""
