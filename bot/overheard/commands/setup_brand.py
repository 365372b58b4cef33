"""`setup brand` and `setup questions`: the steps of the set-up in chat that describe the brand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import (
    IN_CHAT,
    MAX_NAME_CHARS,
    CommandSpec,
    FormChoice,
    FormContent,
    Role,
    Step,
    argument,
    option,
    quoted,
)
from overheard.commands.brands import check_brand
from overheard.commands.setup_checklist import step_after
from overheard.commands.setup_draft import (
    Draft,
    drafted_brand,
    keep_draft,
    kept_draft,
    price_of_questions,
    suggest,
    suggester,
    suggestion_price,
    with_answers,
)
from overheard.config.catalogue import read_domain
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Prompt
from overheard.errors import BadUsage
from overheard.runs.plan import tracked
from overheard.runs.quote import PriceQuote

TICKED = 8
"""Suggested questions that are ticked at first."""


async def set_brand(
    deployment: Deployment,
    call: Call,
    *,
    name: Annotated[
        str,
        argument("The name people know it by.", label="Your brand", longest=MAX_NAME_CHARS),
    ],
    website: Annotated[
        str,
        option("So that I see when your own pages are cited.", label="Your website"),
    ] = "",
    category: Annotated[
        str,
        option("In your buyers' words, such as CRM for small sales teams.", label="What is it?"),
    ] = "",
    competitors: Annotated[
        Sequence[str],
        option(
            "Leave it empty, and choose from suggestions next.",
            word="competitor",
            longest=MAX_NAME_CHARS,
        ),
    ] = (),
    suggestions: Annotated[
        bool, option("Ask a model for suggestions.", label="Suggestions from a model")
    ] = False,
) -> Step:
    """Store the brand of the form. With `suggestions`, ask a model for competitors and questions
    (this costs money). Return the next step.

    Raises:
        BadUsage: when the website is not an address.
        NameTaken: when a name belongs to another brand.
    """
    own_name = _one_line(name)
    known = deployment.catalogue.brand(own_name)
    before = known if known and known.tracked else None
    brand = before or Brand(own_name)
    rivals = dict.fromkeys([*brand.competitors, *filter(None, map(_one_line, competitors))])
    brand = replace(
        brand,
        domains=_domains(website, brand.domains),
        category=_one_line(category) or brand.category,
        competitors=tuple(rivals),
    )
    if brand != before:
        brand = await check_brand(deployment, call, brand, before)
        await deployment.store.catalogue.set_brand(brand)
        deployment = await deployment.refreshed()
    draft = (
        await suggest(deployment, call, brand)
        if suggestions
        else await kept_draft(deployment, brand)
    )
    await keep_draft(deployment, call, draft)
    return await step_after(deployment, "setup questions")


async def fill_brand(deployment: Deployment, call: Call, **given: object) -> FormContent:
    """Return the form of the brand: its stored values, overridden by what the person has typed
    (`given`), and the price of suggestions.
    """
    brands = tracked(deployment.catalogue)
    values: dict[str, object] = {"suggestions": False}
    if brands:
        brand = brands[0]
        values |= {
            "name": brand.name,
            "website": "".join(brand.domains[:1]),
            "category": brand.category,
            "competitors": brand.competitors,
        }
    values |= given
    hints = {}
    model = suggester(deployment)
    if model and (price := await suggestion_price(deployment, call)):
        values["suggestions"] = price.usd < inf
        hints["suggestions"] = (
            f"{deployment.names.name(model)} names competitors and questions ({price.short})."
        )
    return FormContent(values, hints=hints, title="1 of 5: Your brand", submit="Next")


def _one_line(text: str) -> str:
    """Return a typed name on one line, without invisible characters."""
    return wording.line(text).strip()


def _domains(website: str, before: tuple[str, ...]) -> tuple[str, ...]:
    """Return the domains of the brand with the host of a typed website first; `before` for an empty
    text.

    Raises:
        BadUsage: when the website has no domain.
    """
    if not website.strip():
        return before
    try:
        return tuple(dict.fromkeys([read_domain(website), *before]))
    except ValueError as error:
        raise BadUsage(problem=f"The website {error}", usage="setup brand") from None


async def set_questions(
    deployment: Deployment,
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
    """Store the chosen competitors, names and questions; then return the next step, or with `then`
    = ``now`` a check that is agreed to at the price shown.

    Raises:
        BadUsage: when no question is chosen and the brand has none.
    """
    brand = drafted_brand(deployment)
    draft = await kept_draft(deployment, brand)
    texts = [
        *_ticked_texts(questions, "q", draft.questions),
        *_ticked_texts(branded, "b", draft.branded),
    ]
    texts += [text for text in map(_one_line, own) if text]
    if not texts and not deployment.catalogue.prompts_for(brand.name):
        raise BadUsage(problem="Choose at least one question", usage="setup questions")
    offered = await _price_of_all(deployment, brand, draft)
    await _store_names(deployment, call, brand, draft, names)
    catalogue = deployment.store.catalogue
    await catalogue.add_prompts(Prompt(text, brands=(brand.name,)) for text in texts)
    if then == "now":
        after = await step_after(deployment)
        agreed_usd = offered.usd if offered else 0.0
        return replace(after, run=f"check {quoted(brand.name)}", agreed_usd=agreed_usd)
    return await step_after(deployment, "setup facts")


async def _price_of_all(deployment: Deployment, brand: Brand, draft: Draft) -> PriceQuote | None:
    """Return the price of asking all suggested questions, which the form shows and its submission
    agrees to; None without a price.
    """
    return await price_of_questions(deployment, brand.name, [*draft.questions, *draft.branded])


async def _store_names(
    deployment: Deployment, call: Call, brand: Brand, draft: Draft, names: Sequence[str]
) -> None:
    """Store the chosen competitors and other names of a draft (`names` are the ticked entries) with
    the brand, if there are new ones.
    """
    rivals = (*brand.competitors, *_ticked_texts(names, "c", draft.competitors))
    aliases = (*brand.aliases, *_ticked_texts(names, "a", draft.aliases))
    after = replace(
        brand,
        competitors=tuple(dict.fromkeys(rivals)),
        aliases=tuple(dict.fromkeys(aliases)),
    )
    if after != brand:
        after = await check_brand(deployment, call, after, brand)
        await deployment.store.catalogue.set_brand(after)


async def fill_questions(deployment: Deployment, call: Call, **__: object) -> FormContent:
    """Return the form of competitors and questions, with the suggestions as check boxes and the
    price of asking. Stores the draft with names found in answers; raises BadUsage without a brand.
    """
    brand = drafted_brand(deployment)
    draft, counts = await with_answers(deployment, call, brand)
    taken_names = {*brand.competitors, *brand.aliases}
    known = {prompt.text for prompt in deployment.catalogue.prompts_for(brand.name)}
    names = [
        *(
            replace(c, label=f"{c.label}{counts.get(c.label, '')}")
            for c in _numbered_choices("c", draft.competitors, "{}")
            if c.label not in taken_names
        ),
        *_numbered_choices("a", draft.aliases, "{} (another name of yours)"),
    ]
    questions = [c for c in _numbered_choices("q", draft.questions, "{}") if c.label not in known]
    branded = [c for c in _numbered_choices("b", draft.branded, "{}") if c.label not in known]
    ticked = [choice.value for choice in questions[: 0 if known else TICKED]]
    offered = await _price_of_all(deployment, brand, draft)
    price = await price_of_questions(
        deployment, brand.name, _ticked_texts(ticked, "q", draft.questions)
    )
    cost = price.short if price else "price unknown"
    then = [
        FormChoice("now", f"Ask now, {cost}"),
        FormChoice("later", "First facts, a channel and a day"),
    ]
    return FormContent(
        {"names": [choice.value for choice in names], "questions": ticked, "then": "now"},
        {"names": names, "questions": questions, "branded": branded, "then": then},
        {"then": f"All of them: {offered.price}." if offered else "What comes next."},
        title="2 of 5: Questions",
        text=_suggestion_source(draft),
        submit="Next",
    )


def _suggestion_source(draft: Draft) -> str:
    if draft.problem:
        return f"These are usual questions. {draft.problem[:1].upper()}{draft.problem[1:]}"
    if draft.asked:
        return f"{draft.asked} suggests this. Untick what does not fit."
    return "These are usual questions. Untick what does not fit."


def _numbered_choices(letter: str, texts: Sequence[str], form: str) -> Iterator[FormChoice]:
    for number, text in enumerate(texts):
        yield FormChoice(f"{letter}{number}", form.format(text) if form != "{}" else text)


def _ticked_texts(values: Sequence[str], letter: str, texts: Sequence[str]) -> list[str]:
    """Return the texts of the entries that were ticked."""
    by_value = {f"{letter}{number}": text for number, text in enumerate(texts)}
    return [by_value[value] for value in values if value in by_value]


SETUP_BRAND = CommandSpec(
    "setup brand",
    "Set up your brand: its name, what it is, its competitors.",
    set_brand,
    fill=fill_brand,
    examples=("setup brand Acme",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
SETUP_QUESTIONS = CommandSpec(
    "setup questions",
    "Choose competitors and questions.",
    set_questions,
    fill=fill_questions,
    examples=("setup questions",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
