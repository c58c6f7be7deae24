"""Every kind has a file, a page and a ruleset; the pages say what the code says, and run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.rulebook.checking import check_text
from engine.rules import Kind, all_kinds
from tests.kinds.pages import PAGES, ROOT, RULESETS, examples, marked, page, parts, vocabulary

KINDS = tuple(all_kinds().values())


def named(kind: Kind) -> str:
    return kind.name


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_kind_is_a_file_of_its_name_with_a_folder_of_rulesets(kind: Kind) -> None:
    assert (ROOT / "engine/rules/kinds" / f"{kind.name}.py").is_file()
    files = list((RULESETS / kind.name).glob("*.yaml"))
    assert files
    for file in files:
        assert f"kind: {kind.name}\n" in file.read_text("utf-8")


def test_no_page_and_no_folder_is_left_over() -> None:
    kinds = set(all_kinds())
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == kinds
    assert {path.name for path in RULESETS.iterdir() if path.is_dir()} - {"__pycache__"} == kinds


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_the_page_says_what_the_code_says(kind: Kind) -> None:
    made, written = parts(kind, vocabulary()), marked(page(kind).read_text("utf-8"))
    skipped = set(made) - set(written)
    assert written == {name: made[name] for name in written}, "run python -m tests.kinds.pages"
    assert not {name for name in skipped if made[name] not in written.values()}


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_page_has_an_example(kind: Kind) -> None:
    assert examples(page(kind).read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_the_examples_of_a_page_run_without_a_finding(path: Path) -> None:
    for text in examples(path.read_text("utf-8")):
        checked = check_text(path.name, text, vocabulary())
        assert checked.findings == ()
        assert checked.ruleset is not None
        assert checked.ruleset.examples


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_every_envelope_key_of_a_kind_is_described_in_both_languages(kind: Kind) -> None:
    for schema in kind.extras_schema.values():
        assert isinstance(schema, dict)
        assert re.search(r"[a-z]", schema["description"])
        assert re.search(r"[一-鿿]", schema["description"])


def test_the_readme_links_every_page() -> None:
    readme = (PAGES / "README.md").read_text("utf-8")
    for kind in KINDS:
        assert f"({kind.name}.md)" in readme
