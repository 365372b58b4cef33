"""Tests of telling that an answer is in another language than was asked for."""

import pytest

from overheard.reading.language import is_foreign

SAID = {
    "en": "Acme is a very good tool for the whole team, and you can use it with most of the"
    " services that they offer. It is not the cheapest, but it is worth the money.",
    "de": "Acme ist ein sehr gutes Werkzeug, das man jedem empfehlen kann, weil es schnell "
    "und einfach zu bedienen ist und nicht viel kostet. Auch die Hilfe ist gut.",
    "fr": "Acme est un très bon outil pour les équipes qui veulent travailler avec des "
    "clients dans le monde entier, et il est plus simple que les autres. Vous pouvez "
    "l'essayer sur le site.",
    "es": "Acme es una herramienta muy buena para los equipos que quieren trabajar con sus "
    "clientes, y es más sencilla que las otras. También se puede probar en la web, "
    "pero no es barata.",
    "it": "Acme è uno strumento molto buono per i team che vogliono lavorare con i clienti "
    "della loro città, ed è più semplice degli altri. Anche il prezzo è buono, ma non"
    " è il più basso.",
    "pt": "Acme é uma ferramenta muito boa para as equipes que querem trabalhar com os seus"
    " clientes, e é mais simples do que as outras. Você também pode testar, mas não é"
    " barata.",
    "nl": "Acme is een heel goed hulpmiddel voor teams die met hun klanten willen werken, "
    "en het is eenvoudiger dan de andere. Je kunt het ook proberen, maar het is niet "
    "goedkoop.",
    "ru": "Acme — очень хороший инструмент для всей команды, и его можно использовать с "  # noqa: RUF001 - it is Russian
    "большинством сервисов, которые они предлагают.",
    "ja": "Acmeはチーム全体にとってとても良いツールで、多くのサービスと一緒に使うことができます。",
    "zh": "Acme 是一个非常好的工具,适合整个团队使用,可以与他们提供的大多数服务配合使用。",
    "ko": "Acme는 팀 전체를 위한 아주 좋은 도구이며 대부분의 서비스와 함께 사용할 수 있습니다.",
    "sv": "Acme är ett mycket bra verktyg för hela teamet, och du kan använda det med de "
    "flesta av de tjänster som de erbjuder. Det är inte billigast, men det är värt "
    "pengarna.",
}
KNOWN = [language for language in SAID if language != "sv"]
NAMES = "".join(f"{place}. {name}\n" for place, name in enumerate(["Acme", "Zeta"] * 12, 1))


@pytest.mark.parametrize("wanted", [*KNOWN, "pt-BR"])
def test_another_language_is_told(wanted: str) -> None:
    """And the own one never is, whichever country's it is; Japanese may do without kana."""
    own = {wanted.partition("-")[0]} | ({"zh"} if wanted == "ja" else set())

    assert {said for said in KNOWN if not is_foreign(SAID[said], wanted)} == own


@pytest.mark.parametrize("wanted", ["sv", "ca", "pl"])
def test_of_a_language_whose_words_are_unknown_only_what_is_plain_is_told(wanted: str) -> None:
    """English and other scripts; its neighbours may share words with it."""
    assert is_foreign(SAID["en"], wanted)
    assert is_foreign(SAID["ru"], wanted)
    assert not any(is_foreign(SAID[said], wanted) for said in ("de", "es", "fr", "it", "nl", "sv"))


def test_what_tells_too_little_is_not_foreign() -> None:
    """A list of names, a few words, nothing; or when the expected language is unknown."""
    for wanted in ("", "xx", *SAID):
        assert not any(is_foreign(text, wanted) for text in (NAMES, "It is good.", "", "42"))
    assert not is_foreign(SAID["de"], "xx")
    assert not is_foreign(SAID["de"], "")
