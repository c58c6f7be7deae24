"""`sluice rules new|copy|words`, and what plan and reload say of the words."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa

from tests.versions.test_commands import Sluice, place, sluice

__all__ = ["place", "sluice"]
WHY = ("--reason", "a new product")
AS = ("--as", "ann")
BONUS = ("business_type", "bonus", "--en", "bonus", "--zh", "红利")


def test_a_new_ruleset_is_written_to_a_file_that_checks_and_never_over_one(
    sluice: Sluice, tmp_path: Path
) -> None:
    file = tmp_path / "bj-approval.yaml"
    new = ("rules", "new", "approval", "--subject", "payment", "--name", "bj-approval")
    sluice(*new, "--org", "BJ", "-o", file)
    assert "0 errors, 0 warnings" in sluice("check", file).output
    sluice(*new, "-o", file, code=2)
    assert "UNKNOWN_SUBJECT" in sluice(*new[:4], "paymen", *new[5:], code=2).output


def test_a_copy_extends_where_head_office_allows_and_is_whole_where_not(sluice: Sluice) -> None:
    copy = ("rules", "copy", "payment-approval", "--to", "BJ", *AS)
    assert "overrides:" not in sluice(*copy).stdout
    assert sluice(*copy).stdout.startswith("kind: approval\nname: payment-approval-bj\n")
    assert "extends: payment-approval" in sluice(*copy, "--extends").stdout
    assert "draft 1: mine" in sluice(*copy, "--name", "mine", "--draft").output
    assert "NOT_BELOW" in sluice(*copy[:4], "GROUP", *AS, code=2).output


def test_words_are_proposed_signed_planned_made_live_and_undone(sluice: Sluice) -> None:
    made = sluice("rules", "words", "add-value", *BONUS, *AS, *WHY).stdout
    assert made.startswith("1 ")
    assert "proposed ann/-: business_type: new value bonus (bonus, 红利)" in made
    shown = sluice("rules", "words", "show", 1, "--as", "tom").stdout
    assert "The word business_type may now also be bonus (bonus, 红利)." in shown
    assert "FOUR_EYES" not in shown
    assert "NOT_PERMITTED" in sluice("rules", "words", "sign", 1, *AS, code=2).output
    assert "signed ann/tom" in sluice("rules", "words", "sign", 1, "--as", "tom").stdout
    plan = sluice("plan", "--exit-code", code=3).stdout
    assert "the vocabulary changes" in plan
    assert "written by ann, signed by tom: a new product" in plan
    assert json.loads(sluice("plan", "--format", "json").stdout)["vocabulary"]["author"] == "ann"
    hash = made.split()[1]
    assert "revision 2 is live" in sluice("reload", hash, "--as", "oli", "--reason", "now").stdout
    listed = sluice("rules", "words", "list", "business_type", *AS).stdout
    assert "bonus" in listed
    assert "used by -" in listed
    sluice("reload", "--undo", "--as", "oli", "--reason", "no")
    assert "bonus" not in sluice("rules", "words", "list", "business_type", *AS).stdout


def test_two_changes_travel_together_and_one_is_put_on_the_other(sluice: Sluice) -> None:
    sluice("rules", "words", "add-value", *BONUS, *AS, *WHY)
    more = ("label", "urgency", "--value", "urgent", "--en", "urgent", "--zh", "特急")
    both = sluice("rules", "words", *more, "--on", 1, *AS, *WHY).stdout
    assert both.startswith("2 ")
    assert "new value bonus" in both
    assert "called urgent, 特急" in both
    sluice("rules", "words", *more, "--as", "amy", *WHY)
    sluice("rules", "words", "sign", 2, "--as", "tom")
    assert "WORDS_MOVED" in sluice("rules", "words", "sign", 3, "--as", "tom", code=2).output
    nothing = sluice("rules", "words", "continue", 3, "--as", "amy", code=2).output
    assert "NOTHING_CHANGED" in nothing
    back = sluice("rules", "words", "return", 3, "--as", "tom", "--reason", "done already").stdout
    assert "returned amy/tom" in back
    listed = sluice("rules", "words", "proposals", *AS, "--format", "json").stdout
    assert [one["state"] for one in json.loads(listed)] == ["returned", "signed", "returned"]


def test_what_a_ruleset_uses_is_not_removed(sluice: Sluice, ruled: sa.Engine) -> None:
    gone = sluice("rules", "words", "remove", "amount", *AS, *WHY, code=2).output
    assert "WORDS_IN_USE" in gone
    sluice("rules", "words", "remove", "purpose", *AS, *WHY)
    sluice("rules", "words", "type", "remittance", "code", *AS, *WHY)
    add = ("add", "risk", "--type", "code", "--en", "risk", "--zh", "风险")
    sluice("rules", "words", *add, "--value", "low=low=低", "--after", "fee", *AS, *WHY)
    bad = sluice("rules", "words", *add, "--value", "low", *AS, *WHY, code=2).output
    assert "VALUE_FORM" in bad
