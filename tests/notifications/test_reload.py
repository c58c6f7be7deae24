"""A rule of an alerts ruleset, made live while the product runs, decides who is told and how."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from engine.rulebook import sync_folder
from engine.runtime.db import transaction
from tests.monitor.world import Group
from tests.notifications.stage import Stage
from tests.payments.stage import RULESETS

ROW = (
    "  B9 | disbursement   | CNY      | < 777    | -                 | -              | -"
    "             => high     | hint   | reviewer            | page, email | Low: {balance} "
    "                                        | 余额不足:{balance}\n"
)


def reloaded(stage: Stage, folder: Path, row: str, version: int) -> None:
    """The shipped rulesets with one more row in balance-alerts, live."""
    if not folder.exists():
        shutil.copytree(RULESETS, folder)
    shipped = (RULESETS / "alerts/balance-alerts.yaml").read_text("utf-8")
    text = shipped.replace("version: 1\n", f"version: {version}\n")
    text = text.replace("examples: |\n", f"{row}examples: |\n")
    (folder / "alerts/balance-alerts.yaml").write_text(text, "utf-8")
    with transaction(stage.engine) as session:
        synced = sync_folder(
            session,
            folder,
            author="demo1",
            approver="demo2",
            reason="test",
            now=stage.clock.now(),
        )
        assert synced.activated, [one.message.en for one in synced.findings]


def test_a_reloaded_row_tells_each_recipient_once_and_of_no_other_account(
    stage: Stage, tmp_path: Path
) -> None:
    group = Group(stage.engine, stage.clock)
    accounts = group.accounts
    monitor = group.monitor()
    group.balance(accounts.second_account, 77600)
    monitor.run_until_idle()
    stage.send()
    assert stage.mails() == []

    reloaded(stage, tmp_path / "rulesets", ROW, 2)
    group.balance(accounts.pay_account, 77600)
    group.balance(accounts.collect_account, 77600)
    stage.clock.advance(dt.timedelta(minutes=5))
    group.balance(accounts.pay_account, 77500)
    monitor.run_until_idle()
    stage.send()
    assert stage.told() == [("ann", "email", "SENT"), ("li", "email", "SENT")]
    raws = {str(one["recipient"]): str(one["body"]) for one in stage.mails()}
    assert set(raws) == {"ann@example.com", "li@example.com"}
    assert "6100**0001" in raws["li@example.com"]
    assert "余额不足" in raws["li@example.com"]
    assert "Low: " in raws["ann@example.com"]
