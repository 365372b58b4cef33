"""Whether the vendors' own programs read a dataset that `overheard dataset build` wrote.

    uv run --group trainers python training/vendors.py FOLDER

TRL's trainers take a step on the Hugging Face files, with a model of one small layer; the types of
Google's and Anthropic's SDKs read the messages of theirs, and OpenAI's are put to the checks that
its cookbook publishes. `overheard dataset build` has checked sizes and counts already.
"""

import argparse
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset
from served import model_path
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer
from trl.data_utils import is_conversational

Line = dict[str, Any]


def main() -> None:
    """Print, for each vendor's files, the number of lines and problems.

    Raises:
        SystemExit: when a line of a file has a problem.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    problems: Counter[str] = Counter()
    for name, read in {"openai": openai, "bedrock": bedrock, "vertex": vertex}.items():
        for file in sorted((folder / name).glob("*.jsonl")):
            lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            found = Counter(problem for line in lines for problem in read(line))
            problems += Counter({f"{name}/{file.name}: {what}": n for what, n in found.items()})
            print(f"{name}/{file.name}: {len(lines)} lines, {found.total()} problems")
    for told in trained(folder / "huggingface"):
        print(f"huggingface/{told}")
    if problems:
        raise SystemExit("\n".join(f"{n} x {what}" for what, n in problems.items()))


def openai(line: Line) -> Iterator[str]:
    """Yield the problems of a line by the checks of OpenAI's cookbook, under the names that the
    checks have there.

    https://developers.openai.com/cookbook/examples/chat_finetuning_data_prep; the checks of
    preference pairs are from the guide to direct preference optimization.
    """
    if "input" not in line:
        yield from _messages(line.get("messages"))
        return
    yield from _unless(
        set(line) == {"input", "preferred_output", "non_preferred_output"}, "unrecognized_key"
    )
    yield from _messages([*line["input"]["messages"], *line["preferred_output"]])
    yield from _messages([*line["input"]["messages"], *line["non_preferred_output"]])
    for side in ("preferred_output", "non_preferred_output"):
        yield from _unless([m["role"] for m in line[side]] == ["assistant"], "not_one_answer")


def _messages(messages: list[Line] | None) -> Iterator[str]:
    """Yield the problems of a list of chat messages, under the names in OpenAI's cookbook."""
    if not messages:
        yield "missing_messages_list"
        return
    for message in messages:
        yield from _unless({"role", "content"} <= set(message), "message_missing_key")
        known = {"role", "content", "name", "function_call", "weight"}
        yield from _unless(set(message) <= known, "message_unrecognized_key")
        yield from _unless(
            message.get("role") in {"system", "user", "assistant"}, "unrecognized_role"
        )
        content = message.get("content")
        yield from _unless(isinstance(content, str) and bool(content), "missing_content")
    answered = any(message.get("role") == "assistant" for message in messages)
    yield from _unless(answered, "example_missing_assistant_message")


def bedrock(line: Line) -> Iterator[str]:
    """Yield the problems of a line by the rules of Anthropic's cookbook and by the types of
    Anthropic's SDK.

    https://platform.claude.com/cookbook/finetuning-finetuning-on-bedrock
    """
    from anthropic.types import MessageParam

    messages = line.get("messages", [])
    roles = [message.get("role") for message in messages]
    yield from _unless(set(line) <= {"system", "messages"}, "extraneous keys")
    yield from _unless(len(messages) >= 2, "fewer than two messages")
    alternating = roles == ["user", "assistant"] * (len(roles) // 2)
    yield from _unless(alternating, "roles do not alternate from user to assistant")
    yield from _read_as(MessageParam, messages)


def vertex(line: Line) -> Iterator[str]:
    """Yield the problems of a line by the types of Google's SDK and by the rules on Google's page.

    https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/tuning/supervised-tuning/prepare-data
    """
    from google.genai.types import Content

    completions = line.get("completions", [])
    yield from _unless(set(line) <= {"systemInstruction", "contents", "completions"}, "other keys")
    roles = [content.get("role") for content in line.get("contents", [])]
    yield from _unless(roles == (["user"] if completions else ["user", "model"]), "roles")
    scores = sorted(one["score"] for one in completions)
    yield from _unless(not completions or scores == [0, 1], "scores other than 1 and 0")
    yield from _read_as(Content, [*line["contents"], *(one["completion"] for one in completions)])


def trained(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file of a folder: its lines, and the loss of one training step with
    TRL.

    Raises:
        SystemExit: when a file has lines that are no conversations, or the loss is no number.
    """
    tokenizer = AutoTokenizer.from_pretrained(model_path().parent, gguf_file=model_path().name)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    for file in sorted(folder.glob("*.jsonl")):
        rows = load_dataset("json", data_files=str(file), split="train")
        strange = sum(not is_conversational(row) for row in rows)
        if strange:
            raise SystemExit(f"{file}: {strange} of {len(rows)} lines are no conversations to TRL")
        loss = _step(rows, tokenizer, "preferences" in file.name)
        if not math.isfinite(loss):
            raise SystemExit(f"{file}: the loss is {loss}")
        yield f"{file.name}: {len(rows)} lines, a step taken, loss {loss:.2f}"


def _step(rows: Dataset, tokenizer: PreTrainedTokenizerBase, pairs: bool) -> float:
    """Train a tiny model for one step on rows, by DPO for `pairs` and else by SFT, and return the
    loss.
    """
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=2,
        )
    )
    config, trainer = (DPOConfig, DPOTrainer) if pairs else (SFTConfig, SFTTrainer)
    also = {"ref_model": deepcopy(model)} if pairs else {}
    with tempfile.TemporaryDirectory() as folder:
        asked = config(output_dir=folder, max_steps=1, use_cpu=True, bf16=False, report_to="none")
        data = {"train_dataset": rows, "processing_class": tokenizer}
        step = trainer(model=model, args=asked, **data, **also).train()
        return float(step.training_loss)


def _read_as(kind: Any, values: Iterable[Any]) -> Iterator[str]:
    """Yield the first error of each value that is not of the SDK's type `kind`."""
    from pydantic import TypeAdapter, ValidationError

    validate: Callable[[Any], Any] = TypeAdapter(kind).validate_python
    for value in values:
        try:
            validate(value)
        except ValidationError as error:
            yield f"the SDK says: {error.errors()[0]['msg']}"


def _unless(right: bool, problem: str) -> Iterator[str]:
    if not right:
        yield problem


if __name__ == "__main__":
    main()
