"""The documents of a preview: a history table, split by the branches whose parameters hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.base.bounded import Bounded
from engine.rules.columns import FactColumns, HistoryRefused, read_facts
from engine.rules.columns.facts import Coded, FactColumn, Whole
from engine.rules.model import Column, Ruleset
from engine.rules.params import OrgTree, ancestors
from engine.rules.preview.money import Amounts
from engine.rules.preview.worlds import OrgPath

DOCUMENT, BRANCH, ORG_PATH = "document", "branch", "org_path"
"""Columns of a history that are no facts: identifier, organisation code, codes from the root."""

KEPT_PARTS = 16
"""Typed parts kept per history: each distinct set of facts and branches is one."""

_INT64 = 2**63

Index = npt.NDArray[np.int64]
Paths = Callable[[str | None], OrgPath | None]
"""Organisation code of a document (None: not given) -> its path, or None when it is unknown."""


@dataclass(frozen=True, slots=True)
class Branch:
    """An organisation that documents belong to; `path` is None when nobody knows it."""

    code: str | None
    path: OrgPath | None


def paths_in(orgs: OrgTree) -> Paths:
    """Paths by an organisation tree: a code outside it is unknown."""

    def path(code: str | None) -> OrgPath | None:
        if code is None or code not in orgs:
            return None
        return (*reversed(list(ancestors(orgs, code))), code)

    return path


class Documents:
    """N documents. Typed parts of them are kept, so that the next draft is decided at once."""

    def __init__(self, table: pa.Table, paths: Paths) -> None:
        self.table = table
        self.rows = table.num_rows
        codes, known = _codes(table)
        self.branches = tuple(_branch(table, code, paths) for code in known)
        self.branch_at = codes
        """Per document the index of its branch."""
        self._parts: Bounded[Hashable, FactColumns] = Bounded(KEPT_PARTS)

    def name(self, at: int) -> str:
        """The identifier of a document: its own, else its place in the file (#1 is the first)."""
        if DOCUMENT not in self.table.column_names:
            return f"#{at + 1}"
        value = self.table.column(DOCUMENT)[at].as_py()
        return f"#{at + 1}" if value is None else str(value)

    def of(self, branches: Sequence[int]) -> Index | None:
        """The documents of some branches in file order; None means all of them."""
        if len(branches) == len(self.branches):
            return None
        return np.flatnonzero(np.isin(self.branch_at, np.asarray(branches, dtype=np.int64)))

    def count(self, branches: Sequence[int]) -> int:
        """How many documents some branches have."""
        at = self.of(branches)
        return self.rows if at is None else len(at)

    def facts(self, ruleset: Ruleset, branches: Sequence[int]) -> FactColumns:
        """The facts `ruleset` reads of the documents of some branches. Raises HistoryRefused."""
        reading = _reading(ruleset)
        at = self.of(branches)
        try:
            whole = self._parts.get((reading, None), lambda: read_facts(self.table, ruleset))
        except HistoryRefused:
            if at is None:
                raise
            # What is wrong elsewhere neither stops these branches nor is told here.
            part = self.table.take(pa.array(at))
            return self._parts.get((reading, tuple(branches)), lambda: read_facts(part, ruleset))
        if at is None:
            return whole
        return self._parts.get((reading, tuple(branches)), lambda: _taken(whole, at))

    def amounts(self, money: Column, ruleset: Ruleset, branches: Sequence[int]) -> Amounts:
        """The amounts in the column `money`, minor units of the ruleset's currency; null is 0.

        One per document of the history; those of other branches mean nothing.
        """
        reader = replace(ruleset, facts={money.name: replace(money, nullable=True, minimum=None)})
        found = _numbers(self.facts(reader, branches).column(money.name))
        at = self.of(branches)
        if at is None:
            return found
        spread = np.zeros(self.rows, dtype=found.dtype)
        spread[at] = found
        return spread


def _numbers(column: FactColumn) -> Amounts:
    if isinstance(column, Whole):
        numbers = column.numbers.astype(np.int64)
        return numbers if column.nulls is None else np.where(column.nulls, 0, numbers)
    values = np.array([one if isinstance(one, int) else 0 for one in column.values], object)
    fits = all(abs(one) < _INT64 for one in values)
    return (values.astype(np.int64) if fits else values)[column.codes]


def _taken(facts: FactColumns, at: Index) -> FactColumns:
    """Some documents of `facts`."""
    return FactColumns(len(at), {name: _some(one, at) for name, one in facts.columns.items()})


def _some(column: FactColumn, at: Index) -> FactColumn:
    if isinstance(column, Coded):
        return Coded(column.codes[at], column.values)
    nulls = None if column.nulls is None else column.nulls[at]
    return replace(column, numbers=column.numbers[at], nulls=nulls)


def _codes(table: pa.Table) -> tuple[Index, list[str | None]]:
    """Per document the index of its organisation, and the organisations."""
    name = next((one for one in (ORG_PATH, BRANCH) if one in table.column_names), None)
    if name is None:
        return np.zeros(table.num_rows, dtype=np.int64), [None]
    column = table.column(name).combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    # One list of names: a dictionary may hold a name twice, or "" beside null.
    names: dict[str | None, int] = {}
    for written in [*column.dictionary.to_pylist(), None]:
        names.setdefault(_name(written), len(names))
    numbers = [names[_name(written)] for written in [*column.dictionary.to_pylist(), None]]
    indices = pc.fill_null(column.indices.cast(pa.int64()), len(numbers) - 1)
    codes = np.asarray(numbers, dtype=np.int64)[indices.to_numpy(zero_copy_only=False)]
    present = np.unique(codes)
    listed = list(names)
    return np.searchsorted(present, codes), [listed[one] for one in present]


def _name(written: str | None) -> str | None:
    return None if written is None else (written.strip() or None)


def _branch(table: pa.Table, code: str | None, paths: Paths) -> Branch:
    if code is not None and ORG_PATH in table.column_names:
        path = tuple(code.split("/"))
        return Branch(path[-1], path)
    return Branch(code, paths(code))


def _reading(ruleset: Ruleset) -> Hashable:
    """What a table is read by: rulesets with equal readings share the typed columns."""
    return (
        ruleset.kind,
        ruleset.currency,
        tuple(
            (
                one.name,
                one.type,
                one.nullable,
                one.minimum,
                None if one.values is None else tuple(one.values),
                one.derived,
            )
            for one in ruleset.facts.values()
        ),
    )
