"""Whether robots.txt lets the crawlers of models' vendors in, by RFC 9309. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from overheard import Landscape, LandscapeTopic, wording

MAX_LINES = 20_000
EVERYONE = "*"
_CRAWLER = re.compile(r"([A-Za-z][\w-]+) \(([^()]+)\)")
_FOR_ANSWERS = re.compile("search|index|ground|user")
"""What a crawler does that decides whether a page can be shown in an answer."""
Rules = Mapping[str, Sequence[tuple[bool, str]]]
"""Whether a path is allowed, and the path, by the name of the crawler in small letters."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page, or a whole host, that is refused to crawlers that fetch pages for answers."""

    host: str
    path: str
    crawlers: tuple[str, ...]

    def __str__(self) -> str:
        page = f"{self.host}{self.path}".removesuffix("/")
        return f"{page} keeps out {wording.listing(self.crawlers)}"

    @property
    def remedy(self) -> str:
        """What to write into robots.txt."""
        agents = "\n".join(f"User-agent: {crawler}" for crawler in self.crawlers)
        return f"Add to {self.host}/robots.txt:\n{agents}\nAllow: {self.path}"


def refusals(
    host: str, text: str, paths: Iterable[str], landscapes: Iterable[Landscape]
) -> list[Refusal]:
    """Return what a robots.txt refuses to crawlers of the landscape that fetch pages for answers.
    Those that fetch for training alone are left out: who refuses them is shown all the same.
    """
    rules, crawlers = read_rules(text), [*_crawlers(landscapes)]
    found = (
        Refusal(host, path, tuple(name for name in crawlers if not is_allowed(rules, name, path)))
        for path in paths
    )
    return [refusal for refusal in found if refusal.crawlers]


def _crawlers(landscapes: Iterable[Landscape]) -> Iterator[str]:
    for landscape in landscapes:
        for entry in landscape.entries:
            if entry.topic is LandscapeTopic.CRAWLERS:
                for name, purpose in _CRAWLER.findall(entry.value):
                    if _FOR_ANSWERS.search(purpose):
                        yield name


def read_rules(text: str) -> Rules:
    """Return the rules of a robots.txt by crawler."""
    rules: dict[str, list[tuple[bool, str]]] = {}
    agents: list[str] = []
    has_rules = False
    for line in text.splitlines()[:MAX_LINES]:
        key, _, value = line.partition("#")[0].partition(":")
        key, value = key.strip().casefold(), value.strip()
        if key == "user-agent":
            agents = [value.casefold()] if has_rules else [*agents, value.casefold()]
            has_rules = False
            rules.setdefault(agents[-1], [])
        elif key in {"allow", "disallow"}:
            has_rules = True
            for agent in agents if value else ():
                rules[agent].append((key == "allow", value))
    return rules


def is_allowed(rules: Rules, crawler: str, path: str) -> bool:
    """Return whether a crawler may fetch a path: the longest rule that fits counts, and of two as
    long the one that allows.
    """
    own = rules.get(crawler.casefold(), rules.get(EVERYONE, ()))
    return max(
        ((len(pattern), allow) for allow, pattern in own if _fits(pattern, path)), default=(0, True)
    )[1]


def _fits(pattern: str, path: str) -> bool:
    """Return whether a path fits a pattern with ``*`` and ``$``, in one pass over the path."""
    first, *parts = pattern.removesuffix("$").split("*")
    is_whole = pattern.endswith("$")
    if not parts:
        return path == first if is_whole else path.startswith(first)
    *parts, last = parts if is_whole else [*parts, ""]
    at = len(first) if path.startswith(first) else -1
    for part in parts:
        found = path.find(part, at) if at >= 0 else -1
        at = found + len(part) if found >= 0 else -1
    return at >= 0 and path.endswith(last) and len(path) - len(last) >= at
