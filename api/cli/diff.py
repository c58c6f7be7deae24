"""`sluice diff OLD NEW`: two versions by row id, as lines, sentences or JSON.

Two files need no workspace and no database; anything else is looked up in the workspace.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.rules import load_rulesets
from api.cli.rules_text import diff_lines, sentence_lines
from api.cli.say import Format, Language, complain, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from engine.base.text import Lang, Text
from engine.rulebook.references import refer
from engine.rules.diff import diff_rulesets
from engine.rules.diff_sentences import diff_sentences
from engine.rules.model import Ruleset
from engine.runtime.db import transaction

_WHAT = "a file, or in a workspace NAME@VERSION, live:NAME, draft:NUMBER or a hash."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff")(compare)


def compare(
    old: Annotated[str, typer.Argument(help=f"Before: {_WHAT}")],
    new: Annotated[str, typer.Argument(help=f"After: {_WHAT}")],
    sentences: Annotated[
        bool, typer.Option("--sentences", help="Whole sentences instead of cells.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 if the rulesets differ.")
    ] = False,
    workspace: WorkspaceOption = None,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Compare two versions of a ruleset by row id: the meaning, not the layout."""
    with explained(lang):
        pair = _loaded(old, new, workspace, lang)
    if pair is None:
        raise typer.Exit(1)
    found = diff_rulesets(*pair)
    if output == "json":
        said = [one.say(lang) for one in diff_sentences(*pair, found)] if sentences else None
        say_json(found.to_json() | ({} if said is None else {"sentences": said}))
    else:
        lines = sentence_lines if sentences else diff_lines
        for line in lines(*pair, found, lang):
            say(line)
    if exit_code and not found.empty:
        raise typer.Exit(3)


def _loaded(
    old: str, new: str, workspace: Path | None, lang: Lang
) -> tuple[Ruleset, Ruleset] | None:
    """Both rulesets; None when a file has errors, which are on stderr then."""
    references = (old, new)
    files = [Path(one) for one in references if not _stored(one)]
    rulesets, complete = load_rulesets(files, lang)
    if not complete:
        return None
    stored: list[Ruleset] = []
    if len(files) < len(references):
        with opened(workspace) as (_, _, engine), transaction(engine) as session:
            stored = [refer(session, one) for one in references if _stored(one)]
    first, second = (stored.pop(0) if _stored(one) else rulesets.pop(0) for one in references)
    if (first.kind, first.name) != (second.kind, second.name):
        complain(
            Text(
                f"note: these are two rulesets, {first.kind}/{first.name} and "
                f"{second.kind}/{second.name}",
                f"注意：这是两个规则集，{first.kind}/{first.name} 与 {second.kind}/{second.name}",
            ).say(lang)
        )
    return first, second


def _stored(reference: str) -> bool:
    """Whether a reference is looked up in the workspace: it looks like no file."""
    path = Path(reference)
    return not path.exists() and path.suffix not in {".yaml", ".yml"}
