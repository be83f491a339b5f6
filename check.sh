#!/usr/bin/env bash
# All that a change must pass, what fails fastest first. The tools are those of the
# active environment: pip install -e ".[dev]".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

step() { printf '\n=== %s ===\n' "$1"; }

step "format"
python -m ruff format --check .

step "lint"
python -m ruff check .

step "types: mypy"
python -m mypy

step "types: pyright"
python -m pyright --pythonpath "$(python -c 'import sys; print(sys.executable)')"

step "tests"
python -m pytest

step "examples"
scripts/run_examples.sh examples

step "benchmarks"
python -m benchmarks --smoke >/dev/null
python -m benchmarks growth --smoke >/dev/null
echo "they work; for the numbers: python -m benchmarks"

step "documentation"
python -m sphinx -W -n -E --keep-going -q -b html docs docs/_build/html
echo "built docs/_build/html"
