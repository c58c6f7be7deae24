"""Examples and samples of layouts, and `sluice bank check`, which runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import build
from engine.formats.layouts import check
from engine.formats.layouts.examples import run_examples
from engine.formats.layouts.folder import LAYOUTS, find_layouts, samples_beside

SHIPPED = find_layouts([LAYOUTS])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_layout_holds_what_its_examples_say(path: Path) -> None:
    text = path.read_text("utf-8")
    assert check(text, path.name) == []
    count, failed = run_examples(text, path.name, samples_beside(path))
    assert count >= 1
    assert failed == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("bars-payment", "| 49999.99 |", "| 49999.98 |", "line 1 differs"),
        (
            "bars-payment",
            "width | value         | check\n    tag               | text   | 1 ",
            "width | value         | check\n    tag               | text   | 2 ",
            None,
        ),
        ("bars-return", "| failed ", "| paid ", "meaning"),
        ("fixed-payment", "samples/fixed-payment.dat", "samples/other.dat", "cannot be opened"),
        ("fixed-payment", "samples/fixed-payment.dat", "../../pyproject.toml", "cannot be opened"),
        ("comma-return", "交易失败: failed", "交易失败: unknown", "meaning"),
    ],
)
def test_an_example_that_does_not_hold_is_a_finding(
    name: str, old: str, new: str, said: str | None
) -> None:
    path = LAYOUTS / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    _, failed = run_examples(text.replace(old, new, 1), path.name, samples_beside(path))
    assert bool(failed) is (said is not None)
    assert said is None or said in failed[0].message.en


def test_the_command_checks_all_and_fails_for_one(tmp_path: Path) -> None:
    runner, app = CliRunner(), build("bank")
    done = runner.invoke(app, ["bank", "check"])
    assert done.exit_code == 0, done.output
    assert f"{len(SHIPPED)} layouts" in done.output
    bad = tmp_path / "bad.yaml"
    bad.write_text((LAYOUTS / "bars-return.yaml").read_text("utf-8").replace("else:", "esle:"))
    done = runner.invoke(app, ["bank", "check", str(bad), "--format", "json"])
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert {one["code"] for one in said["findings"]} >= {"B019"}
    assert runner.invoke(app, ["bank", "check", str(tmp_path / "none.yaml")]).exit_code == 2
