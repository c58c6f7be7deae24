"""CPU seconds to decide a million documents: bit tables beside polars and numpy's select.

Run by `make bench`. One run, one process, the same 100 rules and documents, each engine from the
form that suits it best, read beforehand: ours dictionary-coded Arrow, polars Enum columns, pandas
numpy arrays of codes. Every engine must name the same first row for every document. CPU seconds
are those of all threads of the process, the best of five passes. Targets: at most half of
polars' CPU at 100 rules, and 1,000 rules at most 4 × the cost of 100.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
from decide import CHANNELS, HEAD, TYPES, VOCABULARY, Rule, make_rules

from engine.rules import Evaluator, branch_params, compile_ruleset, load_ruleset, parse_vocabulary
from engine.rules.columns import CURRENCY_KEY, TYPE_KEY, ColumnsEvaluator, read_facts

DOCUMENTS = 1_000_000
MOST_OF_POLARS = 0.5
MOST_GROWTH = 4.0

Rows = npt.NDArray[np.int32]
"""Index of the first rule that matches each document, -1 for none."""


@dataclass(frozen=True)
class Documents:
    """Columns of the documents, as plain arrays. Codes stand for TYPES and CHANNELS."""

    amount: npt.NDArray[np.int64]
    creditor_type: npt.NDArray[np.int32]
    channel: npt.NDArray[np.int32]
    urgent: npt.NDArray[np.bool_]
    days: npt.NDArray[np.int64]


def make_documents(count: int) -> Documents:
    """Documents as in benchmarks/decide.py, without the fields no rule reads."""
    rng = np.random.default_rng(2)
    return Documents(
        rng.integers(0, 10_000_000, count),
        rng.integers(0, len(TYPES), count, dtype=np.int32),
        rng.integers(0, len(CHANNELS), count, dtype=np.int32),
        rng.random(count) < 0.5,
        rng.integers(0, 60, count),
    )


def typed_table(d: Documents) -> pa.Table:
    """Return the documents as our own typed history."""

    def coded(codes: npt.NDArray[np.int32], values: tuple[str, ...]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(values))

    columns = {
        "amount": (pa.array(d.amount), {TYPE_KEY: b"money", CURRENCY_KEY: b"CNY"}),
        "creditor_type": (coded(d.creditor_type, TYPES), {TYPE_KEY: b"code"}),
        "channel": (coded(d.channel, CHANNELS), {TYPE_KEY: b"code"}),
        "urgent": (pa.array(d.urgent), {TYPE_KEY: b"bool"}),
        "days": (pa.array(d.days), {TYPE_KEY: b"int"}),
    }
    fields = [pa.field(n, a.type, metadata=m) for n, (a, m) in columns.items()]
    return pa.table([array for array, _ in columns.values()], schema=pa.schema(fields))


def evaluator_of(rules: list[Rule]) -> Evaluator:
    """Return the rules as a compiled ruleset."""
    vocabulary, _ = parse_vocabulary("vocabulary.yaml", VOCABULARY)
    assert vocabulary is not None
    rows = "".join(
        f"  R{n} | [{r.low / 100:.2f}..{r.high / 100:.2f}) | {', '.join(r.types)} | {r.channel} "
        f"| {str(r.urgent).lower()} | <= {r.days} => reviewer\n"
        for n, r in enumerate(rules)
    )
    loaded = load_ruleset("bench.yaml", HEAD + rows, vocabulary)
    assert loaded.ruleset is not None, loaded.findings[:3]
    return compile_ruleset(loaded.ruleset, branch_params(loaded.ruleset, ()))


def ours(rules: list[Rule], d: Documents) -> Callable[[], Rows]:
    """Bit tables: reading the Arrow table, deciding, and counting the hits of every rule."""
    evaluator = evaluator_of(rules)
    columns, table = ColumnsEvaluator(evaluator), typed_table(d)

    def run() -> Rows:
        decided = columns.decide(read_facts(table, evaluator.ruleset))
        rows = [
            int(one.rows[0][1:]) if not isinstance(one, Exception) and one.rows else -1
            for one in decided.decisions
        ]
        return np.array(rows, np.int32)[decided.codes]

    return run


def by_polars(rules: list[Rule], d: Documents) -> Callable[[], Rows]:
    """One chain of when/then over Enum columns, as polars' own documentation has it."""
    frame = pl.DataFrame(
        {
            "amount": d.amount,
            "creditor_type": pl.Series(np.array(TYPES)[d.creditor_type], dtype=pl.Enum(TYPES)),
            "channel": pl.Series(np.array(CHANNELS)[d.channel], dtype=pl.Enum(CHANNELS)),
            "urgent": d.urgent,
            "days": d.days,
        }
    )
    chain = pl
    for n, r in enumerate(rules):
        test = (
            pl.col("amount").is_between(r.low, r.high, closed="left")
            & ((pl.col("creditor_type") == r.types[0]) | (pl.col("creditor_type") == r.types[1]))
            & (pl.col("channel") == r.channel)
            & (pl.col("urgent") if r.urgent else ~pl.col("urgent"))
            & (pl.col("days") <= r.days)
        )
        chain = chain.when(test).then(pl.lit(n, pl.Int32))
    query = frame.lazy().select(chain.otherwise(pl.lit(-1, pl.Int32)).alias("row"))

    def run() -> Rows:
        return query.collect()["row"].to_numpy()

    return run


