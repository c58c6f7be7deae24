"""`sluice documents` and `sluice approvals`: a line per document, exit 1 when one was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from sqlmodel import Session
from typer.testing import CliRunner

from api.cli import acting, operating, pay
from api.cli import documents as commands
from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from tests.treasury_intake.support import bring_in, documents, row, states


@pytest.fixture
def app(
    engine: sa.Engine, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """The commands over the test's database, as a demo that asks for no password."""
    place = Workspace.create(tmp_path / "workspace", demo=True)

    @contextmanager
    def opened(_folder: Path | None) -> Iterator[tuple[Workspace, Settings, sa.Engine]]:
        yield place, Settings.load(place.folder, environ={}), engine

    for module in (operating, acting):
        monkeypatch.setattr(module, "opened", opened)
        monkeypatch.setattr(module, "clock_for", lambda _place: clock)
    made = typer.Typer()
    commands.register(made)
    pay.register(made)
    return made


def test_documents_go_their_way_by_commands(
    live: Session, app: typer.Typer, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(1, **twin), row(2, **twin)])
    live.commit()
    first, held = (one.document_no for one in documents(live))
    live.rollback()

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words))
        return done.exit_code, done.output

    free = ["documents", "release-holds", first, held, "--reason", "two instalments"]
    assert run(*free, "--as", "treasurer") == (
        1,
        f"{first}: {first} is not held; reload the page\n{held}: IN_APPROVAL\n",
    )
    code, listed = run("approvals", "ls", "--as", "bj-reviewer", "--format", "json")
    steps = {one["document_no"]: str(one["step_id"]) for one in json.loads(listed)}
    assert (code, set(steps)) == (0, {first, held})
    told = run("approvals", "reject", steps[first], "--reason", "no invoice", "--as", "bj-reviewer")
    assert told == (0, f"{first}: REJECTED\n")
    assert run("approvals", "approve", steps[held], "--as", "bj-reviewer") == (
        0,
        f"{held}: APPROVED\n",
    )
    assert run("documents", "submit", first, "--as", "maker") == (0, f"{first}: IN_APPROVAL\n")
    code, paid = run("pay", "release", first, held, "--as", "cashier", "--format", "json")
    assert code == 1
    assert [
        (one["done"], (one["error"] or {}).get("code")) for one in json.loads(paid)["items"]
    ] == [
        (False, "NOT_UNPAID"),
        (True, None),
    ]
    assert set(states(live).values()) == {"IN_APPROVAL", "UNPAID"}
