#!/usr/bin/env bash
# Runs every program in benchmarks/ beside its named peers, which are installed only here.
set -euo pipefail
cd "$(dirname "$0")/.."
peers=build/bench-venv
wanted=$(sha256sum requirements.lock benchmarks/peers.txt | sha256sum | cut -d' ' -f1)
if [ "$(cat "$peers/.installed" 2>/dev/null || true)" != "$wanted" ]; then
  printf 'bench: installing the peers of benchmarks/peers.txt into %s\n' "$peers" >&2
  .venv/bin/python -m venv --clear "$peers"
  "$peers/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
  "$peers/bin/python" -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
  "$peers/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -e .
  printf '%s' "$wanted" >"$peers/.installed"
fi
missed=()
for program in benchmarks/*.py; do
  grep -q '^if __name__ == "__main__":' "$program" || continue
  printf '\n== %s\n' "$program"
  "$peers/bin/python" "$program" || missed+=("$program")
done
if [ ${#missed[@]} -gt 0 ]; then
  printf '\nbench: a target was missed or it failed: %s\n' "${missed[*]}" >&2
  exit 1
fi
