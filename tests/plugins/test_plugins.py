"""Tests of the plugin loader, with plugins that are really installed on the path."""

import shutil
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from kit.broken_plugins import provider, scorer
from kit.installing import Shelf
from overheard.config.loader import parse_config
from overheard.plugins import PluginReport, Plugins, load_plugins

Install = Callable[..., None]
SCORER = scorer("length", 'return [Score("length", 1.0)]')
PROVIDER = provider("echo")
MODELS = 'return ["m-1", "m-2"]'
METRICS = 'metrics = (Metric("length", Scale.SHARE, "length"),)'


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution of one module with an entry point, as pip would leave it."""
    return Shelf(tmp_path, monkeypatch).install


def load(config: str = "") -> Plugins:
    """Load all that is installed."""
    return load_plugins(parse_config(config))


def report(name: str, config: str = "") -> PluginReport:
    """Return what became of one plugin, having seen that the built-in ones run on."""
    loaded = load(config)
    reports = {one.name: one for one in loaded.reports}
    assert reports["visibility"].loaded
    return reports[name]


def test_the_built_in_plugins_are_found_like_any_other() -> None:
    """They come through entry points, and their version is that of the distribution."""
    names = {point.name for point in entry_points(group="overheard")}
    reports = load().reports

    assert {"compatible", "local", "sentiment", "visibility"} <= names
    assert all(one.loaded and one.version for one in reports)


def test_a_good_plugin_is_loaded_with_its_version(install: Install) -> None:
    """It is named with what it provides."""
    install("length", SCORER)

    assert report("length") == PluginReport("length", "1.2", ("scorer length",))
    assert load().scorers["length"].version == "1"


def test_a_plugin_is_found_when_it_is_installed_later(install: Install, tmp_path: Path) -> None:
    """And one that was removed is not found any more."""
    assert "length" not in load().scorers
    install("length", SCORER)
    assert "length" in load().scorers
    shutil.rmtree(tmp_path / "overheard_length-1.2.dist-info")
    assert "length" not in load().scorers


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import sys; sys.exit(3)", "cannot be imported: SystemExit;"),
        (
            """
            from overheard import hookimpl
            @hookimpl
            def overheard_scorers(settings): return [object()]
            """,
            "registers object as a scorer, and it lacks metrics, name, score, version",
        ),
        (
            SCORER.replace('"length"', '"visibility"'),
            'registers a scorer called "visibility", and that name is taken',
        ),
    ],
)
def test_a_broken_plugin_is_one_sentence_and_the_rest_runs_on(
    install: Install, code: str, problem: str
) -> None:
    """It is reported with name and version, and nothing else is touched."""
    install("broken", code)
    install("length", SCORER)

    broken = report("broken")
    assert not broken.loaded
    assert broken.version == "1.2"
    assert problem in broken.problem
    assert "\n" not in broken.problem


def test_a_good_provider_is_loaded(install: Install) -> None:
    """What the next tests spoil is right as it is."""
    install("echo", PROVIDER)

    assert report("echo") == PluginReport("echo", "1.2", ("provider echo",))


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('name = "echo"', "name = 7", "its name"),
        ('name = "echo"', 'name = ""', "its name"),
        ('name = "echo"', 'name = ["echo"]', "its name"),
        ('name = "echo"', 'name = "a/b"', "its name"),
        ("concurrency = 1", "concurrency = 0", "its concurrency"),
        ("concurrency = 1", "concurrency = True", "its concurrency"),
        ("concurrency = 1", 'concurrency = "4"', "its concurrency"),
        (MODELS, "return None", "its models()"),
        (MODELS, 'return "m"', "its models()"),
        (MODELS, 'return ["m", 7]', "its models()"),
        (MODELS, 'return [""]', "its models()"),
        (MODELS, 'raise OSError("no list")', "fails to register: OSError"),
        (
            "concurrency = 1",
            "concurrency = property(lambda self: 1 // 0)",
            "fails to register: ZeroDivisionError",
        ),
    ],
)
def test_an_odd_provider_is_one_sentence(
    install: Install, right: str, wrong: str, problem: str
) -> None:
    """What it states of itself is checked before anything relies on it."""
    install("broken", PROVIDER.replace(right, wrong))

    assert problem in report("broken").problem
    assert not load().providers


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('name = "length"', "name = None", "its name or version"),
        ('version = "1"', "version = 1", "its name or version"),
        (METRICS, "metrics = None", "its metrics"),
        (METRICS, "metrics = ()", "its metrics"),
        (METRICS, 'metrics = ("zz",)', "its metrics"),
        (METRICS, 'metrics = (Metric([], Scale.BINARY, "Length"),)', "its metrics"),
        (METRICS, 'metrics = (Metric("length", "share", "length"),)', "its metrics"),
        (METRICS, METRICS.replace("),)", "),) * 2"), 'measures "length"'),
    ],
)
def test_an_odd_scorer_is_one_sentence(
    install: Install, right: str, wrong: str, problem: str
) -> None:
    """What it states of itself is checked before anything relies on it."""
    install("broken", SCORER.replace(right, wrong))

    assert problem in report("broken").problem
    assert "length" not in load().scorers


def test_two_scorers_of_one_plugin_do_not_measure_the_same(install: Install) -> None:
    """Scores of a metric come from one scorer, even if another plugin has the same metric."""
    twin = """
    class Twin(Odd):
        name = "twin"

    @hookimpl
    def overheard_scorers(settings):
        yield Odd()
        yield Twin()
    """
    install("broken", SCORER + twin)

    assert 'measures "length", which the scorer length measures already' in (
        report("broken").problem
    )


@pytest.mark.parametrize(
    "failing",
    [
        "from overheard import SettingsError; raise SettingsError(problem={words!r})",
        "overheard_api = {words!r}",
    ],
)
def test_what_a_plugin_says_shows_no_secret(
    install: Install, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Secrets of the environment and logins in addresses are struck out of its words."""
    monkeypatch.setenv("ACME_API_KEY", "k-12345678")
    monkeypatch.setenv("ACME_TOKEN", "k-12345678-and-more")
    monkeypatch.setenv("ACME_REGION", "north-sea")
    words = "k-12345678-and-more k-12345678 north-sea http://me:p/w@host/x http://pass@host/y"
    install("broken", failing.format(words=words))

    problem = report("broken").problem
    assert "*** *** north-sea http://***@host/x http://***@host/y" in problem


