"""What Slack refuses: limits and shapes of Block Kit, written down once more from its pages.

It shares nothing with the program, so that a limit that is wrong there is found here.
"""

import re
from collections.abc import Iterator
from typing import Any

LONGEST_MESSAGE = 13_200
STYLES = {"bold", "italic", "strike", "code"}
KEYS = {
    "header": {"text"},
    "section": {"text", "fields", "accessory"},
    "context": {"elements"},
    "actions": {"elements"},
    "divider": set(),
    "image": {"slack_file", "alt_text"},
    "rich_text": {"elements"},
    "input": {"label", "hint", "element", "optional"},
    "data_table": {"caption", "rows", "page_size", "row_header_column_index"},
}


def judge_message(message: dict[str, Any]) -> Iterator[str]:
    """Yield what Slack would refuse in a message."""
    blocks = message.get("blocks", [])
    if len(message.get("text", "")) > 40_000:
        yield "text: longer than 40000"
    if not message.get("text"):
        yield "text: missing, so that screen readers and notifications are silent"
    if len(blocks) > 50:
        yield "blocks: more than 50"
    if characters(blocks) > LONGEST_MESSAGE:
        yield "blocks: too long together"
    yield from _blocks(blocks, {"input"})
    if sum(block["type"] == "data_table" for block in blocks) > 1:
        yield "more than one table"
    metadata = message.get("metadata")
    if metadata is not None and (
        set(metadata) != {"event_type", "event_payload"} or not metadata["event_payload"]
    ):
        yield "metadata: needs event_type and event_payload"


def judge_view(view: dict[str, Any]) -> Iterator[str]:
    """Yield what Slack would refuse in a modal or an App Home."""
    blocks = view.get("blocks", [])
    if len(blocks) > 100:
        yield "blocks: more than 100"
    if view["type"] == "modal":
        yield from _text(view.get("title"), "title", 24)
        for key in ("submit", "close"):
            if key in view:
                yield from _text(view[key], key, 24)
        if any(block["type"] == "input" for block in blocks) and "submit" not in view:
            yield "submit: needed with inputs"
    elif set(view) - {"type", "blocks", "private_metadata", "callback_id"}:
        yield "home: has keys of a modal"
    if len(view.get("private_metadata", "")) > 3000:
        yield "private_metadata: longer than 3000"
    yield from _blocks(blocks, {"data_table"})


def characters(piece: Any) -> int:
    """Count the letters that a reader sees."""
    if isinstance(piece, list):
        return sum(map(characters, piece))
    if not isinstance(piece, dict):
        return 0
    own = piece.get("text")
    return sum(map(characters, piece.values())) + (len(own) if isinstance(own, str) else 0)


def _blocks(blocks: list[dict[str, Any]], forbidden: set[str]) -> Iterator[str]:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "block_id: not unique"
    for number, block in enumerate(blocks):
        kind = block.get("type", "")
        if kind not in KEYS or kind in forbidden:
            yield f"blocks[{number}]: no block of type {kind} here"
            continue
        if extra := set(block) - KEYS[kind] - {"type", "block_id"}:
            yield f"blocks[{number}]: unknown {extra}"
        yield from (f"blocks[{number}]: {problem}" for problem in _JUDGES[kind](block))


def _header(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("text"), "text", 150)


def _section(block: dict[str, Any]) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "needs text or fields"
    if "text" in block:
        yield from _text(block["text"], "text", 3000, mrkdwn=True)
    if "accessory" in block:
        yield from _button(block["accessory"])
    if len(block.get("fields", ())) > 10:
        yield "more than 10 fields"
    for field in block.get("fields", ()):
        yield from _text(field, "field", 2000, mrkdwn=True)


def _context(block: dict[str, Any]) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield "1 to 10 elements"
    for element in block["elements"]:
        yield from _text(element, "element", 3000, mrkdwn=True)


def _actions(block: dict[str, Any]) -> Iterator[str]:
    elements = block["elements"]
    if not 1 <= len(elements) <= 25:
        yield "1 to 25 elements"
    if len({element.get("action_id") for element in elements}) != len(elements):
        yield "action_id not unique"
    for element in elements:
        yield from _ELEMENTS.get(element.get("type"), _button)(element)


def _select(menu: dict[str, Any]) -> Iterator[str]:
    if set(menu) - {"type", "action_id", "placeholder", "options", "initial_option", "confirm"}:
        yield "no static select"
    if not 0 < len(menu.get("action_id", "")) <= 255:
        yield "action_id missing or too long"
    yield from _text(menu.get("placeholder"), "placeholder", 150)
    yield from judge_options(menu["options"], at_least=1)
    if menu.get("initial_option", menu["options"][0]) not in menu["options"]:
        yield "an initial option that is no option"


def _overflow(menu: dict[str, Any]) -> Iterator[str]:
    if set(menu) != {"type", "action_id", "options"} or not 1 <= len(menu["options"]) <= 5:
        yield "1 to 5 options"
    yield from judge_options(menu["options"], at_least=1)


