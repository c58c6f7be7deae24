"""The demo workspace's folder: changed files become active together, broken ones change nothing."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.rulebook import (
    Rulebook,
    RulebookError,
    Synced,
    activate,
    folder_state,
    publish,
    sync_folder,
)
from engine.rulebook.check_once import check_once
from engine.rulebook.checking import Checked
from engine.runtime import db
from tests.rulebook.support import NOW, SHIPPED
from tests.rulebook.test_revisions import approvers

APPROVAL = "approval/payment-approval.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder: vocabulary, two approval tables and the calendar."""
    place = tmp_path / "rulesets"
    for file in (
        "vocabulary.yaml",
        APPROVAL,
        "approval/collection-approval.yaml",
        "calendar/cn-business-days.yaml",
    ):
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SHIPPED / file, place / file)
    return place


def edit(folder: Path, *changes: tuple[str, str], file: str = APPROVAL) -> None:
    text = (folder / file).read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / file).write_text(text, "utf-8")


def sync(engine: sa.Engine, folder: Path) -> Synced:
    with db.transaction(engine) as session:
        return sync_folder(session, folder, author="ana", approver="rex", reason="file", now=NOW)


def chain(engine: sa.Engine, amount: int) -> tuple[str, ...]:
    with db.transaction(engine) as session:
        return approvers(Rulebook().at(session), amount)


SMALLER = (("version: 2", "version: 3"), ("small: 5万", "small: 1万"))


def test_a_first_look_makes_the_whole_folder_live(engine: sa.Engine, folder: Path) -> None:
    synced = sync(engine, folder)
    assert synced.findings == ()
    assert {one.name for one in synced.activated} == {
        "payment-approval",
        "collection-approval",
        "cn-business-days",
    }
    assert chain(engine, 4_000_000) == ("reviewer",)


def test_nothing_changed_makes_no_revision(engine: sa.Engine, folder: Path) -> None:
    first = sync(engine, folder)
    again = sync(engine, folder)
    assert again.revision == first.revision
    assert again.activated == ()


def test_a_changed_threshold_with_a_new_version_decides_the_next_payment(
    engine: sa.Engine, folder: Path
) -> None:
    sync(engine, folder)
    edit(folder, *SMALLER)
    synced = sync(engine, folder)
    assert [(one.name, one.version) for one in synced.activated] == [("payment-approval", 3)]
    assert chain(engine, 4_000_000) == ("reviewer", "finance_manager")


def test_the_same_version_with_other_content_is_refused_with_the_number_to_write(
    engine: sa.Engine, folder: Path
) -> None:
    first = sync(engine, folder)
    edit(folder, *SMALLER[1:])
    synced = sync(engine, folder)
    assert synced.revision == first.revision
    assert [one.code for one in synced.findings] == ["B106"]
    assert "raise version to 3" in synced.findings[0].message.en
    assert chain(engine, 4_000_000) == ("reviewer",)


def test_a_file_put_back_to_an_older_version_is_refused_with_the_number_to_write(
    engine: sa.Engine, folder: Path
) -> None:
    sync(engine, folder)
    before = (folder / APPROVAL).read_bytes()
    edit(folder, *SMALLER)
    second = sync(engine, folder)
    (folder / APPROVAL).write_bytes(before)
    synced = sync(engine, folder)
    assert synced.revision == second.revision
    [finding] = synced.findings
    live = second.activated[0].version
    assert (finding.code, finding.file) == ("B106", APPROVAL)
    assert f"raise version to {live + 1}" in finding.message.en


def test_one_broken_file_keeps_the_good_ones_back_too(engine: sa.Engine, folder: Path) -> None:
    first = sync(engine, folder)
    edit(folder, *SMALLER)
    edit(folder, ("=> approvers", "=> aprovers"), file="approval/collection-approval.yaml")
    synced = sync(engine, folder)
    assert synced.revision == first.revision
    assert synced.activated == ()
    assert {one.file for one in synced.findings} == {"approval/collection-approval.yaml"}
    assert chain(engine, 4_000_000) == ("reviewer",)


def test_the_repaired_folder_becomes_live_as_a_whole(engine: sa.Engine, folder: Path) -> None:
    sync(engine, folder)
    edit(folder, *SMALLER)
    other = "approval/collection-approval.yaml"
    edit(folder, ("=> approvers", "=> aprovers"), file=other)
    sync(engine, folder)
    edit(folder, ("=> aprovers", "=> approvers"), file=other)
    synced = sync(engine, folder)
    assert synced.findings == ()
    assert [one.version for one in synced.activated] == [3]


