"""The test group, the shipped rulesets, and shortcuts to bring documents in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.rulebook import Rulebook, sync_folder
from engine.runtime.clock import ManualClock
from engine.runtime.jsontypes import JsonValue
from engine.treasury.accounts.group import load_group
from engine.treasury.documents.models import Document
from engine.treasury.intake.imports import ImportAnswer, import_file

GROUP = (Path(__file__).parent / "group.yaml").read_text()
RULESETS = Path(__file__).parents[2] / "rulesets"


def build_group(session: Session) -> None:
    """Load the test group."""
    load_group(session, GROUP)


def publish_shipped(session: Session, clock: ManualClock, folder: Path = RULESETS) -> None:
    """Make the rulesets of a folder live."""
    synced = sync_folder(
        session, folder, author="analyst", approver="treasurer", reason="test", now=clock.now()
    )
    assert synced.revision is not None, synced.findings


def row(number: int = 1, **changes: str | None) -> dict[str, str | None]:
    """A good claim of Beijing; keyword arguments change cells."""
    return {
        "organisation": "BJ01",
        "direction": "pay",
        "source_document_no": f"CL-{number:05d}",
        "business_type": "claim",
        "creditor_type": "claimant",
        "counterparty_name": "王小二",
        "counterparty_account": f"62220210{number:08d}",
        "counterparty_bank_code": "902100000011",
        "amount": f"{100 + number}.00",
        "currency": "CNY",
        "payment_method": "transfer",
        "urgency": "normal",
        "due_date": "2026-11-23",
        "purpose": "理赔款",
        "business_reference": f"C2026{number:06d}",
        "payee_is_insured": "true",
        **changes,
    }


def message(number: int = 1, **changes: JsonValue) -> dict[str, JsonValue]:
    """The same as an API message."""
    return {**row(number), "payee_is_insured": True, **changes}


def csv_file(rows: Iterable[Mapping[str, str | None]], encoding: str = "utf-8") -> bytes:
    """Rows as a CSV file with the fields' names as header."""
    out = io.StringIO()
    lines = list(rows)
    writer = csv.DictWriter(out, list(row()), lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({k: v or "" for k, v in line.items()})
    return out.getvalue().encode(encoding)


def bring_in(
    session: Session,
    rulebook: Rulebook,
    clock: ManualClock,
    rows: Iterable[Mapping[str, str | None]],
    user: str = "maker",
) -> ImportAnswer:
    """Import rows as a file."""
    return import_file(session, rulebook, user, "claims.csv", csv_file(rows), clock.now())


def documents(session: Session) -> list[Document]:
    """All documents by source number."""
    session.expire_all()
    return list(session.exec(select(Document).order_by(col(Document.source_document_no))))


def states(session: Session) -> dict[str, str]:
    """Source number -> state."""
    return {d.source_document_no: d.state for d in documents(session)}


def steps_open(session: Session) -> list[int]:
    """Ids of all open steps."""
    return list(
        session.execute(
            sa.text("SELECT id FROM approval_step WHERE state = 'OPEN' ORDER BY id")
        ).scalars()
    )
