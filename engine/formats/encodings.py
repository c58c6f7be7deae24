"""Text of bank files: which encoding it is in is found out, never guessed away."""

from __future__ import annotations

import codecs
import re

from engine.base.text import Text
from engine.formats.reading import FormatError

MAX_LINE = 1024 * 1024
"""Bytes of one line in a format that has lines."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HAN = re.compile(rb"[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]")
_UTF8 = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe2-\xef][\x80-\xbf]{2}")
_SAMPLE = 1024


def text_of_bytes(content: bytes, *, max_line: int | None = MAX_LINE) -> str:
    """The text of a file: with its byte order mark, else UTF-8, UTF-16, GB18030 or Windows-1252.

    Raises FormatError NUL, ENCODING, MIXED_ENCODING, LINE_TOO_LONG, each naming the line.
    """
    text = _decoded(content)
    if max_line is not None:
        _short_lines(text, max_line)
    return text


def _decoded(content: bytes) -> str:
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], codec)
    if b"\0" in content:
        return _strictly(content, _wide(content))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if _chinese(content):
            return _strictly(content, "gb18030")
        if _UTF8.search(content):
            raise _refused(
                "MIXED_ENCODING",
                content,
                error.start,
                "some text is UTF-8 and some is not; get the file again in one encoding",
                "文件混用 UTF-8 与其他编码;请以同一编码重新获取",
            ) from None
        # Bytes that Windows-1252 leaves free are taken as they are: nothing is lost.
        return content.decode(
            "cp1252" if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", content) else "latin-1"
        )


def _strictly(content: bytes, codec: str) -> str:
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        raise _refused(
            "ENCODING",
            content,
            error.start,
            f"byte {error.start} is no {codec}; the file is damaged, get it again",
            f"第 {error.start} 字节不是 {codec};文件已损坏,请重新获取",
        ) from None
    if "\0" in text:
        raise _nul(text.encode("utf-8", "surrogatepass"))
    return text


def _wide(content: bytes) -> str:
    """UTF-16 without a mark has a NUL in every second place of plain text."""
    start = content[:_SAMPLE]
    for codec, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        places = start[place::2]
        if (
            places
            and places.count(0) * 10 >= len(places) * 7
            and start[1 - place :: 2].count(0) == 0
        ):
            return codec
    raise _nul(content)


def _nul(content: bytes) -> FormatError:
    return _refused(
        "NUL",
        content,
        content.index(b"\0"),
        "a NUL byte, which no text has; the file is damaged, get it again",
        "存在 NUL 字节;文件已损坏,请重新获取",
    )


def _chinese(content: bytes) -> bool:
    """Whether what is not ASCII comes in pairs of GB 2312, nearly all of it."""
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    high = len(_HIGH.findall(content))
    return 2 * len(_HAN.findall(content)) * 10 >= high * 8


def _short_lines(text: str, most: int) -> None:
    start = number = 0
    while start < len(text):
        number += 1
        end = text.find("\n", start, start + most + 1)
        if end < 0:
            if len(text) - start > most:
                raise FormatError(
                    "LINE_TOO_LONG",
                    Text(
                        f"line {number}: more than {most:,} characters; the line ends are missing, "
                        "get the file again",
                        f"第 {number} 行:超过 {most:,} 个字符;缺少换行,请重新获取文件",
                    ),
                )
            return
        start = end + 1


def _refused(code: str, content: bytes, place: int, en: str, zh: str) -> FormatError:
    line = content.count(b"\n", 0, place) + 1
    return FormatError(code, Text(f"line {line}: {en}", f"第 {line} 行:{zh}"))
