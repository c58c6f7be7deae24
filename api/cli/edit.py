"""`sluice edit FILE …`: one cell, row, column or value of a ruleset file, by its exact place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli.files import replace_file
from api.cli.say import Format, Language, complain, explained, say, say_json, wants_colour
from engine.base.text import Lang, SluiceError, Text
from engine.rules.check import Library, read_file
from engine.rules.edit import (
    AddColumn,
    AddRow,
    AddValue,
    DuplicateRow,
    Edit,
    MoveRow,
    RemoveColumn,
    RemoveRow,
    RemoveValue,
    RenameRow,
    SetCell,
    SetValue,
    apply,
)
from engine.rules.edit.edits import Side, TableName, Value
from engine.rules.edit.lines import line_diff
from engine.rules.findings import Finding, Severity
from engine.rules.render import finding_json, finding_text

Table = Annotated[TableName, typer.Option("--table", help="The table that is edited.")]
Before = Annotated[str | None, typer.Option("--before", help="Stand before this one.")]
After = Annotated[str | None, typer.Option("--after", help="Stand after this one.")]
Row = Annotated[str, typer.Argument(help="A row's id, an example's number, or @line.")]
Cells = Annotated[list[str] | None, typer.Argument(help="Cells as column=text.")]


DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the change and write nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    edit = typer.Typer(no_args_is_help=True, help="Change one place of a ruleset file.")
    edit.callback()(on_file)
    edit.command("set")(set_cell)
    edit.command("set-value")(set_value)
    edit.command("add-value")(add_value)
    edit.command("remove-value")(remove_value)
    row = typer.Typer(no_args_is_help=True, help="Add, remove, move, copy or rename a row.")
    row.command("add")(add_row)
    row.command("remove")(remove_row)
    row.command("move")(move_row)
    row.command("copy")(copy_row)
    row.command("rename")(rename_row)
    edit.add_typer(row, name="row")
    column = typer.Typer(no_args_is_help=True, help="Add or remove a column.")
    column.command("add")(add_column)
    column.command("remove")(remove_column)
    edit.add_typer(column, name="column")
    app.add_typer(edit, name="edit")


def on_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The ruleset file.")],
) -> None:
    """Change one place of a ruleset file; every other byte stays."""
    context.obj = file


def set_cell(
    context: typer.Context,
    row: Row,
    column: Annotated[str, typer.Argument(help="The column's name.")],
    text: Annotated[str, typer.Argument(help="The cell as the rule language writes it.")],
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Write one cell: set A2 amount '< 60_000'."""
    _make(
        context,
        [SetCell(row=row, column=column, text=text, table=table)],
        dry_run=dry_run,
        output=output,
        lang=lang,
    )


def add_row(
    context: typer.Context,
    cells: Cells = None,
    id: Annotated[str | None, typer.Option("--id", help="The new rule's id.")] = None,
    before: Before = None,
    after: After = None,
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Add a row; columns that are not named get `-`."""
    with explained(lang):
        named = dict(_pair(one) for one in cells or ())
    _make(
        context,
        [AddRow(id=id, cells=named, before=before, after=after, table=table)],
        dry_run=dry_run,
        output=output,
        lang=lang,
    )


def remove_row(
    context: typer.Context,
    row: Row,
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Remove a row; comments around it stay."""
    _make(context, [RemoveRow(row=row, table=table)], dry_run=dry_run, output=output, lang=lang)


def move_row(
    context: typer.Context,
    row: Row,
    before: Before = None,
    after: After = None,
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Move a row before or after another, or to the end."""
    _make(
        context,
        [MoveRow(row=row, before=before, after=after, table=table)],
        dry_run=dry_run,
        output=output,
        lang=lang,
    )


def copy_row(
    context: typer.Context,
    row: Row,
    id: Annotated[str | None, typer.Argument(help="The copy's id.")] = None,
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Write a row once more below itself."""
    _make(
        context,
        [DuplicateRow(row=row, id=id, table=table)],
        dry_run=dry_run,
        output=output,
        lang=lang,
    )


def rename_row(
    context: typer.Context,
    row: Row,
    id: Annotated[str, typer.Argument(help="The new id.")],
    examples: Annotated[
        bool, typer.Option("--examples/--no-examples", help="Rename it in the examples too.")
    ] = True,
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Give a rule another id."""
    _make(
        context,
        [RenameRow(row=row, id=id, examples=examples)],
        dry_run=dry_run,
        output=output,
        lang=lang,
    )


def add_column(
    context: typer.Context,
    name: str,
    side: Annotated[Side, typer.Option("--side", help="Before or after =>.")],
    default: Annotated[str, typer.Option("--default", help="The cell of every row.")] = "-",
    before: Before = None,
    after: After = None,
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Add a column to the header and every row."""
    edit = AddColumn(name=name, side=side, default=default, before=before, after=after, table=table)
    _make(context, [edit], dry_run=dry_run, output=output, lang=lang)


def remove_column(
    context: typer.Context,
    name: str,
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Remove a column from the header and every row."""
    _make(
        context, [RemoveColumn(name=name, table=table)], dry_run=dry_run, output=output, lang=lang
    )


Path_ = Annotated[str, typer.Argument(metavar="PATH", help="params.large, overrides.SH.large …")]
Texts = Annotated[list[str], typer.Argument(metavar="TEXT", help="The value.")]
List = Annotated[bool, typer.Option("--list", help="The value is a list of all texts given.")]


def set_value(
    context: typer.Context,
    path: Path_,
    texts: Texts,
    as_list: List = False,
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Write another value of the envelope: set-value params.large 30万."""
    with explained(lang):
        value = _value(texts, as_list=as_list)
    _make(context, [SetValue(path=path, value=value)], dry_run=dry_run, output=output, lang=lang)


def add_value(
    context: typer.Context,
    path: Path_,
    texts: Texts,
    as_list: List = False,
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Add a key to the envelope: add-value overrides.SZ.large 20万."""
    with explained(lang):
        value = _value(texts, as_list=as_list)
    _make(context, [AddValue(path=path, value=value)], dry_run=dry_run, output=output, lang=lang)


def remove_value(
    context: typer.Context,
    path: Path_,
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Remove a key from the envelope."""
    _make(context, [RemoveValue(path=path)], dry_run=dry_run, output=output, lang=lang)


def _pair(cell: str) -> tuple[str, str]:
    name, sign, text = cell.partition("=")
    if not sign:
        raise SluiceError(
            "CELL_FORM",
            Text(f"{cell!r} is not column=text; write amount='< 5'", f"{cell!r} 应写成 列名=文本"),
        )
    return name, text


def _value(texts: Sequence[str], *, as_list: bool) -> Value:
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


def _make(
    context: typer.Context,
    edits: Sequence[Edit],
    *,
    dry_run: bool,
    output: Literal["full", "json"],
    lang: Lang,
) -> None:
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
