"""What is vendored is what the lock file says, made from what stands in the repository."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TypedDict

import pytest

PAGES = Path(__file__).parents[2] / "api/pages"
VENDOR = PAGES / "static/vendor"


class Package(TypedDict):
    """A package of the npm registry inside a file."""

    name: str
    version: str
    licence: str


class Vendored(TypedDict):
    """A file and what it holds."""

    file: str
    sha256: str
    packages: list[Package]


LOCK = json.loads((VENDOR / "vendor.lock.json").read_text("utf-8"))
FILES: list[Vendored] = LOCK["files"]


def test_every_vendored_file_stands_in_the_lock() -> None:
    there = {file.name for file in VENDOR.iterdir()} - {"vendor.lock.json", "LICENCES.txt"}
    assert there == {one["file"] for one in FILES}


@pytest.mark.parametrize("one", FILES, ids=lambda one: str(one["file"]))
def test_a_vendored_file_is_the_one_that_was_locked(one: Vendored) -> None:
    assert hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() == one["sha256"]


def test_the_bundle_was_built_from_the_sources_beside_it() -> None:
    source = hashlib.sha256()
    for name in ("codemirror.js", "package-lock.json"):
        source.update((PAGES / "vendoring" / name).read_bytes())
    assert source.hexdigest() == LOCK["source"], "run `make assets`"


def test_every_package_comes_with_its_version_and_licence() -> None:
    locked = json.loads((PAGES / "vendoring/package-lock.json").read_text("utf-8"))["packages"]
    licences = (VENDOR / "LICENCES.txt").read_text("utf-8")
    for package in (found for one in FILES for found in one["packages"]):
        assert package["version"] == locked[f"node_modules/{package['name']}"]["version"]
        assert package["licence"] in {"MIT", "0BSD", "BSD-0-Clause"}
        assert f"{package['name']} {package['version']}\n" in licences


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (PAGES / "vendoring/package-lock.json").read_text("utf-8")
