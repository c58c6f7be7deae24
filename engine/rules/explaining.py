"""Why each row hit or missed, cell by cell, and how the outcome came about.

What holds is asked of the compiled evaluator itself (`holds`, `decide`), so an explanation
cannot mean anything else than the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from engine.base.text import Text
from engine.rules.decide import Decision, DecisionRefused, Outcome
from engine.rules.evaluator import Evaluator
from engine.rules.kind import FactValue
from engine.rules.model import AnyCell, Column, Output, Ruleset, Type, Value
from engine.rules.policy_words import policy_text, reason_of_hit
from engine.rules.reasons import Hide, Reasons, open_text
from engine.rules.sentences import row_sentences
from engine.rules.speaker import Speaker
from engine.rules.table import WHEN
from engine.rules.window_words import window_text
from engine.rules.working import shown_output, working_of


@dataclass(frozen=True, slots=True)
class CellWhy:
    """One cell that asks something: `-` cells take everything and are left out."""

    column: str
    label: Text
    fact: Text
    condition: Text
    test: Text
    """The condition without its column: "at least 500,000 (large)"."""
    holds: bool


@dataclass(frozen=True, slots=True)
class ColumnWhy:
    """One input column and the fact it was asked about; None for `when`, which names its own."""

    column: str
    label: Text
    fact: Text | None


@dataclass(frozen=True, slots=True)
class RowWhy:
    """One row: `decides` when it is part of the decision; `missed` counts unsatisfied cells."""

    row: str
    sentence: Text
    cells: tuple[CellWhy, ...]
    hit: bool
    decides: bool
    missed: int
    reason: Text

    def cell(self, column: str) -> CellWhy | None:
        """What the row asks of a column; None where it takes everything."""
        return next((one for one in self.cells if one.column == column), None)


@dataclass(frozen=True, slots=True)
class OutputWhy:
    """One output; `working` shows the formula with its numbers, where there is one."""

    column: str
    label: Text
    value: Text
    working: Text | None


@dataclass(frozen=True, slots=True)
class OutcomeWhy:
    """One outcome and the row that gave it; None is the `otherwise` outcome."""

    row: str | None
    outputs: tuple[OutputWhy, ...]


@dataclass(frozen=True, slots=True)
class ParamWhy:
    """A parameter and the organisation it comes from."""

    name: str
    value: Text
    organisation: str
    overridden: bool


@dataclass(frozen=True, slots=True)
class WindowWhy:
    """A counted window: its value, and what was counted."""

    column: str
    label: Text
    value: Text
    counted: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """Columns and rows in the table's order; `refused` when the facts cannot be decided."""

    columns: tuple[ColumnWhy, ...]
    rows: tuple[RowWhy, ...]
    policy: Text
    outcomes: tuple[OutcomeWhy, ...]
    params: tuple[ParamWhy, ...]
    windows: tuple[WindowWhy, ...]
    decision: Decision | None
    refused: DecisionRefused | None

    def nearest_first(self) -> list[RowWhy]:
        """Rows that hit, then those that missed by the fewest cells; ties in table order."""
        return sorted(self.rows, key=lambda one: (not one.decides, one.missed))


def explain(
    evaluator: Evaluator,
    facts: Mapping[str, FactValue],
    *,
    org_path: Sequence[str] = (),
    hide: Hide = open_text,
) -> Explanation:
    """Explain what `evaluator` makes of `facts` (typed; money in minor units).

    `org_path` says which override each parameter comes from; `hide` may mask texts of facts.
    Never raises DecisionRefused: a refusal is part of the explanation.
    """
    return _Explainer(evaluator, facts, org_path, hide).explanation()


