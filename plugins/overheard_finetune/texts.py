"""Texts of training examples: their comparison, and content that must not be taught."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from overheard import wording

_AT = r"(?:@| ?[\[({] ?at ?[\])}] ?| at (?=[\w-]{1,63} dot ))"
_DOT = r"(?:\.| ?[\[({] ?dot ?[\])}] ?| dot )"
_EMAIL = re.compile(
    rf"(?<![\w.+-])[\w.+-]{{1,64}}{_AT}((?:[\w-]{{1,63}}{_DOT})+\w{{2,63}})", re.IGNORECASE
)
"""Includes disguised addresses: anna [at] mail dot com."""
_HIDDEN_DOT = re.compile(_DOT, re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.$€£-])"
    r"(?:(?:\+|\(?0)\d[\d ()/.-]{6,20}\d|(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-])"
)
"""All repetitions are bounded, so that a text of a megabyte takes linear time."""
_PHONE_DIGITS = range(8, 16)
_CARD = re.compile(
    r"(?<![\w.-])"
    r"(?:3[47]\d{2}[ -]?\d{6}[ -]?\d{5}|[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7})(?![\w-])"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
CHAT_MARK = re.compile(
    r"<[|\uff5c][^|\uff5c<>\s]{1,40}[|\uff5c]>|</?s>|<[be]os>|\[/?INST\]|<</?SYS>>"
    r"|<(?:start|end)_of_turn>|^(?:Human|Assistant):",
    re.MULTILINE,
)
"""Markers that chat templates and trainers take for the start of another turn, or its end."""


@lru_cache(4096)
def comparable_text(text: str) -> str:
    """Return a text in a form in which equal texts are compared: on one line, in lower case,
    without accents, and with compatible characters (such as full-width letters) as their usual
    ones.
    """
    decomposed = unicodedata.normalize("NFKD", wording.line(unicodedata.normalize("NFKC", text)))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def unfit_content(texts: Iterable[tuple[str, str]], domains: Sequence[str]) -> Iterator[str]:
    """Yield a clause for each piece of forbidden content in texts: ``answer 3 holds the e-mail
    address ada@mail.com``. Nothing for texts that may be taught.

    Forbidden are personal data (e-mail addresses, telephone numbers, payment cards and bank
    accounts) and marks that a chat template or trainer takes for the start of another turn.

    Args:
        texts: For each text what it is called in the clause, and the text.
        domains: Domains whose e-mail addresses are allowed, with those of their subdomains.
    """
    for origin, text in texts:
        normalized = wording.printable(unicodedata.normalize("NFKC", text))
        for kind, content in (*_personal_data(normalized, domains), *_chat_marks(normalized)):
            yield f"{origin} holds the {kind} {content}"


def _personal_data(text: str, domains: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each piece of personal data: ``("telephone number", "+49 30
    123456")``. In order: e-mail addresses (also disguised ones), bank accounts (IBAN), telephone
    numbers and payment cards. Accounts and cards count only if their check digits are right.

    Args:
        text: The text, with compatible characters as their usual ones.
        domains: Domains whose e-mail addresses are allowed, with those of their subdomains.
    """
    for match in _EMAIL.finditer(text):
        host = _HIDDEN_DOT.sub(".", match[1])
        if not any(_is_in_domain(host, domain) for domain in domains):
            yield "e-mail address", match[0]
    accounts = [match[0] for match in _IBAN.finditer(text) if _is_iban(match[0])]
    yield from (("bank account", account) for account in accounts)
    for account in accounts:  # its digits are no telephone number or card besides
        text = text.replace(account, " ")
    for match in _PHONE.finditer(text):
        if sum(map(str.isdigit, match[0])) in _PHONE_DIGITS:
            yield "telephone number", match[0].strip()
    yield from (("payment card", match[0]) for match in _CARD.finditer(text) if _is_card(match[0]))


def _chat_marks(text: str) -> Iterator[tuple[str, str]]:
    """Yield, with its kind, each distinct mark that a chat template takes for another turn."""
    yield from (("chat mark", mark) for mark in dict.fromkeys(CHAT_MARK.findall(text)))


def _is_in_domain(host: str, domain: str) -> bool:
    """Return whether a host is a domain or one of its subdomains, in any case."""
    return host.casefold() == domain.casefold() or host.casefold().endswith(f".{domain.casefold()}")


def _is_card(text: str) -> bool:
    """Return whether the check digit of a card number is right (ISO/IEC 7812, Luhn). Characters
    other than digits are left out.
    """
    digits = [int(c) for c in text if c.isdigit()][::-1]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """Return whether the check digits of an IBAN are right (ISO 13616). Blanks are left out."""
    account = text.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in account[4:] + account[:4])) % 97 == 1
