"""The history of the tables, as Alembic's scripts.

They run on a connection that `overheard_storage.schema` hands over; there is no alembic.ini.
A change of the tables is written down with ``python -m overheard_storage.migrations "message"``.
"""
