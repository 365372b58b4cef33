"""The first steps of the set-up: the brand, its competitors and questions, and its facts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import MAX_NAME_CHARS, FormChoice, FormContent, Step, option, quoted
from overheard.commands.brands import BRANDS, check_brand
from overheard.commands.facts import FACTS
from overheard.commands.prompts import PROMPTS
from overheard.commands.setup import checklist
from overheard.commands.setup.draft import (
    Draft,
    add_findings_from_answers,
    price_of_questions,
    store_draft,
    stored_draft,
    suggest,
    suggester,
    suggestion_price,
)
from overheard.deployment import Call
from overheard.domain import Brand, Fact, Prompt
from overheard.errors import BadUsage
from overheard.runs.quote import PriceQuote

TICKED = 8
"""Suggested questions that are ticked at first."""
NEVER = "never say"
"""The field of values that are not true of a brand."""
FACT_FIELDS = ("price", "free plan", "founded")
"""The fields of facts for which the form has inputs."""
BRAND = option("The name people know it by.", label="Your brand", longest=MAX_NAME_CHARS)
CATEGORY = option("In your buyers' words, such as CRM for small sales teams.", label="What is it?")
COMPETITORS = option(
    "Leave it empty, and choose from suggestions next.", word="competitor", longest=MAX_NAME_CHARS
)


async def set_brand(
    call: Call,
    *,
    name: Annotated[str, replace(BRAND, positional=True)],
    website: Annotated[
        str, option("So that I see when your own pages are cited.", label="Your website")
    ] = "",
    category: Annotated[str, CATEGORY] = "",
    competitors: Annotated[Sequence[str], COMPETITORS] = (),
    suggestions: Annotated[
        bool, option("Ask a model for suggestions.", label="Suggestions from a model")
    ] = False,
) -> Step:
    """Store the brand of the form, keep suggestions for it as a draft, and return the next step,
    `setup questions`.

    A tracked brand of this name is completed: an empty input leaves its value, and competitors are
    added to those it has. A brand that config.toml declares has to stay as it is there.

    Args:
        website: Its address, such as ``https://acme.com``; empty for none.
        category: What it is, in buyers' words; empty for none.
        competitors: Names of competitors; one that is not known is stored as a brand that is not
            tracked.
        suggestions: Whether a model is asked for competitors and questions, which costs money; the
            form shows the price. Else the draft stored before is kept, or made from templates.

    Raises:
        BadUsage: when the website is not an address.
        NameTaken: when a name belongs to another brand.
        ReadOnly: when config.toml declares the brand otherwise, or has it as a competitor; nothing
            is stored then.
    """
    own_name = _one_line(name)
    known = call.catalogue.brand(own_name)
    before = known if known and known.tracked else None
    brand = before or Brand(own_name)
    rivals = dict.fromkeys([*brand.competitors, *filter(None, map(_one_line, competitors))])
    brand = replace(
        brand,
        domains=tuple(dict.fromkeys([*filter(None, [website.strip()]), *brand.domains])),
        category=_one_line(category) or brand.category,
        competitors=tuple(rivals),
    )
    if brand != before:
        brand = await _store_brand(call, brand, before)
        call = await call.refreshed()
    draft = await suggest(call, brand) if suggestions else await stored_draft(call, brand)
    await store_draft(call, draft)
    return await checklist.step_after(call, "questions")


async def _store_brand(call: Call, brand: Brand, before: Brand | None) -> Brand:
    """Store a brand that has changed or is new, and its competitors that are not known yet."""
    if before:
        await BRANDS.require_own(call, before, brand)
    checked = await check_brand(call, brand, before)
    await call.store.catalogue.set_brand(checked)
    return checked


async def fill_brand(call: Call, **given: object) -> FormContent:
    """Return the form of the brand. Its values are those of the brand that is being set up, if
    there is one, overridden by what the person has typed (`given`).

    If a model is configured and the budget covers its suggestions, their price is shown beside the
    check box for them. The box is then ticked unless the price is unknown.
    """
    values: dict[str, object] = {"suggestions": False}
    if call.catalogue.tracked:
        brand = await checklist.drafted_brand(call)
        values |= {
            "name": brand.name,
            "website": "".join(brand.domains[:1]),
            "category": brand.category,
            "competitors": brand.competitors,
        }
    values |= given
    hints = {}
    model = suggester(call.plugins)
    if model and (price := await suggestion_price(call)):
        values["suggestions"] = price.usd < inf
        hints["suggestions"] = (
            f"{call.names.name(model)} names competitors and questions ({price.short})."
        )
    return checklist.step_form("brand", values, hints=hints)


def _one_line(text: str) -> str:
    """Return a typed text on one line, without invisible characters and without spaces at its
    ends.
    """
    return wording.line(text).strip()


async def set_questions(
    call: Call,
    *,
    names: Annotated[
        Sequence[str], option("Untick what is wrong.", label="Competitors and other names")
    ] = (),
    questions: Annotated[
        Sequence[str], option("None of them names a brand.", label="What do your buyers ask?")
    ] = (),
    branded: Annotated[
        Sequence[str],
        option(
            "They show how you are described, and count for no ranking.",
            label="Questions that name you",
        ),
    ] = (),
    own: Annotated[Sequence[str], option("As your buyers type.", label="Your own questions")] = (),
    then: Annotated[str, option("What comes next.", label="And then?")] = "later",
) -> Step:
    """Store what was chosen in the form: competitors, other names of the brand, and questions. Then
    return the next step.

    Ticked entries are given by their place in the stored draft: ``c0`` is its first competitor,
    ``a0`` its first other name, ``q0`` its first question, ``b0`` its first question with the
    brand's name. Questions that are asked for the brand already are not added twice; one that is
    asked for other brands only is from now on asked for this brand too.

    Args:
        names: Ticked names; those of competitors as typed, where none were suggested.
        questions: The ticked questions without a brand's name.
        then: ``now`` for a check at once, which may cost as much as all suggested questions, the
            price that the form has shown; else `setup facts` follows.

    Raises:
        BadUsage: when no brand is tracked, or no question is chosen and the brand has none.
        NameTaken: when a name belongs to another brand.
        ReadOnly: when config.toml declares the brand without these names, or a question for other
            brands only.
    """
    brand = await checklist.drafted_brand(call)
    draft = await stored_draft(call, brand)
    texts = [
        *_ticked_texts(questions, "q", draft.questions),
        *_ticked_texts(branded, "b", draft.branded),
    ]
    texts += [text for text in map(_one_line, own) if text]
    if not texts and not call.catalogue.prompts_for(brand.name):
        raise BadUsage(problem="Choose at least one question", usage="setup questions")
    offered = await _price_of_all(call, brand, draft)
    asked = {prompt.key for prompt in call.catalogue.prompts_for(brand.name)}
    chosen_keys = {Prompt(text).key for text in texts} - asked
    of_others = [prompt for prompt in call.catalogue.prompts if prompt.key in chosen_keys]
    extended = [replace(prompt, brands=(*prompt.brands, brand.name)) for prompt in of_others]
    for prompt, wanted in zip(of_others, extended, strict=True):
        await PROMPTS.require_own(call, prompt, wanted)
    typed = {} if draft.competitors or draft.aliases else dict.fromkeys(map(_one_line, names))
    rivals = (*brand.competitors, *typed, *_ticked_texts(names, "c", draft.competitors))
    aliases = (*brand.aliases, *_ticked_texts(names, "a", draft.aliases))
    rivals, aliases = tuple(dict.fromkeys(rivals)), tuple(dict.fromkeys(aliases))
    named = replace(brand, competitors=rivals, aliases=aliases)
    if named != brand:
        await _store_brand(call, named, brand)
    catalogue = call.store.catalogue
    for prompt in extended:
        await catalogue.set_prompt(prompt)
    await catalogue.add_prompts(Prompt(text, brands=(brand.name,)) for text in texts)
    if then == "now":
        after = await checklist.step_after(call)
        agreed_usd = offered.usd if offered else 0.0
        return replace(after, run=f"check {quoted(brand.name)}", agreed_usd=agreed_usd)
    return await checklist.step_after(call, "facts")


async def _price_of_all(call: Call, brand: Brand, draft: Draft) -> PriceQuote | None:
    """Return the price of asking all suggested questions once. The form shows it, so it is what a
    check may cost; None if nothing can be asked.
    """
    return await price_of_questions(call, brand.name, [*draft.questions, *draft.branded])


async def fill_questions(call: Call, **__: object) -> FormContent:
    """Return the form of competitors and questions: a check box for each suggestion, and the price
    of asking.

    Names and facts found in stored answers are added to the draft first. Suggestions that the brand
    has already are left out. All names are ticked; so are the first `TICKED` questions, unless the
    brand has questions. For a brand that config.toml declares no names are offered, and the text
    says so. Questions that it declares, for whichever brands, are not offered either.
    """
    brand = await checklist.drafted_brand(call)
    draft, counts = await add_findings_from_answers(call, brand)
    taken_names = {*brand.competitors, *brand.aliases}
    known = {prompt.text for prompt in call.catalogue.prompts_for(brand.name)}
    declared = await call.store.catalogue.declared()
    is_declared = brand.name in {declared_brand.name for declared_brand in declared.brands}
    not_offered = known | {prompt.text for prompt in declared.prompts}
    names = [
        *(
            replace(c, label=f"{c.label}{counts.get(c.label, '')}")
            for c in _numbered_choices("c", draft.competitors)
            if c.label not in taken_names
        ),
        *_numbered_choices("a", draft.aliases, " (another name of yours)"),
    ]
    source = f"{draft.asked} suggests this." if draft.asked else "These are usual questions."
    problem = f"{draft.problem[:1].upper()}{draft.problem[1:]}"
    text = f"{source} {problem or 'Untick what does not fit.'}"
    if is_declared and names:
        names = []
        text += (
            f" Competitors and other names of {brand.name} are declared in "
            f"{call.config.file}; change them there and restart."
        )
    offered_names, hints = {"names": names}, dict[str, str]()
    if not (draft.competitors or draft.aliases or brand.competitors or is_declared):
        offered_names = {}
        hints["names"] = "I found no competitor: name some. Without one there is no rank."
    questions = [c for c in _numbered_choices("q", draft.questions) if c.label not in not_offered]
    branded = [c for c in _numbered_choices("b", draft.branded) if c.label not in not_offered]
    ticked = [] if known else [choice.value for choice in questions[:TICKED]]
    offered = await _price_of_all(call, brand, draft)
    price = await price_of_questions(call, brand.name, _ticked_texts(ticked, "q", draft.questions))
    cost = price.for_questions if price else "price unknown"
    then = [
        FormChoice("now", f"Ask now, {cost}"),
        FormChoice("later", "First facts, a channel and a day"),
    ]
    return checklist.step_form(
        "questions",
        {"names": [choice.value for choice in names], "questions": ticked, "then": "now"},
        {**offered_names, "questions": questions, "branded": branded, "then": then},
        {**hints, "then": f"All of them: {offered.price}." if offered else "What comes next."},
        text=text,
    )


def _numbered_choices(letter: str, texts: Sequence[str], suffix: str = "") -> Iterator[FormChoice]:
    """Yield an entry for each text, with a value such as ``q0`` (the letter and the place of the
    text); the label is the text with the suffix.
    """
    for number, text in enumerate(texts):
        yield FormChoice(f"{letter}{number}", f"{text}{suffix}")


def _ticked_texts(values: Sequence[str], letter: str, texts: Sequence[str]) -> list[str]:
    """Return the texts of those ticked entries whose value begins with a letter, in the order of
    the values: for ``q1`` the second text, if the letter is ``q``.
    """
    by_value = {f"{letter}{number}": text for number, text in enumerate(texts)}
    return [by_value[value] for value in values if value in by_value]


async def set_facts(
    call: Call,
    *,
    price: Annotated[
        str, option("Such as $14 a month.", label="Lowest price", example="$14 a month")
    ] = "",
    free_plan: Annotated[str, option("Whether it can be used for free.", label="Free plan")] = "",
    founded: Annotated[str, option("The year.", label="Founded", example="2010")] = "",
    never: Annotated[
        Sequence[str], option("Such as discontinued.", label="Never to be said of you")
    ] = (),
) -> Step:
    """Store the facts of the form about the brand that is being set up, and return the next step,
    `setup places`.

    A changed value replaces the fact, which keeps the earlier values as outdated. An empty or equal
    value changes nothing. If the brand has no fact and nothing was typed, it is stored that the
    facts were left out.

    Args:
        price: The lowest price, such as ``$14 a month``.
        free_plan: ``yes`` or ``no``.
        never: Values that are not true of the brand, such as ``discontinued``.

    Raises:
        ReadOnly: when config.toml declares a fact with another value; nothing is stored then.
    """
    brand, store = await checklist.drafted_brand(call), call.store.catalogue
    today = call.clock.now().astimezone(call.zone).date()
    facts = [fact for fact in call.catalogue.facts if fact.brand == brand.name]
    changes: list[tuple[Fact, Fact | None]] = []
    for field, typed in {"price": price, "free plan": free_plan, "founded": founded}.items():
        value = _one_line(typed)
        before = next((fact for fact in facts if fact.field.casefold() == field), None)
        if not value or (before and before.value == value):
            continue
        fact = replace(before or Fact(brand.name, field, value), value=value)
        if before:
            await FACTS.require_own(call, before, fact)
        changes.append((await FACTS.check(call, fact, before), before))
    for fact, before in changes:
        if before:
            await store.remove_fact(before)
        await store.set_fact(fact)
    untrue = {"", *(fact.value for fact in facts if fact.untrue)}
    for value in map(_one_line, never):
        if value not in untrue:
            await store.set_fact(Fact(brand.name, NEVER, value, today))
    if not (facts or price or free_plan or founded or any(never)):
        await call.decide(checklist.SKIPPED, {})
    return await checklist.step_after(call, "places")


async def fill_facts(call: Call, **__: object) -> FormContent:
    """Return the form of facts: stored values, and where none is stored, what models said of the
    brand, to be confirmed.

    Findings in stored answers are added to the draft of the set-up first.
    """
    brand = await checklist.drafted_brand(call)
    draft, _ = await add_findings_from_answers(call, brand)
    facts = [fact for fact in call.catalogue.facts if fact.brand == brand.name]
    known = {fact.field: fact.value for fact in facts}
    values = {field: known.get(field) or draft.facts.get(field, "") for field in FACT_FIELDS}
    text = "When a model says otherwise, I tell you at once."
    if any(value and field not in known for field, value in values.items()):
        text += f" Filled in is what {draft.asked or 'answers'} said: please confirm or correct it."
    never = [fact.value for fact in facts if fact.untrue]
    return checklist.step_form(
        "facts",
        {"never": never} | {field.replace(" ", "_"): value for field, value in values.items()},
        {"free_plan": [FormChoice("yes", "Yes"), FormChoice("no", "No")]},
        text=text,
    )


SETUP_BRAND = checklist.step_command("setup brand Acme", set_brand, fill_brand)
SETUP_QUESTIONS = checklist.step_command("setup questions", set_questions, fill_questions)
SETUP_FACTS = checklist.step_command("setup facts", set_facts, fill_facts)
