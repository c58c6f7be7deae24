"""What became of one document of many: done, or the code and the sentence why not."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.rest.errors import Problem
from engine.base.text import Text
from engine.treasury import bulk


class DocumentNumbers(BaseModel):
    """Which documents."""

    document_nos: list[str] = Field(min_length=1, max_length=1000)


class ItemOut(BaseModel):
    """One document's own result; `error` is null when it was done."""

    document_no: str
    done: bool
    state: str | None = Field(
        default=None, description="afterwards; null where it is not told or not yours to see"
    )
    error: Problem | None

    @staticmethod
    def of(
        document_no: str, code: str | None, text: Text | None, state: str | None = None
    ) -> ItemOut:
        """From a code and a sentence; both None when it was done."""
        if code is None or text is None:
            return ItemOut(document_no=document_no, done=True, state=state, error=None)
        problem = Problem(code=code, message_en=text.en, message_zh=text.zh)
        return ItemOut(document_no=document_no, done=False, state=state, error=problem)

    @staticmethod
    def told(item: bulk.Item) -> ItemOut:
        """From a result that tells the state afterwards."""
        if item.error is None:
            return ItemOut.of(item.document_no, None, None, item.state)
        return ItemOut.of(item.document_no, item.error.code, item.error.text, item.state)
