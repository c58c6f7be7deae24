"""Drafts of layouts: a text, samples of the bank's files, and what the text reads in them."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlmodel import Session, col, select

from engine.base.findings import Finding, Severity
from engine.base.text import SluiceError, Text
from engine.formats.layouts import FileReader, Layout, LayoutRefused, check, load
from engine.formats.layouts.examples import run_examples
from engine.formats.layouts.model import Form, Value
from engine.formats.layouts.returns import read_return
from engine.formats.layouts.statements import read_statement
from engine.rules import content_hash
from engine.runtime import audit
from engine.treasury.layouts.errors import LayoutError, no_reason, unknown_draft
from engine.treasury.layouts.models import LayoutDraft, LayoutSample, LayoutVersion
from engine.treasury.organisations.grants import require, visible_orgs
from engine.treasury.organisations.tree import organisation

MOST_TEXT = 256 * 1024
MOST_SAMPLE = 8 * 1024 * 1024
"""Bytes of a sample: a day's file, not a year's."""

FILE = "draft.yaml"
_CURRENCY = "CNY"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sample as the layout reads it, beside its line as it stands in the file."""

    line: int
    raw: bytes
    """Empty in a workbook, which has no lines."""
    cells: dict[str, Value]


@dataclass(frozen=True, slots=True)
class SampleRead:
    """What the text makes of a sample; `refused` when it does not read it whole."""

    rows: tuple[Row, ...]
    count: int
    """Rows in all; `rows` are the first."""
    refused: SluiceError | None


def begin(
    session: Session,
    user_id: str,
    org_id: str,
    text: str,
    now: dt.datetime,
    sample: tuple[str, bytes] | None = None,
) -> LayoutDraft:
    """A draft of the organisation (permission layouts.edit), with the sample it was learned from.

    Raises NotPermitted, OrganisationError, LayoutError TEXT_TOO_LONG, SAMPLE_TOO_LARGE.
    """
    organisation(session, org_id)
    require(session, user_id, "layouts.edit", org_id)
    draft = LayoutDraft(
        org_id=org_id,
        name=_name(text),
        text=_kept(text),
        text_hash=content_hash(text),
        author=user_id,
        editors=[user_id],
        created_at=now,
        updated_at=now,
    )
    session.add(draft)
    session.flush()
    if sample is not None:
        add_sample(session, user_id, _id(draft), *sample, now)
    _note(session, draft, user_id, "bank_layout.draft", "", now)
    return draft


def save(
    session: Session, user_id: str, draft_id: int, text: str, seen: str, now: dt.datetime
) -> LayoutDraft:
    """Write the draft's text. `seen` is the hash of the text that was changed: what another saved
    meanwhile is never lost. Raises as `open_draft`, LayoutError CONTENT_CHANGED."""
    draft = open_draft(session, user_id, draft_id)
    if draft.text_hash != seen:
        raise LayoutError(
            "CONTENT_CHANGED",
            Text(
                f"{draft.editors[-1]} saved this draft meanwhile; load it again",
                f"{draft.editors[-1]} 已保存该草稿;请重新加载",
            ),
            409,
        )
    draft.text, draft.text_hash, draft.name = _kept(text), content_hash(text), _name(text)
    draft.editors = [one for one in draft.editors if one != user_id] + [user_id]
    draft.updated_at = now
    session.add(draft)
    session.flush()
    return draft


def add_sample(
    session: Session, user_id: str, draft_id: int, name: str, content: bytes, now: dt.datetime
) -> LayoutSample:
    """Keep a file of the bank with the draft; the same one again is the same sample.

    Raises as `open_draft`, LayoutError SAMPLE_TOO_LARGE.
    """
    draft = open_draft(session, user_id, draft_id)
    if len(content) > MOST_SAMPLE:
        raise LayoutError(
            "SAMPLE_TOO_LARGE",
            Text(
                f"the sample has {len(content)} bytes, at most {MOST_SAMPLE} are taken; cut it to "
                "some days",
                f"样本 {len(content)} 字节,上限 {MOST_SAMPLE};请截取几日的内容",
            ),
        )
    digest = hashlib.sha256(content).hexdigest()
    for one in samples(session, draft_id):
        if one.sha256 == digest:
            return one
    made = LayoutSample(
        org_id=draft.org_id,
        draft_id=draft_id,
        name=name,
        sha256=digest,
        content=content,
        added_by=user_id,
        added_at=now,
    )
    session.add(made)
    session.flush()
    return made


