"""`brands rule`: when a spelling of a brand counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, fitting
from overheard.cards.command import (
    MAX_NAME_CHARS,
    CommandSpec,
    Kind,
    Option,
    Role,
    quoted,
)
from overheard.commands.arguments import unknown
from overheard.commands.catalogue import NO, YES, changed_values, field_values
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Rule
from overheard.errors import NothingToChange, ReadOnly
from overheard.reading.spellings import Risk
from overheard.runs.plan import find_brand

_RULE_FIELDS = (
    Option("near", "A word that must stand in the same sentence; of several, one.", many=True),
    Option("not_near", "A word that must not stand in the same sentence.", many=True),
    Option(
        "languages",
        "A language of prompts, such as de, whose answers it counts in.",
        many=True,
        word="language",
    ),
    Option("exact_case", "Whether only this very case counts.", choices=(YES, NO)),
    Option("inside_words", "Whether it counts inside longer words.", choices=(YES, NO)),
)


async def set_rule(
    deployment: Deployment, _: Call, *, brand: str, spelling: str, **given: Any
) -> Card:
    """Set when a spelling of a brand counts. A field that is not given stays; ``-`` empties it.

    A rule that demands nothing is removed.

    Raises:
        UnknownName: for a brand, or a spelling of it, that does not exist.
        ReadOnly: when the configuration declares the brand.
        NothingToChange: when nothing would change.
    """
    spelt, before = _find(deployment, brand, spelling)
    if any(
        declared.name == spelt.name
        for declared in (await deployment.store.catalogue.declared()).brands
    ):
        raise ReadOnly(thing=f"The brand {spelt.name}", file=deployment.config.file)
    after = replace(before, **changed_values(_RULE_FIELDS, before, given))
    if after == before:
        raise NothingToChange(usage=BRANDS_RULE.usage)
    others = tuple(rule for rule in spelt.rules if rule.spelling != after.spelling)
    kept = () if after == Rule(after.spelling) else (after,)
    await deployment.store.catalogue.set_brand(replace(spelt, rules=(*others, *kept)))
    return _card(spelt, after, gone=not kept)


async def fill_rule(
    deployment: Deployment, _: Call, *, brand: str, spelling: str
) -> Mapping[str, Any]:
    """Return the rule of a spelling as the form of `set_rule` shows it."""
    found, rule = _find(deployment, brand, spelling)
    return {
        "brand": found.name,
        "spelling": rule.spelling,
        **field_values(_RULE_FIELDS, rule),
    }


def rule_actions(brand: Brand, risks: Iterable[Risk]) -> tuple[Action, ...]:
    """Return a button for each risky spelling of a brand, which opens the form of its rule."""
    risky = dict.fromkeys(risk.spelling for risk in risks)
    return tuple(
        Action(
            f"brands rule {quoted(brand.name)} {quoted(spelling)}",
            wording.shorten(f"A rule for {spelling}", 60),
        )
        for spelling in risky
    )


def meaning(rule: Rule) -> str:
    """Write when a spelling counts, as the end of a sentence that begins with it."""
    parts = [
        "written exactly so" if rule.exact_case else "",
        "inside longer words too" if rule.inside_words else "",
        f"beside {_any(rule.near)}" if rule.near else "",
        f"not beside {_any(rule.not_near)}" if rule.not_near else "",
        f"in answers to prompts in {_any(rule.languages)}" if rule.languages else "",
    ]
    return "counts " + "; ".join(filter(None, parts))


def _any(options: Sequence[str]) -> str:
    *first, last = (f'"{option}"' for option in options)
    return f"{', '.join(first)} or {last}" if first else last


def _find(deployment: Deployment, brand: str, spelling: str) -> tuple[Brand, Rule]:
    """Return a brand, and the rule of one of its spellings, which may demand nothing."""
    subject = find_brand(deployment.catalogue, brand)
    wanted = spelling.strip().casefold()
    name = next((name for name in subject.names if name.casefold() == wanted), None)
    if name is None:
        raise unknown(f"spelling of {subject.name}", spelling, subject.names)
    return subject, next((rule for rule in subject.rules if rule.spelling == name), Rule(name))


def _card(brand: Brand, rule: Rule, *, gone: bool) -> Card:
    """Return the card of a rule that was set or removed."""
    title = f"{'Took the rule away from' if gone else 'Set the rule of'} {rule.spelling}"
    name = quoted(brand.name)
    return Card(
        title=title,
        text="History is scored again by it.",
        fields=() if gone else (Field(rule.spelling, meaning(rule)),),
        actions=fitting(
            Action(f"check {name}", "Check now", Style.PRIMARY),
            Action(f"brands rule {name} {quoted(rule.spelling)}", "Edit"),
        ),
        severity=Severity.GOOD,
        data={
            "brand": brand.name,
            "spelling": rule.spelling,
            "near": list(rule.near),
            "not_near": list(rule.not_near),
            "languages": list(rule.languages),
            "exact_case": rule.exact_case,
            "inside_words": rule.inside_words,
        },
    )


BRANDS_RULE = CommandSpec(
    "brands rule",
    "Set when a spelling of a brand counts; what is not given stays, and - empties it.",
    set_rule,
    (
        Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),
        Option(
            "spelling",
            "Its name or an alias.",
            required=True,
            positional=True,
            longest=MAX_NAME_CHARS,
        ),
        *_RULE_FIELDS,
    ),
    Role.ADMIN,
    examples=("brands rule Target Target --near retailer --near store --exact-case yes",),
    fill=fill_rule,
    title="Spelling of a brand",
)
