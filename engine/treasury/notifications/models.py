"""Notifications: one alert to one person over one channel."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, FetchedValue, ForeignKey, Identity
from sqlalchemy import Text as TextColumn
from sqlmodel import Field, SQLModel


def _instant(*, nullable: bool = True) -> Column[dt.datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class Notification(SQLModel, table=True):
    """An alert to one person over one channel.

    WAITING → SENT or GIVEN_UP, or NOT_CONFIGURED where the channel is not set up. NO_RECIPIENT
    says that nobody of the role can be reached; PASSED_ON, that somebody was found later.
    """

    __tablename__ = "notification"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str = Field(foreign_key="organisation.id")
    alert_id: int = Field(sa_column=Column(BigInteger, ForeignKey("alert.id"), nullable=False))
    channel: str
    """email | sms"""
    role: str
    """The role it is told to; of several that the person holds, the first by name."""
    user_id: str | None = Field(default=None, foreign_key="user_account.id")
    message_id: str | None = Field(
        default=None,
        sa_column=Column(TextColumn, nullable=False, unique=True, server_default=FetchedValue()),
    )
    """The same at every try: receivers tell repeats by it."""
    state: str
    tries: int = 0
    """Since it was made, or since it was last sent again."""
    resends: int = 0
    created_at: dt.datetime = Field(sa_column=_instant(nullable=False))
    tried_at: dt.datetime | None = Field(default=None, sa_column=_instant())
    next_at: dt.datetime | None = Field(default=None, sa_column=_instant())
    ended_at: dt.datetime | None = Field(default=None, sa_column=_instant())
    """When it was sent or given up."""
    address: str | None = None
    """Where the last try went; personal data, shown masked."""
    template: str | None = None
    template_sha256: str | None = None
    subject: str | None = None
    body: str | None = None
    """Written at the first try and never again: every try says the same."""
    answer: str | None = None
    """What the provider said when it took it."""
    cause: str | None = None
    """Why the last try failed, or why it was given up."""
