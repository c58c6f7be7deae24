"""The files of a demo's folder as they are now: read and checked beside what is live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, select

from engine.base.collector import Collector
from engine.base.findings import Finding, Span
from engine.base.text import Text
from engine.rulebook.check_once import check_once
from engine.rulebook.checking import Checked, failed
from engine.rulebook.families import extending, org_tree
from engine.rulebook.finding_json import finding_from_json
from engine.rulebook.models import Revision, RulesetFile, RulesetVersion, VocabularyVersion
from engine.rulebook.numbering import version_conflict
from engine.rulebook.revisions import items_of
from engine.rulebook.texts import Source, headings, live_sources, read_all
from engine.rules import content_hash, parse_vocabulary
from engine.rules.analysis.across import check_across
from engine.rules.extending.heading import may_extend
from engine.rules.model import Ruleset

VOCABULARY = "vocabulary.yaml"


@dataclass(slots=True)
class Look:
    """One file as it is now. `ruleset` is None when it has errors, or is the vocabulary."""

    file: str
    text: str
    changed: bool
    findings: list[Finding] = field(default_factory=list)
    ruleset: Ruleset | None = None
    instead: str | None = None
    """The live vocabulary, which rules in the place of the file's."""


def read_folder(folder: Path) -> dict[str, str]:
    """The folder's texts, the vocabulary first; bytes that are no UTF-8 become findings later."""
    paths = [folder / VOCABULARY, *sorted(folder.glob("*/*.yaml"))]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in paths
        if path.is_file()
    }


def look_at(
    session: Session,
    texts: Mapping[str, str],
    known: Mapping[str, RulesetFile],
    before: int | None,
) -> list[Look]:
    """Every file, the vocabulary first, then live rulesets that no file has any more.

    `known` is what the last look kept of each file, `before` the live revision.
    """
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
        if row is not None and same and not new_words and not failed(kept_findings(row)):
            ruleset = read_all(file, text, among, text_of_words)[0]
            looks.append(Look(file, text, False, list(kept_findings(row)), ruleset))
        else:
            checked = check_once(file, text, text_of_words, among=among, orgs=orgs)
            looks.append(_look(session, file, text, checked))
    for finding in check_across(look.ruleset for look in looks if look.ruleset is not None):
        next(look for look in looks if look.file == finding.file).findings.append(finding)
    if before is not None:
        looks += _gone(session, before, looks)
    return looks


def _words(session: Session, text: str, row: RulesetFile | None, live: Revision | None) -> Look:
    """The vocabulary's file, or what became live elsewhere while the file stayed as it was."""
    look = Look(VOCABULARY, text, changed=True)
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


def _look(session: Session, file: str, text: str, checked: Checked) -> Look:
    look = Look(file, text, True, list(checked.findings), checked.ruleset)
    if look.ruleset is not None and not failed(look.findings):
        conflict = version_conflict(session, look.ruleset)
        look.findings += [] if conflict is None else [conflict]
    return look


def _gone(session: Session, before: int, looks: Iterable[Look]) -> list[Look]:
    """Live rulesets that no file speaks of any more: a lost file must not stop payments."""
    unread = any(look.ruleset is None for look in looks if look.file != VOCABULARY)
    written = {(look.ruleset.kind, look.ruleset.name) for look in looks if look.ruleset}
    here = {look.file for look in looks}
    return [
        Look(item.version.file, "", True, _lost(item.version))
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


def kept_findings(row: RulesetFile) -> tuple[Finding, ...]:
    """What the last look at a file found."""
    return tuple(finding_from_json(row.file, kept) for kept in row.findings)
