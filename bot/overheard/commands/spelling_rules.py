"""`brands rule`: when a spelling of a brand counts, where the built-in rules are not enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, fitting
from overheard.cards.command import MAX_NAME_CHARS, CommandSpec, Kind, Option, Role, quoted
from overheard.commands.arguments import unknown
from overheard.commands.catalogue import changed_list, require_own
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Rule
from overheard.errors import NothingToChange
from overheard.reading.spellings import Risk
from overheard.runs.plan import find_brand


async def rule_brand(
    deployment: Deployment,
    _: Call,
    *,
    brand: str,
    spelling: str,
    near: Sequence[str] = (),
    not_near: Sequence[str] = (),
    languages: Sequence[str] = (),
    exact_case: str | None = None,
    inside_words: str | None = None,
) -> Card:
    """Set when a spelling of a brand counts. What is not given stays; ``-`` empties it.

    A rule that asks for nothing is taken away.

    Raises:
        UnknownName: for a brand, or a spelling of it, that does not exist.
        ReadOnly: when the configuration declares the brand.
        NothingToChange: when nothing would change.
    """
    found, before = _find(deployment, brand, spelling)
    declared = any(one.name == found.name for one in (await deployment.store.declared()).brands)
    require_own(deployment, f"The brand {found.name}", declared=declared)
    after = replace(
        before,
        near=changed_list(before.near, near),
        not_near=changed_list(before.not_near, not_near),
        languages=changed_list(before.languages, languages),
        exact_case=before.exact_case if exact_case is None else exact_case == "yes",
        inside_words=before.inside_words if inside_words is None else inside_words == "yes",
    )
    if after == before:
        raise NothingToChange(usage=BRANDS_RULE.usage)
    others = tuple(rule for rule in found.rules if rule.spelling != after.spelling)
    kept = () if after == Rule(after.spelling) else (after,)
    await deployment.store.set_brand(replace(found, rules=(*others, *kept)))
    return _told(found, after, gone=not kept)


async def fill_rule(
    deployment: Deployment, _: Call, *, brand: str, spelling: str
) -> Mapping[str, Any]:
    """Return the rule of a spelling as a form for `rule_brand` shows it."""
    found, rule = _find(deployment, brand, spelling)
    return {
        "brand": found.name,
        "spelling": rule.spelling,
        "near": rule.near,
        "not_near": rule.not_near,
        "languages": rule.languages,
        "exact_case": "yes" if rule.exact_case else "no",
        "inside_words": "yes" if rule.inside_words else "no",
    }


def rule_actions(brand: Brand, found: Iterable[Risk]) -> tuple[Action, ...]:
    """Return a button for each risky spelling of a brand, which opens the form of its rule."""
    risky = dict.fromkeys(risk.spelling for risk in found)
    return tuple(
        Action(
            f"brands rule {quoted(brand.name)} {quoted(spelling)}",
            wording.shorten(f"A rule for {spelling}", 60),
        )
        for spelling in risky
    )


def said(rule: Rule) -> str:
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
    """Return a brand, and the rule of one of its spellings, which may ask for nothing."""
    found = find_brand(deployment.catalogue, brand)
    wanted = spelling.strip().casefold()
    name = next((one for one in found.names if one.casefold() == wanted), None)
    if name is None:
        raise unknown(f"spelling of {found.name}", spelling, found.names)
    return found, next((rule for rule in found.rules if rule.spelling == name), Rule(name))


def _told(brand: Brand, rule: Rule, *, gone: bool) -> Card:
    title = f"{'Took the rule away from' if gone else 'Set the rule of'} {rule.spelling}"
    name = quoted(brand.name)
    return Card(
        title=title,
        text="History is scored anew by it.",
        fields=() if gone else (Field(rule.spelling, said(rule)),),
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


_YES_NO = ("yes", "no")

BRANDS_RULE = CommandSpec(
    "brands rule",
    "Set when a spelling of a brand counts; what is not given stays, and - empties it.",
    rule_brand,
    (
        Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),
        Option(
            "spelling",
            "Its name or an alias.",
            required=True,
            positional=True,
            longest=MAX_NAME_CHARS,
        ),
        Option("near", "A word that must stand in the same sentence; of several, one.", many=True),
        Option("not_near", "A word that must not stand in the same sentence.", many=True),
        Option(
            "languages",
            "A language of prompts, such as de, whose answers it counts in.",
            many=True,
            word="language",
        ),
        Option("exact_case", "Whether only this very case counts.", choices=_YES_NO),
        Option("inside_words", "Whether it counts inside longer words.", choices=_YES_NO),
    ),
    Role.ADMIN,
    examples=("brands rule Target Target --near retailer --near store --exact-case yes",),
    fill=fill_rule,
    title="Spelling of a brand",
)
