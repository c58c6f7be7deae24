"""Many documents at once from a source system: file, manifest, notification, return file.

The file is put first and kept whole or not at all: one row of the database, written in one
transaction. The notification carries the manifest (SHA-256, count, sum per direction and
currency). Only when all of it is right is the file registered, as one document batch in one
transaction; else it is refused whole with the place that differs. The key of the notification
names the operation: the same again gets the first answer, other content under it 409.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.base.money import MoneyError, format_major, parse_major
from engine.base.text import Text
from engine.rulebook import Rulebook
from engine.runtime import audit, inbox
from engine.runtime.jsontypes import JsonObject, JsonValue, check_object, content_hash
from engine.treasury.documents.create import BatchDraft
from engine.treasury.intake.files import MAX_BYTES, read_file
from engine.treasury.intake.imports import register_rows
from engine.treasury.intake.reasons import IntakeError
from engine.treasury.intake.run import start
from engine.treasury.intake.single import MAX_KEY, Answer, key_missing
from engine.treasury.intake.taking import Planned, plan
from engine.treasury.organisations.errors import NotPermitted
from engine.treasury.organisations.grants import user, visible_orgs
from engine.treasury.sources.models import SourceFile
from engine.treasury.sources.returns import refusal_file, return_file

DIRECTIONS = ("pay", "collect")


@dataclass(frozen=True, slots=True)
class Total:
    """What the manifest says of one direction and currency. `amount` in major units, as sent."""

    direction: str
    currency: str
    count: int
    amount: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a notification says of its file."""

    sha256: str
    count: int
    totals: tuple[Total, ...]

    def to_json(self) -> dict[str, JsonValue]:
        """The form whose hash is compared under one key; the order of totals means nothing."""
        totals = sorted(self.totals, key=lambda one: (one.direction, one.currency))
        return {
            "sha256": self.sha256,
            "count": self.count,
            "totals": [
                {
                    "direction": one.direction,
                    "currency": one.currency,
                    "count": one.count,
                    "amount": one.amount,
                }
                for one in totals
            ],
        }


def put_file(
    session: Session, user_id: str, name: str, content: bytes, now: dt.datetime
) -> tuple[str, bool]:
    """Keep a file of the source (permission documents.submit): its SHA-256, and whether it is new.

    Raises NotPermitted, IntakeError FILE_EMPTY, FILE_TOO_LARGE (413), and FILE_CHANGED (409) when
    the name has other content already.
    """
    sender, _ = _sender(session, user_id)
    if not content:
        raise IntakeError("FILE_EMPTY", Text("the file is empty; send it whole", "文件为空;请重发"))
    if len(content) > MAX_BYTES:
        raise IntakeError(
            "FILE_TOO_LARGE",
            Text(
                f"the file has {len(content):,} bytes; split it, {MAX_BYTES:,} are allowed",
                f"文件有 {len(content):,} 字节,最多 {MAX_BYTES:,};请拆分",
            ),
            413,
        )
    hashed = hashlib.sha256(content).hexdigest()
    made = session.execute(
        sa.text(
            "INSERT INTO source_file (org_id, source, name, sha256, content, put_at) VALUES "
            "(:org, :source, :name, :hash, :content, :now) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "org": sender,
            "source": user_id,
            "name": name,
            "hash": hashed,
            "content": content,
            "now": now,
        },
    ).first()
    if made is None and _file(session, user_id, name).sha256 != hashed:
        raise IntakeError(
            "FILE_CHANGED",
            Text(
                f"{name} was put before with other content; give the new file a new name",
                f"文件 {name} 此前已上传且内容不同;请使用新的文件名",
            ),
            409,
        )
    return hashed, made is not None


