"""`sluice preview`: a draft against the live rules, over decision history or a file."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from api.cli.preview_text import preview_lines
from api.cli.say import Format, Language, complain, explained, say, say_json, wants_colour
from api.cli.workspace import WorkspaceOption
from engine.base.findings import Finding, Severity
from engine.base.text import Lang, SluiceError, Text
from engine.rules.check import Library, check_ruleset
from engine.rules.columns import HistoryRefused
from engine.rules.model import Ruleset
from engine.rules.preview import (
    LARGEST,
    Documents,
    Preview,
    PreviewRefused,
    World,
    compare,
)
from engine.rules.preview.documents import BRANCH, ORG_PATH
from engine.rules.preview.files import HistoryEmpty, read_history
from engine.rules.preview.guard import comparable, with_notes
from engine.rules.preview.treeless import paths_without_tree, place_without_tree
from engine.rules.render import finding_json, finding_text

LIVE = "live"
PATIENCE = 2.0
"""Seconds after which a terminal is told what takes so long."""


def preview(
    draft: Annotated[
        str,
        typer.Argument(
            help="The ruleset as it would be: a file, or in a workspace draft:NUMBER, NAME@VERSION "
            "or a hash."
        ),
    ],
    history: Annotated[
        str,
        typer.Option(help="Documents: a .parquet, .csv or .jsonl file, or live:90d."),
    ],
    against: Annotated[
        str, typer.Option(help="The ruleset as it is: a file, or what is live in the workspace.")
    ] = LIVE,
    branch: Annotated[
        str | None, typer.Option(help="Only this organisation's documents (live: and below).")
    ] = None,
    largest: Annotated[
        int, typer.Option(min=0, max=1000, help="Documents to list, largest amounts first.")
    ] = LARGEST,
    workspace: WorkspaceOption = None,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """What a draft would decide otherwise: documents, money, branches, rows; exit 1 if the draft
    has errors."""
    with explained(lang):
        try:
            filed = against != LIVE and not history.startswith(f"{LIVE}:")
            if filed and not stored_reference(draft):
                found, seconds = _on_files(
                    Path(draft), Path(against), Path(history), branch, largest, lang
                )
            else:
                # The database is only opened where it is needed.
                from api.cli.preview_live import preview_live

                found, seconds = preview_live(
                    draft, against, history, branch, largest, workspace, lang
                )
        except DraftErrors as refused:
            refused.tell(output, lang)
            raise typer.Exit(1) from None
        except HistoryRefused as refused:
            _tell_problems(refused, output, lang)
            raise typer.Exit(1) from None
        except HistoryEmpty as refused:
            _tell_error(refused, output, lang)
            raise typer.Exit(1) from None
    if output == "json":
        say_json(found.to_json(lang, seconds))
        return
    for line in preview_lines(found, seconds, lang):
        say(line)


class DraftErrors(SluiceError):
    """A draft (or a live file) with errors: there is nothing valid to preview."""

    def __init__(self, path: Path | str, findings: list[Finding], texts: dict[str, str]) -> None:
        super().__init__(
            "DRAFT_HAS_ERRORS",
            Text(
                f"{path} has errors and is not previewed as if it were valid; correct them first",
                f"{path} 有错误，不能当作有效规则预览；请先更正",
            ),
        )
        self.findings = findings
        self.texts = texts

    def tell(self, output: str, lang: Lang) -> None:
        """Every finding with its place on stderr, or all as JSON on stdout."""
        if output == "json":
            found = [finding_json(one, lang) for one in self.findings]
            error = {"code": self.code, "message": self.text.say(lang)}
            say_json({"error": error, "findings": found})
            return
        for one in self.findings:
            complain(finding_text(one, self.texts.get(one.file), lang, colour=wants_colour()))
        complain(f"error[{self.code}] {self.text.say(lang)}")


def _tell_problems(refused: HistoryRefused, output: str, lang: Lang) -> None:
    if output == "json":
        problems = [
            {
                "code": one.code,
                "column": one.column,
                "documents": one.documents,
                "message": one.text.say(lang),
            }
            for one in refused.problems
        ]
        error = {"code": refused.code, "message": refused.text.say(lang)}
        say_json({"error": error, "problems": problems})
        return
    for one in refused.problems:
        complain(f"error[{one.code}] {one.text.say(lang)}")


def _tell_error(refused: SluiceError, output: str, lang: Lang) -> None:
    if output == "json":
        say_json({"error": {"code": refused.code, "message": refused.text.say(lang)}})
        return
    complain(f"error[{refused.code}] {refused.text.say(lang)}")


def stored_reference(draft: str) -> bool:
    """Whether a draft is looked up in the workspace: it looks like no file."""
    path = Path(draft)
    return not path.exists() and path.suffix not in {".yaml", ".yml"}


def ruleset_in_file(path: Path, *, deep: bool) -> Ruleset:
    """The ruleset in a file; `deep`: with its analysis and examples checked too.

    Raises DraftErrors and PathError.
    """
    library = Library()
    loaded = library.load(path)
    findings = [*library.findings, *(() if loaded is None else loaded.findings)]
    if deep and loaded is not None and loaded.ruleset is not None:
        findings += check_ruleset(loaded.ruleset)
    errors = any(one.severity is Severity.ERROR for one in findings)
    if loaded is None or loaded.ruleset is None or errors:
        raise DraftErrors(path, findings, library.texts)
    return loaded.ruleset


def _on_files(
    draft: Path, against: Path, history: Path, branch: str | None, largest: int, lang: Lang
) -> tuple[Preview, float]:
    """Files only: no workspace, no database, no organisation tree."""
    new = ruleset_in_file(draft, deep=True)
    old = ruleset_in_file(against, deep=False)
    comparable(new, old)
    with patient(Text(f"reading {history}", f"正在读取 {history}"), lang):
        words = {*new.facts, *old.facts, "amount"}
        table = read_history(history, words)
        live = World({old.scope_org: old})
        documents = _treeless(table, old, new)
        begun = time.perf_counter()
        found = compare(
            new,
            live,
            live.with_draft(new),
            documents,
            branches=None if branch is None else _named(documents, branch),
            largest=largest,
            place=place_without_tree(new, old, new),
        )
        seconds = time.perf_counter() - begun
    return with_notes(found, new, old), seconds


def _treeless(table: pa.Table, old: Ruleset, new: Ruleset) -> Documents:
    """Documents of a file; those of a file without branches are all of the live ruleset's scope."""
    if BRANCH in table.column_names or ORG_PATH in table.column_names:
        return Documents(table, paths_without_tree(old, new))
    nameless = place_without_tree(old, old, new)
    return Documents(table, paths_without_tree(old, new, nameless=nameless))


def _named(documents: Documents, branch: str) -> list[int]:
    found = [at for at, one in enumerate(documents.branches) if one.code == branch]
    if not found:
        raise PreviewRefused(
            "NO_DOCUMENTS",
            Text(
                f"the history has no documents of {branch}; check the code or leave --branch out",
                f"历史中没有 {branch} 的单据；请核对机构代码，或去掉 --branch",
            ),
        )
    return found


@contextmanager
def patient(what: Text, lang: Lang) -> Iterator[None]:
    """On a terminal, say what takes longer than two seconds."""
    timer = threading.Timer(PATIENCE, lambda: complain(f"{what.say(lang)} …"))
    if sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("preview")(preview)
