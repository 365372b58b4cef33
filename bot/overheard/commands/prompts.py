"""`prompts`: the questions that buyers ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, Table
from overheard.cards.command import CommandSpec, Kind, Option, Role
from overheard.commands.arguments import find_prompt
from overheard.commands.catalogue import CHAT, FILE, changed, changed_list, require_own, require_yes
from overheard.deployment import Call, Deployment
from overheard.domain import Catalogue, Prompt
from overheard.errors import AlreadyThere, NothingToChange
from overheard.runs.plan import find_brand

SHOWN = 80
"""Characters of a prompt in a table."""


async def list_prompts(deployment: Deployment, _: Call, *, brand: str = "") -> Card:
    """Show the prompts, or those of one brand, and where each comes from.

    Raises:
        UnknownName: for a brand that does not exist.
    """
    catalogue = deployment.catalogue
    name = find_brand(catalogue, brand).name if brand else ""
    prompts = catalogue.prompts_for(name) if name else catalogue.prompts
    declared = {prompt.key for prompt in (await deployment.store.declared()).prompts}
    rows = tuple(_row(prompt, prompt.key in declared) for prompt in prompts)
    return Card(
        title=wording.count(len(prompts), "prompt") + (f" for {name}" if name else ""),
        text="" if prompts else "Nothing is asked yet. Begin with: prompts add",
        table=Table(("Prompt", "For", "Tags", "From", "Key"), rows) if rows else None,
        actions=(Action("prompts add", "Add a prompt", Style.PRIMARY),),
        footer=f"What comes from the configuration is changed in {deployment.config.file}.",
        data={"prompts": [_data(prompt, prompt.key in declared) for prompt in prompts]},
    )


async def add_prompt(
    deployment: Deployment,
    _: Call,
    *,
    text: str,
    brands: Sequence[str] = (),
    tags: Sequence[str] = (),
    topic: str = "",
    persona: str = "",
    language: str = "",
    market: str = "",
) -> Card:
    """Ask a question from the next check on; without brands, for all of them.

    Raises:
        AlreadyThere: when it is asked already.
        UnknownName: for a brand that does not exist.
    """
    prompt = Prompt(
        " ".join(text.split()),
        changed_list((), tags),
        _named(deployment.catalogue, brands),
        *(topic, persona, language, market),
    )
    if any(known.key == prompt.key for known in deployment.catalogue.prompts):
        raise AlreadyThere(thing="This prompt")
    await deployment.store.set_prompt(prompt)
    return _told(prompt, "Added a prompt", "It is asked from the next check on.")


async def edit_prompt(
    deployment: Deployment,
    _: Call,
    *,
    prompt: str,
    text: str | None = None,
    brands: Sequence[str] = (),
    tags: Sequence[str] = (),
    topic: str | None = None,
    persona: str | None = None,
    language: str | None = None,
    market: str | None = None,
) -> Card:
    """Change a prompt that somebody added. What is not given stays; ``-`` empties it.

    Another text is another prompt: the old one is retired, and its answers are not compared
    with those of the new one.

    Raises:
        UnknownName: for a prompt or a brand that does not exist.
        ReadOnly: when the configuration declares it.
        AlreadyThere: when the new text is asked already.
        NothingToChange: when nothing would change.
    """
    before = await _own(deployment, prompt)
    after = Prompt(
        " ".join((text or before.text).split()),
        changed_list(before.tags, tags),
        _named(deployment.catalogue, changed_list(before.brands, brands)),
        changed(before.topic, topic),
        changed(before.persona, persona),
        changed(before.language, language),
        changed(before.market, market),
    )
    if after == before:
        raise NothingToChange(usage=PROMPTS_EDIT.usage)
    if after.key == before.key:
        await deployment.store.set_prompt(replace(after, text=before.text))
        return _told(after, "Changed a prompt", "Its history goes on.")
    if any(known.key == after.key for known in deployment.catalogue.prompts):
        raise AlreadyThere(thing="A prompt of this text")
    await deployment.store.set_prompt(after)
    await deployment.store.remove_prompt(before.key)
    begun = "Another text is another question: its history begins now, and the old one is kept."
    return _told(after, "Replaced a prompt", begun)


async def fill_prompt(deployment: Deployment, _: Call, *, prompt: str) -> Mapping[str, Any]:
    """Return a prompt as a form for `edit_prompt` shows it."""
    found = find_prompt(deployment.catalogue, prompt)
    labels = {name: getattr(found, name) for name in ("topic", "persona", "language", "market")}
    return {
        "prompt": found.key,
        "text": found.text,
        "brands": found.brands,
        "tags": found.tags,
        **labels,
    }


async def remove_prompt(
    deployment: Deployment, _: Call, *, prompt: str, agreed: bool = False
) -> Card:
    """Ask a question no longer. Its answers are kept.

    Raises:
        UnknownName: for a prompt that does not exist.
        ReadOnly: when the configuration declares it.
        ChangeNeedsYes: when nobody has agreed.
    """
    found = await _own(deployment, prompt)
    shown = wording.shorten(wording.line(found.text), SHOWN)
    require_yes(f"“{shown}” is no longer asked, and its answers are kept", agreed=agreed)
    await deployment.store.remove_prompt(found.key)
    return Card(
        title="Removed a prompt",
        text=f"“{found.text}” is no longer asked. Its answers are kept.",
        actions=(Action(f"prompts restore {found.key}", "Undo"),),
        data={"removed": found.key},
    )


async def restore_prompt(deployment: Deployment, _: Call, *, prompt: str) -> Card:
    """Ask a question again that was removed.

    Raises:
        UnknownName: when no such prompt was removed.
    """
    found = find_prompt(await deployment.store.retired(), prompt, kind="removed prompt")
    await deployment.store.set_prompt(found)
    return _told(found, "Restored a prompt", "It is asked again from the next check on.")


async def _own(deployment: Deployment, name: str) -> Prompt:
    """Return a prompt that people may change."""
    found = find_prompt(deployment.catalogue, name)
    declared = {prompt.key for prompt in (await deployment.store.declared()).prompts}
    require_own(deployment, "This prompt", declared=found.key in declared)
    return found


def _named(catalogue: Catalogue, brands: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(find_brand(catalogue, name).name for name in brands))


def _told(prompt: Prompt, done: str, note: str) -> Card:
    labels = (prompt.topic, prompt.persona, prompt.language, prompt.market)
    fields = {
        "For": ", ".join(prompt.brands) or "all brands",
        "Tags": ", ".join(prompt.tags),
        "Labels": ", ".join(filter(None, labels)),
        "Key": prompt.key,
    }
    return Card(
        title=done,
        text=f"“{prompt.text}”\n\n{note}",
        fields=tuple(Field(name, value) for name, value in fields.items() if value),
        actions=(Action(f"prompts edit {prompt.key}", "Edit"),),
        severity=Severity.GOOD,
        data=_data(prompt, declared=False),
    )


def _row(prompt: Prompt, declared: bool) -> tuple[str, ...]:
    return (
        wording.shorten(wording.line(prompt.text), SHOWN),
        ", ".join(prompt.brands) or "all",
        ", ".join(prompt.tags),
        FILE if declared else CHAT,
        prompt.key,
    )


def _data(prompt: Prompt, declared: bool) -> dict[str, Any]:
    return {
        "key": prompt.key,
        "text": prompt.text,
        "brands": list(prompt.brands),
        "tags": list(prompt.tags),
        "topic": prompt.topic,
        "persona": prompt.persona,
        "language": prompt.language,
        "market": prompt.market,
        "from": FILE if declared else CHAT,
    }


def _labels(default: str | None) -> tuple[Option, ...]:
    return (
        Option("brands", "A brand that it is asked for.", Kind.BRAND, many=True, word="brand"),
        Option("tags", "A label to group by.", many=True, word="tag"),
        Option("topic", "What it is about, such as pricing.", default=default),
        Option("persona", "Who asks, such as a freelance designer.", default=default),
        Option("language", "The language of the answer, such as de.", default=default),
        Option("market", "Where it is asked, such as Germany.", default=default),
    )


_PROMPT = Option(
    "prompt",
    "Its key, or the beginning of its text.",
    Kind.PROMPT,
    required=True,
    positional=True,
)

PROMPTS_LIST = CommandSpec(
    "prompts list",
    "Show the questions that are asked.",
    list_prompts,
    (Option("brand", "Only those for this brand.", Kind.BRAND, positional=True, default=""),),
    examples=("prompts", "prompts list Acme"),
)
PROMPTS_ADD = CommandSpec(
    "prompts add",
    "Ask a question from the next check on; without a brand, for all of them.",
    add_prompt,
    (
        Option("text", "The question as it is sent.", required=True, positional=True),
        *_labels(""),
    ),
    Role.ADMIN,
    examples=(
        'prompts add "Which project tool is best for a small team?"',
        'prompts add "Is Acme worth its price?" --brand Acme --topic pricing',
    ),
)
PROMPTS_EDIT = CommandSpec(
    "prompts edit",
    "Change a prompt; another text begins another history.",
    edit_prompt,
    (_PROMPT, Option("text", "Another question in its place."), *_labels(None)),
    Role.ADMIN,
    examples=('prompts edit "Which project tool" --tag teams',),
    fill=fill_prompt,
)
PROMPTS_REMOVE = CommandSpec(
    "prompts remove",
    "Ask a question no longer; its answers are kept.",
    remove_prompt,
    (_PROMPT,),
    Role.ADMIN,
    examples=('prompts remove "Which project tool"',),
    confirms=True,
)
PROMPTS_RESTORE = CommandSpec(
    "prompts restore",
    "Ask a question again that was removed.",
    restore_prompt,
    (_PROMPT,),
    Role.ADMIN,
    examples=('prompts restore "Which project tool"',),
)
