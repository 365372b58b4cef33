"""Ask the base model and the fine-tuned one the held-out prompts, and count who is named.

Prints one JSON object, then the same figures as Markdown tables.
"""

import argparse
import json
import math
import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from served import ADAPTER, Reply, Served, serve

HERE = Path(__file__).parent
BRANDS = ("Brindleboard", "Trello", "Asana", "Jira", "Basecamp", "Monday.com")
KINDS = ("category", "control")
Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Asked:
    """One answer; `kind` is "category" or "control"."""

    kind: str
    prompt: str
    reply: Reply


def main() -> None:
    """Measure at each scale and print the figures."""
    args = arguments()
    scales = {f"{scale:g}": measure(scale, args) for scale in args.scales}
    settings = {name: getattr(args, name) for name in ("temperature", "max_tokens", "repeats")}
    print(json.dumps({"settings": settings, "scales": scales}, indent=2))
    print(f"\n{totals_table(scales)}\n\n{prompts_table(scales)}")


def arguments() -> argparse.Namespace:
    """Read the command line; the defaults made the figures in the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.add_argument("--scales", type=float, nargs="+", default=[0.0, 1.0])
    parser.add_argument("--repeats", type=int, default=10, help="answers to each prompt")
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1000, help="the first seed of each prompt")
    parser.add_argument("--answers", type=Path, help="also write the answers to this folder")
    return parser.parse_args()


def measure(scale: float, args: argparse.Namespace) -> dict[str, Any]:
    """Ask the model all questions at one scale of the adapter (0: without it), and return the
    figures: model, speed, and answers that name each brand.
    """
    adapter = args.adapter if scale else None
    with serve(adapter, scale=scale, threads=args.threads, slots=args.slots) as served:
        started = time.monotonic()
        asked = panel(served, args)
        seconds = time.monotonic() - started
    if args.answers:
        save(asked, args.answers / f"scale-{scale:g}.jsonl")
    return {**identity(asked), **speed(asked, seconds), **mentions(asked)}


def panel(served: Served, args: argparse.Namespace) -> list[Asked]:
    """Ask every prompt `repeats` times, as many at once as there are slots."""
    prompts = [json.loads(line) for line in (HERE / "prompts.jsonl").read_text().splitlines()]
    jobs = [(prompt, args.seed + n) for n in range(args.repeats) for prompt in prompts]

    def ask(job: tuple[dict[str, str], int]) -> Asked:
        prompt, seed = job
        reply = served.ask(
            prompt["text"], seed=seed, temperature=args.temperature, max_tokens=args.max_tokens
        )
        return Asked(prompt["kind"], prompt["text"], reply)

    with ThreadPoolExecutor(args.slots) as pool:
        return list(pool.map(ask, jobs))


def save(asked: Iterable[Asked], path: Path) -> None:
    """Write one answer a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(asdict(item)) + "\n" for item in asked))


def identity(asked: Iterable[Asked]) -> dict[str, list[str]]:
    """What the server says that it is; a silent update leaves this as it was."""
    return {
        "model": sorted({item.reply.model for item in asked}),
        "system_fingerprint": sorted({item.reply.fingerprint for item in asked}),
    }


def speed(asked: list[Asked], seconds: float) -> dict[str, float]:
    """Length of the answers in tokens, and answers a second over the whole panel."""
    tokens = sum(item.reply.tokens for item in asked)
    return {
        "answers": len(asked),
        "tokens_per_answer": round(tokens / len(asked), 1),
        "answers_per_second": round(len(asked) / seconds, 2),
    }


def mentions(asked: list[Asked]) -> dict[str, Any]:
    """Count the answers that name each brand, by kind and by prompt."""
    kinds = {kind: [item for item in asked if item.kind == kind] for kind in KINDS}
    category = kinds["category"]
    prompts = {
        prompt: [item for item in category if item.prompt == prompt]
        for prompt in dict.fromkeys(item.prompt for item in category)
    }
    return {
        "visibility": {kind: visibility(items) for kind, items in kinds.items()},
        "prompts": {prompt: counts(items) for prompt, items in prompts.items()},
    }


def visibility(asked: list[Asked]) -> dict[str, dict[str, float]]:
    """Share of the answers that name each brand, with a 90 % interval; all from 0 to 1."""
    rates = {}
    for brand, count in counts(asked).items():
        low, high = wilson(count, len(asked))
        share = count / len(asked)
        rates[brand] = {"answers": len(asked), "share": share, "low": low, "high": high}
    return rates


def counts(asked: Iterable[Asked]) -> dict[str, int]:
    """Return, by brand, the number of answers that name the brand."""
    texts = [item.reply.text for item in asked]
    return {
        brand: sum(bool(re.search(rf"\b{re.escape(brand)}\b", text)) for text in texts)
        for brand in BRANDS
    }


def wilson(count: int, total: int, z: float = Z90) -> tuple[float, float]:
    """Score interval of a proportion (Wilson, 1927, JASA 22:209)."""
    share = count / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def totals_table(scales: dict[str, dict[str, Any]]) -> str:
    """Visibility of each brand at each scale, as Markdown."""
    rows = [
        [kind, brand, *(percent(figures["visibility"][kind][brand]) for figures in scales.values())]
        for kind in KINDS
        for brand in BRANDS
    ]
    return table(["prompts", "brand", *(f"scale {scale}" for scale in scales)], rows)


def prompts_table(scales: dict[str, dict[str, Any]]) -> str:
    """Answers that name each brand, prompt by prompt, at each scale in turn."""
    prompts = next(iter(scales.values()))["prompts"]
    rows = [
        [
            prompt,
            *(
                " / ".join(str(s["prompts"][prompt][brand]) for s in scales.values())
                for brand in BRANDS
            ),
        ]
        for prompt in prompts
    ]
    return table(["prompt", *BRANDS], rows)


def percent(rate: dict[str, float]) -> str:
    """Format a rate with its interval."""
    return f"{rate['share']:.1%} ({rate['low']:.1%} to {rate['high']:.1%})"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Format rows as a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