def notify(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    name: str,
    key: str,
    manifest: Manifest,
    now: dt.datetime,
) -> Answer:
    """Register a file that was put; `key` is the notification's Idempotency-Key.

    201 taken, 200 the first answer again, 409 KEY_REUSED or FILE_SEEN, 422 refused whole. Body:
    that of an import and `name`, `sha256`, `findings` [{"code", "place", "expected", "found",
    "message_en", "message_zh"}]. Raises NotPermitted, IntakeError KEY_MISSING (400),
    FILE_UNKNOWN (404).
    """
    if not key.strip() or len(key) > MAX_KEY:
        raise key_missing()
    org_id, allowed = _sender(session, user_id)
    hashed = content_hash({"file": name, "manifest": manifest.to_json()})
    received = inbox.receive(session, user_id, key, hashed, now, org_id=org_id)
    if isinstance(received, inbox.Conflict):
        return _refused(409, "KEY_REUSED", _KEY_REUSED)
    if isinstance(received, inbox.Seen) and received.answer is not None:
        status, body = received.answer["status"], received.answer["body"]
        assert isinstance(status, int)
        return Answer(200 if status == 201 else status, check_object(body))
    answer = _register(session, rulebook, user_id, org_id, allowed, name, manifest, now)
    inbox.answer(session, user_id, key, {"status": answer.status, "body": dict(answer.body)}, now)
    return answer


def result_of(session: Session, user_id: str, name: str) -> bytes:
    """The return file. Raises NotPermitted, IntakeError FILE_UNKNOWN, NO_RESULT (404)."""
    _sender(session, user_id)
    found = _file(session, user_id, name)
    if found.result is None:
        raise IntakeError(
            "NO_RESULT",
            Text(
                f"{name} was put and not announced yet; send its notification",
                f"文件 {name} 已上传但尚未通知;请发送通知",
            ),
            404,
        )
    return found.result


def _register(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    org_id: str,
    allowed: frozenset[str],
    name: str,
    manifest: Manifest,
    now: dt.datetime,
) -> Answer:
    found = _file(session, user_id, name, lock=True)
    if found.outcome == "taken":
        return _refused(409, "FILE_SEEN", _FILE_SEEN, {"batch_no": found.batch_no})
    run = start(session, rulebook, now)
    planned: list[Planned] = []
    findings = _hash_findings(found, manifest)
    if not findings:
        try:
            planned = plan(run, read_file(found.content), allowed, user_id)
        except IntakeError as error:  # unreadable as a whole: refused like a wrong manifest
            findings = [_finding(error.code, "file", "", "", error.text)]
        else:
            findings = _count_findings(planned, manifest) + _sum_findings(planned, manifest)
    if findings:
        keep_result(session, found, "refused", None, refusal_file(findings), now)
        return _refused(422, "FILE_REFUSED", _REFUSED, {"name": name, "findings": [*findings]})
    draft = BatchDraft(
        org_id=org_id,
        source_system=user_id,
        source_channel="api",
        created_by=user_id,
        file_name=name,
        file_hash=found.sha256,
    )
    taken = register_rows(run, draft, planned, user_id)
    if taken is None:
        return _refused(409, "FILE_SEEN", _FILE_SEEN)
    body = taken.body
    outcome, batch_no = str(body["outcome"]), str(body["batch_no"])
    keep_result(session, found, outcome, batch_no, return_file(planned, body), now)
    audit.record(
        session,
        user_id,
        "source_file.register",
        "source_file",
        name,
        org_id,
        None,
        {"batch_no": batch_no, "outcome": outcome, "sha256": found.sha256, "rows": body["rows"]},
        None,
        now,
    )
    return Answer(taken.status, {**body, "name": name, "sha256": found.sha256, "findings": []})


def keep_result(
    session: Session,
    found: SourceFile,
    outcome: str,
    batch_no: str | None,
    result: bytes,
    now: dt.datetime,
) -> None:
    """Keep the return file."""
    found.outcome, found.batch_no = outcome, batch_no
    found.result, found.answered_at = result, now
    session.add(found)
    session.flush()


def _sender(session: Session, user_id: str) -> tuple[str, frozenset[str]]:
    """Organisation of the technical user, and those it may send for. Raises NotPermitted."""
    sender = user(session, user_id)
    allowed = visible_orgs(session, user_id, "documents.submit")
    if not allowed:
        raise NotPermitted(user_id, "documents.submit", sender.org_id)
    return sender.org_id, allowed


