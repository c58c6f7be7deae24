"""The compiled form of one ruleset under one set of parameters: it decides and it explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from types import MappingProxyType

from engine.rules.decide import Decision, DecisionRefused, Outcome, refuse
from engine.rules.kind import FactValue
from engine.rules.masks import ColumnMasks, Stepped, is_independent, is_regular, output_columns
from engine.rules.model import Column, HitPolicy, Ruleset, Value

Facts = Mapping[str, FactValue]
Test = Callable[[Facts], bool]
Compute = Callable[[Facts], Value]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """The outputs of one row: a finished outcome when every output is constant, else its parts."""

    names: tuple[str, ...]
    constants: Outcome
    computed: Mapping[str, Compute]
    finished: Outcome | None = field(init=False)

    def __post_init__(self) -> None:
        done = None if self.computed else MappingProxyType(dict(self.constants))
        object.__setattr__(self, "finished", done)

    def outcome(self, facts: Facts, *, lenient: bool) -> Outcome:
        """Compute the outcome. Raises DecisionRefused; when lenient, such outputs are left out."""
        if self.finished is not None:
            return self.finished
        found: dict[str, Value | None] = {}
        for name in self.names:
            compute = self.computed.get(name)
            if compute is None:
                found[name] = self.constants[name]
                continue
            try:
                found[name] = compute(facts)
            except DecisionRefused as refused:
                if not lenient or refused.code not in {"NULL_OPERAND", "FACT_MISSING"}:
                    raise
        return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class Asked:
    """A cell that needs more than its column's tables; `decide` asks it where a row stands.

    `rows` is the mask of the rows whose cell says the same; `row` is one of them.
    """

    rows: int
    row: int
    column: int
    reads: tuple[str, ...]
    """Facts the cell reads, its own column first."""


def bits(mask: int) -> Iterator[int]:
    """Yield the rows of a mask, first row first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Evaluator:
    """Decides facts by one ruleset under one set of parameters.

    `decide` is the generated function: facts (typed, money in minor units) to a Decision; it
    raises DecisionRefused. Missing facts are null. The outcome mappings are read-only.
    """

    decide: Callable[[Facts], Decision]

    def __init__(
        self,
        ruleset: Ruleset,
        params: Mapping[str, Value],
        masks: Sequence[ColumnMasks],
        plans: Sequence[Plan],
        otherwise: Plan | None,
        ranks: Mapping[str, Mapping[Value | None, int]],
        make_test: Callable[[int, int], Test],
        reads: tuple[Column, ...],
        asked: tuple[Asked, ...],
        *,
        lenient: bool,
    ) -> None:
        self.ruleset = ruleset
        self.params = params
        self.reads = reads
        """Facts the cells read, in the order in which `decide` checks them."""
        self.asked = asked
        """Cells asked after the tables, in the order in which `decide` asks them."""
        self.lenient = lenient
        self._masks = masks
        self._plans = plans
        self._ids = tuple(row.id for row in ruleset.table.rows)
        self._otherwise = otherwise
        self._ranks = ranks
        self._make_test = make_test
        self._tests: dict[tuple[int, int], Test] = {}
        self._making = Lock()
        self.ready = tuple(self._ready(row) for row in range(len(plans)))
        """Per row the finished Decision, where all its outputs are constant."""

    def _ready(self, row: int) -> Decision | None:
        finished = self._plans[row].finished
        return None if finished is None else Decision((self._ids[row],), (finished,))

    # --- asked by the generated function

    def single(self, row: int, facts: Facts) -> Decision:
        """Return the decision of the one row that decides."""
        return Decision((self._ids[row],), (self._outcome(row, facts),))

    def nothing(self, facts: Facts) -> Decision:
        """Return the decision when no row matched."""
        if self._otherwise is None:
            return Decision((), ())
        return Decision((), (self._otherwise.outcome(facts, lenient=self.lenient),))

    def double(self, mask: int) -> DecisionRefused:
        """Return the refusal of a double hit under `unique`."""
        ids = self._names(mask)
        return refuse(
            "DOUBLE_HIT",
            f"rows {ids} all match, but {self.ruleset.name} allows one; correct the table",
            f"行 {ids} 同时命中，而 {self.ruleset.name} 只允许一行；请修正规则表",
        )

    def several(self, mask: int, facts: Facts) -> Decision:
        """Return the decision of several hits under any, priority and the collecting policies."""
        rows = list(bits(mask))
        outcomes = [self._outcome(row, facts) for row in rows]
        policy = self.ruleset.hit_policy
        if policy is HitPolicy.ANY:
            if any(outcome != outcomes[0] for outcome in outcomes):
                raise self._differ(mask)
            return Decision(tuple(self._ids[row] for row in rows), (outcomes[0],))
        order = list(range(len(rows)))
        if policy in {HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}:
            order.sort(key=lambda at: self._rank(outcomes[at]))
        if policy is HitPolicy.PRIORITY:
            order = order[:1]
        return Decision(
            tuple(self._ids[rows[at]] for at in order), tuple(outcomes[at] for at in order)
        )

    def _outcome(self, row: int, facts: Facts) -> Outcome:
        return self._plans[row].outcome(facts, lenient=self.lenient)

    def _rank(self, outcome: Outcome) -> tuple[int, ...]:
        # What has no rank comes last: a null, or a computed value outside the list.
        return tuple(
            ranks.get(outcome.get(name), len(ranks)) for name, ranks in self._ranks.items()
        )

    def _names(self, mask: int) -> str:
        ids = [self._ids[row] for row in bits(mask)]
        more = f" (+{len(ids) - _SHOWN})" if len(ids) > _SHOWN else ""
        return ", ".join(ids[:_SHOWN]) + more

    def _differ(self, mask: int) -> DecisionRefused:
        ids = self._names(mask)
        return refuse(
            "OUTPUTS_DIFFER",
            f"rows {ids} all match but their outputs differ; correct the table",
            f"行 {ids} 同时命中但输出不同；请修正规则表",
        )

    # --- asked by analysis, columns and explanations

    def mask(self, column: int, value: FactValue) -> int:
        """Return the rows whose cell in input `column` is satisfied by `value`: bit i is row i.

        Rows whose cell is `asked` have their bit set. `value` has passed check_fact.
        """
        return self._masks[column].mask(value)

    def cuts(self, column: int) -> tuple[int, ...] | None:
        """Return the places where the mask of a whole-step column may change, ascending.

        Values count as engine.rules.masks.STEPS says; all values from one cut to the next have
        one mask. None for a column that is not of whole steps.
        """
        masks = self._masks[column]
        return masks.cuts if isinstance(masks, Stepped) else None

    def output_reads(self, row: int) -> tuple[str, ...]:
        """Return the facts the outputs of `row` read, or those of `otherwise` for row -1."""
        ruleset = self.ruleset
        outputs = (ruleset.otherwise or {}).values() if row < 0 else ruleset.table.rows[row].outputs
        return tuple(dict.fromkeys(name for one in outputs for name in output_columns(one)))

    def matches(self, row: int, column: int, value: FactValue) -> bool:
        """Return whether `value` satisfies the cell of `row` in input `column`.

        The same tables `decide` uses answer. ValueError for a cell that reads other columns
        (`when`, a column's name): ask `holds`.
        """
        cell = self.ruleset.table.rows[row].cells[column]
        if is_regular(cell):
            return bool(self._masks[column].mask(value) >> row & 1)
        if not is_independent(cell):
            raise ValueError(f"the cell {row}, {column} reads other columns")
        return self.holds(row, column, {self.ruleset.table.inputs[column].name: value})

    def holds(self, row: int, column: int, facts: Facts) -> bool:
        """Return whether the facts satisfy any one cell; missing facts are null."""
        cell = self.ruleset.table.rows[row].cells[column]
        if is_regular(cell):
            return self.matches(row, column, facts.get(self.ruleset.table.inputs[column].name))
        test = self._tests.get((row, column))
        if test is None:
            # Explanations come from several threads, and code is generated into one name space.
            with self._making:
                test = self._tests[row, column] = self._make_test(row, column)
        return test(facts)
