"""`sluice rules …`, `plan` and `reload` as people type them: lines, exit codes, what changes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from api.cli.main import build
from api.demo.state import DemoState
from engine.rulebook.revisions import current_revision
from engine.runtime import db
from engine.runtime.clock import SystemClock
from engine.runtime.workspace import Workspace
from engine.treasury.organisations.signin import set_password
from tests.rulebook.support import approval_text
from tests.versions.support import SHIPPED, grant_role
from tests.versions.test_reload import worked_at

Sluice = Callable[..., Result]
AHEAD = DemoState(dt.timedelta(days=10_000))
"""The clock of commands stands well behind the first revision of `ruled`."""
CLOCK = SystemClock(AHEAD.offset)
GOOD = approval_text(version=2, large="40万")


@pytest.fixture
def place(
    ruled: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A workspace over the database of `ruled`, in which nobody is asked for passwords."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    AHEAD.write(made)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))
    return made.folder


@pytest.fixture
def sluice(place: Path) -> Sluice:
    """Gives a command; a code other than the one wanted (default 0) fails the test."""

    def run(*words: object, code: int = 0) -> Result:
        ran = CliRunner().invoke(build(str(words[0])), [str(word) for word in words])
        assert ran.exit_code == code, (words, ran.output, ran.exception)
        return ran

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A changed approval ruleset."""
    found = tmp_path / "approval" / "payment-approval.yaml"
    found.parent.mkdir()
    found.write_text(GOOD, "utf-8")
    return found


def proposed(sluice: Sluice, file: Path) -> str:
    """Propose the file by ann; the first 12 digits of its hash."""
    said = sluice("rules", "propose", file, "--as", "ann", "--reason", "lower").stdout
    assert said.endswith("proposed\n")
    return said.split()[0]


def signed(sluice: Sluice, file: Path) -> str:
    """Propose the file by ann and let tom sign it."""
    hash = proposed(sluice, file)
    assert "signed by tom" in sluice("rules", "sign", hash, "--as", "tom").stdout
    return hash


def live(engine: sa.Engine) -> int | None:
    """The live revision."""
    with db.transaction(engine) as session:
        return current_revision(session)


def test_a_draft_from_its_first_errors_to_a_proposed_version(sluice: Sluice, file: Path) -> None:
    file.write_text(GOOD.replace("approvers", "aprovers"), "utf-8")
    saved = sluice("rules", "draft", "save", file, "--as", "ann", "--lang", "zh", code=1)
    number, state, name, seen = saved.stdout.split()[:4]
    assert (state, name) == ("编辑中", "approval/payment-approval")
    assert "R104" in saved.stderr
    refused = sluice(
        "rules", "draft", "submit", number, "--as", "ann", "--reason", "x", "--lang", "zh", code=1
    )
    assert "R104" in refused.stderr
    assert "未作任何改变" in refused.stderr
    file.write_text(GOOD, "utf-8")
    sluice("rules", "draft", "save", file, "--draft", number, "--seen", seen, "--as", "ann")
    listed = sluice("rules", "draft", "list", "--as", "amy").stdout
    assert ("0 errors" in listed, "1 draft" in listed) == (True, True)
    shown = sluice("rules", "draft", "show", number, "--as", "amy")
    assert shown.stdout == GOOD
    made = sluice("rules", "draft", "submit", number, "--as", "ann", "--reason", "lower")
    assert made.stdout.endswith("approval payment-approval 2 proposed\n")
    assert "by ann: lower" in sluice("rules", "pending").stdout
    closed = sluice("rules", "draft", "drop", number, "--as", "ann", code=2)
    assert "DRAFT_CLOSED" in closed.stderr


def test_the_second_editor_gets_the_stored_text_beside_the_file(sluice: Sluice, file: Path) -> None:
    number, _, _, seen = sluice("rules", "draft", "save", file, "--as", "ann").stdout.split()[:4]
    first, second = GOOD.replace("4h", "5h"), GOOD.replace("4h", "6h")
    save = ("rules", "draft", "save", file, "--draft", number)
    file.write_text(first, "utf-8")
    sluice(*save, "--seen", seen, "--as", "ann")
    file.write_text(second, "utf-8")
    late = sluice(*save, "--seen", seen, "--as", "amy", "--lang", "zh", code=1)
    assert "错误[DRAFT_CONFLICT]" in late.stderr
    theirs = file.with_name(f"{file.name}.theirs")
    assert theirs.read_text("utf-8") == first
    assert file.read_text("utf-8") == second
    told = late.stderr.split("--seen ")[1].split()[0]
    sluice(*save, "--seen", told, "--as", "amy")
    assert sluice("rules", "draft", "show", number, "--as", "ann").stdout == second


