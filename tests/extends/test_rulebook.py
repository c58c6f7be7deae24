"""Extensions in time: stored, activated with their parent, decided, replayed, and undone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.base.findings import Severity
from engine.rulebook import Rulebook, RulesetRefused, activate, replay
from engine.rulebook.library import live_rulesets, shelved
from engine.rulebook.pinned import Matter, Pinned, Recorded
from engine.rulebook.planning import plan_reload
from engine.rulebook.texts import ruleset_in
from engine.rulebook.versions import publish
from engine.runtime import db
from engine.treasury.accounts.group import load_group
from tests.rulebook.support import BJ, NOW, SH, TODAY, approval_text, live, payment, words

PARENT_FILE = "approval/payment-approval.yaml"
FILE = "approval/payment-approval-sh.yaml"
GROUP = Path(__file__).parents[2] / "api/demo/group.yaml"
OPEN = "extensible: {replace: [A2], add: yes}\nhit_policy"


def parent_text(*, version: int = 1, large: str = "50万", effective: str = "") -> str:
    text = approval_text(version=version, large=large, effective=effective or "{from: 2020-01-01}")
    return text.replace("hit_policy", OPEN)


def branch_text(
    *, version: int = 1, name: str = "payment-approval-sh", org: str = "SH", row: str = "A2"
) -> str:
    return f"""kind: approval
name: {name}
extends: payment-approval
title: {{en: Shanghai, zh: 上海}}
version: {version}
effective: {{from: 2020-01-01}}
scope: {{org: {org}, subject: payment}}
params: {{vip: 1000万}}
rules: |
  id | amount => approvers | sla
  {row} | [$large..$vip) => reviewer > finance_manager | 24h
  S1 | >= $vip => reviewer > finance_manager > cfo | 24h
examples: |
  amount => id | approvers
  9_999_999.99 => {row} | reviewer > finance_manager
  1000万 => S1 | reviewer > finance_manager > cfo
"""


def store(session: Session, text: str, file: str = FILE) -> str:
    return publish(
        session, text, file, author="ana", reviewer="rex", reason="because", now=NOW
    ).hash


def go(session: Session, *hashes: str) -> int:
    return activate(
        session, hashes, activated_by="ana", approved_by="rex", reason="because", now=NOW
    )


def decided(
    session: Session, pinned: Pinned, amount: int, path: tuple[str, ...], on: dt.date = TODAY
) -> Recorded:
    return pinned.decide(
        session,
        "approval",
        "payment",
        payment(amount),
        org_path=path,
        on=on,
        matter=Matter("document", str(amount)),
        now=NOW,
    )


LARGE = 60_000_000
"""CNY 600,000.00 in minor units."""


@pytest.fixture
def both(engine: sa.Engine) -> int:
    """A revision in which Shanghai extends head office's approval."""
    with db.transaction(engine) as session:
        words(session)
        above = store(session, parent_text(), PARENT_FILE)
        return go(session, above, store(session, branch_text()))


def test_the_branch_decides_by_its_rows_and_others_by_the_parent_s(
    engine: sa.Engine, both: int
) -> None:
    with db.transaction(engine) as session:
        pinned = Rulebook().at(session)
        mine = decided(session, pinned, LARGE, SH)
        theirs = decided(session, pinned, LARGE, BJ)
        small = decided(session, pinned, 100, SH)
    assert (mine.rows, mine.ruleset, mine.version) == (("A2",), "payment-approval-sh", 1)
    assert mine.hash != theirs.hash
    assert mine.outcomes[0].approvers == ("reviewer", "finance_manager")  # type: ignore[attr-defined]
    assert theirs.outcomes[0].approvers == ("reviewer", "cfo")  # type: ignore[attr-defined]
    assert small.rows == ("A1",)


def test_a_change_of_the_parent_reaches_the_branch_and_old_decisions_replay(
    engine: sa.Engine, both: int
) -> None:
    with db.transaction(engine) as session:
        before = decided(session, Rulebook().at(session), 25_000_000, SH)
        store(session, parent_text(version=2, large="20万"), PARENT_FILE)
        second = go(session, store(session, parent_text(version=2, large="20万"), PARENT_FILE))
        after = decided(session, Rulebook().at(session), 25_000_000, SH)
        assert (before.rows, after.rows) == (("A1",), ("A2",))
        assert before.hash == after.hash
        assert replay(session, [before.decision_id, after.decision_id]) == []
        old, new = ruleset_in(session, both, before.hash), ruleset_in(session, second, after.hash)
        assert (old.params["large"].written, new.params["large"].written) == ("50万", "20万")


def test_a_parent_that_breaks_a_branch_changes_nothing_and_names_it(
    engine: sa.Engine, both: int
) -> None:
    wrong = parent_text(version=2).replace("replace: [A2]", "replace: [A1]")
    with db.transaction(engine) as session:
        hash = store(session, wrong, PARENT_FILE)
        with pytest.raises(RulesetRefused) as refused:
            go(session, hash)
        errors = [one for one in refused.value.findings if one.severity is Severity.ERROR]
        assert [(one.code, one.file, one.span.line) for one in errors] == [("R605", FILE, 11)]
        assert Rulebook().at(session).revision == both


