"""Importing a file: one row one document, one file one document batch, nothing half done."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, select

from engine.base.text import Text
from engine.rulebook import Rulebook
from engine.runtime import audit
from engine.runtime.jsontypes import JsonObject, JsonValue, check_object
from engine.treasury.documents.create import Batch, BatchDraft, answer_batch, create_batch
from engine.treasury.documents.models import DocumentBatch
from engine.treasury.intake.files import read_file
from engine.treasury.intake.reasons import IntakeError
from engine.treasury.intake.run import Run, start
from engine.treasury.intake.taking import Fate, Planned, plan, store, store_refused
from engine.treasury.organisations.errors import NotPermitted
from engine.treasury.organisations.grants import user, visible_orgs

Channel = Literal["import", "page"]


@dataclass(frozen=True, slots=True)
class ImportAnswer:
    """HTTP status and JSON body, the same for `sluice import` and the page.

    201 taken (perhaps with refusals), 422 refused whole, 409 the file was taken before: then
    `body` is the first answer. Body: batch_no, file_name, outcome (taken | refused), rows,
    accepted, returned, refused, repeated, documents [{row, document_no}], repeats, refusals
    [{row, document_no, code, column, message_en, message_zh}].
    """

    status: int
    body: JsonObject


def import_file(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    file_name: str,
    content: bytes,
    now: dt.datetime,
    channel: Channel = "import",
) -> ImportAnswer:
    """Import a file as `user_id` (permission documents.import).

    By the validation ruleset's on_error, a file with a wrong row is refused whole, or its good
    rows are taken. Raises NotPermitted (403) and IntakeError (unreadable as a whole).
    """
    importer = user(session, user_id)
    allowed = visible_orgs(session, user_id, "documents.import")
    if not allowed:
        raise NotPermitted(user_id, "documents.import", importer.org_id)
    hashed = hashlib.sha256(content).hexdigest()
    seen = _seen(session, hashed, allowed)
    if seen is not None:
        return seen
    run = start(session, rulebook, now)
    planned = plan(run, read_file(content), allowed, "file")
    draft = BatchDraft(
        org_id=importer.org_id,
        source_system="file",
        source_channel=channel,
        created_by=user_id,
        file_name=file_name,
        file_hash=hashed,
    )
    answer = register_rows(run, draft, planned, user_id)
    if answer is None:
        return _seen(session, hashed, allowed) or _overtaken()
    audit.record(
        session,
        user_id,
        "document.import",
        "document_batch",
        str(answer.body["batch_no"]),
        importer.org_id,
        None,
        {name: answer.body[name] for name in ("file_name", "outcome", *_COUNTS)},
        None,
        now,
    )
    return answer


def register_rows(
    run: Run, draft: BatchDraft, planned: Sequence[Planned], user_id: str
) -> ImportAnswer | None:
    """Write the rows of one file as one document batch, or keep why it is refused whole.

    None when a file of this hash was taken before: nothing was written then.
    """
    if _refuse_whole(planned):
        return _refuse(run, draft, planned)
    return _take(run, draft, planned, user_id)


_COUNTS = ("rows", "accepted", "returned", "refused", "repeated")


def _refuse_whole(planned: Sequence[Planned]) -> bool:
    """Whether a wrong row refuses the file: the rulesets say so, or there is none to ask; and
    always when no row can become a document."""
    wrong = [p for p in planned if p.fate is Fate.REFUSED or p.reasons]
    if not wrong:
        return False
    if all(p.fate is Fate.REFUSED for p in planned):
        return True
    asked = [p.judgement for p in planned if p.judgement and p.judgement.considered]
    return not asked or any(judgement.refuses_files for judgement in asked)


def _refuse(run: Run, draft: BatchDraft, planned: Sequence[Planned]) -> ImportAnswer:
    """Keep what came and why it was refused; no document is made.

    The file's hash is not kept: when master data or rules were corrected, the same file may come
    again.
    """
    kept = BatchDraft(
        draft.org_id, draft.source_system, draft.source_channel, draft.created_by, draft.file_name
    )
    batch = create_batch(run.session, kept, run.now)
    assert batch is not None
    wrong = [p for p in planned if p.reasons]
    store_refused(run, batch, wrong)
    body = _body(batch, draft, planned, "refused", {}, {})
    answer_batch(run.session, batch, body)
    return ImportAnswer(422, body)


def _take(
    run: Run, draft: BatchDraft, planned: Sequence[Planned], user_id: str
) -> ImportAnswer | None:
    batch = create_batch(run.session, draft, run.now)
    if batch is None:
        return None
    stored = store(run, batch, planned, user_id)
    if stored.overtaken:
        raise _overtaken_number(stored.overtaken[0])
    numbers = {
        document.id: document.document_no
        for document in run.documents(list(stored.documents.values()))
    }
    by_row = {row: numbers[one] for row, one in stored.documents.items()}
    body = _body(batch, draft, planned, "taken", by_row, _repeats(planned))
    answer_batch(run.session, batch, body)
    return ImportAnswer(201, body)


def _repeats(planned: Sequence[Planned]) -> dict[int, str]:
    return {p.row.number: p.known.document_no for p in planned if p.fate is Fate.REPEAT and p.known}


def _body(
    batch: Batch,
    draft: BatchDraft,
    planned: Sequence[Planned],
    outcome: str,
    documents: dict[int, str],
    repeats: dict[int, str],
) -> dict[str, JsonValue]:
    returned = [p for p in planned if p.fate is Fate.DOCUMENT and p.reasons]
    refusals: list[JsonValue] = [
        {
            "row": p.row.number,
            "document_no": documents.get(p.row.number),
            **reason.to_json(),
        }
        for p in planned
        for reason in p.reasons
    ]
    taken = outcome == "taken"
    wrong = [p for p in planned if p.reasons]
    return {
        "batch_no": batch.batch_no,
        "file_name": draft.file_name,
        "outcome": outcome,
        "rows": len(planned),
        "accepted": len(documents) - len(returned) if taken else 0,
        "returned": len(returned) if taken else 0,
        "refused": len(wrong) - len(returned) if taken else len(wrong),
        "repeated": len(repeats),
        "documents": [{"row": row, "document_no": no} for row, no in sorted(documents.items())],
        "repeats": [{"row": row, "document_no": no} for row, no in sorted(repeats.items())],
        "refusals": refusals,
    }


def _seen(session: Session, hashed: str, allowed: frozenset[str]) -> ImportAnswer | None:
    """The first answer to the same file; its content only for who may see that batch."""
    first = session.exec(select(DocumentBatch).where(DocumentBatch.file_hash == hashed)).first()
    if first is None:
        return None
    if first.org_id not in allowed or first.answer is None:
        return _overtaken()
    return ImportAnswer(409, check_object(first.answer))


def _overtaken() -> ImportAnswer:
    text = Text(
        "this very file was imported before; nothing was taken again",
        "该文件此前已导入;未重复接收",
    )
    return ImportAnswer(409, {"code": "FILE_SEEN", "message_en": text.en, "message_zh": text.zh})


def _overtaken_number(planned: Planned) -> IntakeError:
    number = planned.row.values.get("source_document_no")
    return IntakeError(
        "IMPORT_OVERTAKEN",
        Text(
            f"another import took number {number} at the same moment; import the file again",
            f"另一导入同时占用了单号 {number};请重新导入该文件",
        ),
        409,
    )
