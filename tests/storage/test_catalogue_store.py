"""What every store does with the catalogue: one suite for SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import date

from kit.stored_items import ACME, BEST, CHEAP, GLOBEX, SCORER, answers_of, record
from overheard.domain import Brand, Catalogue, Fact, Prompt, Schedule
from overheard.interfaces import Store


class TestCatalogue:
    """What is measured."""

    async def test_what_is_declared_comes_back_whole_and_in_order(self, store: Store) -> None:
        """Provisioning keeps every field of everything, in the declared order."""
        declared = Catalogue(
            brands=(Brand("Zed"), ACME, GLOBEX),
            prompts=(CHEAP, BEST),
            facts=(
                Fact("Zed", "founded", "1999", date(2026, 1, 31), "https://zed.com"),
                Fact("Acme", "price", "$ 10"),
            ),
            schedules=(
                Schedule("nightly", "0 3 * * *", "Europe/Berlin", ("Acme",), 3),
                Schedule("daily", "0 9 * * *"),
            ),
        )
        await store.catalogue.provision(declared)
        assert await store.catalogue.current() == declared

    async def test_provisioning_twice_changes_nothing(self, store: Store) -> None:
        """A restart with the same configuration leaves the catalogue as it is."""
        declared = Catalogue((ACME,), (BEST,), (Fact("Acme", "price", "$ 10"),))
        await store.catalogue.provision(declared)
        await store.catalogue.provision(declared)
        assert await store.catalogue.current() == declared

    async def test_a_new_configuration_replaces_the_old_one(self, store: Store) -> None:
        """What is no longer declared is left out, and what changed has its new form and order."""
        await store.catalogue.provision(
            Catalogue((ACME, GLOBEX), (BEST, CHEAP), (Fact("Acme", "price", "1"),))
        )
        renewed = Catalogue(
            brands=(GLOBEX, Brand("Umbrella"), replace(ACME, category="planner")),
            prompts=(replace(CHEAP, tags=("price",)),),
            facts=(Fact("Acme", "price", "2"),),
            schedules=(Schedule("nightly", "0 3 * * *"),),
        )
        await store.catalogue.provision(renewed)
        assert await store.catalogue.current() == renewed

    async def test_a_fact_about_a_brand_that_nobody_declared_is_kept(self, store: Store) -> None:
        """A fact needs no declared brand, and adds none."""
        declared = Catalogue(facts=(Fact("Hooli", "founded", "2001"),))
        await store.catalogue.provision(declared)
        assert await store.catalogue.current() == declared

    async def test_what_people_added_stays_behind_what_is_declared(self, store: Store) -> None:
        """A new configuration retires nothing that people added."""
        for name in ("Umbrella", "Hooli"):
            await store.catalogue.set_brand(Brand(name))
        await store.catalogue.add_prompts([CHEAP])
        await store.catalogue.provision(Catalogue((ACME,), (BEST,)))
        await store.catalogue.provision(Catalogue((GLOBEX,)))
        kept = await store.catalogue.current()
        assert [brand.name for brand in kept.brands] == ["Globex", "Umbrella", "Hooli"]
        assert kept.prompts == (CHEAP,)

    async def test_what_was_added_and_then_declared_survives_the_declaration(
        self, store: Store
    ) -> None:
        """A brand that people added stays theirs when the configuration lets it go again."""
        await store.catalogue.set_brand(Brand("Acme"))
        await store.catalogue.provision(Catalogue((ACME,)))
        assert (await store.catalogue.current()).brands == (ACME,)
        await store.catalogue.provision(Catalogue())
        assert (await store.catalogue.current()).brands == (ACME,)

    async def test_a_known_prompt_is_left_as_it_is(self, store: Store) -> None:
        """Adding what is there, declared or added, changes nothing."""
        await store.catalogue.provision(Catalogue((ACME,), (BEST,)))
        await store.catalogue.add_prompts([CHEAP])
        before = await store.catalogue.current()
        known = [Prompt(f"  {prompt.text} ", ("other",)) for prompt in (BEST, CHEAP)]
        await store.catalogue.add_prompts(known)
        assert await store.catalogue.current() == before

    async def test_a_retired_brand_can_be_added_again(self, store: Store) -> None:
        """What the configuration gave up is listed apart, and people can take it on, as they
        describe it.
        """
        await store.catalogue.provision(Catalogue((ACME, GLOBEX)))
        await store.catalogue.provision(Catalogue((GLOBEX,)))
        assert (await store.catalogue.declared()).brands == (GLOBEX,)
        assert (await store.catalogue.retired()).brands == (ACME,)
        await store.catalogue.set_brand(Brand("Acme", category="planner"))
        kept = (await store.catalogue.current()).brands
        assert kept == (GLOBEX, Brand("Acme", category="planner"))

    async def test_people_add_change_and_retire(self, store: Store) -> None:
        """What changes keeps its place; what is retired can be looked up, and comes back last."""
        fact = Fact("Acme", "price", "$ 10")
        for brand in (ACME, GLOBEX):
            assert await store.catalogue.set_brand(brand)
        assert await store.catalogue.set_brand(replace(ACME, category="planner"))
        assert await store.catalogue.set_prompt(BEST)
        assert await store.catalogue.set_fact(fact)
        assert (await store.catalogue.current()) == Catalogue(
            (replace(ACME, category="planner"), GLOBEX), (BEST,), (fact,)
        )
        assert await store.catalogue.remove_brand("Acme")
        assert await store.catalogue.remove_prompt(BEST.key)
        assert await store.catalogue.remove_fact(fact)
        assert await store.catalogue.current() == Catalogue((GLOBEX,))
        assert await store.catalogue.retired() == Catalogue(
            (replace(ACME, category="planner"),), (BEST,), (fact,)
        )
        assert await store.catalogue.set_brand(ACME)
        assert (await store.catalogue.current()).brands == (GLOBEX, ACME)
        assert (await store.catalogue.retired()).brands == ()

    async def test_people_do_not_change_what_is_declared(self, store: Store) -> None:
        """It stays as it is, and the store says so."""
        fact = Fact("Acme", "price", "$ 10")
        declared = Catalogue((ACME,), (BEST,), (fact,))
        await store.catalogue.provision(declared)
        assert not await store.catalogue.set_brand(replace(ACME, category="x"))
        assert not await store.catalogue.set_prompt(replace(BEST, tags=("x",)))
        assert not await store.catalogue.set_fact(replace(fact, source="x"))
        assert not await store.catalogue.remove_brand("Acme")
        assert not await store.catalogue.remove_prompt(BEST.key)
        assert not await store.catalogue.remove_fact(fact)
        assert await store.catalogue.current() == await store.catalogue.declared() == declared

    async def test_what_nobody_added_cannot_be_removed(self, store: Store) -> None:
        """A name that only answers hold is neither measured nor retired."""
        (answer,) = await answers_of(store, 1)
        await store.scores.add(*SCORER, [(answer, [record(answer, brand="Hooli")])])
        assert not await store.catalogue.remove_brand("Hooli")
        assert not await store.catalogue.remove_brand("Nobody")
        assert await store.catalogue.current() == await store.catalogue.declared() == Catalogue()
        assert await store.catalogue.retired() == Catalogue()

    async def test_adding_nothing_is_fine(self, store: Store) -> None:
        """Empty lists add nothing and raise nothing."""
        await store.catalogue.add_prompts([])
        assert await store.answers.add([]) == []
        await store.scores.add(*SCORER, [])
        assert await store.catalogue.current() == Catalogue()
