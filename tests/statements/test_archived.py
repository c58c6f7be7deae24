"""Zip files of statement files: each member with its own result, within limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.main import build
from api.services import Services
from engine.base.text import SluiceError
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.runtime.workspace import Workspace
from engine.treasury.organisations.signin import set_token
from engine.treasury.statements.archived import MemberImported, import_files
from tests.statements.test_filing import (
    ACCOUNT,
    CAMT,
    MT940,
    OTHER,
    camt_statement,
    count,
    house,
    value,
)
from tests.versions.support import said, token

__all__ = ["house"]
GOOD = {
    "b.xml": CAMT % camt_statement(OTHER, "7.00 CRDT", closing="7.00"),
    "a.sta": MT940 % ACCOUNT,
}
_CUT = camt_statement(OTHER, "1.00 CRDT", closing="1.00")
BAD = {"broken.xml": (CAMT % (_CUT + _CUT))[:-40]}


def packed(members: Mapping[str, str | bytes]) -> bytes:
    """A zip file of these members."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return found.getvalue()


def take(engine: sa.Engine, clock: ManualClock, content: bytes) -> tuple[MemberImported, ...]:
    with db.transaction(engine) as session:
        return import_files(session, "accountant", "s.zip", content, clock.now())


def told(made: tuple[MemberImported, ...]) -> list[tuple[str | None, str]]:
    found = []
    for one in made:
        if one.done is not None:
            found.append((one.name, one.done.results[0][1].state))
        if one.refused is not None:
            found.append((one.name, one.refused.code))
    return found


def test_each_member_has_its_own_result_and_a_bad_one_leaves_nothing_behind(
    house: sa.Engine, clock: ManualClock
) -> None:
    both = packed({**GOOD, **BAD})
    assert told(take(house, clock, both)) == [
        ("a.sta", "accepted"),
        ("b.xml", "accepted"),
        ("broken.xml", "STATEMENT_FILE_PART"),
    ]
    assert (count(house), count(house, "statement_file")) == (2, 2)
    assert value(house, "SELECT min(name) FROM statement_file") == "s.zip/a.sta"
    assert [state for _, state in told(take(house, clock, both))][:2] == ["known", "known"]
    assert count(house) == 2


def test_a_member_of_nobodys_account_does_not_stop_the_others(
    house: sa.Engine, clock: ManualClock
) -> None:
    made = told(take(house, clock, packed({"0.sta": MT940 % "999", **GOOD})))
    assert made[0] == ("0.sta", "STATEMENT_ACCOUNT_UNKNOWN")
    assert [state for _, state in made[1:]] == ["accepted", "accepted"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (packed({**GOOD, "z": b"\0" * 40_000_000}), "ZIP_BOMB"),
        (packed({**GOOD, "../x": b"x"}), "ZIP_NAME"),
        (packed({**GOOD, "in.zip": packed(GOOD)}), "ZIP_NESTED"),
        (packed(GOOD)[:-30], "ZIP_BROKEN"),
        (packed({str(one): b"x" for one in range(201)}), "ZIP_MEMBERS"),
    ],
    ids=["bomb", "name", "nested", "broken", "members"],
)
def test_a_zip_file_beyond_its_limits_is_refused_whole(
    house: sa.Engine, clock: ManualClock, content: bytes, code: str
) -> None:
    with pytest.raises(SluiceError) as caught:
        take(house, clock, content)
    assert caught.value.code == code
    assert count(house, "statement") == 0


def test_members_are_named_by_rest(house: sa.Engine, clock: ManualClock) -> None:
    with db.transaction(house) as session:
        set_token(session, "accountant", token("accountant"))
    web = TestClient(create_app(Services(house, clock, demo=False)))
    sent = {"file": ("s.zip", packed({**GOOD, **BAD}))}
    done = web.post("/api/v1/statements/files", files=sent, headers=said("accountant")).json()
    assert (done["format"], done["file"]) == ("zip", None)
    assert [one["member"] for one in done["statements"]] == ["a.sta", "b.xml"]
    assert [(one["member"], one["code"]) for one in done["refused"]] == [
        ("broken.xml", "STATEMENT_FILE_PART")
    ]


def test_members_are_named_by_command(
    house: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))
    (tmp_path / "s.zip").write_bytes(packed({**GOOD, **BAD}))
    words = ["statements", "import", str(tmp_path / "s.zip"), "--as", "accountant"]
    ran = CliRunner().invoke(build(), words)
    assert ran.exit_code == 1
    assert "a.sta  6100000001  taken" in ran.output
    assert "broken.xml  STATEMENT_FILE_PART" in ran.output
