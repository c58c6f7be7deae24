"""Every row of every shipped ruleset reads aloud well in both languages."""

from __future__ import annotations

import re

import pytest

from engine.rules.model import Ruleset
from engine.rules.params import branch_params
from engine.rules.sentences import row_sentences
from tests.explain.golden import PAGES, page, shipped, written

SHIPPED = shipped()


@pytest.mark.parametrize("ruleset", SHIPPED, ids=lambda one: one.name)
def test_the_sentences_are_those_that_were_read(ruleset: Ruleset) -> None:
    kept = page(ruleset).read_text("utf-8") if page(ruleset).exists() else ""
    assert kept == written(ruleset), "python -m tests.explain.golden writes the page; then read it"


def test_no_page_is_left_of_a_ruleset_that_is_gone() -> None:
    assert {path.name for path in PAGES.iterdir()} <= {page(one).name for one in SHIPPED}


@pytest.mark.parametrize("ruleset", SHIPPED, ids=lambda one: one.name)
def test_no_sentence_has_a_hole_a_code_or_a_wrong_plural(ruleset: Ruleset) -> None:
    for row, said in row_sentences(ruleset, branch_params(ruleset, ())).items():
        for text in (said.en, said.zh):
            assert text.startswith(f"{row}. ")
            spoken = re.sub(r'"[^"]*"|“[^”]*”|（[a-z_]+）|\([a-z_]+\)', "said", text)
            assert not re.search(r"[{}]|\w_\w|  ", spoken), text
            assert not re.search(r"\b1 (days|hours|minutes|times|documents)\b", spoken), text
        assert said.en.endswith(".")
        assert said.zh.endswith("。")
