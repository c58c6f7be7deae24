"""How drafts, versions, revisions and timed activations are called in both languages."""

from __future__ import annotations

import datetime as dt

from engine.base.text import Lang, Text
from engine.rulebook.models import RulesetVersion, ScheduledActivation
from engine.rulebook.versions import state_of
from engine.runtime.clock import BUSINESS_ZONE

DRAFT = {
    "open": Text("open", "编辑中"),
    "submitted": Text("submitted", "已提交"),
    "dropped": Text("dropped", "已放弃"),
}
VERSION = {
    "proposed": Text("proposed", "待复核"),
    "returned": Text("returned", "已退回"),
    "signed": Text("signed", "已复核"),
}
TIMED = {
    "waiting": Text("waiting", "待激活"),
    "done": Text("done", "已激活"),
    "refused": Text("refused", "被拒绝"),
    "cancelled": Text("cancelled", "已取消"),
}
CAUSE = {
    "approved": Text("approved", "复核激活"),
    "reload": Text("reload", "重新加载"),
    "schedule": Text("schedule", "定时激活"),
    "undo": Text("undo", "撤销"),
}


def local(at: dt.datetime) -> str:
    """An instant in the business zone, to the second."""
    return at.astimezone(BUSINESS_ZONE).isoformat(timespec="seconds")


def version_named(version: RulesetVersion) -> str:
    """Hash, kind, name and number of a version."""
    return f"{version.hash[:12]} {version.kind} {version.name} {version.version}"


def version_now(version: RulesetVersion, lang: Lang) -> str:
    """A version and what it has become: proposed, signed by whom, returned by whom and why."""
    said = VERSION[state_of(version)].say(lang)
    if version.reviewer is not None:
        by = Text(f" by {version.reviewer}", f"({version.reviewer})").say(lang)
        return f"{version_named(version)} {said}{by}"
    if version.returned_by is not None:
        by = Text(f" by {version.returned_by}", f"({version.returned_by})").say(lang)
        return f"{version_named(version)} {said}{by}: {version.return_reason}"
    return f"{version_named(version)} {said}"


def timed_line(one: ScheduledActivation, lang: Lang) -> str:
    """A timed activation: number, instant, state, versions, who asked, what became of it."""
    hashes = ", ".join(hash[:12] for hash in one.hashes)
    told = "" if one.outcome is None else f" ({one.outcome})"
    if one.revision_id is not None:
        told = Text(f" (revision {one.revision_id})", f"(第 {one.revision_id} 次激活)").say(lang)
    state = TIMED[one.state].say(lang)
    return f"{one.id} {local(one.activate_at)} {state} {hashes} {one.requested_by}{told}"
