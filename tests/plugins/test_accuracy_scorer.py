"""Tests of the scorer of accuracy: what is stated, of whom, and whether it is true."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import grading
import pytest

from overheard import Answer, Brand, Fact, Finish, Model, Prompt, Question, Reply, Scorer
from overheard.reading.reader import Reader
from overheard_accuracy import Accuracy
from overheard_accuracy.kinds import KINDS, field_of
from overheard_accuracy.values import amounts, money_amounts

ACME = Brand("Acme", competitors=("Bolt",))
BOLT = Brand("Bolt")
FACTS = (
    Fact("Acme", "founded", "2011"),
    Fact("Acme", "headquarters", "Munich, Germany", previous=("Berlin",)),
    Fact("Acme", "CEO", "Jane Doe", previous=("John Smith",)),
    Fact("Acme", "price", "39 USD / month", previous=("29 USD / month",)),
    Fact("Acme", "price: Pro", "59 USD / month"),
    Fact("Acme", "free plan", "no", previous=("yes",)),
    Fact("Acme", "employees", "1000-2000"),
    Fact("Acme", "parent company", "Globex"),
    Fact("Acme", "certifications", "SOC 2; ISO 27001"),
    Fact("Acme", "discontinued", "Acme Classic"),
    Fact("Acme", "never say", "on-premise version"),
)
READER = Reader([ACME, BOLT])


def found(text: str, asked: str = "Which tool is best?") -> list[tuple[str, str]]:
    """Return each fact that an answer states, with its verdict."""
    question = Question(Prompt(asked), Model("svc", "m-1"))
    answer = Answer(1, question, Reply(text, Finish.COMPLETE), datetime(2026, 3, 2, tzinfo=UTC))
    reading = READER.read(answer).reading(ACME, (BOLT,), FACTS)
    return [(d.topic, d.verdict) for score in Accuracy().score(reading) for d in score.details]


def test_it_has_the_shape_of_a_scorer_that_reads_facts() -> None:
    """The core can use it, and knows that a new fact means new scores."""
    assert isinstance(Accuracy(), Scorer)
    assert Accuracy().reads_facts


@pytest.mark.parametrize(
    "text",
    [
        "Acme was created by the team that founded Zorbo in 2005.",
        "Acme was founded by Jane Doe, who left Zorbo in 2010.",
        "Acme's support is based in Manila.",
        "Acme costs $39 a month; the Pro plan is $59.",
        "Acme Pro 2 costs $99 per month.",
        "Acme Pro C+++ costs $99 per month.",
        "Acme costs $33 a month billed annually.",
        "Acme costs $390 per year.",
        "Acme charges a $10 fee per chargeback.",
        "Acme gives you $5 a month in credits.",
        "Acme for nonprofits costs $19 a month.",
        "With Acme you can build a free tier for your own users.",
        "Acme has 30 employees in Austin.",
        "Acme has 120 staff in its London office.",
        "Acme's data is owned by Customers.",
        "Do not buy Acme without checking its SOC 2 certificate.",
        "Please don't skip Acme, which is SOC 2 certified.",
        "No other tool holds SOC 2 like Acme does.",
        "Nothing beats Acme, which is SOC 2 certified.",
        "Acme has never lost its SOC 2 certification.",
        "Acme is cloud-only, so an on-premise version is out of the question.",
        "An on-premise version of Acme does not exist.",
    ],
)
def test_a_true_sentence_near_a_fact_is_never_called_wrong(text: str) -> None:
    """It tells of another thing, place, term or brand than the fact."""
    assert not {verdict for _, verdict in found(text)} & {"wrong", "stale"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme costs $19 a month billed annually.", ("price", "wrong")),
        ("Acme has 90 employees.", ("employees", "wrong")),
        ("Acme is not SOC 2 certified.", ("certifications", "wrong")),
        ("Acme has an on-premise version, which does not cost more.", ("never say", "wrong")),
    ],
)
def test_a_false_sentence_of_the_same_form_is_called_wrong(
    text: str, expected: tuple[str, str]
) -> None:
    """What excuses a true one reaches no further than its clause."""
    assert expected in found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme was founded in 2011.", ("founded", "correct")),
        ("Acme was founded in 2009 by two engineers.", ("founded", "wrong")),
        ("Two engineers created Acme in 2009.", ("founded", "wrong")),
        ("1. Bolt \u2013 since 1990\n2. Acme \u2013 since 2009", ("founded", "wrong")),
        ("Acme was founded in the 1980s.", ("founded", "wrong")),
        ("Acme was founded in the early 2010s.", ("founded", "correct")),
        ("Mark Miller replaced John Smith as CEO of Acme.", ("CEO", "wrong")),
        ("Jane Doe succeeded John Smith as CEO of Acme.", ("CEO", "correct")),
        ("Acme appointed Mark Miller as CEO in 2024.", ("CEO", "wrong")),
        ("Expect to pay between $60 and $80 a month for Acme.", ("price", "wrong")),
        ("Acme costs $39 to $149 a month.", ("price", "correct")),
        ("Acme costs $20 per month, or $200 per year.", ("price", "wrong")),
        ("Founded in 2009, Acme offers tools.", ("founded", "wrong")),
        ("Acme is a tool. It was founded in 2009.", ("founded", "wrong")),
        ("Acme is headquartered in Berlin, Germany.", ("headquarters", "stale")),
        ("Acme is headquartered in Paris.", ("headquarters", "wrong")),
        ("Acme is based in Germany.", ("headquarters", "correct")),
        ("The Munich-based Acme grows.", ("headquarters", "correct")),
        ("Acme is led by CEO Jane Doe.", ("CEO", "correct")),
        ("Acme's CEO, John Smith, said so.", ("CEO", "stale")),
        ("Mark Miller is the CEO of Acme.", ("CEO", "wrong")),
        ("Acme costs thirty-nine dollars a month.", ("price", "correct")),
        ("Acme costs $468 per year.", ("price", "correct")),
        ("Acme starts at $29 a month.", ("price", "stale")),
        ("Acme starts at $49/month per user.", ("price", "wrong")),
        ("Acme's Pro plan costs $99 per month, while Basic is $39.", ("price: Pro", "wrong")),
        ("The Acme Pro Plan costs $99 per month.", ("price: Pro", "wrong")),
        ("Acme offers a free plan.", ("free plan", "stale")),
        ("Acme has a free plan with API access.", ("free plan", "stale")),
        ("Acme has no free plan in Europe.", ("free plan", "correct")),
        ("Acme does not come with a free plan.", ("free plan", "correct")),
        ("Acme doesn't come with a free tier.", ("free plan", "correct")),
        ("Acme doesn't offer a free tier, only a free trial.", ("free plan", "correct")),
        ("Acme has about 1.5k employees.", ("employees", "correct")),
        ("Acme employs over 5,000 people.", ("employees", "wrong")),
        ("Acme was acquired by Globex Inc. in 2018.", ("parent company", "correct")),
        ("Acme is owned by Initech.", ("parent company", "wrong")),
        ("Acme is an independent company.", ("parent company", "wrong")),
        ("Acme is SOC 2 certified.", ("certifications", "correct")),
        ("Acme isn't ISO 27001 compliant.", ("certifications", "wrong")),
        ("Acme offers Acme Classic and more.", ("discontinued", "stale")),
        ("Acme Classic was discontinued.", ("discontinued", "correct")),
        ("Acme has an on-premise version.", ("never say", "wrong")),
    ],
)
def test_a_statement_is_held_against_its_fact(text: str, expected: tuple[str, str]) -> None:
    """Right, wrong, or out of date."""
    assert found(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Bolt was founded in 2010.",
        "Acme competitor Zap was founded in 1999.",
        "Acme's founder was born in 1980 and founded Zap in 1999.",
        "Unlike Bolt, which costs $20 per month, Acme is pricey.",
        "Former CEO Mark Miller left Acme.",
        "Acme is based in the United States.",
        "Acme offers a 14-day free trial.",
        "Acme is great for companies with 50 employees.",
        "Acme has no on-premise version.",
        "Was Acme founded in 2009?",
        "It is a myth that Acme was founded in 2009.",
        "Acme costs €39 per month.",
        "Acme raised $39 million in 2012.",
        "Acme users save $10 per month.",
        "Acme used to cost $19 per month.",
        "Check whether Acme is ISO 27001 certified.",
        "Bolt, unlike Acme, is based in Paris.",
        "Bolt costs $15/month; Acme is pricier.",
        "Acme laid off 100 employees in 2023.",
        "Acme charges $0.99 per transaction.",
        "Acme's new team plan launched in 2014.",
        "Acme's chat is new. Acme launched it in 2014.",
    ],
)
def test_nothing_is_concluded_from_what_might_mean_something_else(text: str) -> None:
    """A false accusation costs more than a miss."""
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Acme dropped its price from $49 to $39 a month.",
        "Acme's plans fell from $49 to $39 a month this year.",
        "It was $49 a month, now Acme is $39 a month.",
        "For a team of ten, Acme comes to $390 a month.",
        "A 20-person agency would pay $780 a month for Acme.",
        "Acme's guest seats are $3 a month.",
        "Acme costs $3 per guest and month.",
        "Extra storage for Acme costs $10 a month.",
        "Taskwell \u2013 an Acme alternative \u2013 starts at $25 a month.",
        "Flowmint, founded in 1990, competes with Acme.",
        "Acme offers an ad-free plan for every team.",
        "There are no free plan limits in Acme.",
        "Acme doesn't include exports in its free plan.",
        "Acme's exports don't come with the free plan.",
        "There is a free version of Fernway, while Acme only has a trial.",
        "Acme costs $15 more per month than Fernway.",
        "Fernway undercuts Acme by $10 a month.",
        "Fernway, with its 4,000 employees, dwarfs Acme.",
    ],
)
def test_a_value_of_another_time_number_or_thing_states_nothing(text: str) -> None:
    """Old prices, totals, extras, and words that only look like a free plan."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme costs $45 if you pay monthly, and $39 if you pay yearly.", ("price", "correct")),
        ("Acme costs $75 paid monthly, and $65 paid yearly.", ("price", "wrong")),
        ("Acme is SOC 2 certified, but not HIPAA compliant.", ("certifications", "correct")),
        ("Acme has SOC 2 reports, and is not PCI compliant.", ("certifications", "correct")),
        ("Acme is not certified for SOC 2.", ("certifications", "wrong")),
    ],
)
def test_each_of_two_values_is_read_by_itself(text: str, expected: tuple[str, str]) -> None:
    """One of two terms may be the right price; the denial of one certificate is not another's."""
    assert found(text) == [expected]