def test_what_was_found_is_kept_for_the_pages(engine: sa.Engine, folder: Path) -> None:
    sync(engine, folder)
    edit(folder, ("=> approvers", "=> aprovers"))
    told = sync(engine, folder).findings
    with db.transaction(engine) as session:
        states = {state.file: state.findings for state in folder_state(session)}
    assert states[APPROVAL] == told
    assert states["vocabulary.yaml"] == ()


def test_a_file_is_not_read_again_until_it_changes(
    engine: sa.Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(engine, folder)
    read: list[str] = []

    def counted(file: str, text: str, vocabulary: str, **beside: Any) -> Checked:
        read.append(file)
        return check_once(file, text, vocabulary, **beside)

    monkeypatch.setattr("engine.rulebook.folder_looks.check_once", counted)
    edit(folder, *SMALLER)
    sync(engine, folder)
    assert read == [APPROVAL]


def test_a_lost_file_leaves_its_ruleset_live_and_warns(engine: sa.Engine, folder: Path) -> None:
    first = sync(engine, folder)
    (folder / APPROVAL).unlink()
    synced = sync(engine, folder)
    assert [one.code for one in synced.findings] == ["B105"]
    assert synced.revision == first.revision
    assert chain(engine, 4_000_000) == ("reviewer",)


def test_a_moved_file_is_no_lost_file(engine: sa.Engine, folder: Path) -> None:
    first = sync(engine, folder)
    (folder / APPROVAL).rename(folder / "approval/renamed.yaml")
    synced = sync(engine, folder)
    assert synced.findings == ()
    assert synced.revision == first.revision


def test_two_files_for_the_same_matter_are_refused(engine: sa.Engine, folder: Path) -> None:
    first = sync(engine, folder)
    text = (folder / APPROVAL).read_text("utf-8")
    rival = text.replace("name: payment-approval", "name: rival")
    (folder / "approval/rival.yaml").write_text(rival, "utf-8")
    synced = sync(engine, folder)
    assert [one.code for one in synced.findings] == ["R501"]
    assert synced.revision == first.revision
    (folder / "approval/rival.yaml").unlink()
    assert sync(engine, folder).findings == ()


def test_a_changed_vocabulary_is_a_new_revision_of_the_same_rulesets(
    engine: sa.Engine, folder: Path
) -> None:
    first = sync(engine, folder)
    edit(folder, ("zh: 金额,", "zh: 单笔金额,"), file="vocabulary.yaml")
    synced = sync(engine, folder)
    assert synced.findings == ()
    assert synced.revision != first.revision
    assert synced.activated == ()


def test_a_broken_vocabulary_changes_nothing(engine: sa.Engine, folder: Path) -> None:
    first = sync(engine, folder)
    edit(folder, ("{type: money, en: amount,", "{type: monee, en: amount,"), file="vocabulary.yaml")
    synced = sync(engine, folder)
    assert synced.revision == first.revision
    assert {one.file for one in synced.findings} == {"vocabulary.yaml"}


def test_a_vocabulary_that_breaks_a_live_ruleset_changes_nothing(
    engine: sa.Engine, folder: Path
) -> None:
    first = sync(engine, folder)
    edit(folder, ("extra_approver: ", "more_approvers: "), file="vocabulary.yaml")
    synced = sync(engine, folder)
    assert synced.revision == first.revision
    assert {one.file for one in synced.findings} == {
        APPROVAL,
        "approval/collection-approval.yaml",
    }


def test_one_person_cannot_sync_alone(engine: sa.Engine, folder: Path) -> None:
    with db.transaction(engine) as session, pytest.raises(RulebookError) as caught:
        sync_folder(session, folder, author="ana", approver="ana", reason="file", now=NOW)
    assert caught.value.code == "FOUR_EYES"


def test_two_processes_that_watch_one_folder_activate_it_once(
    engine: sa.Engine, folder: Path
) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: sync(engine, folder), range(2)))
    assert sorted(len(one.activated) for one in done) == [0, 3]
    assert done[0].revision == done[1].revision


def test_what_was_activated_elsewhere_stays_when_another_file_is_saved(
    engine: sa.Engine, folder: Path
) -> None:
    sync(engine, folder)
    text = (folder / APPROVAL).read_text("utf-8")
    for old, new in SMALLER:
        text = text.replace(old, new)
    with db.transaction(engine) as session:
        version = publish(
            session, text, APPROVAL, author="ana", reviewer="rex", reason="signed", now=NOW
        )
        activate(
            session,
            [version.hash],
            activated_by="ana",
            approved_by="rex",
            reason="signed",
            now=NOW,
        )
    edit(
        folder,
        ("version: 1", "version: 2"),
        ("500万}", "400万}"),
        file="approval/collection-approval.yaml",
    )
    synced = sync(engine, folder)
    assert [one.name for one in synced.activated] == ["collection-approval"]
    assert chain(engine, 4_000_000) == ("reviewer", "finance_manager")
