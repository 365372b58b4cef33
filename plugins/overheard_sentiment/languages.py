"""In which language a sentence is, for the sentiment of other languages than English: by function
words, or by script. Whether a whole answer is in another language than its question is found by
``reading/language.py``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

from overheard_sentiment.lists import lists, valued

_ENGLISH = lists("words").words("english")
LATIN_LANGUAGES = ("german", "french", "spanish", "italian", "portuguese", "dutch")


def foreign_lexicon(texts: Sequence[str]) -> Mapping[str, float] | None:
    """Return the valences of words in the language of a sentence, by word in lower case.

    None means English, or a language in Latin script that is in doubt.
    """
    name = latin_language(texts)
    return _word_list(name)[1] if name else None


def latin_language(texts: Sequence[str]) -> str:
    """Return the language of a text in Latin script, such as ``german``; "" for English and in
    doubt.

    It is the language with the most function words in the text, and among equals the one with the
    most judging words. It must have more function words there than English.

    Args:
        texts: The words of the text, in lower case.
    """
    words = set(texts)
    shared, english = words & _function_words(), len(words & _ENGLISH)
    if len(shared) <= english:  # as for most texts
        return ""
    languages = [_word_list(name) for name in LATIN_LANGUAGES]
    counts = [len(shared & function_words) for function_words, _ in languages]
    if max(counts) <= english:
        return ""
    ranks = [
        (count, len(words & valences.keys()))
        for count, (_, valences) in zip(counts, languages, strict=True)
    ]
    return LATIN_LANGUAGES[ranks.index(max(ranks))]


@cache
def _function_words() -> frozenset[str]:
    """Return the function words of all languages in Latin script but English."""
    return frozenset().union(*(_word_list(name)[0] for name in LATIN_LANGUAGES))


@cache
def _word_list(name: str) -> tuple[frozenset[str], Mapping[str, float]]:
    """Return (function words, valences by judging word) of a language, such as ``german``."""
    return lists(name).words("function words"), dict(valued(name))


_LETTERS = {
    "korean": re.compile(r"[\uac00-\ud7af]"),
    "japanese": re.compile(r"[\u3041-\u30ff]"),
    "chinese": re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"),
    "russian": re.compile(r"[\u0400-\u04ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
}
"""The letters of each language. Japanese has Chinese letters too, and so comes first."""
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f]")
_OTHER = re.compile(r"[^\W\d_]")
_NEGATION_BEFORE = re.compile(
    r"(?:不|没有?|沒有?|无|無|并非|\bне|\bнет|\bбез|لا|ليس|ليست|غير|بدون|안|못)\s*(?:太|是|很|очень|так)?\s*\Z"  # noqa: RUF001 - Russian is meant
)
_NEGATION_AFTER = re.compile(r"[^、。,.]{0,5}?(?:ない|ません|ありません|지 않|지 못|不)")
_SCRIPT_WEIGHT = 3
"""Latin letters that one letter of another script outweighs: brand names are often in Latin."""
_NEGATION_REACH_CHARACTERS = 6
"""Characters before a judging word in which a negation is searched."""
_LANGUAGE_WEIGHT = 3
"""A language has more than one in this number of the letters that are not Latin."""
_NEGATION_FACTOR = -0.74
"""Factor of a negated valence, as for English."""


@lru_cache(maxsize=1024)
def script_language(sentence: str) -> str:
    """Return the language of a sentence in another script than Latin, such as ``japanese``.

    "" means that the sentence is in Latin script, also with a name in other letters: up to a
    `_SCRIPT_WEIGHT`-th of its Latin letters. ``unknown`` means a script without a lexicon. The
    first language of `_LETTERS` wins that has more than a third of the letters that are not Latin.
    """
    if sentence.isascii():
        return ""
    latin = len(_LATIN.findall(sentence))
    letters = len(_OTHER.findall(sentence)) - latin
    if letters * _SCRIPT_WEIGHT <= latin:  # a name in other letters, in an English sentence
        return ""
    counts = {name: len(pattern.findall(sentence)) for name, pattern in _LETTERS.items()}
    frequent = (name for name, count in counts.items() if count * _LANGUAGE_WEIGHT > letters)
    return next(frequent, "unknown")


def script_judgements(sentence: str, language: str) -> Iterator[tuple[int, int, float]]:
    """Yield (start, end, valence) for the judging words of a sentence in another script than Latin,
    in order; offsets are in characters.

    A negation right before a word changes the valence, in Japanese and Korean also one after it.

    Args:
        language: The language, such as ``japanese``; ``unknown`` yields nothing.
    """
    if language == "unknown":
        return
    pattern, valences = _lexicon(language)
    for match in pattern.finditer(sentence.lower()):
        value = valences[match.group(1)]
        reach = max(0, match.start() - _NEGATION_REACH_CHARACTERS)
        negated_before = _NEGATION_BEFORE.search(sentence, reach, match.start())
        if negated_before or (
            language in {"japanese", "korean"} and _NEGATION_AFTER.match(sentence, match.end())
        ):
            value *= _NEGATION_FACTOR
        yield match.start(), match.end(), value


@cache
def _lexicon(language: str) -> tuple[re.Pattern[str], Mapping[str, float]]:
    """Return (pattern, valences) of a language's judging words, from its packaged list; read once.

    The pattern's first group is the listed word; a longer word is preferred. A Russian word is
    found at the beginning of a word, with any ending.

    Args:
        language: The language, such as ``japanese``.
    """
    valences = dict(valued(language))
    alternatives = "|".join(map(re.escape, sorted(valences, key=len, reverse=True)))
    head, tail = (r"\b", r"\w*") if language == "russian" else ("", "")
    return re.compile(f"{head}({alternatives}){tail}"), valences
