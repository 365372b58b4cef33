"""The draft of the set-up in chat: suggested competitors, names, questions and facts of a brand,
which are stored until a person has reviewed them.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from overheard.commands.setup.checklist import DRAFT
from overheard.commands.suggestions import QUICK_ANSWERS, suggestions_of
from overheard.deployment import Call
from overheard.detection.decision_inputs import DAYS_A_YEAR
from overheard.domain import Brand, Catalogue, Model, Panel, Prompt, Run
from overheard.errors import OverheardError
from overheard.plugins import Plugins
from overheard.reading.reader import named_brands
from overheard.runs.plan import choose_models
from overheard.runs.quote import PriceQuote
from overheard.runs.suggestions import (
    MAX_ALIASES,
    MAX_QUESTIONS,
    branded_questions,
    profile_request,
    read_profile,
    read_suggestions,
    suggestion_request,
    template_questions,
)

REPEATS = 3
"""How often a scheduled check asks each question."""
DAYS_A_MONTH = DAYS_A_YEAR / 12


@dataclass(frozen=True, slots=True)
class Draft:
    """Suggestions for a brand.

    Attributes:
        brand: The brand's name.
        asked: The display name of the model that made the suggestions; empty if none did.
        competitors: Names of other brands.
        aliases: Other names of the brand.
        questions: Questions that name no brand.
        branded: Questions that name the brand.
        facts: Values by field (``price``), which a person has to confirm.
        problem: Why there are no suggestions of a model, as a sentence; empty if there is no
            problem.
    """

    brand: str
    asked: str = ""
    competitors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    branded: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


async def stored_draft(call: Call, brand: Brand) -> Draft:
    """Return the stored draft of the set-up (suggestions to choose from) if it is the brand's.
    Otherwise return a new draft with questions from templates, which is not stored.
    """
    stored = await call.store.settings.get(DRAFT)
    if stored and stored.value.get("brand") == brand.name:
        value: dict[str, Any] = {
            key: tuple(item) if isinstance(item, list) else item
            for key, item in stored.value.items()
        }
        return Draft(**value)
    return _with_template_questions(call.catalogue, brand, Draft(brand.name))


async def add_findings_from_answers(call: Call, brand: Brand) -> tuple[Draft, Mapping[str, str]]:
    """Add what stored answers say to the draft of a brand, and store the draft if it changes, so
    that the entries of the form keep their numbers.

    Findings are names listed beside the brand (as competitors), up to `MAX_ALIASES` names like its
    own (as other names), and values of facts; a value that the draft has already stays.

    Returns:
        The draft; and for each name of a competitor found, how many answers have it, such as `` (in
        9 of 40 answers)``.
    """
    draft = await stored_draft(call, brand)
    suggested = await suggestions_of(call, brand, max_answers=QUICK_ANSWERS)
    counts = {name: f" (in {n} of {suggested.answers} answers)" for name, n in suggested.rivals}
    new = [name for name in counts if name not in {*draft.competitors, *brand.competitors}]
    aliases = [n for n, _ in suggested.spellings if n not in {*draft.aliases, *brand.aliases}]
    facts = {field: value for field, (value, _) in suggested.facts.items()}
    extended = replace(
        draft,
        competitors=(*draft.competitors, *new),
        aliases=(*draft.aliases, *aliases[:MAX_ALIASES]),
        facts=facts | dict(draft.facts),
    )
    if extended != draft:
        await store_draft(call, extended)
    return extended, counts


async def store_draft(call: Call, draft: Draft) -> None:
    """Store a draft in place of the stored one, which may be that of another brand."""
    await call.decide(DRAFT, asdict(draft))


def suggester(plugins: Plugins) -> Model | None:
    """Return the first configured model, which is asked for suggestions; None without any."""
    try:
        return choose_models(plugins.providers)[0]
    except OverheardError:
        return None


def _suggestions_run(call: Call, brand: Brand, model: Model) -> Run:
    """Return the run that asks a model two things outside the history: what it knows of the brand
    (competitors, other names, facts), and for questions of buyers. The run is not stored, and
    nothing is asked here. Its sampling seed is random.
    """
    prompts = (profile_request(brand), suggestion_request(brand, MAX_QUESTIONS))
    panel = Panel((brand.name,), prompts, (model,), seed=secrets.randbits(31))
    return call.aside_run(panel, f"suggestions for {brand.name}")


async def suggestion_price(call: Call) -> PriceQuote | None:
    """Return the price of asking the first configured model for suggestions, worked out for a
    made-up brand, since it is about the same for each. None without a model, or when the budget
    does not cover it or the price is not known although there is a budget.
    """
    model = suggester(call.plugins)
    if model is None:
        return None
    run = _suggestions_run(call, Brand("Your brand", category="product"), model)
    try:
        return await call.pricing.quote(run)
    except OverheardError:  # the budget does not cover it
        return None


async def suggest(call: Call, brand: Brand) -> Draft:
    """Ask the first configured model about a brand and for questions of buyers, and return the
    draft. It costs money; the draft is not stored.

    The draft is filled up with questions from templates. These are all it has without a model, or
    when the model cannot be asked or does not answer; then `Draft.problem` has the reason.
    """
    draft = Draft(brand.name)
    if model := suggester(call.plugins):
        run, name = _suggestions_run(call, brand, model), call.names.name(model)
        try:
            await call.pricing.quote(run)
            outcome, answers = await call.run_service().ask_aside(run)
        except OverheardError as error:
            draft = replace(draft, problem=str(error))
        else:
            replies = {answer.question.prompt.key: answer.reply.text for answer in answers}
            draft = _draft_of_replies(call.catalogue, brand, name, replies)
            if not replies:
                reason = next(iter(outcome.failures), "")
                draft = replace(draft, problem=f"{name} did not answer: {reason}")
    return _with_template_questions(call.catalogue, brand, draft)


def _draft_of_replies(
    catalogue: Catalogue, brand: Brand, model: str, replies: Mapping[str, str]
) -> Draft:
    """Return a draft with what a model has replied about a brand. Competitors that the brand has,
    and other names that belong to a brand, are left out.
    """
    profile = read_profile(replies.get(profile_request(brand).key, ""), brand)
    taken = {name.casefold() for other in catalogue.brands for name in other.names}
    competitors = tuple(name for name in profile.competitors if name not in brand.competitors)
    aliases = tuple(name for name in profile.aliases if name.casefold() not in taken)
    named = (Brand(brand.name, aliases=aliases), *(Brand(rival) for rival in competitors))
    questions = read_suggestions(
        replies.get(suggestion_request(brand, MAX_QUESTIONS).key, ""),
        (*catalogue.brands, *named),
        catalogue.prompts,
    )
    is_useful = questions or competitors or aliases or profile.facts
    return Draft(
        brand=brand.name,
        asked=model if is_useful else "",
        competitors=competitors,
        aliases=aliases,
        questions=tuple(questions),
        facts=profile.facts,
    )


def _with_template_questions(catalogue: Catalogue, brand: Brand, draft: Draft) -> Draft:
    """Return a draft with questions from templates after its own, up to `MAX_QUESTIONS` in all, and
    with new questions that name the brand in place of earlier ones.
    """
    known = {prompt.text.casefold() for prompt in catalogue.prompts_for(brand.name)}
    templates = template_questions(brand.category, [*draft.questions, *known])
    named = named_brands(catalogue, list(map(Prompt, templates)))
    neutral = [text for text in templates if not named[Prompt(text).key]]
    questions = (*draft.questions, *neutral)[:MAX_QUESTIONS]
    rivals = (*brand.competitors, *draft.competitors)
    branded = [t for t in branded_questions(brand.name, rivals) if t.casefold() not in known]
    return replace(draft, questions=questions, branded=tuple(branded))


async def price_of_questions(
    call: Call, brand: str, texts: Sequence[str], *, repeats: int = 1
) -> PriceQuote | None:
    """Return the price of a check of a brand with further questions, whether the budget covers it
    or not. None if there is nothing to ask, or no model.

    Args:
        brand: The brand's name.
        texts: Questions that are asked in addition to the brand's prompts; those that are prompts
            already are counted once.
        repeats: How often each question is asked.
    """
    catalogue = call.catalogue
    known = {prompt.key for prompt in catalogue.prompts}
    new = (Prompt(text, brands=(brand,)) for text in texts)
    prompts = (*catalogue.prompts, *(prompt for prompt in new if prompt.key not in known))
    return await call.price(replace(catalogue, prompts=prompts), brands=(brand,), repeats=repeats)