def test_a_changed_row_of_the_parent_is_named_where_it_breaks_the_branch(
    engine: sa.Engine, both: int
) -> None:
    wrong = parent_text(version=2).replace("| < $large ", "| <= $large")
    wrong = wrong.replace("| >= $large", "| > $large").replace("50万 => A2", "51万 => A2")
    with db.transaction(engine) as session:
        hash = store(session, wrong, PARENT_FILE)
        plan = plan_reload(session, [hash])
        assert plan.broken
        with pytest.raises(RulesetRefused) as refused:
            go(session, hash)
        found = refused.value.findings[0]
        assert (found.code, found.file) == ("R301", FILE)
        assert "A1 and A2 both match" in found.message.en


def test_a_branch_cannot_be_stored_without_its_parent(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        with pytest.raises(RulesetRefused) as refused:
            store(session, branch_text())
        assert [one.code for one in refused.value.findings] == ["R601"]


def test_a_branch_cannot_become_live_before_its_parent(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        store(session, parent_text(), PARENT_FILE)
        hash = store(session, branch_text())
        assert shelved(session, hash).ruleset is not None
        with pytest.raises(RulesetRefused) as refused:
            go(session, hash)
        assert [one.code for one in refused.value.findings] == ["R601"]


def test_two_branches_under_one_parent_are_no_dispute_but_two_of_one_scope_are(
    engine: sa.Engine, both: int
) -> None:
    with db.transaction(engine) as session:
        go(session, store(session, branch_text(name="payment-approval-gd", org="GD"), "gd.yaml"))
        assert len(live_rulesets(session)) == 3
        other = branch_text(name="payment-approval-sh-new").replace("1000万", "2000万")
        other = other.replace("9_999_999.99", "1000万")
        hash = store(session, other, "new.yaml")
        with pytest.raises(RulesetRefused) as refused:
            go(session, hash)
        assert "R501" in [one.code for one in refused.value.findings]


def test_versions_of_the_parent_rule_their_own_days_in_the_branch_too(
    engine: sa.Engine, both: int
) -> None:
    later = dt.date(2027, 1, 1)
    with db.transaction(engine) as session:
        text = parent_text(version=2, large="20万", effective="{from: 2027-01-01}")
        revision = go(session, store(session, text, PARENT_FILE))
        pinned = Rulebook().at(session)
        now = decided(session, pinned, 25_000_000, SH)
        then = decided(session, pinned, 25_000_000, SH, later)
        assert (now.rows, then.rows, now.hash) == (("A1",), ("A2",), then.hash)
        assert replay(session, [now.decision_id, then.decision_id]) == []
        for on, large in ((TODAY, "50万"), (later, "20万")):
            assert ruleset_in(session, revision, now.hash, on).params["large"].written == large


def test_a_plan_shows_the_branch_that_a_change_of_its_parent_reaches(
    engine: sa.Engine, both: int
) -> None:
    with db.transaction(engine) as session:
        hash = store(session, parent_text(version=2, large="20万"), PARENT_FILE)
        plan = plan_reload(session, [hash])
        assert not plan.broken
        changes = {one.version.name: one.diff for one in plan.changes}
        assert set(changes) == {"payment-approval", "payment-approval-sh"}
        reached = changes["payment-approval-sh"]
        assert reached is not None
        assert reached.envelope["params.large"] == ("50万", "20万")


def test_the_group_s_tree_says_which_organisations_are_below(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        load_group(session, GROUP.read_text("utf-8"))
        words(session)
        live(session, parent_text())
        with pytest.raises(RulesetRefused) as refused:
            store(session, branch_text(org="XX"))
        assert [one.code for one in refused.value.findings] == ["R603"]
        wrong = branch_text().replace("rules: |", "overrides: {BJ: {large: 1万}}\nrules: |")
        with pytest.raises(RulesetRefused) as refused:
            store(session, wrong)
        assert [one.code for one in refused.value.findings] == ["R611"]
        store(session, branch_text())


def test_what_head_office_sets_for_a_sub_branch_is_checked_in_the_branch_s_table(
    engine: sa.Engine, both: int
) -> None:
    with db.transaction(engine) as session:
        load_group(session, GROUP.read_text("utf-8"))
        up = parent_text(version=2).replace("{large: down}", "{large: any}")
        up = up.replace("{SH: {large: 30万}}", "{SH: {large: 30万}, SH01: {large: 1100万}}")
        hash = store(session, up, PARENT_FILE)
        with pytest.raises(RulesetRefused) as refused:
            go(session, hash)
        found = refused.value.findings[0]
        assert found.file == FILE
        assert "SH01" in found.message.en
        assert "large = 11,000,000" in found.message.en
