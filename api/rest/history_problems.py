"""What is told when a text cannot be tried on history: its findings, or the columns that lack."""

from __future__ import annotations

from fastapi.responses import JSONResponse, Response

from api.rest.errors import Finding, Problem
from engine.rulebook.history import DraftErrors
from engine.rules.columns import HistoryRefused


def problem_of(refused: DraftErrors | HistoryRefused) -> Response:
    """422 with everything that is wrong, each with its place (line:column, or a column's name)."""
    if isinstance(refused, DraftErrors):
        found = [
            Finding(
                code=one.code,
                column=f"{one.span.line}:{one.span.column}",
                message_en=one.message.en,
                message_zh=one.message.zh,
            )
            for one in refused.findings
        ]
    else:
        found = [
            Finding(
                code=one.code,
                column=one.column,
                message_en=one.text.en,
                message_zh=one.text.zh,
            )
            for one in refused.problems
        ]
    problem = Problem(
        code=refused.code,
        message_en=refused.text.en,
        message_zh=refused.text.zh,
        findings=found,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status_code=422)
