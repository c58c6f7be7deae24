"""`sluice check`, `test` and `fmt`: rulesets on files, without workspace or database."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from api.cli.files import replace_file
from api.cli.rules_text import example_lines
from api.cli.say import Format, Language, complain, explained, say, say_json, wants_colour
from engine.base.findings import Finding, Severity
from engine.base.text import Lang, Text
from engine.rules.analysis.examples import ExampleReport, run_examples
from engine.rules.check import Library, check_paths, find_rulesets, read_file
from engine.rules.extending import place_of
from engine.rules.format import format_ruleset
from engine.rules.model import Ruleset
from engine.rules.render import counted, finding_json, finding_text, summary

MOST_SHOWN = 200
"""Findings, failed examples or unhit rows printed as text; the rest is counted."""

Paths = Annotated[list[Path], typer.Argument(help="Ruleset files, or folders of them.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("check")(check_files)
    app.command("test")(try_examples)
    app.command("fmt")(lay_out)


def check_files(
    paths: Paths,
    output: Format = "full",
    lang: Language = "en",
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
) -> None:
    """Find everything wrong with ruleset files or folders; exit 1 if there is an error."""
    with explained(lang):
        checked = check_paths(paths)
    errors, warnings = checked.count(Severity.ERROR), checked.count(Severity.WARNING)
    if output == "json":
        found = [finding_json(finding, lang) for finding in checked.findings]
        say_json({"findings": found, "errors": errors, "warnings": warnings})
    else:
        _show(checked.findings, checked.texts, lang)
        counts = {Severity.ERROR: errors, Severity.WARNING: warnings}
        say(summary(counts, len(checked.files)).say(lang))
    if checked.unreadable:
        raise typer.Exit(2)
    if errors or (strict and warnings):
        raise typer.Exit(1)


def _show(findings: tuple[Finding, ...], texts: dict[str, str], lang: Lang) -> None:
    for finding in findings[:MOST_SHOWN]:
        say(finding_text(finding, texts.get(finding.file), lang, colour=wants_colour()))
    _hidden(len(findings), Text("findings", "条结果"), lang)


def _hidden(count: int, what: Text, lang: Lang) -> None:
    more = count - MOST_SHOWN
    if more > 0:
        say(
            Text(f"... {more:,} more {what.en} hidden", f"……另有 {more:,} {what.zh}未显示").say(
                lang
            )
        )


def load_rulesets(
    paths: list[Path], lang: Lang, on: dt.date | None = None
) -> tuple[list[Ruleset], bool]:
    """Load files; the errors of those that do not load go to stderr. True when all loaded.

    An extension is composed with its parent's newest version, or with the one in force `on`.
    """
    library = Library(paths)
    rulesets: list[Ruleset] = []
    for path in paths:
        loaded = library.load(path, on)
        if loaded is not None and loaded.ruleset is not None:
            rulesets.append(loaded.ruleset)
        elif loaded is not None:
            _errors(loaded.findings, library, lang)
    _errors(library.findings, library, lang)
    return rulesets, len(rulesets) == len(paths)


def _errors(findings: list[Finding], library: Library, lang: Lang) -> None:
    for finding in findings:
        if finding.severity is Severity.ERROR:
            complain(finding_text(finding, library.texts.get(finding.file), lang, colour=False))


def try_examples(paths: Paths, output: Format = "full", lang: Language = "en") -> None:
    """Run the examples of rulesets and name the rows that no example hits."""
    with explained(lang):
        files = find_rulesets(paths)
        rulesets, complete = load_rulesets(files, lang)
        reports = [(ruleset, run_examples(ruleset)) for ruleset in rulesets]
    count = sum(report.count for _, report in reports)
    failed = sum(len(report.failed) for _, report in reports)
    unhit = sum(len(report.unhit) for _, report in reports)
    if output == "json":
        say_json(_test_json(reports, count, lang))
    else:
        lines = [line for one in reports for line in example_lines(*one, lang)]
        for line in lines[:MOST_SHOWN]:
            say(line)
        _hidden(len(lines), Text("lines", "行"), lang)
        say(_test_summary(count, failed, unhit, len(files)).say(lang))
    if failed or not complete:
        raise typer.Exit(1)


def _test_json(
    reports: list[tuple[Ruleset, ExampleReport]], count: int, lang: Lang
) -> dict[str, object]:
    return {
        "examples": count,
        "failed": [
            {
                "file": ruleset.file,
                "line": place_of(ruleset, one.example.span).span.line,
                "given": dict(one.given),
                "want": dict(one.want),
                "got": dict(one.got)
                if one.refused is None
                else {"error": {"code": one.refused.code, "message": one.refused.text.say(lang)}},
            }
            for ruleset, report in reports
            for one in report.failed
        ],
        "unhit": [
            {"file": ruleset.file, "row": row}
            for ruleset, report in reports
            for row in report.unhit
        ],
    }


def _test_summary(count: int, failed: int, unhit: int, files: int) -> Text:
    return Text(
        f"{counted(count, 'example', 'examples')}, {failed:,} failed, "
        f"{counted(unhit, 'row', 'rows')} without an example in {counted(files, 'file', 'files')}",
        f"{files:,} 个文件：{count:,} 个示例，{failed:,} 个未通过，{unhit:,} 行没有示例命中",
    )


def lay_out(
    paths: Paths,
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")
    ] = False,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Bring the tables of rulesets into the canonical layout."""
    changed: list[str] = []
    findings: list[Finding] = []
    with explained(lang):
        files = find_rulesets(paths)
        for path in files:
            text = read_file(path)
            formatted = format_ruleset(str(path), text)
            findings.extend(formatted.findings)
            for finding in formatted.findings:
                complain(finding_text(finding, text, lang, colour=False))
            if formatted.text != text or b"\r" in path.read_bytes():
                changed.append(str(path))
                if not only_check:
                    replace_file(path, formatted.text)
    if output == "json":
        found = [finding_json(finding, lang) for finding in findings]
        say_json({"changed": changed, "findings": found})
    else:
        for name in changed:
            say(name)
        say(_fmt_summary(len(changed), len(files), only_check=only_check).say(lang))
    if findings or (only_check and changed):
        raise typer.Exit(1)


def _fmt_summary(changed: int, files: int, *, only_check: bool) -> Text:
    many = counted(files, "file", "files")
    if only_check:
        return Text(
            f"{changed:,} of {many} would change", f"{files:,} 个文件中 {changed:,} 个需要调整"
        )
    return Text(f"{changed:,} of {many} changed", f"{files:,} 个文件中 {changed:,} 个已调整")