def _image(block: dict[str, Any]) -> Iterator[str]:
    if set(block["slack_file"]) != {"id"} or not block["slack_file"]["id"]:
        yield "a file by its id"
    if not 1 <= len(block["alt_text"]) <= 2000:
        yield "1 to 2000 characters of alt_text"


def _button(button: dict[str, Any]) -> Iterator[str]:
    known = {"type", "action_id", "text", "value", "style", "confirm"}
    if button.get("type") != "button" or set(button) - known:
        yield "no button"
    yield from _text(button.get("text"), "button", 75)
    if len(button.get("value", "")) > 2000 or len(button.get("action_id", "")) > 255:
        yield "value or action_id too long"
    if button.get("style", "primary") not in {"primary", "danger"}:
        yield "no such style"
    if confirm := button.get("confirm"):
        for key, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _text(confirm.get(key), f"confirm.{key}", limit)


def _rich(block: dict[str, Any]) -> Iterator[str]:
    kinds = {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}
    if not block["elements"]:
        yield "no elements"
    for part in block["elements"]:
        if part.get("type") not in kinds or set(part) != {"type", "elements"}:
            yield f"no such element {part.get('type')}"
        for run in part["elements"]:
            styled = set(run.get("style", {})) <= STYLES
            known = run.get("type") == "text" or str(run.get("url", "")).startswith("https://")
            if not known or not run.get("text") or not styled:
                yield f"no such run {run.get('type')}"


def _input(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("label"), "label", 2000)
    if "hint" in block:
        yield from _text(block["hint"], "hint", 2000)
    element = block["element"]
    kind = element["type"].removeprefix("multi_")
    if kind not in {
        "static_select", "external_select", "plain_text_input", "number_input", "checkboxes",
        "radio_buttons", "conversations_select", "users_select", "timepicker",
    }:  # fmt: skip
        yield f"no such input {kind}"
    if kind in {"checkboxes", "radio_buttons"} and len(element["options"]) > 10:
        yield "more than 10 boxes"
    if kind == "timepicker" and not re.fullmatch(
        r"\d\d:\d\d", element.get("initial_time", "09:00")
    ):
        yield "no time"
    if not re.fullmatch(r"[CDGU]\w+", element.get("initial_conversation", "C1")):
        yield "no conversation"
    if kind in {"static_select", "checkboxes", "radio_buttons"}:
        yield from judge_options(element.get("options", []), at_least=1)
    chosen = [element["initial_option"]] if "initial_option" in element else []
    chosen = element.get("initial_options", chosen)
    yield from judge_options(chosen, at_least=int("initial_options" in element))
    if kind in {"static_select", "checkboxes", "radio_buttons"} and any(
        one not in element["options"] for one in chosen
    ):
        yield "an initial option that is no option"
    if kind == "number_input" and "is_decimal_allowed" not in element:
        yield "is_decimal_allowed is missing"
    if len(element.get("initial_value", "")) > element.get("max_length", 3000):
        yield "initial_value too long"


def judge_options(options: list[dict[str, Any]], *, at_least: int = 0) -> Iterator[str]:
    """Yield what Slack would refuse among the choices of a menu."""
    if not at_least <= len(options) <= 100:
        yield f"{at_least} to 100 options"
    for option in options:
        yield from _text(option.get("text"), "option", 75)
        if not 1 <= len(option.get("value", "")) <= 150:
            yield "an option's value has 1 to 150 characters"
    if len({option["value"] for option in options}) != len(options):
        yield "options not unique"


def _text(text: Any, place: str, limit: int, *, mrkdwn: bool = False) -> Iterator[str]:
    kinds = {"plain_text": {"emoji"}, **({"mrkdwn": {"verbatim"}} if mrkdwn else {})}
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"{place}: no text object"
        return
    if set(text) - {"type", "text"} - kinds[text["type"]]:
        yield f"{place}: unknown keys"
    if not 1 <= len(text["text"]) <= limit:
        yield f"{place}: 1 to {limit} characters, has {len(text['text'])}"


def _data_table(block: dict[str, Any]) -> Iterator[str]:
    rows = block["rows"]
    if not block.get("caption"):
        yield "a caption"
    if not 1 <= block.get("page_size", 5) <= 100:
        yield "1 to 100 rows in a page"
    if not 2 <= len(rows) <= 101 or not 1 <= len(rows[0]) <= 20:
        yield "a header with 1 to 100 rows, and 1 to 20 columns"
    if any(len(row) != len(rows[0]) for row in rows):
        yield "rows of different lengths"
    if characters(rows) > 10_000:
        yield "more than 10,000 characters"
    for number, cell in ((number, cell) for number, row in enumerate(rows) for cell in row):
        kind = cell.get("type")
        if kind == "rich_text" and number:
            yield from _rich(cell)
        elif kind == "raw_number" and number:
            if set(cell) != {"type", "value", "text"} or not isinstance(cell["value"], int | float):
                yield "a number has a value and a text"
        elif kind != "raw_text" or set(cell) != {"type", "text"} or not cell["text"]:
            yield f"no such cell {kind}"


_ELEMENTS = {"overflow": _overflow, "static_select": _select}
_JUDGES = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda _: iter(()),
    "image": _image,
    "rich_text": _rich,
    "input": _input,
    "data_table": _data_table,
}
