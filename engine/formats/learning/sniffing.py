"""The outside of a sample: what kind of file it is, its encoding, its separator, its rows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from dataclasses import dataclass

from engine.base.text import Text
from engine.formats.layouts.faults import FileRefused
from engine.formats.layouts.lines import MAX_LINE
from engine.formats.layouts.model import FileDef, Form
from engine.formats.layouts.workbooks import is_marked_up, sheet_rows
from engine.formats.reading import FormatError

MAX_BYTES = 16 * 1024 * 1024
MAX_MEMBERS = 50
MAX_RATIO = 200
"""Bytes of a sample, members of a zip, and how many times smaller a member may be packed."""

_BOOKS = (b"\xd0\xcf\x11\xe0",)
_ZIP = b"PK\x03\x04"
_SEPARATORS = (",", "\t", "|", ";", "^", "~", "!")


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A sample taken apart. `texts` are its lines (of a workbook its cells with tabs)."""

    form: Form
    encoding: str
    """The codec it is in."""
    separator: str
    quoted: bool
    line_end: str
    texts: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    width: int
    """Bytes of every line of a fixed file, 0 otherwise."""


def members(name: str, content: bytes) -> list[tuple[str, bytes]]:
    """The file itself, or the files in a zip (which a workbook is not taken for).

    Raises FormatError ZIP: too many members, packed too densely, too large, or outside of it.
    """
    if not content.startswith(_ZIP):
        return [(name, content)]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if any(one.filename in ("[Content_Types].xml", "xl/workbook.xml") for one in entries):
                return [(name, content)]
            _refuse_bomb(entries)
            return [(one.filename, archive.read(one)) for one in entries]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise _zip(f"it cannot be unpacked: {error}", "无法解压") from error


def sniff(content: bytes) -> Sniffed:
    """Take a sample apart. Raises FormatError SAMPLE_EMPTY, SAMPLE_TOO_LARGE, NO_TABLE."""
    if not content.strip():
        raise FormatError("SAMPLE_EMPTY", Text("the sample is empty", "样例文件为空"))
    if len(content) > MAX_BYTES:
        raise FormatError(
            "SAMPLE_TOO_LARGE",
            Text(
                f"a sample has {MAX_BYTES:,} bytes at most; cut it after some rows", "样例文件过大"
            ),
        )
    if content.startswith((_ZIP, *_BOOKS)) or is_marked_up(content):
        return _workbook(content)
    encoding, text = _decoded(content)
    if not encoding or "\0" in text:
        raise FormatError(
            "NO_TABLE", Text("the sample is no text and no workbook", "样例不是文本或工作簿")
        )
    line_end = "crlf" if "\r\n" in text else "lf"
    texts = [one.removesuffix("\r") for one in text.split("\n")]
    while texts and not texts[-1].strip():
        texts.pop()
    if any(len(one) > MAX_LINE for one in texts):
        raise FormatError("NO_TABLE", Text("a line of the sample is too long", "样例中有过长的行"))
    if any(one.lstrip().startswith('="') or '\t="' in one for one in texts[:60]):
        return _workbook(content)
    separator, quoted = _separator(texts)
    if separator is None:
        return _fixed(content, encoding, texts, line_end)
    rows = _rows(texts, separator, quoted)
    return Sniffed(Form.CSV, encoding, separator, quoted, line_end, tuple(texts), tuple(rows), 0)


def _workbook(content: bytes) -> Sniffed:
    file = FileDef(Form.WORKBOOK, "auto", "\t", False, None, "\n", None, True, "", None)
    try:
        blocks = list(sheet_rows(io.BytesIO(content), file))
    except FileRefused as error:
        raise FormatError(error.code, error.text) from error
    rows = [tuple(row) for block in blocks for row in block.rows]
    texts = [text for block in blocks for text in block.texts]
    return Sniffed(Form.WORKBOOK, "auto", "\t", False, "lf", tuple(texts), tuple(rows), 0)


