"""Rulesets by what people call them: NAME@7, live:NAME, draft:12, or the beginning of a hash."""

from __future__ import annotations

import re

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.drafts import draft_of
from engine.rulebook.errors import RulebookError, unknown_ruleset
from engine.rulebook.library import named, shelved
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.texts import current_vocabulary, live_sources, read_all
from engine.rules.model import Ruleset

Located = RulesetVersion | RulesetDraft

_HASH = re.compile(r"[0-9a-f]{8,64}")


def locate(session: Session, reference: str) -> Located:
    """The stored version or the draft a reference names; whether the user may see it is the
    caller's question.

    Raises RulebookError UNKNOWN_RULESET, DRAFT_UNKNOWN, RULESET_AMBIGUOUS.
    """
    said = reference.strip()
    if said.startswith("draft:") and said[6:].isdecimal():
        return draft_of(session, int(said[6:]))
    if said.startswith("live:"):
        return named(session, said[5:]).version
    name, at, version = said.rpartition("@")
    if at and version.isdecimal() and len(version) < 10:
        return _numbered(session, name, int(version))
    if _HASH.fullmatch(said):
        return shelved(session, said).version
    raise RulebookError(
        "UNKNOWN_RULESET",
        Text(
            f"{said[:80]!r} names no ruleset; write NAME@VERSION, live:NAME, draft:NUMBER or the "
            "first 8 or more digits of a hash",
            f"{said[:80]!r} 未指明规则集;请写 名称@版本、live:名称、draft:编号 或哈希的前 8 位以上",
        ),
    )


def read(session: Session, found: Located) -> Ruleset:
    """A version with the words it was activated with, a draft with those that are live.

    Raises RulesetRefused for a draft with errors, RulebookError RULESET_UNREADABLE.
    """
    if isinstance(found, RulesetDraft):
        return read_text(session, found.text, found.file)
    ruleset = shelved(session, found.hash).ruleset
    if ruleset is None:
        raise RulebookError(
            "RULESET_UNREADABLE",
            Text(
                f"{found.name} {found.version} cannot be read with the words it was activated "
                "with; compare its text instead",
                f"{found.name} 第 {found.version} 版无法以其激活时的词汇表读取;请直接比较文本",
            ),
        )
    return ruleset


def read_text(session: Session, text: str, file: str = "draft.yaml") -> Ruleset:
    """A text that is not stored, read with the live words and, where it extends one, with the
    live parent. Raises RulesetRefused."""
    words = current_vocabulary(session).text
    return read_all(file, text, live_sources(session), words)[0]


def refer(session: Session, reference: str) -> Ruleset:
    """The ruleset a reference names; raises as `locate` and `read`."""
    return read(session, locate(session, reference))


def _numbered(session: Session, name: str, version: int) -> RulesetVersion:
    kind, _, plain = name.rpartition("/")
    query = select(RulesetVersion).where(
        RulesetVersion.name == plain, RulesetVersion.version == version
    )
    if kind:
        query = query.where(RulesetVersion.kind == kind)
    found = session.exec(query.order_by(col(RulesetVersion.kind)).limit(2)).all()
    if not found:
        raise unknown_ruleset(f"{name}@{version}")
    if len(found) > 1:
        raise RulebookError(
            "RULESET_AMBIGUOUS",
            Text(
                f"{plain} is a name in several kinds; write {found[0].kind}/{plain}@{version}",
                f"{plain} 在多个类别中重名;请写 {found[0].kind}/{plain}@{version}",
            ),
        )
    return found[0]
