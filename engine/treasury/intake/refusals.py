"""The rows a file was refused for, as an Excel file with reasons: one line per reason.

Every cell is text. A text that a spreadsheet could take for a formula gets an apostrophe.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from sqlmodel import Session, col, select

from engine.base.money import format_major
from engine.runtime.jsontypes import check_object
from engine.treasury.documents.errors import unknown
from engine.treasury.documents.models import Document, DocumentBatch, RefusedRow
from engine.treasury.intake.columns import COLUMNS
from engine.treasury.intake.template import title
from engine.treasury.organisations.grants import visible_orgs

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_HEAD = ("行号 / row", "列 / column", "规则 / rule", "说明", "message", "单据号 / document")


def refusals_xlsx(session: Session, user_id: str, batch_no: str) -> bytes:
    """The refused and returned rows of a batch the user may see (documents.read or import).

    Raises DocumentError DOCUMENT_UNKNOWN when there is no such batch for him.
    """
    batch = session.exec(select(DocumentBatch).where(DocumentBatch.batch_no == batch_no)).first()
    seen = visible_orgs(session, user_id, "documents.read")
    if batch is None or batch.org_id not in seen or batch.answer is None:
        raise unknown(batch_no)
    rows = _cells(session, batch)
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "refused"
    _write(sheet, [*_HEAD, *(title(column) for column in COLUMNS)])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    refusals = check_object(batch.answer).get("refusals", [])
    assert isinstance(refusals, Sequence)
    for one in refusals:
        assert isinstance(one, Mapping)
        cells = rows.get(one["row"] if isinstance(one["row"], int) else 0, {})
        _write(
            sheet,
            [
                *(
                    "" if one[name] is None else str(one[name])
                    for name in ("row", "column", "code", "message_zh", "message_en", "document_no")
                ),
                *(cells.get(column.name, "") for column in COLUMNS),
            ],
        )
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def neutral(text: str) -> str:
    """`text` as no spreadsheet takes it for a formula, without characters xlsx cannot hold."""
    clean = ILLEGAL_CHARACTERS_RE.sub("�", text)
    return f"'{clean}" if clean.startswith(_FORMULA) else clean


def _write(sheet: Worksheet, texts: Sequence[str]) -> None:
    sheet.append([neutral(text) for text in texts])
    for cell in sheet[sheet.max_row]:
        cell.data_type = "s"
        cell.number_format = "@"


def _cells(session: Session, batch: DocumentBatch) -> dict[int, dict[str, str]]:
    """What stood in each refused or returned row, by row number."""
    found: dict[int, dict[str, str]] = {}
    for row in session.exec(select(RefusedRow).where(RefusedRow.document_batch_id == batch.id)):
        found[row.row_number] = {name: str(value) for name, value in row.raw.items()}
    by_number = {
        d.document_no: d
        for d in session.exec(
            select(Document).where(
                Document.document_batch_id == batch.id, col(Document.state) == "RETURNED"
            )
        )
    }
    listed = check_object(batch.answer).get("documents", [])
    assert isinstance(listed, Sequence)
    for one in listed:
        assert isinstance(one, Mapping)
        document = by_number.get(str(one["document_no"]))
        if document is not None and isinstance(one["row"], int):
            found[one["row"]] = _texts(document)
    return found


def _texts(document: Document) -> dict[str, str]:
    texts = {}
    for column in COLUMNS:
        if column.name == "organisation":
            texts[column.name] = document.org_id
        elif column.name == "amount":
            texts[column.name] = format_major(document.amount, document.currency)
        else:
            value = getattr(document, column.name)
            texts[column.name] = "" if value is None else str(value)
    return texts
