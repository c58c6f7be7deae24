"""`sluice excel out` and `in`: a ruleset file as a workbook, and the workbook's changes back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.files import replace_file
from api.cli.rules_text import diff_lines
from api.cli.say import Format, Language, complain, explained, say, say_json, wants_colour
from engine.base.findings import Severity
from engine.base.text import SluiceError, Text
from engine.rules.check import Library, read_file
from engine.rules.diff import diff_rulesets
from engine.rules.edit.lines import line_diff
from engine.rules.excel import from_xlsx, to_xlsx
from engine.rules.load import Loaded
from engine.rules.model import Vocabulary
from engine.rules.render import finding_json, finding_text


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    excel = typer.Typer(no_args_is_help=True, help="Rulesets as Excel workbooks and back.")
    excel.command("out")(out)
    excel.command("in")(take_in)
    app.add_typer(excel, name="excel")


def out(
    file: Annotated[Path, typer.Argument(help="The ruleset file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The workbook to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
    lang: Language = "en",
) -> None:
    """Write a ruleset as a workbook in which every cell is text."""
    with explained(lang):
        if output.exists() and not force:
            raise SluiceError(
                "FILE_EXISTS",
                Text(
                    f"{output} exists; choose another name, or give --force",
                    f"{output} 已存在；请换一个文件名，或使用 --force",
                ),
            )
        output.write_bytes(to_xlsx(read_file(file), _vocabulary(file)))
    say(Text(f"{output} written", f"已写入 {output}").say(lang))


def take_in(
    workbook: Annotated[Path, typer.Argument(help="The changed workbook.")],
    onto: Annotated[Path, typer.Option("--onto", help="The file it was made from.")],
    write: Annotated[bool, typer.Option("--write", help="Keep the changes in the file.")] = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Show what a workbook changes in its ruleset; keep it with --write."""
    with explained(lang):
        old, vocabulary = read_file(onto), _vocabulary(onto)
        edited = from_xlsx(workbook.read_bytes(), old, vocabulary)
        written = write and edited.text != old
        if written:
            replace_file(onto, edited.text)
        before, after = _loaded(onto, old).ruleset, _loaded(onto, edited.text)
    diff = None
    if before is not None and after.ruleset is not None:
        diff = diff_rulesets(before, after.ruleset)
    lines = line_diff(old, edited.text)
    if output == "json":
        found = [finding_json(one, lang) for one in after.findings]
        told = None if diff is None else diff.to_json()
        say_json({"written": written, "diff": told, "lines": lines, "findings": found})
    else:
        if diff is not None and before is not None and after.ruleset is not None:
            shown = list(diff_lines(before, after.ruleset, diff, lang))
        else:
            shown = lines
        for line in shown:
            say(line)
        for one in after.findings:
            complain(finding_text(one, edited.text, lang, colour=wants_colour()))
        say(_summary(onto, changed=edited.text != old, written=written).say(lang))
    if any(one.severity is Severity.ERROR for one in after.findings):
        raise typer.Exit(1)


def _summary(path: Path, *, changed: bool, written: bool) -> Text:
    if not changed:
        return Text("nothing to change", "无需修改")
    if not written:
        return Text(
            f"{path} is as it was; keep the changes with --write",
            f"{path} 未修改；如需保存请加 --write",
        )
    return Text(f"{path} changed", f"{path} 已修改")


def _loaded(path: Path, text: str) -> Loaded:
    """The text as it would be read in its file: an extension beside its parent."""
    found = Library().load_text(path, text)
    if found is None:
        raise AssertionError("the vocabulary was read before")
    return found


def _vocabulary(path: Path) -> Vocabulary:
    library = Library()
    found = library.vocabulary_of(path)
    if found is None:
        first = library.findings[0]
        place = f"{first.file}:{first.span.line}"
        raise SluiceError(
            first.code,
            Text(f"{place}: {first.message.en}", f"{place}：{first.message.zh}"),
        )
    return found
