"""A plan as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.cli.rules_text import diff_lines
from api.plan_json import left_out
from api.plan_words import impact_text
from engine.base.text import Lang, Text
from engine.rulebook.impact import Impact
from engine.rulebook.planning import Plan, Planned, PlannedWords
from engine.rulebook.texts import vocabulary_of
from engine.rules.render import counted
from engine.rules.words import told_diff, word_diff
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
    if plan.words is not None:
        yield from _words(plan.words, lang)
        yield ""
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


def _words(words: PlannedWords, lang: Lang) -> Iterator[str]:
    """The vocabulary as one more thing that changes."""
    name = Text("the vocabulary changes", "词汇表有变化").say(lang)
    yield f"~ {name} {words.old.hash[:12]} → {words.new.hash[:12]}"
    yield Text(
        f"  written by {words.new.author}, signed by {words.new.reviewer}: {words.new.reason}",
        f"  编写 {words.new.author}，复核 {words.new.reviewer}：{words.new.reason}",
    ).say(lang)
    old, new = vocabulary_of(words.old.text), vocabulary_of(words.new.text)
    for one in told_diff(word_diff(old, new), new):
        yield f"  {one.say(lang)}"


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
    words = Text(", the vocabulary changes", "，词汇表有变化") if plan.new_words else Text("", "")
    return Text(
        f"over revision {plan.revision}: {counted(count['added'], 'ruleset', 'rulesets')} added, "
        f"{count['changed']} changed, {count['leaving']} leaving{words.en}",
        f"相对第 {plan.revision} 次激活：新增 {count['added']} 个规则集，"
        f"变更 {count['changed']} 个，退出 {count['leaving']} 个{words.zh}",
    )