NORDLANE = {
    "true": {
        "price": "$15 per user per month",
        "free plan": "no",
        "certifications": "SOC 2; ISO 27001",
        "headquarters": "Austin, Texas",
        "founded": "2014",
        "chief executive": "Jane Doe",
        "employees": "300",
        "parent company": "none",
    },
    "blind": {
        "price: Pro": "$18 per user per month; $180 per year",
        "free plan": "yes",
        "certifications": "SOC 2 Type II; ISO 27001",
        "headquarters": "Malmö, Sweden",
        "founded": "2014",
        "chief executive": "Ingrid Falk",
        "employees": "220",
        "products": "Nordlane Boards; Nordlane Docs",
        "discontinued": "Nordlane Chat",
    },
}
"""What is true of the made-up brand, by the set of statements about it."""


@pytest.mark.parametrize("sheet", NORDLANE)
@pytest.mark.parametrize("rivals", [(), ("Taskwell", "Flowmint", "Globex", "Hexaplan", "Trellia")])
def test_a_true_statement_accuses_nobody(rivals: tuple[str, ...], sheet: str) -> None:
    """Whether or not the sellers that it names are declared."""
    true = grading.entries(f"{sheet}-statements", lambda entry: not entry.get("false"))
    assert list(accusations("Nordlane", rivals, NORDLANE[sheet], true)) == []


