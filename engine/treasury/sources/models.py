"""Files of source systems."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, UniqueConstraint
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
