"""The audit log: written unchained in the business transaction, chained by one sealer.

Each sealed row has a running number and the SHA-256 of the previous row's hash and its own
content. The head of the chain is anchored in a file outside the database after every seal, so
that a cut tail, or a chain computed anew after a change, is found as well. Rows that are not
sealed yet are kept from change by triggers only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.runtime import db
from engine.runtime.jsontypes import (
    JsonObject,
    JsonValue,
    canonical_json,
    check_value,
    content_hash,
)

GENESIS = "0" * 64
"""What the first row names as its predecessor's hash."""

_LOCK = 0x51_1C_E6_A8
"""Advisory lock of the sealer: rows are chained by one process at a time."""

_BATCH = 5000


class AuditError(SluiceError):
    """The anchor file cannot be read."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Number and hash of the row that was the chain's head."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """The first place where the chain does not hold.

    `problem`: altered (content or hash changed), cut (rows are missing), inserted (a row that
    was never sealed by us), rechained (the chain was computed anew).
    `id` is the row's id, None when the row is gone.
    """

    sequence: int
    id: int | None
    problem: str

    def to_json(self) -> dict[str, JsonValue]:
        """The form of `sluice audit verify`."""
        return {"sequence": self.sequence, "id": self.id, "problem": self.problem}


@dataclass(frozen=True, slots=True)
class AuditReport:
    """`rows` counts all entries; `unsealed` those the sealer has not reached."""

    rows: int
    ok: bool
    first_bad: BadRow | None
    unsealed: int

    def to_json(self) -> dict[str, JsonValue]:
        """The form of `sluice audit verify`: {"rows", "ok", "first_bad"}."""
        bad = self.first_bad.to_json() if self.first_bad else None
        return {"rows": self.rows, "ok": self.ok, "first_bad": bad}


class AnchorFile:
    """Heads of the chain, one JSON object a line, oldest first; only ever appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Anchor]:
        """All anchors; AuditError ANCHOR_UNREADABLE when a line is none."""
        if not self.path.exists():
            return []
        anchors: list[Anchor] = []
        for number, line in enumerate(self.path.read_text().splitlines(), start=1):
            try:
                found = json.loads(line)
                anchors.append(Anchor(int(found["sequence"]), str(found["hash"])))
            except (ValueError, KeyError, TypeError):
                raise AuditError(
                    "ANCHOR_UNREADABLE",
                    Text(
                        f"{self.path}:{number} is no anchor; restore the file from its copy "
                        "and verify again",
                        f"{self.path}:{number} 不是锚点;请从副本恢复该文件后重新校验",
                    ),
                ) from None
        return anchors

    def append(self, anchor: Anchor) -> None:
        """Write `anchor` to the disk unless it is the last one already."""
        known = self.read()
        if known and known[-1] == anchor:
            return
        line = canonical_json({"sequence": anchor.sequence, "hash": anchor.hash})
        with self.path.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())


def record(
    session: Session,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str,
    org_id: str | None,
    before: JsonObject | None,
    after: JsonObject | None,
    reason: str | None,
    now: datetime,
) -> None:
    """Write down who did what to which subject and why, in the caller's transaction.

    `now` is UTC. Raises JsonError JSON_VALUE for values JSON cannot carry, floats included.
    """
    session.execute(
        sa.text(
            "INSERT INTO audit_entry (org_id, at, actor, action, subject_kind, subject_id, "
            "before, after, reason) VALUES (:org, :at, :actor, :action, :subject_kind, "
            ":subject_id, CAST(:before AS jsonb), CAST(:after AS jsonb), :reason)"
        ),
        {
            "org": org_id,
            "at": now,
            "actor": actor,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "before": None if before is None else canonical_json(before),
            "after": None if after is None else canonical_json(after),
            "reason": reason,
        },
    )


def seal(session: Session) -> Anchor | None:
    """Chain all rows committed so far; the head of the chain, None while it is empty.

    Anchor the head after the commit, never before: an anchor ahead of the database would
    look like a cut. `Sealer` does both.
    """
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    head = session.execute(
        sa.text(
            "SELECT sequence, hash FROM audit_entry WHERE sequence IS NOT NULL "
            "ORDER BY sequence DESC LIMIT 1"
        )
    ).first()
    sequence, previous = (head.sequence, head.hash) if head else (0, GENESIS)
    rows = session.execute(
        sa.text("SELECT * FROM audit_entry WHERE sequence IS NULL ORDER BY id")
    ).mappings()
    updates = []
    for row in rows:
        sequence += 1
        hashed = _hash(sequence, previous, row)
        updates.append({"i": row["id"], "s": sequence, "p": previous, "h": hashed})
        previous = hashed
    if updates:
        session.execute(
            sa.text(
                "UPDATE audit_entry SET sequence = :s, previous_hash = :p, hash = :h WHERE id = :i"
            ),
            updates,
        )
    return Anchor(sequence, previous) if sequence else None


def verify(session: Session, anchors: AnchorFile) -> AuditReport:
    """Compute the whole chain again and compare it with the rows and the anchors."""
    total, unsealed = session.execute(
        sa.text("SELECT count(*), count(*) FILTER (WHERE sequence IS NULL) FROM audit_entry")
    ).one()
    bad = _first_bad(session, {a.sequence: a.hash for a in anchors.read()})
    return AuditReport(rows=total, ok=bad is None, first_bad=bad, unsealed=unsealed)


class Sealer:
    """Seals and anchors; one call per look, from one place or from many."""

    def __init__(self, engine: sa.Engine, anchors: AnchorFile) -> None:
        self._engine = engine
        self._anchors = anchors

    def run_once(self) -> Anchor | None:
        """Seal what is committed and anchor the head."""
        with db.transaction(self._engine) as session:
            head = seal(session)
        if head is not None:
            self._anchors.append(head)
        return head


_CONTENT = (
    "id",
    "org_id",
    "actor",
    "action",
    "subject_kind",
    "subject_id",
    "before",
    "after",
    "reason",
)


def _hash(sequence: int, previous: str, row: sa.RowMapping) -> str:
    content = {name: check_value(row[name]) for name in _CONTENT}
    at = row["at"].astimezone(UTC).isoformat()
    return content_hash({**content, "at": at, "sequence": sequence, "previous": previous})


def _first_bad(session: Session, anchors: Mapping[int, str]) -> BadRow | None:
    expected, previous = 1, GENESIS
    rows = session.execute(
        sa.text("SELECT * FROM audit_entry WHERE sequence IS NOT NULL ORDER BY sequence"),
        execution_options={"yield_per": _BATCH},
    ).mappings()
    for row in rows:
        found: int = row["sequence"]
        if found < expected:
            return BadRow(found, row["id"], "inserted")
        if found > expected:
            return BadRow(expected, None, "cut")
        if row["previous_hash"] != previous:
            return BadRow(found, row["id"], "inserted")
        if row["hash"] != _hash(found, previous, row):
            return BadRow(found, row["id"], "altered")
        if anchors.get(found, row["hash"]) != row["hash"]:
            return BadRow(found, row["id"], "rechained")
        expected, previous = found + 1, row["hash"]
    if anchors and max(anchors) >= expected:
        return BadRow(expected, None, "cut")
    return None