def test_who_wrote_it_cannot_sign_it_and_a_returned_version_is_never_signed(
    sluice: Sluice, file: Path, ruled: sa.Engine
) -> None:
    hash = proposed(sluice, file)
    with db.transaction(ruled) as session:
        session.execute(sa.text("UPDATE role_grant SET role = 'treasurer' WHERE user_id = 'ann'"))
    for command in ("sign", "approve"):
        refused = sluice("rules", command, hash, "--as", "ann", code=2)
        assert "FOUR_EYES" in refused.stderr
    back = ("rules", "return", hash, "--as", "tom", "--reason")
    assert "NO_REASON" in sluice(*back, " ", code=2).stderr
    assert sluice(*back, "too low").stdout.endswith("returned by tom: too low\n")
    late = sluice("rules", "sign", hash, "--as", "tom", "--lang", "zh", code=2)
    assert "错误[RETURNED]" in late.stderr
    assert "已退回" in sluice("rules", "versions", "payment-approval", "--lang", "zh").stdout
    assert live(ruled) == 1


def test_reload_prints_the_command_that_undoes_it(
    sluice: Sluice, file: Path, ruled: sa.Engine
) -> None:
    signed(sluice, file)
    planned = sluice("plan", "--exit-code", code=3).stdout
    assert "params.large: 50万 → 40万" in planned
    assert "written by ann, signed by tom: lower" in planned
    refused = sluice("reload", "--as", "ann", "--reason", "x", code=2)
    assert "NOT_PERMITTED" in refused.stderr
    assert live(ruled) == 1
    done = sluice("reload", "--as", "oli", "--reason", "lower")
    words = done.stdout.split("undo: sluice ")[1].split("--as")[0].split()
    assert words == ["reload", "--undo", "1"]
    assert "no changes" in sluice("plan", "--exit-code").stdout
    sluice(*words, "--as", "oli", "--reason", "too low")
    assert live(ruled) == 3
    again = sluice("reload", "--undo", "1", "--as", "oli", "--reason", "x", code=2)
    assert "NOTHING_TO_UNDO" in again.stderr
    unclear = sluice("reload", "--undo", "one", "--as", "oli", "--reason", "x", code=2)
    assert "REVISION_UNCLEAR" in unclear.stderr
    listed = sluice("rules", "revisions", "--lang", "zh").stdout.splitlines()
    assert "撤销至第 1 次 oli: too low" in listed[0]
    assert "重新加载 oli: lower" in listed[1]


def test_a_broken_set_is_refused_with_1_and_changes_nothing(
    sluice: Sluice, file: Path, ruled: sa.Engine
) -> None:
    signed(sluice, file)
    file.write_text(approval_text(name="other-approval"), "utf-8")
    signed(sluice, file)
    assert "R501" in sluice("plan", code=1).stderr
    refused = sluice("reload", "--as", "oli", "--reason", "x", "--lang", "zh", code=1)
    assert ("R501" in refused.stderr, "未作任何改变" in refused.stderr) == (True, True)
    assert live(ruled) == 1
    held = sluice("rules", "versions").stdout.splitlines()
    assert [line for line in held if " live " in line] == [held[1]]


