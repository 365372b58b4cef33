"""What places are called elsewhere, and which are too wide to be wrong about a city."""

from __future__ import annotations

from collections import defaultdict
from difflib import SequenceMatcher

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
_ABROAD = (
    "germany|deutschland|allemagne|alemania|germania",
    "france|frankreich|francia",
    "spain|spanien|espagne|espana|spagna",
    "italy|italien|italie|italia",
    "austria|osterreich|autriche",
    "switzerland|schweiz|suisse|suiza|svizzera",
    "netherlands|niederlande|pays bas|paises bajos|paesi bassi|nederland|holland",
    "belgium|belgien|belgique|belgica|belgio|belgie",
    "denmark|danemark|dinamarca|danimarca|danmark",
    "sweden|schweden|suede|suecia|svezia|sverige",
    "norway|norwegen|norvege|noruega|norvegia|norge",
    "finland|finnland|finlande|finlandia|suomi",
    "poland|polen|pologne|polonia|polska",
    "ireland|irland|irlande|irlanda",
    "united states|usa|us|vereinigte staaten|etats unis|estados unidos|stati uniti",
    "united kingdom|uk|grossbritannien|royaume uni|reino unido|regno unito|angleterre|inglaterra",
    "canada|kanada",
    "new zealand|neuseeland|nouvelle zelande|nueva zelanda|nuova zelanda",
    "japan|japon|giappone",
    "china|chine|cina",
    "greece|griechenland|grece|grecia",
    "czechia|tschechien|tchequie|chequia|cechia",
    "turkey|turkei|turquie|turquia|turchia",
    "brazil|brasilien|bresil|brasil|brasile",
    "mexico|mexiko|mexique|messico",
    "california|kalifornien|californie",
    "bavaria|bayern|baviere|baviera",
)
_CITIES = (
    "munich|munchen|muenchen|monaco di baviera",
    "cologne|koln|koeln|colonia",
    "vienna|wien|vienne|viena",
    "zurich|zuerich|zurigo",
    "geneva|genf|geneve|ginebra|ginevra",
    "basel|bale|basilea",
    "bern|berne|berna",
    "milan|mailand|milano",
    "turin|torino",
    "rome|rom|roma",
    "florence|florenz|firenze|florencia",
    "venice|venedig|venise|venezia|venecia",
    "naples|neapel|napoli|napoles",
    "genoa|genua|genova|genes",
    "lisbon|lissabon|lisbonne|lisboa|lisbona",
    "seville|sevilla|siviglia",
    "copenhagen|kopenhagen|copenhague|copenaghen|kobenhavn",
    "gothenburg|goteborg|goeteborg|gotemburgo",
    "warsaw|warschau|varsovie|varsovia|varsavia|warszawa",
    "krakow|cracow|krakau|cracovie|cracovia",
    "prague|prag|praha|praga",
    "brussels|brussel|bruxelles|bruselas",
    "antwerp|antwerpen|anvers|amberes|anversa",
    "ghent|gent|gand|gante",
    "the hague|hague|den haag|la haye|la haya",
    "london|londres|londra",
    "edinburgh|edimbourg|edimburgo",
    "paris|parigi",
    "nice|nizza|niza",
    "strasbourg|strassburg|estrasburgo",
    "athens|athen|athenes|atenas|atene",
    "moscow|moskau|moscou|moscu|mosca|moskva",
    "beijing|peking|pekin|pechino",
    "new york|nueva york|nyc|new york city",
    "san francisco|sf|san fran|frisco",
    "los angeles|la",
    "washington|washington d c|dc|washington dc",
    "philadelphia|philly",
    "las vegas|vegas",
    "hong kong|hk",
    "salt lake city|slc",
    "ho chi minh city|saigon",
    "hamburg|hambourg|hamburgo|amburgo",
    "frankfurt|francfort|francoforte|frankfurt am main",
    "nuremberg|nurnberg|nuernberg",
    "dusseldorf|duesseldorf",
    "bangalore|bengaluru",
    "mumbai|bombay",
    "kyiv|kiev|kiew",
    "bucharest|bukarest|bucarest|bucuresti",
    "belgrade|belgrad|belgrado|beograd",
)
"""Names of one place in several languages."""
_ALIKE = 0.75
"""From this likeness on, two spellings may be of one place: Rotterdam, Roterdam."""
_REGIONS = frozenset("|".join((*_SAME, *_ABROAD, _OTHERS)).split("|"))
_NUMBERS: dict[str, set[int]] = defaultdict(set)
for _number, _names in enumerate((*_SAME, *_ABROAD, *_CITIES)):
    for _name in _names.split("|"):
        _NUMBERS[_name].add(_number)


def is_region(place: str) -> bool:
    """Whether a place is a country, a state or a part of the world."""
    return _plain(place) in _REGIONS


def same_place(one: str, other: str) -> bool:
    """Whether two names mean the same place: "USA", "United States"; "Wien", "Vienna"."""
    return not _NUMBERS.get(_plain(one), set()).isdisjoint(_NUMBERS.get(_plain(other), ()))


def alike(one: str, other: str) -> bool:
    """Whether two names may be spellings of one place, so that nothing can be said."""
    return SequenceMatcher(None, _plain(one), _plain(other)).ratio() >= _ALIKE


def _plain(place: str) -> str:
    return plain(place).removeprefix("the ")
