"""The columns evaluator inside Spark: the same kernel, on batches of a DataFrame.

    kernel = ColumnsKernel(ruleset, branch_params(ruleset, ("GROUP", "SH")), keep=("document",))
    decided = decide_frame(spark.read.parquet("history"), kernel)

Nothing here needs pyspark before there is a DataFrame; the extra `spark` installs it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from engine.rules.columns.evaluate import ColumnsEvaluator
from engine.rules.columns.reading import read_facts
from engine.rules.compile import compile_ruleset
from engine.rules.decide import Decision, DecisionRefused, outcome_to_json
from engine.rules.model import Ruleset, Value

_ENOUGH = 1 << 18
"""Documents decided together. Spark sends a few thousand at a time, and tables cost as much for
a thousand documents as for a million."""

ROWS = pa.field("rows", pa.list_(pa.string()))
OUTCOME = pa.field("outcome", pa.string())
REFUSED = pa.field("refused", pa.string())
MESSAGE = pa.field("message", pa.string())


class Frame(Protocol):
    """What is used of a Spark DataFrame."""

    def mapInArrow(
        self, func: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], schema: str
    ) -> Frame:
        """Return the batches that `func` makes of this frame's batches."""


class ColumnsKernel:
    """Decides batches of documents. It travels to the workers as ruleset and parameters.

    `keep` are columns passed through, as texts. `recorded` is the Arrow schema of our own typed
    history: Spark drops the metadata of its fields, which say what the numbers are.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        params: Mapping[str, Value],
        *,
        keep: Sequence[str] = (),
        recorded: pa.Schema | None = None,
    ) -> None:
        self._ruleset = ruleset
        self._params = dict(params)
        self._keep = tuple(keep)
        self._recorded = recorded

    @property
    def ddl(self) -> str:
        """The schema of the batches returned, as Spark writes it.

        Per document the columns kept, `rows` that decided, `outcome` as JSON, and for a document
        that cannot be decided the code and the English sentence of its refusal.
        """
        kept = "".join(f"`{name}` string, " for name in self._keep)
        return f"{kept}rows array<string>, outcome string, refused string, message string"

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Decide batches. Raises HistoryRefused, and KeyError for a column to keep."""
        evaluator = ColumnsEvaluator(compile_ruleset(self._ruleset, self._params))
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(one.num_rows for one in waiting) >= _ENOUGH:
                yield from self._decide(evaluator, waiting)
                waiting = []
        if waiting:
            yield from self._decide(evaluator, waiting)

    def _decide(
        self, evaluator: ColumnsEvaluator, batches: list[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        table = self._typed(pa.Table.from_batches(batches))
        decided = evaluator.decide(read_facts(table, self._ruleset))
        rows: list[list[str] | None] = []
        outcomes: list[str | None] = []
        refusals: list[str | None] = []
        messages: list[str | None] = []
        for one in decided.decisions:
            refused = one if isinstance(one, DecisionRefused) else None
            refusals.append(None if refused is None else refused.code)
            messages.append(None if refused is None else refused.text.en)
            made = None if isinstance(one, DecisionRefused) else one
            rows.append(None if made is None else list(made.rows))
            outcomes.append(None if made is None else self._outcome(made))
        codes = pa.array(decided.codes)
        distinct = ((rows, ROWS), (outcomes, OUTCOME), (refusals, REFUSED), (messages, MESSAGE))
        columns = [(field, pa.array(each, field.type).take(codes)) for each, field in distinct]
        kept = [
            (pa.field(name, pa.string()), table.column(name).cast(pa.string()))
            for name in self._keep
        ]
        fields, arrays = zip(*kept, *columns, strict=True)
        yield from pa.table(list(arrays), schema=pa.schema(fields)).to_batches()

    def _outcome(self, decision: Decision) -> str:
        outcome = outcome_to_json(self._ruleset, decision)["outcome"]
        return json.dumps(outcome, ensure_ascii=False)

    def _typed(self, table: pa.Table) -> pa.Table:
        if self._recorded is None:
            return table
        fields = []
        for field in table.schema:
            at = self._recorded.get_field_index(field.name)
            known = None if at < 0 else self._recorded.field(at).metadata
            fields.append(field if known is None else field.with_metadata(known))
        return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def decide_frame(frame: Frame, kernel: ColumnsKernel) -> Frame:
    """Return the decisions of a Spark DataFrame of documents, with the kernel's columns."""
    return frame.mapInArrow(kernel, kernel.ddl)
