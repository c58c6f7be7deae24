"""Bank files by their layouts: writing, reading with every check, and memory, per core.

Run by `make bench`. One run, one process: reading is compared with a bare csv.reader loop over the
same bytes (1 = its CPU time). 300,000 generated rows go out and back in every form; the bytes and
the values must be the same. A million rows are written and read in a process of its own, whose
memory is measured. Targets: reading at most 8 ×, writing at least 100,000 rows/s, 64 MB.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from engine.formats.layouts import FileReader, Layout, load, write
from engine.formats.layouts.folder import LAYOUTS
from engine.formats.layouts.model import Value

ROWS = 300_000
MANY = 1_000_000
MOST_OF_CSV = 8.0
LEAST_WRITTEN = 100_000
MOST_MEMORY = 64 * 1024
"""Kilobytes of the process that writes and reads MANY rows."""

FORMS = {"bars-payment": "|", "fixed-payment": "|", "comma-payment": ","}
"""Shipped layout -> separator of the bare loop (a fixed line is one cell for it)."""
NAMES = (
    "instruction_id",
    "counterparty_account",
    "counterparty_name",
    "counterparty_bank_code",
    "amount",
    "remittance",
)
HEAD: dict[str, Value] = {
    "message_id": "PB20261123-000001",
    "direction": "pay",
    "account_number": "6100000001",
    "account_name": "演示保险北京",
    "account_bank_code": "901100000001",
    "currency": "CNY",
    "value_date": dt.date(2026, 11, 23),
}


def layout(name: str) -> Layout:
    """A shipped layout that takes any number of rows."""
    path = LAYOUTS / f"{name}.yaml"
    made = load(path.read_text("utf-8"), path.name)
    return dataclasses.replace(made, file=dataclasses.replace(made.file, max_rows=None))


def rows(count: int) -> Iterator[tuple[Value, ...]]:
    """Payments as they come: Chinese names, every third without a bank code."""
    for number in range(1, count + 1):
        yield (
            f"D20261123-{number:07d}-1",
            f"6222021{number:09d}",
            f"王伟{number % 977}公司",
            "901100000001" if number % 3 else None,
            number * 7 + 1,
            f"D20261123-{number:07d} 赔款",
        )


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def read(made: Layout, stream: BinaryIO) -> int:
    """All rows of a file with every check; how many."""
    return sum(len(chunk) for chunk in FileReader(made).chunks(stream))


def bare(raw: bytes, separator: str) -> int:
    """What any reader in Python has to do."""
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="gb18030", newline="")
    return sum(1 for _ in csv.reader(text, delimiter=separator))


def back(made: Layout, raw: bytes) -> Iterator[tuple[Value, ...]]:
    """The rows of a file in the order of NAMES."""
    for chunk in FileReader(made).chunks(io.BytesIO(raw)):
        yield from zip(*(chunk.columns[name] for name in NAMES), strict=True)


def speed(name: str, separator: str) -> bool:
    """Print the figures of one form; whether all hold."""
    made, given = layout(name), list(rows(ROWS))
    out = io.BytesIO()
    writing = best(lambda: (out.seek(0), write(made, HEAD, NAMES, given, out)))
    raw = out.getvalue()
    again = io.BytesIO()
    write(made, HEAD, NAMES, back(made, raw), again)
    assert again.getvalue() == raw, f"{name}: the bytes differ"
    assert all(one == other for one, other in zip(back(made, raw), given, strict=True)), name
    reading = best(lambda: read(made, io.BytesIO(raw)))
    loop = best(lambda: bare(raw, separator))
    per_second, times = ROWS / writing, reading / loop
    good = per_second >= LEAST_WRITTEN and times <= MOST_OF_CSV
    print(
        f"{name:16}{ROWS:>9,}{per_second:>12,.0f}{ROWS / reading:>12,.0f}{ROWS / loop:>12,.0f}"
        f"{times:>8.1f}{'' if good else '  SLOW'}"
    )
    return good


def write_and_read_many(name: str, path: Path) -> int:
    """Peak kilobytes of this process after MANY rows went out to `path` and back."""
    made = layout(name)
    with path.open("wb") as out:
        write(made, HEAD, NAMES, rows(MANY), out)
    with path.open("rb") as stream:
        assert read(made, stream) == MANY
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def memory(name: str) -> bool:
    """Print the memory of one form; whether it holds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1) as pool,
    ):
        path = Path(folder) / name
        most = pool.apply(write_and_read_many, (name, path))
        size = path.stat().st_size
    good = most <= MOST_MEMORY
    print(
        f"{name:16}{MANY:>9,}{size / 1e6:>9.0f} MB{most / 1024:>9.0f} MB{'' if good else '  LARGE'}"
    )
    return good


def main() -> int:
    """Print a line for each form and figure; 1 when one is over its limit."""
    # Memory first: the peak of a child begins at what its parent holds when it starts.
    print(f"{'layout':16}{'rows':>9}{'file':>12}{'memory':>12}")
    good = [memory(name) for name in FORMS]
    print(f"{'layout':16}{'rows':>9}{'written/s':>12}{'read/s':>12}{'csv/s':>12}{'times':>8}")
    good += [speed(name, separator) for name, separator in FORMS.items()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
