"""What went wrong in a check, in sentences: failed questions, answers without scores, faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from overheard.cards import wording
from overheard.cards.model_names import ModelNames
from overheard.domain import Finish, Model
from overheard.runs.tasks import Outcome

ENDINGS = {
    Finish.LENGTH: "cut at a limit of the service",
    Finish.FILTERED: "withheld or cut by a content filter",
    Finish.REFUSED: "refused by the model",
    Finish.FOREIGN: "in another language than the question's",
    Finish.CUT: "broken off without an end",
}
"""Why an answer is not scored, after a count of answers and ``was`` or ``were``."""


def unscored_sentences(outcome: Outcome, names: ModelNames) -> Iterator[str]:
    """Yield a sentence for each model and each ending that keeps answers from being scored, such as
    ``2 answers of ChatGPT were refused by the model, and are not scored``.
    """
    for (model, finish), count in outcome.cut.items():
        was, is_ = ("was", "is") if count == 1 else ("were", "are")
        subject = f"{wording.count(count, 'answer')} of {names.name(model)}"
        yield f"{subject} {was} {ENDINGS[finish]}, and {is_} not scored."


def failures_with_model_names(
    failures: Counter[str], models: Sequence[Model], names: ModelNames
) -> Counter[str]:
    """Return the number of failures by sentence, with the display names of the models in place of
    their ids. The numbers of sentences that become equal are added up.

    Of a text that begins with the pause of a model, as in ``openai/gpt-5 is paused for 30 s. It did
    not answer.``, only the sentences after the first are kept, if there are any: they are the
    reason of the pause.

    Args:
        failures: The number of failures by sentence.
        models: The models whose ids may occur in the sentences.
    """
    named_failures: Counter[str] = Counter()
    for sentence, count in failures.items():
        words = sentence
        for model in models:
            if words.startswith(f"{model} is paused for "):
                words = words.partition(". ")[2] or words
            words = words.replace(str(model), names.name(model))
        named_failures[words] += count
    return named_failures


def fault_sentences(faults: Counter[str]) -> Iterator[str]:
    """Yield each fault as a sentence with its count: ``ChatGPT did not answer 3 questions: ...`` if
    the fault is ``ChatGPT did not answer: ...``, else the fault with ``(3 times)`` behind it.
    """
    for sentence, count in faults.items():
        model, did_not_answer, reason = sentence.partition(" did not answer: ")
        if did_not_answer:
            yield f"{model} did not answer {wording.count(count, 'question')}: {reason}"
        else:
            yield f"{sentence} ({wording.count(count, 'time')})"
