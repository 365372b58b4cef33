# Everything a contributor needs, in one word each.

# lint, types, contracts, tests
default: lint types contracts test

# all that a contributor needs; `uv run` alone installs no more than the product and its model
sync:
    uv sync --group dev

lint:
    uv run ruff check
    uv run ruff format --check
    uv run deptry bot storage plugins

format:
    uv run ruff check --fix
    uv run ruff format

types:
    uv run mypy

contracts:
    uv run lint-imports

test *ARGS:
    uv run pytest {{ARGS}}

# all that CI runs: slow tests of each kind too, the wheel, new plugins
all:
    .ci/run

# what the tests cover. Not those of plugins that never end: a tracer keeps their loops from being
# interrupted.
coverage:
    uv run pytest --cov --cov-report=term --ignore tests/test_plugin_isolation.py --ignore tests/end_to_end/test_plugin_notices.py

# the slow tests that .ci/run leaves out
long:
    uv run pytest -n 2 -m long

# which small faults in detection, alerts, budget and the run service the tests do not notice
mutants *ARGS:
    uv run python bench/mutants.py {{ARGS}}

demo:
    uv run overheard demo

# write down the versions that are installed now
constraints:
    uv export --quiet --all-extras --no-hashes --no-annotate --no-header --no-emit-project --group dev --no-group training > constraints.txt
