"""Rulesets by what people call them: NAME@7, live:NAME, draft:12, or the beginning of a hash."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.drafts import draft_of
from engine.rulebook.errors import RulebookError, unknown_ruleset
from engine.rulebook.library import Shelved, named, shelved
from engine.rulebook.models import RulesetVersion
from engine.rulebook.texts import current_vocabulary, live_sources, read_all
from engine.rules.model import Ruleset

_HASH = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class Referred:
    """What a reference leads to: a stored version, or a draft, read with its words."""

    ruleset: Ruleset
    org_id: str
    """The organisation whose rules these are, or in whose tree the draft is shared."""
    draft_id: int | None
    editors: tuple[str, ...] = ()


def refer(session: Session, reference: str) -> Referred:
    """What `reference` leads to; whether the user may see it is the caller's question.

    Raises RulebookError UNKNOWN_RULESET, DRAFT_UNKNOWN, RULESET_AMBIGUOUS, and RulesetRefused
    for a text with errors.
    """
    said = reference.strip()
    if said.startswith("draft:") and said[6:].isdecimal():
        return _draft(session, int(said[6:]))
    if said.startswith("live:"):
        return _stored(named(session, said[5:]))
    name, at, version = said.rpartition("@")
    if at and version.isdecimal():
        return _stored(shelved(session, _numbered(session, name, int(version)).hash))
    if _HASH.fullmatch(said):
        return _stored(shelved(session, said))
    raise RulebookError(
        "UNKNOWN_RULESET",
        Text(
            f"{said!r} names no ruleset; write NAME@VERSION, live:NAME, draft:NUMBER or the "
            "first 8 or more digits of a hash",
            f"{said!r} 未指明规则集;请写 名称@版本、live:名称、draft:编号 或哈希的前 8 位以上",
        ),
    )


def refer_text(session: Session, text: str, file: str = "draft.yaml") -> Ruleset:
    """A text that is not stored, read with the live words and, where it extends one, with the
    live parent. Raises RulesetRefused."""
    words = current_vocabulary(session).text
    return read_all(file, text, live_sources(session), words)[0]


def _draft(session: Session, number: int) -> Referred:
    draft = draft_of(session, number)
    ruleset = refer_text(session, draft.text, draft.file)
    return Referred(ruleset, draft.org_id, number, tuple(draft.editors))


def _stored(found: Shelved) -> Referred:
    if found.ruleset is None:
        raise RulebookError(
            "RULESET_UNREADABLE",
            Text(
                f"{found.version.name} {found.version.version} cannot be read with the words it "
                "was activated with; compare its text instead",
                f"{found.version.name} 第 {found.version.version} 版无法以其激活时的词汇表读取;"
                "请直接比较文本",
            ),
        )
    return Referred(found.ruleset, found.version.org_id, None)


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
