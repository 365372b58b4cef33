"""The limits of Slack, in characters unless said otherwise."""

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
    replies: int = 5
    reply_window: float = 30 * 60
    form_window: float = 3


SLACK = SlackLimits()
