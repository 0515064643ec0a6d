#!/bin/sh
# Sets up a virtual environment in .venv and runs every check. Needs Python 3.11 or later with pip;
# installs Chromium, curl and npm from the system's packages when they are missing.
set -eu
cd "$(dirname "$0")/.."

missing=""
for command in chromium curl npm; do
    command -v "$command" >/dev/null 2>&1 || missing="$missing $command"
done
if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Install$missing so that the commands are found, then run this again." >&2
        exit 1
    fi
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    echo "== from the system's packages:$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086  # a list of names
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $missing >/dev/null
fi

echo "== environment"
[ -x .venv/bin/python ] || python3 -m venv .venv
PATH="$PWD/.venv/bin:$PATH"
export PATH
unset PYTHONDONTWRITEBYTECODE  # the tests start a thousand processes: each would compile the house anew
# Of what is installed little is imported, and that is compiled then.
python -m pip install -q --disable-pip-version-check --no-compile -e '.[test]'

# mypy keeps one core busy for most of a minute: it works beside all that comes before the tests.
mkdir -p .cache
mypy >.cache/mypy.txt 2>&1 &
mypy=$!
trap 'kill "$mypy" 2>/dev/null || true' EXIT

echo "== ruff format"
ruff format --check .
echo "== ruff"
ruff check .
echo "== import-linter"
lint-imports --no-cache
# Compiles the tests once, and not once in each process of pytest. What is wrong with them is told below.
pytest -q --collect-only "$@" >/dev/null 2>&1 || true

echo "== mypy --strict"
wait "$mypy" || failed=$?
cat .cache/mypy.txt
[ "${failed:-0}" -eq 0 ] || exit "$failed"

echo "== pytest"
exec pytest -q -n 3 "$@"
