"""From rows to documents: what each row becomes is planned first and written at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from engine.base.text import Text
from engine.rulebook import Matter
from engine.treasury.documents.create import (
    Batch,
    DocumentDraft,
    Known,
    create_documents,
    known_numbers,
)
from engine.treasury.intake.course import to_approval, to_batch
from engine.treasury.intake.facts import code_lists
from engine.treasury.intake.judging import Judgement, judge, settle
from engine.treasury.intake.reading import RawRow, TypedRow, read_row
from engine.treasury.intake.reasons import Reason, number_taken, number_twice, to_json
from engine.treasury.intake.run import Run


class Fate(StrEnum):
    """What becomes of a row."""

    DOCUMENT = "document"
    """A document; whether it is returned at once is in the reasons."""
    REFUSED = "refused"
    """No document can be made of it."""
    REPEAT = "repeat"
    """It is there already, with the same content."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A row and its fate. `reasons` of a DOCUMENT return it to its source."""

    row: TypedRow
    fate: Fate
    reasons: tuple[Reason, ...] = ()
    draft: DocumentDraft | None = None
    judgement: Judgement | None = None
    known: Known | None = None


def plan(
    run: Run, rows: Sequence[RawRow], allowed_orgs: Collection[str], source: str
) -> list[Planned]:
    """Type, judge and compare rows; nothing is written. In the order of the rows."""
    lists = code_lists(run.session, run.pinned)
    typed = [read_row(raw, lists, allowed_orgs, source) for raw in rows]
    judged = [
        judge(run, row) if row.org_id is not None and row.direction is not None else None
        for row in typed
    ]
    drafts = [None if row.reasons or row.missing else row.draft(run.today) for row in typed]
    known = known_numbers(run.session, [draft for draft in drafts if draft is not None])
    first: dict[tuple[str, str], int] = {}
    planned = []
    for row, draft, judgement in zip(typed, drafts, judged, strict=True):
        if draft is None:
            why = _untypable(row, judgement)
            planned.append(Planned(row, Fate.REFUSED, why, judgement=judgement))
            continue
        number = (draft.source_system, draft.source_document_no)
        before = known.get(number)
        if number in first:
            why = (number_twice(draft.source_document_no, first[number]),)
            planned.append(Planned(row, Fate.REFUSED, why))
        elif before is not None and before.same:
            planned.append(Planned(row, Fate.REPEAT, known=before))
        elif before is not None:
            why = (number_taken(draft.source_document_no, before.document_no),)
            planned.append(Planned(row, Fate.REFUSED, why, known=before))
        else:
            errors = judgement.errors if judgement is not None else ()
            planned.append(Planned(row, Fate.DOCUMENT, errors, draft, judgement))
        first.setdefault(number, row.number)
    return planned


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written: document ids by row number, and rows another call was faster with."""

    documents: dict[int, int]
    overtaken: tuple[Planned, ...]


def store(
    run: Run,
    batch: Batch,
    planned: Sequence[Planned],
    created_by: str,
    replaces_id: int | None = None,
) -> Stored:
    """Write documents and refused rows of a batch and take the documents on their way.

    `replaces_id`: the void document that the one planned document is made instead of.
    """
    fresh = [p for p in planned if p.fate is Fate.DOCUMENT]
    drafts = [p.draft for p in fresh if p.draft is not None]
    ids = create_documents(run.session, batch, drafts, created_by, run.now, replaces_id)
    by_row: dict[int, int] = {}
    judgements: dict[int, Judgement] = {}
    overtaken = []
    for one in fresh:
        assert one.draft is not None
        assert one.judgement is not None
        made = ids.get((one.draft.source_system, one.draft.source_document_no))
        if made is None:
            overtaken.append(one)
            continue
        by_row[one.row.number] = made
        judgements[made] = one.judgement
    store_refused(run, batch, [p for p in planned if p.fate is Fate.REFUSED])
    checked = settle(run, run.documents(list(judgements)), judgements)
    to_approval(run, to_batch(run, checked), None)
    return Stored(by_row, tuple(overtaken))


def store_refused(run: Run, batch: Batch, refused: Sequence[Planned]) -> None:
    """Keep rows that became no document, with their reasons and the decisions behind them."""
    if not refused:
        return
    run.session.execute(
        sa.text("""
            INSERT INTO refused_row (org_id, document_batch_id, row_number, raw, reasons)
            SELECT b.org_id, b.id, r.row_number, r.raw, r.reasons
            FROM document_batch b, jsonb_to_recordset(CAST(:rows AS jsonb))
              AS r(row_number integer, raw jsonb, reasons jsonb) WHERE b.id = :batch"""),
        {
            "batch": batch.id,
            "rows": json.dumps(
                [
                    {
                        "row_number": p.row.number,
                        "raw": {k: v for k, v in p.row.texts.items() if v is not None},
                        "reasons": to_json(p.reasons),
                    }
                    for p in refused
                ],
                ensure_ascii=False,
            ).replace("\\u0000", ""),
        },
    )
    for one in refused:
        considered = one.judgement.considered if one.judgement else None
        if considered is not None and considered.rows:
            run.pinned.record(
                run.session,
                considered,
                matter=Matter("import_row", f"{batch.batch_no}:{one.row.number}"),
                now=run.now,
            )


def _untypable(row: TypedRow, judgement: Judgement | None) -> tuple[Reason, ...]:
    """Our own reasons, every violated rule, and what is missing where no rule says so."""
    untyped = {reason.column for reason in row.reasons}
    # A rule that calls an untypable cell missing would only repeat the reason in other words.
    ruled = [r for r in (judgement.errors if judgement else ()) if r.column not in untyped]
    told = {reason.column for reason in ruled}
    missing = [
        Reason(
            "FIELD_MISSING",
            column.name,
            Text(f"{column.label.en} is missing; fill it in", f"缺少{column.label.zh};请填写"),
        )
        for column in row.missing
        if column.name not in told
    ]
    return (*row.reasons, *ruled, *missing)
