"""Where the search would take too long it says "not proven", never "fine"."""

from __future__ import annotations

from engine.base.findings import Severity
from engine.rules import distinct_params
from engine.rules.analysis.cover import Cover
from engine.rules.analysis.gap import check_gap
from engine.rules.analysis.grid import Grid, build_grid
from engine.rules.analysis.reach import check_reach
from engine.rules.analysis.report import Report
from tests.rules_analysis.support import findings, loaded, table

TEXT = table(
    """
    id | amount | creditor_type => approvers
    A1 | < 1    | staff         => cfo
    A2 | >= 1   | staff, agent  => cfo
    A3 | < 2    | agent         => cfo
    A4 | -      | agent         => cfo
    """,
    policy="first",
)


def grid() -> Grid:
    ruleset = loaded(TEXT)
    return build_grid(ruleset, distinct_params(ruleset)[0][1], None)


def test_a_gap_that_is_not_proven_warns() -> None:
    one = grid()
    report = Report(one.ruleset)
    check_gap(one, Cover(one, budget=0), report, disjoint=False)
    (found,) = report.findings()
    assert (found.code, found.severity) == ("R304", Severity.WARNING)
    assert found.message.en.startswith("not proven: whether every case has a row")


def test_rows_whose_reach_is_not_proven_are_named() -> None:
    one = grid()
    report = Report(one.ruleset)
    check_reach([one], [Cover(one, budget=0)], report)
    (found,) = report.findings()
    assert found.code == "R304"
    assert "whether A3, A4 can be reached" in found.message.en


def test_a_long_list_is_cut_and_says_how_many_it_hides() -> None:
    rows = "\n".join(f"A{n} | - => cfo" for n in range(10))
    found = findings(table(f"id | amount => approvers\n{rows}"))
    assert [one.code for one in found] == ["R301"] * 21
    assert found[-1].message.en.startswith("25 more findings R301 are not listed")
