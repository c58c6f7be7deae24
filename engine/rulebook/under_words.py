"""What another ruleset makes of the same facts: a sentence, and both outcomes side by side."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text
from engine.rulebook.explain import Given
from engine.rulebook.why import Under, Why


@dataclass(frozen=True, slots=True)
class GivenPair:
    """One output as it was decided and as it would be; None where it is not given."""

    label: Text
    then: Text | None
    now: Text | None

    @property
    def differs(self) -> bool:
        """Whether the values differ."""
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class OutcomePair:
    """One outcome on both sides, with the row that gives it; None for no such row."""

    then_row: str | None
    now_row: str | None
    outputs: tuple[GivenPair, ...]


def under_text(found: Why, under: Under, name: Text | None = None) -> Text:
    """What the other ruleset, called `name`, makes of the same facts, in one sentence."""
    said = f"{under.ruleset.name} {under.ruleset.version}"
    by = Text(said, f" {said}") if name is None else name
    if under.error is not None:
        return Text(
            f"Under {by.en} it could not be decided: {under.error.en}.",
            f"按{by.zh}，无法作出决策：{under.error.zh}。",
        )
    then, now = (", ".join(rows) or "-" for rows in (found.stored.rows, under.rows))
    if not under.differs:
        return Text(
            f"Under {by.en} nothing differs: {now} again.", f"按{by.zh}，没有差异：仍为{now}。"
        )
    if then == now:
        return Text(
            f"Under {by.en} the same row hits with another outcome: {now}.",
            f"按{by.zh}，命中相同的行，但结果不同：{now}。",
        )
    return Text(f"Under {by.en}: {now} instead of {then}.", f"按{by.zh}：{then}变为{now}。")


def side_by_side(found: Why, under: Under) -> tuple[OutcomePair, ...]:
    """Both outcomes; where several rows count, those of the same row stand beside each other."""
    then = _by_row(found.stored.rows, found.stored.given)
    now = _by_row(under.rows, under.given)
    if len(then) <= 1 and len(now) <= 1:
        before, after = next(iter(then.items()), None), next(iter(now.items()), None)
        return (_pair(before, after),) if before or after else ()
    rows = dict.fromkeys((*then, *now))
    return tuple(
        _pair(
            (row, then[row]) if row in then else None,
            (row, now[row]) if row in now else None,
        )
        for row in rows
    )


_Line = tuple[Given, ...]


def _by_row(rows: tuple[str, ...], lines: tuple[_Line, ...]) -> dict[str, _Line]:
    """Outcome lines by the row that gave them; "" is the outcome of all other cases."""
    names = rows if len(rows) == len(lines) else ["/".join(rows)] * len(lines)
    return dict(zip(names, lines, strict=True))


def _pair(then: tuple[str, _Line] | None, now: tuple[str, _Line] | None) -> OutcomePair:
    before = {} if then is None else {one.column: one for one in then[1]}
    after = {} if now is None else {one.column: one for one in now[1]}
    columns = dict.fromkeys((*before, *after))
    return OutcomePair(
        None if then is None else then[0] or None,
        None if now is None else now[0] or None,
        tuple(
            GivenPair(
                (before.get(name) or after[name]).label,
                before[name].value if name in before else None,
                after[name].value if name in after else None,
            )
            for name in columns
        ),
    )
