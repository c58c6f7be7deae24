"""From bytes to lines: bounded, in the encoding the layout says, with the place of what is not."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from engine.formats.layouts.faults import FileFault, FileRefused

BLOCK = 256 * 1024
MAX_LINE = 64 * 1024
"""Bytes of one line; a longer one is refused before it fills the memory."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# First bytes of Chinese in UTF-8, and bytes that follow; three characters in a row are looked for.
_SHAPE = bytes(
    76 if one in (*range(0xE3, 0xEA), 0xEF) else 67 if 0x80 <= one <= 0xBF else 46
    for one in range(256)
)
_UTF8_HAN = b"LCC" * 3
# Between ASCII characters nothing but such: GBK text hits it once in some ten million names.
_UTF8_RUN = re.compile(rb"(?<![\x80-\xff])(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){3,}(?![\x80-\xff])")


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of a file without their ends. `first` is the number of the first one."""

    first: int
    texts: list[str]
    raws: list[bytes]
    """The same in bytes, for records that are cut by bytes."""
    ended: bool = True
    """Whether the last of them has a line end."""


def lines_of(stream: BinaryIO, encoding: str) -> Iterator[Lines]:
    """All lines of a file, block by block. FileRefused ENCODING, NUL, LINE_TOO_LONG,
    MIXED_ENCODING at the first line that has one."""
    start = stream.read(BLOCK)
    codec, start = _marked(start, encoding)
    if codec.startswith("utf-16"):
        yield from _wide(stream, start, codec)
        return
    number, rest = 1, b""
    block = start
    settled = codec != "auto"
    while block or rest:
        following = stream.read(BLOCK) if block else b""
        whole = rest + block
        if following:
            cut = whole.rfind(b"\n") + 1
            whole, rest = whole[:cut], whole[cut:]
        else:
            rest = b""
        if len(rest) > MAX_LINE:
            raise FileRefused([_too_long(number + whole.count(b"\n"))])
        if whole:
            if not settled and not whole.isascii():
                codec, settled = _guessed(whole), True
            lines = _decoded(whole, "ascii" if codec == "auto" else codec, number)
            yield lines
            number += len(lines.texts)
        block = following


def _marked(start: bytes, encoding: str) -> tuple[str, bytes]:
    """The codec and the bytes after a byte order mark, which must not speak against the layout."""
    for mark, codec in _MARKS:
        if not start.startswith(mark):
            continue
        said = encoding.removesuffix("-sig")
        if encoding != "auto" and not codec.startswith(said):
            raise FileRefused(
                [
                    _fault(
                        "ENCODING",
                        1,
                        0,
                        f"the file begins with the mark of {codec}, the layout says {encoding}; "
                        "save it otherwise or correct the layout",
                        f"文件带有 {codec} 标记，布局为 {encoding}；请另存或更正布局",
                    )
                ]
            )
        return codec, start[len(mark) :]
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding), start


def _guessed(block: bytes) -> str:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _decoded(block: bytes, codec: str, number: int) -> Lines:
    if b"\0" in block:
        place = block.index(b"\0")
        raise FileRefused(
            [
                _fault(
                    "NUL",
                    number + block.count(b"\n", 0, place),
                    place - (block.rfind(b"\n", 0, place) + 1),
                    "the line has a zero byte: the file is damaged or no text; get it again",
                    "该行含零字节：文件已损坏或不是文本；请重新获取",
                )
            ]
        )
    raws = block.split(b"\n")
    ended = not raws[-1]
    if ended:
        raws.pop()
    sizes = list(map(len, raws))
    if max(sizes) > MAX_LINE:
        raise FileRefused([_too_long(number + sizes.index(max(sizes)))])
    try:
        texts = block.decode(codec).split("\n")
    except UnicodeDecodeError as error:
        place = error.start
        raise FileRefused(
            [
                _fault(
                    "ENCODING",
                    number + block.count(b"\n", 0, place),
                    place - (block.rfind(b"\n", 0, place) + 1),
                    f"these bytes are not {codec}; the file was saved in another encoding or is "
                    "damaged, get it again or correct the layout",
                    f"这些字节不是 {codec} 编码；文件编码不符或已损坏，请重新获取或更正布局",
                )
            ]
        ) from error
    if ended:
        texts.pop()
    if codec in ("gb18030", "gbk") and _UTF8_HAN in block.translate(_SHAPE):
        _refuse_mixed(raws, codec, number)
    if b"\r" in block:
        texts = [text.removesuffix("\r") for text in texts]
        raws = [raw.removesuffix(b"\r") for raw in raws]
    return Lines(number, texts, raws, ended)


def _refuse_mixed(raws: list[bytes], codec: str, number: int) -> None:
    """UTF-8 Chinese reads as other, wrong characters in GB18030 without an error."""
    for place, raw in enumerate(raws):
        if _UTF8_HAN in raw.translate(_SHAPE) and _UTF8_RUN.search(raw):
            raise FileRefused(
                [
                    _fault(
                        "MIXED_ENCODING",
                        number + place,
                        None,
                        f"the line has UTF-8 in a file that should be {codec}; get the file again "
                        "or correct the layout",
                        f"该行含 UTF-8 文字，而文件应为 {codec}；请重新获取或更正布局",
                    )
                ]
            )


def _wide(stream: BinaryIO, start: bytes, codec: str) -> Iterator[Lines]:
    """UTF-16, whose line ends cannot be found in the bytes."""
    decoder = codecs.getincrementaldecoder(codec)()
    number, rest, block = 1, "", start
    while block or rest:
        following = stream.read(BLOCK) if block else b""
        try:
            text = rest + decoder.decode(block, final=not following)
        except UnicodeDecodeError as error:
            raise FileRefused(
                [
                    _fault(
                        "ENCODING",
                        number,
                        None,
                        f"the bytes after this line are not {codec}; get the file again",
                        f"该行之后的字节不是 {codec} 编码；请重新获取",
                    )
                ]
            ) from error
        cut = text.rfind("\n") + 1 if following else len(text)
        text, rest = text[:cut], text[cut:]
        if len(rest) > MAX_LINE:
            raise FileRefused([_too_long(number + text.count("\n"))])
        texts = text.split("\n")
        ended = not texts[-1]
        if ended:
            texts.pop()
        if texts:
            texts = [one.removesuffix("\r") for one in texts]
            yield Lines(number, texts, [one.encode(codec, "surrogatepass") for one in texts], ended)
            number += len(texts)
        block = following


def _too_long(number: int) -> FileFault:
    return _fault(
        "LINE_TOO_LONG",
        number,
        None,
        f"the line is longer than {MAX_LINE:,} bytes; its end is missing or it is no such file",
        f"该行超过 {MAX_LINE:,} 字节；缺少行尾，或不是此类文件",
    )


def _fault(code: str, line: int, offset: int | None, en: str, zh: str) -> FileFault:
    return FileFault.of(code, en, zh, line=line, offset=offset)
