"""The program that opens workbooks. Started as a file by `workbooks`, it imports nothing of ours.

A damaged workbook can make the library ask for more memory than there is, which ends the program it
runs in; so it runs in this one, with limits, and never in the one that serves people. It reads a
workbook from its input and writes rows as lines of JSON; a line that is no list says why not.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import resource
import sys
from collections.abc import Iterator
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

MAX_CELLS = 5_000_000
_MEMORY = 1536 * 1024 * 1024
_SECONDS = 60


def cell_text(cell: object) -> str:
    """A cell as its text: whole numbers without a fraction, days as 2026-12-01."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float():
            # 15 digits are what a workbook holds for certain; more would show its binary rest.
            exact = Decimal(f"{cell:.15g}")
            return f"{int(exact)}" if exact == exact.to_integral_value() else f"{exact:f}"
        case dt.datetime():
            midnight = cell.time() == dt.time()
            return f"{cell:%Y-%m-%d}" if midnight else f"{cell:%Y-%m-%d %H:%M:%S}"
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


def rows(content: bytes, wanted: str) -> Iterator[object]:
    """Rows of the sheet called `wanted` (the first when it is empty), or what is wrong."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        name = wanted or next(iter(names), "")
        if name not in names:
            yield {"sheets": names}
            return
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height * sheet.total_width > MAX_CELLS:
            yield {"cells": sheet.total_height * sheet.total_width}
            return
        lines = sheet.to_python(skip_empty_area=False)
    except (CalamineError, PasswordError, OSError, ValueError) as error:
        yield {"damaged": str(error)[:200]}
        return
    for line in lines:
        yield [cell_text(cell) for cell in line]


def main() -> None:
    """Give up what is not needed, then answer."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for one in rows(sys.stdin.buffer.read(), sys.argv[1]):
        # Lone surrogates in a damaged text stay what they are: JSON escapes them.
        sys.stdout.write(json.dumps(one) + "\n")
    sys.stdout.write('{"end": true}\n')


if __name__ == "__main__":
    main()
