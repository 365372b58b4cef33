"""`brands`: the brands that are measured, their competitors, and rules for their spellings.

How brands are listed, added, changed, removed and restored (also by the button Undo) is in
`CatalogueNoun` (`commands/catalogue.py`); here are the fields, the checks and the cards.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, fitting, picked
from overheard.cards.command import MAX_NAME_CHARS, CommandSpec, Kind, Option, Role, quoted
from overheard.commands.arguments import require_free_names
from overheard.commands.catalogue import (
    NO,
    YES,
    CatalogueNoun,
    changed_values,
    field_values,
    optional,
)
from overheard.commands.power import delay_sentence
from overheard.config.catalogue import read_domain
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.domain import Brand, Catalogue, Rule
from overheard.errors import BadUsage, NothingToChange
from overheard.reading.spellings import Risk, risks
from overheard.runs.plan import find_brand

BUTTON_CHARS = 60
"""Characters of the label of a button with a spelling."""

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


def _find_brand_among(
    _: Catalogue, searched: Catalogue, given: Mapping[str, Any], kind: str
) -> Brand:
    """Return the brand of a catalogue with the name or alias in the argument ``brand``."""
    found = searched.brand(given["brand"])
    if found is None:
        raise unknown_name(kind, given["brand"], [brand.name for brand in searched.brands])
    return found


async def check_brand(call: Call, brand: Brand, before: Brand | None) -> Brand:
    """Return a brand as it is to be stored. Its domains are hosts, and its competitors have their
    full names. Aliases that equal the name, and rules for spellings that the brand does not have,
    are removed.

    The brand itself is not stored. A competitor that the catalogue lacks is stored as an untracked
    brand.

    Args:
        brand: The brand with the values that were typed.
        before: The brand before the change; None for a new brand. A new brand that was so far an
            untracked competitor keeps the name under which it is known.

    Raises:
        ReadOnly: when a new brand is a competitor that the configuration declares.
        NameTaken: when a spelling of the brand belongs to another brand.
        BadUsage: for a text that is not a domain.
    """
    existing = call.catalogue.brand(brand.name)
    if before is None and existing:  # until now an untracked competitor of another brand
        await BRANDS.require_own(call, existing)
        brand = replace(brand, name=existing.name)
    brand = replace(
        brand,
        aliases=tuple(alias for alias in brand.aliases if alias != brand.name),
        domains=_hosts(brand, before),
        rules=tuple(rule for rule in brand.rules if rule.spelling in brand.names),
    )
    require_free_names(call.catalogue, brand)
    return await _store_competitors(call, brand)


def _existing_tracked(catalogue: Catalogue, brand: Brand) -> Brand | None:
    """Return the tracked brand that has the name of `brand` as its name or alias; None if there is
    none, or if it is an untracked competitor, which may be added as a brand.
    """
    known = catalogue.brand(brand.name)
    return known if known and known.tracked else None


def _hosts(brand: Brand, before: Brand | None) -> tuple[str, ...]:
    """Return the distinct hosts of a brand's domains, such as ``acme.com``, which may be typed as
    addresses. Domains that equal those of `before` are returned unchanged.
    """
    if before and brand.domains == before.domains:
        return brand.domains
    try:
        return tuple(dict.fromkeys(map(read_domain, brand.domains)))
    except ValueError as error:
        usage = BRANDS.usage("edit" if before else "add")
        raise BadUsage(problem=f"A domain {error}", usage=usage) from None


async def _store_competitors(call: Call, brand: Brand) -> Brand:
    """Store each competitor of a brand that the catalogue lacks as an untracked brand. Return the
    brand, which is not stored, with the full names of its competitors in their order, each once and
    without the brand itself.
    """
    names: dict[str, None] = {}
    for rival in brand.competitors:
        other = brand if rival == brand.name else call.catalogue.brand(rival)
        if other is None:
            other = Brand(rival, tracked=False)
            await call.store.catalogue.set_brand(other)
        names[other.name] = None
    names.pop(brand.name, None)
    return replace(brand, competitors=tuple(names))


async def _changed_card(call: Call, brand: Brand, __: Brand | None, participle: str) -> Card:
    """Return the card of a brand that was added, changed or restored: how many questions are asked
    for it, its fields, and a sentence and a button for each spelling that may be mistaken. The
    first button is a check, or adds a question if the brand has none.
    """
    question_count = len(call.catalogue.prompts_for(brand.name))
    spelling_risks = risks(brand, call.catalogue.brands)
    warnings = [str(risk) for risk in spelling_risks]
    if question_count:
        count = wording.count(question_count, "question")
        asked = f"{count} will be asked for it, from the next check on."
        next_step = Action(f"check {quoted(brand.name)}", "Check now")
    else:
        asked = "No question is asked for it yet; add those that its buyers ask."
        next_step = Action("prompts add", "Add a question")
    slower = await delay_sentence(call, brand.name) if participle == "Added" else ""
    fields = {
        "Also called": ", ".join(brand.aliases),
        "Competitors": ", ".join(brand.competitors),
        "Domains": ", ".join(brand.domains),
        "Category": brand.category,
        **{rule.spelling: meaning(rule) for rule in brand.rules},
    }
    return BRANDS.changed_card(
        brand,
        participle,
        "\n\n".join(filter(None, [asked, slower, *_risk_sentences(spelling_risks)])),
        fields,
        next_step,
        *rule_actions(brand, spelling_risks),
        warning=bool(warnings),
        warnings=warnings,
    )


def _risk_sentences(spelling_risks: Sequence[Risk]) -> Iterator[str]:
    """Yield a text for each pair of a reason why spellings of a brand may be mistaken and its
    remedy, in the order of the risks. It describes the first spelling with the pair, and lists the
    others, as in ``The same holds for "Acme" and "ACM".``, after it.
    """
    by_reason: dict[tuple[str, str], list[Risk]] = {}
    for risk in spelling_risks:
        by_reason.setdefault((risk.reason, risk.remedy), []).append(risk)
    for first, *others in by_reason.values():
        names = wording.listing([f'"{risk.spelling}"' for risk in others])
        yield f"{first} The same holds for {names}." if others else str(first)


def _counts_in_words(brands: Sequence[Brand]) -> str:
    """Return the numbers of tracked brands and of others, such as ``1 brand, 2 competitors``."""
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
    "remove",
    "Measure a brand no longer; its history is kept.",
    "brands remove Acme",
    "brands remove Acme --undo",
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


async def set_rule(call: Call, *, brand: str, spelling: str, **given: Any) -> Card:
    """Store a rule that says when a spelling of a brand counts as the brand; return its card. A
    rule that demands nothing is removed.

    Args:
        brand: The brand's name or alias.
        spelling: The name or alias to which the rule applies, in any case of letters.
        given: The fields of the rule by name, such as ``near``. A field that is not given keeps its
            value; ``-`` empties it.

    Raises:
        UnknownName: for an unknown brand, or a spelling that the brand does not have.
        ReadOnly: when the configuration declares the brand.
        NothingToChange: when nothing would change.
    """
    found_brand, before = _find_rule(call.catalogue, brand, spelling)
    await BRANDS.require_own(call, found_brand)
    after = replace(before, **changed_values(_RULE_FIELDS, before, given))
    if after == before:
        raise NothingToChange(usage=BRANDS_RULE.usage)
    other_rules = [rule for rule in found_brand.rules if rule.spelling != after.spelling]
    is_removed = after == Rule(after.spelling)
    rules = other_rules if is_removed else [*other_rules, after]
    await call.store.catalogue.set_brand(replace(found_brand, rules=tuple(rules)))
    return _rule_card(found_brand, after, is_removed=is_removed)


async def fill_rule(call: Call, *, brand: str, spelling: str) -> Mapping[str, Any]:
    """Return the values of a spelling's rule, with which the form of `set_rule` is filled; those of
    an empty rule if the spelling has none.

    Raises:
        UnknownName: for an unknown brand, or a spelling that the brand does not have.
    """
    found, rule = _find_rule(call.catalogue, brand, spelling)
    return {"brand": found.name, "spelling": rule.spelling, **field_values(_RULE_FIELDS, rule)}


def rule_actions(brand: Brand, spelling_risks: Iterable[Risk]) -> tuple[Action, ...]:
    """Return a button for each spelling of a brand that has a risk, once and in the order of the
    risks. The button opens the form of the spelling's rule.
    """
    spellings = dict.fromkeys(risk.spelling for risk in spelling_risks)
    return tuple(
        Action(
            f"brands rule {quoted(brand.name)} {quoted(spelling)}",
            wording.shorten(f"A rule for {spelling}", BUTTON_CHARS),
        )
        for spelling in spellings
    )


def meaning(rule: Rule) -> str:
    """Return when a rule lets a spelling count, as a predicate whose conditions must all hold:
    ``counts written exactly so; beside "app" or "task"``. The rule must demand something.
    """
    conditions = [
        "written exactly so" if rule.exact_case else "",
        "inside longer words too" if rule.inside_words else "",
        f"beside {_alternatives(rule.near)}" if rule.near else "",
        f"not beside {_alternatives(rule.not_near)}" if rule.not_near else "",
        f"in answers to questions in {_alternatives(rule.languages)}" if rule.languages else "",
    ]
    return "counts " + "; ".join(filter(None, conditions))


def _alternatives(options: Sequence[str]) -> str:
    """Return at least one option as ``"a", "b" or "c"``."""
    *first, last = (f'"{option}"' for option in options)
    return f"{', '.join(first)} or {last}" if first else last


def _find_rule(catalogue: Catalogue, brand: str, spelling: str) -> tuple[Brand, Rule]:
    """Return a brand and the rule of one of its spellings, empty if the spelling has none."""
    found_brand = find_brand(catalogue, brand)
    folded_spelling = spelling.strip().casefold()
    name = next((name for name in found_brand.names if name.casefold() == folded_spelling), None)
    if name is None:
        raise unknown_name(f"spelling of {found_brand.name}", spelling, found_brand.names)
    rule = next((rule for rule in found_brand.rules if rule.spelling == name), Rule(name))
    return found_brand, rule


def _rule_card(brand: Brand, rule: Rule, *, is_removed: bool) -> Card:
    """Return the card of a spelling's rule after it was set or removed. A rule that was set is
    shown with its conditions. Buttons check the brand and edit the rule.
    """
    name = quoted(brand.name)
    done_words = "Took the rule away from" if is_removed else "Set the rule of"
    return Card(
        title=f"{done_words} {rule.spelling}",
        text="History is scored again by it.",
        fields=() if is_removed else (Field(rule.spelling, meaning(rule)),),
        actions=fitting(
            Action(f"check {name}", "Check now", Style.PRIMARY),
            Action(f"brands rule {name} {quoted(rule.spelling)}", "Edit"),
        ),
        severity=Severity.GOOD,
        data={
            "brand": brand.name,
            **picked(rule, "spelling", "near", "not_near", "languages"),
            **picked(rule, "exact_case", "inside_words"),
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
