"""One document by API: the same message again gets the first answer and no second document."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook import Rulebook
from engine.runtime import inbox
from engine.runtime.jsontypes import JsonObject, JsonValue, content_hash
from engine.treasury.documents.create import BatchDraft, create_batch
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.intake.columns import BY_NAME
from engine.treasury.intake.reading import RawRow
from engine.treasury.intake.reasons import IntakeError, Reason, to_json
from engine.treasury.intake.run import start
from engine.treasury.intake.taking import Fate, plan, store
from engine.treasury.organisations.errors import NotPermitted
from engine.treasury.organisations.grants import user, visible_orgs

MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status and JSON body.

    201 {"document_no", "state"}; 200 the first answer again; 409 and 422 {"code", "message_en",
    "message_zh", "findings"}, with "document_no" and "state" where a document stands.
    """

    status: int
    body: JsonObject


def take_document(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    message_id: str,
    payload: JsonObject,
    now: dt.datetime,
) -> Answer:
    """Take one document from a technical user; `message_id` is its Idempotency-Key.

    Raises IntakeError KEY_MISSING (400), NotPermitted (403). Everything else is an Answer.
    """
    if not message_id.strip() or len(message_id) > MAX_KEY:
        raise key_missing()
    sender = user(session, user_id)
    allowed = visible_orgs(session, user_id, "documents.submit")
    if not allowed:
        raise NotPermitted(user_id, "documents.submit", sender.org_id)
    hashed = content_hash(payload)
    received = inbox.receive(session, user_id, message_id, hashed, now, org_id=sender.org_id)
    if isinstance(received, inbox.Conflict):
        return _problem(
            409,
            "KEY_REUSED",
            Text(
                f"message {message_id} was received before with other content; "
                "send a new message under a new key",
                f"消息 {message_id} 已收到且内容不同;请用新的消息号发送",
            ),
        )
    if isinstance(received, inbox.Seen) and received.answer is not None:
        return _repeated(received.answer)
    answer = _take(session, rulebook, user_id, allowed, payload, now)
    inbox.answer(
        session, user_id, message_id, {"status": answer.status, "body": dict(answer.body)}, now
    )
    return answer


def key_missing() -> IntakeError:
    """A message without a key cannot be told from its repetition."""
    return IntakeError(
        "KEY_MISSING",
        Text(
            f"send an Idempotency-Key of 1 to {MAX_KEY} characters, the same when you repeat",
            f"请在请求头 Idempotency-Key 中给出 1 至 {MAX_KEY} 个字符的消息号,重发时保持不变",
        ),
        400,
    )


def _take(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    allowed: frozenset[str],
    payload: JsonObject,
    now: dt.datetime,
) -> Answer:
    run = start(session, rulebook, now)
    planned = plan(run, [_row(payload)], allowed, user_id)[0]
    if planned.fate is Fate.REPEAT and planned.known is not None:
        known = planned.known
        return Answer(200, {"document_no": known.document_no, "state": known.state})
    if planned.fate is Fate.REFUSED:
        if planned.known is not None:
            return _conflict(planned.reasons[0], planned.known.document_no, planned.known.state)
        return _problem(422, "DOCUMENT_REFUSED", _REFUSED, planned.reasons)
    batch = create_batch(
        session,
        BatchDraft(
            org_id=planned.row.org_id or "",
            source_system=user_id,
            source_channel="api",
            created_by=user_id,
        ),
        now,
    )
    assert batch is not None
    stored = store(run, batch, [planned], user_id)
    if stored.overtaken:
        # Another message with the same number was committed between planning and writing.
        return _take(session, rulebook, user_id, allowed, payload, now)
    document = session.get_one(Document, stored.documents[planned.row.number])
    stands: dict[str, JsonValue] = {"document_no": document.document_no, "state": document.state}
    if document.state == State.RETURNED:
        reasons = planned.reasons or _returned_later(document)
        return _problem(422, "DOCUMENT_RETURNED", _RETURNED, reasons, stands)
    return Answer(201, stands)


_REFUSED = Text(
    "the document cannot be taken; correct what the findings say and send it under a new key",
    "单据无法接收;请按 findings 更正后用新消息号重发",
)
_RETURNED = Text(
    "the document was taken and returned by the rules; send a corrected one with a new number",
    "单据已接收并按规则退回;请更正后用新单号重发",
)


def _returned_later(document: Document) -> tuple[Reason, ...]:
    """Returned by a later stage than validation: its currency fits no account."""
    text = Text(
        f"no account fits the currency {document.currency}",
        f"没有适用币种 {document.currency} 的账户",
    )
    return (Reason("CURRENCY_MISMATCH", "currency", text),)


def _row(payload: JsonObject) -> RawRow:
    texts: dict[str, str | None] = {}
    trouble = []
    for name, value in payload.items():
        if name not in BY_NAME:
            text = Text(
                f"{name!r} is no field; use one of {', '.join(BY_NAME)}",
                f"{name!r} 不是字段;可用:{', '.join(BY_NAME)}",
            )
            trouble.append(Reason("FIELD_UNKNOWN", name, text))
        elif value is None or isinstance(value, str):
            texts[name] = value
        elif isinstance(value, bool):
            texts[name] = "true" if value else "false"
        elif isinstance(value, int):
            texts[name] = str(value)
        else:
            text = Text(f"{name} must be text; send a string", f"{name} 须为文本;请发送字符串")
            trouble.append(Reason("FIELD_FORM", name, text))
    return RawRow(1, texts, tuple(trouble))


def _repeated(first: JsonObject) -> Answer:
    """A taken document is answered 200 the second time; a refusal stays what it was."""
    status, body = first["status"], first["body"]
    assert isinstance(status, int)
    assert isinstance(body, dict)
    return Answer(200 if status == 201 else status, body)


def _conflict(reason: Reason, document_no: str, state: str) -> Answer:
    return _problem(
        409, reason.code, reason.text, (reason,), {"document_no": document_no, "state": state}
    )


def _problem(
    status: int,
    code: str,
    text: Text,
    reasons: tuple[Reason, ...] = (),
    stands: JsonObject | None = None,
) -> Answer:
    return Answer(
        status,
        {
            "code": code,
            "message_en": text.en,
            "message_zh": text.zh,
            "findings": to_json(reasons),
            **(stands or {}),
        },
    )
