"""The part of the in-memory store that holds what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from overheard.domain import Brand, Catalogue, Fact, Prompt, Schedule

Item = TypeVar("Item")


class Drawer(Generic[Item]):
    """Things of one kind: declared, added, retired.

    Args:
        name: Says what tells one from another.
    """

    def __init__(self, name: Callable[[Item], object]) -> None:
        self._name = name
        self.declared: dict[object, Item] = {}
        self.added: dict[object, Item] = {}
        self.retired: dict[object, Item] = {}

    def declare(self, items: Iterable[Item]) -> None:
        """Make these the declared ones; what was declared before is retired unless added too."""
        before, self.declared = self.declared, {self._name(item): item for item in items}
        self.retired |= {name: item for name, item in before.items() if name not in self.added}
        # What the configuration says of a thing holds, whoever added it first.
        self.added |= {n: item for n, item in self.declared.items() if n in self.added}
        self.retired = {n: item for n, item in self.retired.items() if n not in self.declared}

    def set(self, item: Item) -> bool:
        """Add a thing or replace an added one; False when it is declared."""
        name = self._name(item)
        if name in self.declared:
            return False
        self.added[name] = item
        self.retired.pop(name, None)
        return True

    def remove(self, name: object) -> bool:
        """Retire an added thing; False when nobody added it."""
        if name not in self.added:
            return False
        item = self.added.pop(name)
        if name not in self.declared:
            self.retired[name] = item
        return True

    @property
    def current(self) -> tuple[Item, ...]:
        """What is declared, and then what is added."""
        return tuple((self.declared | self.added | self.declared).values())


class MemoryCatalogue:
    """Brands, prompts, facts and schedules."""

    def __init__(self) -> None:
        self._brands = Drawer[Brand](lambda brand: brand.name)
        self._prompts = Drawer[Prompt](lambda prompt: prompt.key)
        self._facts = Drawer[Fact](lambda fact: (fact.brand, fact.field, fact.value))
        self._schedules = Drawer[Schedule](lambda schedule: schedule.name)

    async def provision(self, catalogue: Catalogue) -> None:
        """Make the declared ones those of the configuration, and retire the others."""
        self._brands.declare(catalogue.brands)
        self._prompts.declare(catalogue.prompts)
        self._facts.declare(catalogue.facts)
        self._schedules.declare(catalogue.schedules)

    async def catalogue(self) -> Catalogue:
        """Return what is measured now: the declared ones first, then the added ones."""
        return Catalogue(
            self._brands.current,
            self._prompts.current,
            self._facts.current,
            self._schedules.current,
        )

    async def declared(self) -> Catalogue:
        """Return what the configuration declares."""
        return Catalogue(
            tuple(self._brands.declared.values()),
            tuple(self._prompts.declared.values()),
            tuple(self._facts.declared.values()),
            tuple(self._schedules.declared.values()),
        )

    async def retired(self) -> Catalogue:
        """Return what was measured once and is no longer."""
        return Catalogue(
            tuple(self._brands.retired.values()),
            tuple(self._prompts.retired.values()),
            tuple(self._facts.retired.values()),
            tuple(self._schedules.retired.values()),
        )

    async def add_brands(self, brands: Iterable[Brand]) -> None:
        """Add brands; a retired one comes back, as it is given now."""
        for brand in brands:
            if brand.name not in self._brands.added:
                self._brands.set(brand)

    async def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Add prompts; a retired one comes back, as it is given now."""
        for prompt in prompts:
            if prompt.key not in self._prompts.added:
                self._prompts.set(prompt)

    async def set_brand(self, brand: Brand) -> bool:
        """Add a brand, or replace an added one; False when a declared one has its name."""
        return self._brands.set(brand)

    async def remove_brand(self, name: str) -> bool:
        """Retire a brand that somebody added; False when nobody did."""
        return self._brands.remove(name)

    async def set_prompt(self, prompt: Prompt) -> bool:
        """Add a prompt, or replace an added one; False when a declared one has its text."""
        return self._prompts.set(prompt)

    async def remove_prompt(self, key: str) -> bool:
        """Retire a prompt that somebody added; False when nobody did."""
        return self._prompts.remove(key)

    async def set_fact(self, fact: Fact) -> bool:
        """Add a fact, or replace an added one; False when a declared one says the same."""
        return self._facts.set(fact)

    async def remove_fact(self, fact: Fact) -> bool:
        """Retire a fact that somebody added; False when nobody did."""
        return self._facts.remove((fact.brand, fact.field, fact.value))

    async def set_schedule(self, schedule: Schedule) -> bool:
        """Add a schedule, or replace an added one; False when a declared one has its name."""
        return self._schedules.set(schedule)

    async def remove_schedule(self, name: str) -> bool:
        """Remove a schedule that somebody added; False when nobody did."""
        return self._schedules.remove(name)
