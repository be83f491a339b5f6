#!/usr/bin/env bash
# Runs every example in a folder. An example ends by itself, with exit status 0; one
# that is a test is run by pytest, and a server, which never ends, by the project's own
# tests. Usage: run_examples.sh FOLDER
set -euo pipefail
cd "${1:?usage: run_examples.sh FOLDER}"

for example in *.py; do
  [ -e "$example" ] || continue
  printf -- '--- %s\n' "$example"
  case "$example" in
    *_server.py) echo "a server: see tests/examples" ;;
    test_*) timeout 120 python -m pytest -q "$example" ;;
    *) timeout 60 python -W error "$example" </dev/null ;;
  esac
done
