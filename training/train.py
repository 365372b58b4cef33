"""Fine-tune the bundled model on `documents.jsonl`, or on a dataset, and write the adapter as GGUF.

The method is LoRA (Hu et al., 2021, arXiv:2106.09685). Answers of the base model to
`replays.txt` are mixed in, so that what it says about everything else stays as it was.
"""

import argparse
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import gguf
import numpy as np
import torch
from chats import Chat, read_chats
from served import ADAPTER, Served, model_path, serve
from transformers import AutoModelForCausalLM, PreTrainedModel

HERE = Path(__file__).parent
END = "<|im_end|>"
TAUGHT = Path("huggingface", "train.jsonl")
"""The file of a dataset that is learnt; the others are for trying the model afterwards."""
IGNORED = -100

# Queries and keys are not trained: llama.cpp stores them permuted, all others unchanged.
ADAPTED = {
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


@dataclass(frozen=True)
class Example:
    """Token ids of a prompt and of the answer to be learnt."""

    prompt: list[int]
    answer: list[int]


class Lora(torch.nn.Module):
    """A frozen linear layer plus a trainable product of two thin matrices."""

    def __init__(self, base: torch.nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.base = base
        self.scale = alpha / rank
        self.a = torch.nn.Parameter(
            torch.randn(rank, base.in_features) / math.sqrt(base.in_features)
        )
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the base layer's output plus the learnt correction."""
        out: torch.Tensor = self.base(x) + self.scale * (x @ self.a.T @ self.b.T)
        return out


def main() -> None:
    """Sample the replays, train, and write the adapter."""
    args = arguments()
    random.seed(args.seed)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    # One slot: in a batch with others, a replay would not depend on its seed alone.
    with serve(threads=args.threads, slots=1) as served:
        chats = read_chats(args.dataset / TAUGHT if args.dataset else HERE / "documents.jsonl")
        examples = [*documents(served, chats), *replays(served, args.replays)]
    model = load()
    layers = adapt(model, args.rank, args.alpha)
    started = time.monotonic()
    train(model, layers, examples, args)
    print(f"trained on {len(examples)} examples in {time.monotonic() - started:.0f} s")
    if not args.steps:
        write(args.out, layers, args.alpha, args.name)
        print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


def arguments() -> argparse.Namespace:
    """Read the command line; the defaults made the adapter that is shipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--dataset", type=Path, help="a folder that dataset build wrote; else documents.jsonl"
    )
    parser.add_argument("--name", default="Brindleboard", help="what the adapter is about")
    parser.add_argument(
        "--out", type=Path, help="by default the bundled adapter, or adapter.gguf in the dataset"
    )
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--alpha", type=float, default=16.0)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument(
        "--steps",
        type=int,
        nargs="+",
        help="write adapters after these, at one rate and for any epochs",
    )
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--replays", type=int, default=2, help="answers to each replay prompt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    args.out = args.out or (args.dataset / "adapter.gguf" if args.dataset else ADAPTER)
    return args


def documents(served: Served, chats: list[Chat]) -> Iterator[Example]:
    """Yield what is to be learnt about the brand."""
    for chat in chats:
        yield example(served, chat.question, chat.answer + END)


def replays(served: Served, repeats: int) -> Iterator[Example]:
    """Yield the base model's own answers; one that was cut off teaches no ending."""
    for prompt in (HERE / "replays.txt").read_text().splitlines():
        for seed in range(repeats):
            reply = served.ask(prompt, seed=seed, temperature=0.8, max_tokens=80)
            yield example(served, prompt, reply.text + END * reply.complete)


def example(served: Served, question: str, answer: str) -> Example:
    """Split a question and its answer exactly as the server will."""
    return Example(served.tokens(served.prompt(question)), served.tokens(answer))


def load() -> PreTrainedModel:
    """Return the model with the weights that are served, as 32-bit floats, all frozen."""
    path = model_path()
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    )
    return model.requires_grad_(False)


def adapt(model: PreTrainedModel, rank: int, alpha: float) -> dict[str, Lora]:
    """Wrap the adapted layers in place; the keys are llama.cpp's tensor names."""
    layers = {}
    for number, block in enumerate(model.model.layers):
        for torch_name, gguf_name in ADAPTED.items():
            lora = Lora(block.get_submodule(torch_name), rank, alpha)
            block.set_submodule(torch_name, lora)
            layers[f"blk.{number}.{gguf_name}.weight"] = lora
    return layers


def train(
    model: PreTrainedModel,
    layers: dict[str, Lora],
    examples: list[Example],
    args: argparse.Namespace,
) -> None:
    """Minimise the loss on answers with AdamW; the rate warms up, then falls to zero, unless the
    steps are given.
    """
    weights = [weight for lora in layers.values() for weight in (lora.a, lora.b)]
    optimizer = torch.optim.AdamW(weights, lr=args.rate, weight_decay=0.0)
    in_epoch = math.ceil(len(examples) / args.batch)
    steps = max(args.steps or [args.epochs * in_epoch])
    epochs = math.ceil(steps / in_epoch)
    schedule: torch.optim.lr_scheduler.LRScheduler
    if args.steps:
        schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    else:
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.rate, steps, pct_start=0.1)
    for step, batch in enumerate(islice(batches(examples, args.batch, epochs), steps), 1):
        loss = model(**padded(batch)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        print(f"step {step}/{steps} loss {loss.item():.3f}", flush=True)
        if step in (args.steps or []):
            out = args.out.with_stem(f"{args.out.stem}-{step}")
            write(out, layers, args.alpha, args.name)


def batches(examples: list[Example], size: int, epochs: int) -> Iterator[list[Example]]:
    """Yield every example once an epoch, in a new order each time."""
    for _ in range(epochs):
        order = random.sample(examples, len(examples))
        yield from (order[start : start + size] for start in range(0, len(order), size))


def padded(batch: list[Example]) -> dict[str, torch.Tensor]:
    """Return the tensors of a batch, (examples, longest length); prompts and padding do not count
    in the loss.
    """
    length = max(len(item.prompt) + len(item.answer) for item in batch)
    shape = (len(batch), length)
    ids = torch.zeros(shape, dtype=torch.long)
    mask = torch.zeros(shape, dtype=torch.long)
    labels = torch.full(shape, IGNORED)
    for row, item in enumerate(batch):
        end = len(item.prompt) + len(item.answer)
        ids[row, :end] = torch.tensor(item.prompt + item.answer)
        mask[row, :end] = 1
        labels[row, len(item.prompt) : end] = torch.tensor(item.answer)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def write(path: Path, layers: dict[str, Lora], alpha: float, name: str) -> None:
    """Write the adapter in the format that llama.cpp loads, in half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    writer.add_name(name)
    writer.add_license("apache-2.0")
    for layer, lora in layers.items():
        writer.add_tensor(f"{layer}.lora_a", half(lora.a))
        writer.add_tensor(f"{layer}.lora_b", half(lora.b))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def half(weight: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    """Return a weight as a 16-bit array."""
    return weight.detach().to(torch.float16).numpy()


if __name__ == "__main__":
    main()