def accusations(
    name: str, rivals: Iterable[str], facts: dict[str, str], stated: Iterable[grading.Entry]
) -> Iterator[tuple[str, str]]:
    """Yield (text, field) for each statement that is called wrong about a fact."""
    brand, others = Brand(name), [Brand(rival) for rival in rivals]
    reader, scorer = Reader([brand, *others]), Accuracy()
    known = [Fact(name, field, value) for field, value in facts.items()]
    for entry in stated:
        read = reader.read(grading.answer(entry["text"]))
        for score in scorer.score(read.reading(brand, others, known)):
            for detail in score.details:
                if detail.verdict != "correct":
                    yield entry["text"], detail.topic


@pytest.mark.parametrize("declared", [False, True])
def test_false_statements_are_told_from_true_ones(declared: bool) -> None:
    """Of three rounds about five brands, whether or not the sellers that they name are declared."""
    entries = grading.entries("natural-statements")
    accused: list[tuple[str, str]] = []
    for sheet in grading.entries("sheets"):
        stated = [entry for entry in entries if entry["brand"] == sheet["brand"]]
        rivals = sheet["competitors"] if declared else ()
        facts = {fact["field"]: fact["value"] for fact in sheet["facts"]}
        accused += accusations(sheet["brand"], rivals, facts, stated)
    false = {entry["text"]: entry["false"] or "" for entry in entries}
    assert [one for one in accused if one[1].partition(":")[0] not in false[one[0]]] == []
    assert len({text for text, _ in accused}) >= 45  # of 60


