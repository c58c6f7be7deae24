"""Previews where a branch's ruleset extends the one above: on files and in the database."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api.cli.main import build
from engine.rulebook import Matter, Rulebook
from engine.rulebook.history import (
    HistoryFolder,
    LoadedHistories,
    LoadedHistory,
    preview_draft,
    since,
    update,
    valid_draft,
)
from engine.runtime.db import transaction
from tests.extends.test_rulebook import (
    FILE,
    GROUP,
    PARENT_FILE,
    branch_text,
    go,
    parent_text,
    store,
)
from tests.preview.given import SHIPPED, approval_text, paid, table
from tests.rulebook.support import BJ, NOW, SH, TODAY, payment, words

DOCUMENTS = [
    paid(1, "600000", "BJ"),
    paid(2, "600000", "SH"),
    paid(3, "20000000", "SH"),
    paid(4, "10", "SH"),
    paid(5, "250000", None),
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The parent, an extension of it, the next parent, and a history."""
    (tmp_path / "vocabulary.yaml").write_text((SHIPPED / "vocabulary.yaml").read_text("utf-8"))
    (tmp_path / "parent.yaml").write_text(parent_text(), "utf-8")
    (tmp_path / "branch.yaml").write_text(branch_text(), "utf-8")
    pq.write_table(table(DOCUMENTS), tmp_path / "h.parquet")
    return tmp_path


def ask(place: Path, draft: str, against: str) -> dict[str, object]:
    """The answer of `sluice preview`."""
    words = ["preview", str(place / draft), "--against", str(place / against), "--format", "json"]
    found = CliRunner().invoke(build("preview"), [*words, "--history", str(place / "h.parquet")])
    assert found.exit_code == 0, found.output
    answer: dict[str, object] = json.loads(found.stdout)
    return answer


def test_on_files_an_extension_changes_only_documents_of_its_branch(place: Path) -> None:
    found = ask(place, "branch.yaml", "parent.yaml")
    assert (found["documents"], found["elsewhere"], found["changed"]) == (3, 2, 2)
    assert found["amount_changed"] == "20600000.00"
    against = found["against"]
    assert isinstance(against, dict)
    assert against["name"] == "payment-approval"
    branches = found["branches"]
    assert isinstance(branches, list)
    assert [one["branch"] for one in branches] == ["SH"]


def test_on_files_two_versions_of_an_extension_are_compared(place: Path) -> None:
    later = branch_text(version=2).replace("1000万", "50万")
    later = later.replace("9_999_999.99 => A2", "499_999.99 => A2").replace(
        "50万 => S1", "50万 => S1"
    )
    (place / "later.yaml").write_text(later, "utf-8")
    found = ask(place, "later.yaml", "branch.yaml")
    assert (found["documents"], found["elsewhere"], found["changed"]) == (3, 2, 1)
    branches = found["branches"]
    assert isinstance(branches, list)
    assert [one["branch"] for one in branches] == ["SH"]


def own_text(version: int = 1, small: str = "5万") -> str:
    """A ruleset that Shanghai made for itself."""
    return approval_text(version=version, small=small, org="SH", branch=None)


def test_on_files_a_branchs_own_ruleset_decides_its_documents_only(place: Path) -> None:
    (place / "branch.yaml").write_text(own_text(), "utf-8")
    (place / "later.yaml").write_text(own_text(2, small="5"), "utf-8")
    found = ask(place, "later.yaml", "branch.yaml")
    assert (found["documents"], found["elsewhere"], found["changed"]) == (3, 2, 1)
    paths = [{**one, "org_path": "GROUP/SH/SH01"} for one in DOCUMENTS[3:4]]
    paths += [{**one, "org_path": "GROUP/BJ"} for one in DOCUMENTS[3:4]]
    pq.write_table(table(paths), place / "h.parquet")
    found = ask(place, "later.yaml", "branch.yaml")
    assert (found["documents"], found["elsewhere"], found["changed"]) == (1, 1, 1)
    # A file that knows no branches at all is of the organisation whose rulesets are compared.
    pq.write_table(table(DOCUMENTS).drop_columns(["branch"]), place / "h.parquet")
    found = ask(place, "later.yaml", "branch.yaml")
    assert (found["documents"], found["elsewhere"], found["changed"]) == (5, 0, 1)


