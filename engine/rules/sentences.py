"""Each row as a sentence, in English and Chinese, with the labels of the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.text import Lang, Text
from engine.rules.model import AnyCell, HitPolicy, Row, Ruleset, Value
from engine.rules.speaker import Speaker


def row_sentences(ruleset: Ruleset, params: Mapping[str, Value]) -> dict[str, Text]:
    """Row id -> its sentence under `params`, for every row of the table, in order."""
    english, chinese = Speaker(ruleset, params, "en"), Speaker(ruleset, params, "zh")
    return {
        row.id: Text(
            row_sentence(english, ruleset, row, "en"), row_sentence(chinese, ruleset, row, "zh")
        )
        for row in ruleset.table.rows
    }


def row_sentence(speaker: Speaker, ruleset: Ruleset, row: Row, lang: Lang) -> str:
    """ "A2. When amount is … and creditor type is …: approvers …; time for a step 8 hours." """
    when, outcome = _when(speaker, ruleset, row), outcome_text(speaker, ruleset, row, lang)
    tested = any(not isinstance(cell, AnyCell) for cell in row.cells)
    if lang == "zh":
        return f"{row.id}. 当{when}时，{outcome}。" if tested else f"{row.id}. {when}，{outcome}。"
    return f"{row.id}. {'When ' if tested else ''}{when}: {outcome}."


def _when(speaker: Speaker, ruleset: Ruleset, row: Row) -> str:
    tests = [
        speaker.condition(column, cell)
        for column, cell in zip(ruleset.table.inputs, row.cells, strict=True)
        if not isinstance(cell, AnyCell)
    ]
    if tests:
        return speaker.say(" and ", "，且").join(tests)
    if ruleset.hit_policy is HitPolicy.FIRST and row is not ruleset.table.rows[0]:
        return speaker.say("Otherwise", "其他情况")
    return speaker.say("Always", "任何情况")


def outcome_text(speaker: Speaker, ruleset: Ruleset, row: Row, lang: Lang) -> str:
    """ "approvers reviewer, then finance manager; time for a step 8 hours"."""
    given = [
        f"{column.label.say(lang)}{'：' if lang == 'zh' else ' '}{said}"
        for column, output in zip(ruleset.table.outputs, row.outputs, strict=True)
        if (said := speaker.output(column, output)) is not None
    ]
    return speaker.say("; ", "；").join(given) or speaker.say("no outcome", "无输出")