def by_pandas(rules: list[Rule], d: Documents) -> Callable[[], Rows]:
    """np.select over the columns of a DataFrame, categories compared as codes."""
    frame = pd.DataFrame(vars(d))

    def run() -> Rows:
        amount, days = frame["amount"].to_numpy(), frame["days"].to_numpy()
        types, channel = frame["creditor_type"].to_numpy(), frame["channel"].to_numpy()
        urgent = frame["urgent"].to_numpy()
        tests = [
            (amount >= r.low)
            & (amount < r.high)
            & ((types == TYPES.index(r.types[0])) | (types == TYPES.index(r.types[1])))
            & (channel == CHANNELS.index(r.channel))
            & (urgent == r.urgent)
            & (days <= r.days)
            for r in rules
        ]
        return np.select(tests, list(range(len(rules))), -1).astype(np.int32)

    return run


def cpu_seconds(run: Callable[[], Rows], passes: int = 5) -> tuple[float, float, Rows]:
    """Return the least CPU seconds and wall seconds of some passes, and the rows."""
    cpu, wall, rows = float("inf"), float("inf"), np.empty(0, np.int32)
    for _ in range(passes):
        start, began = time.process_time(), time.perf_counter()
        rows = run()
        cpu = min(cpu, time.process_time() - start)
        wall = min(wall, time.perf_counter() - began)
    return cpu, wall, rows


def peak() -> int:
    """Return the process's peak memory so far in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measured(name: str, rules: list[Rule], run: Callable[[], Rows]) -> tuple[float, Rows]:
    """Print one line; return the CPU seconds and the rows."""
    before = peak()
    cpu, wall, rows = cpu_seconds(run)
    memory = f"peak memory +{peak() - before} MiB"
    print(f"{name:<12}{len(rules):>6}{cpu:>9.3f}{wall:>9.3f}   {memory}")
    return cpu, rows


def main() -> int:
    """Print CPU and wall seconds of each engine; 1 when a target is missed."""
    documents = make_documents(DOCUMENTS)
    few, many = make_rules(100), make_rules(1000)
    print(f"{'engine':<12}{'rules':>6}{'CPU s':>9}{'wall s':>9}   {DOCUMENTS:,} documents")
    small, rows = measured("sluicegate", few, ours(few, documents))
    large, _ = measured("sluicegate", many, ours(many, documents))
    spent = {}
    for name, make in {"polars": by_polars, "pandas": by_pandas}.items():
        spent[name], theirs = measured(name, few, make(few, documents))
        if not np.array_equal(rows, theirs):
            raise SystemExit(f"sluicegate and {name} name different rows")
    share, growth = small / spent["polars"], large / small
    met = share <= MOST_OF_POLARS and growth <= MOST_GROWTH
    print(
        f"{share:.2f} × polars' CPU (at most {MOST_OF_POLARS:g}), "
        f"1,000 rules cost {growth:.1f} × 100 rules (at most {MOST_GROWTH:g}): "
        f"{'met' if met else 'missed'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
