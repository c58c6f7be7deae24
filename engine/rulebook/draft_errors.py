"""What is refused about drafts as such: saved by another meanwhile, closed, not there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.base.text import Text
from engine.rulebook.errors import RulebookError
from engine.rulebook.models import RulesetDraft


@dataclass(frozen=True, slots=True)
class Stored:
    """The text that stands, its hash, and who saved it when."""

    text: str
    hash: str
    revision: int
    editor: str
    at: dt.datetime


class DraftConflict(RulebookError):
    """Somebody else saved meanwhile. Nothing was written; both texts are here."""

    def __init__(self, draft: RulesetDraft, text: str, seen: str) -> None:
        super().__init__(
            "DRAFT_CONFLICT",
            Text(
                f"{draft.last_editor} has saved this draft after you loaded it; merge both texts "
                "and save again with the hash of the stored one",
                f"您打开后 {draft.last_editor} 已保存此草稿;请合并两份文本,"
                "并以已存文本的哈希重新保存",
            ),
            409,
        )
        self.stored = Stored(
            draft.text, draft.text_hash, draft.revision, draft.last_editor, draft.updated_at
        )
        self.given = text
        """What was to be saved."""
        self.seen = seen
        """The hash of the text it started from."""


def closed_draft(draft: RulesetDraft) -> RulebookError:
    """The refusal for a draft that was submitted or dropped."""
    return RulebookError(
        "DRAFT_CLOSED",
        Text(
            f"draft {draft.id} is {draft.state}; begin a new one from the version you mean",
            f"草稿 {draft.id} 已{'提交' if draft.state == 'submitted' else '放弃'};"
            "请从相应版本新建草稿",
        ),
        409,
    )


def unknown_draft(draft_id: int) -> RulebookError:
    """The refusal for a draft that is not there."""
    return RulebookError(
        "DRAFT_UNKNOWN",
        Text(
            f"there is no draft {draft_id}; look at the list of drafts",
            f"没有草稿 {draft_id};请查看草稿列表",
        ),
    )
