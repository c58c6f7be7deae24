"""`sluice edit FILE …`: one cell, row, column or value of a ruleset file, by its exact place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.edit_making import make, one_value, pair
from api.cli.say import Format, Language, explained
from engine.rules.edit import (
    AddColumn,
    AddExamples,
    AddRow,
    AddValue,
    DuplicateRow,
    MoveRow,
    RemoveColumn,
    RemoveRow,
    RemoveValue,
    RenameColumn,
    RenameRow,
    SetCell,
    SetValue,
)
from engine.rules.edit.edits import Side, TableName

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
    column = typer.Typer(no_args_is_help=True, help="Add, remove or rename a column.")
    column.command("add")(add_column)
    column.command("remove")(remove_column)
    column.command("rename")(rename_column)
    edit.add_typer(column, name="column")
    examples = typer.Typer(no_args_is_help=True, help="Add the table of examples.")
    examples.command("add")(add_examples)
    edit.add_typer(examples, name="examples")
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
    make(
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
        named = dict(pair(one) for one in cells or ())
    make(
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
    make(context, [RemoveRow(row=row, table=table)], dry_run=dry_run, output=output, lang=lang)


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
    make(
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
    make(
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
    make(
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
    make(context, [edit], dry_run=dry_run, output=output, lang=lang)


def remove_column(
    context: typer.Context,
    name: str,
    table: Table = "rules",
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Remove a column from the header and every row."""
    make(context, [RemoveColumn(name=name, table=table)], dry_run=dry_run, output=output, lang=lang)


def rename_column(
    context: typer.Context,
    name: str,
    to: Annotated[str, typer.Argument(help="The new name.")],
    table: Table = "rules",
    examples: Annotated[
        bool, typer.Option("--examples/--no-examples", help="Rename it in the examples too.")
    ] = True,
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Give a column another name in the header."""
    edit = RenameColumn(name=name, to=to, table=table, examples=examples)
    make(context, [edit], dry_run=dry_run, output=output, lang=lang)


def add_examples(
    context: typer.Context,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="A column before => (default: the rules').")
    ] = None,
    outputs: Annotated[
        list[str] | None, typer.Option("--output", help="A column after => (default: id, …).")
    ] = None,
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Add the table of examples, with a header and no rows, to a ruleset without one."""
    edit = AddExamples(
        inputs=tuple(inputs) if inputs else None, outputs=tuple(outputs) if outputs else None
    )
    make(context, [edit], dry_run=dry_run, output=output, lang=lang)


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
        value = one_value(texts, as_list=as_list)
    make(context, [SetValue(path=path, value=value)], dry_run=dry_run, output=output, lang=lang)


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
        value = one_value(texts, as_list=as_list)
    make(context, [AddValue(path=path, value=value)], dry_run=dry_run, output=output, lang=lang)


def remove_value(
    context: typer.Context,
    path: Path_,
    dry_run: DryRun = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Remove a key from the envelope."""
    make(context, [RemoveValue(path=path)], dry_run=dry_run, output=output, lang=lang)
