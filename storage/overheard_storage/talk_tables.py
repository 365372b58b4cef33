"""The tables of what chats leave behind; see `tables`."""

from __future__ import annotations

from sqlalchemy import JSON, Column, String, Table

from overheard_storage.columns import Moment, Prose
from overheard_storage.parts import column, metadata

requests = Table(
    "requests",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("request", Prose, primary_key=True),
    column("at", Moment, index=True),
)

waiting = Table(
    "waiting",
    metadata,
    Column("token", String(32), primary_key=True),
    column("command", Prose),
    column("options", JSON),
    column("platform", String(32)),
    column("person", Prose),
    column("name", Prose),
    column("channel", Prose),
    column("until", Moment),
)
