"""Coverage-guided fuzzing of the front door to statement files: `python -m tests.readers.fuzzing`.

Needs atheris, which nothing else does: `pip install atheris` beside the test packages. It stops by
itself, after a number of inputs or of seconds. A crash is any exception that is not a FormatError,
a line with a negative amount, or an input that takes more than ten seconds; atheris keeps the input
in the folder it runs in.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

LONGEST = 10
"""Seconds one input may take."""
STATUS_REPORT = (
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt/></Document>'
)


def target() -> Callable[[bytes], None]:
    """Everything that a file from outside goes through."""
    from engine.formats.iso20022.pain002 import read_pain002
    from engine.formats.looking import looked_into
    from engine.formats.readers import read_file, readers
    from engine.formats.reading import FormatError

    def one_input(content: bytes) -> None:
        looked_into("x", content, None, None)
        for read in (read_file, read_pain002, *(one.read for one in readers())):
            try:
                found = read(content)
            except FormatError:
                continue
            for statement in getattr(found, "statements", ()):
                assert all(line.amount >= 0 for line in statement.lines)

    readers()
    return one_input


def seeds() -> list[bytes]:
    """A small file of every format."""
    from tests.formats.making import camt, ntry, stmt
    from tests.readers.test_front_door import zipped
    from tests.readers.test_mt940 import WHOLE
    from tests.readers.test_others import BAI2, OFX, nacha

    return [
        WHOLE,
        BAI2.encode(),
        OFX.encode(),
        nacha(("22", 5), ("27", 7)).encode(),
        camt(stmt(ntry("1.00"), closing="99.00")),
        WHOLE.decode().encode("utf-16"),
        zipped(a=WHOLE, b=BAI2.encode()),
        STATUS_REPORT,
    ]


def main() -> None:
    """Fuzz within bounds. The readers are imported here: atheris watches what it sees come in."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=200_000)
    asked.add_argument("--seconds", type=int, default=120)
    bounds = asked.parse_args()
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["engine.formats"]):
        one_input = target()
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            (Path(folder) / str(number)).write_bytes(seed)
        arguments = [
            f"-runs={bounds.runs}",
            f"-max_total_time={bounds.seconds}",
            f"-timeout={LONGEST}",
            "-max_len=4096",
            folder,
        ]
        atheris.Setup([sys.argv[0], *arguments], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
