"""The page and the host behind the address of a source: redirects, caches, translations, AMP.

Nothing is fetched: only what an address itself says is read.
"""

import re
from base64 import urlsafe_b64decode
from functools import lru_cache
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_PAGELESS = re.compile(r"[a-z][a-z0-9+.-]*:(?!//|\d+(?:[/?#]|\Z))", re.IGNORECASE)
"""A scheme without a host, as in ``mailto:`` and ``javascript:``, but not a port."""
_NAME = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}\.?")
_MAX_WRAPPINGS = 5
"""Addresses within addresses that are unwrapped."""
_MAX_ADDRESS_CHARACTERS = 8_000
"""Longest address in which a page is searched."""
_MAX_HOST_CHARACTERS = 253
"""Longest name of a host (RFC 1035)."""

_GOOGLE = r"google\.(?:com?\.)?[a-z]{2,3}"
_IN_QUERY: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = tuple(
    (re.compile(rf"(?:[\w-]+\.)*(?:{host})"), path, tuple(names.split()))
    for host, path, names in (
        (_GOOGLE, "/url", "url q"),
        (_GOOGLE, "/imgres", "imgrefurl"),
        (rf"translate\.{_GOOGLE}", "/", "u"),
        (r"translate\.googleusercontent\.com", "/translate_c", "u"),
        (r"translate\.yandex\.\w{2,3}", "/", "url"),
        (r"translatetheweb\.com|microsofttranslator\.com", "/", "a"),
        (r"papago\.naver\.net", "/", "url"),
        (r"facebook\.com|instagram\.com|threads\.net|threads\.com", "/", "u"),
        (r"linkedin\.com", "/redir/", "url"),
        (r"linkedin\.com", "/safety/go", "url"),
        (r"youtube\.com", "/redirect", "q"),
        (r"out\.reddit\.com", "/", "url"),
        (r"duckduckgo\.com", "/l/", "uddg"),
        (r"t\.umblr\.com", "/redirect", "z"),
        (r"vk\.com", "/away.php", "to"),
        (r"link\.zhihu\.com", "/", "target"),
        (r"safelinks\.protection\.outlook\.com", "/", "url"),
        (r"anrdoezrs\.net|dpbolvw\.net|jdoqocy\.com|kqzyfj\.com|tkqlhce\.com", "/", "url"),
        (r"go\.skimresources\.com|redirectingat\.com|shareasale\.com", "/", "url urllink"),
    )
)
"""Host, beginning of the path, and the parameters of the query that may hold the page."""
_IN_PATH = re.compile(
    r"(?:web\.archive\.org/web/[\w*]+/"
    r"|(?:web\.)?archive\.org/wayback/[\w*]+/"
    r"|archive\.(?:today|ph|is|li|vn|fo|md)/(?:(?:\d[\d.-]+|newest|oldest|o/\w+)/)?(?=https?:)"
    r"|(?:12ft\.io|r\.jina\.ai)/(?=https?:)"
    r"|urldefense\.com/v3/__)"
    r"(?P<page>(?:https?:/{1,2})?.+)",
    re.IGNORECASE,
)
_AMP = re.compile(
    r"(?:(?:www\.)?google\.[\w.]{2,6}/amp|(?:[\w.-]+\.)?cdn\.ampproject\.org|[\w.-]+\.bing-amp\.com)"
    r"/(?:(?:wp|ad|[a-z])/){0,2}(?P<page>[^/?]+\.[^/?]+(?:[/?].*)?)",
    re.IGNORECASE,
)
_CACHED = re.compile(r"cache:(?:[\w-]{8,}:)?(?P<page>\S+)")
_OPAQUE = re.compile(
    r"vertexaisearch\.cloud\.google\.com/grounding-api-redirect/"
    r"|(?:news\.google\.com/(?:rss/)?(?:articles|read)|share\.google|g\.co|search\.app)/"
    r"|(?:www\.)?bing\.com/(?:ck/a|aclick)|cc\.bingj\.com/|r\.search\.yahoo\.com/"
    r"|archive\.(?:today|ph|is|li|vn|fo|md)/\w+/?\Z"
    r"|(?:t\.co|bit\.ly|j\.mp|goo\.gl|tinyurl\.com|ow\.ly|buff\.ly|lnkd\.in|rb\.gy|is\.gd|cutt\.ly"
    r"|rebrand\.ly|dlvr\.it|trib\.al|shorturl\.at|t\.ly|amzn\.to|a\.co|fb\.me|youtu\.be/redirect"
    r"|msft\.it|apple\.co|geni\.us|hubs\.ly|shorte\.st|s\.id|v\.gd|tiny\.cc)/",
    re.IGNORECASE,
)
"""Redirects whose target only their service knows."""


@lru_cache(maxsize=8192)
def page_of(address: str) -> str:
    """Return the address of the page behind a redirect, cache, archive, translation or AMP link.
    Nothing is fetched.

    Any other address is returned without surrounding white space. Of nested links, the innermost
    page is returned, up to `_MAX_WRAPPINGS` levels. An address of more than
    `_MAX_ADDRESS_CHARACTERS` characters is not unwrapped.

    Args:
        address: A URL, or a bare host such as ``acme.com``.
    """
    page = address.strip()
    for _ in range(_MAX_WRAPPINGS):
        target = _target_of(page) if len(page) <= _MAX_ADDRESS_CHARACTERS else ""
        if not target or not host_of(target):
            break
        page = target
    return page


