"""What a fine-tune may be taught, as people decide it."""

import json
from datetime import UTC, datetime

from kit.office import Office, open_office
from kit.program import Program
from overheard.domain import Answer, Finish, Model, Prompt, Question, Reply, Run
from overheard_finetune.dataset import format_ranges, parse_numbers

NOON = datetime(2026, 3, 2, 6, tzinfo=UTC)


async def office_with_answers(*texts: str, prompt: str = "Which tool is best?") -> Office:
    """Open an office with answers."""
    office = await open_office()
    run = await office.store.runs.start(Run("first", NOON))
    question = Prompt(prompt, brands=("Acme",))
    await office.store.answers.add(
        [
            Answer(
                run.id, Question(question, Model("svc", "m"), n), Reply(t, Finish.COMPLETE), NOON
            )
            for n, t in enumerate(texts)
        ]
    )
    return office


async def test_answers_that_name_the_brand_are_candidates_with_buttons() -> None:
    """The same answer is shown once; a click approves it, with who and when."""
    office = await office_with_answers("Acme is best.", "Zeta is best.", "Acme is best.")
    review = await office.chat.type("dataset review Acme")
    await office.chat.click(review, "Approve 3")
    [kept] = await office.store.finetune.approvals()
    empty = await office.chat.type("dataset review Acme")

    assert [row["answer"] for row in review.card.data["answers"]] == [3]
    assert (kept.answer_id, kept.corrects) == (3, False)
    assert kept.who
    assert [row["answer"] for row in empty.card.data["answers"]] == [1]


async def test_answers_to_controls_are_candidates_for_replays() -> None:
    """Answers that name no brand."""
    office = await office_with_answers(
        "Water it monthly.", "Acme!", prompt="How often should I water a cactus?"
    )
    card = (await office.chat.type("dataset review Acme --controls")).card

    assert [row["text"] for row in card.data["answers"]] == ["Water it monthly."]


async def test_a_correction_needs_another_text() -> None:
    """It is kept in the place of the answer, and can be taken back."""
    office = await office_with_answers("Acme is worst.")
    same = await office.chat.type('dataset correct 1 "Acme is worst."')
    right = await office.chat.type('dataset correct 1 "Acme is a tool."')
    [kept] = await office.store.finetune.approvals()
    await office.chat.click(right, "Undo")

    assert "The correction is missing" in str(same.card.text)
    assert kept.text == "Acme is a tool."
    assert await office.store.finetune.approvals() == []


async def test_a_form_shows_the_answer_to_correct() -> None:
    """What is written there is taught."""
    office = await office_with_answers("Acme is worst.")
    office = Office(office.deployment, office.store, office.provider, forms=True)
    screen = await office.chat.type("dataset correct 1")
    assert screen.form
    await office.chat.submit(screen, text="Acme is good.")

    assert [one.text for one in await office.store.finetune.approvals()] == ["Acme is good."]


async def test_what_cannot_be_taught_is_one_sentence() -> None:
    """Personal data, and answers that are not there."""
    office = await office_with_answers("Acme: ask ada@example.org.")
    personal = await office.chat.type("dataset approve 1")
    missing = await office.chat.type("dataset approve 99")
    nothing = await office.chat.type("dataset withdraw 1")

    assert "holds the e-mail address ada@example.org" in str(personal.card.text)
    assert "Answer 99 cannot be taught: there is no such answer" in str(missing.card.text)
    assert 'There is no approved answer called "1"' in str(nothing.card.text)
    assert await office.store.finetune.approvals() == []


async def test_many_are_approved_after_a_look_at_the_list() -> None:
    """The question shows what they say and what is left out; one click takes all back."""
    office = await office_with_answers(
        "Acme is best.", "Acme: ask ada@example.org.", "Acme is good.", "Acme is best.", "Rice."
    )
    question = await office.chat.type("dataset approve 1-5 99")
    before = await office.store.finetune.approvals()
    done = await office.chat.click(question, "Go on")
    approved = [one.answer_id for one in await office.store.finetune.approvals()]
    await office.chat.click(done, "Undo")

    asked = str(question.card.text)
    assert "2 answers would be taught as they stand: 1 “Acme is best.”, 3 “Acme is good.”" in asked
    assert "4, it repeats answer 1" in asked
    assert "2, it holds the e-mail address ada@example.org" in asked
    assert "5, it names no brand that is tracked" in asked
    assert "99, there is no such answer" in asked
    assert before == []
    assert approved == [1, 3]
    assert await office.store.finetune.approvals() == []


