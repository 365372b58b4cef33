"""`ask`: one free question to every model, their answers side by side."""

import secrets
from collections.abc import Sequence
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity, Tainted
from overheard.cards.command import CommandSpec, Kind, Proposal, Role, argument, option
from overheard.cards.model_names import ModelNames
from overheard.commands.answers import searched_for, sources_data
from overheard.commands.check import SEED_BITS
from overheard.commands.check_card import fault_sentences
from overheard.deployment import Call
from overheard.domain import Answer, Panel, Prompt, RunState
from overheard.reading.markdown import readable
from overheard.runs.plan import choose_models, skip_note
from overheard.runs.tasks import Outcome

LABEL = "ask"

MAX_TITLE_CHARS = 100
"""Characters of the question that a title shows."""
MAX_SHOWN_CHARS = 1_500
"""Characters of an answer that a card shows; the data contains the whole answer."""


async def ask(
    call: Call,
    *,
    question: Annotated[str, argument("What to ask.")],
    models: Annotated[Sequence[str], option("Ask this model.", Kind.MODEL, word="model")] = (),
) -> Proposal:
    """Return a proposal, with its price, to ask several models one question. Executing it asks each
    model once and returns the card with their answers.

    The answers are stored and charged, but never scored: no trend and no alert uses them.

    Args:
        question: The question; white space at its ends is left out.
        models: Models as ``provider/model``; empty means all that are configured.

    Raises:
        UnknownName: for a model that does not exist.
        NothingToAsk: when there is no model.
    """
    asked_models = choose_models(call.plugins.providers, models)
    panel = Panel((), (Prompt(question.strip()),), asked_models, seed=secrets.randbits(SEED_BITS))
    run = call.aside_run(panel, LABEL)
    quote = await call.pricing.quote(run)

    async def execute() -> Card:
        """Ask the models, and return the card of their answers."""
        outcome, answers = await call.run_service().ask_aside(run)
        return _answers_card(question, answers, outcome, call.names)

    return Proposal(quote.price, quote.usd, execute)


def _answers_card(
    question: str, answers: Sequence[Answer], outcome: Outcome, names: ModelNames
) -> Card:
    """Return the card of a free question: what it cost, why models did not answer or were not
    asked, and a further card for each answer with a text. It is a warning if a model did not
    answer, and failed if the run is.
    """
    answered = [answer for answer in answers if answer.reply.text]
    skipped = skip_note(outcome.run.panel, names.name)
    sentences = [*fault_sentences(outcome.failures), f"{skipped}." if skipped else ""]
    return Card(
        title=wording.shorten(wording.line(question), MAX_TITLE_CHARS),
        text="\n\n".join(filter(None, sentences)),
        fields=(Field("Spent", wording.money(outcome.spent)),),
        severity=Severity.WARNING if outcome.failures else Severity.PLAIN,
        footer="These answers are kept, and no figure rests on them.",
        more=tuple(_answer_card(answer, names) for answer in answered),
        data={
            "run": outcome.run.key,
            "state": outcome.state.value,
            "question": question,
            "answers": [sources_data(one) | {"text": one.conversation} for one in answered],
            "failures": dict(outcome.failures),
            "spent_usd": outcome.spent,
        },
        failed=outcome.state is RunState.FAILED,
    )


def _answer_card(answer: Answer, names: ModelNames) -> Card:
    """Return the card of one model's answer as plain text, under the model's display name. A
    text of more than `MAX_SHOWN_CHARS` characters is cut, and the footer says so.
    """
    model, text = answer.question.model, readable(answer.conversation)
    is_cut = len(text) > MAX_SHOWN_CHARS
    return Card(
        title=names.name(model),
        text=Tainted(wording.shorten(text, MAX_SHOWN_CHARS)),
        fields=searched_for([answer]),
        footer=f"The first {MAX_SHOWN_CHARS:,} of {len(text):,} characters." if is_cut else "",
    )


ASK = CommandSpec(
    "ask",
    "Ask every model one free question, and see the answers side by side.",
    ask,
    role=Role.OPERATOR,
    spends=True,
    examples=(
        'ask "Which project tool is best for a small team?"',
        'ask "Is Acme worth its price?" --model openai/gpt-5.4-mini',
    ),
)
