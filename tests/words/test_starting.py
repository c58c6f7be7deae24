"""A new ruleset is valid as it stands, for every kind and subject, in every language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from engine.base.text import Lang, Text
from engine.rulebook.checking import check_text, failed
from engine.rules.format import format_ruleset
from engine.rules.kind import Kind
from engine.rules.model import HitPolicy
from engine.rules.registry import all_kinds
from engine.rules.starting import Beginning, new_ruleset
from tests.kinds.pages import vocabulary

TODAY = dt.date(2026, 11, 23)
EVERY = [(kind, subject) for kind in all_kinds().values() for subject in kind.facts]


def text_of(kind: Kind, subject: str, langs: Sequence[Lang] = ("en",), title: str = "T") -> str:
    chosen = Beginning(kind, subject, "bj-trial", Text(title, f"试{title}"), "BJ", TODAY)
    return new_ruleset(chosen, vocabulary(), langs)


@pytest.mark.parametrize("langs", [("en",), ("zh",), ("zh", "en")], ids="-".join)
@pytest.mark.parametrize(("kind", "subject"), EVERY, ids=lambda one: getattr(one, "name", one))
def test_a_new_ruleset_has_no_finding_at_all(
    kind: Kind, subject: str, langs: tuple[Lang, ...]
) -> None:
    text = text_of(kind, subject, langs)
    checked = check_text("bj-trial.yaml", text, vocabulary())
    assert checked.findings == ()
    assert checked.ruleset is not None
    assert (checked.ruleset.kind, checked.ruleset.subject) == (kind.name, subject)
    assert (checked.ruleset.scope_org, checked.ruleset.version) == ("BJ", 1)
    assert checked.ruleset.examples


@pytest.mark.parametrize(("kind", "subject"), EVERY, ids=lambda one: getattr(one, "name", one))
def test_a_new_ruleset_is_laid_out_as_fmt_lays_it_out(kind: Kind, subject: str) -> None:
    text = text_of(kind, subject, ("en", "zh"))
    assert format_ruleset("bj-trial.yaml", text).text == text


@pytest.mark.parametrize("title", ["a: b", "{x}", '"q" # c', "- 1", "yes", "'", "甲：乙，丙"])
def test_a_title_is_kept_whatever_stands_in_it(title: str) -> None:
    kind, subject = EVERY[0]
    checked = check_text("x.yaml", text_of(kind, subject, title=title), vocabulary())
    assert checked.ruleset is not None
    assert checked.ruleset.title == Text(title, f"试{title}")


def without_starters() -> Iterator[tuple[Kind, str, HitPolicy]]:
    """Kinds as if they had no rows of their own, under each policy they allow alone."""
    for kind, subject in EVERY:
        for policy in sorted(kind.hit_policies):
            allowed = frozenset({policy})
            yield replace(kind, starters={}, checks=(), hit_policies=allowed), subject, policy


@pytest.mark.parametrize(
    ("kind", "subject", "policy"),
    list(without_starters()),
    ids=lambda one: getattr(one, "name", one),
)
def test_a_kind_without_rows_of_its_own_begins_with_rows_made_from_its_columns(
    kind: Kind, subject: str, policy: HitPolicy
) -> None:
    text = text_of(kind, subject)
    assert f"hit_policy: {policy.value}\n" in text
    found = check_text("bj-trial.yaml", text, vocabulary()).findings
    # Checks of the real kind still speak; a made-up row may break those.
    assert not failed(one for one in found if not one.code.startswith("K"))


def test_comments_name_every_column_with_its_values() -> None:
    kind = all_kinds()["approval"]
    text = text_of(kind, "payment", ("zh",))
    assert "#   extra_approver: 预警要求增加审批人; bool" in text
    assert "creditor_type (收款人类型)" in text
    assert "#   approvers: 审批链 （必填）" in text
    assert "unique: 恰有一行命中" in text
    assert "anything" not in text
