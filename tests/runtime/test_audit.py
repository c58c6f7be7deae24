"""The audit chain: sealed in order, and every tampering named."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime import audit, db
from engine.runtime.audit import AnchorFile, AuditError, AuditReport, Sealer
from engine.runtime.jsontypes import JsonError

NOW = datetime(2026, 11, 23, 1, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def anchors(tmp_path: Path) -> AnchorFile:
    """An anchor file outside the database."""
    return AnchorFile(tmp_path / "audit.anchor")


def _record(engine: sa.Engine, *subjects: str) -> None:
    with db.transaction(engine) as session:
        for subject in subjects:
            audit.record(
                session,
                actor="li.na",
                action="approve",
                subject_kind="document",
                subject_id=subject,
                org_id="SH",
                before={"state": "SUBMITTED"},
                after={"state": "APPROVED", "amount": 10**17, "payee": "张𠮷"},
                reason="合同已核对",
                now=NOW,
            )


def _verify(engine: sa.Engine, anchors: AnchorFile) -> AuditReport:
    with db.transaction(engine) as session:
        return audit.verify(session, anchors)


def _tamper(url: str, *statements: str) -> None:
    """Change history as only a superuser can: with triggers off."""
    engine = db.make_engine(url, pooled=False)
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.fixture
def sealed(engine: sa.Engine, anchors: AnchorFile) -> sa.Engine:
    """Six entries sealed in two rounds."""
    for subjects in (("D1", "D2", "D3"), ("D4", "D5", "D6")):
        _record(engine, *subjects)
        Sealer(engine, anchors).run_once()
    return engine


def test_an_untouched_chain_is_good(sealed: sa.Engine, anchors: AnchorFile) -> None:
    assert _verify(sealed, anchors).to_json() == {"rows": 6, "ok": True, "first_bad": None}


def test_an_empty_log_is_good(engine: sa.Engine, anchors: AnchorFile) -> None:
    assert Sealer(engine, anchors).run_once() is None
    assert _verify(engine, anchors).to_json() == {"rows": 0, "ok": True, "first_bad": None}


def test_entries_not_sealed_yet_are_counted(sealed: sa.Engine, anchors: AnchorFile) -> None:
    _record(sealed, "D7")
    report = _verify(sealed, anchors)
    assert (report.rows, report.unsealed, report.ok) == (7, 1, True)


@pytest.mark.parametrize(
    ("statements", "sequence", "problem"),
    [
        (["UPDATE audit_entry SET actor = 'x' WHERE sequence = 4"], 4, "altered"),
        (["UPDATE audit_entry SET after = '{\"amount\": 1}' WHERE sequence = 2"], 2, "altered"),
        (["UPDATE audit_entry SET reason = NULL WHERE sequence = 6"], 6, "altered"),
        (["UPDATE audit_entry SET hash = repeat('0', 64) WHERE sequence = 3"], 3, "altered"),
        (["DELETE FROM audit_entry WHERE sequence = 3"], 3, "cut"),
        (["DELETE FROM audit_entry WHERE sequence = 1"], 1, "cut"),
        (["DELETE FROM audit_entry WHERE sequence = 6"], 6, "cut"),
        (["DELETE FROM audit_entry"], 1, "cut"),
        (
            [
                "DELETE FROM audit_entry WHERE sequence = 3",
                "UPDATE audit_entry SET sequence = sequence - 1 WHERE sequence > 3",
            ],
            3,
            "inserted",
        ),
        (
            [
                "UPDATE audit_entry SET sequence = sequence + 10 WHERE sequence > 3",
                "UPDATE audit_entry SET sequence = sequence - 9 WHERE sequence > 10",
                "INSERT INTO audit_entry (at, actor, action, subject_kind, subject_id, sequence, "
                "previous_hash, hash) VALUES (now(), 'x', 'x', 'x', 'x', 4, 'x', 'x')",
            ],
            4,
            "inserted",
        ),
    ],
)
def test_tampering_is_named(
    sealed: sa.Engine,
    anchors: AnchorFile,
    superuser_url: str,
    statements: list[str],
    sequence: int,
    problem: str,
) -> None:
    _tamper(superuser_url, *statements)
    report = _verify(sealed, anchors)
    assert not report.ok
    assert report.first_bad is not None
    assert (report.first_bad.sequence, report.first_bad.problem) == (sequence, problem)


def test_a_chain_computed_anew_after_a_change_is_found_by_the_anchor(
    sealed: sa.Engine, anchors: AnchorFile, superuser_url: str, tmp_path: Path
) -> None:
    _tamper(
        superuser_url,
        "UPDATE audit_entry SET sequence = NULL, previous_hash = NULL, hash = NULL, "
        "actor = CASE subject_id WHEN 'D2' THEN 'somebody else' ELSE actor END",
    )
    Sealer(sealed, AnchorFile(tmp_path / "another.anchor")).run_once()
    report = _verify(sealed, anchors)
    assert report.first_bad is not None
    assert (report.first_bad.sequence, report.first_bad.problem) == (3, "rechained")


def test_an_anchor_lost_in_a_crash_is_written_at_the_next_look(
    engine: sa.Engine, anchors: AnchorFile
) -> None:
    _record(engine, "D1")
    with db.transaction(engine) as session:
        audit.seal(session)
    assert _verify(engine, anchors).ok
    Sealer(engine, anchors).run_once()
    assert [a.sequence for a in anchors.read()] == [1]


def test_sealers_at_once_make_one_chain(engine: sa.Engine, anchors: AnchorFile) -> None:
    def work(number: int) -> None:
        _record(engine, f"A{number}", f"B{number}")
        with db.transaction(engine) as session:
            audit.seal(session)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Sealer(engine, anchors).run_once()
    report = _verify(engine, anchors)
    assert (report.rows, report.unsealed, report.ok) == (16, 0, True)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entry SET actor = 'x' WHERE subject_id = 'D7'",
        "UPDATE audit_entry SET actor = 'x'",
        "UPDATE audit_entry SET hash = 'x', previous_hash = 'x', sequence = 99",
        "UPDATE audit_entry SET hash = NULL, previous_hash = NULL, sequence = NULL",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ],
)
def test_the_log_is_append_only(sealed: sa.Engine, change: str) -> None:
    _record(sealed, "D7")
    with pytest.raises(sa.exc.IntegrityError), sealed.begin() as connection:
        connection.execute(sa.text(change))


def test_a_float_is_not_recorded(engine: sa.Engine) -> None:
    with pytest.raises(JsonError), db.transaction(engine) as session:
        audit.record(session, "a", "b", "c", "d", None, None, {"n": 1.5}, None, NOW)  # type: ignore[dict-item]


def test_an_anchor_file_that_is_broken_is_named(sealed: sa.Engine, anchors: AnchorFile) -> None:
    with anchors.path.open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(AuditError) as caught:
        _verify(sealed, anchors)
    assert caught.value.code == "ANCHOR_UNREADABLE"
