"""Examples and differences of rulesets as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.base.text import Lang, Text
from engine.rules.analysis.examples import ExampleReport, FailedExample
from engine.rules.diff import Change, Diff, Moved
from engine.rules.diff_sentences import diff_sentences
from engine.rules.extending import place_of
from engine.rules.model import Ruleset
from engine.rules.params import branch_params
from engine.rules.render import counted
from engine.rules.sentences import row_sentences


def example_lines(ruleset: Ruleset, report: ExampleReport, lang: Lang) -> Iterator[str]:
    """Every failed example with what was given, wanted and got; then the rows none hits."""
    for failure in report.failed:
        line = place_of(ruleset, failure.example.span).span.line
        yield f"{ruleset.file}:{line}: {Text('example fails', '示例未通过').say(lang)}"
        yield f"    {Text('given', '给定').say(lang)}  {_pairs(failure.given)}"
        yield f"    {Text('want', '期望').say(lang)}   {_pairs(failure.want)}"
        yield f"    {Text('got', '实际').say(lang)}    {_got(failure, lang)}"
    if report.unhit:
        said = Text("no example hits", "没有示例命中").say(lang)
        yield f"{ruleset.file}: {said} {', '.join(report.unhit)}"


def _pairs(texts: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {text}" for name, text in texts.items())


def _got(failure: FailedExample, lang: Lang) -> str:
    if failure.refused is None:
        return _pairs(failure.got)
    return f"[{failure.refused.code}] {failure.refused.text.say(lang)}"


def diff_lines(old: Ruleset, new: Ruleset, diff: Diff, lang: Lang) -> Iterator[str]:
    """The differences by row, added and removed rows as sentences, the summary last."""
    gone = row_sentences(old, branch_params(old, ()))
    come = row_sentences(new, branch_params(new, ()))
    yield Text(
        f"{old.name} {old.version} against {new.name} {new.version}",
        f"{old.name} 版本 {old.version} 与 {new.name} 版本 {new.version} 的差异",
    ).say(lang)
    for row in diff.added:
        yield f"  + {come[row].say(lang)}"
    for row in diff.removed:
        yield f"  - {gone[row].say(lang)}"
    for row, columns in diff.changed.items():
        for column, change in columns.items():
            yield f"  ~ {row}  {column}: {_change(change)}"
    for moved in diff.moved:
        yield f"  {_moved(moved).say(lang)}"
    for path, change in diff.vocabulary.items():
        yield f"  ~ {Text('vocabulary', '词汇表').say(lang)} {path}: {_change(change)}"
    for path, change in diff.envelope.items():
        yield f"  ~ {path}: {_change(change)}"
    yield _summary(diff).say(lang)


def sentence_lines(old: Ruleset, new: Ruleset, diff: Diff, lang: Lang) -> Iterator[str]:
    """The differences as whole sentences, the summary last."""
    for said in diff_sentences(old, new, diff):
        yield said.say(lang)
    yield _summary(diff).say(lang)


def _change(change: Change) -> str:
    old, new = ("∅" if one is None else one for one in change)
    return f"{old} → {new}"


def _moved(one: Moved) -> Text:
    effect = (
        Text("the new order can change decisions", "新次序可能改变结果")
        if one.matters
        else Text("no decision changes by it", "不影响结果")
    )
    return Text(
        f"> {one.row}  from row {one.old} to {one.new}: {effect.en} ({one.reason.en})",
        f"> {one.row}  由第 {one.old} 行移至第 {one.new} 行：{effect.zh}（{one.reason.zh}）",
    )


def _summary(diff: Diff) -> Text:
    if diff.empty:
        return Text("no differences", "没有差异")
    added, removed = len(diff.added), len(diff.removed)
    changed, moved, envelope = len(diff.changed), len(diff.moved), len(diff.envelope)
    return Text(
        f"{counted(added, 'row', 'rows')} added, {removed} removed, {changed} changed, "
        f"{moved} moved; {counted(envelope, 'envelope value', 'envelope values')} changed",
        f"新增 {added} 行，删除 {removed} 行，改动 {changed} 行，移动 {moved} 行；"
        f"信封改动 {envelope} 处",
    )
