"""Patterns of drawbacks in German, French, Spanish and Japanese, by their grammar; closed as well.

Each is searched in small letters, in a clause of a text in its language.
"""

from __future__ import annotations

import re

PRICES: dict[str, re.Pattern[str]] = {
    "german": re.compile(
        r"\b(?:(?:zu |sehr |recht |etwas |ziemlich )?teuer(?:er|ste\w*)?\b(?! als nötig)"
        r"|kostspielig|überteuert|happig"
        r"|kostet (?:aber|allerdings|fast|deutlich|mehr|extra|das doppelte)|(?:hohe[rn]?"
        r"|stolze[rn]?) (?:preis|kosten"
        r"|gebühren?)\b|aufpreis|zusatzkosten|nicht (?:ganz |gerade )?(?:billig|günstig)"
        r"|preis(?:e)? steig\w+)",
    ),
    "french": re.compile(
        r"\b(?:(?:plus |assez |trop |un peu |très )?ch(?:er|ère)s?\b(?! que prévu)|coûteu\w+"
        r"|onéreu\w+|surcoût"
        r"|(?:tarif|prix|coût)s? (?:est |sont |reste |restent |plutôt |assez )*(?:élevés?|salés?"
        r"|qui (?:grimpe|monte)\w*)"
        r"|(?:tarif|prix)s? (?:grimpe|monte|augmente)\w*|hors budget|option payante|supplément)",
    ),
    "spanish": re.compile(
        r"\b(?<!menos )(?:(?:más |muy |algo |bastante )?car[oa]s?\b|costos[oa]s?\b|encarec\w+"
        r"|se disparan?\b"
        r"|(?:precio|coste|tarifa)s? (?:es |son |muy |más |algo )*(?:elevad|alt)[oa]s?"
        r"|sube[n]? de precio|sobreprecio"
        r"|pago extra|coste adicional)",
    ),
    "japanese": re.compile(
        r"(?:価格|値段|料金|費用|コスト)[^。、]{0,6}(?:高|かか)|高価|割高|値上げ|やや高い|高め(?!の評価)"
    ),
}
"""Judgements of the price."""

FAULTS: dict[str, re.Pattern[str]] = {
    "german": re.compile(
        r"\b(?:fehl(?:t|en|te|ende\w*)\b|mangel(?:t|nd\w*|haft\w*)\b|leider\b|nur (?:mit|für|in"
        r"|im|als|bei|über"
        r"|auf|eine?n?\b|zwei\b|wenige?)|lediglich|(?:etwas|recht|ziemlich|eher|zu|sehr) (?:laut"
        r"|schwer|langsam"
        r"|klein|groß|grob|kurz|dünn|weich|hart|sperrig|klobig|umständlich|kompliziert|träge"
        r"|schwach|eng|schmal)(?:e[rsn]?)?\b"
        r"|umständlich|gewöhnungsbedürftig|dürftig|eingeschränkt|begrenzt\w*|unübersichtlich"
        r"|veraltet|anfällig"
        r"|schwerfällig|störend\w*|unhandlich|unbequem|unzuverlässig|nachteil\w*|schwäche\w*"
        r"|wartezeit\w*|einarbeitung"
        r"|(?:braucht|erfordert|verlangt) (?:etwas |viel |einige )?(?:zeit|geduld|übung"
        r"|einarbeitung|platz|pflege)"
        r"|nimmt (?:viel )?platz|hält (?:nicht|nur)|(?:reicht|schafft|kann|passt|lässt|bietet|hat"
        r"|ist) (?:\w+ ){0,5}nicht"
        r" (?:ganz|so|immer|besonders|geeignet|ausreichend|wasserdicht|möglich|mit|mehr)"
        r"|nicht (?:ganz|für jeden|so gut)"
        r"|kein(?:e|en|er)? (?:app|kopfhörer\w*|anschluss|support|garantie|display|akku"
        r"|deutsch\w*|möglichkeit|schnittstelle\w*"
        r"|kostenlose\w*|echte\w*)|(?:weniger|schlechter|langsamer|lauter|schwächer"
        r"|kürzer)\w* (?:als|\w+))",
    ),
    "french": re.compile(
        r"\b(?:manque(?:nt)?\b|absence d|dommage|malheureusement|uniquement\b|seulement\b"
        r"|limitée?s?\b|lente?s?\b"
        r"|lourde?s?\b|bruyante?s?|datée?s?\b|vieillissante?s?|vieillotte?|compliquée?s?"
        r"|encombrante?s?|fragiles?"
        r"|(?:un peu|assez|trop|plutôt) (?!plus (?:léger|rapide))\w+|inconvénients?"
        r"|points? faibles?|défauts?|peu (?:de|d['\u2019]|pratique"
        r"|intuiti\w+|adapté\w*|réacti\w+)|moins (?:bon|bien|rapide|complet|performant|précis"
        r"|confortable|pratique"
        r"|adapté|intuiti)\w*|(?:consomme|pèse|chauffe|prend) (?:un peu )?(?:plus|trop)|(?:peut"
        r"|peuvent) (?:sembler|être|paraître"
        r"|manquer)|demande (?:de la|du|un|une|plus)|prise en main (?:longue|difficile)"
        r"|(?:n['\u2019]|ne )\w+ (?:pas|plus|que)\b"
        r"(?! (?:cher|besoin))|pas (?:de|d['\u2019]) ?(?!frais|engagement|abonnement|publicité"
        r"|bruit|souci|surprise|mauvaise)\w+)",
    ),
    "spanish": re.compile(
        r"\b(?:faltan?\b|carecen?\b|lamentablemente|por desgracia|s[oó]lo\b|únicamente"
        r"|limitad[oa]s?|lent[oa]s?\b"
        r"|pesad[oa]s?\b|ruidos[oa]s?|complicad[oa]s?|anticuad[oa]s?|incómod[oa]s?|escas[oa]s?"
        r"|débil(?:es)?|mejorable"
        r"|frágil(?:es)?|aparatos[oa]|(?:algo|demasiado|bastante|un poco) (?!más (?:barat|ligero"
        r"|rápid))\w+|poc[oa]s? \w+"
        r"|desventajas?|puntos? débil\w*|inconvenientes?|ceden?\b|tarda(?:n)?\b|exigen?\b"
        r"|requieren? (?:\w+ ){0,2}(?:pago"
        r"|tiempo|paciencia|configuración|formación)|se queda cort\w+|echa\w* (?:de menos"
        r"|en falta)|peor(?:es)?\b"
        r"|no (?:tienen?|incluyen?|ofrecen?|permiten?|admiten?|llegan?|aguantan?|es (?:tan|muy|la"
        r"|el|apt|ideal|para)"
        r"|son|siempre|hay|cuenta)\b|(?:puede|pueden) (?:resultar|ser|parecer|quedar)"
        r"|menos (?:complet|intuitiv|potent|precis|cómod)\w+)",
    ),
    "japanese": re.compile(
        r"(?:が|は|も)?(?:ありません|ないのが|ない点|弱い|弱め|弱く|重い|重め|重く|遅い|遅め|短い|短め|少ない|少なめ|狭い|大きめ"
        r"|うるさい|限られ|限定され|戸惑|難し|面倒|手間|不向き|不便|不安定|向きません|向いていません|物足りな|対応していません"
        r"|使えません|できません|慣れが必要|必要です|欠点|劣り|劣る|やや|気になり|注意)",
    ),
}
"""What finds fault."""
