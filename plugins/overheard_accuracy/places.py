"""Countries and states: too wide to be wrong about a city."""

from __future__ import annotations

from overheard_accuracy.claims import plain

_SAME = (
    "us|usa|u s|u s a|united states|united states of america|america",
    "uk|u k|united kingdom|great britain|britain|england",
    "uae|united arab emirates",
    "netherlands|holland",
    "czechia|czech republic",
    "south korea|korea",
    "california|ca",
    "new york|ny|new york state",
    "texas|tx",
    "washington|wa|washington state",
    "massachusetts|ma",
    "san francisco bay area|bay area|silicon valley",
)
_OTHERS = (
    "argentina|australia|austria|belgium|brazil|bulgaria|canada|chile|china|colombia|croatia"
    "|cyprus|denmark|egypt|estonia|europe|finland|france|germany|greece|hungary|iceland|india"
    "|indonesia|ireland|israel|italy|japan|kenya|latvia|lithuania|luxembourg|malaysia|malta"
    "|mexico|new zealand|nigeria|norway|pakistan|philippines|poland|portugal|romania|russia"
    "|saudi arabia|scotland|serbia|slovakia|slovenia|south africa|spain|sweden|switzerland"
    "|taiwan|thailand|turkey|ukraine|vietnam|wales|asia|north america|scandinavia"
    "|alabama|alaska|arizona|arkansas|colorado|connecticut|delaware|florida|georgia|hawaii|idaho"
    "|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|michigan|minnesota"
    "|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico"
    "|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina"
    "|south dakota|tennessee|utah|vermont|virginia|west virginia|wisconsin|wyoming|ontario"
    "|quebec|british columbia|bavaria|new south wales|victoria"
)
_GROUP = {name: number for number, names in enumerate(_SAME) for name in names.split("|")}
_REGIONS = frozenset((*_GROUP, *_OTHERS.split("|")))


def is_region(place: str) -> bool:
    """Whether a place is a country, a state or a part of the world."""
    return plain(place).removeprefix("the ") in _REGIONS


def same_region(one: str, other: str) -> bool:
    """Whether two names mean the same region: "USA", "United States"."""
    first, second = (_GROUP.get(plain(name).removeprefix("the ")) for name in (one, other))
    return first is not None and first == second
