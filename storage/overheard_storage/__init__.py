"""The store of Overheard: what it heard, on SQLite or PostgreSQL."""

from overheard_storage.store import SqlStore, migrate, open_store

__all__ = ["SqlStore", "migrate", "open_store"]
