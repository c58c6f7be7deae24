"""Windows over earlier documents of the whole group, counted in SQL for a pass at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.base.text import SluiceError, Text
from engine.rulebook import Matter
from engine.rules.kind import FactValue
from engine.rules.model import Derive
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import LIVE_EXCLUDED
from engine.treasury.intake.run import Run, key

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

COLUMN_OF: Mapping[str, str] = {
    "amount": "amount",
    "currency": "currency",
    "business_type": "business_type",
    "business_reference": "business_reference",
    "payment_method": "payment_method",
    "urgency": "urgency",
    "creditor_type": "creditor_type",
    "creditor_name": "counterparty_name",
    "creditor_account": "counterparty_account",
    "debtor_name": "counterparty_name",
    "debtor_account": "counterparty_account",
}
"""Word of the rules -> column of document; nothing else reaches the SQL below."""

_LIVE = tuple(sorted(state.value for state in LIVE_EXCLUDED))

_AGGREGATES: Mapping[str, str] = {
    "count": "count(*)",
    "sum": "coalesce(sum(e.{of}), 0)",
    "min": "min(e.{of})",
    "max": "max(e.{of})",
    "distinct": "count(DISTINCT e.{of})",
    "last": "(array_agg(e.{of} ORDER BY e.created_at DESC, e.id DESC))[1]",
}


class DocumentWindows:
    """The windows of one pass. Each is counted for all of its documents by one statement.

    "Earlier" is by (created_at, id): of two equal rows of one file the second sees the first.
    Any other document that has passed its own alerts counts as well, unless it stands held:
    ids are given before transactions commit, so of two equal documents coming in at once the one
    with the lower id may be watched last; and a rejected document that is submitted again must
    see the twin that went on meanwhile.
    Where a column that must be the same is null, nothing is the same.
    """

    def __init__(self, run: Run, documents: Sequence[Document]) -> None:
        self._run = run
        self._ids = [key(document) for document in documents]
        self._known: dict[str, dict[int, FactValue]] = {}

    def values(self, derive: Derive, facts: DataclassInstance, matter: Matter) -> FactValue:
        """The value for one document of the pass (money in minor units)."""
        del facts
        shape = f"{derive.function}:{derive.of}:{derive.same}:{derive.within.seconds}:"
        shape += f"{derive.states}:{derive.include_self}"
        if shape not in self._known:
            self._known[shape] = self._count(derive)
        return self._known[shape].get(int(matter.id))

    def _count(self, derive: Derive) -> dict[int, FactValue]:
        of = "" if derive.function == "count" else _column(derive.of)
        aggregate = _AGGREGATES[derive.function].format(of=of)
        same = " AND ".join(f"e.{_column(w)} = d.{_column(w)}" for w in derive.same) or "true"
        live = derive.states == ("live",)
        states = "NOT e.state = ANY(:states)" if live else "e.state = ANY(:states)"
        itself = "OR e.id = d.id" if derive.include_self else "AND e.id <> d.id"
        before = (
            "(e.created_at, e.id) < (d.created_at, d.id) OR (NOT e.id = ANY(:ids) "
            "AND NOT e.state IN ('DRAFT', 'VALIDATED') AND NOT EXISTS (SELECT 1 "
            "FROM document_hold h WHERE h.document_id = e.id AND h.released_by IS NULL))"
        )
        rows = self._run.session.execute(
            # Column names come from COLUMN_OF, everything else is a parameter.
            sa.text(f"""
                SELECT d.id, w.value FROM document d, LATERAL (
                  SELECT {aggregate} AS value FROM document e
                  WHERE e.direction = d.direction AND {same}
                    AND e.created_at >= d.created_at - make_interval(secs => :seconds)
                    AND ((({before}) AND {states}) {itself})) AS w
                WHERE d.id = ANY(:ids)"""),  # noqa: S608
            {
                "ids": self._ids,
                "seconds": derive.within.seconds,
                "states": list(_LIVE if live else derive.states),
            },
        )
        return {int(row.id): _exact(row.value) for row in rows}


def _column(word: str) -> str:
    try:
        return COLUMN_OF[word]
    except KeyError:
        raise SluiceError(
            "WINDOW_WORD",
            Text(
                f"windows over documents cannot use {word!r}; use one of {', '.join(COLUMN_OF)}",
                f"单据窗口不能使用 {word!r};可用:{', '.join(COLUMN_OF)}",
            ),
        ) from None


def _exact(value: object) -> FactValue:
    """Sums of BIGINT come back as exact decimals without a fraction."""
    if value is None or isinstance(value, str | bool | int):
        return value
    return int(str(value))
