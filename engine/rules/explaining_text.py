"""Explanations as lines for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.text import Lang, Text
from engine.rules.explaining import CellWhy, Explanation, OutcomeWhy, RowWhy
from engine.rules.render import counted

NEAR = 1
"""Rows that missed by at most so many conditions are shown without being asked for."""


def explanation_lines(found: Explanation, lang: Lang, *, everything: bool) -> Iterator[str]:
    """The rows cell by cell, near misses first; far misses are folded into one line."""
    folded = 0
    for row in found.nearest_first():
        if row.missed > NEAR and not everything:
            folded += 1
            continue
        yield from _row(row, lang)
    if folded:
        yield Text(
            f"{counted(folded, 'row', 'rows')} missed by more than one condition; --all shows them",
            f"另有 {folded} 行因多个条件未命中；加 --all 显示",
        ).say(lang)
    yield found.policy.say(lang)
    for outcome in found.outcomes:
        yield from _outcome(outcome, lang)
    for param in found.params:
        yield Text(
            f"parameter {param.name} is {param.value.en}, set by {param.organisation}",
            f"参数 {param.name} 为{param.value.zh}，由 {param.organisation} 设定",
        ).say(lang)
    for window in found.windows:
        yield Text(
            f"window {window.column} is {window.value.en}: {window.counted.en}",
            f"窗口 {window.column} 为{window.value.zh}：{window.counted.zh}",
        ).say(lang)


def _row(row: RowWhy, lang: Lang) -> Iterator[str]:
    yield f"{row.row}  {row.reason.say(lang)}"
    yield from (f"    {_cell(cell, lang)}" for cell in row.cells)


def _cell(cell: CellWhy, lang: Lang) -> str:
    sign = "✓" if cell.holds else "✗"
    fact = Text(f"it is {cell.fact.en}", f"实际为{cell.fact.zh}").say(lang)
    return f"{sign} {cell.condition.say(lang)}  —  {fact}"


def _outcome(outcome: OutcomeWhy, lang: Lang) -> Iterator[str]:
    given = outcome.row or Text("otherwise", "其他情况").say(lang)
    for one in outcome.outputs:
        working = "" if one.working is None else f"{one.working.say(lang)} = "
        colon = "：" if lang == "zh" else ": "
        yield f"{given} → {one.label.say(lang)}{colon}{working}{one.value.say(lang)}"


def explanation_json(found: Explanation, lang: Lang) -> dict[str, object]:
    """The stable form: rows nearest first, sentences in `lang`, codes never translated."""
    return {
        "rows": [_row_json(row, lang) for row in found.nearest_first()],
        "policy": found.policy.say(lang),
        "outcomes": [
            {
                "row": outcome.row,
                "outputs": [
                    {
                        "column": one.column,
                        "value": one.value.say(lang),
                        "working": None if one.working is None else one.working.say(lang),
                    }
                    for one in outcome.outputs
                ],
            }
            for outcome in found.outcomes
        ],
        "params": [
            {
                "name": one.name,
                "value": one.value.say(lang),
                "organisation": one.organisation,
                "overridden": one.overridden,
            }
            for one in found.params
        ],
        "windows": [
            {
                "column": one.column,
                "value": one.value.say(lang),
                "counted": one.counted.say(lang),
            }
            for one in found.windows
        ],
        "error": None
        if found.refused is None
        else {"code": found.refused.code, "message": found.refused.text.say(lang)},
    }


def _row_json(row: RowWhy, lang: Lang) -> dict[str, object]:
    return {
        "row": row.row,
        "hit": row.hit,
        "decides": row.decides,
        "missed": row.missed,
        "reason": row.reason.say(lang),
        "sentence": row.sentence.say(lang),
        "cells": [
            {
                "column": cell.column,
                "fact": cell.fact.say(lang),
                "condition": cell.condition.say(lang),
                "holds": cell.holds,
            }
            for cell in row.cells
        ],
    }
