"""`derive:` declares columns over a window of earlier matters."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.rules import compile_ruleset
from engine.rules.model import Duration, Type
from tests.rules.given import findings, ruleset

ROW = "{count: thing, same: [payee, amount], within: 3d, states: live}"


def test_a_derived_column_is_an_input() -> None:
    found = ruleset(
        "id | repeats | total => code\nA | >= 1 | - => x\nB | - | > 5万 => y",
        policy="collect",
        more=f"derive:\n  repeats: {ROW}\n"
        "  total: {sum: amount, same: [payee], within: 4h, states: [PAID, SENDING], self: true}",
    )
    repeats = found.derive["repeats"]
    assert (repeats.function, repeats.of, repeats.same) == ("count", "thing", ("payee", "amount"))
    assert repeats.within == Duration(259_200, "3d")
    assert (repeats.states, repeats.include_self) == (("live",), False)
    total = found.derive["total"]
    assert (total.states, total.include_self) == (("PAID", "SENDING"), True)
    assert [(c.type, c.derived, c.minimum) for c in found.table.inputs] == [
        (Type.INT, True, 0),
        (Type.MONEY, True, None),
    ]
    assert {"payee", "amount"} <= set(found.facts)
    evaluator = compile_ruleset(found, {})
    assert evaluator.decide({"repeats": 1, "total": 6_000_000}).rows == ("A", "B")


def test_what_must_differ_may_be_missing_or_be_near_is_declared_beside_what_is_the_same() -> None:
    found = ruleset(
        "id | seen | twins => code\nA | true | - => x\nB | - | >= 1 => y",
        policy="collect",
        more="derive:\n  seen: {any: thing, same: [payee], differs: [days], within: 1d, "
        "states: live}\n  twins: {count: thing, same: [payee], same_or_missing: [days], "
        "near: {amount: 2.5%}, within: 1d, states: live, cleared: false}",
    )
    seen, twins = found.derive["seen"], found.derive["twins"]
    assert (seen.differs, seen.cleared, seen.words) == (("days",), True, ("payee", "days"))
    assert (twins.same_or_missing, twins.cleared) == (("days",), False)
    assert twins.near == (("amount", Decimal("0.025")),)
    assert {"payee", "amount", "days"} <= set(found.facts)
    assert [c.type for c in found.table.inputs] == [Type.BOOL, Type.INT]
    assert compile_ruleset(found, {}).decide({"seen": True, "twins": 1}).rows == ("A", "B")


def test_the_least_of_nothing_is_null() -> None:
    found = ruleset(
        "id | least => code\nA | null => x",
        more="derive: {least: {min: amount, same: [payee], within: 1d, states: live}}",
    )
    assert found.table.inputs[0].nullable


# declaration, the only finding
SLIPS: list[tuple[str, str]] = [
    (ROW.replace("count: thing", "cont: thing"), "error[R011] unknown key 'cont'; did you mean"),
    (ROW.replace("count: thing, ", ""), "8:10+1 error[R140] n needs exactly one function; write"),
    (ROW.replace("payee", "paye"), "error[R102] unknown column 'paye'; did you mean 'payee'?"),
    (ROW.replace("count: thing", "sum: payee"), "error[R140] payee is a text and has no sum"),
    (ROW.replace("count: thing", "sum: amont"), "error[R102] unknown column 'amont'; did you mea"),
    (ROW.replace("3d", "3 days"), "error[R111] '3 days' is not a duration"),
    (ROW.replace("3d", "0h"), "error[R140] this window is empty"),
    (ROW.replace(", states: live", ""), "error[R012] key 'states' is missing in derive.n"),
    (ROW.replace("states: live", "states: live, self: maybe"), "error[R013] 'maybe' cannot stand"),
    (ROW.replace("3d", "3d, differs: [paye]"), "error[R102] unknown column 'paye'; did you mean"),
    (ROW.replace("3d", "3d, near: {amout: 1%}"), "error[R102] unknown column 'amout'; did you m"),
    (ROW.replace("3d", "3d, near: {payee: 1%}"), "error[R140] payee is no amount and is never"),
    (ROW.replace("3d", "3d, near: {amount: some}"), "error[R111] 'some' is not a percentage"),
    (
        ROW.replace("live", "live, self: true, cleared: false"),
        "error[R140] only any and count with",
    ),
    (
        ROW.replace("count: thing", "sum: amount").replace("live", "live, cleared: false"),
        "error[R140] only any and count without self can leave out what was cleared; delete clear",
    ),
    (ROW.replace("[payee, amount]", "payee"), "error[R013] derive.n.same must be a list"),
]


@pytest.mark.parametrize(("declaration", "expected"), SLIPS)
def test_a_wrong_declaration_gives_one_finding(declaration: str, expected: str) -> None:
    more = f"derive: {{n: {declaration}}}"
    (found,) = findings("id | n => code\nA | > 1 => x", more=more, examples="n => id\n2 => A")
    assert expected in found


def test_a_derived_column_may_not_contradict_the_vocabulary() -> None:
    more = f"derive: {{amount: {ROW}}}"
    (found,) = findings("id | days => code\nA | > 1 => x", more=more)
    assert "error[R140] amount is a word of type money, but count gives int" in found
