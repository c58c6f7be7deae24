"""The return file of a source's file: CSV in UTF-8, one line per row, or per reason of refusal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from engine.runtime.jsontypes import JsonObject, JsonValue
from engine.treasury.intake.taking import Fate, Planned

HEADER = (
    "row",
    "source_document_no",
    "outcome",
    "document_no",
    "code",
    "column",
    "message_en",
    "message_zh",
)


def return_file(planned: Sequence[Planned], body: JsonObject) -> bytes:
    """One line per row: taken, returned, refused or repeated, with document number and reason.

    A row with several reasons has a line for each. `body` is the answer of the import.
    """
    numbers = _by_row(body["documents"]) | _by_row(body["repeats"])
    whole = body["outcome"] == "taken"
    lines = []
    for one in planned:
        outcome = _outcome(one) if whole else "refused" if one.reasons else "not_taken"
        start = (
            str(one.row.number),
            one.row.texts.get("source_document_no") or "",
            outcome,
            numbers.get(one.row.number, ""),
        )
        if not one.reasons:
            lines.append((*start, "", "", "", ""))
        for reason in one.reasons:
            said = (reason.rule, reason.column or "", reason.text.en, reason.text.zh)
            lines.append((*start, *said))
    return _csv(HEADER, lines)


def refusal_file(findings: Iterable[Mapping[str, JsonValue]]) -> bytes:
    """Why a file was refused whole."""
    names = ("code", "place", "expected", "found", "message_en", "message_zh")
    return _csv(names, ([str(one[name]) for name in names] for one in findings))


def _outcome(one: Planned) -> str:
    if one.fate is Fate.DOCUMENT:
        return "returned" if one.reasons else "taken"
    return "repeated" if one.fate is Fate.REPEAT else "refused"


def _by_row(listed: JsonValue) -> dict[int, str]:
    assert isinstance(listed, list)
    found = {}
    for one in listed:
        assert isinstance(one, dict)
        row = one["row"]
        assert isinstance(row, int)
        found[row] = str(one["document_no"])
    return found


def _csv(header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue().encode()
