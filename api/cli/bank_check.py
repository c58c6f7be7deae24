"""`sluice bank check`: layouts checked with their examples; no workspace is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.say import Format, Language, complain, explained, say, say_json, wants_colour
from engine.base.findings import Finding, Severity
from engine.base.text import SluiceError, Text
from engine.formats.layouts import check
from engine.formats.layouts.examples import run_examples
from engine.formats.layouts.folder import LAYOUTS, find_layouts, samples_beside
from engine.rules.render import counted, finding_json, finding_text

Layouts = Annotated[
    list[Path] | None,
    typer.Argument(help="Layout files, or folders of them; the shipped ones when left out."),
]


def check_layouts(paths: Layouts = None, output: Format = "full", lang: Language = "en") -> None:
    """Check layouts and run their examples and samples; exit 1 when something is wrong."""
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    examples = 0
    with explained(lang, output):
        files = _found(paths or [LAYOUTS])
        for path in files:
            name = str(path)
            texts[name] = _text(path)
            found = check(texts[name], name)
            if not any(one.severity is Severity.ERROR for one in found):
                count, failed = run_examples(texts[name], name, samples_beside(path))
                examples += count
                found += failed
            findings += found
    if output == "json":
        said = [finding_json(one, lang) for one in findings]
        say_json({"layouts": len(files), "examples": examples, "findings": said})
    else:
        for one in findings:
            complain(finding_text(one, texts[one.file], lang, colour=wants_colour()))
        en = f"{counted(len(files), 'layout', 'layouts')}, "
        en += f"{counted(examples, 'example', 'examples')}, "
        en += counted(len(findings), "finding", "findings")
        zh = f"{len(files)} 个布局，{examples} 个示例，{len(findings)} 条结果"
        say(Text(en, zh).say(lang))
    if findings:
        raise typer.Exit(1)


def _found(paths: list[Path]) -> list[Path]:
    try:
        return find_layouts(paths)
    except OSError as error:
        raise _unreadable(Path(str(error.filename)), error) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SluiceError:
    return SluiceError(
        "FILE_UNREADABLE",
        Text(f"{path} cannot be read: {error}", f"无法读取 {path}：{error}"),
    )


def add(group: typer.Typer) -> None:
    """Add the command to `sluice bank`."""
    group.command("check")(check_layouts)