@lru_cache(maxsize=8192)
def host_of(address: str) -> str:
    """Return the host of an address without ``www.`` and port, in Unicode and lower case.

    Args:
        address: A URL, or a bare host such as ``acme.com``.

    Returns:
        The host; "" for text without a host, such as ``mailto:a@acme.com`` or a text with spaces
            inside. A host whose Punycode is not valid stays as it is.
    """
    text = address.strip().replace("\\", "/")  # as browsers read it
    if re.search(r"\s", text) or _PAGELESS.match(text):
        return ""
    host = _host_of_parts(_split_address(text)).removeprefix("www.")
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def is_opaque(address: str) -> bool:
    """Return whether an address is a redirect whose target only its service knows, such as
    ``bit.ly/3xYz``.
    """
    parts = _split_address(address.strip())
    target = f"{_host_of_parts(parts)}{parts.path or '/'}"
    return _OPAQUE.match(target) is not None


def named_host(text: str) -> str:
    """Return the host that a text consists of, without ``www.`` and in lower case: ``acme.com`` for
    "Acme.com"; "" for any other text.
    """
    name = text.strip()
    is_name = len(name) <= _MAX_HOST_CHARACTERS and _NAME.fullmatch(name)
    return host_of(name) if is_name else ""


def _split_address(text: str) -> SplitResult:
    """Return the parts of an address. A text without a scheme begins with the host. An invalid
    address has empty parts.
    """
    try:
        parts = urlsplit(text if _SCHEME.match(text) else f"//{text}")
        _ = parts.hostname  # raises for a bracket that is not closed
    except ValueError:
        return urlsplit("")
    return parts


def _host_of_parts(parts: SplitResult) -> str:
    """Return the host of a split address in lower case, without a final dot; "" without one."""
    return (parts.hostname or "").rstrip(".").casefold()


def _target_of(address: str) -> str:
    """Return the page behind a link of a known service, with its scheme; "" for any other address.

    The services are translate.goog; those with the page in the path, such as archives; those with
    the page in the query, such as other redirects; and Google's cache, Bing and Yahoo.
    """
    parts = _split_address(address)
    host = _host_of_parts(parts)
    if not host:
        return ""
    if host.endswith(".translate.goog"):
        label = host.removesuffix(".translate.goog")  # - stands for . and -- for -
        host = label.replace("--", "\0").replace("-", ".").replace("\0", "-")
        return f"https://{host}{parts.path}"
    return (
        _target_in_path(host, parts)
        or _target_in_query(host, parts)
        or _decoded_target(host, parts)
    )


def _target_in_path(host: str, parts: SplitResult) -> str:
    """Return the page in the path of a link of an archive, a reader service, a mail filter or an
    AMP cache, with its scheme; "" for any other address.
    """
    query = f"?{parts.query}" if parts.query else ""
    address = f"{host}{parts.path or '/'}{query}"
    if found := _IN_PATH.match(address):
        page = found["page"].split("__;")[0]  # the end of a urldefense.com address
        return _absolute_address(
            re.sub(r"\A(https?):/+", r"\1://", unquote(page), flags=re.IGNORECASE)
        )
    return _absolute_address(found["page"]) if (found := _AMP.match(address)) else ""


def _decoded_target(host: str, parts: SplitResult) -> str:
    """Return the page that Google's cache, Bing or Yahoo has coded into a link; "" for any other
    address.
    """
    if "cache:" in parts.query and (found := _CACHED.search(unquote(parts.query))):
        return _absolute_address(found["page"].split("+")[0].split("&")[0])
    if host.endswith("bing.com") and parts.path == "/ck/a":
        return _decoded_address(parse_qs(parts.query).get("u", [""])[0])
    if host == "r.search.yahoo.com" and (found := re.search(r"/RU=([^/]+)", parts.path)):
        return unquote(found[1])
    return ""


def _target_in_query(host: str, parts: SplitResult) -> str:
    """Return the page in the query of a known redirect; "" for any other address.

    A value counts if it is a web address, or begins with the name of a host. Of several parameters,
    the first with such a value wins.
    """
    for hosts, path, names in _IN_QUERY:
        if hosts.fullmatch(host) and (parts.path or "/").startswith(path):
            values = parse_qs(parts.query)
            for name in names:
                page = values.get(name, [""])[0]
                if page.startswith(("http://", "https://", "//")):
                    return page
                if page and named_host(page.split("/")[0]):
                    return _absolute_address(page)
    return ""


def _decoded_address(value: str) -> str:
    """Return the address in a parameter of bing.com, which is ``a1`` and URL-safe Base64; "" for
    any other value.
    """
    try:
        return urlsafe_b64decode(f"{value[2:]}===").decode() if value.startswith("a1") else ""
    except ValueError:
        return ""


def _absolute_address(page: str) -> str:
    """Return an address with a scheme, ``https`` if it has none."""
    return page if _SCHEME.match(page) else f"https://{page}"
