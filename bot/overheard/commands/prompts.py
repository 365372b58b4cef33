"""`prompts`: the questions that buyers ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Card
from overheard.cards.command import Kind, Option
from overheard.commands.arguments import find_prompt
from overheard.commands.catalogue import CatalogueNoun, find_brands
from overheard.commands.catalogue_fields import optional
from overheard.deployment import Call, Deployment
from overheard.domain import Catalogue, Prompt

SHOWN_CHARS = 80
"""The length of a prompt in a table."""

_FIELDS = (
    Option("text", "The question as it is sent.", required=True, positional=True),
    Option("brands", "A brand that it is asked for.", Kind.BRAND, many=True, word="brand"),
    Option("tags", "A label to group by.", many=True, word="tag"),
    Option("topic", "What it is about, such as pricing.", default=""),
    Option("persona", "Who asks, such as a freelance designer.", default=""),
    Option("language", "The language of the answer, such as de.", default=""),
    Option("market", "Where it is asked, such as Germany.", default=""),
)


def _find(_: Catalogue, among: Catalogue, given: Mapping[str, Any], kind: str) -> Prompt:
    return find_prompt(among, given["prompt"], kind=kind)


async def _check(deployment: Deployment, _: Call, prompt: Prompt, before: Prompt | None) -> Prompt:
    """Return a prompt with one space between words, and brands by their names.

    A prompt whose text has changed only in its spaces keeps the text, and with it the history.

    Raises:
        UnknownName: for a brand that does not exist.
    """
    same = before is not None and before.key == prompt.key
    text = before.text if before and same else " ".join(prompt.text.split())
    return replace(prompt, text=text, brands=find_brands(deployment.catalogue, prompt.brands))


async def _card(_: Deployment, __: Call, prompt: Prompt, before: Prompt | None, done: str) -> Card:
    notes = {
        "Added": "It is asked from the next check on.",
        "Changed": "Its history goes on.",
        "Restored": "It is asked again from the next check on.",
    }
    note = notes[done]
    if before and before.key != prompt.key:
        note = "Another text is another question: its history begins now, and the old one is kept."
    labels = (prompt.topic, prompt.persona, prompt.language, prompt.market)
    fields = {
        "For": ", ".join(prompt.brands) or "all brands",
        "Tags": ", ".join(prompt.tags),
        "Labels": ", ".join(filter(None, labels)),
        "Key": prompt.key,
    }
    return PROMPTS.changed_card(prompt, done, f"“{prompt.text}”\n\n{note}", fields)


def _short(prompt: Prompt) -> str:
    return wording.shorten(wording.line(prompt.text), SHOWN_CHARS)


PROMPTS: CatalogueNoun[Prompt] = CatalogueNoun(
    name="prompts",
    singular="prompt",
    shape=Prompt,
    key=(
        Option(
            "prompt",
            "Its key, or the beginning of its text.",
            Kind.PROMPT,
            required=True,
            positional=True,
        ),
    ),
    new=(),
    fields=_FIELDS,
    edit_fields=(Option("text", "Another question in its place."), *optional(_FIELDS[1:])),
    find=_find,
    reference=lambda prompt: (prompt.key,),
    label=lambda _: "This prompt",
    loss=lambda prompt: f"“{_short(prompt)}” is no longer asked, and its answers are kept",
    keep=lambda store, prompt: store.catalogue.set_prompt(prompt),
    retire=lambda store, prompt: store.catalogue.remove_prompt(prompt.key),
    check=_check,
    card=_card,
    columns={
        "Prompt": _short,
        "For": lambda prompt: ", ".join(prompt.brands) or "all",
        "Tags": lambda prompt: ", ".join(prompt.tags),
        "Key": lambda prompt: prompt.key,
    },
    empty="Nothing is asked yet. Begin with: prompts add",
    concerns=lambda prompt, brand: not prompt.brands or brand in prompt.brands,
    more_data=("key",),
)

PROMPTS_LIST = PROMPTS.command(
    "list", "Show the questions that are asked.", "prompts", "prompts list Acme"
)
PROMPTS_ADD = PROMPTS.command(
    "add",
    "Ask a question from the next check on; without a brand, for all of them.",
    'prompts add "Which project tool is best for a small team?"',
    'prompts add "Is Acme worth its price?" --brand Acme --topic pricing',
)
PROMPTS_EDIT = PROMPTS.command(
    "edit",
    "Change a prompt; another text begins another history.",
    'prompts edit "Which project tool" --tag teams',
)
PROMPTS_REMOVE = PROMPTS.command(
    "remove",
    "Ask a question no longer; its answers are kept.",
    'prompts remove "Which project tool"',
)
PROMPTS_RESTORE = PROMPTS.command(
    "restore",
    "Ask a question again that was removed.",
    'prompts restore "Which project tool"',
)