def test_a_timed_activation_is_listed_cancelled_and_carried_out(
    sluice: Sluice, file: Path, ruled: sa.Engine
) -> None:
    hash = signed(sluice, file)
    at = ("rules", "schedule", hash, "--as", "oli", "--reason", "month end", "--at")
    assert "SCHEDULE_PAST" in sluice(*at, "2020-01-01", code=2).stderr
    assert "INSTANT_UNCLEAR" in sluice(*at, "soon", code=2).stderr
    made = sluice(*at, "2999-12-01T08:00").stdout.splitlines()
    assert made[0] == f"1 2999-12-01T08:00:00+08:00 waiting {hash} oli"
    assert "scheduled for 2999-12-01T08:00+08:00 by oli" in sluice("plan").stdout
    listed = sluice("rules", "scheduled", "--as", "aud", "--lang", "zh").stdout
    assert ("待激活" in listed, "1 个待激活" in listed) == (True, True)
    stop = ("rules", "cancel", "1", "--reason", "not now", "--as")
    assert "NOT_PERMITTED" in sluice(*stop, "bob", code=2).stderr
    assert sluice(*stop, "oli").stdout.endswith(" (not now)\n")
    assert "SCHEDULE_ENDED" in sluice(*stop, "oli", code=2).stderr
    assert "SCHEDULE_UNKNOWN" in sluice(*stop[:2], "9", *stop[3:], "oli", code=2).stderr
    sluice(*at, (CLOCK.now() + dt.timedelta(hours=1)).isoformat())
    worked_at(ruled, CLOCK.now() + dt.timedelta(hours=2))
    assert "done" in sluice("rules", "scheduled", "--as", "oli").stdout
    ended = sluice("rules", "cancel", "2", "--as", "oli", "--reason", "late", code=2)
    assert "revision 2" in ended.stderr
    assert live(ruled) == 2


def test_what_ruled_on_a_date_as_known_at_an_instant(sluice: Sluice, file: Path) -> None:
    file.write_text(approval_text(version=2, effective="{from: 2999-01-01}"), "utf-8")
    signed(sluice, file)
    before = CLOCK.now()
    sluice("reload", "--as", "oli", "--reason", "next year")
    asked = ("rules", "as-of", "approval")
    assert " payment-approval 1 " in sluice(*asked).stdout
    assert " payment-approval 2 " in sluice(*asked, "--on", "2999-01-01").stdout
    past = sluice(*asked, "--on", "2999-01-01", "--known", before.isoformat(), "--lang", "zh")
    assert " payment-approval 1 " in past.stdout
    assert "第 1 次激活" in past.stdout
    assert "INSTANT_UNCLEAR" in sluice(*asked, "--on", "today", code=2).stderr
    assert "ORGANISATION_UNKNOWN" in sluice(*asked, "--org", "XX", code=2).stderr


def test_a_plan_compares_a_folder_with_what_is_live(sluice: Sluice, tmp_path: Path) -> None:
    folder = tmp_path / "rulesets"
    (folder / "approval").mkdir(parents=True)
    words = (SHIPPED / "vocabulary.yaml").read_text("utf-8")
    (folder / "vocabulary.yaml").write_text(words, "utf-8")
    text = folder / "approval" / "payment-approval.yaml"
    text.write_text(approval_text(), "utf-8")
    assert "no changes" in sluice("plan", folder, "--exit-code").stdout
    text.write_text(GOOD, "utf-8")
    assert "params.large: 50万 → 40万" in sluice("plan", folder, "--exit-code", code=3).stdout
    text.write_text(GOOD.replace("approvers", "aprovers"), "utf-8")
    assert "R104" in sluice("plan", folder, code=1).stderr
    assert sluice("plan", tmp_path / "none", code=2)


