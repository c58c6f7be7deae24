"""Writing new documents and their batch; the same source number is never taken twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime.clock import business_date_of
from engine.runtime.jsontypes import JsonObject, JsonValue, canonical_json
from engine.treasury.documents.content import CONTENT, payload_hash
from engine.treasury.documents.numbering import batch_number, document_numbers


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """The content of a document to be. `amount` in minor units of `currency`."""

    org_id: str
    direction: str
    source_system: str
    source_document_no: str
    business_type: str
    amount: int
    currency: str
    payment_method: str
    due_date: dt.date
    urgency: str = "normal"
    creditor_type: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bank_code: str | None = None
    purpose: str | None = None
    business_reference: str | None = None
    payee_is_insured: bool | None = None


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """What comes in together. `source_channel`: import | page | api."""

    org_id: str
    source_system: str
    source_channel: str
    created_by: str
    file_name: str | None = None
    file_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A document batch that was written."""

    id: int
    batch_no: str


@dataclass(frozen=True, slots=True)
class Known:
    """A document that has the source number already. `same`: with the same content."""

    id: int
    document_no: str
    state: str
    same: bool


def create_batch(session: Session, draft: BatchDraft, now: dt.datetime) -> Batch | None:
    """Write a document batch; None when its file was taken before (by the file's hash).

    Of two imports of one file at once, the second waits for the first one's transaction.
    """
    day = business_date_of(now)
    number = batch_number(session, day)
    row = session.execute(
        sa.text("""
            INSERT INTO document_batch (batch_no, org_id, source_system, source_channel,
              file_name, file_hash, created_by, created_at, business_date)
            VALUES (:no, :org, :system, :channel, :name, :hash, :by, :now, :day)
            ON CONFLICT (file_hash) DO NOTHING RETURNING id"""),
        {
            "no": number,
            "org": draft.org_id,
            "system": draft.source_system,
            "channel": draft.source_channel,
            "name": draft.file_name,
            "hash": draft.file_hash,
            "by": draft.created_by,
            "now": now,
            "day": day,
        },
    ).first()
    return None if row is None else Batch(int(row.id), number)


def answer_batch(session: Session, batch: Batch, answer: JsonObject) -> None:
    """Keep the answer given, to be repeated for the same file."""
    session.execute(
        sa.text("UPDATE document_batch SET answer = CAST(:answer AS jsonb) WHERE id = :id"),
        {"answer": canonical_json(answer), "id": batch.id},
    )


def known_numbers(
    session: Session, drafts: Sequence[DocumentDraft]
) -> dict[tuple[str, str], Known]:
    """Documents that have the source numbers of `drafts` already, by (system, number)."""
    rows = session.execute(
        sa.text("""
            SELECT d.id, d.document_no, d.state, d.source_system, d.source_document_no,
                   d.payload_hash
            FROM document d JOIN unnest(CAST(:systems AS text[]), CAST(:numbers AS text[]))
              AS w(system, number)
              ON d.source_system = w.system AND d.source_document_no = w.number"""),
        {
            "systems": [d.source_system for d in drafts],
            "numbers": [d.source_document_no for d in drafts],
        },
    ).all()
    hashes = {(d.source_system, d.source_document_no): payload_hash(d) for d in drafts}
    return {
        (r.source_system, r.source_document_no): Known(
            r.id,
            r.document_no,
            r.state,
            r.payload_hash == hashes[(r.source_system, r.source_document_no)],
        )
        for r in rows
    }


def create_documents(
    session: Session,
    batch: Batch,
    drafts: Sequence[DocumentDraft],
    created_by: str,
    now: dt.datetime,
    replaces_id: int | None = None,
) -> dict[tuple[str, str], int]:
    """Write documents as DRAFT with their first event; ids by (source system, source number).

    `replaces_id`: the void document that the one draft is made instead of.

    A number that somebody else took meanwhile is missing from the answer: ask `known_numbers`.
    """
    if not drafts:
        return {}
    day = business_date_of(now)
    numbers = document_numbers(session, len(drafts), day)
    rows = [_row(draft, number) for draft, number in zip(drafts, numbers, strict=True)]
    columns = ", ".join(f.name for f in fields(DocumentDraft))
    types = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in CONTENT)
    made = session.execute(
        # The names come from the class above, never from input.
        sa.text(f"""
            WITH made AS (
              INSERT INTO document (document_no, document_batch_id, payload_hash, created_by,
                created_at, business_date, replaces_id, {columns})
              SELECT document_no, :batch, payload_hash, :by, :now, :day,
                CAST(:replaces AS bigint), {columns}
              FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                AS d(document_no text, payload_hash text, {types})
              ON CONFLICT (source_system, source_document_no) DO NOTHING
              RETURNING id, org_id, source_system, source_document_no
            ), told AS (
              INSERT INTO document_event (org_id, document_id, to_state, actor, at)
              SELECT org_id, id, 'DRAFT', :by, :now FROM made ORDER BY id
            )
            SELECT id, source_system, source_document_no FROM made"""),  # noqa: S608
        {
            "batch": batch.id,
            "by": created_by,
            "now": now,
            "day": day,
            "replaces": replaces_id,
            "rows": canonical_json(rows),
        },
    )
    return {(r.source_system, r.source_document_no): int(r.id) for r in made}


_TYPES: Mapping[str, str] = {"amount": "bigint", "due_date": "date", "payee_is_insured": "boolean"}


def _row(draft: DocumentDraft, number: str) -> dict[str, JsonValue]:
    row: dict[str, JsonValue] = {"document_no": number, "payload_hash": payload_hash(draft)}
    for name in CONTENT:
        value = getattr(draft, name)
        row[name] = value.isoformat() if isinstance(value, dt.date) else value
    return row
