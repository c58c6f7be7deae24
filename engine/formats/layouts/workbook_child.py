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

from lxml import etree, html
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How xlsx and xls begin."""
MAX_CELLS = 5_000_000
MAX_COLUMNS = 256
_SHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
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


def typed_cell(cell: object) -> object:
    """A cell as it is kept: numbers stay numbers, so that what was lost of them can be seen; of a
    point in time its day."""
    match cell:
        case str() | bool() | int() | float():
            return cell
        case dt.datetime():
            return cell.date().isoformat()
        case None:
            return ""
        case _:
            return str(cell)


def rows(content: bytes, wanted: str, *, typed: bool = False) -> Iterator[object]:
    """Rows of the sheet called `wanted` (the first when it is empty), or what is wrong. Of a web
    page or an XML sheet under the name of a workbook: the rows of all its tables."""
    if not content.startswith(BOOKS):
        yield from _marked_up(content)
        return
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
        yield [typed_cell(cell) if typed else cell_text(cell) for cell in line]


def _marked_up(content: bytes) -> Iterator[object]:
    try:
        text = _decoded(content)
        found = _xml_rows(text) if _SHEET[1:-1] in text else _html_rows(text)
        cells = 0
        for row in found:
            cells += len(row)
            if len(row) > MAX_COLUMNS or cells > MAX_CELLS:
                yield {"cells": cells}
                return
            yield row
    except (etree.LxmlError, ValueError) as error:
        yield {"damaged": str(error)[:200]}


def _decoded(content: bytes) -> str:
    for mark, codec in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(codec).removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _html_rows(text: str) -> Iterator[list[str]]:
    """Rows of every table that holds none itself; a cell over several columns is followed by
    empty ones."""
    parser = html.HTMLParser(no_network=True, remove_comments=True, huge_tree=False)
    for table in html.document_fromstring(text, parser=parser).iter("table"):
        if table.find(".//table") is not None:
            continue
        for line in table.iter("tr"):
            row: list[str] = []
            for cell in line.iterchildren("td", "th"):
                row.append(" ".join("".join(str(one) for one in cell.itertext()).split()))
                span = cell.get("colspan", "1").strip()
                row += [""] * (min(int(span), MAX_COLUMNS + 1) - 1 if span.isdecimal() else 0)
            yield row


def _xml_rows(text: str) -> Iterator[list[str]]:
    """Rows of an XML sheet as Excel 2003 writes it; `Index` says which columns are left out."""
    if "<!DOCTYPE" in text:
        raise ValueError("it has a DOCTYPE, which no sheet has")
    bare = text.partition("?>")[2] if text.startswith("<?xml") else text
    parser = etree.XMLParser(
        no_network=True,
        remove_comments=True,
        huge_tree=False,
        resolve_entities=False,
        load_dtd=False,
    )
    for line in etree.fromstring(bare, parser).iter(f"{_SHEET}Row"):
        row: list[str] = []
        for cell in line.iterchildren(f"{_SHEET}Cell"):
            at = str(cell.get(f"{_SHEET}Index", ""))
            if at.isdecimal():
                row += [""] * (min(int(at), MAX_COLUMNS + 1) - 1 - len(row))
            data = cell.find(f"{_SHEET}Data")
            said = "" if data is None else "".join(str(one) for one in data.itertext()).strip()
            if data is not None and data.get(f"{_SHEET}Type") == "DateTime":
                said = cell_text(dt.datetime.fromisoformat(said))
            row.append(said)
        yield row


def main() -> None:
    """Give up what is not needed, then answer."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for one in rows(sys.stdin.buffer.read(), sys.argv[1], typed=sys.argv[2:] == ["typed"]):
        # Lone surrogates in a damaged text stay what they are: JSON escapes them.
        sys.stdout.write(json.dumps(one) + "\n")
    sys.stdout.write('{"end": true}\n')


if __name__ == "__main__":
    main()
