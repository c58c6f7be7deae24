"""Generated cases: composing equals writing the whole ruleset by hand."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import DecisionRefused, branch_params, compile_ruleset, load_ruleset
from engine.rules.extending import place_of
from engine.rules.model import Ruleset
from tests.extends.given import extension, what
from tests.rules.given import KINDS, VOCABULARY

COLUMNS = ("id", "amount", "type", "payee", "code", "text")
"""`id`, three inputs, two outputs."""
AMOUNTS = ("-", "< $p0", "[$p0..$p1)", ">= $p1", "= 5_000.5", "1万", "not(= 7)", "$q0", "> $q0")
TYPES = ("-", "claim", "refund, premium", "not(claim)", "claim，refund")
PAYEES = ("-", "null", '"a | b"', 'starts("张")', "王, 李", '"=> x"', r"a \| b")
CODES = ("x", "y9", '"z z"', "-")
TEXTS = ("-", '"{amount} | 元"', "好", r"bar \| bar", '"say \\"hi\\""')

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """What both sides are made of. Rows are cells by COLUMNS, without `id`."""

    policy: str
    parent: dict[str, Cells]
    own: dict[str, Cells]
    columns: tuple[int, ...]
    """Order of COLUMNS in the extension's table."""
    params: dict[str, str]
    added: dict[str, str]
    block: bool
    notes: bool


_ROW = st.tuples(*(st.sampled_from(one) for one in (AMOUNTS, TYPES, PAYEES, CODES, TEXTS)))
_IDS = [f"A{n}" for n in range(8)]
_MONEY = st.sampled_from(["100", "5万", "1_000.50", '"200"', "3k", "-5"])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Parents of up to eight rows, of which some are replaced; up to four rows added."""
    theirs = draw(st.lists(st.sampled_from(_IDS), min_size=1, max_size=8, unique=True))
    mine = draw(st.lists(st.sampled_from([*_IDS, "B1", "B2"]), max_size=6, unique=True))
    inputs = draw(st.permutations([1, 2, 3]))
    outputs = draw(st.permutations([4, 5]))
    return Case(
        policy=draw(st.sampled_from(["first", "collect", "rule order"])),
        parent={row: draw(_ROW) for row in theirs},
        own={row: draw(_ROW) for row in mine},
        columns=(0, *inputs, *outputs),
        params={name: draw(_MONEY) for name in ("p0", "p1")},
        added={name: draw(_MONEY) for name in ("q0",)},
        block=draw(st.booleans()),
        notes=draw(st.booleans()),
    )


def _envelope(name: str, org: str) -> list[str]:
    return [
        "kind: trial",
        f"name: {name}",
        f"title: {{en: {name}, zh: 试验}}",
        "version: 1",
        "effective: {from: 2026-01-01}",
        f"scope: {{org: {org}, subject: thing}}",
    ]


def _params(values: dict[str, str], *, block: bool) -> list[str]:
    if block:
        return ["params:", *(f"    {name}:   {value}" for name, value in values.items())]
    return [f"params: {{{', '.join(f'{name}: {value}' for name, value in values.items())}}}"]


def _table(rows: dict[str, Cells], order: tuple[int, ...], *, notes: bool) -> list[str]:
    lines = ["rules: |"]
    for cells in (COLUMNS, *((row, *rest) for row, rest in rows.items())):
        laid = [cells[index] for index in order]
        gap = "  " if notes and len(lines) % 2 else " "
        lines.append("  " + f"{gap}| ".join(laid[:4]) + " => " + f"{gap}| ".join(laid[4:]))
        lines += ["", "  # a note | => of nothing"] if notes else []
    return lines


def _used(name: str, rows: dict[str, Cells]) -> bool:
    return any(f"${name}" in cells[0] for cells in rows.values())


def texts(case: Case) -> tuple[str, str, str]:
    """The parent, the extension, and the whole as a person would write it."""
    straight = (0, 1, 2, 3, 4, 5)
    parent_rows = {
        row: tuple("-" if "$q0" in cell else cell for cell in cells)
        for row, cells in case.parent.items()
    }
    above = [
        *_envelope("group", "GROUP"),
        *_params(case.params, block=False),
        "otherwise: {code: none}",
        f"extensible: {{replace: [{', '.join(case.parent)}], add: yes}}",
        f"hit_policy: {case.policy}",
        *_table(parent_rows, straight, notes=case.notes),
    ]
    own = [
        *_envelope("branch", "SH"),
        "extends: group",
        *_params(case.added, block=case.block),
    ]
    own += _table(case.own, case.columns, notes=case.notes) if case.own else []
    rows = {row: case.own.get(row, cells) for row, cells in parent_rows.items()}
    rows |= {row: cells for row, cells in case.own.items() if row not in rows}
    whole = [
        *_envelope("branch", "SH"),
        *_params(case.params | case.added, block=False),
        "otherwise: {code: none}",
        f"hit_policy: {case.policy}",
        *_table(rows, straight, notes=False),
    ]
    return tuple("\n".join(lines) + "\n" for lines in (above, own, whole))  # type: ignore[return-value]


def _loaded(text: str) -> Ruleset:
    loaded = load_ruleset("t.yaml", text, VOCABULARY, kinds=KINDS)
    assert loaded.ruleset is not None, (text, loaded.findings)
    return loaded.ruleset


@settings(max_examples=150, deadline=None)
@given(
    case=cases(),
    amounts=st.lists(st.sampled_from([0, 699, 700, 10_000, 500_050, 5_000_000, -500]), max_size=4),
    type_=st.sampled_from(["claim", "refund", "premium"]),
    payee=st.sampled_from([None, "a | b", "张三", "王", "=> x", ""]),
)
def test_composed_is_hand_written(
    case: Case, amounts: list[int], type_: str, payee: str | None
) -> None:
    above, own, whole = texts(case)
    loaded = extension(own, _loaded(above))
    assert loaded.ruleset is not None, (above, own, loaded.findings)
    mine, hand = loaded.ruleset, _loaded(whole)
    assert what(mine) == what(hand)
    one = compile_ruleset(mine, branch_params(mine, ("GROUP", "SH")))
    other = compile_ruleset(hand, branch_params(hand, ("GROUP", "SH")))
    for amount in amounts:
        facts = {"amount": amount, "type": type_, "payee": payee}
        assert _decided(one, facts) == _decided(other, facts)
    for row in mine.table.rows:
        assert (place_of(mine, row.span).ruleset is mine) == (row.id in case.own)


def _decided(evaluator: object, facts: object) -> object:
    try:
        return evaluator.decide(facts)  # type: ignore[attr-defined]
    except DecisionRefused as refused:
        return refused.code
