"""Random edits of the shipped rulesets and of generated ones against a table of plain lists."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.collector import Collector
from engine.base.yaml_marks import Scalar, compose, lf
from engine.rules.edit import (
    AddColumn,
    AddRow,
    DuplicateRow,
    Edit,
    MoveRow,
    RemoveColumn,
    RemoveRow,
    RenameRow,
    SetCell,
    apply,
)
from engine.rules.edit.edits import Side, TableName
from engine.rules.edit.offsets import for_browser
from engine.rules.table import block_lines
from tests.edit.given import TEXTS, made, meant, table

PIECES = [
    *["a", "5万", " ", "|", "｜", "=>", "＝>", '"', '\\"', "\\", "#", "> b", ", ", "，", "\t"],
    *["not(x)", "＂", "＼", "测试", "😀", "\u3000", "-", "= amount", "［", "\u00a0"],
]
CELLS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
PLAIN = st.sampled_from(["-", "< 5万", "> 3", '"a | b"', r"a \| b", "甲、乙", "a, b > c", ""])


@st.composite
def generated(draw: st.DrawFn) -> str:
    """A text with a rules and an examples table in some layout, comments and blank lines."""
    columns = draw(st.integers(2, 5))
    arrow = draw(st.integers(1, columns - 1))
    bar = draw(st.sampled_from([" | ", "|", " ｜ ", "\t|\t", "   |  "]))
    sign = draw(st.sampled_from([" => ", "=>", " ＝＞ ", "\t=>  "]))
    end = draw(st.sampled_from(["\n", "\r\n"]))

    def line(cells: list[str]) -> str:
        tail = draw(st.sampled_from(["", " ", "\t "]))
        return f"  {bar.join(cells[:arrow])}{sign}{bar.join(cells[arrow:])}{tail}"

    def rows(first: list[str], ids: list[str]) -> list[str]:
        made = [line(first)]
        for id in ids:
            made += draw(st.sampled_from([[], ["  # | => said"], [""], ["  ＃ c", ""]]))
            made.append(line([id, *(draw(PLAIN) for _ in range(columns - 1))]))
        return made

    names = [f"c{k}" for k in range(1, columns)]
    ids = [f"R{k}" for k in range(draw(st.integers(1, 5)))]
    lines = ["kind: x   # y", "params: {a: 1}", "rules: |", *rows(["id", *names], ids)]
    branches = ["BJ"] * draw(st.integers(1, 3))
    lines += ["", "# between", "examples: |", *rows(["branch", *names], branches)]
    return end.join(lines) + draw(st.sampled_from(["", end, end + "# tail" + end]))


@dataclass
class Model:
    """A table as lists of texts, header first, and the index of its first output."""

    rows: list[list[str]]
    arrow: int
    name: TableName
    edits: list[Edit] = field(default_factory=list)

    def key(self, at: int) -> str:
        return self.rows[at][0] if self.name == "rules" else str(at)

    def step(self, draw: st.DrawFn) -> Edit:
        """One random edit, made here too."""
        kinds = ["set", "set", "add", "copy", "column"]
        if len(self.rows) > 2:
            kinds += ["remove", "move"]
        at = draw(st.integers(1, len(self.rows) - 1))
        fresh = f"N{len(self.edits)}-{draw(st.integers(0, 9))}"
        id = fresh if self.name == "rules" else None
        first = 1 if self.name == "rules" else 0
        k = draw(st.integers(first, len(self.rows[0]) - 1))
        alone = self.arrow == 1 if k < self.arrow else len(self.rows[0]) - self.arrow == 1
        kind = draw(st.sampled_from(kinds if alone else [*kinds, "uncolumn"]))
        text = draw(CELLS)
        row = self.key(at)
        match kind:
            case "set":
                self.rows[at][k] = text
                return SetCell(row=row, column=self.rows[0][k], text=text, table=self.name)
            case "add":
                cells = ["-"] * len(self.rows[0])
                cells[0] = id or "-"
                cells[k] = text
                before = draw(st.booleans())
                self.rows.insert(at if before else at + 1, cells)
                return AddRow(
                    id=id,
                    cells={self.rows[0][k]: text},
                    table=self.name,
                    before=row if before else None,
                    after=None if before else row,
                )
            case "copy":
                self.rows.insert(at + 1, [id or self.rows[at][0], *self.rows[at][1:]])
                return DuplicateRow(row=row, id=id, table=self.name)
            case "remove":
                del self.rows[at]
                return RemoveRow(row=row, table=self.name)
            case "move":
                to = draw(st.integers(1, len(self.rows) - 1).filter(lambda n: n != at))
                target, moved = self.rows[to], self.rows[at]
                after = self.key(to)
                del self.rows[at]
                self.rows.insert(next(n for n, r in enumerate(self.rows) if r is target) + 1, moved)
                return MoveRow(row=row, after=after, table=self.name)
            case "column":
                output = draw(st.booleans())
                place = len(self.rows[0]) if output else self.arrow
                if output and len(self.rows[0]) - self.arrow > 1 and self.rows[0][-1] == "basis":
                    place -= 1
                for n, cells in enumerate(self.rows):
                    cells.insert(place, text if n else fresh)
                self.arrow += not output
                side: Side = "output" if output else "input"
                return AddColumn(name=fresh, side=side, default=text, table=self.name)
            case _:
                return self._uncolumn(k)

    def _uncolumn(self, k: int) -> Edit:
        name = self.rows[0][k]
        for cells in self.rows:
            del cells[k]
        self.arrow -= k < self.arrow
        return RemoveColumn(name=name, table=self.name)


def model_of(text: str, name: TableName) -> Model:
    root = compose(lf(text), Collector(""))
    assert root is not None
    block = root.get(name)
    assert isinstance(block, Scalar)
    header = next(block_lines(block, lf(text).split("\n")))
    return Model(table(text, name), header.arrow or 0, name)


def means(rows: list[list[str]]) -> list[list[str]]:
    return [[meant(cell.strip(" \t\u3000")) for cell in row] for row in rows]


def others(text: str, name: TableName) -> list[str]:
    """The comments and all lines outside a table, in order."""
    lines = lf(text).split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith(("rules:", "examples:"))]
    begin = next(n for n in starts if lines[n].startswith(name)) + 1
    end = next((n for n in range(begin, len(lines)) if lines[n][:1] not in {"", " "}), len(lines))
    inside = [line for line in lines[begin:end] if line.strip()[:1] in {"", "#", "＃"}]
    return lines[:begin] + inside + lines[end:]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_edits_give_the_expected_table_and_leave_the_rest(data: st.DataObject) -> None:
    text = data.draw(st.one_of(st.sampled_from(TEXTS), generated()))
    name = data.draw(st.sampled_from(("rules", "examples")), "table")
    model = model_of(text, name)  # type: ignore[arg-type]
    edits = [_step(data, model) for _ in range(data.draw(st.integers(1, 4)))]
    new = made(text, *edits)
    assert means(table(new, name)) == means(model.rows)
    assert others(new, name) == others(text, name)  # type: ignore[arg-type]
    assert new.count("\r\n") == (new.count("\n") if "\r\n" in text else 0)


def _step(data: st.DataObject, model: Model) -> Edit:
    @st.composite
    def step(draw: st.DrawFn) -> Edit:
        edit = model.step(draw)
        model.edits.append(edit)
        return edit

    return data.draw(step())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_cell_is_one_line_and_its_inverse_gives_the_table_back(data: st.DataObject) -> None:
    text = data.draw(st.one_of(st.sampled_from(TEXTS), generated()))
    name: TableName = data.draw(st.sampled_from(("rules", "examples")))
    model = model_of(text, name)
    at = data.draw(st.integers(1, len(model.rows) - 1))
    k = data.draw(st.integers(1, len(model.rows[0]) - 1))
    row, column = model.key(at), model.rows[0][k]
    fresh = data.draw(CELLS)
    new = made(text, SetCell(row=row, column=column, text=fresh, table=name))
    olds, news = text.split("\n"), new.split("\n")
    assert sum(a != b for a, b in zip(olds, news, strict=True)) <= 1
    back = made(new, SetCell(row=row, column=column, text=model.rows[at][k], table=name))
    assert table(back, name) == model.rows
    assert sum(a != b for a, b in zip(olds, back.split("\n"), strict=True)) <= 1


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_inverse_edits_of_rows_and_columns_give_the_table_back(data: st.DataObject) -> None:
    text = data.draw(st.one_of(st.sampled_from(TEXTS), generated()))
    rows = table(text)
    at = data.draw(st.integers(1, len(rows) - 1))
    id = rows[at][0]
    back: Edit = (
        MoveRow(row=id, after=rows[at - 1][0])
        if at > 1
        else MoveRow(row=id, before=rows[2][0] if len(rows) > 2 else None)
    )
    cells = dict(zip(rows[0][1:], rows[at][1:], strict=True))
    again = AddRow(
        id=id,
        cells=cells,
        after=rows[at - 1][0] if at > 1 else None,
        before=rows[2][0] if at == 1 and len(rows) > 2 else None,
    )
    for edits in (
        [DuplicateRow(row=id, id="copy"), RemoveRow(row="copy")],
        [RenameRow(row=id, id="renamed"), RenameRow(row="renamed", id=id)],
        [MoveRow(row=id), back],
        [RemoveRow(row=id), again],
        [AddColumn(name="new", side="input", default="x"), RemoveColumn(name="new")],
        [AddColumn(name="new", side="output", default="|"), RemoveColumn(name="new")],
    ):
        new = made(text, *edits)
        assert table(new) == rows
        assert table(new, "examples") == table(text, "examples")


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_spans_for_browsers_lead_to_the_same_text(data: st.DataObject) -> None:
    text = data.draw(st.one_of(st.sampled_from(TEXTS), generated()))
    text = data.draw(st.sampled_from(["", "\ufeff"])) + text.replace("kind:", "# 😀\nkind:", 1)
    row = table(text)[-1][0]
    edits: list[Edit] = [
        SetCell(row=row, column="id", text="x"),
        AddRow(id="y", cells={}),
        DuplicateRow(row="y", id="z"),
    ]
    edited = apply(text, edits)
    units = lf(text).encode("utf-16-le")
    for start, end, fresh in reversed(for_browser(text, edited.spans)):
        units = units[: 2 * start] + fresh.encode("utf-16-le") + units[2 * end :]
    assert units.decode("utf-16-le") == lf(edited.text)
