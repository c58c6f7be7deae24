"""A layout is live when a second person signed it, for its organisation, at once."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.formats.layouts import Use
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.layouts import by_hash, drafting, for_use, keep, reviewing, the_one
from engine.treasury.layouts.catalogue import shipped
from tests.bank_layouts.support import BROKEN, SAMPLE, layout
from tests.permissions.support import person
from tests.versions.conftest import ruled

__all__ = ["ruled"]
ON = dt.date(2026, 11, 23)


@pytest.fixture
def house(ruled: sa.Engine) -> sa.Engine:
    """The small group of tests/versions, with a finance manager of Beijing."""
    person(ruled, "fred", "finance_manager", "BJ")
    return ruled


def submitted(engine: sa.Engine, clock: ManualClock, text: str, user: str = "ann") -> str:
    """A version that waits; its hash."""
    with db.transaction(engine) as session:
        draft = drafting.begin(
            session, user, "BJ" if "org: BJ" in text else "GROUP", text, clock.now()
        )
        return drafting.submit(
            session, user, draft.id or 0, draft.text_hash, "new format", clock.now()
        ).hash


def signed(engine: sa.Engine, clock: ManualClock, text: str, by: str = "tom") -> str:
    """A live version; its hash."""
    made = submitted(engine, clock, text)
    with db.transaction(engine) as session:
        reviewing.sign(session, by, made, clock.now())
    return made


def ruling(engine: sa.Engine, org: str, on: dt.date = ON) -> list[str]:
    """Hashes of the statement layouts of bank A for an organisation."""
    with db.transaction(engine) as session:
        return [one.hash for one in for_use(session, Use.STATEMENT, org, on, "bank_a")]


def undone(engine: sa.Engine, clock: ManualClock, name: str = "own-statement") -> str | None:
    with db.transaction(engine) as session:
        return reviewing.undo(session, "tom", "GROUP", name, "wrong", clock.now())


def test_what_waits_for_a_second_person_rules_nothing(house: sa.Engine, clock: ManualClock) -> None:
    made = submitted(house, clock, layout())
    assert ruling(house, "BJ") == []
    with db.transaction(house) as session:
        reviewing.sign(session, "tom", made, clock.now())
    assert ruling(house, "BJ") == [made]


def test_nobody_who_wrote_at_it_signs_it_whatever_his_roles(
    house: sa.Engine, clock: ManualClock
) -> None:
    made = submitted(house, clock, layout())
    # Roles that exclude each other, put on one person behind the product's back.
    with house.begin() as c:
        c.execute(
            sa.text("INSERT INTO role_grant (user_id, role, org_id) VALUES ('ann','cfo','GROUP')")
        )
    with pytest.raises(SluiceError, match="FOUR_EYES"), db.transaction(house) as session:
        reviewing.sign(session, "ann", made, clock.now())
    with pytest.raises(sa.exc.IntegrityError, match="bank_layout_four_eyes"), house.begin() as c:
        c.execute(sa.text("UPDATE bank_layout_version SET reviewer = author"))
    assert ruling(house, "GROUP") == []


def test_an_editor_of_the_draft_does_not_sign_it(house: sa.Engine, clock: ManualClock) -> None:
    with db.transaction(house) as session:
        draft = drafting.begin(session, "ann", "GROUP", layout(), clock.now())
        draft = drafting.save(
            session, "amy", draft.id or 0, layout(credit="贷方"), draft.text_hash, clock.now()
        )
        version = drafting.submit(
            session, "ann", draft.id or 0, draft.text_hash, "new", clock.now()
        )
        assert (version.author, version.editors) == ("ann", ["amy"])


def test_the_database_makes_nothing_live_that_nobody_signed(
    house: sa.Engine, clock: ManualClock
) -> None:
    made = submitted(house, clock, layout())
    with pytest.raises(sa.exc.IntegrityError, match="bank_layout_is_signed"), house.begin() as c:
        c.execute(
            sa.text(
                "INSERT INTO bank_layout_activation (org_id, bank_id, name, hash, cause, "
                "activated_by, reason, at) VALUES ('GROUP', 'bank_a', 'own-statement', :hash, "
                "'approved', 'tom', 'x', now())"
            ),
            {"hash": made},
        )


def test_the_nearest_organisation_wins_and_its_sister_keeps_the_groups(
    house: sa.Engine, clock: ManualClock
) -> None:
    group = signed(house, clock, layout())
    branch = signed(house, clock, layout(org="BJ", name="bj-statement"), by="fred")
    assert ruling(house, "BJ") == [branch]
    assert ruling(house, "SH") == ruling(house, "GROUP") == [group]
    with db.transaction(house) as session:
        reviewing.retire(session, "fred", "BJ", "bj-statement", "ended", clock.now())
    assert ruling(house, "BJ") == [group]


def test_a_branch_signs_nothing_for_the_group(house: sa.Engine, clock: ManualClock) -> None:
    made = submitted(house, clock, layout())
    with pytest.raises(SluiceError, match="NOT_PERMITTED"), db.transaction(house) as session:
        reviewing.sign(session, "fred", made, clock.now())


def test_before_its_day_a_layout_does_not_rule(house: sa.Engine, clock: ManualClock) -> None:
    made = signed(house, clock, layout(since="2026-12-01"))
    assert ruling(house, "GROUP") == []
    assert ruling(house, "GROUP", dt.date(2026, 12, 1)) == [made]


def test_undo_goes_back_step_by_step_and_a_returned_or_older_number_never_comes(
    house: sa.Engine, clock: ManualClock
) -> None:
    one = signed(house, clock, layout(1))
    two = signed(house, clock, layout(2, credit="贷方"))
    assert ruling(house, "GROUP") == [two]
    assert undone(house, clock) == one
    assert ruling(house, "GROUP") == [one]
    assert undone(house, clock) is None
    assert ruling(house, "GROUP") == []
    with pytest.raises(SluiceError, match="NOTHING_TO_UNDO"):
        undone(house, clock)
    three = signed(house, clock, layout(3))
    assert ruling(house, "GROUP") == [three]
    with pytest.raises(SluiceError, match="LAYOUT_NUMBER"):
        submitted(house, clock, layout(3, credit="入账"))


def test_a_shipped_layout_comes_back_by_undo_and_is_kept_once_it_was_used(
    house: sa.Engine, clock: ManualClock
) -> None:
    ours = next(one for one in shipped() if one.layout.name == "bars-return")
    text = ours.text.replace("version: 1", "version: 2").replace("ACSP: unknown, ", "")
    text = text[: text.index("examples:")]
    changed = signed(house, clock, text)

    def the_live() -> str:
        with db.transaction(house) as session:
            return the_one(session, Use.PAYMENT_RETURN, ours.layout.bank, "BJ", ON).hash

    assert the_live() == changed
    assert undone(house, clock, "bars-return") == ours.hash
    assert the_live() == ours.hash
    with db.transaction(house) as session:
        keep(session, ours, clock.now())
        assert by_hash(session, ours.hash, "BJ").name == "bars-return"


def test_two_layouts_of_one_banks_payment_files_are_never_live_together(
    house: sa.Engine, clock: ManualClock
) -> None:
    ours = next(one for one in shipped() if one.layout.name == "bars-payment")
    text = ours.text.replace("name: bars-payment", "name: other-payment", 1)
    text = text[: text.index("examples:")]
    made = submitted(house, clock, text)
    with pytest.raises(SluiceError, match="LAYOUT_SEVERAL"), db.transaction(house) as session:
        reviewing.sign(session, "tom", made, clock.now())


def test_a_layout_that_does_not_read_its_sample_is_not_handed_over(
    house: sa.Engine, clock: ManualClock
) -> None:
    with db.transaction(house) as session:
        now = clock.now()
        draft = drafting.begin(session, "ann", "GROUP", layout(), now, ("nov.csv", BROKEN))
        with pytest.raises(SluiceError, match="SAMPLE_REFUSED"):
            drafting.submit(session, "ann", draft.id or 0, draft.text_hash, "new", now)
        good = drafting.begin(session, "ann", "GROUP", layout(), now, ("nov.csv", SAMPLE))
        assert drafting.submit(session, "ann", good.id or 0, good.text_hash, "new", now).hash


def test_what_another_saved_meanwhile_is_not_lost(house: sa.Engine, clock: ManualClock) -> None:
    with db.transaction(house) as session:
        draft = drafting.begin(session, "ann", "GROUP", layout(), clock.now())
        seen = draft.text_hash
        drafting.save(session, "amy", draft.id or 0, layout(2), seen, clock.now())
        with pytest.raises(SluiceError, match="CONTENT_CHANGED"):
            drafting.save(session, "ann", draft.id or 0, layout(3), seen, clock.now())


def test_versions_and_activations_are_never_rewritten(house: sa.Engine, clock: ManualClock) -> None:
    signed(house, clock, layout())
    for statement in (
        "UPDATE bank_layout_version SET text = 'x'",
        "UPDATE bank_layout_activation SET hash = NULL",
        "DELETE FROM bank_layout_activation",
        "DELETE FROM bank_layout_version",
    ):
        with pytest.raises(sa.exc.DBAPIError), house.begin() as connection:
            connection.execute(sa.text(statement))
