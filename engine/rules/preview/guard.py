"""What must hold before two rulesets are compared, and what a reader must know of the answer."""

from __future__ import annotations

from dataclasses import replace

from engine.base.text import Text
from engine.rules.model import Derive, Ruleset
from engine.rules.preview.result import Preview
from engine.rules.preview.worlds import PreviewRefused


def comparable(draft: Ruleset, live: Ruleset) -> None:
    """Raise PreviewRefused OTHER_RULESET unless both decide the same matters in one currency."""
    mine = (draft.kind, draft.subject, draft.currency)
    other = (live.kind, live.subject, live.currency)
    if mine != other:
        raise PreviewRefused(
            "OTHER_RULESET",
            Text(
                f"{draft.name} is {' '.join(mine)}, but {live.name} is {' '.join(other)}; name two "
                "rulesets of one kind, subject and currency",
                f"{draft.name} 是 {' '.join(mine)}，而 {live.name} 是 {' '.join(other)}；"
                "请指定种类、主题和币种相同的两个规则集",
            ),
        )


def other_windows(draft: Ruleset, live: Ruleset | None) -> list[str]:
    """Windows that the draft counts otherwise than the live ruleset."""
    if live is None:
        return []
    return [
        name
        for name, derive in draft.derive.items()
        if name in live.derive and _counted(derive) != _counted(live.derive[name])
    ]


def _counted(derive: Derive) -> tuple[object, ...]:
    return (
        derive.function,
        derive.of,
        derive.same,
        derive.within,
        derive.states,
        derive.include_self,
        derive.differs,
        derive.same_or_missing,
        derive.near,
        derive.cleared,
    )


def refuse_other_windows(draft: Ruleset, live: Ruleset | None) -> None:
    """Raise PreviewRefused WINDOW_CHANGED: recorded windows were counted in the old way."""
    changed = other_windows(draft, live)
    if changed:
        names = ", ".join(changed)
        raise PreviewRefused(
            "WINDOW_CHANGED",
            Text(
                f"the draft counts {names} over another window than the one whose values were "
                "recorded, so history cannot tell what it would decide; preview it on a file that "
                "has the new values",
                f"草案改变了 {names} 的统计窗口，历史中记录的是旧窗口的值，无法据此预览；"
                "请用含新值的文件预览",
            ),
        )


def with_notes(found: Preview, draft: Ruleset, live: Ruleset | None) -> Preview:
    """`found` with what a reader of a file's preview must know."""
    changed = other_windows(draft, live)
    if not changed:
        return found
    names = ", ".join(changed)
    note = Text(
        f"note: both rulesets read one column {names}, though they count it over different windows",
        f"注意：两个规则集统计 {names} 的窗口不同，但读取的是同一列",
    )
    return replace(found, notes=(*found.notes, note))
