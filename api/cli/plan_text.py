"""A plan as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.cli.rules_text import diff_lines
from api.plan_json import left_out
from api.plan_words import impact_text
from engine.base.text import Lang, Text
from engine.rulebook.impact import Impact
from engine.rulebook.planning import Plan, Planned
from engine.rules.render import counted
from engine.runtime.clock import BUSINESS_ZONE

_MARKS = {"added": "+", "changed": "~", "leaving": "-"}


def plan_lines(
    plan: Plan, lang: Lang, impacts: Mapping[str, Impact | Text] | None = None
) -> Iterator[str]:
    """Each ruleset that changes with who answers for it and what differs; the summary last."""
    for one in plan.changes:
        yield from _change(one, lang)
        if one.new is not None and impacts is not None and one.new.hash in impacts:
            yield f"  {impact_text(impacts[one.new.hash]).say(lang)}"
        yield ""
    hidden = 0 if impacts is None else left_out(plan, impacts)
    if hidden:
        yield Text(
            f"impact of {counted(hidden, 'version', 'versions')} more not looked for: "
            "`sluice plan --hash HASH`, or --impacts",
            f"另有 {hidden:,} 个版本未计算影响：`sluice plan --hash HASH` 或 --impacts",
        ).say(lang)
    if plan.new_words:
        yield Text("the vocabulary changes", "词汇表有变化").say(lang)
    for timed in plan.scheduled:
        at = timed.activate_at.astimezone(BUSINESS_ZONE).isoformat(timespec="minutes")
        hashes = ", ".join(hash[:12] for hash in timed.hashes)
        yield Text(
            f"scheduled for {at} by {timed.requested_by}: {hashes}",
            f"{timed.requested_by} 已安排于 {at} 激活：{hashes}",
        ).say(lang)
    if plan.unsigned:
        yield Text(
            f"{counted(plan.unsigned, 'version waits', 'versions wait')} for a second person's "
            "word (`sluice rules pending`)",
            f"{plan.unsigned:,} 个版本待他人复核（`sluice rules pending`）",
        ).say(lang)
    yield _summary(plan).say(lang)


def _change(one: Planned, lang: Lang) -> Iterator[str]:
    version, old = one.version, one.old
    before = "∅" if old is None else str(old.version)
    after = "∅" if one.new is None else str(one.new.version)
    yield f"{_MARKS[one.change]} {version.kind}/{version.name} {before} → {after}  {version.org_id}"
    if one.new is not None:
        yield Text(
            f"  written by {version.author}, signed by {version.reviewer or '-'}: {version.reason}",
            f"  编写 {version.author}，复核 {version.reviewer or '-'}：{version.reason}",
        ).say(lang)
        ends = "" if version.effective_to is None else str(version.effective_to)
        yield Text(
            f"  effective {version.effective_from} – {ends}",
            f"  有效期 {version.effective_from} – {ends}",
        ).say(lang)
    if one.diff is not None and one.old_ruleset is not None and one.new_ruleset is not None:
        for line in list(diff_lines(one.old_ruleset, one.new_ruleset, one.diff, lang))[1:]:
            yield line if line.startswith("  ") else f"  {line}"


def _summary(plan: Plan) -> Text:
    count = {mark: sum(one.change == mark for one in plan.changes) for mark in _MARKS}
    if plan.broken:
        return Text(
            "the set has errors: a reload would change nothing",
            "规则集有错误：重新加载不会作任何改变",
        )
    if plan.empty:
        return Text(
            f"no changes; revision {plan.revision} is live",
            f"没有变化；第 {plan.revision} 次激活有效",
        )
    return Text(
        f"over revision {plan.revision}: {counted(count['added'], 'ruleset', 'rulesets')} added, "
        f"{count['changed']} changed, {count['leaving']} leaving",
        f"相对第 {plan.revision} 次激活：新增 {count['added']} 个规则集，"
        f"变更 {count['changed']} 个，退出 {count['leaving']} 个",
    )