class _Explainer:
    def __init__(
        self,
        evaluator: Evaluator,
        facts: Mapping[str, FactValue],
        org_path: Sequence[str],
        hide: Hide,
    ) -> None:
        self.evaluator = evaluator
        self.ruleset: Ruleset = evaluator.ruleset
        self.facts = facts
        self.org_path = org_path
        params = evaluator.params
        self.english, self.chinese = (
            Reasons(self.ruleset, params, facts, Speaker(self.ruleset, params, lang), hide)
            for lang in ("en", "zh")
        )
        self.sentences = row_sentences(self.ruleset, params)

    def both(self, words: Callable[[Reasons], str]) -> Text:
        """The same thing said in both languages."""
        return Text(words(self.english), words(self.chinese))

    def explanation(self) -> Explanation:
        decision, refused = self._decide()
        decided = () if decision is None else decision.rows
        cells = [self._cells(at) for at in range(len(self.ruleset.table.rows))]
        hits = [
            row.id
            for row, those in zip(self.ruleset.table.rows, cells, strict=True)
            if all(one.holds for one in those)
        ]
        rows = tuple(self._row(at, those, decided) for at, those in enumerate(cells))
        return Explanation(
            columns=tuple(self._column(column) for column in self.ruleset.table.inputs),
            rows=rows,
            policy=policy_text(self.ruleset, hits, decision, refused),
            outcomes=() if decision is None else tuple(self._outcomes(decision)),
            params=tuple(self._params()),
            windows=tuple(self._windows()),
            decision=decision,
            refused=refused,
        )

    def _decide(self) -> tuple[Decision | None, DecisionRefused | None]:
        try:
            return self.evaluator.decide(self.facts), None
        except DecisionRefused as refused:
            return None, refused

    def _column(self, column: Column) -> ColumnWhy:
        asked = None if column.name == WHEN else self.both(partial(Reasons.fact, column=column))
        return ColumnWhy(column.name, column.label, asked)

    # --- rows

    def _cells(self, at: int) -> tuple[CellWhy, ...]:
        table = self.ruleset.table
        return tuple(
            CellWhy(
                column.name,
                column.label,
                self.both(partial(Reasons.seen, column=column, cell=cell)),
                self.both(partial(Reasons.condition, column=column, cell=cell)),
                self.both(partial(Reasons.test, column=column, cell=cell)),
                self.evaluator.holds(at, place, self.facts),
            )
            for place, (column, cell) in enumerate(
                zip(table.inputs, table.rows[at].cells, strict=True)
            )
            if not isinstance(cell, AnyCell)
        )

    def _row(self, at: int, cells: tuple[CellWhy, ...], decided: Sequence[str]) -> RowWhy:
        row = self.ruleset.table.rows[at]
        missed = [one.column for one in cells if not one.holds]
        return RowWhy(
            row=row.id,
            sentence=self.sentences[row.id],
            cells=cells,
            hit=not missed,
            decides=row.id in decided,
            missed=len(missed),
            reason=self._missed(at, missed)
            if missed
            else reason_of_hit(self.ruleset, row.id, decided),
        )

    def _missed(self, at: int, missed: Sequence[str]) -> Text:
        table = self.ruleset.table
        failed = [
            (column, cell)
            for column, cell in zip(table.inputs, table.rows[at].cells, strict=True)
            if column.name in missed
        ]
        en = [f"{_name(c).en}: {self.english.missed(c, x)}" for c, x in failed]
        zh = [(_name(c).zh, self.chinese.missed(c, x)) for c, x in failed]
        if len(failed) == 1:
            return Text(f"missed only by {en[0]}", f"仅因{zh[0][0]}未命中：{zh[0][1]}")
        said = "；".join(f"{label}：{why}" for label, why in zh)
        return Text(
            f"missed by {len(failed)} conditions: {'; '.join(en)}",
            f"因{len(failed)}个条件未命中：{said}",
        )

    # --- outcomes

    def _outcomes(self, decision: Decision) -> list[OutcomeWhy]:
        return [
            self._outcome(decision.rows[at] if at < len(decision.rows) else None, outcome)
            for at, outcome in enumerate(decision.outcomes)
        ]

    def _outcome(self, row: str | None, outcome: Outcome) -> OutcomeWhy:
        given = []
        for column, output in self._outputs_of(row):
            value = outcome.get(column.name)
            if value is not None:
                shown = self.both(partial(shown_output, column=column, output=output, value=value))
                working = Text(*(working_of(one, output) for one in (self.english, self.chinese)))
                given.append(
                    OutputWhy(column.name, column.label, shown, working if working.en else None)
                )
        return OutcomeWhy(row, tuple(given))

    def _outputs_of(self, row: str | None) -> list[tuple[Column, Output]]:
        table = self.ruleset.table
        if row is None:
            otherwise = self.ruleset.otherwise or {}
            return [(column, otherwise[column.name]) for column in table.outputs]
        found = next(one for one in table.rows if one.id == row)
        return list(zip(table.outputs, found.outputs, strict=True))

    # --- parameters and windows

    def _params(self) -> list[ParamWhy]:
        found = []
        for name, type_ in self.ruleset.param_types.items():
            value = self.evaluator.params[name]
            givers = [org for org in self.org_path if name in self.ruleset.overrides.get(org, {})]
            found.append(
                ParamWhy(
                    name,
                    self.both(partial(_param_text, value=value, type_=type_)),
                    givers[-1] if givers else self.ruleset.scope_org,
                    bool(givers),
                )
            )
        return found

    def _windows(self) -> list[WindowWhy]:
        return [
            WindowWhy(
                one.name,
                self.both(partial(_label, name=one.name)),
                self.both(partial(Reasons.named, name=one.name)),
                self.both(partial(window_text, derive=one)),
            )
            for one in self.ruleset.derive.values()
        ]


def _name(column: Column) -> Text:
    """The label; that of a yes-or-no fact is a sentence of its own and stands in quotes."""
    label = column.label
    return Text(f'"{label.en}"', f"“{label.zh}”") if column.type is Type.BOOL else label


def _label(words: Reasons, name: str) -> str:
    return words.speaker.name(name)


def _param_text(words: Reasons, value: Value, type_: Type) -> str:
    return words.speaker.typed(value, type_)