def _decoded(content: bytes) -> tuple[str, str]:
    """The codec the sample is in ("" for none), and its text."""
    for mark, codec, read_by in (
        (b"\xef\xbb\xbf", "utf-8-sig", "utf-8"),
        (b"\xff\xfe", "utf-16", "utf-16-le"),
        (b"\xfe\xff", "utf-16", "utf-16-be"),
    ):
        if content.startswith(mark):
            return codec, content[len(mark) :].decode(read_by, "replace")
    # What is ASCII alone may hold Chinese tomorrow, and then as banks write it.
    for codec in ("gb18030",) if content.isascii() else ("utf-8", "gb18030", "latin-1"):
        try:
            return codec, content.decode(codec)
        except UnicodeDecodeError:
            continue
    return "", ""


def _separator(texts: list[str]) -> tuple[str | None, bool]:
    """The separator that cuts most lines into one and the same number of cells."""
    best: tuple[float, str | None, bool] = (0.0, None, False)
    tabbed = [one for one in texts if "\t" in one]
    # Wallets put a tab behind every cell, so that workbooks show long numbers whole.
    behind = sum("\t," in one for one in tabbed) * 2 > len(tabbed)
    for separator in _SEPARATORS:
        if separator == "\t" and behind:
            continue
        quoted = any(f'{separator}"' in one or one.startswith('"') for one in texts)
        counts = Counter(len(row) for row in _rows(texts, separator, quoted) if len(row) > 2)
        if not counts:
            continue
        cells, lines = max(counts.items(), key=lambda one: (one[1] * min(one[0], 12), one[0]))
        score = lines * min(cells, 12) / max(1, len(texts))
        if lines >= 2 and score > best[0]:
            best = score, separator, quoted
    return best[1], best[2]


def _rows(texts: list[str], separator: str, quoted: bool) -> list[tuple[str, ...]]:
    if not quoted:
        return [tuple(one.split(separator)) for one in texts]
    rows: list[tuple[str, ...]] = []
    for one in texts:
        try:
            rows.append(tuple(next(csv.reader([one], delimiter=separator, strict=True), [])))
        except csv.Error:
            rows.append(tuple(one.split(separator)))
    return rows


def _fixed(content: bytes, encoding: str, texts: list[str], line_end: str) -> Sniffed:
    raws = [one.rstrip(b"\r") for one in content.split(b"\n") if one.strip()]
    lengths = Counter(map(len, raws))
    length, lines = lengths.most_common(1)[0]
    if lines < 2 or lines * 2 < len(raws) or length < 20:
        raise FormatError(
            "NO_TABLE",
            Text(
                "no separator cuts the lines into columns and they are not of one length; is it a "
                "table?",
                "没有分隔符能将各行分成列,各行长度也不一致;请确认是否为表格",
            ),
        )
    return Sniffed(
        Form.FIXED,
        encoding,
        "",
        False,
        line_end,
        tuple(texts),
        tuple((one,) for one in texts),
        length,
    )


def codec_name(encoding: str) -> str:
    """What Python writes without a mark in front."""
    return {"utf-8-sig": "utf-8"}.get(encoding, encoding)


def _refuse_bomb(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_MEMBERS:
        raise _zip(f"it has {len(entries)} members, {MAX_MEMBERS} are allowed", "文件数过多")
    for one in entries:
        if one.filename.startswith(("/", "\\")) or ".." in one.filename.replace("\\", "/").split(
            "/"
        ):
            raise _zip(f"the member {one.filename[:80]!r} leads out of it", "成员路径越界")
        if one.filename.lower().endswith(".zip"):
            raise _zip(
                "a zip within a zip is not opened; unpack it first", "不打开嵌套压缩包;请先解压"
            )
        if one.file_size > MAX_RATIO * max(1, one.compress_size):
            raise _zip(f"the member {one.filename[:80]!r} is packed too densely", "压缩比异常")
    if sum(one.file_size for one in entries) > MAX_BYTES:
        raise _zip(f"its members have more than {MAX_BYTES:,} bytes", "解压后过大")


def _zip(en: str, zh: str) -> FormatError:
    return FormatError("ZIP", Text(f"the zip is not taken: {en}", f"压缩包不予接收：{zh}"))