def _file(session: Session, source: str, name: str, *, lock: bool = False) -> SourceFile:
    query = select(SourceFile).where(SourceFile.source == source, SourceFile.name == name)
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None:
        raise IntakeError(
            "FILE_UNKNOWN",
            Text(
                f"{name} was not put by {source}; put the file, then announce it",
                f"{source} 未上传文件 {name};请先上传再通知",
            ),
            404,
        )
    return found


Finding = dict[str, JsonValue]


def _finding(code: str, place: str, expected: object, found: object, text: Text) -> Finding:
    return {
        "code": code,
        "place": place,
        "expected": str(expected),
        "found": str(found),
        "message_en": text.en,
        "message_zh": text.zh,
    }


def _hash_findings(found: SourceFile, manifest: Manifest) -> list[Finding]:
    if manifest.sha256.lower() == found.sha256:
        return []
    text = Text(
        "the file's SHA-256 is another than the manifest says; put the file again under a new name",
        "文件的 SHA-256 与清单不符;请以新文件名重新上传",
    )
    return [_finding("HASH_DIFFERS", "sha256", manifest.sha256, found.sha256, text)]


def _count_findings(planned: Sequence[Planned], manifest: Manifest) -> list[Finding]:
    if manifest.count == len(planned):
        return []
    text = Text(
        f"the file has {len(planned)} rows, the manifest says {manifest.count}",
        f"文件有 {len(planned)} 行,清单为 {manifest.count} 行",
    )
    return [_finding("COUNT_DIFFERS", "count", manifest.count, len(planned), text)]


def _sum_findings(planned: Sequence[Planned], manifest: Manifest) -> list[Finding]:
    """Per direction and currency; a row without a readable amount is a finding of its own."""
    found: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    findings = []
    for one in planned:
        direction, currency = one.row.direction, one.row.values.get("currency")
        if one.row.amount is None or direction is None or currency is None:
            text = Text(
                f"row {one.row.number} has no readable amount, currency or direction, so the sums "
                "cannot be compared",
                f"第 {one.row.number} 行的金额、币种或方向无法识别,无法核对合计",
            )
            place = f"row {one.row.number}"
            findings.append(_finding("ROW_UNREADABLE", place, "an amount", "none", text))
            continue
        count, total = found[direction, currency]
        found[direction, currency] = count + 1, total + one.row.amount
    if findings:
        return findings
    said = {(one.direction, one.currency): one for one in manifest.totals}
    for key in sorted(found.keys() | said.keys()):
        findings += _total_finding(key, said.get(key), found.get(key, (0, 0)))
    return findings


def _total_finding(
    key: tuple[str, str], said: Total | None, found: tuple[int, int]
) -> list[Finding]:
    direction, currency = key
    try:
        wanted = (said.count, parse_major(said.amount, currency)) if said else (0, 0)
        expected = f"{wanted[0]} / {format_major(wanted[1], currency)}"
    except MoneyError:
        wanted, expected = (-1, -1), said.amount if said else ""
    if wanted == found:
        return []
    place = f"{direction} {currency}"
    had = f"{found[0]} / {format_major(found[1], currency)}"
    text = Text(
        f"{place}: the manifest says {expected}, the file has {had}",
        f"{place}:清单为 {expected},文件为 {had}",
    )
    return [_finding("SUM_DIFFERS", place, expected, had, text)]


_KEY_REUSED = Text(
    "this key announced something else before; announce under a new key",
    "该通知号此前已用于其他内容;请使用新的通知号",
)
_FILE_SEEN = Text(
    "this very file was taken before; nothing was taken again",
    "该文件此前已接收;未重复接收",
)
_REFUSED = Text(
    "the file is refused whole; correct what the findings say and announce it under a new key",
    "文件整体被拒绝;请按 findings 更正后用新的通知号重新通知",
)


def _refused(status: int, code: str, text: Text, more: JsonObject | None = None) -> Answer:
    said: Mapping[str, JsonValue] = more or {}
    return Answer(status, {"code": code, "message_en": text.en, "message_zh": text.zh, **said})
