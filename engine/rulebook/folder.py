"""Keeps a demo workspace's rulebook equal to its folder: changed files become active together.

Outside a demo workspace nothing of this runs: a changed text is proposed and a second person
activates it. Here the second signature is that of a second demo user.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from engine.base.findings import Finding
from engine.rulebook.checking import failed
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.finding_json import finding_to_json
from engine.rulebook.folder_looks import Look, kept_findings, look_at, read_folder
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import RulesetFile, RulesetVersion
from engine.rulebook.numbering import newer_live, older_file
from engine.rulebook.revisions import activate, current_revision, items_of
from engine.rulebook.versions import ROOT, publish, publish_vocabulary
from engine.rules import content_hash
from engine.rules.extending import sources

_FRESH = select(RulesetFile).execution_options(populate_existing=True)


@dataclass(frozen=True, slots=True)
class Synced:
    """What a look at the folder did: the live revision afterwards, what became active with it,
    and all that is wrong in the folder."""

    revision: int | None
    activated: tuple[RulesetVersion, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class FileState:
    """What the last look at a file found; no findings is good news."""

    file: str
    checked_at: dt.datetime
    findings: tuple[Finding, ...]


def folder_state(session: Session) -> list[FileState]:
    """The state of every file of the folder at the last look, by name, for the pages."""
    rows = session.exec(select(RulesetFile).order_by(col(RulesetFile.file)))
    return [FileState(row.file, row.checked_at, kept_findings(row)) for row in rows]


def sync_folder(
    session: Session, folder: Path, *, author: str, approver: str, reason: str, now: dt.datetime
) -> Synced:
    """Make what was saved in `folder` live, all of it or nothing while a file has an error.

    Files that are as at the last look are not read again, and a file that was live once, the
    vocabulary's too, does not come back by itself after another version was signed and activated
    elsewhere. The same version
    with other content, or one below the live one, is an error (B106: raise version). A ruleset
    whose file has gone stays live, with a warning (B105). Findings are kept for the pages
    (`folder_state`). Raises RulebookError FOUR_EYES when author and approver are one person.
    """
    texts = read_folder(folder)
    known = {row.file: row for row in session.exec(_FRESH)}
    before = current_revision(session)
    if before is not None and _as_before(texts, known):
        return Synced(before, (), tuple(f for row in known.values() for f in kept_findings(row)))
    lock_rulebook(session)  # two processes may watch one folder: the second finds it done
    known = {row.file: row for row in session.exec(_FRESH)}
    before = current_revision(session)
    looks = look_at(session, texts, known, before)
    activated: tuple[RulesetVersion, ...] = ()
    revision = before
    taken = False
    if not any(failed(look.findings) for look in looks):
        once = {row.ruleset_hash for row in known.values()}
        try:
            with session.begin_nested():
                revision, activated = _activate(
                    session, looks, once, author=author, approver=approver, reason=reason, now=now
                )
            taken = True
        except RulesetRefused as refused:
            by_file = {look.file: look for look in looks}
            for finding in refused.findings:
                by_file.get(finding.file, looks[0]).findings.append(finding)
    _keep(session, looks, known, now, taken=taken)
    return Synced(revision, activated, tuple(f for look in looks for f in look.findings))


def _as_before(texts: Mapping[str, str], known: Mapping[str, RulesetFile]) -> bool:
    """Whether every file is as it was at the last look, and the last look was good."""
    return (
        texts.keys() == known.keys()
        and all(known[file].content_hash == content_hash(text) for file, text in texts.items())
        and not any(failed(kept_findings(row)) for row in known.values())
    )


def _activate(
    session: Session,
    looks: Iterable[Look],
    once: Collection[str | None],
    *,
    author: str,
    approver: str,
    reason: str,
    now: dt.datetime,
) -> tuple[int, tuple[RulesetVersion, ...]]:
    # A parent before its extensions: each is stored beside those that it extends.
    looks = sorted(looks, key=lambda look: len(sources(look.ruleset)) if look.ruleset else 0)
    first = looks[0].instead or looks[0].text
    words = publish_vocabulary(
        session, first, author=author, reviewer=approver, reason=reason, now=now
    )
    rulesets = {look.ruleset.hash: look.ruleset for look in looks if look.ruleset is not None}
    versions = [
        publish(
            session,
            look.text,
            look.file,
            author=author,
            reviewer=approver,
            reason=reason,
            now=now,
            vocabulary=words,
        )
        for look in looks
        if look.ruleset is not None
    ]
    before = current_revision(session)
    live = [] if before is None else [item.version for item in items_of(session, before)]
    held = {one.hash for one in live}
    new = tuple(one for one in versions if one.hash not in held and one.hash not in once)
    newer = [(rulesets[one.hash], newer_live(one, live)) for one in new]
    older = [older_file(ruleset, above) for ruleset, above in newer if above is not None]
    if older:
        raise RulesetRefused(older)
    number = activate(
        session,
        [version.hash for version in new],
        activated_by=author,
        approved_by=approver,
        reason=reason,
        now=now,
        vocabulary=words,
    )
    return number, new


def _keep(
    session: Session,
    looks: Iterable[Look],
    known: Mapping[str, RulesetFile],
    now: dt.datetime,
    *,
    taken: bool,
) -> None:
    """Keep what was found in changed files and, when all of them were `taken`, which version each
    has made live; forget files that are gone."""
    looks = list(looks)
    for file in known.keys() - {look.file for look in looks}:
        session.delete(known[file])
    for look in looks:
        row = known.get(look.file)
        kept = [finding_to_json(finding) for finding in look.findings]
        if row is None:
            row = RulesetFile(
                file=look.file, org_id=ROOT, content_hash="", findings=[], checked_at=now
            )
        hash = look.ruleset.hash if taken and look.ruleset is not None else row.ruleset_hash
        if not look.changed and row.findings == kept and row.ruleset_hash == hash:
            continue
        row.ruleset_hash = hash
        row.content_hash = content_hash(look.text)
        row.findings = kept
        row.checked_at = now
        row.org_id = look.ruleset.scope_org if look.ruleset else ROOT
        row.kind = look.ruleset.kind if look.ruleset else ""
        session.add(row)
    session.flush()
