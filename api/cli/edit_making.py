"""What every `sluice edit` does: make the edits in the file, show the lines and the findings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import typer

from api.cli.files import replace_file
from api.cli.say import complain, explained, say, say_json, wants_colour
from engine.base.findings import Finding, Severity
from engine.base.text import Lang, SluiceError, Text
from engine.rules.check import Library, read_file
from engine.rules.edit import Edit, apply
from engine.rules.edit.edits import Value
from engine.rules.edit.lines import line_diff
from engine.rules.render import finding_json, finding_text


def pair(cell: str) -> tuple[str, str]:
    """Column and text of `column=text`. Raises SluiceError CELL_FORM."""
    name, sign, text = cell.partition("=")
    if not sign:
        raise SluiceError(
            "CELL_FORM",
            Text(f"{cell!r} is not column=text; write amount='< 5'", f"{cell!r} 应写成 列名=文本"),
        )
    return name, text


def one_value(texts: Sequence[str], *, as_list: bool) -> Value:
    """The one text, or all of them as a list. Raises SluiceError VALUE_FORM."""
    if as_list:
        return tuple(texts)
    if len(texts) != 1:
        raise SluiceError(
            "VALUE_FORM",
            Text(
                "one value is wanted; quote it, or give --list", "只需一个值；请加引号或用 --list"
            ),
        )
    return texts[0]


def make(
    context: typer.Context,
    edits: Sequence[Edit],
    *,
    dry_run: bool,
    output: Literal["full", "json"],
    lang: Lang,
) -> None:
    """Make the edits in the file of the command, show what changed and what is then found.

    Exit code 1 where the new text has errors; it is kept all the same.
    """
    path = context.obj
    assert isinstance(path, Path)
    with explained(lang):
        old = read_file(path)
        edited = apply(old, edits)
        changed = edited.text != old
        if changed and not dry_run:
            replace_file(path, edited.text)
        findings = _findings(path, edited.text)
    lines = line_diff(old, edited.text)
    if output == "json":
        found = [finding_json(one, lang) for one in findings]
        written = changed and not dry_run
        say_json({"written": written, "spans": edited.spans, "lines": lines, "findings": found})
    else:
        for line in lines:
            say(line)
        for one in findings:
            complain(finding_text(one, edited.text, lang, colour=wants_colour()))
        say(_summary(path, changed=changed, dry_run=dry_run).say(lang))
    if any(one.severity is Severity.ERROR for one in findings):
        raise typer.Exit(1)


def _findings(path: Path, text: str) -> list[Finding]:
    """What the loader says about the new text; `sluice check` says more."""
    library = Library()
    loaded = library.load_text(path, text)
    return library.findings if loaded is None else loaded.findings


def _summary(path: Path, *, changed: bool, dry_run: bool) -> Text:
    if not changed:
        return Text("nothing to change", "无需修改")
    if dry_run:
        return Text(f"{path} would change; nothing written", f"{path} 将改动；未写入")
    return Text(f"{path} changed", f"{path} 已修改")
