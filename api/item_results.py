"""What became of one document of many: done, or the code and the sentence why not."""

from __future__ import annotations

from pydantic import BaseModel

from api.rest.errors import Problem
from engine.base.text import Text


class ItemOut(BaseModel):
    """One document's own result; `error` is null when it was done."""

    document_no: str
    done: bool
    error: Problem | None

    @staticmethod
    def of(document_no: str, code: str | None, text: Text | None) -> ItemOut:
        """From a code and a sentence; both None when it was done."""
        if code is None or text is None:
            return ItemOut(document_no=document_no, done=True, error=None)
        problem = Problem(code=code, message_en=text.en, message_zh=text.zh)
        return ItemOut(document_no=document_no, done=False, error=problem)
