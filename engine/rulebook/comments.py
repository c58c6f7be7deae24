"""What people say of drafts and versions: a thread that only grows.

A version shows what was said of the draft it came from, and of the returned versions that draft
went on from: the author who corrects a returned text finds there what was asked of him.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.draft_text import is_text
from engine.rulebook.errors import RulebookError
from engine.rulebook.models import RulesetComment, RulesetDraft, RulesetVersion
from engine.rulebook.references import Located

LONGEST = 4000
"""Characters of a comment."""
LONGEST_ROW = 200
"""Characters of the row it names."""


def comment(
    session: Session,
    subject: Located,
    text: str,
    *,
    author: str,
    now: dt.datetime,
    row: str | None = None,
) -> RulesetComment:
    """Say `text` of a draft or a version, or of one `row` of its table.

    Raises RulebookError COMMENT_EMPTY, COMMENT_TOO_LONG, COMMENT_CHARACTERS.
    """
    said, named = text.replace("\r\n", "\n").strip(), (row or "").strip() or None
    _refuse(said, named)
    made = RulesetComment(
        org_id=subject.org_id,
        draft_id=subject.id if isinstance(subject, RulesetDraft) else None,
        version_hash=subject.hash if isinstance(subject, RulesetVersion) else None,
        row_id=named,
        text=said,
        author=author,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def thread(session: Session, subject: Located) -> list[RulesetComment]:
    """What was said of it and of what it came from, oldest first."""
    drafts, hashes = _origins(session, subject)
    return list(
        session.exec(
            select(RulesetComment)
            .where(
                sa.or_(
                    col(RulesetComment.draft_id).in_(drafts),
                    col(RulesetComment.version_hash).in_(hashes),
                )
            )
            .order_by(col(RulesetComment.created_at), col(RulesetComment.id))
        )
    )


def _origins(session: Session, subject: Located) -> tuple[set[int], set[str]]:
    """The drafts and versions whose comments belong to `subject`."""
    drafts: set[int] = set()
    hashes: set[str] = set()
    at: Located | None = subject
    while at is not None:
        if isinstance(at, RulesetVersion):
            hashes.add(at.hash)
            at = None if at.draft_id is None else session.get(RulesetDraft, at.draft_id)
            continue
        drafts.add(at.id or 0)
        if at.submitted_hash is not None:
            hashes.add(at.submitted_hash)
        base = None if at.base_hash is None else session.get(RulesetVersion, at.base_hash)
        # A draft starts from a version that is older than itself: this comes to an end.
        at = base if base is not None and base.returned_by is not None else None
    return drafts, hashes


def _refuse(text: str, row: str | None) -> None:
    if not text:
        raise RulebookError("COMMENT_EMPTY", Text("write what you want to say", "请填写意见"), 422)
    if len(text) > LONGEST or len(row or "") > LONGEST_ROW:
        raise RulebookError(
            "COMMENT_TOO_LONG",
            Text(
                f"a comment has at most {LONGEST:,} characters, this one has {len(text):,}; "
                "shorten it, or write two",
                f"意见最多 {LONGEST:,} 个字符，当前为 {len(text):,} 个；请缩短，或分成两条",
            ),
            422,
        )
    if not is_text(text) or not is_text(row or ""):
        raise RulebookError(
            "COMMENT_CHARACTERS",
            Text(
                "the comment holds characters that are no text (NUL, half a surrogate pair); "
                "write it again",
                "意见含有非文本字符（NUL 或不完整的代理对）；请重新填写",
            ),
            422,
        )
