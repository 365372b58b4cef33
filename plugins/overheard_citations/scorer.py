"""The scorer of citations."""

from collections.abc import Iterator, Sequence

from overheard import Brand, Citation, Detail, Metric, Reading, Scale, Score, Settings
from overheard_citations.domains import domain_of, owns

_URL_CHARACTERS = 500
"""Most characters of an address in a score."""


class CitationsSettings(Settings):
    """The table ``[scorers.citations]``: nothing can be set."""


class Citations:
    """Scores whose pages an answer cites. An answer without citations has no score.

    - ``own_citation``: 1 when a page of the brand's own domains is cited, else 0.
    - ``citation_share``: the brand's own among all domains that are cited.

    Redirects, caches, archives, translations and AMP pages count as the page behind them. Where
    an answer cites a source of unknown host, such as a shortened link, the share is not known; nor
    is it known that the brand is not cited: these scores are absent, never 0.

    A source that was only retrieved and is not cited counts for neither. Each source is a detail:
    its topic is the registrable domain, its verdict ``own``, ``competitor`` or ``other``, with
    ``, retrieved`` after it where it was not cited.
    """

    name = "citations"
    version = "3"
    metrics: Sequence[Metric] = (
        Metric("own_citation", Scale.BINARY, "Own pages cited"),
        Metric("citation_share", Scale.SHARE, "Share of citations"),
    )

    def score(self, reading: Reading) -> Iterator[Score]:
        """Yield ``own_citation`` (1 or 0) and ``citation_share`` (0 to 1) of `reading.brand`.

        Nothing is yielded for a brand without domains, for an answer that cites no source of known
        host, and for one that cites a source of unknown host and none of the brand's own. If it
        cites both, only ``own_citation`` is yielded. Its quote is the address of
        the brand's first cited page; its details are all distinct sources.
        """
        if not reading.brand.domains:
            return
        reported = reading.answer.reply.citations
        sources = _distinct_pages(reported)
        cited = [source for source in sources if source.cited]
        own = [source for source in cited if owns(reading.brand.domains, source.host)]
        all_known = not any(source.cited and source.hidden for source in reported)
        if not cited or not (own or all_known):
            return
        rival_domains = tuple(domain for rival in reading.competitors for domain in rival.domains)
        details = tuple(_source_detail(source, reading.brand, rival_domains) for source in sources)
        quote = own[0].page[:_URL_CHARACTERS] if own else ""
        yield Score("own_citation", float(bool(own)), quote, details)
        if all_known:
            domains = {domain_of(source.host) for source in cited}
            own_domains = {domain_of(source.host) for source in own}
            yield Score("citation_share", len(own_domains) / len(domains))


def _distinct_pages(citations: Sequence[Citation]) -> list[Citation]:
    """Return one citation for each page of known host: the cited pages in their order, then those
    that were only retrieved. A page that was both counts as cited.
    """
    ordered = sorted(citations, key=lambda source: not source.cited)
    by_page: dict[str, Citation] = {}
    for source in ordered:
        if source.host:
            by_page.setdefault(source.page, source)
    return list(by_page.values())


def _source_detail(source: Citation, brand: Brand, rival_domains: tuple[str, ...]) -> Detail:
    """Return a source as a detail: topic the registrable domain, verdict whose page it is ("own",
    "competitor" or "other", with ", retrieved" if it is not cited), stated the address, cut to
    `_URL_CHARACTERS`.
    """
    owner = _owner(source.host, brand, rival_domains)
    verdict = owner if source.cited else f"{owner}, retrieved"
    return Detail(domain_of(source.host), verdict, source.page[:_URL_CHARACTERS])


def _owner(host: str, brand: Brand, rival_domains: tuple[str, ...]) -> str:
    """Return whose page a host has: "own" for the brand, "competitor" or "other". The brand comes
    first if a domain is listed for both.
    """
    if owns(brand.domains, host):
        return "own"
    return "competitor" if owns(rival_domains, host) else "other"
