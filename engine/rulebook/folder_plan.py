"""What a folder of rulesets would change against what is live. Nothing is written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlmodel import Session

from engine.base.findings import Finding
from engine.base.text import Text
from engine.rulebook.checking import check_text, failed
from engine.rulebook.composing import compose_set
from engine.rulebook.errors import RulebookError
from engine.rulebook.families import org_tree
from engine.rulebook.folder_looks import VOCABULARY, read_folder
from engine.rulebook.models import RulesetVersion, VocabularyVersion
from engine.rulebook.numbering import version_conflict
from engine.rulebook.planning import (
    Plan,
    Planned,
    PlannedWords,
    changes_of,
    live_words,
    planned_words,
    scheduled,
)
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.versions import ROOT, pending
from engine.rules import content_hash, parse_vocabulary
from engine.rules.analysis.across import check_across
from engine.rules.extending import own_text
from engine.rules.model import Ruleset, Vocabulary

NOBODY = "-"
"""Author of what is only a file yet."""


def plan_folder(session: Session, folder: Path) -> Plan:
    """What would change if all files of `folder`, its vocabulary among them, became live.

    A live ruleset whose file is not there stays live. Raises RulebookError NO_VOCABULARY when
    the folder has none.
    """
    texts = read_folder(folder)
    if VOCABULARY not in texts:
        raise RulebookError(
            "NO_VOCABULARY",
            Text(
                f"{folder} has no {VOCABULARY}; name the folder that holds it",
                f"{folder} 中没有 {VOCABULARY};请指定包含它的目录",
            ),
        )
    number = current_revision(session) or 0
    live = items_of(session, number)
    text = texts.pop(VOCABULARY)
    vocabulary, findings = parse_vocabulary(VOCABULARY, text)
    if vocabulary is None:
        return _plan(session, number, (), findings)
    rulesets, found = _read(session, texts, vocabulary)
    findings = [*findings, *found]
    if failed(findings):
        return _plan(session, number, (), findings)
    words = _words(text)
    old_words = live_words(session, number) if number else words
    held = {item.version.hash for item in live}
    new = [_version(one) for one in rulesets if one.hash not in held]
    changed = planned_words(old_words, words)
    composed = compose_set(live, new, words, recheck=changed is not None, orgs=org_tree(session))
    changes = changes_of(composed, live, old_words, words)
    return _plan(session, number, changes, [*findings, *composed.findings], changed)


def _read(
    session: Session, texts: dict[str, str], vocabulary: Vocabulary
) -> tuple[list[Ruleset], list[Finding]]:
    rulesets: list[Ruleset] = []
    findings: list[Finding] = []
    orgs = org_tree(session)
    for file, text in texts.items():
        checked = check_text(file, text, vocabulary, among=texts.items(), orgs=orgs)
        findings += checked.findings
        if checked.ruleset is not None:
            rulesets.append(checked.ruleset)
            conflict = version_conflict(session, checked.ruleset)
            findings += [] if conflict is None else [conflict]
    return rulesets, [*findings, *check_across(rulesets)]


def _version(ruleset: Ruleset) -> RulesetVersion:
    """The ruleset as the version it would become; it is not stored."""
    return RulesetVersion(
        hash=ruleset.hash,
        org_id=ruleset.scope_org,
        kind=ruleset.kind,
        subject=ruleset.subject,
        name=ruleset.name,
        version=ruleset.version,
        effective_from=ruleset.effective_from,
        effective_to=ruleset.effective_to,
        file=ruleset.file,
        text=own_text(ruleset),
        author=NOBODY,
        reason=f"in {ruleset.file}",
        created_at=dt.datetime.min.replace(tzinfo=dt.UTC),
    )


def _words(text: str) -> VocabularyVersion:
    return VocabularyVersion(
        hash=content_hash(text),
        org_id=ROOT,
        text=text,
        author=NOBODY,
        reviewer=NOBODY,
        reason=f"in {VOCABULARY}",
        created_at=dt.datetime.min.replace(tzinfo=dt.UTC),
    )


def _plan(
    session: Session,
    number: int,
    changes: tuple[Planned, ...],
    findings: list[Finding],
    words: PlannedWords | None = None,
) -> Plan:
    return Plan(
        number,
        changes,
        tuple(findings),
        failed(findings),
        len(pending(session)),
        tuple(scheduled(session)),
        words,
    )
