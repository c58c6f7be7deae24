"""Numbers of documents and batches: the business date and a running serial.

The serial comes from a sequence, so that two imports never wait for each other; it runs on over
the days and may have gaps. The number is unique because the serial is.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session


def document_numbers(session: Session, count: int, day: dt.date) -> list[str]:
    """`count` new document numbers for the business date `day`: D20261123-000001 …"""
    return _take(session, "document_serial", "D", count, day)


def batch_number(session: Session, day: dt.date) -> str:
    """A new document batch number for the business date `day`: DB20261123-000001."""
    return _take(session, "document_batch_serial", "DB", 1, day)[0]


def _take(session: Session, sequence: str, prefix: str, count: int, day: dt.date) -> list[str]:
    serials = session.execute(
        sa.text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)"),
        {"sequence": sequence, "count": count},
    ).scalars()
    return [f"{prefix}{day:%Y%m%d}-{serial:06d}" for serial in serials]
