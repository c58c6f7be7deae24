"""History is read ahead: who asks never waits for files that changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.rulebook.history import (
    HistoryError,
    HistoryFolder,
    LoadedHistories,
    LoadedHistory,
    Warmer,
    write_made_up,
)
from engine.rulebook.history.store import read_file
from tests.pages.fixtures import played, read_only, world
from tests.pages.world import World

__all__ = ["played", "read_only", "world"]

TODAY = dt.date(2026, 11, 20)
FIRST = TODAY - dt.timedelta(days=89)
PATHS = [("GROUP",), ("GROUP", "BJ")]


def histories(folder: Path) -> LoadedHistories:
    """600 made-up documents."""
    made = LoadedHistories(HistoryFolder(folder))
    write_made_up(made.folder, PATHS, last=TODAY, documents=600)
    return made


def touch(kept: LoadedHistories) -> None:
    """Write one month again without half of its documents."""
    file = kept.folder.files()[-1]
    table = read_file(file)
    half = table.slice(0, table.num_rows // 2)
    kept.folder.write(file.month, half, last=0, source=file.source)


def test_what_is_followed_is_given_out_until_it_is_read_anew(tmp_path: Path) -> None:
    kept = histories(tmp_path)
    old = kept.since("approval", "payment", FIRST)
    kept.followed = True
    touch(kept)
    assert kept.since("approval", "payment", FIRST) is old
    seen: list[LoadedHistory] = []

    def ready(_kind: str, _subject: str, loaded: LoadedHistory) -> None:
        assert kept.since("approval", "payment", FIRST) is old
        seen.append(loaded)

    kept.refresh("approval", "payment", FIRST, ready)
    fresh = kept.since("approval", "payment", FIRST)
    assert [fresh] == seen
    assert fresh.documents.rows < old.documents.rows


def test_without_a_follower_changed_files_are_read_at_once(tmp_path: Path) -> None:
    kept = histories(tmp_path)
    old = kept.since("approval", "payment", FIRST)
    touch(kept)
    assert kept.since("approval", "payment", FIRST).documents.rows < old.documents.rows


def test_other_ranges_of_older_files_are_forgotten(tmp_path: Path) -> None:
    kept = histories(tmp_path)
    shorter = TODAY - dt.timedelta(days=59)
    old = kept.since("approval", "payment", shorter)
    kept.followed = True
    touch(kept)
    kept.refresh("approval", "payment", FIRST, lambda *_: None)
    assert kept.since("approval", "payment", shorter) is not old


def test_a_history_that_is_gone_is_not_given_out(tmp_path: Path) -> None:
    kept = histories(tmp_path)
    kept.since("approval", "payment", FIRST)
    kept.followed = True
    for file in kept.folder.files():
        kept.folder.remove(file)
    with pytest.raises(HistoryError, match="NO_HISTORY"):
        kept.refresh("approval", "payment", FIRST, lambda *_: None)
    with pytest.raises(HistoryError, match="NO_HISTORY"):
        kept.since("approval", "payment", FIRST)


def test_a_look_reads_what_changed_and_nothing_else(read_only: World, tmp_path: Path) -> None:
    kept = histories(tmp_path)
    services = read_only.services
    warmer = Warmer(read_only.engine, read_only.clock, services.rulebook, kept)
    warmer.look()
    old = kept.since("approval", "payment", FIRST)
    warmer.look()
    assert kept.since("approval", "payment", FIRST) is old
    touch(kept)
    warmer.look()
    assert kept.since("approval", "payment", FIRST).documents.rows < old.documents.rows


def test_what_cannot_be_read_is_told_once(
    read_only: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = histories(tmp_path)
    file = kept.folder.files()[-1]
    content = file.path.read_bytes()
    warmer = Warmer(read_only.engine, read_only.clock, read_only.services.rulebook, kept)
    # The end, which tells the columns, stays whole: broken are the values.
    file.path.write_bytes(b"\0" * (len(content) // 3) + content[len(content) // 3 :])
    warmer.look()
    warmer.look()
    assert sum("could not be read ahead" in one.message for one in caplog.records) == 1
    file.path.write_bytes(content)
    warmer.look()
    assert kept.since("approval", "payment", FIRST).documents.rows == 600
