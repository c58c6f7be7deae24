"""Two texts of a ruleset beside each other, as one user may see them: stored or not yet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from engine.base.findings import Finding
from engine.rulebook.checking import Checked
from engine.rulebook.composing import Live
from engine.rulebook.judging import judge
from engine.rulebook.library import shelved
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.references import Located
from engine.rulebook.revision_changes import revision_changes
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.standing import standings
from engine.rules.model import Ruleset
from engine.treasury.rulesets.shelf import stored_for
from engine.treasury.rulesets.visible import require_readable, ruling
from engine.treasury.rulesets.writing import visible_drafts


@dataclass(frozen=True, slots=True)
class Side:
    """One text: the draft or version that holds it (None: it is not stored), and how it reads.

    `ruleset` is None where it cannot be read; `findings` are those of today, none for a version
    that rules or ruled.
    """

    found: Located | None
    file: str
    text: str
    ruleset: Ruleset | None
    findings: tuple[Finding, ...]


def side_of(session: Session, user_id: str, found: Located) -> Side:
    """A stored draft, read with the live words, or a version with those it was activated with."""
    if isinstance(found, RulesetDraft):
        return side_of_text(session, user_id, found.file, found.text, found)
    standing = standings(session, current_revision(session), [found])[found.hash]
    ruled = standing in ("live", "past")
    findings = () if ruled else _judged(session, user_id, found.file, found.text).findings
    return Side(found, found.file, found.text, shelved(session, found.hash).ruleset, findings)


def side_of_text(
    session: Session, user_id: str, file: str, text: str, found: Located | None = None
) -> Side:
    """A text as it would be stored now, with everything found in it.

    Raises NotPermitted where it names rules the user may not read: its findings would tell of them.
    """
    require_readable(session, user_id, text)
    checked = _judged(session, user_id, file, text)
    return Side(found, file, text, checked.ruleset, checked.findings)


def _judged(session: Session, user_id: str, file: str, text: str) -> Checked:
    return judge(session, file, text, ruling(session, user_id).has)


def live_version(session: Session, kind: str, name: str, on: dt.date) -> RulesetVersion | None:
    """The live version of a ruleset that is in force on `on`, else the one activated last; None
    where there is none."""
    number = current_revision(session)
    same = [
        item
        for item in ([] if number is None else items_of(session, number))
        if (item.version.kind, item.version.name) == (kind, name)
    ]
    same.sort(key=lambda item: (item.since, item.version.version), reverse=True)
    return next((one.version for one in same if _in_force(one, on)), None) or (
        same[0].version if same else None
    )


def _in_force(item: Live, on: dt.date) -> bool:
    version = item.version
    return version.effective_from <= on <= (version.effective_to or dt.date.max)


def usual_base(session: Session, found: Located, on: dt.date) -> RulesetVersion | None:
    """What a draft or version is compared with unless somebody chooses: what is live on `on`; for
    that itself, the version it took over from."""
    live = live_version(session, found.kind, found.name, on)
    if isinstance(found, RulesetDraft) or live is None or live.hash != found.hash:
        return live
    since = shelved(session, found.hash).since
    if since is None or since.id is None:
        return None
    changed = revision_changes(session, [since.id])[since.id].rulesets
    return next((one.old for one in changed if one.version.hash == found.hash), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be compared of one ruleset: its versions, newest first, and its open drafts."""

    kind: str
    name: str
    versions: tuple[RulesetVersion, ...]
    drafts: tuple[RulesetDraft, ...]


def choices(session: Session, user_id: str) -> list[Choice]:
    """What the user can compare, by kind and name."""
    versions: dict[tuple[str, str], list[RulesetVersion]] = {}
    for one in reversed(stored_for(session, user_id)):
        versions.setdefault((one.kind, one.name), []).append(one)
    written: dict[tuple[str, str], list[RulesetDraft]] = {}
    for draft in visible_drafts(session, user_id):
        written.setdefault((draft.kind, draft.name), []).append(draft)
    return [
        Choice(*key, tuple(versions.get(key, ())), tuple(written.get(key, ())))
        for key in sorted(versions.keys() | written)
    ]
