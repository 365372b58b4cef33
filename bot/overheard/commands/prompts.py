"""`prompts`: the questions that models are asked, and suggestions of more by a model."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table, Tainted, fitting
from overheard.cards.command import (
    CommandSpec,
    Face,
    Kind,
    Option,
    Proposal,
    Role,
    argument,
    option,
    quoted,
)
from overheard.commands.arguments import find_prompt
from overheard.commands.catalogue import KEY, CatalogueNoun, find_brands, optional, require_yes
from overheard.commands.check_card import fault_sentences
from overheard.commands.setup.checklist import drafted_brand
from overheard.commands.setup.draft import store_draft, stored_draft
from overheard.deployment import Call
from overheard.domain import Brand, Panel, Prompt
from overheard.reading.reader import named_brands
from overheard.runs.plan import choose_models, find_brand
from overheard.runs.suggestions import (
    MAX_QUESTIONS,
    fact_questions,
    read_suggestions,
    suggestion_request,
)
from overheard.runs.tasks import Outcome

SHOWN_CHARS = 80
"""Longest text of a prompt in a table."""

_FIELDS = (
    Option("text", "The question; >> before a follow-up.", required=True, positional=True),
    Option("brands", "A brand that it is asked for.", Kind.BRAND, many=True, word="brand"),
    Option("tags", "A label to group by.", many=True, word="tag"),
    Option("topic", "What it is about, such as pricing.", default=""),
    Option("persona", "Who asks, such as a freelance designer.", default=""),
    Option("language", "The language of the answer, such as de.", default=""),
    Option("market", "Where it is asked, such as Germany.", default=""),
)


async def _checked_prompt(call: Call, prompt: Prompt, before: Prompt | None) -> Prompt:
    """Return a prompt in the form in which it is stored: one space between words, brands by their
    full names instead of aliases.
    """
    is_same = before is not None and before.key == prompt.key
    text = before.text if before and is_same else " ".join(prompt.text.split())
    return replace(prompt, text=text, brands=find_brands(call.catalogue, prompt.brands))


BRANDED = (
    "A question that names a brand shows how the brand is described, and whether the others are "
    "named beside it; it counts for no visibility, position or share of voice."
)


async def _branded_sentence(call: Call, prompts: Sequence[Prompt]) -> str:
    """Return the number of prompts that name any brand, as a sentence (``2 questions of 10 name a
    brand.``), followed by what that means for the metrics; empty if no prompt names a brand.
    """
    named = named_brands(call.catalogue, prompts)
    branded = sum(map(bool, named.values()))
    if not branded:
        return ""
    count = wording.count(branded, "question")
    are = "names a brand" if branded == 1 else "name a brand"
    return f"{count} of {len(prompts)} {are}. {BRANDED}"


async def _changed_card(call: Call, prompt: Prompt, before: Prompt | None, done: str) -> Card:
    """Return the card of a prompt that was added, changed or restored."""
    note = {
        "Added": "It is asked from the next check on.",
        "Changed": "Its history goes on.",
        "Restored": "It is asked again from the next check on.",
    }[done]
    if before and before.key != prompt.key:
        note = "Another text is another question: its history begins now, and the old one is kept."
    labels = (prompt.topic, prompt.persona, prompt.language, prompt.market)
    branded = named_brands(call.catalogue, [prompt])[prompt.key]
    if branded:
        note = f"{note} {BRANDED}"
    fields = {
        "For": ", ".join(prompt.brands) or "all brands",
        "Names": ", ".join(sorted(branded)),
        "Tags": ", ".join(prompt.tags),
        "Labels": ", ".join(filter(None, labels)),
        **({KEY: prompt.key} if call.face is Face.TERMINAL else {}),
    }
    return PROMPTS.changed_card(prompt, done, f"“{prompt.text}”\n\n{note}", fields)


def _short_text(prompt: Prompt) -> str:
    return wording.shorten(wording.line(prompt.text), SHOWN_CHARS)


PROMPTS: CatalogueNoun[Prompt] = CatalogueNoun(
    name="prompts",
    singular="question",
    shape=Prompt,
    key=(
        Option(
            "prompt",
            "Its key, or the beginning of its text.",
            Kind.PROMPT,
            required=True,
            positional=True,
        ),
    ),
    new=(),
    fields=_FIELDS,
    edit_fields=(Option("text", "Another question in its place."), *optional(_FIELDS[1:])),
    find=lambda _, among, given, kind: find_prompt(among, given["prompt"], kind=kind),
    reference=lambda prompt: (prompt.key,),
    label=lambda _: "This question",
    loss=lambda prompt: f"“{_short_text(prompt)}” is no longer asked, and its answers are kept",
    keep=lambda store, prompt: store.catalogue.set_prompt(prompt),
    retire=lambda store, prompt: store.catalogue.remove_prompt(prompt.key),
    check=_checked_prompt,
    card=_changed_card,
    columns={
        "Question": _short_text,
        "For": lambda prompt: ", ".join(prompt.brands) or "all",
        "Tags": lambda prompt: ", ".join(prompt.tags),
        KEY: lambda prompt: prompt.key,
    },
    empty="Nothing is asked yet.",
    notes=_branded_sentence,
    concerns=Prompt.concerns,
    more_data=("key",),
)

PROMPTS_LIST = PROMPTS.command(
    "list", "Show the questions that are asked.", "prompts", "prompts list Acme"
)
PROMPTS_ADD = PROMPTS.command(
    "add",
    "Ask a question from the next check on; without a brand, for all of them.",
    'prompts add "Which project tool is best for a small team?"',
    'prompts add "Is Acme worth its price?" --brand Acme --topic pricing',
)
PROMPTS_EDIT = PROMPTS.command(
    "edit",
    "Change a question; another text is another history.",
    'prompts edit "Which project tool" --tag teams',
)
PROMPTS_REMOVE = PROMPTS.command(
    "remove",
    "Ask a question no longer; its answers are kept.",
    'prompts remove "Which project tool"',
)

SUGGESTIONS = 10
"""Number of questions that a model is asked for by default."""
MAX_BUTTONS = 5
MAX_BUTTON_CHARS = 60


async def suggest_prompts(
    call: Call,
    *,
    brand: Annotated[str, argument("For which brand.", Kind.BRAND)],
    model: Annotated[str, option("Ask this model; else the first one.", Kind.MODEL)] = "",
    count: Annotated[int, option("How many.", low=1, high=50)] = SUGGESTIONS,
    facts: Annotated[
        bool,
        option(
            "Add one direct question for each of its facts instead.",
            makes={"role": Role.ADMIN, "spends": False, "confirms": True},
        ),
    ] = False,
    agreed: bool = False,
) -> Proposal | Card:
    """Return a proposal to ask a model for questions of buyers in a brand's category. No prompt is
    added, unless the questions are those for `facts`.

    When the proposal is executed, and the brand is the one that is being set up, up to
    `MAX_QUESTIONS` of them are in its draft, from which a person chooses later. The model is told
    the category, and not the brand; questions that name a known brand or that are asked already are
    dropped.

    Args:
        model: The model as ``provider/model``; empty means the first that is configured.
        facts: Whether to add a direct question for each fact of the brand, see `ask_facts`; no
            model is asked then.
        agreed: Whether the person has agreed to these.

    Raises:
        UnknownName: for a brand or a model that does not exist.
        ChangeNeedsYes: when there are new questions for facts, which have not been agreed to.
        NothingToAsk: when no model is configured.
        SearchUnknown: when the model is to search, and its provider cannot.
    """
    subject = find_brand(call.catalogue, brand)
    if facts:
        return await ask_facts(call, subject, agreed=agreed)
    models = choose_models(call.plugins.providers, (model,) if model else ())[:1]
    panel = Panel(
        (subject.name,), (suggestion_request(subject, count),), models, seed=secrets.randbits(31)
    )
    run = call.aside_run(panel, f"suggestions for {subject.name}")
    quote = await call.pricing.quote(run)

    async def execute() -> Card:
        """Ask the model, put its questions into the draft of the set-up in place of earlier ones
        if it is this brand's, and return the card of all questions.
        """
        outcome, answers = await call.run_service().ask_aside(run)
        text = "\n".join(answer.reply.text for answer in answers)
        catalogue = call.catalogue
        questions = read_suggestions(text, catalogue.brands, catalogue.prompts)
        asked, chosen = call.names.name(models[0]), tuple(questions[:MAX_QUESTIONS])
        drafted = subject.tracked and await drafted_brand(call) == subject
        if drafted:
            draft = await stored_draft(call, subject)
            await store_draft(call, replace(draft, asked=asked, questions=chosen))
        has_form = drafted and call.face is Face.CHAT
        return _suggestions_card(subject, questions, outcome, has_form=has_form)

    return Proposal(quote.price, quote.usd, execute)


def _suggestions_card(
    brand: Brand, questions: list[str], outcome: Outcome, *, has_form: bool
) -> Card:
    """Return the card of suggested questions, with a button for the form in which they are chosen
    if there is one, else with up to `MAX_BUTTONS` commands that add one each.

    Without a question the card has `failed` set, and says what went wrong.
    """
    advice = "Nothing is added by itself: pick what your buyers would ask, and reword the rest."
    problems = list(fault_sentences(outcome.failures))
    if not questions and not problems:
        problems = ["The answer holds no question that is new; try another model."]
    choose = Action("setup questions", "Choose questions", Style.PRIMARY)
    if has_form:
        actions = fitting(*[choose] if questions else [])
    else:
        owner = f" --brand {quoted(brand.name)}" if brand.tracked else ""
        typed = (
            Action(f'prompts add "{q}"{owner}', wording.shorten(q, MAX_BUTTON_CHARS))
            for q in questions
            if '"' not in q
        )
        actions = fitting(*typed)[:MAX_BUTTONS]
    found = wording.count(len(questions), "suggestion") if questions else "No suggestion"
    return Card(
        title=f"{found} for {brand.name}",
        text="\n\n".join(problems or [advice]),
        table=Table(("Question",), tuple((Tainted(q),) for q in questions)) if questions else None,
        actions=actions,
        severity=Severity.PLAIN if questions else Severity.WARNING,
        footer=wording.money(outcome.spent),
        data={
            "brand": brand.name,
            "suggestions": questions,
            "run": outcome.run.key,
            "failures": dict(outcome.failures),
            "spent_usd": outcome.spent,
        },
        failed=not questions,
    )


async def ask_facts(call: Call, brand: Brand, *, agreed: bool) -> Card:
    """Store a direct question about each fact of a brand that has none yet; return the card. The
    questions are asked from the next check on. Without a new question nothing is stored.

    Args:
        agreed: Whether the person has agreed to the questions.

    Raises:
        ChangeNeedsYes: when there are new questions, which have not been agreed to.
    """
    name = brand.name
    asked_keys = {prompt.key for prompt in call.catalogue.prompts}
    facts = [fact for fact in call.catalogue.facts if fact.brand == name]
    added = [prompt for prompt in fact_questions(facts) if prompt.key not in asked_keys]
    if added:
        count = wording.count(len(added), "question")
        question_texts = "; ".join(prompt.text for prompt in added)
        require_yes(
            f"{count} will be asked in every check of {name} ({question_texts})", agreed=agreed
        )
        await call.store.catalogue.add_prompts(added)
    return _fact_questions_card(name, added, has_facts=bool(facts))


def _fact_questions_card(brand: str, added: Sequence[Prompt], *, has_facts: bool) -> Card:
    """Return the card of the questions that were added about a brand's facts. If none was added, it
    says that all facts are asked about already, or that the brand has no facts (`has_facts` is
    False).
    """
    if added:
        text = "They are asked from the next check on, and tagged fact."
    elif has_facts:
        text = f"Every fact about {brand} is asked about already."
    else:
        text = f"Nothing is known about {brand} yet. Begin with: facts add"
    return Card(
        title=f"Added {wording.count(len(added), 'question')} about {brand}",
        text=text,
        table=Table(("Question",), tuple((prompt.text,) for prompt in added)) if added else None,
        actions=fitting(Action(f"check {quoted(brand)}", "Check now")),
        severity=Severity.GOOD if added else Severity.PLAIN,
        data={"added": [{"key": prompt.key, "text": prompt.text} for prompt in added]},
    )


PROMPTS_SUGGEST = CommandSpec(
    "prompts suggest",
    "Ask a model what buyers ask; nothing is added by itself.",
    suggest_prompts,
    role=Role.OPERATOR,
    spends=True,
    examples=(
        "prompts suggest Acme",
        "prompts suggest Acme --count 20",
        "prompts suggest Acme --facts",
    ),
)