def drop(session: Session, user_id: str, draft_id: int, reason: str, now: dt.datetime) -> None:
    """Give the draft up; it stays readable. Raises as `open_draft`, REASON_MISSING."""
    if not reason.strip():
        raise no_reason()
    draft = open_draft(session, user_id, draft_id)
    draft.state, draft.updated_at = "dropped", now
    session.add(draft)
    _note(session, draft, user_id, "bank_layout.dropped", reason, now)


def submit(
    session: Session, user_id: str, draft_id: int, seen: str, reason: str, now: dt.datetime
) -> LayoutVersion:
    """Hand the draft over for a second person's word; its text is a version from now on.

    Raises as `open_draft`; LayoutError REASON_MISSING, CONTENT_CHANGED, LAYOUT_NUMBER (the version
    is there already), SAMPLE_REFUSED; LayoutRefused with the findings of the text.
    """
    if not reason.strip():
        raise no_reason()
    draft = open_draft(session, user_id, draft_id)
    if draft.text_hash != seen:
        raise LayoutError(
            "CONTENT_CHANGED",
            Text("the draft was saved meanwhile; look at it again", "草稿已变更;请重新查看"),
            409,
        )
    layout = load(draft.text, FILE)
    require(session, user_id, "layouts.edit", layout.scope_org)
    organisation(session, layout.scope_org)
    _refuse_number(session, layout, draft.text_hash)
    kept = samples(session, draft_id)
    _refuse_examples(draft.text, kept)
    for sample in kept:
        refused = read_sample(layout, sample.content, most=0).refused
        if refused is not None:
            raise LayoutError(
                "SAMPLE_REFUSED",
                Text(
                    f"the layout does not read its sample {sample.name}: {refused.text.en}",
                    f"布局无法读取样本 {sample.name}:{refused.text.zh}",
                ),
                422,
            )
    found = session.get(LayoutVersion, draft.text_hash)
    if found is not None:
        raise LayoutError(
            "LAYOUT_NUMBER",
            Text(
                f"this very text is version {found.version} of {found.name} already",
                f"该文本已是 {found.name} 第 {found.version} 版",
            ),
            409,
        )
    version = LayoutVersion(
        hash=draft.text_hash,
        org_id=layout.scope_org,
        bank_id=layout.bank,
        name=layout.name,
        use=layout.use.value,
        version=layout.version,
        effective_from=layout.effective_from,
        file=f"{layout.name}.yaml",
        text=draft.text,
        author=draft.author,
        editors=sorted({*draft.editors, user_id} - {draft.author}),
        draft_id=draft.id,
        reason=reason.strip(),
        created_at=now,
    )
    session.add(version)
    session.flush()
    draft.state, draft.submitted_hash, draft.updated_at = "submitted", version.hash, now
    session.add(draft)
    _note(session, draft, user_id, "bank_layout.submitted", reason, now)
    return version


def findings(draft: LayoutDraft) -> list[Finding]:
    """Everything that is wrong with the draft's text."""
    return check(draft.text, FILE)


def _refuse_examples(text: str, kept: Sequence[LayoutSample]) -> None:
    """LayoutRefused with what the layout's own examples do not hold."""
    contents = {one.name: one.content for one in kept}

    def opened(name: str) -> bytes:
        content = contents.get(name, contents.get(PurePosixPath(name).name))  # without its folder
        if content is None:
            raise FileNotFoundError(2, "no such sample with the draft", name)
        return content

    _, found = run_examples(text, FILE, opened)
    if found:
        raise LayoutRefused(found)


def read_sample(layout: Layout, content: bytes, most: int = 50) -> SampleRead:
    """What the layout reads in a sample: its first rows, how many, and why it would refuse it."""
    rows: list[Row] = []
    count = 0
    try:
        reader = FileReader(layout, layout.statement.currency or _CURRENCY)
        raw = [] if layout.file.form is Form.WORKBOOK else content.split(b"\n")
        for chunk in reader.chunks(io.BytesIO(content)):
            columns = {name: values for name, values in chunk.columns.items() if values}
            for place in range(len(chunk)):
                count += 1
                if len(rows) >= most:
                    continue
                line = chunk.lines[place]
                cells = {name: values[place] for name, values in columns.items()}
                rows.append(Row(line, raw[line - 1] if line <= len(raw) else b"", cells))
        _whole(layout, content)
    except SluiceError as error:
        return SampleRead(tuple(rows), count, error)
    return SampleRead(tuple(rows), count, None)


