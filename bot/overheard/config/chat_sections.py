"""The tables of config.toml for all chats: who may do what, and channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from overheard.config.settings_base import Dollars, Settings

CHANNEL = r"^[a-z][a-z0-9_-]*:\S+$"
_IDS = {"slack": r"([A-Z0-9]+/)?[A-Z0-9]+", "discord": r"@?\d+"}
"""What ids look like, by platform; other chats have their own."""


def is_name(channel: str) -> bool:
    """Return whether a channel or person of Slack or Discord is written by name, not by id."""
    platform, _, written = channel.partition(":")
    return platform in _IDS and not re.fullmatch(_IDS[platform], written)


class AccessTable(Settings):
    """``[access]``: the rights of users in chat; the terminal may do everything.

    People, groups and roles are written as ``platform:id``.

    Attributes:
        everyone: The right of users who are not listed below: ``nothing``, ``viewer`` (read) or
            ``operator`` (spend within the budget, handle alerts).
        viewers: May read.
        operators: May also spend and handle alerts.
        admins: May also configure.
        channels: The channels in which the bot answers; empty means all channels with the bot.
    """

    everyone: Literal["nothing", "viewer", "operator"] = "operator"
    viewers: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @field_validator("viewers", "operators", "admins", "channels")
    @classmethod
    def _are_ids(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        for each in ids:
            if not re.match(CHANNEL, each) or is_name(each):
                raise ValueError(f'must hold ids such as "slack:U0123456789", and not "{each}"')
        return ids


class ChatTable(Settings):
    """``[chat]``: settings for all chats.

    Attributes:
        spend_without_asking: US dollars up to which a command runs without a confirmation of its
            price.
        channels: The same limit for single channels, by ``platform:id``.
    """

    spend_without_asking: Dollars = 0.0
    channels: Mapping[str, Dollars] = Field(default_factory=dict)

    def free(self, channel: str) -> float:
        """Return the US dollars that a command in a channel may cost without confirmation."""
        return self.channels.get(channel, self.spend_without_asking)
