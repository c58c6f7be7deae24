"""`sluice decide --engine rete`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from api.cli import decide
from engine.base.text import Text
from tests.rete.given import needs_durable

PAYMENTS = Path(__file__).parents[2] / "rulesets" / "approval" / "payment-approval.yaml"
FACTS = [
    {"amount": "49999.99", "creditor_type": "claimant", "extra_approver": "false"},
    {"amount": "300000", "creditor_type": "agent", "extra_approver": "false", "branch": "SH"},
    {"amount": "1", "creditor_type": "boss", "extra_approver": "false"},
    {"amount": "90071992547409.92", "creditor_type": "claimant", "extra_approver": "false"},
]


def sluice(*options: str) -> Result:
    app = typer.Typer()
    decide.register(app)
    given = "\n".join(json.dumps(fact) for fact in FACTS)
    return CliRunner().invoke(app, [str(PAYMENTS), "--facts", "-", *options], input=given)


@needs_durable
def test_the_second_engine_decides_as_the_first_and_says_where_it_does_not() -> None:
    first = [json.loads(line) for line in sluice().stdout.splitlines()]
    result = sluice("--engine", "rete")
    second = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [one["rows"] for one in second[:2]] == [["A1"], ["A3"]]
    assert second[:3] == first[:3]
    assert second[3]["error"]["code"] == "RETE_FACT"
    assert second[3]["error"]["message"].startswith("no second opinion because amount is beyond")


@pytest.mark.parametrize(("lang", "said"), [("en", "not here"), ("zh", "此处没有")])
def test_where_it_cannot_be_used_the_command_exits_two_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, lang: str, said: str
) -> None:
    monkeypatch.setattr(decide, "unavailable", lambda: Text("not here", "此处没有"))
    result = sluice("--engine", "rete", "--lang", lang)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "ENGINE_UNAVAILABLE" in result.stderr
    assert said in result.stderr
