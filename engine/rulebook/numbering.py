"""Names and version numbers: a higher number is newer, and an older version rules no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from sqlmodel import Session, col, select

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import Text
from engine.rulebook.errors import RulebookError
from engine.rulebook.models import RulesetVersion
from engine.rules.edit import SetValue, apply
from engine.rules.extending import told
from engine.rules.model import Ruleset

HIGHEST_STEP = 1000
"""How far a version number may lie above the highest that is stored."""


def version_conflict(session: Session, ruleset: Ruleset) -> Finding | None:
    """Why new content cannot be stored under this name and number; None for a text that is stored.

    B107 when the name belongs to another organisation: the one that stored it first. B106 when the
    number is not above all stored ones, or is that of a returned version. B108 when it lies more
    than HIGHEST_STEP above them. Versions that were returned hold neither a name nor a number
    above their own.
    """
    if session.get(RulesetVersion, ruleset.hash) is not None:
        return None
    rows = _stored(session, ruleset.kind, ruleset.name)
    kept = [one for one in rows if one.returned_by is None]
    if kept and kept[0].org_id != ruleset.scope_org:
        return _belongs_to(ruleset, kept[0].org_id)
    last, free = _last_and_free(rows)
    taken = {one.version for one in rows}
    if ruleset.version <= last or ruleset.version in taken:
        number = max(last, ruleset.version) if ruleset.version in taken else last
        said = Text(
            f"{ruleset.name} version {number} is kept with other content",
            f"{ruleset.name} 第 {number} 版已有不同内容",
        )
        return _number(ruleset, "B106", free, said)
    if ruleset.version > last + HIGHEST_STEP:
        said = Text(
            f"version {ruleset.version} is more than {HIGHEST_STEP} above {last}, the highest "
            f"stored one of {ruleset.name}",
            f"第 {ruleset.version} 版比 {ruleset.name} 已存的最高版本 {last} 高出 {HIGHEST_STEP} "
            "以上",
        )
        return _number(ruleset, "B108", free, said)
    return None


def free_number(session: Session, kind: str, name: str) -> int:
    """The number the next version of a ruleset can have: above all stored ones, never used."""
    return _last_and_free(_stored(session, kind, name))[1]


def with_next_number(session: Session, kind: str, name: str, text: str) -> str:
    """A text of this ruleset under the next free number, nothing else changed. Raises EditRefused
    where the text has no version that can be found."""
    number = str(free_number(session, kind, name))
    return apply(text, [SetValue(path="version", value=number)]).text


def _stored(session: Session, kind: str, name: str) -> Sequence[RulesetVersion]:
    """The versions of a name, stored first first."""
    return session.exec(
        select(RulesetVersion)
        .where(RulesetVersion.kind == kind, RulesetVersion.name == name)
        .order_by(col(RulesetVersion.created_at), col(RulesetVersion.version))
    ).all()


def _last_and_free(rows: Sequence[RulesetVersion]) -> tuple[int, int]:
    """The highest number that was not returned, and the first above it that nobody has used."""
    last = max((one.version for one in rows if one.returned_by is None), default=0)
    taken = {one.version for one in rows}
    return last, next(number for number in count(last + 1) if number not in taken)


def refuse_taken(session: Session, name: str) -> None:
    """Raise RulebookError NAME_TAKEN when a ruleset of any kind has the name.

    Versions that were returned hold no name. Whose it is is not told: he who asks may not see it.
    """
    row = session.exec(
        select(RulesetVersion.hash)
        .where(RulesetVersion.name == name, col(RulesetVersion.returned_by).is_(None))
        .limit(1)
    ).first()
    if row is not None:
        raise RulebookError(
            "NAME_TAKEN",
            Text(
                f"a ruleset is called {name} already; choose another name",
                f"已有名为 {name} 的规则集;请另取名称",
            ),
            409,
        )


def newer_live(version: RulesetVersion, live: Iterable[RulesetVersion]) -> RulesetVersion | None:
    """The version of the same ruleset among `live` that is higher than `version`."""
    key = (version.kind, version.name, version.org_id)
    higher = [
        one
        for one in live
        if (one.kind, one.name, one.org_id) == key and one.version > version.version
    ]
    return max(higher, key=lambda one: one.version, default=None)


def refuse_older(version: RulesetVersion, live: Iterable[RulesetVersion]) -> None:
    """Raise RulebookError SUPERSEDED when a higher version of the ruleset is among `live`."""
    one = newer_live(version, live)
    if one is None:
        return
    raise RulebookError(
        "SUPERSEDED",
        Text(
            f"{version.name} version {one.version} is live, and {version.version} is "
            "older; undo the revision, or write a higher version",
            f"{version.name} 第 {one.version} 版已生效,第 {version.version} 版更旧;"
            "请撤销激活,或编写更高版本",
        ),
        409,
    )


def older_file(ruleset: Ruleset, live: RulesetVersion) -> Finding:
    """B106 for a file that was put back to a text older than the `live` version."""
    said = Text(
        f"{live.name} version {live.version} is live, and {ruleset.version} is older",
        f"{live.name} 第 {live.version} 版已生效,第 {ruleset.version} 版更旧",
    )
    return _number(ruleset, "B106", live.version + 1, said)


def _belongs_to(ruleset: Ruleset, org: str) -> Finding:
    said = Text(
        f"the name {ruleset.name} belongs to a ruleset of {org}, which stored it first",
        f"名称 {ruleset.name} 已属于 {org} 的规则集",
    )
    remedy = Text(
        f"choose another name for the rules of {ruleset.scope_org}",
        f"请为 {ruleset.scope_org} 的规则集另取名称",
    )
    return _found(ruleset, "B107", "name", said, remedy)


def _number(ruleset: Ruleset, code: str, number: int, said: Text) -> Finding:
    verb = ("raise", "提高到") if number > ruleset.version else ("set", "改为")
    remedy = Text(f"{verb[0]} version to {number}", f"请把 version {verb[1]} {number}")
    return _found(ruleset, code, "version", said, remedy)


def _found(ruleset: Ruleset, code: str, key: str, said: Text, remedy: Text) -> Finding:
    out = Collector(ruleset.file)
    out.add(code, ruleset.key_spans[key], said, remedy)
    return told(ruleset, out.findings[0])
