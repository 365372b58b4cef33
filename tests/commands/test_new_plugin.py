"""`plugins new`: the project that it writes works at once, and so does the template."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kit.installing import Shelf
from overheard.commands.plugins import KINDS, new_plugin, template
from overheard.config.loader import parse_config
from overheard.errors import BadUsage, FileUnwritable
from overheard.plugins import load_plugins


def verdict(*projects: Path) -> str:
    """Run the tests of projects, together, and return what pytest says at last."""
    settings = ("-p", "no:cacheprovider", "--import-mode=importlib", "-c", "pyproject.toml")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *settings, *(folder / "tests" for folder in projects)],
        cwd=projects[0],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def install(project: Path, shelf: Shelf) -> list[str]:
    """Install a project as pip would, and return what its plugins are called."""
    told = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    points: dict[str, str] = told["project"]["entry-points"]["overheard"]
    for name, module in points.items():
        shelf.install(name, (project / f"{module}.py").read_text(encoding="utf-8"))
    return list(points)


@pytest.mark.long
async def test_new_plugins_pass_their_own_tests_and_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command to green tests, for all kinds; no word of the template is left."""
    monkeypatch.chdir(tmp_path)
    cards = [await new_plugin(None, name=f"acme-{kind}", kind=kind) for kind in KINDS]
    projects = [tmp_path / str(card.data["folder"]) for card in cards]
    files = [file for project in projects for file in (*project.glob("*.*"), *project.glob("*/*"))]
    written = [file.read_text(encoding="utf-8") for file in files]
    assert len(written) == 4 * len(KINDS)
    assert not [text for text in written if "my_" in text.casefold() or "my-" in text]

    shelf = Shelf(tmp_path, monkeypatch)
    names = [name for project in projects for name in install(project, shelf)]
    assert names == [f"acme_{kind}" for kind in KINDS]
    assert " 14 passed" in verdict(*projects)
    reports = {report.name: report.problem for report in load_plugins(parse_config("")).reports}
    assert [reports[name] for name in names] == [""] * len(KINDS)


@pytest.mark.long
def test_the_template_passes_its_own_tests_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The docs show code that works."""
    project = Path(str(template()))
    assert install(project, Shelf(tmp_path, monkeypatch)) == [f"my_{kind}" for kind in KINDS]

    assert " 14 passed" in verdict(project)


async def test_a_folder_that_is_there_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Existing files are not overwritten."""
    monkeypatch.chdir(tmp_path)
    await new_plugin(None, name="mine", kind="scorer")

    with pytest.raises(FileUnwritable, match="overheard-mine"):
        await new_plugin(None, name="mine", kind="feed")


@pytest.mark.parametrize(
    ("name", "kind", "problem"),
    [
        ("../My Plugin", "scorer", "small letters"),
        ("openai", "provider", 'a plugin called "openai" is installed'),
        ("check", "command", 'there is a command "check"'),
        ("update", "feed", "a class UpdateFeed, as Overheard has one"),
    ],
)
async def test_a_name_that_would_not_work_is_refused(name: str, kind: str, problem: str) -> None:
    """It becomes a module, a distribution, a class and a command."""
    with pytest.raises(BadUsage, match=problem):
        await new_plugin(None, name=name, kind=kind)
