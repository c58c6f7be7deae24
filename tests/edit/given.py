"""What the tests of edits share: the shipped rulesets, and a table read back as plain texts."""

from __future__ import annotations

import re
from pathlib import Path

from engine.base.collector import Collector
from engine.base.yaml_marks import Scalar, compose, lf
from engine.rules.edit import Edit, apply
from engine.rules.lexer import quoted, shadow_of, unquote
from engine.rules.table import block_lines

SHIPPED = sorted(
    path
    for path in (Path(__file__).parents[2] / "rulesets").rglob("*.yaml")
    if path.name != "vocabulary.yaml"
)
TEXTS = [path.read_text(encoding="utf-8") for path in SHIPPED]


def table(text: str, name: str = "rules") -> list[list[str]]:
    """The cells of a table, header first, as written."""
    clean = lf(text)
    root = compose(clean, Collector(""))
    assert root is not None
    block = root.get(name)
    assert isinstance(block, Scalar)
    lines = block_lines(block, clean.split("\n"))
    return [[cell.source for cell in line.cells] for line in lines]


def meant(cell: str) -> str:
    """A cell without its quotes and escapes, full-width bars and quotes made half-width."""
    # A backslash takes the character behind it along: of two, the second escapes no bar.
    inner = (
        unquote(cell)
        if quoted(cell)
        else re.sub(r"\\(.)", lambda pair: "|" if pair[1] in "|｜" else pair[0], cell)
    )
    return shadow_of(inner)


def made(text: str, *edits: Edit) -> str:
    """The text after edits, having checked that the spans lead from the old text to it."""
    edited = apply(text, edits)
    again, last = "", 0
    for start, end, fresh in edited.spans:
        assert last <= start <= end
        again += text[last:start] + fresh
        last = end
    assert again + text[last:] == edited.text
    return edited.text


def changed_lines(old: str, new: str) -> list[tuple[str, str]]:
    """Pairs of lines that differ, for texts with equally many lines."""
    olds, news = old.split("\n"), new.split("\n")
    assert len(olds) == len(news)
    return [(a, b) for a, b in zip(olds, news, strict=True) if a != b]
