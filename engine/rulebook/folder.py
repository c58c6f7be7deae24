"""Keeps a demo workspace's rulebook equal to its folder: changed files become active together.

Outside a demo workspace nothing of this runs: a changed text is proposed and a second person
activates it. Here the second signature is that of a second demo user.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.checking import Checked, check_text, failed
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.families import extending, org_tree
from engine.rulebook.finding_json import finding_from_json, finding_to_json
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import Revision, RulesetFile, RulesetVersion, VocabularyVersion
from engine.rulebook.numbering import newer_live, older_file, version_conflict
from engine.rulebook.revisions import activate, current_revision, items_of
from engine.rulebook.texts import Source, headings, live_sources, read_all
from engine.rulebook.versions import ROOT, publish, publish_vocabulary
from engine.rules import content_hash, parse_vocabulary
from engine.rules.analysis.across import check_across
from engine.rules.collector import Collector
from engine.rules.extending import sources
from engine.rules.extending.heading import may_extend
from engine.rules.findings import Finding, Span
from engine.rules.model import Ruleset

VOCABULARY = "vocabulary.yaml"
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


@dataclass(slots=True)
class _Look:
    """One file as it is now. `ruleset` is None when it has errors, or is the vocabulary."""

    file: str
    text: str
    changed: bool
    findings: list[Finding] = field(default_factory=list)
    ruleset: Ruleset | None = None
    instead: str | None = None
    """The live vocabulary, which rules in the place of the file's."""


def folder_state(session: Session) -> list[FileState]:
    """The state of every file of the folder at the last look, by name, for the pages."""
    rows = session.exec(select(RulesetFile).order_by(col(RulesetFile.file)))
    return [FileState(row.file, row.checked_at, _findings(row)) for row in rows]


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
        return Synced(before, (), tuple(f for row in known.values() for f in _findings(row)))
    lock_rulebook(session)  # two processes may watch one folder: the second finds it done
    known = {row.file: row for row in session.exec(_FRESH)}
    before = current_revision(session)
    looks = _look_at(session, texts, known, before)
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


def read_folder(folder: Path) -> dict[str, str]:
    """The folder's texts, the vocabulary first; bytes that are no UTF-8 become findings later."""
    paths = [folder / VOCABULARY, *sorted(folder.glob("*/*.yaml"))]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in paths
        if path.is_file()
    }


def _as_before(texts: Mapping[str, str], known: Mapping[str, RulesetFile]) -> bool:
    """Whether every file is as it was at the last look, and the last look was good."""
    return (
        texts.keys() == known.keys()
        and all(known[file].content_hash == content_hash(text) for file, text in texts.items())
        and not any(failed(_findings(row)) for row in known.values())
    )


def _look_at(
    session: Session,
    texts: Mapping[str, str],
    known: Mapping[str, RulesetFile],
    before: int | None,
) -> list[_Look]:
    live = None if before is None else session.get(Revision, before)
    words = _words(session, texts.get(VOCABULARY, ""), known.get(VOCABULARY), live)
    text_of_words = words.instead or words.text
    vocabulary, words.findings = parse_vocabulary(VOCABULARY, text_of_words)
    looks = [words]
    if vocabulary is None:
        return looks
    new_words = live is None or live.vocabulary_hash != content_hash(text_of_words)
    files = {file: text for file, text in texts.items() if file != VOCABULARY}
    among = _among(session, files, before)
    orgs = org_tree(session)
    touched = extending(_names(_changed(files, known)), among)
    for file, text in files.items():
        row = known.get(file)
        same = row is not None and row.content_hash == content_hash(text)
        same = same and (file, text) not in touched
        if row is not None and same and not new_words and not failed(_findings(row)):
            ruleset = read_all(file, text, among, text_of_words)[0]
            looks.append(_Look(file, text, False, list(_findings(row)), ruleset))
        else:
            checked = check_text(file, text, vocabulary, among=among, orgs=orgs)
            looks.append(_look(session, file, text, checked))
    for finding in check_across(look.ruleset for look in looks if look.ruleset is not None):
        next(look for look in looks if look.file == finding.file).findings.append(finding)
    if before is not None:
        looks += _gone(session, before, looks)
    return looks


def _words(session: Session, text: str, row: RulesetFile | None, live: Revision | None) -> _Look:
    """The vocabulary's file, or what became live elsewhere while the file stayed as it was."""
    look = _Look(VOCABULARY, text, changed=True)
    hash = content_hash(text)
    if live is None or row is None or row.content_hash != hash or live.vocabulary_hash == hash:
        return look
    once = select(Revision.id).where(Revision.vocabulary_hash == hash).limit(1)
    other = session.get(VocabularyVersion, live.vocabulary_hash)
    if other is not None and session.exec(once).first() is not None:
        look.instead = other.text
    return look


def _among(session: Session, files: Mapping[str, str], before: int | None) -> list[Source]:
    """Where extensions find their parents: the files, then what is live without a file."""
    own = list(files.items())
    if before is None or not any(may_extend(text) for text in files.values()):
        return own
    written = _names(own)
    lost = [one for one in headings(live_sources(session, before)) if one.name not in written]
    return [*own, *((one.file, one.text) for one in lost)]


def _names(among: Iterable[Source]) -> set[str]:
    return {one.name for one in headings(among)}


def _changed(files: Mapping[str, str], known: Mapping[str, RulesetFile]) -> list[Source]:
    return [
        (file, text)
        for file, text in files.items()
        if file not in known or known[file].content_hash != content_hash(text)
    ]


def _look(session: Session, file: str, text: str, checked: Checked) -> _Look:
    look = _Look(file, text, True, list(checked.findings), checked.ruleset)
    if look.ruleset is not None and not failed(look.findings):
        conflict = version_conflict(session, look.ruleset)
        look.findings += [] if conflict is None else [conflict]
    return look


def _gone(session: Session, before: int, looks: Iterable[_Look]) -> list[_Look]:
    """Live rulesets that no file speaks of any more: a lost file must not stop payments."""
    unread = any(look.ruleset is None for look in looks if look.file != VOCABULARY)
    written = {(look.ruleset.kind, look.ruleset.name) for look in looks if look.ruleset}
    here = {look.file for look in looks}
    return [
        _Look(item.version.file, "", True, _lost(item.version))
        for item in items_of(session, before)
        if not unread
        and item.version.file not in here
        and (item.version.kind, item.version.name) not in written
    ]


def _lost(version: RulesetVersion) -> list[Finding]:
    out = Collector(version.file)
    out.warn(
        "B105",
        Span(1, 1),
        Text(
            f"{version.name} is live, but no file of the folder has it any more",
            f"{version.name} 仍然生效,但目录中已没有对应文件",
        ),
        Text(
            "restore the file, or give its last version an `effective.to`",
            "请恢复文件,或在其最后版本中填写 effective.to",
        ),
    )
    return out.findings


def _activate(
    session: Session,
    looks: Iterable[_Look],
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
    looks: Iterable[_Look],
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


def _findings(row: RulesetFile) -> tuple[Finding, ...]:
    return tuple(finding_from_json(row.file, kept) for kept in row.findings)
