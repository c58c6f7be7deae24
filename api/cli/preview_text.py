"""How `sluice preview` reads: outcomes before and after, the largest documents, what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.base.text import Lang, Text, display_width
from engine.rules.preview import Preview
from engine.rules.preview.result import DocumentChange, OutcomeChange
from engine.rules.render import counted
from engine.rules.values import amount_text

MOST_LINES = 30
"""Outcomes, branches, rows or reasons printed; the rest is counted."""

_MINUS = "−"


def preview_lines(found: Preview, seconds: float, lang: Lang) -> Iterator[str]:
    """The whole answer as lines."""
    yield _head(found, seconds).say(lang)
    if found.elsewhere:
        yield Text(
            f"  {counted(found.elsewhere, 'more document is', 'more documents are')} decided by "
            "another ruleset",
            f"  另有 {found.elsewhere:,} 笔单据由其他规则集决定，未计入",
        ).say(lang)
    for note in found.notes:
        yield f"  {note.say(lang)}"
    yield ""
    yield from _outcomes(found, lang)
    yield ""
    yield from _largest(found, lang)
    if len(found.branches) > 1:
        yield ""
        yield from _branches(found, lang)
    if found.refused:
        yield ""
        yield from _refusals(found, lang)
    if found.never_hit and found.documents:
        yield ""
        ids = ", ".join(found.never_hit[:MOST_LINES])
        more = _hidden(len(found.never_hit), Text("rows", "行"))
        yield Text(
            f"  Rows no document satisfies: {ids}{more.en}",
            f"  没有单据命中的行：{ids}{more.zh}",
        ).say(lang)


def _head(found: Preview, seconds: float) -> Text:
    draft, live = found.draft, found.live
    took = f"{seconds * 1000:,.0f}"
    if live is None:
        against = Text("nothing live", "尚无生效规则")
    else:
        same = (live.name, live.scope_org) == (draft.name, draft.scope_org)
        one = f"{live.version}" if same else f"{live.name} {live.version} ({live.scope_org})"
        against = Text(one, one)
    return Text(
        f"Preview {draft.name} {draft.version} (draft) against {against.en} on "
        f"{counted(found.documents, 'document', 'documents')} ({took} ms)",
        f"预览 {draft.name} {draft.version}（草案）对比 {against.zh}，"
        f"{found.documents:,} 笔单据（{took} 毫秒）",
    )


def grouped(minor: int, currency: str, *, sign: bool = False) -> str:
    """Minor units for people: 1,284,500.00, with a true minus and, if asked, a plus."""
    whole, dot, fraction = amount_text(abs(minor), currency).partition(".")
    mark = _MINUS if minor < 0 else "+" if sign and minor > 0 else ""
    return f"{mark}{int(whole):,}{dot}{fraction}"


def _signed(count: int) -> str:
    return f"{_MINUS if count < 0 else '+' if count > 0 else ''}{abs(count):,}"


def _outcomes(found: Preview, lang: Lang) -> Iterator[str]:
    moved = [one for one in found.outcomes if one.live != one.draft or one.delta]
    still = [one for one in found.outcomes if one not in moved]
    shown = (moved or still)[:MOST_LINES]
    names = Text("outcome live draft change", "结果 生效 草案 变化").say(lang).split(" ")
    lines = [[*names, f"Δ {found.currency}"], *(_outcome(one, found, lang) for one in shown)]
    yield from _table(lines)
    hidden = [one for one in found.outcomes if one not in shown]
    if hidden:
        same = sum(one.draft for one in hidden)
        yield Text(
            f"  ... {counted(len(hidden), 'other outcome', 'other outcomes')} not shown "
            f"({counted(same, 'document', 'documents')} in the draft)",
            f"  ……另有 {len(hidden):,} 种结果未显示（草案下 {same:,} 笔）",
        ).say(lang)


def _outcome(one: OutcomeChange, found: Preview, lang: Lang) -> list[str]:
    return [
        one.outcome.label.say(lang),
        f"{one.live:,}",
        f"{one.draft:,}",
        _signed(one.draft - one.live),
        grouped(one.delta, found.currency, sign=True),
    ]


def _table(lines: Sequence[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Columns aligned: the first to the left, numbers to the right."""
    widths = [max(display_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        first, *others = (
            f"{cell}{' ' * (width - display_width(cell))}"
            if at == 0
            else f"{' ' * (width - display_width(cell))}{cell}"
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield f"{indent}{first}    {'   '.join(others)}".rstrip()


def _largest(found: Preview, lang: Lang) -> Iterator[str]:
    total = f"{found.currency} {grouped(found.changed_amount, found.currency)}"
    share = "" if found.money is None else f" ({total})"
    money = "" if found.money in (None, "amount") else f", {found.money}"
    if not found.changed:
        yield Text("  No document changes outcome", "  没有单据的结果发生变化").say(lang)
    else:
        many = counted(found.changed, "document changes", "documents change")
        end = "; largest:" if found.largest else ""
        yield Text(
            f"  {many} outcome{share[:-1] + money + ')' if share else ''}{end}",
            f"  {found.changed:,} 笔单据的结果发生变化"
            f"{f'（{total}{money}）' if share else ''}{'；金额最大者：' if found.largest else ''}",
        ).say(lang)
        yield from _documents(found, lang)
        hidden = found.changed - len(found.largest)
        if hidden and found.largest:
            yield Text(f"    ... {hidden:,} more", f"    ……另有 {hidden:,} 笔").say(lang)
    if found.rows_changed:
        yield Text(
            f"  {counted(found.rows_changed, 'more document hits', 'more documents hit')} other "
            "rows with the same outcome",
            f"  另有 {found.rows_changed:,} 笔命中不同的行，结果相同",
        ).say(lang)


def _documents(found: Preview, lang: Lang) -> Iterator[str]:
    lines = [_document(one, found, lang) for one in found.largest]
    if not lines:
        return
    widths = [max(display_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        name, amount, *rest = (
            f"{' ' * (width - display_width(cell))}{cell}"
            if at == 1
            else f"{cell}{' ' * (width - display_width(cell))}"
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        facts, branch, before, after = rest
        shown = "  ".join(one for one in (name, amount, facts, branch) if one.strip())
        yield f"    {shown}  {before}  →  {after}".rstrip()


def _document(one: DocumentChange, found: Preview, lang: Lang) -> list[str]:
    def way(rows: tuple[str, ...], label: Text) -> str:
        return " ".join(part for part in (", ".join(rows), label.say(lang)) if part)

    return [
        one.document,
        "" if found.money is None else grouped(one.amount, found.currency),
        " ".join(one.shows.values()),
        one.branch or "",
        way(one.live_rows, one.live.label),
        way(one.draft_rows, one.draft.label),
    ]


def _branches(found: Preview, lang: Lang) -> Iterator[str]:
    names = Text("branch documents changed", "机构 单据 变化").say(lang).split(" ")
    shown = sorted(found.branches, key=lambda one: (-one.changed, one.branch or ""))
    lines = [[*names, found.currency]]
    for one in shown[:MOST_LINES]:
        amount = grouped(one.changed_amount, found.currency)
        lines.append([one.branch or "-", f"{one.documents:,}", f"{one.changed:,}", amount])
    yield from _table(lines)
    if len(shown) > MOST_LINES:
        yield f"  {_hidden(len(shown), Text('branches', '个机构')).say(lang).strip()}"
    if len(found.params) > 1:
        for group in found.params:
            params = ", ".join(f"{name} = {value}" for name, value in group.params.items())
            who = ", ".join(group.branches[:MOST_LINES])
            more = _hidden(len(group.branches), Text("branches", "个机构"))
            yield Text(
                f"  {who}{more.en}: {params}; {group.changed:,} change",
                f"  {who}{more.zh}：{params}；{group.changed:,} 笔变化",
            ).say(lang)


def _refusals(found: Preview, lang: Lang) -> Iterator[str]:
    total = sum(one.documents for one in found.refused)
    share = f"{total * 100 / max(found.documents, 1):.1f}%"
    yield Text(
        f"  {counted(total, 'document', 'documents')} ({share}) cannot be decided under the draft:",
        f"  草案下有 {total:,} 笔单据（{share}）无法决策：",
    ).say(lang)
    for one in found.refused[:MOST_LINES]:
        before = Text(f", {one.before:,} before", f"，此前 {one.before:,}") if one.before else None
        yield (
            f"    {one.documents:,}{before.say(lang) if before else ''}  [{one.code}] "
            f"{one.message.say(lang)} ({one.document or '-'})"
        )
    if len(found.refused) > MOST_LINES:
        yield f"    {_hidden(len(found.refused), Text('reasons', '种原因')).say(lang).strip()}"


def _hidden(count: int, what: Text) -> Text:
    more = count - MOST_LINES
    if more <= 0:
        return Text("", "")
    return Text(f" ... {more:,} more {what.en}", f" ……另有 {more:,} {what.zh}")
