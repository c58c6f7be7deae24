"""Lines of a table cut into cells, and the small text helpers of every cell reader.

A line has a `shadow` of equal length in which full-width punctuation is half-width, so that
places in the shadow are places in the file. Texts are always taken from the line itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.base.collector import Problem
from engine.base.text import Text

MAX_CELL = 10_000
"""Most characters of one cell."""

_SHADOW = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_CUT = re.compile(r"\\.|\"|\||=>", re.DOTALL)
_BEFORE_QUOTE = frozenset("|,([<>=!≥≤≠;{")


@dataclass(frozen=True, slots=True)
class RawCell:
    """One cell: 1-based column of its first character, its text, and the text's shadow."""

    column: int
    source: str
    shadow: str


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line of a table: its number in the file, its cells, and where `=>` stands.

    `arrow` is the index of the first cell after the first `=>`, or None; `arrows` are the
    1-based columns of all `=>`. `slots` are the 0-based places, end excluded, of the cells with
    the blanks around them. `unclosed`: a quote opens that nothing closes.
    """

    number: int
    column: int
    width: int
    cells: tuple[RawCell, ...]
    arrow: int | None
    arrows: tuple[int, ...]
    slots: tuple[tuple[int, int], ...]
    unclosed: bool


def shadow_of(text: str) -> str:
    """Return `text` with full-width ASCII made half-width, the same length."""
    return text if text.isascii() else text.translate(_SHADOW)


def closing_quote(shadow: str, opening: int) -> int | None:
    """Return the index of the quote that closes the one at `opening`, or None."""
    at = opening + 1
    while at < len(shadow):
        if shadow[at] == "\\":
            at += 2
            continue
        if shadow[at] == '"':
            return at
        at += 1
    return None


def unquote(source: str) -> str:
    r"""Return the inside of a quoted text with `\"`, `\\` and `\|` resolved."""
    return re.sub(r"\\([\"\\|])", r"\1", source[1:-1])


def unbar(source: str) -> str:
    r"""Return an unquoted text with `\|` resolved."""
    return source.replace("\\|", "|")


def _opens(shadow: str, at: int) -> bool:
    """Whether the quote at `at` begins a value, rather than stands inside one (a 5" pipe)."""
    while at > 0 and shadow[at - 1] in " \t":
        at -= 1
    return at == 0 or shadow[at - 1] in _BEFORE_QUOTE


def cut(line: str, number: int) -> RawLine:
    r"""Cut one line at `|` and `=>`, outside quotes and not after a backslash."""
    shadow = shadow_of(line)
    begin = len(shadow) - len(shadow.lstrip(" \t"))
    pieces: list[tuple[int, int]] = []
    arrows: list[int] = []
    arrow: int | None = None
    unclosed = False
    start = at = begin
    while (found := _CUT.search(shadow, at)) is not None:
        at = found.end()
        mark = found[0]
        if mark == '"':
            opens = _opens(shadow, found.start())
            close = closing_quote(shadow, found.start()) if opens else None
            unclosed = unclosed or (opens and close is None)
            at = at if close is None else close + 1
        elif mark in {"|", "=>"}:
            pieces.append((start, found.start()))
            start = at
            if mark == "=>":
                arrows.append(found.start() + 1)
                arrow = len(pieces) if arrow is None else arrow
    pieces.append((start, len(shadow)))
    cells = tuple(_cell(line, shadow, a, b) for a, b in pieces)
    width = len(shadow.rstrip(" \t")) - begin
    columns = tuple(arrows)
    return RawLine(number, begin + 1, max(1, width), cells, arrow, columns, tuple(pieces), unclosed)


def _cell(line: str, shadow: str, start: int, end: int) -> RawCell:
    text = shadow[start:end]
    lead = len(text) - len(text.lstrip(" \t"))
    body = text.strip(" \t")
    if not body:
        # An empty cell is pointed at where its text would stand.
        return RawCell(min(start + 1, end) + 1, "", "")
    first = start + lead
    return RawCell(first + 1, line[first : first + len(body)], body)


def split_quoted(source: str, separator: str) -> list[RawCell]:
    """Cut a text at `separator` outside quotes; columns are 0-based offsets into `source`."""
    shadow = shadow_of(source)
    pieces: list[RawCell] = []
    start = at = 0
    while at <= len(shadow):
        if at < len(shadow) and shadow[at] == '"' and (at == start or _opens(shadow, at)):
            close = closing_quote(shadow, at)
            at = at + 1 if close is None else close + 1
        elif at == len(shadow) or shadow[at] == separator:
            part = shadow[start:at]
            lead = len(part) - len(part.lstrip())
            body = part.strip()
            first = start + lead
            pieces.append(RawCell(first, source[first : first + len(body)], body))
            at += 1
            start = at
        else:
            at += 1
    return pieces


def quoted(source: str) -> bool:
    """Whether the whole of `source` is one quoted text."""
    shadow = shadow_of(source)
    return len(shadow) > 1 and shadow[0] == '"' and closing_quote(shadow, 0) == len(shadow) - 1


def bare_or_quoted(source: str) -> str:
    """Return the text of a value as meant: quotes and escapes resolved. Raises Problem R110."""
    if quoted(source):
        return unquote(source)
    if shadow_of(source[:1]) == '"':
        if closing_quote(shadow_of(source), 0) is not None:
            raise Problem(
                "R110",
                Text("only a part of this text is quoted", "文本只有一部分加了引号"),
                Text(r"quote all of it; a quote inside is \"", r"请整体加引号；其中的引号写作 \""),
            )
        raise Problem(
            "R110",
            Text("this quote is not closed", "引号未闭合"),
            Text('end the text with "', '请以 " 结束文本'),
        )
    if source[:1] in {"“", "”", "‘", "’"}:
        raise Problem(
            "R110",
            Text("curly quotes do not quote", "弯引号不起引用作用"),
            Text('use straight quotes "', '请使用直引号 "'),
        )
    return unbar(source)
