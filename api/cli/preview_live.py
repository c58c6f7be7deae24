"""`sluice preview` with a workspace: what is live in it, its tree, its decision history."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path

from sqlmodel import Session

from api.cli.preview import LIVE, DraftErrors, patient, ruleset_in_file, stored_reference
from api.cli.workspace import opened
from api.demo.state import clock_for
from api.document_names import named
from engine.base.text import Lang, Text
from engine.rulebook import Rulebook
from engine.rulebook.families import org_tree
from engine.rulebook.history import (
    Draft,
    HistoryFolder,
    LoadedHistories,
    LoadedHistory,
    preview_draft,
    since,
    update,
    valid_draft,
)
from engine.rulebook.history import DraftErrors as Refused
from engine.rulebook.history.reading import History
from engine.rulebook.references import locate
from engine.rules.check import read_file
from engine.rules.preview import Documents, Preview, World, paths_in
from engine.rules.preview.files import read_history
from engine.rules.preview.guard import comparable
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace


def preview_live(
    draft: str,
    against: str,
    history: str,
    branch: str | None,
    largest: int,
    folder: Path | None,
    lang: Lang,
) -> tuple[Preview, float]:
    """Preview against what is live, or over decision history, or both; `draft` is a file, or what
    the workspace calls a draft or a version."""
    with opened(folder) as (place, _, engine), transaction(engine) as session:
        today = clock_for(place).business_date()
        pinned = Rulebook().at(session)
        file, text = _text(session, draft)
        try:
            made = valid_draft(session, pinned, file, text, on=today)
        except Refused as refused:
            told = [*refused.findings, *refused.hints]
            raise DraftErrors(draft, told, {file: text}) from None
        if against != LIVE:
            other = ruleset_in_file(Path(against), deep=False)
            comparable(made.ruleset, other)
            world = World({**made.live.rulesets, other.scope_org: other})
            new = World({**made.new.rulesets, other.scope_org: other})
            made = replace(made, live=world, new=new.with_draft(made.ruleset))
        what = Text(f"reading the history {history}", f"正在读取历史 {history}")
        with patient(what, lang):
            if history.startswith(f"{LIVE}:"):
                first = since(history, today)
                loaded = _kept(session, place, made, first)
            else:
                loaded = _file(session, Path(history), made)
            begun = time.perf_counter()
            found = preview_draft(made, loaded, below=branch, largest=largest)
            seconds = time.perf_counter() - begun
        return named(session, found), seconds


def _text(session: Session, draft: str) -> tuple[str, str]:
    """File and text of what is to be previewed."""
    if stored_reference(draft):
        found = locate(session, draft)
        return found.file, found.text
    path = Path(draft)
    return path.name, read_file(path)


def _kept(session: Session, place: Workspace, made: Draft, first: dt.date) -> LoadedHistory:
    """The workspace's history, with the decisions of this moment."""
    folder = HistoryFolder(place.folder / "history")
    for _month in update(session, folder):
        pass
    return LoadedHistories(folder).since(made.ruleset.kind, made.ruleset.subject, first)


def _file(session: Session, path: Path, made: Draft) -> LoadedHistory:
    """A file's documents, its branches found in the workspace's tree."""
    worlds = (*made.live.rulesets.values(), *made.new.rulesets.values())
    words = {"amount"}.union(*(one.facts for one in worlds))
    table = read_history(path, words)
    tree = org_tree(session) or {}
    documents = Documents(table, paths_in(tree))
    # A path that a file writes is no better known than its last organisation.
    documents.branches = tuple(
        one if one.code in tree else replace(one, path=None) for one in documents.branches
    )
    return LoadedHistory(History(table, dt.date.min, {}, {}), documents)
