"""The demo's folder and words that became live elsewhere: the file does not bring back the old."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.rulebook import Synced, sync_folder
from engine.rulebook.reloading import reload_signed
from engine.rulebook.texts import current_vocabulary
from engine.rulebook.words.proposals import propose_words, sign_words
from engine.rules.words import AddListed
from engine.runtime import db
from tests.kinds.pages import RULESETS

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
BONUS = AddListed(word="business_type", value="bonus", en="bonus", zh="红利")


def sync(engine: sa.Engine, folder: Path) -> Synced:
    with db.transaction(engine) as session:
        return sync_folder(session, folder, author="ana", approver="rex", reason="files", now=NOW)


def live_has_bonus(engine: sa.Engine) -> bool:
    with db.transaction(engine) as session:
        return "bonus: 红利" in current_vocabulary(session).text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the vocabulary and two rulesets."""
    made = tmp_path / "rulesets"
    for part in ("approval", "sweep"):
        shutil.copytree(RULESETS / part, made / part)
    shutil.copy(RULESETS / "vocabulary.yaml", made)
    return made


def make_live(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        made = propose_words(session, [BONUS], author="ana", reason="bonus", now=NOW)
        sign_words(session, made.id or 0, reviewer="rex", now=NOW)
        reload_signed(session, by="oli", reason="bonus", now=NOW)


def test_a_changed_ruleset_leaves_words_alone_that_became_live_elsewhere(
    engine: sa.Engine, folder: Path
) -> None:
    sync(engine, folder)
    make_live(engine)
    file = folder / "sweep" / "premium-sweep.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("version: 2", "version: 3") + "# changed\n", "utf-8")
    done = sync(engine, folder)
    assert [one.name for one in done.activated] == ["premium-sweep"]
    assert live_has_bonus(engine)
    assert sync(engine, folder).revision == done.revision


def test_a_vocabulary_that_is_saved_again_in_the_folder_rules(
    engine: sa.Engine, folder: Path
) -> None:
    sync(engine, folder)
    make_live(engine)
    assert live_has_bonus(engine)
    file = folder / "vocabulary.yaml"
    file.write_text(file.read_text("utf-8") + "# ours\n", "utf-8")
    sync(engine, folder)
    assert not live_has_bonus(engine)
