"""The limits of Discord, in characters unless said otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DiscordLimits:
    """Discord's limits; https://docs.discord.com/developers, the pages on messages, components,
    interactions and application commands. Characters are counted as UTF-16 code units.

    Attributes:
        text: All text displays of a message.
        components: Number of components in a message, nested ones included.
        alt: The description of a picture.
        files: Number of attachments of a message.
        label: A button's label.
        options: Number of entries of a menu.
        option: The label or value of an entry.
        placeholder: The text of a menu without a choice.
        custom_id: The custom id of a button, a menu or a modal.
        children: Number of options, subcommands or choices of a command.
        name: The name of a command or an option.
        summary: The description of a command or an option.
        choice: The name or value of a choice.
        command: All names, descriptions and values of a root command.
        inputs: Number of inputs in a modal.
        modal_title: A modal's title or an input's label.
        hint: An input's description or placeholder.
        typed: The text that a person types into an input.
        token_life: Seconds for which an interaction can be answered.
    """

    text: int = 4_000
    components: int = 40
    alt: int = 1_024
    files: int = 10
    label: int = 80
    options: int = 25
    option: int = 100
    placeholder: int = 150
    custom_id: int = 100
    children: int = 25
    name: int = 32
    summary: int = 100
    choice: int = 100
    command: int = 8_000
    inputs: int = 5
    modal_title: int = 45
    modal_text: int = 2_000
    hint: int = 100
    typed: int = 4_000
    token_life: float = 15 * 60


DISCORD = DiscordLimits()
