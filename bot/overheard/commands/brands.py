"""`brands`: the brands that are measured, and their competitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card
from overheard.cards.command import MAX_NAME_CHARS, Kind, Option, quoted
from overheard.commands.arguments import require_free_names, unknown
from overheard.commands.catalogue import NO, YES, CatalogueNoun, optional
from overheard.commands.spellings import meaning, rule_actions
from overheard.config.catalogue import read_domain
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Catalogue
from overheard.errors import BadUsage
from overheard.reading.spellings import risks

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


def _find(_: Catalogue, among: Catalogue, given: Mapping[str, Any], kind: str) -> Brand:
    old = among.brand(given["brand"])
    if old is None:
        raise unknown(kind, given["brand"], [brand.name for brand in among.brands])
    return old


async def check_brand(deployment: Deployment, _: Call, brand: Brand, before: Brand | None) -> Brand:
    """Return a brand with its own spellings, valid domains and competitors that exist.

    A competitor that is not known yet becomes a brand too, which raises no alerts.

    Raises:
        ReadOnly: when the configuration declares it as a competitor.
        NameTaken: when one of its names means another brand.
        BadUsage: when a domain is none.
    """
    known = deployment.catalogue.brand(brand.name)
    if before is None and known:
        await BRANDS.require_own(deployment, known)
        brand = replace(brand, name=known.name)  # until now a competitor of another brand
    brand = replace(
        brand,
        aliases=tuple(alias for alias in brand.aliases if alias != brand.name),
        domains=_domains(brand, before),
        rules=tuple(rule for rule in brand.rules if rule.spelling in brand.names),
    )
    require_free_names(deployment.catalogue, brand)
    return await _with_competitors(deployment, brand)


def _existing(catalogue: Catalogue, brand: Brand) -> Brand | None:
    """Return the tracked brand of this name or alias; a mere competitor may become tracked."""
    known = catalogue.brand(brand.name)
    return known if known and known.tracked else None


def _domains(brand: Brand, before: Brand | None) -> tuple[str, ...]:
    """Return the hosts of the domains of a brand, which may be typed as addresses."""
    if before and brand.domains == before.domains:
        return brand.domains
    try:
        return tuple(dict.fromkeys(map(read_domain, brand.domains)))
    except ValueError as error:
        usage = BRANDS.usage("edit" if before else "add")
        raise BadUsage(problem=f"A domain {error}", usage=usage) from None


async def _with_competitors(deployment: Deployment, brand: Brand) -> Brand:
    """Return a brand with the names of its competitors, after adding those that are not known."""
    names: dict[str, None] = {}
    for rival in brand.competitors:
        other = brand if rival == brand.name else deployment.catalogue.brand(rival)
        if other is None:
            other = Brand(rival, tracked=False)
            await deployment.store.catalogue.set_brand(other)
        names[other.name] = None
    names.pop(brand.name, None)
    return replace(brand, competitors=tuple(names))


async def _card(deployment: Deployment, _: Call, brand: Brand, __: Brand | None, done: str) -> Card:
    """Return the card of a brand that was added, changed or restored, with its risky spellings."""
    prompts = len(deployment.catalogue.prompts_for(brand.name))
    risky = risks(brand, deployment.catalogue.brands)
    warnings = [str(risk) for risk in risky]
    asked = (
        f"It is asked for with {wording.count(prompts, 'prompt')}, from the next check on."
        if prompts
        else "No prompt is asked for it yet; add the questions that its buyers ask."
    )
    fields = {
        "Also called": ", ".join(brand.aliases),
        "Beside": ", ".join(brand.competitors),
        "Domains": ", ".join(brand.domains),
        "Category": brand.category,
        **{rule.spelling: meaning(rule) for rule in brand.rules},
    }
    check = Action(f"check {quoted(brand.name)}", "Check now")
    return BRANDS.changed_card(
        brand,
        done,
        "\n\n".join([asked, *warnings]),
        fields,
        check if prompts else Action("prompts add", "Add a prompt"),
        *rule_actions(brand, risky),
        warning=bool(warnings),
        warnings=warnings,
    )


def _count(brands: Sequence[Brand]) -> str:
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
    find=_find,
    reference=lambda brand: (brand.name,),
    label=lambda brand: f"The brand {brand.name}",
    loss=lambda brand: f"{brand.name} is no longer measured, and its history is kept",
    count=_count,
    keep=lambda store, brand: store.catalogue.set_brand(brand),
    retire=lambda store, brand: store.catalogue.remove_brand(brand.name),
    check=check_brand,
    card=_card,
    existing=_existing,
    title=lambda brand: brand.name,
    columns={
        "Brand": lambda brand: brand.name,
        "Also called": lambda brand: ", ".join(brand.aliases),
        "Beside": lambda b: ", ".join(b.competitors) if b.tracked else "a competitor",
    },
    empty="Nothing is measured yet. Begin with: brands add",
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