@pytest.mark.parametrize("rivals", [(), (Brand("Dustrel"),)])
@pytest.mark.parametrize(
    "text",
    [
        "Dustrel, a rival of Acme, was founded in 1990.",
        "Dustrel, which also delivers to Acme, is based in Osaka and has 9,000 employees.",
        "Dustrel, which was acquired by Sony, has 1,200 employees; Acme is smaller.",
        "Dustrel (founded 1998) is owned by Sony, while Acme has some 50 people in Austin.",
        "Acme Desk Luxe costs $99 a month.",
        "Pricing starts at $5/month for Acme Lite, $9 for Growth and $99 for Scale.",
        "Acme's previous CEO, Bo Ray, now runs Dustrel.",
    ],
)
def test_what_is_told_of_another_beside_the_brand_accuses_nobody(
    text: str, rivals: tuple[Brand, ...]
) -> None:
    """The subject stands before an aside, in its own clause, or behind an amount, or it goes on."""
    facts = {
        "founded": "2011",
        "headquarters": "Austin",
        "employees": "50",
        "CEO": "Ann Lee",
        "parent": "none",
        "price: Desk": "$9 a month",
        "price: Growth": "$9 a month",
    }
    names = [rival.name for rival in rivals]
    assert list(accusations("Acme", names, facts, [{"text": text}])) == []


@pytest.mark.parametrize("rivals", [(), (Brand("Globex"),)])
def test_a_rival_that_is_not_declared_keeps_its_own_values(rivals: tuple[Brand, ...]) -> None:
    """Its sentence, and what goes on about it, are not about the brand."""
    text = "Acme costs $39 a month. Globex costs $99 a month. It was founded in 1990."
    question = Question(Prompt("Which is best?"), Model("svc", "m-1"))
    answer = Answer(1, question, Reply(text, Finish.COMPLETE), datetime(2026, 3, 2, tzinfo=UTC))
    reading = Reader([ACME, *rivals]).read(answer).reading(ACME, rivals, FACTS)
    [score] = Accuracy().score(reading)
    assert [(d.topic, d.verdict) for d in score.details] == [("price", "correct")]


def test_two_brands_in_a_sentence_keep_their_own_values() -> None:
    """The value belongs to the brand in whose part of the sentence it is."""
    assert found("Bolt was founded in 2010, while Acme started in 2011.") == [
        ("founded", "correct")
    ]


def test_a_direct_question_needs_no_name_in_the_answer() -> None:
    """Where the question names the brand alone, "It" is the brand; elsewhere it is no brand."""
    assert found("The year was 2008: founded in 2008.", "When was Acme founded?") == [
        ("founded", "wrong")
    ]
    assert found("It was founded in 2008.") == []


