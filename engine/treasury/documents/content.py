"""What a document says, in one canonical form, and the two hashes made from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime.jsontypes import JsonValue, content_hash

CONTENT = (
    "org_id",
    "direction",
    "source_system",
    "source_document_no",
    "business_type",
    "creditor_type",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bank_code",
    "amount",
    "currency",
    "payment_method",
    "urgency",
    "due_date",
    "purpose",
    "business_reference",
    "payee_is_insured",
)
"""Columns of a document that say what is to be paid or collected."""


class _HasContent(Protocol):
    """A row of documents, or a draft with the same fields."""

    def __getattribute__(self, name: str, /) -> object: ...


def content_of(source: _HasContent) -> dict[str, JsonValue]:
    """The content fields of a document or a draft as JSON; dates in ISO form."""
    content: dict[str, JsonValue] = {}
    for name in CONTENT:
        value = getattr(source, name)
        content[name] = value if isinstance(value, bool | int | str | None) else str(value)
    return content


def payload_hash(draft: _HasContent) -> str:
    """SHA-256 of the content as received: the same number again with the same hash is a repeat."""
    return content_hash(content_of(draft))


def submitted_hashes(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """SHA-256 over number, content, channel and paying account, by document id.

    Computed from the rows as they stand: this is what is submitted for approval, and what is
    computed again before sending.
    """
    columns = ", ".join(f"d.{name}" for name in CONTENT)
    rows = session.execute(
        sa.text(
            f"SELECT d.id, d.document_no, d.channel, a.bank_id, a.number, {columns} "  # noqa: S608
            "FROM document d LEFT JOIN bank_account a ON a.id = d.account_id "
            "WHERE d.id = ANY(:ids)"
        ),
        {"ids": list(ids)},
    )
    hashes = {}
    for row in rows:
        content = content_of(row)
        content |= {
            "document_no": row.document_no,
            "channel": row.channel,
            "account": None if row.number is None else f"{row.bank_id}/{row.number}",
        }
        hashes[int(row.id)] = content_hash(content)
    return hashes
