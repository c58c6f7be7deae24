"""Decision history on disk: complete, written anew where it is not, the last decision counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook import Matter, Rulebook
from engine.rulebook.history import (
    DraftErrors,
    HistoryError,
    HistoryFolder,
    Keeper,
    LoadedHistories,
    preview_draft,
    since,
    status,
    update,
    valid_draft,
    write_made_up,
)
from engine.rulebook.history.extract import extract
from engine.rulebook.history.store import Month
from engine.rules.preview import PreviewRefused
from engine.runtime.db import transaction
from engine.treasury.accounts.group import load_group
from tests.rulebook.support import BJ, NOW, SH, TODAY, approval_text, live, payment, words


@pytest.fixture
def folder(tmp_path: Path) -> HistoryFolder:
    """An empty history folder."""
    return HistoryFolder(tmp_path / "history")


def _decide(
    session: Session,
    book: Rulebook,
    number: int,
    amount: int,
    *,
    path: tuple[str, ...] = BJ,
    on: dt.date = TODAY,
    later: int = 0,
) -> int:
    facts = replace(payment(amount), creditor_type="agent")
    return (
        book.at(session)
        .decide(
            session,
            "approval",
            "payment",
            facts,
            org_path=path,
            on=on,
            matter=Matter("document", str(number)),
            now=NOW + dt.timedelta(minutes=later),
        )
        .decision_id
    )


def _opened(engine: sa.Engine) -> Rulebook:
    with transaction(engine) as session:
        words(session)
        live(session, approval_text())
    return Rulebook()


def _kept(engine: sa.Engine, folder: HistoryFolder, *, anew: bool = False) -> int:
    with transaction(engine) as session:
        return len(list(update(session, folder, anew=anew)))


def test_decisions_are_kept_by_month_with_typed_facts(
    engine: sa.Engine, folder: HistoryFolder
) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        _decide(session, book, 1, 10_00)
        _decide(session, book, 2, 400_000_00, path=SH, on=dt.date(2026, 10, 30))
    assert _kept(engine, folder) == 2
    table = pq.read_table(folder.folder / "approval/payment/2026-10.parquet")
    row = table.to_pylist()[0]
    assert row["amount"] == 400_000_00
    assert table.schema.field("amount").metadata[b"sluice.type"] == b"money"
    assert (row["document"], row["org_path"], row["rows"]) == ("2", "GROUP/SH/SH01", "A2")
    assert row["duplicate"] is False
    assert _kept(engine, folder) == 0


def test_a_decision_committed_late_is_not_passed_over(
    engine: sa.Engine, folder: HistoryFolder
) -> None:
    book = _opened(engine)
    with Session(engine) as late, late.begin():
        _decide(late, book, 1, 10_00)
        with transaction(engine) as session:
            _decide(session, book, 2, 20_00)
        _kept(engine, folder)
        assert folder.files()[0].decisions == 1
    with transaction(engine) as session:
        assert [one.complete for one in status(session, folder)] == [False]
    _kept(engine, folder)
    assert folder.files()[0].decisions == 2


def test_what_older_transactions_wrote_is_left_out(engine: sa.Engine) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        old = _decide(session, book, 1, 100)
    with transaction(engine) as session:
        new = _decide(session, book, 2, 100)
        since = int(
            session.execute(sa.text("SELECT pg_current_xact_id()::text::bigint")).scalar_one()
        )
    month = Month("approval", "payment", TODAY.replace(day=1))
    with transaction(engine) as session:
        whole, added = extract(session, month), extract(session, month, since=since)
        none = extract(session, month, since=since + 1_000_000)
    assert whole.column("decision_id").to_pylist() == [old, new]
    assert added.column("decision_id").to_pylist() == [new]
    assert none.num_rows == 0
    assert added.column_names == none.column_names == whole.column_names


def test_a_rebuilt_history_is_the_same(engine: sa.Engine, folder: HistoryFolder) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        for number in range(30):
            _decide(session, book, number, number * 20_000_00 + 1)
    _kept(engine, folder)
    path = folder.files()[0].path
    before = path.read_bytes()
    assert _kept(engine, folder, anew=True) == 1
    assert path.read_bytes() == before


def test_added_to_or_written_anew_the_files_are_the_same(
    engine: sa.Engine, folder: HistoryFolder
) -> None:
    book = _opened(engine)
    for start in (0, 30, 15):
        with transaction(engine) as session:
            for number in range(start, start + 10):
                org = BJ if number % 2 else SH
                _decide(session, book, number, number * 20_000_00 + 1, path=org)
        assert _kept(engine, folder) == 1
    path = folder.files()[0].path
    before = path.read_bytes()
    assert pq.read_table(path).num_rows == 30
    assert _kept(engine, folder, anew=True) == 1
    assert path.read_bytes() == before


def test_another_database_or_a_lost_cursor_means_writing_all(
    engine: sa.Engine, folder: HistoryFolder
) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        _decide(session, book, 1, 10_00)
    _kept(engine, folder)
    for note in ('{"xact": 999999999999, "months": []}', "half a", "[]"):
        folder.cursor.write_text(note)
        assert _kept(engine, folder) == 1
        assert _kept(engine, folder) == 0


def test_a_damaged_file_is_written_anew(engine: sa.Engine, folder: HistoryFolder) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        _decide(session, book, 1, 10_00)
    _kept(engine, folder)
    path = folder.files()[0].path
    path.write_bytes(b"half a file")
    assert _kept(engine, folder) == 1
    assert folder.files()[0].decisions == 1


def test_preview_on_decisions_splits_branches_and_hides_others(
    engine: sa.Engine, folder: HistoryFolder
) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        _decide(session, book, 1, 450_000_00)
        _decide(session, book, 1, 460_000_00, later=1)
        _decide(session, book, 2, 460_000_00, path=SH)
        _decide(session, book, 3, 10_00, on=TODAY - dt.timedelta(days=90))
    _kept(engine, folder)
    histories = LoadedHistories(folder)
    text = approval_text(version=2, large="45万").replace("BJ | 50万", "BJ | 51万")
    with transaction(engine) as session:
        draft = valid_draft(session, book.at(session), "d.yaml", text, on=TODAY)
    loaded = histories.since("approval", "payment", since("live:90d", TODAY))
    found = preview_draft(draft, loaded)
    assert (found.documents, found.changed, found.changed_amount) == (2, 1, 460_000_00)
    assert [one.document for one in found.largest] == ["1"]
    assert [(one.branch, one.changed) for one in found.branches] == [("BJ", 1), ("SH01", 0)]
    assert any("1 earlier decisions" in note.en for note in found.notes)
    own = preview_draft(draft, loaded, visible={"SH", "SH01"})
    assert (own.documents, own.changed) == (1, 0)
    assert not own.notes
    assert preview_draft(draft, loaded, below="SH").documents == 1
    with pytest.raises(PreviewRefused, match="NO_DOCUMENTS"):
        preview_draft(draft, loaded, visible={"GD"})


def test_loaded_history_follows_its_files(engine: sa.Engine, folder: HistoryFolder) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        _decide(session, book, 1, 10_00)
    _kept(engine, folder)
    histories = LoadedHistories(folder)
    first = histories.since("approval", "payment", TODAY)
    assert histories.since("approval", "payment", TODAY) is first
    with transaction(engine) as session:
        _decide(session, book, 2, 10_00)
    _kept(engine, folder)
    assert histories.since("approval", "payment", TODAY).documents.rows == 2


def test_loaded_histories_stay_within_their_bound(engine: sa.Engine, folder: HistoryFolder) -> None:
    book = _opened(engine)
    with transaction(engine) as session:
        _decide(session, book, 1, 10_00)
    _kept(engine, folder)
    histories = LoadedHistories(folder, bound=1)
    first = histories.since("approval", "payment", TODAY)
    histories.since("approval", "payment", TODAY - dt.timedelta(days=1))
    assert histories.since("approval", "payment", TODAY) is not first


def test_a_draft_with_errors_is_refused_with_its_findings(engine: sa.Engine) -> None:
    book = _opened(engine)
    text = approval_text(version=2).replace("A2 | >= $large", "A2 | > $large")
    with transaction(engine) as session, pytest.raises(DraftErrors) as refused:
        valid_draft(session, book.at(session), "d.yaml", text, on=TODAY)
    assert refused.value.findings
    assert refused.value.code == "DRAFT_HAS_ERRORS"


@pytest.mark.parametrize("written", ["live:0d", "live:90", "live:-1d", "live:9999d", "90d", ""])
def test_a_range_that_is_none_is_named(written: str) -> None:
    with pytest.raises(HistoryError, match="HISTORY_RANGE"):
        since(written, TODAY)


def test_a_history_without_decisions_is_named(folder: HistoryFolder) -> None:
    with pytest.raises(HistoryError, match="NO_HISTORY"):
        LoadedHistories(folder).since("approval", "payment", TODAY)


def test_only_a_demo_holds_made_up_documents(engine: sa.Engine, folder: HistoryFolder) -> None:
    with transaction(engine) as session:
        load_group(session, resources.files("api.demo").joinpath("group.yaml").read_text("utf-8"))
    Keeper(LoadedHistories(folder), demo=False).keep(engine, TODAY)
    assert folder.files() == []
    write_made_up(folder, [("GROUP",), ("GROUP", "BJ")], last=TODAY, documents=500)
    assert not write_made_up(folder, [("GROUP",)], last=TODAY)
    assert {one.source for one in folder.files()} == {"demo"}
    assert sum(one.decisions for one in folder.files()) == 500
    # Made-up files are no decisions: keeping the log neither counts nor removes them.
    _kept(engine, folder)
    assert sum(one.decisions for one in folder.files()) == 500
