"""Dead letters: messages to sources that were given up, what they hold back, and their replay."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.runtime import audit, holds, outbox
from engine.treasury.operations.reach import SEEN, may_run, reach


class LetterError(SluiceError):
    """A message that is not there for the caller."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message given up. `waiting`: later messages about the same that it holds back."""

    message_id: str
    org_id: str
    destination: str
    aggregate: str
    """What it is about: the document's number."""
    kind: str
    status: str | None
    """What it tells of the document."""
    attempts: int
    replays: int
    last_error: str | None
    created_at: dt.datetime
    waiting: int


_DEAD = sa.text(
    f"""
SELECT a.message_id, a.org_id, a.destination, a.aggregate, a.kind, a.body ->> 'status' AS status,
       a.attempts, a.replays, a.last_error, a.created_at,
       (SELECT count(*) FROM outbox_message l WHERE l.destination = a.destination
        AND l.aggregate = a.aggregate AND l.id > a.id AND l.state <> 'acked') AS waiting
FROM outbox_message a WHERE a.state = 'dead' AND {SEEN} ORDER BY a.id"""  # noqa: S608 - constants
)


def dead_letters(session: Session, user_id: str | None) -> list[DeadLetter]:
    """Messages given up of the organisations the user operates for, oldest first."""
    values = reach(session, user_id).values
    return [DeadLetter(**row) for row in session.execute(_DEAD, values).mappings()]


def replay(session: Session, user_id: str, message_id: str, reason: str, now: dt.datetime) -> None:
    """Send a dead letter again, and after it those it held back (permission operations.run).

    Raises SluiceError MESSAGE_UNKNOWN, NO_REASON, NotPermitted, and OutboxError OUTBOX_NOT_DEAD.
    """
    if not reason.strip():
        raise holds.no_reason()
    org_id = session.execute(
        sa.text(f"SELECT a.org_id FROM outbox_message a WHERE a.message_id = :id AND {SEEN}"),  # noqa: S608 - constants
        {"id": message_id, **reach(session, user_id).values},
    ).scalar_one_or_none()
    if org_id is None:
        raise LetterError(
            "MESSAGE_UNKNOWN",
            Text(
                f"there is no message {message_id} within your organisations",
                f"所辖机构内没有消息 {message_id}",
            ),
        )
    may_run(session, user_id, str(org_id))
    outbox.replay(session, message_id)
    audit.record(
        session,
        actor=user_id,
        action="outbox.replay",
        subject_kind="outbox_message",
        subject_id=message_id,
        org_id=str(org_id),
        before=None,
        after=None,
        reason=reason.strip(),
        now=now,
    )
