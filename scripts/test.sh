#!/bin/sh
# Sets up a virtual environment in .venv and runs every check. Needs Python 3.11 or later with pip;
# installs Chromium from the system's packages when it is missing (for the browser tests).
set -eu
cd "$(dirname "$0")/.."

if ! command -v chromium >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Install Chromium so that the command 'chromium' is found, then run this again." >&2
        exit 1
    fi
    echo "== chromium (from the system's packages)"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium >/dev/null
fi

echo "== environment"
[ -x .venv/bin/python ] || python3 -m venv .venv
PATH="$PWD/.venv/bin:$PATH"
export PATH
python -m pip install -q --disable-pip-version-check -e '.[test]'

echo "== ruff format"
ruff format --check .
echo "== ruff"
ruff check .
echo "== mypy --strict"
mypy
echo "== import-linter"
lint-imports --no-cache
echo "== pytest"
exec pytest -q -n 2 "$@"
