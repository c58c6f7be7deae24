"""Reading what happened to a document, and the batch it came in with."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from engine.treasury.documents.models import Document, DocumentBatch, DocumentEvent, RefusedRow


def events_of(session: Session, document_id: int) -> list[DocumentEvent]:
    """Every step of the document's course, oldest first."""
    return list(
        session.exec(
            select(DocumentEvent)
            .where(DocumentEvent.document_id == document_id)
            .order_by(col(DocumentEvent.id))
        )
    )


def batch_by_number(session: Session, batch_no: str) -> DocumentBatch | None:
    """The document batch with this number; whether the user may see it is the caller's."""
    return session.exec(select(DocumentBatch).where(DocumentBatch.batch_no == batch_no)).first()


def batch_by_id(session: Session, batch_id: int) -> DocumentBatch | None:
    """The document batch with this id; whether the user may see it is the caller's."""
    return session.get(DocumentBatch, batch_id)


def refused_rows(session: Session, batch_id: int) -> list[RefusedRow]:
    """Rows of an import that became no document, in order of the file."""
    return list(
        session.exec(
            select(RefusedRow)
            .where(RefusedRow.document_batch_id == batch_id)
            .order_by(col(RefusedRow.row_number), col(RefusedRow.id))
        )
    )


def documents_by_id(session: Session, ids: Collection[int]) -> dict[int, Document]:
    """Documents by id; limited to nothing: the caller knows why it may see them."""
    rows = session.exec(select(Document).where(col(Document.id).in_(ids)))
    return {row.id: row for row in rows if row.id is not None}


def documents_by_number(session: Session, numbers: Collection[str]) -> dict[str, Document]:
    """Documents by number; limited to nothing: the caller knows why it may see them."""
    rows = session.exec(select(Document).where(col(Document.document_no).in_(numbers)))
    return {row.document_no: row for row in rows}
