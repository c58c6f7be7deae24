"""Messages received: the same one again gets the first answer and no second effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.runtime.jsontypes import JsonObject, canonical_json, check_object


class InboxError(SluiceError):
    """An answer to a message that was not received, or that has one; a key of another message."""


class KeyReused(InboxError):
    """A key that named another operation before: KEY_REUSED."""

    http_status = 409

    def __init__(self, received_at: datetime) -> None:
        at = f"{received_at:%Y-%m-%dT%H:%M:%SZ}"
        super().__init__(
            "KEY_REUSED",
            Text(
                f"this key was sent with other content at {at}; send something new under a new key",
                f"此消息号已于 {at} 随其他内容使用；新的操作请用新的消息号",
            ),
        )


@dataclass(frozen=True, slots=True)
class New:
    """Never received before: carry it out and `answer` it in this transaction."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Received before with the same content; `answer` is the first answer, None if none yet."""

    answer: JsonObject | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Received before with other content, at `received_at`: refuse it (HTTP 409)."""

    received_at: datetime
    answer: JsonObject | None


def receive(
    session: Session,
    source: str,
    message_id: str,
    payload_hash: str,
    now: datetime,
    *,
    org_id: str | None = None,
) -> New | Seen | Conflict:
    """Register a message of `source`; `payload_hash` is the SHA-256 of its content.

    Of calls at once one is New; the others wait for its transaction and see its answer.
    """
    made = session.execute(
        sa.text(
            "INSERT INTO inbox_message (source, message_id, org_id, payload_hash, received_at) "
            "VALUES (:source, :id, :org, :hash, :now) ON CONFLICT DO NOTHING RETURNING source"
        ),
        {"source": source, "id": message_id, "org": org_id, "hash": payload_hash, "now": now},
    )
    if made.first() is not None:
        return New()
    first = session.execute(
        sa.text(
            "SELECT payload_hash, answer, received_at FROM inbox_message "
            "WHERE source = :source AND message_id = :id"
        ),
        {"source": source, "id": message_id},
    ).one()
    answer_given = None if first.answer is None else check_object(first.answer)
    if first.payload_hash != payload_hash:
        return Conflict(first.received_at, answer_given)
    return Seen(answer_given)


def answer(
    session: Session, source: str, message_id: str, content: JsonObject, now: datetime
) -> None:
    """Keep the answer of a message; InboxError INBOX_ANSWER when it has one or is unknown."""
    written = session.execute(
        sa.text(
            "UPDATE inbox_message SET answer = CAST(:answer AS jsonb), answered_at = :now "
            "WHERE source = :source AND message_id = :id AND answered_at IS NULL RETURNING source"
        ),
        {"answer": canonical_json(content), "now": now, "source": source, "id": message_id},
    )
    if written.first() is None:
        raise InboxError(
            "INBOX_ANSWER",
            Text(
                f"message {message_id} of {source} is unknown or answered; "
                "receive it first and answer it once",
                f"来自 {source} 的消息 {message_id} 未登记或已答复;请先登记,且只答复一次",
            ),
        )


def once(
    session: Session,
    source: str,
    message_id: str,
    payload_hash: str,
    now: datetime,
    work: Callable[[], JsonObject],
    *,
    org_id: str | None = None,
) -> JsonObject:
    """What `work` answers, carried out once per message: later calls get the first answer.

    Raises KeyReused where the message was received with other content, and what `work` raises.
    """
    received = receive(session, source, message_id, payload_hash, now, org_id=org_id)
    if isinstance(received, Conflict):
        raise KeyReused(received.received_at)
    if isinstance(received, Seen) and received.answer is not None:
        return received.answer
    done = work()
    answer(session, source, message_id, done, now)
    return done
