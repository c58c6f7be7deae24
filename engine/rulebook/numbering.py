"""Names and version numbers: a higher number is newer, and an older version rules no more."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, func, select

from engine.base.text import Text
from engine.rulebook.errors import RulebookError
from engine.rulebook.models import RulesetVersion
from engine.rules.collector import Collector
from engine.rules.extending import told
from engine.rules.findings import Finding
from engine.rules.model import Ruleset


def version_conflict(session: Session, ruleset: Ruleset) -> Finding | None:
    """B106 when new content comes under a version number that is not above all stored ones."""
    if session.get(RulesetVersion, ruleset.hash) is not None:
        return None
    last = session.exec(
        select(func.max(RulesetVersion.version)).where(
            RulesetVersion.kind == ruleset.kind, RulesetVersion.name == ruleset.name
        )
    ).one()
    if last is None or ruleset.version > last:
        return None
    said = Text(
        f"{ruleset.name} version {last} is kept with other content",
        f"{ruleset.name} 第 {last} 版已有不同内容",
    )
    return _raise_to(ruleset, last + 1, said)


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
    return _raise_to(ruleset, live.version + 1, said)


def _raise_to(ruleset: Ruleset, number: int, said: Text) -> Finding:
    out = Collector(ruleset.file)
    remedy = Text(f"raise version to {number}", f"请把 version 提高到 {number}")
    out.add("B106", ruleset.key_spans["version"], said, remedy)
    return told(ruleset, out.findings[0])
