"""`sluice review` and `sluice queue`: an unclear payment is ended by two persons with proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from api.cli import acting, reviews
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from tests.payments.stage import Stage
from tests.payments.world import Draft


@pytest.fixture
def command(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The commands over the stage's database, as a demo that asks for no password."""
    place = Workspace.create(tmp_path / "workspace", demo=True)

    @contextmanager
    def opened(_folder: Path | None) -> Iterator[tuple[Workspace, Settings, sa.Engine]]:
        yield place, Settings.load(place.folder, environ={}), stage.engine

    monkeypatch.setattr(acting, "opened", opened)
    monkeypatch.setattr(acting, "clock_for", lambda _place: stage.clock)
    app = typer.Typer()
    reviews.register(app)
    return app


def said(app: typer.Typer, *words: str) -> str:
    done = CliRunner().invoke(app, ["review", *words])
    return done.output if done.exit_code == 0 else str(done.exception)


def test_two_persons_with_proof_end_an_unknown_payment(
    stage: Stage, command: typer.Typer, tmp_path: Path
) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.banks["bank_a"].fault("reset_after")
    stage.release()
    stage.work()
    assert stage.states(documents) == ["UNKNOWN"]
    instruction = str(stage.value("SELECT instruction_id FROM attempt"))
    assert instruction in said(command, "list", "--as", "boss")
    proof = tmp_path / "receipt.pdf"
    proof.write_bytes(b"receipt")
    words = ["propose", instruction, "--verdict", "paid", "--evidence", str(proof)]
    words += ["--note", "e-receipt of the bank", "--as"]
    assert "NOT_PERMITTED" in said(command, *words, "boss")
    assert "proposal 1" in said(command, *words, "accountant")
    assert "receipt.pdf" in said(command, "list", "--as", "boss")
    assert "NOT_PERMITTED" in said(command, "confirm", "1", "--as", "accountant")
    assert "is off" in said(command, "refuse", "1", "--reason", "blurred", "--as", "boss")
    assert "proposal 2" in said(command, *words, "accountant")
    assert stage.states(documents) == ["UNKNOWN"]
    assert "UNKNOWN -> PAID" in said(command, "confirm", "2", "--as", "boss")
    assert stage.states(documents) == ["PAID"]
