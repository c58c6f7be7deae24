"""The function Spark maps over Arrow batches, called without Spark."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping

import pyarrow as pa
import pytest

from engine.rules import DecisionRefused, Evaluator, FactValue
from engine.rules.columns import HistoryRefused
from engine.rules.columns.spark import ColumnsKernel, decide_frame
from engine.rules.decide import outcome_to_json
from tests.columns.arrow import typed
from tests.columns.test_tables import compiled, documents

TABLE = (
    "id | amount | type => money | text\nA | > 1 | claim => = amount + 1 | 张\nB | < 0 | - => 5 | -"
)


class Batches:
    """A DataFrame's batches, mapped at once."""

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self.batches = batches
        self.ddl = ""

    def mapInArrow(self, func: object, schema: str) -> Batches:
        """As Spark does it: the function travels as a pickle."""
        kernel = pickle.loads(pickle.dumps(func))
        made = Batches(list(kernel(iter(self.batches))))
        made.ddl = schema
        return made


def test_batches_are_decided_as_the_compiled_evaluator_decides() -> None:
    evaluator = compiled(TABLE, policy="unique")
    some = documents(1_000, small=True)
    history = typed(evaluator.ruleset, some)
    # What Spark hands over: strings without dictionaries, fields without metadata.
    plain = pa.table({n: _plain(history[n]) for n in history.column_names})
    kernel = ColumnsKernel(
        evaluator.ruleset, evaluator.params, keep=("document",), recorded=history.schema
    )
    made = decide_frame(Batches(plain.to_batches(max_chunksize=300)), kernel)
    assert isinstance(made, Batches)
    assert made.ddl == (
        "`document` string, rows array<string>, outcome string, refused string, message string"
    )
    lines = pa.Table.from_batches(made.batches).to_pylist()
    assert [line["document"] for line in lines] == [f"D{at}" for at in range(1_000)]
    for facts, line in zip(some, lines, strict=True):
        assert line == {"document": line["document"], **_line(evaluator, facts)}


def test_no_batches_are_no_decisions() -> None:
    evaluator = compiled(TABLE)
    assert list(ColumnsKernel(evaluator.ruleset, evaluator.params)(iter([]))) == []


def test_a_batch_that_cannot_be_read_stops_the_job() -> None:
    evaluator = compiled(TABLE)
    batch = pa.RecordBatch.from_pydict({"amount": [1.5], "type": ["claim"]})
    with pytest.raises(HistoryRefused, match="HISTORY_FLOAT"):
        list(ColumnsKernel(evaluator.ruleset, evaluator.params)(iter([batch])))


def _line(evaluator: Evaluator, facts: Mapping[str, FactValue]) -> dict[str, object]:
    line: dict[str, object] = dict.fromkeys(("rows", "outcome", "refused", "message"))
    try:
        made = outcome_to_json(evaluator.ruleset, evaluator.decide(facts))
    except DecisionRefused as refused:
        return line | {"refused": refused.code, "message": refused.text.en}
    outcome = json.dumps(made["outcome"], ensure_ascii=False)
    return line | {"rows": made["rows"], "outcome": outcome}


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