async def test_all_that_a_review_shows_are_one_button() -> None:
    """Not those that something speaks against."""
    office = await office_with_answers("Acme is best.", "Acme is good.", "Acme: a@example.org.")
    review = await office.chat.type("dataset review Acme")
    question = await office.chat.click(review, "Approve all 2")
    await office.chat.click(question, "Go on")

    assert [one.answer_id for one in await office.store.finetune.approvals()] == [1, 2]


async def test_what_is_decided_is_not_approved_again_with_many() -> None:
    """A correction stays; taking back several asks before its text is lost."""
    office = await office_with_answers("Acme is worst.", "Acme is good.")
    await office.chat.type('dataset correct 1 "Acme is a tool."')
    question = await office.chat.type("dataset approve 1-2")
    await office.chat.click(question, "Go on")
    kept = [one.text for one in await office.store.finetune.approvals()]
    lost = await office.chat.type("dataset withdraw 1-2")

    assert "1, it is corrected already" in str(question.card.text)
    assert kept == ["Acme is a tool.", ""]
    assert "1 correction would be lost with what was written: 1" in str(lost.card.text)
    assert len(await office.store.finetune.approvals()) == 2


async def test_numbers_that_are_none_are_refused() -> None:
    """And impossible ranges."""
    office = await office_with_answers("Acme is best.")
    wrong = await office.chat.type("dataset approve 3-1")
    far = await office.chat.type("dataset approve 1-9999")

    assert '"3-1" is no number of an answer' in str(wrong.card.text)
    assert "more than 500 answers" in str(far.card.text)


def test_numbers_are_read_and_written_as_ranges() -> None:
    """Commas and long dashes are what people type."""
    assert parse_numbers(["3,", "7", "10\u201312,11"], "") == (3, 7, 10, 11, 12)
    assert format_ranges([12, 3, 10, 7, 11]) == "3 7 10-12"


def heard(terminal: Program) -> None:
    """Import an answer that states a wrong year, and a right one."""
    lines = [
        {
            "asked_at": datetime.now(UTC).isoformat(),
            "run": "r",
            "prompt": prompt,
            "provider": "svc",
            "model": "m-1",
            "text": text,
        }
        for prompt, text in (
            ("When did Acme start?", "Acme was founded in 2005."),
            ("Who is Acme?", "Acme was founded in 1999."),
        )
    ]
    file = terminal.folder / "history.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    terminal.run("import", "history.jsonl")


def test_the_whole_way_from_answers_to_files(terminal: Program) -> None:
    """What contradicts the fact sheet comes first, and cannot be approved."""
    heard(terminal)
    found = terminal.json("dataset", "review", "Acme")["answers"]
    _, refused = terminal.run("dataset", "approve", "1", code=1)
    terminal.run("dataset", "correct", "1", "Acme was founded in 1999, as its site says.")
    terminal.run("dataset", "approve", "2")
    built = terminal.json("dataset", "build", "Acme", "--out", "made")

    assert [(row["answer"], bool(row["objection"])) for row in found] == [(1, True), (2, False)]
    assert "against the fact sheet" in refused
    assert built["preferences"] == 1
    assert "preferences" not in built["formats"]["openai"]
    assert [told.partition(" is ")[0] for told in built["left_out"]] == ["openai/preferences.jsonl"]
    assert set(built["formats"]) == {"openai", "bedrock", "vertex", "huggingface"}
    sheet = (terminal.folder / "made" / "datasheet.md").read_text(encoding="utf-8")
    assert "answer 1, corrected by terminal" in sheet


def test_an_approval_that_the_facts_have_left_behind_is_left_out(terminal: Program) -> None:
    """It says so."""
    heard(terminal)
    terminal.run("dataset", "approve", "2")
    config = (terminal.folder / "config.toml").read_text(encoding="utf-8")
    terminal.configure(config.replace('"1999"', '"1998"'))
    built = terminal.json("dataset", "build", "Acme", "--out", "made", "--format", "huggingface")

    assert "Answer 2 is left out: it states “1999”" in built["left_out"][0]
