"""Both languages say everything, and pages ask only for what the catalog has."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import api.pages
from api.pages.language import LANGUAGES, catalog, translate, word
from engine.machines.instruction.states import AttemptState
from engine.treasury.documents.states import State
from engine.treasury.organisations.permissions import ROLES

FOLDER = Path(api.pages.__file__).parent
SOURCES = [*sorted(FOLDER.glob("templates/*.html")), *sorted(FOLDER.glob("*.py"))]
SCRIPTS = sorted(FOLDER.glob("static/**/*.js"))
USED = re.compile(
    r"""\bt\(\s*'([a-z_]+\.[a-z_]+)'|key="(done\.[a-z_]+)"|"(nav\.[a-z_]+)"|"""
    r"""translate\(lang, "([a-z_.]+)\""""
)
IN_SCRIPTS = re.compile(r'"(wb\.[a-z_]+)"')
CHANGES = ("add_value", "set_label", "add_word", "set_type", "remove")
BUILT = {
    "wb.column.": ("basis", "branch", "id", "when"),
    "wb.way.": ("any", "down", "fixed", "up"),
    "today.wait_": (
        "approvals",
        "holds",
        "pay",
        "rejected",
        "matches",
        "unclear",
        "proposed",
        "rulesets",
        "returned",
        "activate",
    ),
    "review.wait_": ("proposed", "signed", "returned", "live", "past"),
    "beginning.comments_": ("both", "zh", "en"),
    "vocab.do_": CHANGES,
    "vocab.hint_": CHANGES,
    "approvals.taken_": ("approve", "reject"),
}


def _places(sentence: str) -> set[str]:
    """What is filled in; a plural form is of one language alone."""
    parsed = string.Formatter().parse(sentence)
    return {name for _, name, spec, _ in parsed if name and "|" not in (spec or "")}


def _used() -> set[str]:
    found = {
        name
        for file in SOURCES
        for groups in USED.findall(file.read_text("utf-8"))
        for name in groups
        if name
    }
    for file in SCRIPTS:
        if not file.name.endswith(".min.js"):
            found |= set(IN_SCRIPTS.findall(file.read_text("utf-8")))
    built = {prefix + end for prefix, ends in BUILT.items() for end in ends}
    return {one for one in found if one not in BUILT} | built


def test_both_languages_have_the_same_keys() -> None:
    assert catalog("en").keys() == catalog("zh").keys()


@pytest.mark.parametrize("key", sorted(catalog("en")))
def test_a_sentence_has_the_same_places_in_both_languages(key: str) -> None:
    assert _places(catalog("en")[key]) == _places(catalog("zh")[key])


def test_every_key_a_page_uses_exists() -> None:
    assert _used() - catalog("en").keys() == set()


def test_no_sentence_is_kept_that_no_page_says() -> None:
    said = {key for key in catalog("en") if not key.startswith("word.")}
    assert said - _used() == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_and_role_has_a_word(lang: str) -> None:
    codes = [f"state.{one}" for one in (*State, *AttemptState)]
    codes += [f"role.{one}" for one in ROLES if one not in ("admin", "source")]
    words = catalog("zh" if lang == "zh" else "en")
    assert [one for one in codes if f"word.{one}" not in words] == []


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 error"), ("1", "1 error"), (0, "0 errors"), ("1,200", "1,200 errors")],
)
def test_one_is_said_as_one(count: object, said: str) -> None:
    assert translate("en", "shelf.error_count", count=count) == said


def test_a_code_nobody_translated_is_shown_as_it_is() -> None:
    assert word("zh", "channel.new_way") == "new way"
