"""The columns evaluator inside Spark beside the same kernel on this machine alone.

Run by `make bench`; needs Java 17 or later and pyspark (the extra `spark`). Five million
documents as Parquet: Spark's two local workers and the local kernel must decide every document
alike, and the seconds of both, reading and writing Parquet included, are printed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from columns import evaluator_of, make_documents, typed_table
from decide import make_rules

from engine.rules.columns.spark import ColumnsKernel, decide_frame

DOCUMENTS = 5_000_000
FILES = 4


def missing() -> str | None:
    """Return what Spark lacks here, as a sentence, or None."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed; install the extra: pip install sluicegate[spark]"
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and Path(home, "bin", "java").is_file()):
        return "there is no Java; install Java 17 or later, or set JAVA_HOME"
    return None


def write_history(folder: Path) -> pa.Schema:
    """Write the documents as typed history in some files; return their Arrow schema."""
    table = typed_table(make_documents(DOCUMENTS))
    table = table.append_column("document", pa.array(range(DOCUMENTS), pa.int64()))
    folder.mkdir()
    size = DOCUMENTS // FILES
    for part in range(FILES):
        piece = table.slice(part * size, size)
        pq.write_table(piece, folder / f"part{part}.parquet", row_group_size=1 << 18)
    return table.schema


def by_spark(kernel: ColumnsKernel, history: Path, found: Path) -> float:
    """Decide by Spark; return its seconds without starting it."""
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .appName("columns")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "65536")
        .getOrCreate()
    )
    try:
        spark.sparkContext.setLogLevel("ERROR")
        start = time.perf_counter()
        decide_frame(spark.read.parquet(str(history)), kernel).write.parquet(str(found))
        return time.perf_counter() - start
    finally:
        spark.stop()


def locally(kernel: ColumnsKernel, history: Path, found: Path) -> float:
    """Decide by the same kernel in this process; return its seconds."""
    start = time.perf_counter()
    found.mkdir()
    for file in sorted(history.iterdir()):
        made = pa.Table.from_batches(list(kernel(pq.ParquetFile(file).iter_batches(1 << 16))))
        pq.write_table(made, found / file.name)
    return time.perf_counter() - start


def answers(folder: Path) -> pa.Table:
    """Return what was decided, in the order of the documents."""
    table = pq.read_table(folder)
    return table.sort_by([("document", "ascending")]).combine_chunks()


def main() -> int:
    """Print the seconds of both; 1 when they disagree or Spark cannot run here."""
    lacking = missing()
    if lacking is not None:
        print(f"not measured: {lacking}", file=sys.stderr)
        return 1
    evaluator = evaluator_of(make_rules(100))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        schema = write_history(folder / "history")
        kernel = ColumnsKernel(
            evaluator.ruleset, evaluator.params, keep=("document",), recorded=schema
        )
        alone = locally(kernel, folder / "history", folder / "local")
        spark = by_spark(kernel, folder / "history", folder / "spark")
        ours, theirs = answers(folder / "local"), answers(folder / "spark")
        equal = theirs.cast(ours.schema).equals(ours)
        distinct = len(ours["outcome"].unique())
        print(f"{ours.num_rows:,} documents, 100 rules, Parquet to Parquet")
        print(f"  this process alone {alone:8.2f} s  {ours.num_rows / alone:>12,.0f} documents/s")
        print(f"  Spark, local[2]    {spark:8.2f} s  {ours.num_rows / spark:>12,.0f} documents/s")
        print(f"  decisions {'equal' if equal else 'DIFFER'} ({distinct} distinct outcomes)")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
