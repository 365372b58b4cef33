"""The limits of Slack and Discord, in characters unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlackLimits:
    """Slack's limits; https://docs.slack.dev/reference/block-kit and /reference/methods.

    Attributes:
        message: All text in the blocks of a message. Slack documents no number, and refuses
            messages that are a little longer than this.
        blocks: Number of blocks in a message.
        home: Number of blocks in a modal or an App Home.
        text: A section, or one piece of rich text.
        fields: Number of fields in a section.
        field: A field of a section.
        context: An element of a context block.
        label: The label of a button, a placeholder or an option.
        value: A button's value.
        chosen: An option's value.
        buttons: Number of buttons in an actions block.
        menu: Number of entries of an overflow menu.
        table_rows: Number of rows of a data table, without its header.
        table_text: All cells of a data table.
        alt: A picture's alternative text.
        question: The text of a confirmation dialog.
        question_title: The title of a confirmation dialog.
        question_button: A button of a confirmation dialog.
        modal_title: The title of a modal, or one of its buttons.
        hint: The label or hint of an input.
        hint_in_input: The example in an empty input.
        options: Number of options in a menu.
        boxes: Number of check boxes or radio buttons in a group.
        typed: The text that a person types into an input.
        metadata: A modal's private metadata.
        replies: Number of replies to a response URL.
        reply_window: Seconds for which a response URL can be used.
        form_window: Seconds after a request within which a form must be opened.
    """

    message: int = 12_000
    blocks: int = 50
    home: int = 100
    header: int = 150
    text: int = 3_000
    fields: int = 10
    field: int = 2_000
    context: int = 3_000
    label: int = 75
    value: int = 2_000
    chosen: int = 150
    buttons: int = 25
    menu: int = 5
    table_rows: int = 100
    table_text: int = 10_000
    alt: int = 2_000
    question: int = 300
    question_title: int = 100
    question_button: int = 30
    modal_title: int = 24
    hint: int = 2_000
    hint_in_input: int = 150
    options: int = 100
    boxes: int = 10
    typed: int = 3_000
    metadata: int = 3_000
    replies: int = 5
    reply_window: float = 30 * 60
    form_window: float = 3


SLACK = SlackLimits()


@dataclass(frozen=True, slots=True)
class DiscordLimits:
    """Discord's limits; https://docs.discord.com/developers, the pages on messages, components,
    interactions and application commands. Characters are counted as UTF-16 code units.

    Attributes:
        text: All text displays of a message, or an embed's description.
        components: Number of components in a message, nested ones included.
        embeds: Number of embeds in a message.
        alt: The description of a picture.
        files: Number of attachments of a message.
        rows: Number of rows of buttons and menus in a message with embeds.
        row: Number of buttons in a row.
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
        roots: Number of root commands.
        inputs: Number of inputs in a modal.
        modal_title: A modal's title or an input's label.
        hint: An input's description or placeholder.
        typed: The text that a person types into an input.
        nonce: The nonce by which Discord recognises a repeated post.
        token_life: Seconds for which an interaction can be answered.
    """

    text: int = 4_000
    components: int = 40
    embeds: int = 10
    alt: int = 1_024
    files: int = 10
    rows: int = 5
    row: int = 5
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
    roots: int = 100
    inputs: int = 5
    modal_title: int = 45
    modal_text: int = 2_000
    hint: int = 100
    typed: int = 4_000
    nonce: int = 25
    token_life: float = 15 * 60


DISCORD = DiscordLimits()
