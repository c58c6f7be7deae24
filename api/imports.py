"""The answer to an import file in typed form, for the page and for programs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class ImportedRow(BaseModel):
    """A row of the file and the document it is."""

    row: int
    document_no: str


class Refusal(BaseModel):
    """One reason why a row was refused, or its document returned."""

    row: int
    document_no: str | None
    code: str
    """Our code, or ruleset:row of the rule that says so."""
    column: str | None
    message_en: str
    message_zh: str


class ImportResult(BaseModel):
    """What became of a file. `refused` rows made no document; `returned` ones did, and were
    returned by the validation rules; `repeated` ones were known before."""

    batch_no: str
    file_name: str | None
    outcome: Literal["taken", "refused"]
    rows: int
    accepted: int
    returned: int
    refused: int
    repeated: int
    documents: list[ImportedRow] = Field(default_factory=list)
    repeats: list[ImportedRow] = Field(default_factory=list)
    refusals: list[Refusal] = Field(default_factory=list)
