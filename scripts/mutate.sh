#!/usr/bin/env bash
# Turns one file around in every way that mutmut knows, and prints the changes that no
# test notices: each is a missing test, or a change that makes no difference.
#
# Usage: mutate.sh otp/supervisor/_decide.py [tests/supervisor]
#
# Needs mutmut (pip install mutmut) and works on a copy, so the checkout stays clean.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

file=${1:?usage: mutate.sh FILE [TESTS]}
tests=${2:-tests/$(basename "$(dirname "$file")")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -R otp tests pyproject.toml setup.cfg "$work"
cd "$work"
cat >>pyproject.toml <<TOML

[tool.mutmut]
source_paths = ["otp"]
only_mutate = ["$file"]
pytest_add_cli_args_test_selection = ["$tests"]
TOML

mutmut run >mutmut.log 2>&1 || { tail -n 40 mutmut.log; exit 1; }

survivors=$(mutmut results 2>/dev/null | sed -n 's/^ *\(.*\): .*/\1/p')
for mutant in $survivors; do
  printf '%s\n' "$mutant"
  mutmut show "$mutant" 2>/dev/null | grep -E '^[-+] ' || true
  echo
done
tr "\r" "\n" <mutmut.log | grep -E "[0-9]+/[0-9]+" | tail -n 1 || true
printf "%s mutants survive\n" "$(wc -w <<<"$survivors")"
