"""`brands`: whom you measure, and beside whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, Table, fitting
from overheard.cards.command import MAX_NAME_CHARS, CommandSpec, Kind, Option, Role, quoted
from overheard.commands.arguments import require_free_names, unknown
from overheard.commands.catalogue import CHAT, FILE, changed, changed_list, require_own, require_yes
from overheard.commands.spelling_rules import rule_actions, said
from overheard.config.catalogue import read_domain
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Catalogue
from overheard.errors import AlreadyThere, BadUsage, NothingToChange
from overheard.reading.spellings import risks
from overheard.runs.plan import find_brand


async def list_brands(deployment: Deployment, _: Call) -> Card:
    """Show the brands that are measured, and where each comes from."""
    declared = {brand.name for brand in (await deployment.store.declared()).brands}
    brands = deployment.catalogue.brands
    tracked = [brand for brand in brands if brand.tracked]
    rows = tuple(_row(brand, brand.name in declared) for brand in brands)
    return Card(
        title=f"{wording.count(len(tracked), 'brand')}, {_rivals(len(brands) - len(tracked))}",
        text="" if brands else "Nothing is measured yet. Begin with: brands add",
        table=Table(("Brand", "Also called", "Beside", "From"), rows) if rows else None,
        actions=(Action("brands add", "Add a brand", Style.PRIMARY),),
        footer=f"What comes from the configuration is changed in {deployment.config.file}.",
        data={"brands": [_data(brand, brand.name in declared) for brand in brands]},
    )


async def add_brand(
    deployment: Deployment,
    _: Call,
    *,
    name: str,
    aliases: Sequence[str] = (),
    domains: Sequence[str] = (),
    competitors: Sequence[str] = (),
    category: str = "",
) -> Card:
    """Measure a brand from the next check on.

    Competitors that nobody knows yet become brands of their own, which raise no alerts.

    Raises:
        AlreadyThere: when it is tracked already.
        NameTaken: when one of its names means another brand.
        BadUsage: when a domain is none.
    """
    catalogue, own = deployment.catalogue, _domains((), domains, BRANDS_ADD)
    known = catalogue.brand(name)
    if known and known.tracked:
        raise AlreadyThere(thing=f"The brand {known.name}")
    if known:  # so far it was somebody's competitor
        require_own(
            deployment, f"The brand {known.name}", declared=await _is_declared(deployment, known)
        )
        name = known.name
    other = tuple(alias for alias in changed_list((), aliases) if alias != name.strip())
    brand = Brand(name.strip(), other, own, category=category)
    require_free_names(catalogue, brand)
    brand = await _with_rivals(deployment, brand, changed_list((), competitors))
    await deployment.store.set_brand(brand)
    return _told(deployment, brand, "Added")


async def edit_brand(
    deployment: Deployment,
    _: Call,
    *,
    brand: str,
    aliases: Sequence[str] = (),
    domains: Sequence[str] = (),
    competitors: Sequence[str] = (),
    category: str | None = None,
    tracked: str | None = None,
) -> Card:
    """Change a brand that somebody added. What is not given stays; ``-`` empties it.

    Raises:
        UnknownName: for a brand that does not exist.
        ReadOnly: when the configuration declares it.
        NameTaken: when one of its names means another brand.
        NothingToChange: when nothing would change.
        BadUsage: when a domain is none.
    """
    before = find_brand(deployment.catalogue, brand)
    declared = await _is_declared(deployment, before)
    require_own(deployment, f"The brand {before.name}", declared=declared)
    after = replace(
        before,
        aliases=changed_list(before.aliases, aliases),
        domains=_domains(before.domains, domains, BRANDS_EDIT),
        category=changed(before.category, category),
        tracked=before.tracked if tracked is None else tracked == "yes",
    )
    after = replace(after, rules=tuple(r for r in after.rules if r.spelling in after.names))
    require_free_names(deployment.catalogue, after)
    rivals = changed_list(before.competitors, competitors)
    after = await _with_rivals(deployment, after, rivals)
    if after == before:
        raise NothingToChange(usage=BRANDS_EDIT.usage)
    await deployment.store.set_brand(after)
    return _told(deployment, after, "Changed")


async def fill_brand(deployment: Deployment, _: Call, *, brand: str) -> Mapping[str, Any]:
    """Return a brand as a form for `edit_brand` shows it."""
    found = find_brand(deployment.catalogue, brand)
    return {
        "brand": found.name,
        "aliases": found.aliases,
        "domains": found.domains,
        "competitors": found.competitors,
        "category": found.category,
        "tracked": "yes" if found.tracked else "no",
    }


async def remove_brand(
    deployment: Deployment, _: Call, *, brand: str, agreed: bool = False
) -> Card:
    """Measure a brand no longer. Its history is kept.

    Raises:
        UnknownName: for a brand that does not exist.
        ReadOnly: when the configuration declares it.
        ChangeNeedsYes: when nobody has agreed.
    """
    found = find_brand(deployment.catalogue, brand)
    declared = await _is_declared(deployment, found)
    require_own(deployment, f"The brand {found.name}", declared=declared)
    require_yes(f"{found.name} is no longer measured, and its history is kept", agreed=agreed)
    await deployment.store.remove_brand(found.name)
    return Card(
        title=f"Removed {found.name}",
        text="It is no longer measured. Its history is kept, and comes back with it.",
        actions=fitting(Action(f"brands restore {quoted(found.name)}", "Undo")),
        data={"removed": found.name},
    )


async def restore_brand(deployment: Deployment, _: Call, *, brand: str) -> Card:
    """Measure a brand again that was removed, as it was then.

    Raises:
        UnknownName: when no such brand was removed.
    """
    retired = (await deployment.store.retired()).brands
    found = Catalogue(retired).brand(brand)
    if found is None:
        raise unknown("removed brand", brand, [one.name for one in retired])
    require_free_names(deployment.catalogue, found)
    await deployment.store.set_brand(found)
    return _told(deployment, found, "Restored")


def _domains(before: Sequence[str], given: Sequence[str], spec: CommandSpec) -> tuple[str, ...]:
    after = changed_list(before, given)
    try:
        return tuple(dict.fromkeys(map(read_domain, after))) if given else after
    except ValueError as error:
        raise BadUsage(problem=f"A domain {error}", usage=spec.usage) from None


async def _with_rivals(deployment: Deployment, brand: Brand, rivals: Sequence[str]) -> Brand:
    """Return a brand with its competitors by name, after adding those that nobody knows."""
    known = {one.name: deployment.catalogue.brand(one.name) for one in (brand,)}
    names: dict[str, None] = {}
    for rival in rivals:
        found = deployment.catalogue.brand(rival) or known.get(rival)
        if found is None:
            found = Brand(rival, tracked=False)
            await deployment.store.set_brand(found)
        names[found.name] = None
    names.pop(brand.name, None)
    return replace(brand, competitors=tuple(names))


async def _is_declared(deployment: Deployment, brand: Brand) -> bool:
    return any(one.name == brand.name for one in (await deployment.store.declared()).brands)


def _told(deployment: Deployment, brand: Brand, done: str) -> Card:
    prompts = len(deployment.catalogue.prompts_for(brand.name))
    risky = risks(brand, deployment.catalogue.brands)
    warnings = [str(risk) for risk in risky]
    asked = (
        f"It is asked for with {wording.count(prompts, 'prompt')}, from the next check on."
        if prompts
        else "No prompt is asked for it yet; add the questions that its buyers ask."
    )
    name = quoted(brand.name)
    check, add = Action(f"check {name}", "Check now"), Action("prompts add", "Add a prompt")
    return Card(
        title=f"{done} {brand.name}",
        text="\n\n".join([asked, *warnings]),
        fields=tuple(_fields(brand)),
        actions=fitting(
            check if prompts else add,
            *rule_actions(brand, risky),
            Action(f"brands edit {name}", "Edit"),
        ),
        severity=Severity.WARNING if warnings else Severity.GOOD,
        data={**_data(brand, False), "warnings": warnings},
    )


def _fields(brand: Brand) -> Iterator[Field]:
    if brand.aliases:
        yield Field("Also called", ", ".join(brand.aliases))
    if brand.competitors:
        yield Field("Beside", ", ".join(brand.competitors))
    if brand.domains:
        yield Field("Domains", ", ".join(brand.domains))
    if brand.category:
        yield Field("Category", brand.category)
    for rule in brand.rules:
        yield Field(rule.spelling, said(rule))


def _row(brand: Brand, declared: bool) -> tuple[str, ...]:
    beside = ", ".join(brand.competitors) if brand.tracked else "a competitor"
    return (brand.name, ", ".join(brand.aliases), beside, FILE if declared else CHAT)


def _rivals(count: int) -> str:
    return wording.count(count, "competitor")


def _data(brand: Brand, declared: bool) -> dict[str, Any]:
    return {
        "name": brand.name,
        "aliases": list(brand.aliases),
        "domains": list(brand.domains),
        "competitors": list(brand.competitors),
        "category": brand.category,
        "tracked": brand.tracked,
        "from": FILE if declared else CHAT,
    }


def _details() -> tuple[Option, ...]:
    return (
        Option(
            "aliases",
            "Another spelling that means it.",
            many=True,
            word="alias",
            longest=MAX_NAME_CHARS,
        ),
        Option("domains", "A web domain that it owns, such as acme.com.", many=True, word="domain"),
        Option(
            "competitors",
            "A brand that it is measured beside.",
            Kind.BRAND,
            many=True,
            word="competitor",
            longest=MAX_NAME_CHARS,
        ),
    )


_BRAND = Option("brand", "The brand.", Kind.BRAND, required=True, positional=True)

BRANDS_LIST = CommandSpec(
    "brands list", "Show whom you measure, and beside whom.", list_brands, examples=("brands",)
)
BRANDS_ADD = CommandSpec(
    "brands add",
    "Measure a brand from the next check on.",
    add_brand,
    (
        Option(
            "name",
            "The name people know it by.",
            required=True,
            positional=True,
            longest=MAX_NAME_CHARS,
        ),
        *_details(),
        Option("category", "What it is, in buyers' words.", default=""),
    ),
    Role.ADMIN,
    examples=(
        "brands add Acme",
        'brands add "Acme Boards" --alias AcmeBoards --competitor Zeta --domain acme.com',
    ),
)
BRANDS_EDIT = CommandSpec(
    "brands edit",
    "Change a brand; what is not given stays, and - empties it.",
    edit_brand,
    (
        _BRAND,
        *_details(),
        Option("category", "What it is, in buyers' words."),
        Option("tracked", "Whether it raises alerts.", choices=("yes", "no")),
    ),
    Role.ADMIN,
    examples=("brands edit Acme --competitor Zeta --competitor Umbra",),
    fill=fill_brand,
)
BRANDS_REMOVE = CommandSpec(
    "brands remove",
    "Measure a brand no longer; its history is kept.",
    remove_brand,
    (_BRAND,),
    Role.ADMIN,
    examples=("brands remove Acme",),
    confirms=True,
)
BRANDS_RESTORE = CommandSpec(
    "brands restore",
    "Measure a brand again that was removed.",
    restore_brand,
    (_BRAND,),
    Role.ADMIN,
    examples=("brands restore Acme",),
)
