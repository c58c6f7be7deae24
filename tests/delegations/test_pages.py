"""The page of delegations, and what other pages and commands say of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from sqlmodel import Session
from typer.testing import CliRunner

from api.cli import acting
from api.cli import delegations as commands
from engine.runtime.clock import ManualClock
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from tests.delegations.test_rest import group, live, rulebook, world
from tests.treasury_intake.support import documents, steps_open
from tests.treasury_intake.web import signed_in

__all__ = ["group", "live", "rulebook", "world"]

FORM = {
    "delegate": "reviewer",
    "org": "BJ",
    "valid_from": "2026-11-23",
    "valid_until": "2026-11-30",
    "reason": "年休假",
    "csrf": "csrf",
}


@pytest.mark.parametrize(
    ("lang", "said", "for_whom", "you"),
    [
        ("zh", "reviewer 代 bj-manager", "代 bj-manager", "您将代 bj-manager 审批本单"),
        ("en", "reviewer for bj-manager", "for bj-manager", "You decide this for bj-manager"),
    ],
)
def test_given_on_the_page_and_shown_where_it_is_used(
    world: sa.Engine,
    clock: ManualClock,
    live: Session,
    lang: str,
    said: str,
    for_whom: str,
    you: str,
) -> None:
    manager = signed_in(world, clock, "bj-manager", lang)
    answer = manager.post("/delegations", data=FORM)
    assert answer.status_code == 303
    assert said in manager.get("/delegations").text
    first = {"step_ids": steps_open(live), "verdict": "approve"}
    number = documents(live)[0].document_no
    live.rollback()
    signed_in(world, clock, "bj-reviewer").post("/api/v1/approvals/decide", json=first)
    reviewer = signed_in(world, clock, "reviewer", lang)
    assert for_whom in reviewer.get("/approvals").text
    assert you in reviewer.get(f"/approvals/{number}").text
    step = reviewer.get("/api/v1/approvals").json()[0]["step_id"]
    form = {"csrf": "csrf", "verdict": "approve", "step_id": str(step)}
    assert reviewer.post("/approvals", data=form).status_code == 200
    for place in (f"/payments/{number}", f"/trace?q={number}", f"/approvals/{number}"):
        assert said in reviewer.get(place).text


@pytest.mark.parametrize(
    ("user", "head"),
    [("bj-manager", "我授出的"), ("reviewer", "授给我的"), ("admin", "他人的")],
)
def test_each_sees_it_in_his_own_list_until_it_is_over(
    world: sa.Engine, clock: ManualClock, user: str, head: str
) -> None:
    manager = signed_in(world, clock, "bj-manager", "zh")
    manager.post("/delegations", data={**FORM, "business": "claim", "cap": "1,000.00"})
    shown = signed_in(world, clock, user, "zh").get("/delegations").text
    heads = ("我授出的", "授给我的", "他人的", "已到期和已撤销")
    assert [one for one in heads if one in shown] == [head]
    assert all(one in shown for one in ("BJ ", "理赔", "1,000.00"))
    [one] = manager.get("/api/v1/delegations").json()
    manager.post(f"/delegations/{one['id']}/revoke", data={"csrf": "csrf"})
    shown = signed_in(world, clock, user, "zh").get("/delegations").text
    assert [one for one in heads if one in shown] == ["已到期和已撤销"]


def test_a_refusal_stands_on_the_page(world: sa.Engine, clock: ManualClock) -> None:
    manager = signed_in(world, clock, "bj-manager")
    answer = manager.post("/delegations", data={**FORM, "delegate": "maker"})
    assert (answer.status_code, "DELEGATE_NO_APPROVER" in answer.text) == (400, True)
    answer = manager.post("/delegations", data={**FORM, "valid_from": "soon"})
    assert (answer.status_code, "DATE_UNREADABLE" in answer.text) == (400, True)


def test_two_administrators_and_revoking_on_the_page(world: sa.Engine, clock: ManualClock) -> None:
    admin, second = signed_in(world, clock, "admin"), signed_in(world, clock, "auditor")
    admin.post("/delegations", data={**FORM, "principal": "bj-manager", "cap": "1,000.00"})
    [one] = second.get("/api/v1/delegations").json()
    assert (one["state"], one["caps"]) == ("waiting", {"CNY": "1000.00"})
    place = f"/delegations/{one['id']}"
    assert f'action="{place}/confirm"' not in admin.get("/delegations").text
    assert f'action="{place}/confirm"' in second.get("/delegations").text
    assert second.post(f"{place}/confirm", data={"csrf": "csrf"}).status_code == 303
    form = {"csrf": "csrf", "reason": "over"}
    assert admin.post(f"{place}/revoke", data=form).status_code == 303
    assert second.get("/api/v1/delegations").json()[0]["state"] == "revoked"


@pytest.fixture
def app(
    engine: sa.Engine, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """The commands over the test's database, as a demo that asks for no password."""
    place = Workspace.create(tmp_path / "workspace", demo=True)

    @contextmanager
    def opened(_folder: Path | None) -> Iterator[tuple[Workspace, Settings, sa.Engine]]:
        yield place, Settings.load(place.folder, environ={}), engine

    monkeypatch.setattr(acting, "opened", opened)
    monkeypatch.setattr(acting, "clock_for", lambda _place: clock)
    made = typer.Typer()
    commands.register(made)
    return made


def test_by_commands(world: sa.Engine, app: typer.Typer) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["delegations", *words])
        return done.exit_code, done.output

    new = ["give", "--to", "reviewer", "--org", "BJ", "--from", "2026-11-23"]
    new += ["--until", "2026-11-30", "--reason", "leave", "--cap", "CNY=50000.00"]
    code, told = run(*new, "--for", "bj-manager", "--as", "admin")
    assert (code, "waits for a second person" in told) == (0, True)
    number = told.split()[1]
    assert run("confirm", number, "--as", "admin")[0] == 2
    assert run("confirm", number, "--as", "auditor")[0] == 0
    assert run("list", "--as", "reviewer") == (
        0,
        f"{number}  in_force  reviewer for bj-manager  BJ  2026-11-23..2026-11-30  CNY 50000.00\n"
        "1 delegation(s)\n",
    )
    assert run("revoke", number, "--as", "bj-manager")[0] == 0
    assert run(*new, "--as", "bj-manager", "--away", "2026-12-05")[0] == 0
    assert run("return", "--as", "bj-manager") == (0, "bj-manager is back\n")
    assert run(*new[:-1], "50000", "--as", "bj-manager")[0] == 2
