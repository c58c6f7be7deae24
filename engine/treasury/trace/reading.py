"""Following one payment: from any of its numbers to everything that belongs to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.trace import model


class TraceError(SluiceError):
    """A number that leads to nothing."""


_FIND = sa.text("""
SELECT id FROM document WHERE document_no = :ref OR source_document_no = :ref
UNION SELECT document_id FROM attempt WHERE instruction_id = :ref OR bank_reference = :ref
UNION SELECT a.document_id FROM attempt a JOIN payment_batch b ON b.id = a.batch_id
      WHERE b.message_id = :ref
UNION SELECT i.ref_id FROM match_item i JOIN match_group g ON g.id = i.group_id
      WHERE g.match_no = :ref AND i.kind IN ('document', 'bounced_document')
UNION SELECT e.subject_id FROM posted_event e JOIN voucher v ON v.id = e.voucher_id
      WHERE v.number = :ref AND e.subject_kind = 'document'
UNION SELECT i.ref_id FROM statement_line l
      JOIN match_item o ON o.kind = 'statement_line' AND o.ref_id = l.id
      JOIN match_item i ON i.group_id = o.group_id AND i.kind IN ('document', 'bounced_document')
      WHERE l.bank_reference = :ref
ORDER BY 1
""")


def find(session: Session, reference: str, user: str | None = None) -> list[int]:
    """Ids of the documents `reference` leads to.

    It may be a document number, the source's number, a match number, a voucher number, an
    instruction id, a payment batch's message id or a bank's reference. With `user` only
    documents the user may see (documents.read). Raises TraceError NOTHING_FOUND.
    """
    session.flush()
    found = [int(one) for one in session.execute(_FIND, {"ref": reference.strip()}).scalars()]
    if found and user is not None:
        rows = session.execute(
            sa.text("SELECT id FROM document WHERE id = ANY(:ids) AND org_id = ANY(:orgs)"),
            {"ids": found, "orgs": sorted(visible_orgs(session, user, "documents.read"))},
        )
        seen = {int(one) for one in rows.scalars()}
        found = [one for one in found if one in seen]
    if not found:
        raise TraceError(
            "NOTHING_FOUND",
            Text(
                f"{reference} leads to no document you may see; give a document, match, voucher "
                "or instruction number, or the bank's reference",
                f"{reference} 未对应任何您可查看的单据;"
                "可输入单据号、核对批号、凭证号、指令号或银行流水号",
            ),
        )
    return found


def trace(session: Session, reference: str, user: str | None = None) -> tuple[model.Trace, ...]:
    """Every document `reference` leads to, each with all its steps; raises as `find`."""
    return tuple(of_document(session, one) for one in find(session, reference, user))


def of_document(session: Session, document_id: int) -> model.Trace:
    """All steps of one document."""
    head = session.execute(_HEAD, {"id": document_id}).one()
    return model.Trace(
        source=model.SourceStep(
            head.source_system,
            head.source_document_no,
            head.batch_no,
            head.source_channel,
            head.created_at,
            head.created_by,
        ),
        document=model.DocumentStep(
            head.id,
            head.document_no,
            head.org_id,
            head.direction,
            head.state,
            head.business_type,
            head.counterparty_name,
            head.counterparty_account,
            head.amount,
            head.currency,
            head.channel,
            head.account,
            head.content_hash,
            _waiting(head),
        ),
        decisions=tuple(
            model.DecisionStep(**{**row, "rows": tuple(row["rows"])})
            for row in _rows(session, _DECISIONS, document_id)
        ),
        approvals=tuple(
            model.ApprovalStep(**row) for row in _rows(session, _APPROVALS, document_id)
        ),
        attempts=_attempts(session, document_id),
        matches=_matches(session, document_id),
        vouchers=_vouchers(session, document_id),
        messages=tuple(model.MessageStep(**row) for row in _rows(session, _MESSAGES, document_id)),
        events=tuple(model.EventStep(**row) for row in _rows(session, _EVENTS, document_id)),
    )


def _waiting(head: sa.Row[tuple[object, ...]]) -> Text | None:
    if head.waiting_code is None:
        return None
    said = (head.waiting_en or "", head.waiting_zh or "")
    return Text(*(f"{head.waiting_code} {one}".strip() for one in said))


_HEAD = sa.text("""
SELECT d.*, b.batch_no, b.source_channel, a.bank_id || '/' || a.number AS account
FROM document d JOIN document_batch b ON b.id = d.document_batch_id
LEFT JOIN bank_account a ON a.id = d.account_id WHERE d.id = :id
""")

# Decisions about the document, about a payment batch it was in, and behind its matches.
_DECISIONS = sa.text("""
SELECT c.id, c.kind, c.ruleset, c.version, c.ruleset_hash AS hash, c.rows, c.facts, c.outcome,
       c.decided_at AS at
FROM decision c
WHERE (c.matter_kind = 'document' AND c.matter_id = CAST(:id AS text))
   OR (c.matter_kind = 'payment_batch' AND c.matter_id IN
       (SELECT CAST(batch_id AS text) FROM attempt WHERE document_id = :id))
ORDER BY c.decided_at, c.id
""")

_APPROVALS = sa.text("""
SELECT r.round, s.position, s.role, s.state, v.user_id AS "user", v.on_behalf_of, v.delegation_id,
       v.verdict, v.comment, v.at
