"""What became of each of many documents that something was done to."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One document's own result. `code` and `text` say why it was not done; None when it was."""

    document_id: int
    document_no: str
    code: str | None = None
    text: Text | None = None

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.code is None