def test_outside_a_demo_a_person_gives_his_password(
    sluice: Sluice,
    file: Path,
    ruled: sa.Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Workspace.create(tmp_path / "own").folder
    monkeypatch.setenv("SLUICE_WORKSPACE", str(own))
    with db.transaction(ruled) as session:
        grant_role(session, "pat", "analyst")
        set_password(session, "pat", "correct-horse-9")
    propose = ("rules", "propose", file, "--as", "pat", "--reason", "lower", "--lang", "zh")
    monkeypatch.setenv("SLUICE_PASSWORD", "guessed")
    assert "错误[SIGN_IN_FAILED]" in sluice(*propose, code=2).stderr
    assert sluice("rules", "pending", "--lang", "zh").stdout == "0 个待复核\n"
    monkeypatch.setenv("SLUICE_PASSWORD_PAT", "correct-horse-9")
    assert "待复核" in sluice(*propose).stdout


def test_lists_speak_json(sluice: Sluice, file: Path) -> None:
    number = sluice("rules", "draft", "save", file, "--as", "ann").stdout.split()[0]
    json_of = ("--format", "json")
    (draft,) = json.loads(sluice("rules", "draft", "list", "--as", "amy", *json_of).stdout)
    assert (draft["id"], draft["state"], draft["errors"]) == (int(number), "open", 0)
    hash = proposed(sluice, file)
    (waiting,) = json.loads(sluice("rules", "pending", *json_of).stdout)
    assert waiting["hash"].startswith(hash)
    assert (waiting["state"], waiting["author"], waiting["reviewer"]) == ("proposed", "ann", None)
    sluice("rules", "sign", hash, "--as", "tom")
    at = ("--at", "2999-12-01T08:00", "--as", "oli", "--reason", "month end")
    sluice("rules", "schedule", hash, *at)
    (timed,) = json.loads(sluice("rules", "scheduled", "--as", "aud", *json_of).stdout)
    assert (timed["state"], timed["hashes"]) == ("waiting", [waiting["hash"]])
    held = json.loads(sluice("rules", "versions", "payment-approval", *json_of).stdout)
    found = [(one["version"], one["state"], one["live"]) for one in held]
    assert found == [(1, "signed", True), (2, "signed", False)]
    (first,) = json.loads(sluice("rules", "revisions", *json_of).stdout)
    assert (first["id"], first["cause"], first["restores"]) == (1, "approved", None)


def test_a_refused_reload_is_json_as_the_api_answers(
    sluice: Sluice, file: Path, ruled: sa.Engine
) -> None:
    reload = ("reload", "--as", "oli", "--reason", "x", "--format", "json")
    unknown = json.loads(sluice(*reload, "0" * 12, code=2).stdout)
    assert unknown["code"] == "UNKNOWN_RULESET"
    assert unknown["message_en"]
    assert unknown["message_zh"]
    signed(sluice, file)
    file.write_text(approval_text(name="other-approval"), "utf-8")
    signed(sluice, file)
    ran = sluice(*reload, code=1)
    refused = json.loads(ran.stdout)
    assert (refused["code"], ran.stderr) == ("RULESET_REFUSED", "")
    assert "R501" in {one["code"] for one in refused["findings"]}
    assert {"file", "line", "column", "hint_zh"} <= refused["findings"][0].keys()
    assert live(ruled) == 1


@pytest.mark.parametrize(
    ("folder", "kept"), [("approval", "approval/d10.yaml"), ("nuC", "d10.yaml")]
)
def test_a_file_is_called_with_its_folder_only_where_that_is_a_kind(
    sluice: Sluice, tmp_path: Path, folder: str, kept: str
) -> None:
    place = tmp_path / folder
    place.mkdir()
    (place / "d10.yaml").write_text(GOOD, "utf-8")
    (place / "vocabulary.yaml").write_text((SHIPPED / "vocabulary.yaml").read_text("utf-8"))
    sluice("rules", "draft", "save", place / "d10.yaml", "--as", "ann")
    (draft,) = json.loads(
        sluice("rules", "draft", "list", "--as", "ann", "--format", "json").stdout
    )
    assert draft["file"] == kept


def test_an_unknown_user_kind_or_version_is_named_as_such(sluice: Sluice, file: Path) -> None:
    hash = proposed(sluice, file)
    for words in (("sign", hash), ("draft", "list"), ("scheduled",)):
        said = sluice("rules", *words, "--as", "nobody", "--lang", "zh", code=2).stderr
        assert said == "错误[USER_UNKNOWN] 用户 nobody 不存在;请核对登录名\n"
    said = sluice("rules", "as-of", "aproval", code=2).stderr
    assert said == "error[UNKNOWN_KIND] there is no kind 'aproval'; did you mean 'approval'?\n"
    for name in ("payment-approval", "approval/payment-approval"):
        said = sluice("diff", f"{name}@1", f"{name}@99", code=2).stderr
        assert "there is no version 99 of payment-approval; the highest is 2" in said
    said = sluice("diff", "payment-approval@1", "nothing@1", "--lang", "zh", code=2).stderr
    assert "没有名为 nothing 的规则集" in said


def test_a_past_instant_is_said_again_in_shanghai_time(sluice: Sluice, file: Path) -> None:
    hash = signed(sluice, file)
    at = ("rules", "schedule", hash, "--as", "oli", "--reason", "late", "--at", "2020-01-01T08:00")
    assert "2020-01-01T08:00+08:00 is past" in sluice(*at, code=2).stderr
