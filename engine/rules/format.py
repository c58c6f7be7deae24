"""The canonical layout of a ruleset's tables: aligned columns, half-width punctuation.

Only the table lines are rewritten, so that a diff shows what changed and nothing else; comments,
free texts and the envelope stay as they were written. Formatting twice changes nothing, and the
formatted text means what the text meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import display_width
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.base.yaml_marks import Scalar, compose, lf
from engine.rules.kind import Kind
from engine.rules.lexer import RawLine, closing_quote, cut, shadow_of
from engine.rules.model import Type
from engine.rules.registry import all_kinds
from engine.rules.samples import BRANCH
from engine.rules.table import BASIS, ID, WHEN, Header, read_header, row_fits

_TABLES = ("rules", "examples")
_LEADING_SIGN = re.compile(r"(^|[,(]\s*)(>=|<=|!=|<>|==|[<>=≥≤≠])\s*")
_COMMA = re.compile(r"(?<!\d),\s*(?=\S)|,\s+(?=\S)|,(?=[^\s\d])")
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "<>": "!=", "==": "="}

Tidy = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Formatted:
    """The formatted text; the text itself, with findings, where its shape cannot be read."""

    text: str
    findings: list[Finding]


def format_ruleset(file: str, text: str, kinds: Mapping[str, Kind] | None = None) -> Formatted:
    """Lay out the tables of `text`. Never raises; `file` only names the text in findings."""
    out = Collector(file)
    clean = lf(text)
    root = compose(clean, out)
    if root is None:
        return Formatted(text, out.sorted())
    kind_name = root.get("kind")
    known = all_kinds() if kinds is None else kinds
    kind = known.get(kind_name.value) if isinstance(kind_name, Scalar) else None
    lines = clean.rstrip("\n").split("\n")
    for key in _TABLES:
        block = root.get(key)
        if isinstance(block, Scalar) and block.literal:
            _lay_out(lines, block, _Columns(kind, rules=key == "rules"), out)
    if out.findings or not _same_shape(root, "\n".join(lines) + "\n"):
        return Formatted(text, out.sorted())
    return Formatted("\n".join(lines) + "\n", [])


class _Columns:
    """How the cells of each column are tidied."""

    def __init__(self, kind: Kind | None, *, rules: bool) -> None:
        self._kind = kind
        self._rules = rules

    def tidy(self, name: str, *, output: bool) -> Tidy:
        """The rewriting that keeps the meaning of cells in column `name`."""
        if not output:
            if name == WHEN:
                return _formula
            if name == BRANCH and not self._rules:
                return _free
            return _test if self._rules and name != ID else _plain
        spec = None if self._kind is None else self._kind.outputs.get(name)
        if name == ID:
            return _plain
        if name == BASIS or spec is None or spec.type is Type.TEXT:
            return _free
        if spec.type in {Type.CHAIN, Type.LIST} and self._rules:
            return _chain if spec.type is Type.CHAIN else _list
        return _output


def _lay_out(lines: list[str], block: Scalar, columns: _Columns, out: Collector) -> None:
    """Rewrite the lines of one table in place, unless one of them does not fit the header."""
    first = block.span.line
    count = len(block.value.rstrip("\n").split("\n"))
    places = range(first, min(first + count, len(lines)))
    table: dict[int, RawLine] = {}
    for place in places:
        body = lines[place].strip()
        if body and body[0] not in "#＃":
            table[place] = cut(lines[place], place + 1)
    if not table:
        return
    header = read_header(next(iter(table.values())), out)
    if header is None or not _all_fit(table, header, out):
        return
    names = [shadow_of(cell.source) for cell in header.line.cells]
    tidies = [columns.tidy(name, output=k >= header.arrow) for k, name in enumerate(names)]
    texts = {
        place: [
            _plain(cell.source) if line is header.line else tidies[k](cell.source)
            for k, cell in enumerate(line.cells)
        ]
        for place, line in table.items()
    }
    widths = [max(display_width(row[k]) for row in texts.values()) for k in range(header.count)]
    for place in places:
        if place in texts:
            lines[place] = _line(texts[place], widths, header.arrow)
        elif lines[place].strip():
            lines[place] = "  " + lines[place].strip()
        else:
            lines[place] = ""


def _all_fit(table: dict[int, RawLine], header: Header, out: Collector) -> bool:
    """Whether every line has the header's cells; each that has not becomes a finding."""
    fits = [row_fits(line, header, out) for line in table.values()]
    return all(fits)


def _line(cells: list[str], widths: list[int], arrow: int) -> str:
    padded = [
        cell + " " * (width - display_width(cell))
        for cell, width in zip(cells, widths, strict=True)
    ]
    left, right = " | ".join(padded[:arrow]), " | ".join(padded[arrow:])
    return f"  {left} => {right}".rstrip()


def _same_shape(before: YamlMapping, text: str) -> bool:
    """A second look at the result: still the same keys and as many table lines as before."""
    after = compose(text, Collector(""))
    if after is None or list(after.entries) != list(before.entries):
        return False
    for key in _TABLES:
        old, new = before.get(key), after.get(key)
        if not isinstance(old, Scalar) or not isinstance(new, Scalar) or not old.literal:
            continue
        if old.value.rstrip("\n").count("\n") != new.value.rstrip("\n").count("\n"):
            return False
    return True


def _outside_quotes(source: str, rewrite: Tidy) -> str:
    """Apply `rewrite` to what stands outside quotes."""
    shadow = shadow_of(source)
    out, at = "", 0
    while at < len(shadow):
        opening = shadow.find('"', at)
        closing = None if opening < 0 else closing_quote(shadow, opening)
        if closing is None:
            return out + rewrite(shadow[at:])
        out += rewrite(shadow[at:opening]) + '"' + source[opening + 1 : closing] + '"'
        at = closing + 1
    return out


def _free(source: str) -> str:
    return source


def _plain(source: str) -> str:
    return _outside_quotes(source, lambda part: part)


def _spaced_commas(part: str) -> str:
    return _COMMA.sub(", ", part)


def _test(source: str) -> str:
    return _outside_quotes(source, lambda part: _LEADING_SIGN.sub(_sign, _spaced_commas(part)))


def _sign(found: re.Match[str]) -> str:
    return f"{found[1]}{_SIGNS.get(found[2], found[2])} "


def _formula(source: str) -> str:
    def rewrite(part: str) -> str:
        return part.replace("≥", ">=").replace("≤", "<=").replace("≠", "!=")

    return _outside_quotes(source, rewrite)


def _output(source: str) -> str:
    return _formula(source) if shadow_of(source).startswith("=") else _plain(source)


def _chain(source: str) -> str:
    return _outside_quotes(source, lambda part: re.sub(r"\s*>\s*", " > ", part))


def _list(source: str) -> str:
    return _outside_quotes(source, lambda part: re.sub(r"\s*,\s*(?=\S)", ", ", part))
