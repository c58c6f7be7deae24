"""Rulesets compiled for whole columns; the last are kept: every preview asks what is live."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from engine.rules.columns import ColumnsEvaluator
from engine.rules.compile import compile_ruleset
from engine.rules.model import Ruleset, Value

ParamSet = tuple[tuple[str, Value], ...]
"""Parameters in force, by name: the branches that share them are decided together."""

MOST = 256
MOST_ROWS = 60_000
"""Rows of all that is kept: one of 5,000 rows takes tens of megabytes, and each edit of it makes
another."""


class Compiled:
    """The evaluators asked for last. Equal are those of one ruleset under equal parameters: the
    same text under another vocabulary is another ruleset."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._lock = Lock()
        self._rows = 0
        self._known: OrderedDict[tuple[int, ParamSet], tuple[Ruleset, ColumnsEvaluator]] = (
            OrderedDict()
        )

    def __len__(self) -> int:
        return len(self._known)

    def evaluator(self, ruleset: Ruleset, params: ParamSet) -> ColumnsEvaluator:
        """The ruleset under these parameters, compiled now if it is not known."""
        # The ruleset is kept beside its number, so that no other one gets that number.
        key = (id(ruleset), params)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key][1]
        made = ColumnsEvaluator(compile_ruleset(ruleset, dict(params)))
        with self._lock:
            if key not in self._known:
                self._known[key] = (ruleset, made)
                self._rows += len(ruleset.table.rows)
            while len(self._known) > 1 and (
                len(self._known) > MOST or self._rows > self._most_rows
            ):
                _, (dropped, _) = self._known.popitem(last=False)
                self._rows -= len(dropped.table.rows)
        return made


COMPILED = Compiled()
