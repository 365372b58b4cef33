"""The store of Overheard, on SQLite or PostgreSQL."""

from overheard_storage.store import SqlStore, migrate, open_store

__all__ = ["SqlStore", "migrate", "open_store"]
