"""One screen: what runs, the second opinion, what waits, what is red."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api.cli.main import build
from api.status_json import status_json
from engine.base.text import Text
from engine.rules import Decision
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace
from engine.treasury.monitor.heartbeat import beat
from engine.treasury.status import status
from engine.treasury.status_shapes import STALE_SECONDS, Status
from tests.monitor.world import FakeEngine, Group
from tests.payments.world import Draft

OFF = Text("no C compiler", "没有 C 编译器")


def _status(group: Group) -> Status:
    with transaction(group.engine) as session:
        return status(session, group.clock.now())


def _beat(
    group: Group,
    why_off: Text | None = None,
    trouble: Text | None = None,
    good: float | None = 0,
) -> None:
    with transaction(group.engine) as session:
        beat(session, why_off, trouble, good)


def _said(found: Status) -> str:
    return " | ".join(one.said.en for one in found.red)


def test_a_monitor_that_was_never_seen_is_red(group: Group) -> None:
    found = _status(group)
    assert not found.monitor.alive
    assert not found.monitor.second_opinion
    assert "the monitor is not running" in _said(found)


def test_a_living_monitor_with_its_engine_is_fine(group: Group) -> None:
    _beat(group)
    found = _status(group)
    assert found.monitor.alive
    assert found.monitor.second_opinion
    assert found.red == ()
    assert found.processes[0].revision == found.revision


def test_a_monitor_not_seen_for_long_has_ended(group: Group) -> None:
    _beat(group)
    with transaction(group.engine) as session:
        session.execute(sa.text("UPDATE replica SET seen_at = seen_at - interval '1 minute'"))
    assert "not running" in _said(_status(group))


def test_a_monitor_without_an_engine_says_why(group: Group) -> None:
    _beat(group, OFF)
    found = _status(group)
    assert not found.monitor.second_opinion
    assert found.monitor.why_off == OFF
    assert found.red == ()


def test_a_monitor_that_cannot_go_on_is_red(group: Group) -> None:
    _beat(group, trouble=Text("stuck", "停滞"))
    assert _said(_status(group)) == "stuck"


def test_a_monitor_whose_last_good_step_is_old_is_red_also_in_its_next_life(group: Group) -> None:
    _beat(group, good=STALE_SECONDS + 1)
    assert "the monitor's last good step was at" in _said(_status(group))
    before = _status(group).monitor.good_at
    _beat(group, good=None)
    found = _status(group)
    assert found.monitor.good_at == before
    assert found.monitor.stale
    _beat(group, good=1)
    assert _status(group).red == ()


def test_what_waits_and_what_was_done_is_counted(group: Group) -> None:
    _beat(group)
    document = group.documents(Draft(1, account=group.accounts.pay_account))[0]
    group.decide(document)
    group.balance(group.accounts.pay_account, 1)
    assert _status(group).monitor.waiting == 2
    group.monitor(FakeEngine()).run_until_idle()
    monitor = _status(group).monitor
    assert (monitor.waiting, monitor.events, monitor.decisions, monitor.by_rete) == (0, 1, 2, 2)
    assert monitor.last_at == group.clock.now()


def test_an_open_disagreement_is_red_until_it_is_resolved(group: Group) -> None:
    _beat(group)
    document = group.documents(Draft(1, account=group.accounts.pay_account))[0]
    group.decide(document)
    group.monitor(FakeEngine(lambda _decision: Decision((), ()))).run_until_idle()
    assert "1 decision on which the engines disagree" in _said(_status(group))
    with transaction(group.engine) as session:
        session.execute(sa.text("UPDATE alert SET state = 'resolved', resolved_at = now()"))
    found = _status(group)
    assert found.red == ()
    assert found.monitor.disagreements == 1


def test_dead_actions_and_messages_are_red(group: Group) -> None:
    _beat(group)
    with transaction(group.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO action (kind, key, payload, state) VALUES ('k', 'k', '{}', 'dead')"
            )
        )
        session.execute(
            sa.text(
                "INSERT INTO outbox_message (message_id, org_id, destination, aggregate, kind, "
                "body, state, created_at) VALUES ('m', 'BJ', 'd', 'a', 'k', '{}', 'dead', now())"
            )
        )
    found = _status(group)
    assert (found.dead_actions, found.outbox_dead) == (1, 1)
    assert len(found.red) == 2


def test_a_process_that_decides_by_an_older_revision_is_red(group: Group) -> None:
    _beat(group)
    with transaction(group.engine) as session:
        session.execute(sa.text("UPDATE replica SET revision = revision - 1"))
    assert "older revision" in _said(_status(group))


def test_a_ruleset_the_engine_was_not_given_is_named(group: Group) -> None:
    _beat(group)
    document = group.documents(Draft(1, account=group.accounts.pay_account))[0]
    group.decide(document)
    group.monitor(FakeEngine(refuses=("payment-approval",))).run_until_idle()
    (said,) = _status(group).monitor.refused
    assert said.startswith("payment-approval ")
    assert said.endswith(": no")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("second opinion: on (durable-rules)", "nothing is red")),
        ("zh", ("第二意见: 已启用(durable-rules)", "一切正常")),
    ],
)
def test_the_screen_speaks_both_languages(
    group: Group,
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    lang: str,
    words: tuple[str, ...],
) -> None:
    _beat(group)
    monkeypatch.setenv("DATABASE_URL", database_url)
    folder = Workspace.create(tmp_path / "workspace").folder
    done = CliRunner().invoke(
        build("status"), ["status", "--workspace", str(folder), "--lang", lang]
    )
    assert done.exit_code == 0, done.output
    assert all(word in done.output for word in words)


def test_the_command_ends_with_4_when_something_is_red(
    group: Group, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    folder = Workspace.create(tmp_path / "workspace").folder
    arguments = ["status", "--workspace", str(folder), "--format", "json"]
    done = CliRunner().invoke(build(arguments[0]), arguments)
    assert done.exit_code == 4
    found = json.loads(done.stdout)
    assert found["monitor"]["alive"] is False
    assert found["red"][0]["en"].startswith("the monitor is not running")
    assert found.keys() == dict(status_json(_status(group))).keys()  # type: ignore[call-overload]


def test_no_workspace_is_a_sentence_and_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(build("status"), ["status", "--workspace", str(tmp_path / "none")])
    assert done.exit_code == 2
