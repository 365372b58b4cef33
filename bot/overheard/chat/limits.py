"""What each platform takes at most, as its documentation says. In characters, unless named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlackLimits:
    """Slack's limits; https://docs.slack.dev/reference/block-kit and /reference/methods.

    Attributes:
        message: Of all words in the blocks of one message; Slack names no number and refuses
            messages that are a little longer than this.
        blocks: How many a message has.
        home: How many blocks a modal or an App Home has.
        header: Of a header.
        text: Of a section, and of one piece of rich text.
        fields: How many a section has.
        field: Of a section's field.
        context: Of an element of a context block.
        label: Of a button, a placeholder and an option.
        value: Of a button's value.
        chosen: Of an option's value.
        buttons: How many an actions block has.
        alt: Of the alternative text of a picture.
        question: Of the text of a confirmation, whose title and buttons have `question_title` and
            `question_button`.
        modal_title: Of a modal's title; the same holds for its buttons.
        hint: Of an input's label and hint.
        options: How many a menu has.
        typed: Of what is typed into an input.
        metadata: Of what a modal carries unseen.
        replies: How often a response URL can be used.
        reply_window: Seconds for which it can be used.
        form_window: Seconds within which a form must be opened, after a click.
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
    alt: int = 2_000
    question: int = 300
    question_title: int = 100
    question_button: int = 30
    modal_title: int = 24
    hint: int = 2_000
    options: int = 100
    typed: int = 3_000
    metadata: int = 3_000
    replies: int = 5
    reply_window: float = 30 * 60
    form_window: float = 3


SLACK = SlackLimits()


@dataclass(frozen=True, slots=True)
class DiscordLimits:
    """Discord's limits; https://docs.discord.com/developers, the pages on messages, components,
    interactions and application commands. Characters are UTF-16 units, the stricter reading.

    Attributes:
        embeds: How many a message has.
        message: Of all words in the embeds of one message.
        title: Of an embed's title.
        text: Of an embed's description.
        fields: How many an embed has.
        field_name: Of a field's name.
        field: Of a field's value.
        footer: Of an embed's footer.
        author: Of the name above an embed's title.
        alt: Of the description of an attachment.
        files: How many a message has.
        rows: How many rows of buttons a message has, of `row` buttons each.
        label: Of a button.
        custom_id: Of what a button or a modal carries unseen.
        children: How many options, subcommands and choices there are side by side.
        name: Of a command and an option.
        summary: Of the description of a command and an option.
        choice: Of a choice's name and value.
        command: Of all names, descriptions and values of a root command together.
        inputs: How many a modal has.
        modal_title: Of a modal's title and of an input's label.
        hint: Of an input's description and placeholder.
        typed: Of what is typed into an input.
        nonce: Of what makes a second post of the same message void.
        token_life: Seconds for which an interaction can be answered.
    """

    embeds: int = 10
    message: int = 6_000
    title: int = 256
    text: int = 4_096
    fields: int = 25
    field_name: int = 256
    field: int = 1_024
    footer: int = 2_048
    author: int = 256
    alt: int = 1_024
    files: int = 10
    rows: int = 5
    row: int = 5
    label: int = 80
    custom_id: int = 100
    children: int = 25
    name: int = 32
    summary: int = 100
    choice: int = 100
    command: int = 8_000
    inputs: int = 5
    modal_title: int = 45
    hint: int = 100
    typed: int = 4_000
    nonce: int = 25
    token_life: float = 15 * 60


DISCORD = DiscordLimits()