def test_an_answer_that_states_nothing_has_no_score() -> None:
    """What is not stated is left out, never 0 or 1."""
    assert found("Acme is a fine tool.") == []


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("CEO", ("chief executive", "")),
        ("HQ", ("headquarters", "")),
        ("price: Pro plan", ("price", "Pro plan")),
        ("Price (Pro)", ("price", "Pro")),
        ("favourite colour", ("", "")),
    ],
)
def test_a_field_is_known_by_its_usual_names(name: str, field: tuple[str, str]) -> None:
    """A fact's field is found by several usual names."""
    assert field_of(name) == field
    assert field[0] in {"", *KINDS}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$9.99/mo", (9.99, "USD", "month")),
        ("US$1,200 a year", (1200, "USD", "year")),
        ("CA$15 monthly", (15, "CAD", "month")),
        ("twenty-five euros per month", (25, "EUR", "month")),
        ("£1.2k annually", (1200, "GBP", "year")),
        ("49 EUR", (49, "EUR", "")),
    ],
)
def test_money_is_read_with_currency_and_period(
    text: str, expected: tuple[float, str, str]
) -> None:
    """In signs, codes and words."""
    [one] = money_amounts(text)
    assert (one.amount, one.currency, one.period) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,500 people", (1500, 1500)),
        ("1,000-5,000 people", (1000, 5000)),
        ("between 5 and 10 thousand people", (5000, 10000)),
        ("two hundred and fifty people", (250, 250)),
        ("1.2k people", (1200, 1200)),
    ],
)
def test_numbers_and_ranges_are_read(text: str, expected: tuple[float, float]) -> None:
    """In digits and in words."""
    [one] = amounts(text)
    assert (one.low, one.high) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme is owned by Bolt.", [("parent company", "wrong")]),
        ("Bolt acquired Acme in 2020.", [("parent company", "wrong")]),
        ("Globex owns Acme.", [("parent company", "correct")]),
        ("Jane Doe is Acme's chief executive.", [("CEO", "correct")]),
        ("Mark Miller is Bolt's CEO, and Acme grows.", []),
        ("You will pay $70 a month for Acme.", [("price", "wrong")]),
        ("Acme will cost $70 a month.", []),
        ("Acme, a brand born in 1990, makes tools.", [("founded", "wrong")]),
        ("Acme sold 30 units to staff.", []),
        ("Acme pays 30 employees at a client's firm.", []),
        ("Acme Classic is still available for purchase.", [("discontinued", "stale")]),
        ("Acme's sales office is based in Paris.", []),
        ("Acme integrates with tools that cost $70 a month.", []),
        ("Acme is part of the Initech partner network.", []),
        ("Initech is the parent company of Acme.", [("parent company", "wrong")]),
        ("Acme lets 30 employees share a board.", []),
        ("Acme's free plan does not include reports.", [("free plan", "stale")]),
        ("Acme's free plan is not available any more.", [("free plan", "correct")]),
    ],
)
def test_who_does_what_to_whom_is_read(text: str, expected: list[tuple[str, str]]) -> None:
    """Another brand can be a value, and a number of people can belong to another company."""
    assert found(text) == expected


TABLE = "| Tool | Founded | CEO | Free plan |\n|---|---|---|---|\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TABLE + "| Acme | 2009 | Jane Doe | \u274c |", ["wrong", "correct", "correct"]),
        (TABLE + "| Acme | 2011 | John Smith | yes |", ["correct", "stale", "stale"]),
        (TABLE + "| Bolt | 2009 | Jo Poe | yes |\n| Acme | n/a | - | 14 days |", []),
        ("| | Acme | Bolt |\n|---|---|---|\n| Founded | 2009 | 2011 |", ["wrong"]),
        ("| | Bolt | Acme |\n|---|---|---|\n| Founded | 2009 | 2011 |", ["correct"]),
        ("**Acme**\n- Founded: 2009\n- CEO: Jane Doe", ["wrong", "correct"]),
        ("**Acme**\n- Free plan: No\n- Headquarters: Berlin", ["stale", "correct"]),
        ("**Acme**\n- Rival: Bolt\n- Founded: 2009", []),
        ("**Tools**\n- Founded: 2009", []),
        ("**Acme \u2013 for teams**\n- Founded: 2009", ["wrong"]),
        ("**Acme Pro**\n- Price: $59 per month", ["correct"]),
        ("**Acme: alternatives**\n- Founded: 2009", []),
        ("| Product | Price |\n|---|---|\n| Acme Pro | $59 |", []),
        ("| # | Tool | Founded |\n|---|---|---|\n| 1 | Acme | 2009 |", ["wrong"]),
        ("Acme | 2009 | a row without a header", []),
    ],
)
def test_a_cell_of_a_table_or_a_line_of_a_list_states_a_fact(
    text: str, expected: list[str]
) -> None:
    """Of the brand that heads its row, its column or its list."""
    assert [verdict for _, verdict in found(text)] == expected