FROM approval_request r JOIN approval_step s ON s.request_id = r.id
LEFT JOIN approval_verdict v ON v.step_id = s.id
WHERE r.subject_kind = 'document' AND r.subject_id = :id ORDER BY r.round, s.position
""")

_ATTEMPTS = sa.text("""
SELECT a.id, a.attempt_no, a.instruction_id, a.state, a.bank_code, a.bank_text, a.bank_text_zh,
       a.bank_reference,
       a.handling, a.batch_id, b.message_id, b.bank_id, b.item_count AS batch_items, b.sent_at
FROM attempt a JOIN payment_batch b ON b.id = a.batch_id
WHERE a.document_id = :id ORDER BY a.attempt_no
""")

_BANK_MESSAGES = sa.text("""
SELECT m.batch_id, m.attempt_id, m.id, m.kind, m.outcome, m.note, m.sha256, m.at
FROM bank_message m
WHERE m.batch_id = ANY(:batches) AND (m.attempt_id IS NULL OR m.attempt_id = ANY(:attempts))
ORDER BY m.id
""")

_MATCHES = sa.text("""
SELECT DISTINCT g.id, g.match_no, g.kind, g.state, g.rule_row, g.matched_by, g.matched_at,
       g.retire_reason
FROM match_item i JOIN match_group g ON g.id = i.group_id
WHERE i.kind IN ('document', 'bounced_document') AND i.ref_id = :id ORDER BY g.id
""")

_LINES = sa.text("""
SELECT i.group_id, l.id, l.booking_date, l.direction, l.amount, l.currency, l.bank_reference,
       l.our_reference, l.remittance, s.bank_statement_id AS statement, s.statement_date
FROM match_item i JOIN statement_line l ON l.id = i.ref_id
JOIN statement s ON s.id = l.statement_id
WHERE i.kind = 'statement_line' AND i.group_id = ANY(:ids) ORDER BY l.id
""")

_VOUCHERS = sa.text("""
SELECT v.id, v.number, e.event, v.voucher_date AS date, v.currency, o.number AS reverses
FROM posted_event e JOIN voucher v ON v.id = e.voucher_id
LEFT JOIN voucher o ON o.id = v.reversal_of
WHERE e.subject_kind = 'document' AND e.subject_id = :id ORDER BY v.id
""")

_VOUCHER_LINES = sa.text("""
SELECT l.voucher_id, l.account, a.name_en AS account_en, a.name_zh AS account_zh, l.debit,
       l.credit, l.text, l.dimensions
FROM voucher_line l JOIN gl_account a ON a.code = l.account
WHERE l.voucher_id = ANY(:ids) ORDER BY l.voucher_id, l.line_no
""")

_MESSAGES = sa.text("""
SELECT m.message_id, m.body ->> 'status' AS status, m.state, m.attempts, m.created_at, m.acked_at
FROM outbox_message m JOIN document d ON d.document_no = m.aggregate
     AND d.source_system = m.destination
WHERE d.id = :id ORDER BY m.id
""")

_EVENTS = sa.text("""
SELECT from_state, to_state, actor, at, reason_code AS code, reason, reason_zh
FROM document_event WHERE document_id = :id ORDER BY id
""")


def _rows(session: Session, query: sa.TextClause, document_id: int) -> Sequence[sa.RowMapping]:
    return session.execute(query, {"id": document_id}).mappings().all()


def _attempts(session: Session, document_id: int) -> tuple[model.AttemptStep, ...]:
    rows = _rows(session, _ATTEMPTS, document_id)
    told = session.execute(
        _BANK_MESSAGES,
        {"batches": [row["batch_id"] for row in rows], "attempts": [row["id"] for row in rows]},
    ).all()

    def messages(attempt_id: int, batch_id: int) -> tuple[model.BankMessageStep, ...]:
        return tuple(
            model.BankMessageStep(one.id, one.kind, one.outcome, one.note, one.sha256, one.at)
            for one in told
            if one.batch_id == batch_id and one.attempt_id in (None, attempt_id)
        )

    return tuple(
        model.AttemptStep(**row, messages=messages(row["id"], row["batch_id"])) for row in rows
    )


def _matches(session: Session, document_id: int) -> tuple[model.MatchStep, ...]:
    rows = [dict(row) for row in _rows(session, _MATCHES, document_id)]
    lines = _grouped(session, _LINES, [row["id"] for row in rows], "group_id")
    return tuple(
        model.MatchStep(lines=tuple(model.LineStep(**line) for line in lines[row.pop("id")]), **row)
        for row in rows
    )


def _vouchers(session: Session, document_id: int) -> tuple[model.VoucherStep, ...]:
    rows = [dict(row) for row in _rows(session, _VOUCHERS, document_id)]
    lines = _grouped(session, _VOUCHER_LINES, [row["id"] for row in rows], "voucher_id")
    return tuple(
        model.VoucherStep(
            lines=tuple(model.VoucherLineStep(**line) for line in lines[row.pop("id")]), **row
        )
        for row in rows
    )


def _grouped(
    session: Session, query: sa.TextClause, ids: list[int], key: str
) -> dict[int, list[dict[str, Any]]]:
    """Rows by `key`, without it."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(query, {"ids": ids}).mappings():
        found[row[key]].append({name: value for name, value in row.items() if name != key})
    return found
