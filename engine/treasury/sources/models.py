"""Files of source systems."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class SourceFile(SQLModel, table=True):
    """A file a source put, and what its notification was answered. Content never changes."""

    __tablename__ = "source_file"
    __table_args__ = (UniqueConstraint("source", "name"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    source: str
    """The technical user."""
    name: str
    sha256: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    put_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    outcome: str | None = None
    """taken | refused; a refused file may be announced again."""
    batch_no: str | None = None
    result: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """The return file: CSV, one line per row, or the reasons of a refusal."""
    answered_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class SourceDay(SQLModel, table=True):
    """One comparison of a business day with a source (append-only; the latest counts)."""

    __tablename__ = "source_day"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    source: str
    business_date: dt.date
    compared_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    equal: bool
    totals: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    """[{"way", "direction", "currency", "ours", "theirs", "our_amount", "their_amount"}]; amounts
    as decimal strings."""
    differences: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    """[{"way", "number", "code", "ours", "theirs"}]"""
    error: str | None = None
    """Why the source could not be compared."""
