"""A payment file in a folder: the simulated bank carries it out once and answers beside it."""

from __future__ import annotations

from pathlib import Path

from tests.channels.support import hand_out, make_file, take_return
from tests.payments.stage import Stage


def put(stage: Stage, folder: Path, message_id: str) -> Path:
    """Hand the file out into the folder."""
    taken = hand_out(stage, message_id)
    path = folder / taken.name
    path.write_bytes(taken.content)
    return path


def look(stage: Stage, folder: Path) -> dict[str, int]:
    """Let bank A look into the folder."""
    answer = stage.banks["bank_a"].admin("files", {"folder": str(folder)})
    assert answer.status_code == 200, answer.text
    said: dict[str, int] = answer.json()
    return said


def test_a_file_is_paid_by_its_return_file_and_confirmed_by_the_statement(
    stage: Stage, tmp_path: Path
) -> None:
    documents, message_id = make_file(stage, 1, 2, 3)
    path = put(stage, tmp_path, message_id)
    assert look(stage, tmp_path) == {"taken": 1, "answered": 0}
    stage.later(minutes=2)
    assert look(stage, tmp_path) == {"taken": 0, "answered": 1}
    done = take_return(stage, message_id, path.with_suffix(".ret").read_bytes())
    assert (done.paid, done.open, done.issues) == (3, 0, ())
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"] * 3


def test_looking_again_executes_nothing_twice(stage: Stage, tmp_path: Path) -> None:
    _, message_id = make_file(stage, 1)
    path = put(stage, tmp_path, message_id)
    (tmp_path / "copy.txt").write_bytes(path.read_bytes())
    for _ in range(3):
        look(stage, tmp_path)
        stage.later(minutes=1)
    assert len(stage.banks["bank_a"].executions()) == 1


def test_a_refused_item_is_refused_in_the_return_file(stage: Stage, tmp_path: Path) -> None:
    stage.banks["bank_a"].accounts(
        {"number": "62220000000002", "kind": "external", "refuse": "AC04"}
    )
    documents, message_id = make_file(stage, 1, 2)
    path = put(stage, tmp_path, message_id)
    look(stage, tmp_path)
    stage.later(minutes=2)
    look(stage, tmp_path)
    take_return(stage, message_id, path.with_suffix(".ret").read_bytes())
    assert stage.states(documents) == ["PAID", "RETURNED"]


def test_a_file_in_another_form_is_refused_whole(stage: Stage, tmp_path: Path) -> None:
    _, message_id = make_file(stage, 1)
    path = put(stage, tmp_path, message_id)
    path.write_bytes(path.read_bytes().replace(b"|100.00|", b"|101.00|", 1))
    answer = stage.banks["bank_a"].admin("files", {"folder": str(tmp_path)})
    assert answer.status_code == 400
    assert stage.banks["bank_a"].executions() == []