def test_on_files_it_is_said_against_what_and_how_many_are_left_out(place: Path) -> None:
    pq.write_table(table(DOCUMENTS[:1]), place / "h.parquet")
    words = ["preview", str(place / "branch.yaml"), "--against", str(place / "parent.yaml")]
    words += ["--history", str(place / "h.parquet")]
    said = CliRunner().invoke(build("preview"), words).stdout
    assert "against payment-approval 1 (GROUP) on 0 documents" in said
    assert "1 more document is decided by another ruleset" in said
    said = CliRunner().invoke(build("preview"), [*words, "--lang", "zh"]).stdout
    assert "另有 1 笔单据由其他规则集决定，未计入" in said


def test_on_files_a_draft_of_the_parent_counts_everywhere(place: Path) -> None:
    other = place / "next"
    other.mkdir()
    (other / "parent.yaml").write_text(parent_text(version=2, large="20万"), "utf-8")
    (other / "vocabulary.yaml").write_text((place / "vocabulary.yaml").read_text("utf-8"))
    found = ask(place, "next/parent.yaml", "parent.yaml")
    assert (found["documents"], found["changed"]) == (5, 1)


@pytest.fixture
def loaded(engine: sa.Engine, tmp_path: Path) -> LoadedHistory:
    """Decisions of Beijing and Shanghai by the parent alone, kept."""
    with transaction(engine) as session:
        words(session)
        assert GROUP.exists()
        go(session, store(session, parent_text(), PARENT_FILE))
        pinned = Rulebook().at(session)
        given = [(60_000_000, BJ), (60_000_000, SH), (25_000_000, BJ), (25_000_000, SH), (1_00, SH)]
        for number, (amount, path) in enumerate(given):
            pinned.decide(
                session,
                "approval",
                "payment",
                replace(payment(amount), creditor_type="agent"),
                org_path=path,
                on=TODAY,
                matter=Matter("document", str(number)),
                now=NOW,
            )
    folder = HistoryFolder(tmp_path / "history")
    with transaction(engine) as session:
        assert list(update(session, folder))
    return LoadedHistories(folder).since("approval", "payment", since("live:90d", TODAY))


def test_an_extension_as_draft_is_compared_with_its_parent_for_its_branch(
    engine: sa.Engine, loaded: LoadedHistory
) -> None:
    with transaction(engine) as session:
        pinned = Rulebook().at(session)
        draft = valid_draft(session, pinned, FILE, branch_text(), on=TODAY)
    found = preview_draft(draft, loaded)
    assert found.live is not None
    assert (found.live.name, found.draft.name) == ("payment-approval", "payment-approval-sh")
    assert (found.documents, found.elsewhere, found.changed) == (3, 2, 1)
    assert found.changed_amount == 60_000_000
    assert [one.branch for one in found.branches] == ["SH01"]


def test_a_draft_of_the_parent_reaches_the_extension_under_it(
    engine: sa.Engine, loaded: LoadedHistory
) -> None:
    with transaction(engine) as session:
        both = (store(session, parent_text(), PARENT_FILE), store(session, branch_text()))
        go(session, *both)
        pinned = Rulebook().at(session)
        text = parent_text(version=2, large="20万")
        draft = valid_draft(session, pinned, PARENT_FILE, text, on=TODAY)
    found = preview_draft(draft, loaded)
    assert (found.documents, found.elsewhere, found.changed) == (5, 0, 2)
    assert [(one.branch, one.changed) for one in found.branches] == [("BJ", 1), ("SH01", 1)]
    outcomes = {one.outcome.label.en: one.draft for one in found.outcomes}
    # 250,000: Beijing as the draft says, Shanghai by the extension's own row.
    assert outcomes["reviewer > cfo · 24h"] == 2
    assert outcomes["reviewer > finance_manager · 24h"] == 2


def test_an_extension_that_a_draft_does_not_touch_is_left_out(
    engine: sa.Engine, loaded: LoadedHistory
) -> None:
    own = parent_text().replace("name: payment-approval", "name: sh-approval")
    own = own.replace("scope: {org: GROUP", "scope: {org: SH").replace("branch | amount", "amount")
    own = own.replace("overrides: {SH: {large: 30万}}\n", "").replace("BJ | ", "")
    with transaction(engine) as session:
        go(
            session,
            store(session, parent_text(), PARENT_FILE),
            store(session, own, "approval/sh.yaml"),
        )
        pinned = Rulebook().at(session)
        text = parent_text(version=2, large="20万")
        draft = valid_draft(session, pinned, PARENT_FILE, text, on=TODAY)
    found = preview_draft(draft, loaded)
    assert (found.documents, found.elsewhere, found.changed) == (2, 3, 1)