def test_a_plan_that_is_answered_for_is_no_plan() -> None:
    """Where it says "Free plan: no" there is none; neither a yes nor a no says nothing."""
    assert found("Acme, free plan: no.") == [("free plan", "correct")]
    assert found("Acme, free plan: 14 days.") == []


def test_who_leads_another_company_is_not_the_chief() -> None:
    """Brackets after a name say of which company a person is the chief."""
    assert found("Jo Poe (CEO, Acme) spoke.") == [("CEO", "wrong")]
    assert found("Acme was praised by Jo Poe (CEO, Umbra).") == []


TRAPS = (
    "Peter Lang was CEO until Jane Doe was born. John Smith became CEO of Acme in 2012.",
    "Acme appointed Mark Miller as interim CEO.",
    "Mark Miller replaced Ann Lee as CEO of Bolt, a rival of Acme.",
    "Acme costs about \u20ac36 a month.",
    "Acme is rated 4.7/5 by 2,000 users.",
    "Acme used to cost $15 a month.",
    "Teams that spend between $500 and $900 a month pick Acme.",
    "Acme competes with brands owned by Initech.",
    "Acme was almost acquired by Initech.",
    "Acme is based in MUC.",
    "They launched Acme in 2019 in Japan.",
    "In the 1990s, before Acme was founded, teams used paper.",
    "None of this means that Acme has an on-premise version.",
    "Acme saved one bakery $120 a month.",
    "Acme launched in Japan in 2018.",
    "Acme launched its new app in 2018.",
    "Acme went live on AWS in 2019.",
    "Acme debuted a mobile app in 2019.",
    "Acme has offered exports since 2015.",
    "Since 2015, Acme has offered exports.",
    "Acme is used by teams that were founded in 2019.",
    "Acme was named best tool of 2019 and founded a research lab.",
    "Acme established a data centre in 2016.",
    "Acme established itself as a leader in 2016.",
    "The story of Acme starts to get interesting in 2016.",
    "Acme kicked off a partnership in 2019.",
    "Acme's roots in open source go back to 1991.",
    "Google Cloud runs Acme on its servers.",
    "Jira Software leads Acme in market share.",
    "Acme's head of sales is Tom Ford.",
    "Acme's boss battles are fun.",
    "Acme is managed by Tom Ford Partners on behalf of clients.",
    "Acme's community is led by Tom Ford.",
    "Acme's Series A was led by Sequoia Capital.",
    "With Tom Ford as its designer, Acme looks great.",
    "Acme works from Paris to Tokyo.",
    "Acme operates in Paris and Tokyo.",
    "Acme is run from Docker containers.",
    "Acme users operate from Paris.",
    "A consultant from Paris praised Acme.",
    "Acme calls Stripe for payments.",
    "Acme is located in the App Store.",
    "Acme is available from Amazon.",
    "A company from Paris uses Acme.",
    "Acme is a company from Paris Hilton's portfolio.",
    "Acme is $5 cheaper than Bolt.",
    "Acme's add-on is $5 per month.",
    "Acme is at $100 million in revenue.",
    "Acme: $30 million raised in 2020.",
    "Acme is free of charge for students.",
    "Acme support is free of charge.",
    "Acme lets you use templates for free.",
    "Acme offers a version that is free of ads.",
    "Acme is not free of problems.",
    "Acme isn't free from bugs.",
    "Acme supports a team of 50.",
    "Acme is ideal for a team of 50.",
    "Acme is for the 10-person team.",
    "A 10-person company can use Acme.",
    "Our team of 12 uses Acme every day.",
    "Acme helped a 90-person company grow.",
    "Acme is a Windows company favourite.",
    "Acme, a Gartner leader, is popular.",
    "Acme, a Fortune company, grows.",
    "Acme is part of Slack's app directory.",
    "Acme is part of Google Workspace Marketplace.",
    "Acme is under Apple's rules.",
    "Acme is an independent developer's favourite.",
    "Acme was reviewed by an independent lab.",
    "Acme has independent reviewers.",
    "Acme remains independent of any platform.",
    "Acme works under Windows and Linux.",
    "Acme comes under Gartner's scrutiny.",
    "Acme lives under Google Drive in the menu.",
    "Acme merged into Main branch.",
    "Acme's data is in the hands of Amazon.",
    "Acme's CEO Jane Doe, unlike former CEO Mark Miller, is calm.",
    "Acme plans to move its headquarters to Vienna.",
    "Acme has its European headquarters in Paris.",
    "Acme's US headquarters are in Boston.",
    "Acme's regional office for Asia is in Tokyo.",
    "Acme has 12 000 customers and costs nothing extra.",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme launched back in 2009.", ("founded", "wrong")),
        ("Acme's two founders launched it in 2012.", ("founded", "wrong")),
        ("Acme's two founders launched it in 2011.", ("founded", "correct")),
        ("The story of Acme starts in 2011.", ("founded", "correct")),
        ("Since 2005, Acme has helped teams.", ("founded", "wrong")),
        ("Acme wurde 2009 in Wien gegründet.", ("founded", "wrong")),
        ("Acme is headquartered out of Vienna.", ("headquarters", "wrong")),
        ("Acme calls Munich home.", ("headquarters", "correct")),
        ("Acme hat seinen Sitz in München.", ("headquarters", "correct")),
        ("Le siège d'Acme se trouve à Vienne.", ("headquarters", "wrong")),
        ("Helmed by Mark Miller, Acme grows.", ("CEO", "wrong")),
        ("Jane Doe, who heads Acme, is an engineer.", ("CEO", "correct")),
        ("At the helm of Acme is John Smith.", ("CEO", "stale")),
        ("Acme will set you back $70 a month.", ("price", "wrong")),
        ("Acme comes in at thirty-nine dollars a month.", ("price", "correct")),
        ("Acme kostet 39 USD im Monat.", ("price", "correct")),
        ("Acme can be used for free.", ("free plan", "stale")),
        ("Acme is paid-only.", ("free plan", "correct")),
        ("Acme is a 90-person company.", ("employees", "wrong")),
        ("Acme beschäftigt 1.500 Mitarbeiter.", ("employees", "correct")),
        ("Acme was snapped up by Initech in 2022.", ("parent company", "wrong")),
        ("Acme sits under the Globex umbrella.", ("parent company", "correct")),
        ("Acme, an Initech company, makes tools.", ("parent company", "wrong")),
    ],
)
def test_it_is_read_however_it_is_put(text: str, expected: tuple[str, str]) -> None:
    """Answers state the same in many ways, and in several languages."""
    assert found(text) == [expected]