def test_a_key_of_a_plugin_without_settings_is_told_without_a_list() -> None:
    """Nothing is known, so nothing is listed."""
    loaded = load('[scorers.visibility]\ncolour = "red"')

    [found] = loaded.faulty
    assert found.problem.endswith('[scorers.visibility]: unknown key "colour".')


def test_one_bad_table_leaves_the_other_tables_of_its_plugin() -> None:
    """Two endpoints share a plugin, and only the broken one is left out."""
    config = """
        [providers.good]
        plugin = "compatible"
        base_url = "http://localhost:1/v1"
        models = ["m"]
        [providers.bad]
        plugin = "compatible"
        base_url = "nowhere"
        models = ["m"]
    """
    assert list(load(config).providers) == ["good"]
    assert "[providers.bad]: base_url" in report("compatible", config).problem


def test_a_plugin_sees_only_its_own_tables(install: Install) -> None:
    """Another plugin's settings, and so its secrets, never reach it."""
    code = """
        from overheard import Settings, hookimpl

        class Anything(Settings):
            model_config = {"extra": "allow"}

        SEEN = []

        @hookimpl
        def overheard_providers(settings):
            SEEN.extend(name for name, _ in settings.each(Anything))
            return []
    """
    install("curious", code)
    load("[providers.curious]\nx = 1\n[providers.local]\nmax_tokens = 8")

    assert sys.modules["overheard_curious"].SEEN == ["curious"]
