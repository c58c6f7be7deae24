"""How an output came about: texts filled in, formulas with their numbers."""

from __future__ import annotations

from engine.rules.model import Call, Column, FormulaOutput, Output, Template, Type, Value
from engine.rules.reasons import Reasons
from engine.rules.wording import formula_text


def shown_output(words: Reasons, column: Column, output: Output, value: Value) -> str:
    """The value an output gave; facts in a text are shown as the reader may see them."""
    if isinstance(output, Template):
        return "".join(
            part if isinstance(part, str) else words.raw(part.name) for part in output.parts
        )
    if column.type is Type.TEXT and isinstance(value, str):
        return value
    return words.speaker.given(value, column)


def working_of(words: Reasons, output: Output) -> str:
    """ "amount × rate = 1,000 × 5%"; empty for what was not computed."""
    if not isinstance(output, FormulaOutput) or not isinstance(output.formula, Call):
        return ""
    speaker = words.speaker
    said = formula_text(output.formula, speaker.operand, speaker.name, speaker.lang)
    filled = formula_text(output.formula, speaker.operand, words.named, speaker.lang)
    return f"{said} = {filled}"
