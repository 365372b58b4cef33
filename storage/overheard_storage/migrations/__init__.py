"""The migrations of the tables, as Alembic's scripts.

They run on a connection from `overheard_storage.upgrades`; there is no alembic.ini. After a change
of the tables, ``python -m overheard_storage.migrations "message"`` writes a new migration.
"""
