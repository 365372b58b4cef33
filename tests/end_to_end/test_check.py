"""`overheard check` as it is typed."""

import pytest

from kit.loopback import Behaviour, ChatService
from kit.program import Program, sentences


def test_a_check_asks_first_when_it_costs(program: Program, service: ChatService) -> None:
    """Without a confirmation nothing is asked, and the price is shown."""
    _, err = program.run("check", code=1)

    assert "12 questions for about $0.01, at most $0.10; repeat the command" in err
    assert "--yes" in err
    assert service.calls == []


def test_a_check_scores_the_brand_and_its_competitors(
    program: Program, service: ChatService
) -> None:
    """Acme in all answers and Zeta in half of them give rates of 1 and 0.5."""
    service.answer = lambda prompt: f"Use Acme{' or Zeta' if int(prompt[-2]) % 2 else ''}."
    data = program.json("check", "--yes")

    rates = {r["brand"]: r["value"] for r in data["results"] if r["metric"] == "visibility"}
    assert rates == {"Acme": 1.0, "Zeta": 0.5, "Umbra": 0.0}
    assert data["spent_usd"] == pytest.approx(12 * 50e-6)
    assert data["alerts"] == []


def test_a_check_for_people_shows_the_table(program: Program, service: ChatService) -> None:
    """The card names brand, competitors, number of answers and what was spent."""
    out, _ = program.run("check", "--yes")

    for word in ("Acme: 1st of 3", "Acme", "Zeta", "Umbra", "m-1", "12 answers"):
        assert word in out
    assert "Still learning what is normal: 1 of 6 checks" in sentences(out)
    out, _ = program.run("check", "--yes")
    assert "All as usual: no open alert" in sentences(out)


def test_a_change_of_the_model_raises_one_alert(program: Program, service: ChatService) -> None:
    """Two runs alike, then two without the brand: one alert, when it is confirmed."""
    alerts = []
    for answer in ("Use Acme or Zeta.", "Use Acme or Zeta.", "Use Zeta.", "Use Zeta."):
        service.answer = lambda _, answer=answer: answer  # type: ignore[misc] # a default value
        alerts.append(program.json("check", "--yes", "--repeats", "2")["alerts"])

    assert [len(raised) for raised in alerts] == [0, 0, 0, 1]
    [alert] = alerts[3]
    assert (alert["brand"], alert["metric"]) == ("Acme", "visibility")
    assert (alert["before"], alert["after"]) == (1.0, 0.0)
    low, high = alert["interval"]
    assert -1.0 <= low < high < -0.7


def test_an_answer_in_another_language_is_kept_told_and_not_scored(
    program: Program, service: ChatService, config: str
) -> None:
    """Where the prompt says in which it is expected."""
    prompt = '[[prompts]]\ntext = "{}"\nlanguage = "en"\n'
    kept = config[: config.index("[[prompts]]")]
    program.configure(kept + prompt.format("Which?") + prompt.format("Why?"))
    german = "Acme ist das beste Werkzeug, weil es einfach ist und auch nicht viel kostet, und "
    service.answer = lambda asked: german * 2 if asked == "Why?" else "Use Acme."
    data = program.json("check", "--yes")

    assert (data["state"], data["incomplete"]) == ("complete", 1)
    assert data["endings"] == {"svc/m-1 foreign": 1}
    assert {r["answers"] for r in data["results"] if r["metric"] == "visibility"} == {1}
    out, _ = program.run("check", "--yes")
    assert (
        "1 answer of m-1 was in another language than the question's, and is not scored."
        in sentences(out)
    )


def test_a_failing_service_is_told_and_asked_again_next_time(
    program: Program, service: ChatService
) -> None:
    """The run is partial; its reason is a sentence with a remedy."""
    service.behaviours = [Behaviour(status=500, body=b"{}")] * 3
    data = program.json("check", "--yes", code=3)

    assert data["state"] == "partial"
    assert data["failures"] == {
        "svc/m-1 did not answer: the service has an error of its own (500); try again later.": 3
    }


def test_a_check_without_any_answer_fails(program: Program, service: ChatService) -> None:
    """A script sees the exit code, and the reason is shown."""
    service.behaviours = [Behaviour(status=401, body=b"{}")] * 12
    out, _ = program.run("check", "--yes", code=1)

    assert "the service refuses the key; check api_key_env or api_key_file. (12 times)" in (
        sentences(out)
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Acmee"], 'There is no brand called "Acmee"; did you mean "Acme"'),
        (["--model", "svc"], 'There is no model called "svc"'),
        (["--model", "nowhere/m"], "known: svc/m-1"),
    ],
)
def test_a_wrong_name_is_one_sentence(
    program: Program, arguments: list[str], sentence: str
) -> None:
    """Near misses get a suggestion, and there is no traceback."""
    _, err = program.run("check", *arguments, code=1)

    assert sentence in err
    assert "Traceback" not in err


def test_a_model_that_is_named_twice_is_asked_once(program: Program, service: ChatService) -> None:
    """Twice the same would be paid twice and kept once."""
    program.run("check", "acme", "ACME", "--model", "svc/m-1", "--model", "svc/m-1", "--yes")

    assert len(service.calls) == 12


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            '[alerts]\nmetrics = ["visibilty"]',
            'no metric for [alerts] called "visibilty"; did you mean "visibility"',
        ),
        ("[budget]\nday = 0.001", "[budget] day leaves $0.00"),
    ],
)
def test_what_keeps_a_check_from_beginning_is_one_sentence(
    program: Program, config: str, more: str, told: str
) -> None:
    """A misspelt metric, which would keep the bot silent, and a budget that is used up."""
    program.configure(f"{config}\n{more}\n")

    assert told in program.run("check", "--yes", code=1)[1]


def test_without_a_provider_there_is_nothing_to_ask(program: Program) -> None:
    """The sentence says what to add."""
    program.configure('[[brands]]\nname = "Acme"\n[[prompts]]\ntext = "Best?"\n')

    assert "no model is configured, add a [providers.*] table" in program.run("check", code=1)[1]
