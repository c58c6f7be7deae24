"""Rulesets by what people call them: NAME@7, live:NAME, draft:12, or the beginning of a hash."""

from __future__ import annotations

import re

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.drafts import draft_of
from engine.rulebook.errors import RulebookError, unknown_ruleset
from engine.rulebook.library import named, shelved
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.texts import (
    Readable,
    current_vocabulary,
    everything,
    live_sources,
    read_all,
)
from engine.rules.model import Ruleset

Located = RulesetVersion | RulesetDraft

_HASH = re.compile(r"[0-9a-f]{8,64}")


def locate(session: Session, reference: str, readable: Readable = everything) -> Located:
    """The stored version or the draft a reference names. A name is looked for among what is
    `readable`; whether the user may see what a number or a hash names is the caller's question.

    Raises RulebookError UNKNOWN_RULESET, DRAFT_UNKNOWN, RULESET_AMBIGUOUS.
    """
    said = reference.strip()
    if said.startswith("draft:") and said[6:].isdecimal():
        return draft_of(session, int(said[6:]))
    if said.startswith("live:"):
        return named(session, said[5:], readable).version
    name, version = _name_and_version(said)
    if version is not None:
        return _numbered(session, name, version, readable)
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


def read(session: Session, found: Located, readable: Readable = everything) -> Ruleset:
    """A version with the words it was activated with, a draft with those that are live and a
    `readable` parent.

    Raises RulesetRefused for a draft with errors, RulebookError RULESET_UNREADABLE.
    """
    if isinstance(found, RulesetDraft):
        return read_text(session, found.text, found.file, readable)
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


def read_text(
    session: Session, text: str, file: str = "draft.yaml", readable: Readable = everything
) -> Ruleset:
    """A text that is not stored, read with the live words and, where it extends one, with the
    live parent among those that are `readable`. Raises RulesetRefused."""
    words = current_vocabulary(session).text
    return read_all(file, text, live_sources(session, None, readable), words)[0]


def refer(session: Session, reference: str) -> Ruleset:
    """The ruleset a reference names, for who sees everything: an unknown version is told with
    those there are. Raises as `locate` and `read`."""
    name, version = _name_and_version(reference.strip())
    if version is not None and not _versions(session, name, version):
        numbers = [one.version for one in _versions(session, name)]
        raise _no_version(name, version, max(numbers, default=None))
    return read(session, locate(session, reference))


def _numbered(session: Session, name: str, version: int, readable: Readable) -> RulesetVersion:
    every = _versions(session, name, version)
    found = [one for one in every if readable(one.org_id, one.kind)]
    if not found:
        raise unknown_ruleset(f"{name}@{version}")
    if len(found) > 1:
        plain = found[0].name
        raise RulebookError(
            "RULESET_AMBIGUOUS",
            Text(
                f"{plain} is a name in several kinds; write {found[0].kind}/{plain}@{version}",
                f"{plain} 在多个种类中重名;请写 {found[0].kind}/{plain}@{version}",
            ),
        )
    return found[0]


def _name_and_version(said: str) -> tuple[str, int | None]:
    """A reference's name and number; None where it is no NAME@VERSION."""
    name, at, version = said.rpartition("@")
    numbered = bool(at) and version.isdecimal() and len(version) < 10
    return (name, int(version)) if numbered else (said, None)


def _versions(session: Session, name: str, version: int | None = None) -> list[RulesetVersion]:
    """The stored versions of NAME or KIND/NAME (None: of every number), by kind."""
    kind, _, plain = name.rpartition("/")
    query = select(RulesetVersion).where(RulesetVersion.name == plain)
    if kind:
        query = query.where(RulesetVersion.kind == kind)
    if version is not None:
        query = query.where(RulesetVersion.version == version)
    return list(session.exec(query.order_by(col(RulesetVersion.kind))))


def _no_version(name: str, version: int, highest: int | None) -> RulebookError:
    plain = name.rpartition("/")[2][:80]
    if highest is None:
        said = Text(
            f"no ruleset is called {plain}; `sluice rules versions` lists them",
            f"没有名为 {plain} 的规则集;请查看 `sluice rules versions`",
        )
    else:
        said = Text(
            f"there is no version {version} of {plain}; the highest is {highest}",
            f"{plain} 没有第 {version} 版;最高为第 {highest} 版",
        )
    return RulebookError("UNKNOWN_RULESET", said)
