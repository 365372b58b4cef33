"""`brands`: the brands that are measured, their competitors, and rules for their spellings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, fitting
from overheard.cards.command import MAX_NAME_CHARS, CommandSpec, Kind, Option, Role, quoted
from overheard.commands.arguments import require_free_names, unknown_name
from overheard.commands.catalogue import (
    NO,
    YES,
    CatalogueNoun,
    changed_values,
    field_values,
    optional,
)
from overheard.config.catalogue import read_domain
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Catalogue, Rule
from overheard.errors import BadUsage, NothingToChange, ReadOnly
from overheard.reading.spellings import Risk, risks
from overheard.runs.plan import find_brand

_FIELDS = (
    Option(
        "aliases",
        "Another spelling that means it.",
        many=True,
        word="alias",
        longest=MAX_NAME_CHARS,
        label="Also called",
        example="Acme Boards",
    ),
    Option(
        "domains",
        "A web domain that it owns, such as acme.com.",
        many=True,
        word="domain",
        label="Websites",
        example="acme.com",
    ),
    Option(
        "competitors",
        "A brand that it is measured beside.",
        Kind.BRAND,
        many=True,
        word="competitor",
        longest=MAX_NAME_CHARS,
        label="Competitors",
    ),
    Option(
        "category",
        "What it is, in buyers' words.",
        default="",
        label="What is it?",
        example="CRM for small sales teams",
    ),
)


def _find_brand_among(_: Catalogue, among: Catalogue, given: Mapping[str, Any], kind: str) -> Brand:
    old = among.brand(given["brand"])
    if old is None:
        raise unknown_name(kind, given["brand"], [brand.name for brand in among.brands])
    return old


async def check_brand(deployment: Deployment, _: Call, brand: Brand, before: Brand | None) -> Brand:
    """Return a brand in its stored form: domains as hosts, competitors by their full names, no rule
    for a spelling that it does not have. `before` is None for a new brand.

    A competitor that the catalogue lacks is stored as an untracked brand.

    Raises:
        ReadOnly: when the configuration declares the brand as a competitor.
        NameTaken: when a spelling of the brand belongs to another brand.
        BadUsage: for a text that is not a domain.
    """
    known = deployment.catalogue.brand(brand.name)
    if before is None and known:
        await BRANDS.require_own(deployment, known)
        brand = replace(brand, name=known.name)  # until now a competitor of another brand
    brand = replace(
        brand,
        aliases=tuple(alias for alias in brand.aliases if alias != brand.name),
        domains=_hosts(brand, before),
        rules=tuple(rule for rule in brand.rules if rule.spelling in brand.names),
    )
    require_free_names(deployment.catalogue, brand)
    return await _store_competitors(deployment, brand)


def _existing_tracked(catalogue: Catalogue, brand: Brand) -> Brand | None:
    """Return the tracked brand with this name or alias, or None; an untracked competitor may be
    added as a brand.
    """
    known = catalogue.brand(brand.name)
    return known if known and known.tracked else None


def _hosts(brand: Brand, before: Brand | None) -> tuple[str, ...]:
    """Return the hosts of a brand's domains, which may be typed as addresses; unchanged domains (as
    in `before`) are not read again. Raises BadUsage for a text that is not a domain.
    """
    if before and brand.domains == before.domains:
        return brand.domains
    try:
        return tuple(dict.fromkeys(map(read_domain, brand.domains)))
    except ValueError as error:
        usage = BRANDS.usage("edit" if before else "add")
        raise BadUsage(problem=f"A domain {error}", usage=usage) from None


async def _store_competitors(deployment: Deployment, brand: Brand) -> Brand:
    """Return a brand with the full names of its competitors; stores each unknown competitor as an
    untracked brand.
    """
    names: dict[str, None] = {}
    for rival in brand.competitors:
        other = brand if rival == brand.name else deployment.catalogue.brand(rival)
        if other is None:
            other = Brand(rival, tracked=False)
            await deployment.store.catalogue.set_brand(other)
        names[other.name] = None
    names.pop(brand.name, None)
    return replace(brand, competitors=tuple(names))


async def _changed_card(
    deployment: Deployment, _: Call, brand: Brand, __: Brand | None, done: str
) -> Card:
    """Return the card of a brand that was added, changed or restored (`done` is the participle),
    with a warning for each risky spelling.
    """
    prompts = len(deployment.catalogue.prompts_for(brand.name))
    risky = risks(brand, deployment.catalogue.brands)
    warnings = [str(risk) for risk in risky]
    asked = (
        f"{wording.count(prompts, 'question')} will be asked for it, from the next check on."
        if prompts
        else "No question is asked for it yet; add those that its buyers ask."
    )
    fields = {
        "Also called": ", ".join(brand.aliases),
        "Competitors": ", ".join(brand.competitors),
        "Domains": ", ".join(brand.domains),
        "Category": brand.category,
        **{rule.spelling: meaning(rule) for rule in brand.rules},
    }
    check = Action(f"check {quoted(brand.name)}", "Check now")
    return BRANDS.changed_card(
        brand,
        done,
        "\n\n".join([asked, *_risk_sentences(risky)]),
        fields,
        check if prompts else Action("prompts add", "Add a question"),
        *rule_actions(brand, risky),
        warning=bool(warnings),
        warnings=warnings,
    )


def _risk_sentences(risky: Sequence[Risk]) -> Iterator[str]:
    """Yield a sentence for each risk in `risky`; spellings with the same reason and remedy share a
    sentence.
    """
    alike: dict[tuple[str, str], list[Risk]] = {}
    for risk in risky:
        alike.setdefault((risk.reason, risk.remedy), []).append(risk)
    for first, *others in alike.values():
        names = wording.listing([f'"{risk.spelling}"' for risk in others])
        yield f"{first} The same holds for {names}." if others else str(first)


def _counts_in_words(brands: Sequence[Brand]) -> str:
    """Return the numbers of brands and of competitors, such as "1 brand, 2 competitors"."""
    tracked = sum(brand.tracked for brand in brands)
    competitors = wording.count(len(brands) - tracked, "competitor")
    return f"{wording.count(tracked, 'brand')}, {competitors}"


BRANDS: CatalogueNoun[Brand] = CatalogueNoun(
    name="brands",
    singular="brand",
    shape=Brand,
    key=(Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),),
    new=(
        Option(
            "name",
            "The name people know it by.",
            required=True,
            positional=True,
            longest=MAX_NAME_CHARS,
        ),
    ),
    fields=_FIELDS,
    edit_fields=(
        *optional(_FIELDS),
        Option("tracked", "Whether it raises alerts.", choices=(YES, NO)),
    ),
    find=_find_brand_among,
    reference=lambda brand: (brand.name,),
    label=lambda brand: f"The brand {brand.name}",
    loss=lambda brand: f"{brand.name} is no longer measured, and its history is kept",
    count=_counts_in_words,
    keep=lambda store, brand: store.catalogue.set_brand(brand),
    retire=lambda store, brand: store.catalogue.remove_brand(brand.name),
    check=check_brand,
    card=_changed_card,
    existing=_existing_tracked,
    title=lambda brand: brand.name,
    columns={
        "Brand": lambda b: b.name if b.tracked else f"{b.name} (competitor)",
        "Also called": lambda brand: ", ".join(brand.aliases),
        "Competitors": lambda brand: ", ".join(brand.competitors) if brand.tracked else "",
    },
    empty="Nothing is measured yet.",
    require_free=require_free_names,
)

BRANDS_LIST = BRANDS.command("list", "Show whom you measure, and beside whom.", "brands")
BRANDS_ADD = BRANDS.command(
    "add",
    "Measure a brand from the next check on.",
    "brands add Acme",
    'brands add "Acme Boards" --alias AcmeBoards --competitor Zeta --domain acme.com',
)
BRANDS_EDIT = BRANDS.command(
    "edit",
    "Change a brand; what is not given stays, and - empties it.",
    "brands edit Acme --competitor Zeta --competitor Umbra",
)
BRANDS_REMOVE = BRANDS.command(
    "remove", "Measure a brand no longer; its history is kept.", "brands remove Acme"
)
BRANDS_RESTORE = BRANDS.command(
    "restore", "Measure a brand again that was removed.", "brands restore Acme"
)


_RULE_FIELDS = (
    Option("near", "A word that must stand in the same sentence; of several, one.", many=True),
    Option("not_near", "A word that must not stand in the same sentence.", many=True),
    Option(
        "languages",
        "A language, such as de, in whose answers it counts.",
        many=True,
        word="language",
    ),
    Option("exact_case", "Whether only this very case counts.", choices=(YES, NO)),
    Option("inside_words", "Whether it counts inside longer words.", choices=(YES, NO)),
)


async def set_rule(
    deployment: Deployment, _: Call, *, brand: str, spelling: str, **given: Any
) -> Card:
    """Store when a spelling of a brand counts. A field that is not given keeps its value; ``-``
    empties it.

    A rule that demands nothing is removed.

    Raises:
        UnknownName: for an unknown brand or spelling.
        ReadOnly: when the configuration declares the brand.
        NothingToChange: when nothing would change.
    """
    spelt, before = _find_rule(deployment, brand, spelling)
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
    return _rule_card(spelt, after, gone=not kept)


async def fill_rule(
    deployment: Deployment, _: Call, *, brand: str, spelling: str
) -> Mapping[str, Any]:
    """Return the values of a spelling's rule for the form of `set_rule`. Raises UnknownName for an
    unknown brand or spelling.
    """
    found, rule = _find_rule(deployment, brand, spelling)
    return {
        "brand": found.name,
        "spelling": rule.spelling,
        **field_values(_RULE_FIELDS, rule),
    }


def rule_actions(brand: Brand, risks: Iterable[Risk]) -> tuple[Action, ...]:
    """Return a button for each risky spelling of a brand, in the order of the risks; a button opens
    the form of the spelling's rule.
    """
    risky = dict.fromkeys(risk.spelling for risk in risks)
    return tuple(
        Action(
            f"brands rule {quoted(brand.name)} {quoted(spelling)}",
            wording.shorten(f"A rule for {spelling}", 60),
        )
        for spelling in risky
    )


def meaning(rule: Rule) -> str:
    """Return when a rule lets a spelling count, as a predicate: ``counts written exactly so; beside
    "app"``.
    """
    parts = [
        "written exactly so" if rule.exact_case else "",
        "inside longer words too" if rule.inside_words else "",
        f"beside {_alternatives(rule.near)}" if rule.near else "",
        f"not beside {_alternatives(rule.not_near)}" if rule.not_near else "",
        f"in answers to questions in {_alternatives(rule.languages)}" if rule.languages else "",
    ]
    return "counts " + "; ".join(filter(None, parts))


def _alternatives(options: Sequence[str]) -> str:
    *first, last = (f'"{option}"' for option in options)
    return f"{', '.join(first)} or {last}" if first else last


def _find_rule(deployment: Deployment, brand: str, spelling: str) -> tuple[Brand, Rule]:
    """Return a brand and the rule of one of its spellings; without a rule, an empty one. Raises
    UnknownName for an unknown brand or spelling.
    """
    subject = find_brand(deployment.catalogue, brand)
    wanted = spelling.strip().casefold()
    name = next((name for name in subject.names if name.casefold() == wanted), None)
    if name is None:
        raise unknown_name(f"spelling of {subject.name}", spelling, subject.names)
    return subject, next((rule for rule in subject.rules if rule.spelling == name), Rule(name))


def _rule_card(brand: Brand, rule: Rule, *, gone: bool) -> Card:
    """Return the card of a rule that was set, or removed (`gone`)."""
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