@pytest.mark.parametrize("text", TRAPS)
def test_what_only_sounds_like_a_fact_is_none(text: str) -> None:
    """What is founded, led, free or located may be something else than the brand."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| Feature | Details |\n|---|---|\n| Brand | Acme |\n| Founded | 2009 |", ["wrong"]),
        ("**Acme**\n\n| Attribute | Value |\n|---|---|\n| Founded | 2009 |", ["wrong"]),
        ("- **CEO:** Jane Doe\n- **Name:** Acme", ["correct"]),
        ("What I know about Acme:\n\n1. Founded: 2009\n2. CEO: Jane Doe", ["wrong", "correct"]),
        ("### Acme at a glance\n\n* **Year founded** \u2013 2009", ["wrong"]),
        ("Acme is a tool.\n\n**Zap**\n- Founded: 2009", []),
        ("Alternatives to Acme:\n- Founded: 2009", []),
        ("Acme is a tool.\n\nMany like it. It was founded in 2009.", ["wrong"]),
    ],
)
def test_an_answer_about_one_brand_need_not_repeat_its_name(text: str, expected: list[str]) -> None:
    """Its lists of properties and its "It was ..." are about that brand, anywhere in the answer."""
    assert [verdict for _, verdict in found(text)] == expected


OWNED_PRICES = [
    ("### Acme\n\n- **Price**: $12 per month", "correct"),
    ("### Acme\n\n- **Price**: $15 per month", "wrong"),
    ("### Acme\n\n- **Price**: $12 per month\n- With support: $30 per month", "correct"),
    ("### Acme Pro\n\n- **Price**: $29 per month", ""),
    ("### Acme\n\n- **Price**: $9 per month (down from $12)", "wrong"),
    ("### Acme\n\n- Add-ons from $5 per month", ""),
    ("### Acme\n\n- Activation costs $35", ""),
    ("### Acme\n\n- Refurbished at $199", ""),
    ("### Boltly\n\n- **Price**: $20 per month\n- cheaper plans at Acme", ""),
    ("### Zorbo\n\n- **Price**: $20 per month", ""),
    ("| Tool | Price |\n|---|---|\n| Acme | $12/month |\n| Zorbo | $20/month |", "correct"),
    ("| Plan | Price |\n|---|---|\n| Family | $50/month, includes Acme |", ""),
    ("You pay $20 a month for Acme.", "wrong"),
    ("Acme costs between $40 and $60 per month.", "wrong"),
    ("Acme costs $10 to $12 per month.", "correct"),
]


@pytest.mark.parametrize(("text", "verdict"), OWNED_PRICES)
def test_a_price_belongs_to_the_owner_of_its_text(text: str, verdict: str) -> None:
    """Prices of products, of others, old ones, fees and add-ons are not the brand's."""
    found = priced(text, Fact("Acme", "price", "$12 per month"))
    assert found == ([verdict] if verdict else [])


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("### Acme Pro\n\n- **Price**: $29 per month", "correct"),
        ("### Acme Pro\n\n- **Price**: $39 per month", "wrong"),
        ("### Acme\n\n- **Price**: $39 per month", ""),
        ("Acme Pro costs $29 per month.", "correct"),
    ],
)
def test_a_product_or_plan_has_a_price_of_its_own(text: str, verdict: str) -> None:
    """The field names it: ``price: Pro``."""
    found = priced(text, Fact("Acme", "price: Pro", "$29 per month"))
    assert found == ([verdict] if verdict else [])