def _whole(layout: Layout, content: bytes) -> None:
    """Read it as it will be read in use: with balances, signs and codes."""
    if layout.use == "statement":
        read_statement(layout, io.BytesIO(content), account="-")
    elif layout.use == "payment_return":
        read_return(layout, io.BytesIO(content), _CURRENCY)


def open_draft(session: Session, user_id: str, draft_id: int) -> LayoutDraft:
    """The open draft, locked, for somebody who may edit it (layouts.edit).

    LayoutError LAYOUT_DRAFT_UNKNOWN, LAYOUT_DRAFT_CLOSED; NotPermitted.
    """
    draft = seen_draft(session, user_id, draft_id)
    require(session, user_id, "layouts.edit", draft.org_id)
    session.refresh(draft, with_for_update=True)
    if draft.state != "open":
        raise LayoutError(
            "LAYOUT_DRAFT_CLOSED",
            Text(
                f"draft {draft_id} is {draft.state}; begin a new one from its version",
                f"草稿 {draft_id} 已{'提交' if draft.state == 'submitted' else '放弃'};请另建草稿",
            ),
            409,
        )
    return draft


def seen_draft(session: Session, user_id: str, draft_id: int) -> LayoutDraft:
    """A draft of the user's organisations (layouts.read). LAYOUT_DRAFT_UNKNOWN."""
    draft = session.get(LayoutDraft, draft_id)
    if draft is None or draft.org_id not in visible_orgs(session, user_id, "layouts.read"):
        raise unknown_draft(draft_id)
    return draft


def drafts(session: Session, user_id: str) -> list[LayoutDraft]:
    """Open drafts of the user's organisations, the one written last first."""
    orgs = visible_orgs(session, user_id, "layouts.read")
    return list(
        session.exec(
            select(LayoutDraft)
            .where(LayoutDraft.state == "open", col(LayoutDraft.org_id).in_(orgs))
            .order_by(col(LayoutDraft.updated_at).desc(), col(LayoutDraft.id).desc())
        )
    )


def samples(session: Session, draft_id: int) -> Sequence[LayoutSample]:
    """The samples of a draft in the order they came."""
    return session.exec(
        select(LayoutSample).where(LayoutSample.draft_id == draft_id).order_by(col(LayoutSample.id))
    ).all()


def _refuse_number(session: Session, layout: Layout, hash: str) -> None:
    taken = session.exec(
        select(LayoutVersion).where(
            LayoutVersion.org_id == layout.scope_org,
            LayoutVersion.name == layout.name,
            LayoutVersion.hash != hash,
            col(LayoutVersion.returned_by).is_(None),
        )
    ).all()
    highest = max((one.version for one in taken), default=0)
    if layout.version <= highest:
        raise LayoutError(
            "LAYOUT_NUMBER",
            Text(
                f"{layout.name} has version {highest} already; give this one {highest + 1}",
                f"{layout.name} 已有第 {highest} 版;请将版本号改为 {highest + 1}",
            ),
            409,
        )


def _name(text: str) -> str:
    if any(one.severity is Severity.ERROR for one in check(text, FILE)):
        return ""
    return load(text, FILE).name


def _kept(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if len(text.encode("utf-8", "surrogatepass")) > MOST_TEXT:
        raise LayoutError(
            "TEXT_TOO_LONG",
            Text(f"a layout has at most {MOST_TEXT} bytes", f"布局文本不得超过 {MOST_TEXT} 字节"),
        )
    return text


def _id(draft: LayoutDraft) -> int:
    if draft.id is None:
        raise AssertionError("the database numbers drafts")
    return draft.id


def _note(
    session: Session, draft: LayoutDraft, user: str, action: str, reason: str, now: dt.datetime
) -> None:
    audit.record(
        session,
        user,
        action,
        "bank_layout_draft",
        str(draft.id),
        draft.org_id,
        None,
        {"name": draft.name, "hash": draft.text_hash},
        reason.strip() or None,
        now,
    )
