# Everything a contributor needs, in one word each.

# lint, types, contracts, tests
default: lint types contracts test

lint:
    uv run ruff check
    uv run ruff format --check

format:
    uv run ruff check --fix
    uv run ruff format

types:
    uv run mypy

contracts:
    uv run lint-imports

test *ARGS:
    uv run pytest {{ARGS}}

# the slow tests too, with coverage
all:
    .ci/run

demo:
    uv run overheard demo

# write down the versions that are installed now
constraints:
    uv export --quiet --all-extras --no-hashes --no-annotate --no-header --no-emit-project --no-group training > constraints.txt
