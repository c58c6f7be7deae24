"""Writing into the cells of one line of a table, so that the line is still cut as before."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.text import Text, display_width
from engine.base.yaml_marks import UNREADABLE
from engine.rules.edit.errors import refused
from engine.rules.lexer import MAX_CELL, RawLine, closing_quote, cut, shadow_of, unbar

_BLANK = " \t"
_IN_QUOTES = str.maketrans({"\\": "\\\\", '"': '\\"', "＼": "\\\\", "＂": '\\"'})
"""Full-width ones close quotes and escape too, but cannot be escaped: they become half-width."""


def one_line(text: str) -> str:
    """Return `text` without the blanks around it. Raises EditRefused EDIT_TEXT, EDIT_TOO_LONG."""
    if "\n" in text or "\r" in text:
        raise refused(
            "EDIT_TEXT",
            Text("a line break cannot stand here", "此处不能有换行"),
            Text("write the text in one line", "请写成一行"),
        )
    bad = UNREADABLE.search(text)
    if bad is not None:
        raise refused(
            "EDIT_TEXT",
            Text(
                f"character U+{ord(bad[0]):04X} cannot stand in a ruleset",
                f"规则文件中不允许字符 U+{ord(bad[0]):04X}",
            ),
            Text("delete it", "请删除"),
        )
    if len(text) > MAX_CELL:
        raise refused(
            "EDIT_TOO_LONG",
            Text(f"this text has {len(text):,} characters", f"文本有 {len(text):,} 个字符"),
            Text(f"shorten it; {MAX_CELL:,} are allowed", f"请缩短；最多 {MAX_CELL:,} 个"),
        )
    shadow = shadow_of(text)
    lead = len(shadow) - len(shadow.lstrip(_BLANK))
    return text[lead : len(shadow.rstrip(_BLANK))] if lead < len(text) else ""


def as_cell(text: str, *, free: bool, first: bool) -> str:
    r"""Return `text` as it can stand in a cell: as it is, with `\|` for bars, or in quotes.

    `free` marks the cells where a full-width bar must stay one, `first` the first of a line.
    Raises EditRefused EDIT_TEXT or EDIT_TOO_LONG.
    """
    body = one_line(text)
    bars = unbar(body).replace("\\｜", "｜")  # in quotes a bar needs no backslash
    in_quotes = f'"{bars.translate(_IN_QUOTES)}"'
    tries = [body, _escaped(body), in_quotes]
    if free and "｜" in body and '"' not in shadow_of(body):
        tries = [body, in_quotes]
    written = next(one for one in tries if _stands(one, first=first))
    if len(written) > MAX_CELL:
        one_line(written)
    return written


def _stands(body: str, *, first: bool) -> bool:
    alone = cut(body, 1)
    if len(alone.cells) != 1 or alone.unclosed or alone.cells[0].source != body:
        return False
    return not (first and body.strip()[:1] in {"#", "＃"})


def _escaped(body: str) -> str:
    r"""Write `\|` for every bar outside quotes that is none yet."""
    shadow = shadow_of(body)
    written, at = "", 0
    while at < len(body):
        close = closing_quote(shadow, at) if shadow[at] == '"' else None
        if close is not None:
            written, at = written + body[at : close + 1], close + 1
        elif shadow[at] == "\\" and at + 1 < len(body):
            written, at = written + body[at : at + 2], at + 2
        else:
            written, at = written + ("\\|" if shadow[at] == "|" else body[at]), at + 1
    return written


def put(line: str, cells: Mapping[int, str]) -> str:
    """Return `line` with other texts (from `as_cell`) in some of its cells.

    Each takes the width of the old one where it fits, so that columns stay aligned.
    """
    raw = cut(line, 1)
    changed, at = "", 0
    for index, (start, end) in enumerate(raw.slots):
        slot = line[start:end]
        last = index == len(raw.slots) - 1
        changed += line[at:start]
        changed += slot if index not in cells else _slot(slot, cells[index], index, last=last)
        at = end
    changed += line[at:]
    if not _same_but(raw, cut(changed, 1), cells):
        raise refused(
            "EDIT_ROW_SHAPE",
            Text("a quote in another cell of this row is not closed", "此行另一单元格的引号未闭合"),
            Text("correct that cell first", "请先改正该单元格"),
        )
    return changed


def _slot(slot: str, text: str, index: int, *, last: bool) -> str:
    shadow = shadow_of(slot)
    if shadow.strip(_BLANK):
        lead = slot[: len(shadow) - len(shadow.lstrip(_BLANK))]
        trail = slot[len(shadow.rstrip(_BLANK)) :]
    else:
        # An empty cell: its text stands one blank behind the bar.
        lead = slot[:1] if index else ""
        trail = "" if last else slot[len(lead) :] or " "
    # A backslash would escape a bar that follows it at once.
    tight = not trail and not shadow_of(text).endswith("\\")
    if last or "\t" in trail or tight:
        return lead + text + trail
    room = display_width(slot) - display_width(lead) - display_width(text)
    return lead + text + " " * max(1, room)


def _same_but(old: RawLine, new: RawLine, cells: Mapping[int, str]) -> bool:
    if len(old.cells) != len(new.cells) or (old.arrow, len(old.arrows)) != (
        new.arrow,
        len(new.arrows),
    ):
        return False
    pairs = enumerate(zip(old.cells, new.cells, strict=True))
    return all(after.source == cells.get(k, before.source) for k, (before, after) in pairs)
