# Everything a contributor needs, in one word each. `uv run` without the group dev installs the product,
# the model of the demo, and what the tests need.

# lint, types, contracts, tests
default: lint types contracts test

lint:
    uv run --group dev ruff check
    uv run --group dev ruff format --check
    uv run --group dev deptry bot storage plugins

format:
    uv run --group dev ruff check --fix
    uv run --group dev ruff format

types:
    uv run --group dev mypy

contracts:
    uv run --group dev lint-imports

test *ARGS:
    uv run --group dev pytest {{ARGS}}

# all that CI runs: slow tests of each kind too, the wheel, new plugins
all:
    .ci/run

# what the tests cover. Not those of plugins that never end: a tracer keeps their loops from being
# interrupted.
coverage:
    uv run --group dev pytest --cov --cov-report=term --ignore tests/test_plugin_isolation.py --ignore tests/end_to_end/test_plugin_notices.py

# the slow tests that .ci/run leaves out, and the default tests on days that calendars make special
long: days
    uv run --group dev pytest -n 2 -m long

# which vendors' pages have not been read for 120 days
landscape-age:
    uv run --group dev pytest -n 0 -m landscape_age

# Times are in UTC. Debian's package faketime moves the clock of every process.
# the default tests on a leap day, over the end of a year, on its first day, over both changes of clocks
days *ARGS:
    #!/usr/bin/env bash
    set -euo pipefail
    moved=$(find /usr/lib -name libfaketime.so.1 | head -1)
    [[ $moved ]] || { echo "install faketime: sudo apt-get install faketime"; exit 1; }
    uv sync --quiet --group dev
    export TZ=Europe/Berlin
    for day in 2026-12-31T22:58 2027-01-01T09:00 2027-03-28T00:58 2027-10-31T00:58 2028-02-29T12:00; do
      echo "== $day"
      # A distance and not a time, so that all processes of a test have the same clock.
      distance=$(printf %+d $(($(date -d "${day}Z" +%s) - $(date +%s))))
      # Monotonic time is moved as well, and ends a program where it is below zero.
      ((distance > 0)) || { echo "is past: write a later day in its place"; continue; }
      LD_PRELOAD=$moved FAKETIME=$distance uv run --no-sync pytest {{ARGS}}
    done

# which small faults in detection, alerts, budget and the run service the tests do not notice
mutants *ARGS:
    uv run --group dev python bench/mutants.py {{ARGS}}

# the documentation as a site, with all links checked
docs:
    uvx --from mkdocs --with mkdocs-material mkdocs build --strict

# the files of a release, without changing the version
release:
    uv run python deploy/release.py --check

demo:
    uv run overheard demo

# write down the versions that are installed now
constraints:
    uv export --quiet --all-extras --no-hashes --no-annotate --no-header --no-emit-project --group dev --no-group training > constraints.txt
