"""Documents whose money left by an attempt that had been called failed."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

# A document that replaces another pays the same obligation: what left for any of them counts. An
# open line with the reference and amount of a failed attempt is money too, even where nothing can
# be confirmed by it, since its document came back, is void or being approved anew.
_PAID_AFTER_ALL = sa.text("""
WITH RECURSIVE chain AS (
  SELECT d.id AS document_id, d.id AS earlier_id, d.replaces_id FROM document d
  WHERE d.id = ANY(:ids)
  UNION ALL
  SELECT c.document_id, d.id, d.replaces_id FROM chain c JOIN document d ON d.id = c.replaces_id
)
SELECT DISTINCT c.document_id FROM chain c
JOIN attempt a ON a.document_id = c.earlier_id
JOIN payment_batch b ON b.id = a.batch_id
WHERE a.state = 'LATE_SUCCESS' OR a.state = 'FAILED' AND EXISTS (
  SELECT 1 FROM statement_line l
  WHERE l.our_reference = a.instruction_id AND l.account_id = b.account_id
    AND l.amount = a.amount AND l.currency = b.currency
    AND l.direction = CASE b.direction WHEN 'pay' THEN 'debit' ELSE 'credit' END
    AND NOT EXISTS (SELECT 1 FROM match_item m
                    WHERE m.kind = 'statement_line' AND m.ref_id = l.id AND m.live))
""")


def paid_after_all(session: Session, document_ids: Sequence[int]) -> frozenset[int]:
    """Those of the documents that were paid (or collected) after a failure, or the ones they
    replace: none of them may leave again."""
    session.flush()
    rows = session.execute(_PAID_AFTER_ALL, {"ids": list(document_ids)})
    return frozenset(int(one) for one in rows.scalars())
