"""Windows over earlier documents of the whole group, counted in SQL for a pass at once.

Names and account numbers are compared as people mean them: `name_key` leaves out width, case,
spaces and brackets, `account_key` keeps the digits (both are functions of the database, with
indexes on them).
"""

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
    "amount": "{}.amount",
    "currency": "{}.currency",
    "business_type": "{}.business_type",
    "business_reference": "{}.business_reference",
    "payment_method": "{}.payment_method",
    "urgency": "{}.urgency",
    "creditor_type": "{}.creditor_type",
    "creditor_name": "name_key({}.counterparty_name)",
    "creditor_account": "account_key({}.counterparty_account)",
    "debtor_name": "name_key({}.counterparty_name)",
    "debtor_account": "account_key({}.counterparty_account)",
}
"""Word of the rules -> what is compared of a document; nothing else reaches the SQL below."""

_AS_WRITTEN: Mapping[str, str] = {
    "creditor_name": "{}.counterparty_name",
    "creditor_account": "{}.counterparty_account",
    "debtor_name": "{}.counterparty_name",
    "debtor_account": "{}.counterparty_account",
}

_LIVE = tuple(sorted(state.value for state in LIVE_EXCLUDED))

# What came back to its source as failed and was paid after all is money that left.
_PAID_LATE = (
    "EXISTS (SELECT 1 FROM attempt a WHERE a.document_id = e.id AND a.state = 'LATE_SUCCESS')"
)

_AGGREGATES: Mapping[str, str] = {
    "count": "count(*)",
    "sum": "coalesce(sum({of}), 0)",
    "min": "min({of})",
    "max": "max({of})",
    "distinct": "count(DISTINCT {of})",
    "last": "(array_agg({of} ORDER BY e.created_at DESC, e.id DESC))[1]",
}

MOST_TWINS = 500
"""Twins of one document that are remembered when it is held: beyond them it is held again."""


class DocumentWindows:
    """The windows of one pass. Each is counted for all of its documents by one statement.

    "Earlier" is by (created_at, id): of two equal rows of one file the second sees the first.
    Any other document that has passed its own alerts counts as well, unless it stands held:
    ids are given before transactions commit, so of two equal documents coming in at once the one
    with the lower id may be watched last; and a rejected document that is submitted again must
    see the twin that went on meanwhile.
    Where a column that must be the same, or must differ, is null, nothing is found.
    """

    def __init__(self, run: Run, documents: Sequence[Document]) -> None:
        self._run = run
        self._ids = [key(document) for document in documents]
        self._known: dict[str, dict[int, FactValue]] = {}

    def values(self, derive: Derive, facts: DataclassInstance, matter: Matter) -> FactValue:
        """The value for one document of the pass (money in minor units)."""
        del facts
        shape = f"{derive.function}:{derive.of}:{derive.same}:{derive.within.seconds}:"
        shape += f"{derive.states}:{derive.include_self}:{derive.differs}:"
        shape += f"{derive.same_or_missing}:{derive.near}:{derive.cleared}"
        if shape not in self._known:
            self._known[shape] = self._count(derive)
        return self._known[shape].get(int(matter.id))

    def twins(self, derive: Derive, document_id: int) -> tuple[int, ...]:
        """Ids of the documents a counting window found for one document of the pass."""
        condition, parameters = self._condition(derive)
        rows = self._run.session.execute(
            sa.text(
                f"SELECT e.id FROM document d JOIN document e ON {condition} "  # noqa: S608
                "WHERE d.id = :one ORDER BY e.id LIMIT :most"
            ),
            {**parameters, "one": document_id, "most": MOST_TWINS},
        )
        return tuple(int(one) for one in rows.scalars())

    def _count(self, derive: Derive) -> dict[int, FactValue]:
        condition, parameters = self._condition(derive)
        found = f"SELECT 1 FROM document e WHERE {condition}"  # noqa: S608
        if derive.function == "any":
            value = f"SELECT EXISTS ({found}) AS value"
        else:
            value = found.replace("SELECT 1", f"SELECT {_aggregate(derive)} AS value", 1)
        rows = self._run.session.execute(
            sa.text(
                f"SELECT d.id, w.value FROM document d, LATERAL ({value}) AS w "  # noqa: S608
                "WHERE d.id = ANY(:pass)"
            ),
            {**parameters, "pass": self._ids},
        )
        return {int(row.id): _exact(row.value) for row in rows}

    def _condition(self, derive: Derive) -> tuple[str, dict[str, object]]:
        """Which documents `e` count for `d`. Column names come from COLUMN_OF, everything else is
        a parameter."""
        live = derive.states == ("live",)
        states = (
            f"(NOT e.state = ANY(:states) OR {_PAID_LATE})" if live else "e.state = ANY(:states)"
        )
        itself = "OR e.id = d.id" if derive.include_self else "AND e.id <> d.id"
        before = (
            "(e.created_at, e.id) < (d.created_at, d.id) OR (NOT e.id = ANY(:ids) "
            "AND NOT e.state IN ('DRAFT', 'VALIDATED') AND NOT EXISTS (SELECT 1 "
            "FROM document_hold h WHERE h.document_id = e.id AND h.released_by IS NULL))"
        )
        parts = ["e.direction = d.direction"]
        parts += [f"{_column(w, 'e')} = {_column(w, 'd')}" for w in derive.same]
        parts += [f"{_column(w, 'e')} <> {_column(w, 'd')}" for w in derive.differs]
        parts += [
            f"coalesce({_column(w, 'e')} = {_column(w, 'd')}, true)" for w in derive.same_or_missing
        ]
        shares: dict[str, object] = {}
        for number, (word, share) in enumerate(derive.near):
            mine, other = _column(word, "d"), _column(word, "e")
            parts.append(f"abs({other} - {mine}) <= abs({mine}) * CAST(:near_{number} AS numeric)")
            shares[f"near_{number}"] = share
        if not derive.cleared:
            parts.append(
                "NOT EXISTS (SELECT 1 FROM cleared_pair c WHERE c.document_id = least(d.id, e.id) "
                "AND c.other_id = greatest(d.id, e.id))"
            )
        parts.append("e.created_at >= d.created_at - make_interval(secs => :seconds)")
        parts.append(f"((({before}) AND {states}) {itself})")
        return " AND ".join(parts), {
            "ids": self._ids,
            "seconds": derive.within.seconds,
            "states": list(_LIVE if live else derive.states),
            **shares,
        }


def _aggregate(derive: Derive) -> str:
    if derive.counts:
        return _AGGREGATES[derive.function]
    of = _column(derive.of, "e")
    if derive.function != "distinct":
        of = _AS_WRITTEN.get(derive.of, COLUMN_OF[derive.of]).format("e")
    return _AGGREGATES[derive.function].format(of=of)


def _column(word: str, table: str) -> str:
    try:
        return COLUMN_OF[word].format(table)
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
