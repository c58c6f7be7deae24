"""A ruleset of head office as a branch's own: extended, or copied whole."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.base.text import Lang, Text
from engine.rules.analysis.examples import run_examples
from engine.rules.diff import cell_texts
from engine.rules.edit import Edit, RemoveRow, RemoveValue, SetCell, SetValue, apply
from engine.rules.edit.written import in_flow
from engine.rules.format import format_ruleset
from engine.rules.load import load_ruleset
from engine.rules.model import Ruleset, Vocabulary
from engine.rules.params import OrgTree, ancestors
from engine.rules.samples import BRANCH
from engine.rules.table import BASIS, ID

How = Literal["extends", "full"]


@dataclass(frozen=True, slots=True)
class Copying:
    """What is chosen for a copy. `tree` is the group's: organisation -> the one above it."""

    ruleset: Ruleset
    org: str
    """Below the ruleset's own organisation."""
    name: str
    title: Text
    first_day: dt.date
    tree: OrgTree


def proposed_name(ruleset: Ruleset, org: str) -> str:
    """ "payment-approval-bj"."""
    return re.sub(r"[^a-z0-9]+", "-", f"{ruleset.name}-{org}".lower()).strip("-")


def proposed_way(ruleset: Ruleset) -> How:
    """Extending where head office allows rows of a branch's own, else a whole copy."""
    may = ruleset.extensible
    return "extends" if may.add or may.replace else "full"


def extension_text(copying: Copying, langs: Sequence[Lang] = ("en",)) -> str:
    """A file that differs from its parent in nothing yet; comments say in what it may."""
    ruleset, org = copying.ruleset, in_flow(copying.org)
    title = copying.title
    lines = [
        f"kind: {ruleset.kind}",
        f"name: {copying.name}",
        f"extends: {ruleset.name}",
        f"title: {{en: {in_flow(title.en)}, zh: {in_flow(title.zh)}}}",
        "version: 1",
        f"effective: {{from: {_first_day(copying).isoformat()}}}",
        f"scope: {{org: {org}, subject: {ruleset.subject}}}",
        *_movable(copying, langs),
        *_writable(ruleset, langs),
    ]
    return "\n".join(lines) + "\n"


def full_text(copying: Copying, vocabulary: Vocabulary) -> str:
    """The whole table under the branch's parameters, with overrides only of those below it.

    Examples of the branch and those below it stay; others are tried for the branch, and those
    that do not hold there are left out.
    """
    ruleset, org = copying.ruleset, copying.org
    path = [*reversed(list(ancestors(copying.tree, org))), org]
    edits: list[Edit] = [
        SetValue(path="name", value=copying.name),
        SetValue(path="title.en", value=copying.title.en),
        SetValue(path="title.zh", value=copying.title.zh),
        SetValue(path="version", value="1"),
        SetValue(path="effective.from", value=_first_day(copying).isoformat()),
        SetValue(path="scope.org", value=org),
    ]
    for name in ruleset.params:
        own = [
            ruleset.overrides[one][name] for one in path if name in ruleset.overrides.get(one, {})
        ]
        edits += [SetValue(path=f"params.{name}", value=own[-1].written)] if own else []
    edits += [
        RemoveValue(path=f"overrides.{one}")
        for one in ruleset.overrides
        if org not in ancestors(copying.tree, one)
    ]
    edits += [
        SetCell(table="examples", row=str(number), column=BRANCH, text=org)
        for number, one in enumerate(ruleset.examples, 1)
        if one.branch is not None and org not in ancestors(copying.tree, one.branch)
    ]
    text = apply(ruleset.text, edits).text
    copied = load_ruleset(ruleset.file, text, vocabulary, orgs=copying.tree).ruleset
    if copied is None:
        return text
    failed = {one.example.span for one in run_examples(copied).failed}
    wrong = [n for n, one in enumerate(copied.examples, 1) if one.span in failed]
    rows: list[Edit] = [RemoveRow(table="examples", row=str(n)) for n in reversed(wrong)]
    return format_ruleset(ruleset.file, apply(text, rows).text).text


def _first_day(copying: Copying) -> dt.date:
    return max(copying.first_day, copying.ruleset.effective_from)


def _movable(copying: Copying, langs: Sequence[Lang]) -> Iterator[str]:
    """Which parameters the branch may move, as a commented key."""
    ruleset = copying.ruleset
    held = ruleset.overrides.get(copying.org, {})
    free = [name for name in ruleset.adjustable if name in ruleset.params and name not in held]
    if held:
        names = ", ".join(held)
        yield from _said(
            Text(
                f"{ruleset.name} sets {names} for {copying.org}; that can only be changed there.",
                f"{copying.org} 的 {names} 由 {ruleset.name} 设定，只能在该规则集中修改。",
            ),
            langs,
        )
    if not free:
        return
    ways = ", ".join(f"{name} ({ruleset.adjustable[name]})" for name in free)
    yield from _said(
        Text(f"Parameters this branch may move: {ways}", f"本机构可调整的参数：{ways}"), langs
    )
    values = ", ".join(f"{name}: {in_flow(ruleset.params[name].written)}" for name in free)
    yield f"# overrides: {{{in_flow(copying.org)}: {{{values}}}}}"


def _writable(ruleset: Ruleset, langs: Sequence[Lang]) -> Iterator[str]:
    """Which rows the branch may write, as a commented table."""
    may = ruleset.extensible
    if not may.add and not may.replace:
        yield from _said(
            Text(
                f"{ruleset.name} lets no row be replaced or added.",
                f"{ruleset.name} 不允许替换或新增行。",
            ),
            langs,
        )
        return
    if may.replace:
        rows = ", ".join(may.replace)
        yield from _said(
            Text(f"Rows that may be written anew here: {rows}", f"可在此重写的行：{rows}"), langs
        )
    if may.add:
        yield from _said(
            Text(
                "Rows may be added under ids of their own, below those of the parent.",
                "可新增行，须另取编号，排在上级各行之后。",
            ),
            langs,
        )
    names = [ID, *(c.name for c in (*ruleset.table.inputs, *ruleset.table.outputs))]
    based = any(row.basis is not None for row in ruleset.table.rows)
    names += [BASIS] if based and BASIS not in names else []
    yield "# rules: |"
    yield f"#   {_line(names, len(ruleset.table.inputs) + 1)}"
    for row in ruleset.table.rows:
        if row.id in may.replace:
            texts = {ID: row.id, **cell_texts(ruleset, row)}
            cells = [texts.get(name, "-") for name in names]
            yield f"#   {_line(cells, len(ruleset.table.inputs) + 1)}"


def _line(cells: Sequence[str], arrow: int) -> str:
    return f"{' | '.join(cells[:arrow])} => {' | '.join(cells[arrow:])}"


def _said(text: Text, langs: Sequence[Lang]) -> Iterator[str]:
    yield from (f"# {text.say(lang)}" for lang in langs)
