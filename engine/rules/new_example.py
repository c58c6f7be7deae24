"""A decided matter as an example of a ruleset: which edits of the text add it, and what it expects.

An example is read by everybody who may read the ruleset. Only facts that the rules read are
written into it; whether the writer may copy them is the caller's question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.base.findings import Span
from engine.base.text import SluiceError, Text
from engine.rules.compile import compile_ruleset
from engine.rules.decide import Decision, DecisionRefused
from engine.rules.edit import AddColumn, AddExamples, AddRow, Edit
from engine.rules.edit.apply import Bench
from engine.rules.edit.examples import EXAMPLES
from engine.rules.examples import run_example
from engine.rules.extending.places import place_of
from engine.rules.kind import FactValue
from engine.rules.literals import given_text, wanted_text
from engine.rules.masks import other_columns, output_columns
from engine.rules.model import AnyCell, Example, Output, Ruleset, WhenCell
from engine.rules.params import branch_params
from engine.rules.samples import BRANCH
from engine.rules.show import listed
from engine.rules.table import ID, NONE


class ExampleRefused(SluiceError):
    """A matter that cannot become an example of a text; nothing has changed.

    EXAMPLE_UNDECIDED, EXAMPLE_BRANCH, EXAMPLE_EXISTS, EXAMPLE_TEXT.
    """

    http_status = 422


@dataclass(frozen=True, slots=True)
class NewExample:
    """The edits that add an example, and what the text decides for it now.

    `columns` are those the table of examples gets besides.
    """

    edits: tuple[Edit, ...]
    columns: tuple[str, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns that the examples of a text have; empty where it has no examples."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def new_example(
    text: str, ruleset: Ruleset, facts: Mapping[str, FactValue], org_path: Sequence[str]
) -> NewExample:
    """The example that `facts` (typed; money in minor units) of a matter of `org_path` make.

    `ruleset` is what `text` was read as. The example has the columns of the examples there are,
    and those facts besides that rows ask for; it expects what the text decides now, and names a
    branch where its parameters are not the scope's own. Facts that are missing, and those no rule
    reads, are left out. Raises ExampleRefused, and EditRefused for a text that has no readable
    table of examples.
    """
    decision = _decided(ruleset, facts, org_path)
    header = _header(text)
    outputs = header.outputs or (ID, *(one.name for one in ruleset.table.outputs))
    needed = _needed(ruleset, decision, outputs)
    given = {
        name: facts[name]
        for name in ruleset.facts
        if facts.get(name) is not None and (name in needed or name in header.inputs)
    }
    branch = _branch(ruleset, given, decision, org_path, outputs)
    _refuse_known(ruleset, given, branch)
    cells = _given_cells(ruleset, given, branch) | _wanted_cells(ruleset, decision, outputs)
    added: tuple[str, ...] = ()
    columns: list[Edit] = []
    if not header.inputs:
        inputs = tuple(name for name in ruleset.facts if name in needed)
        if branch is not None or not inputs:
            inputs = (BRANCH, *inputs)
        columns.append(AddExamples(inputs=inputs, outputs=outputs))
    else:
        added = tuple(name for name in cells if name not in (*header.inputs, *header.outputs))
        columns += [_column(name, header) for name in added]
    return NewExample((*columns, AddRow(table="examples", cells=cells)), added, decision)


def _decided(ruleset: Ruleset, facts: Mapping[str, FactValue], org_path: Sequence[str]) -> Decision:
    try:
        return compile_ruleset(ruleset, branch_params(ruleset, org_path)).decide(facts)
    except DecisionRefused as refused:
        raise undecided(refused) from None


def undecided(refused: DecisionRefused) -> ExampleRefused:
    """The refusal of a matter that a text cannot decide."""
    return ExampleRefused(
        "EXAMPLE_UNDECIDED",
        Text(
            f"this text cannot decide the matter, so there is nothing to expect: {refused.text.en}",
            f"当前文本无法对该事项作出决策，因此没有可期望的结果：{refused.text.zh}",
        ),
    )


def _header(text: str) -> _Header:
    bench = Bench(text)
    if EXAMPLES not in bench.root().entries:
        return _Header((), ())
    sheet = bench.sheet("examples")
    return _Header(tuple(sheet.columns[: sheet.arrow]), tuple(sheet.columns[sheet.arrow :]))


# --- what is given


def _needed(ruleset: Ruleset, decision: Decision, outputs: Sequence[str]) -> set[str]:
    """The facts that cells ask for, and those the expected outputs are made of."""
    table = ruleset.table
    found: set[str] = set()
    for row in table.rows:
        for column, cell in zip(table.inputs, row.cells, strict=True):
            if not isinstance(cell, AnyCell):
                own = () if isinstance(cell, WhenCell) else (column.name,)
                found.update(own, other_columns(cell))
    for name, output in _outputs(ruleset, decision):
        if name in outputs:
            found.update(output_columns(output))
    return found


def _outputs(ruleset: Ruleset, decision: Decision) -> Iterator[tuple[str, Output]]:
    """The output cells that gave the decision."""
    if decision.outcomes and not decision.rows:
        yield from (ruleset.otherwise or {}).items()
    for row in ruleset.table.rows:
        if row.id in decision.rows:
            names = (column.name for column in ruleset.table.outputs)
            yield from zip(names, row.outputs, strict=True)


def _branch(
    ruleset: Ruleset,
    given: Mapping[str, FactValue],
    decision: Decision,
    org_path: Sequence[str],
    outputs: Sequence[str],
) -> str | None:
    """The one organisation whose parameters decide as those of the whole path do.

    None for the scope's own. An example names a single organisation: where several of the path
    move parameters, one that comes to the same must do.
    """
    wanted = branch_params(ruleset, org_path)
    choices = [None, *reversed(org_path)]
    alike = [one for one in choices if branch_params(ruleset, _path(one)) == wanted]
    for one in (*alike, *(one for one in choices if one not in alike)):
        if _comes_to(ruleset, given, decision, one, outputs):
            return one
    raise ExampleRefused(
        "EXAMPLE_BRANCH",
        Text(
            f"no single branch of {'/'.join(org_path)} has the parameters this was decided by, "
            "and an example names one; write it by hand",
            f"{'/'.join(org_path)} 中没有任何单个机构具有该决策所用的参数，而示例只能写一个机构；"
            "请手工编写",
        ),
    )


def _path(branch: str | None) -> tuple[str, ...]:
    return () if branch is None else (branch,)


def _comes_to(
    ruleset: Ruleset,
    given: Mapping[str, FactValue],
    decision: Decision,
    branch: str | None,
    outputs: Sequence[str],
) -> bool:
    """Whether the example, decided as examples are, comes to the decision."""
    try:
        found = run_example(ruleset, Example(Span(1, 1, 1), branch, given, None, {}))
    except DecisionRefused:
        return False
    if found.rows != decision.rows or len(found.outcomes) != len(decision.outcomes):
        return False
    return all(
        name not in one or (name in other and one[name] == other[name])
        for one, other in zip(decision.outcomes, found.outcomes, strict=True)
        for name in outputs
    )


def _refuse_known(ruleset: Ruleset, given: Mapping[str, FactValue], branch: str | None) -> None:
    for one in ruleset.examples:
        same = {name: value for name, value in one.given.items() if value is not None}
        if one.branch == branch and same == given:
            line = place_of(ruleset, one.span).span.line
            raise ExampleRefused(
                "EXAMPLE_EXISTS",
                Text(
                    f"the example on line {line} has the same facts; there is nothing to add",
                    f"第 {line} 行的示例已有相同的事实；无需添加",
                ),
            )


# --- what is written


def _given_cells(
    ruleset: Ruleset, given: Mapping[str, FactValue], branch: str | None
) -> dict[str, str]:
    cells = {} if branch is None else {BRANCH: branch}
    for name, value in given.items():
        if value is not None:
            cells[name] = _writable(name, given_text(value, ruleset.facts[name], ruleset.currency))
    return cells


def _wanted_cells(ruleset: Ruleset, decision: Decision, outputs: Sequence[str]) -> dict[str, str]:
    cells = {ID: ", ".join(decision.rows) or NONE}
    for column in ruleset.table.outputs:
        if column.name in outputs:
            values = [one[column.name] for one in decision.outcomes]
            said = wanted_text(values, column, ruleset.currency)
            cells[column.name] = _writable(column.name, said)
    return cells


def _writable(name: str, written: str | None) -> str:
    if written is None:
        raise ExampleRefused(
            "EXAMPLE_TEXT",
            Text(
                f"the text of {name} cannot stand in one cell; write the example by hand",
                f"{name} 的文本无法写入单元格；请手工编写示例",
            ),
        )
    return written


def _column(name: str, header: _Header) -> AddColumn:
    if name == BRANCH:
        return AddColumn(table="examples", name=name, side="input", before=header.inputs[0])
    if name == ID:
        return AddColumn(table="examples", name=name, side="output", before=header.outputs[0])
    return AddColumn(table="examples", name=name, side="input")


def columns_text(columns: Sequence[str]) -> Text | None:
    """Which columns the examples get besides; None for none."""
    if not columns:
        return None
    return Text(
        f"The examples get the column{'s' if len(columns) > 1 else ''} {listed(columns, 'and')}.",
        f"示例表增加列 {'、'.join(columns)}。",
    )
