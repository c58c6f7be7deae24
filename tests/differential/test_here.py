"""The second engine is here where it can be: nothing passes because its subject is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from engine.rules.rete import unavailable


def test_durable_rules_runs_wherever_it_can_be_built() -> None:
    why_not = unavailable()
    if why_not is None:
        return
    if sys.version_info >= (3, 13):
        pytest.skip(f"NOT RUN: the comparisons with durable-rules. {why_not.en}")
    compiler = (os.environ.get("CC") or "cc").split()[0]
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if shutil.which(compiler) is None and shutil.which("gcc") is None:
        pytest.skip(f"NOT RUN: the comparisons with durable-rules. No C compiler; {why_not.en}")
    if not headers.is_file():
        pytest.skip(f"NOT RUN: the comparisons with durable-rules. No {headers}; {why_not.en}")
    pytest.fail(f"durable-rules can be built here and is not installed: {why_not.en}")


def test_importing_the_package_never_needs_durable_rules() -> None:
    hidden = (
        "import sys; sys.modules['durable_rules_engine'] = None\n"
        "from engine.rules.rete import unavailable\n"
        "why = unavailable()\n"
        "print('sluicegate[rete]' in why.en, 'sluicegate[rete]' in why.zh)"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", "True"]