@pytest.mark.parametrize(
    ("text", "price", "verdict"),
    [
        ("Acme costs $0 per month.", "$0.99 per month", "wrong"),
        ("Acme costs $49 per month.", "$49.99 per month", "correct"),
    ],
)
def test_hundredths_may_be_left_out_but_not_all_of_a_price(
    text: str, price: str, verdict: str
) -> None:
    """Free is no rounding."""
    assert priced(text, Fact("Acme", "price", price)) == [verdict]


def priced(text: str, fact: Fact) -> list[str]:
    """Return the verdicts on a fact about Acme in an answer about Acme, Boltly and others."""
    brands = [Brand("Acme"), Brand("Boltly")]
    asked = Question(Prompt("Which tool?"), Model("echo", "echo"))
    answer = Answer(1, asked, Reply(text, Finish.COMPLETE), datetime(2026, 1, 1, tzinfo=UTC))
    reading = Reader(brands).read(answer).reading(brands[0], brands[1:], [fact])
    return [detail.verdict for score in Accuracy().score(reading) for detail in score.details]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("### Acme\nA tool founded in 1815.\n\n### Zeta\nA tool founded in 1999.", True),
        ("### 2. **Acme**\n- A tool founded in 1815.", True),
        ("### Acme Pro\nA tool founded in 1815.", False),
        ("### Zeta\n- Works with Acme.\n- It was founded in 1815.", False),
        ("### Acme\nGreat.\n\n### Zeta\nFounded in 1815.", False),
    ],
)
def test_a_line_belongs_to_the_title_above(text: str, stated: bool) -> None:
    """Below nothing but the brand's name, a line is about the brand; else it is not."""
    assert ("founded" in dict(found(text))) == stated


@pytest.mark.parametrize("row", ["| | |\n", "| Acme | $20 |\n", "|  |  |\n|---|---|\n"])
def test_thousands_of_rows_are_read_in_linear_time(row: str) -> None:
    """Empty ones, rows of the brand, and headers without a table."""
    read = READER.read(grading.answer("| Tool | Price |\n|---|---|\n" + row * 6_000))
    reading = read.reading(ACME, (), FACTS)
    start = time.process_time()
    list(Accuracy().score(reading))
    assert time.process_time() - start < 2
