"""Statements by file and by hand: once, whole, and named by what read them."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.layouts import drafting, reviewing
from engine.treasury.organisations.models import RoleGrant, UserAccount
from engine.treasury.statements import Imported, filing
from engine.treasury.statements.filing import FileImported, HandLine
from engine.treasury.statements.lists import quarantined
from tests.bank_layouts.support import layout
from tests.payments.world import build

ACCOUNT = "6100000001"
HEAD = "记账日期,支出,收入,余额,摘要\n"
DAY = dt.date(2026, 11, 20)
MT940 = """{1:F01X}{2:I940X}{4:
:20:S1
:25:%s
:28C:1/1
:60F:C261119CNY0,00
:61:2611201120C100,00NTRFNONREF//B1
:86:first
:62F:C261120CNY100,00
-}
"""


@pytest.fixture
def house(engine: sa.Engine, clock: ManualClock) -> sa.Engine:
    """A small group whose first account no connector reaches, with a statement layout live."""
    with db.transaction(engine) as session:
        build(session)
        for user, role in (("ann", "analyst"), ("sid", "accountant")):
            org = "SH" if user == "sid" else "GROUP"
            session.add(UserAccount(id=user, org_id=org, name=user))
            session.flush()
            session.add(RoleGrant(user_id=user, role=role, org_id=org))
        session.execute(
            sa.text("UPDATE bank_account SET direct = false WHERE number = :n"), {"n": ACCOUNT}
        )
        now = clock.now()
        draft = drafting.begin(session, "ann", "GROUP", layout(), now)
        made = drafting.submit(session, "ann", draft.id or 0, draft.text_hash, "bank", now)
        reviewing.sign(session, "boss", made.hash, now)
    return engine


def take(
    engine: sa.Engine,
    clock: ManualClock,
    text: str,
    user: str = "accountant",
    account: str | None = ACCOUNT,
) -> FileImported:
    """Import a file of this text."""
    with db.transaction(engine) as session:
        return filing.import_file(
            session, user, "s.csv", text.encode("gb18030"), clock.now(), account=account
        )


def states(done: FileImported) -> list[tuple[str, int, int]]:
    return [(one.state, one.new_lines, one.known_lines) for _, one in done.results]


def count(engine: sa.Engine, table: str = "statement_line") -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def value(engine: sa.Engine, query: str) -> object:
    with engine.connect() as connection:
        return connection.execute(sa.text(query)).scalar_one()


ONE = HEAD + "2026-11-20,,100.00,100.00,a\n"
TWO = ONE + "2026-11-20,30.00,,70.00,b\n"
LATER = HEAD + "2026-11-21,,5.00,75.00,c\n"


def test_a_file_is_read_by_the_live_layout_and_names_it(
    house: sa.Engine, clock: ManualClock
) -> None:
    done = take(house, clock, TWO)
    assert (done.format, states(done)) == ("own-statement", [("accepted", 2, 0)])
    assert value(house, "SELECT content FROM statement_file") == TWO.encode("gb18030")
    assert value(
        house,
        "SELECT v.name || s.source FROM statement s JOIN statement_file f ON f.id = s.file_id "
        "JOIN bank_layout_version v ON v.hash = f.layout_hash",
    ) == ("own-statementfile")
    assert value(house, "SELECT count(*) FROM action WHERE kind = 'arrivals.confirm'") == 1


def test_the_same_file_twice_adds_nothing_and_an_overlapping_one_only_what_is_new(
    house: sa.Engine, clock: ManualClock
) -> None:
    take(house, clock, ONE)
    assert states(take(house, clock, ONE)) == [("known", 0, 1)]
    assert states(take(house, clock, TWO)) == [("accepted", 1, 1)]
    assert states(take(house, clock, TWO)) == [("known", 0, 2)]
    assert (count(house), count(house, "statement_file")) == (2, 2)


def test_equal_lines_are_both_kept(house: sa.Engine, clock: ManualClock) -> None:
    text = ONE + "2026-11-20,100.00,,0.00,b\n2026-11-20,,100.00,100.00,a\n"
    assert states(take(house, clock, text)) == [("accepted", 3, 0)]
    assert states(take(house, clock, text)) == [("known", 0, 3)]
    assert count(house) == 3


def test_a_gap_is_quarantined_and_taken_when_what_was_missing_comes(
    house: sa.Engine, clock: ManualClock
) -> None:
    take(house, clock, ONE)
    (stopped,) = take(house, clock, LATER).results
    assert stopped[1].state == "quarantined"
    assert "70.00" in stopped[1].reasons[0].text.en
    assert count(house) == 1
    take(house, clock, HEAD + "2026-11-20,30.00,,70.00,b\n")
    assert count(house) == 3
    with db.transaction(house) as session:
        account = session.execute(
            sa.text("SELECT id FROM bank_account WHERE number = :n"), {"n": ACCOUNT}
        ).scalar_one()
        assert quarantined(session, [account]) == []


def test_a_file_that_does_not_add_up_or_names_nobody_leaves_nothing_behind(
    house: sa.Engine, clock: ManualClock
) -> None:
    broken = TWO + "2026-11-21,,1.00,99.00,c\n"
    for text, account, code in (
        (broken, ACCOUNT, "BALANCE_CHAIN"),
        (ONE, None, "ACCOUNT_MISSING"),
        (ONE, "999", "STATEMENT_ACCOUNT_UNKNOWN"),
        (MT940 % "999", None, "STATEMENT_ACCOUNT_UNKNOWN"),
        (MT940 % "6200000001", ACCOUNT, "STATEMENT_ACCOUNT_OTHER"),
    ):
        with pytest.raises(SluiceError) as caught:
            take(house, clock, text, account=account)
        assert caught.value.code == code
    assert [count(house, one) for one in ("statement", "statement_file", "statement_line")] == [
        0,
        0,
        0,
    ]


def test_a_known_format_finds_its_account_by_itself(house: sa.Engine, clock: ManualClock) -> None:
    done = take(house, clock, MT940 % "6100 000001", account=None)
    assert states(done) == [("accepted", 1, 0)]


OTHER = "6100000002"
CAMT = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>'
    "%s</BkToCstmrStmt></Document>"
)


def camt_statement(number: str, *entries: str, closing: str) -> str:
    """A statement that opens with nothing."""
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{amount}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>"
        for code, amount in (("OPBD", "0.00"), ("CLBD", closing))
    )
    rows = "".join(
        f'<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>B{place}</AcctSvcrRef></Ntry>"
        for place, (amount, side) in enumerate(each.split() for each in entries)
    )
    return (
        f"<Stmt><Id>S</Id><Acct><Id><Othr><Id>{number}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{balances}{rows}</Stmt>"
    )


def test_a_statement_with_an_unreadable_line_is_kept_back_alone_even_where_the_rest_adds_up(
    house: sa.Engine, clock: ManualClock
) -> None:
    bad = camt_statement(ACCOUNT, "100.00 CRDT", "1O.00 CRDT", "10.00 SOME", closing="100.00")
    good = camt_statement(OTHER, "7.00 CRDT", closing="7.00")
    done = take(house, clock, CAMT % (bad + good), account=None)
    assert states(done) == [("quarantined", 0, 0), ("accepted", 1, 0)]
    assert [one.reason for one in done.results[0][1].reasons] == ["UNREADABLE", "UNREADABLE"]
    assert "1O.00" in done.results[0][1].reasons[0].text.en
    # Whatever comes for the account, a line nobody has read is not forgotten.
    again = take(house, clock, CAMT % (bad + good), account=None)
    assert states(again) == [("quarantined", 0, 0), ("known", 0, 1)]
    first = camt_statement(ACCOUNT, "100.00 CRDT", "1.00 DBIT", "1.00 CRDT", closing="100.00")
    assert states(take(house, clock, CAMT % first, account=None)) == [("accepted", 3, 0)]
    with db.transaction(house) as session:
        account = session.execute(
            sa.text("SELECT id FROM bank_account WHERE number = :n"), {"n": ACCOUNT}
        ).scalar_one()
        assert filing.try_again(session, "accountant", account, clock.now()) == 0
        (kept,) = quarantined(session, [account])
        assert kept.quarantine_code == "UNREADABLE"


def test_a_file_that_breaks_off_leaves_nothing_behind(house: sa.Engine, clock: ManualClock) -> None:
    good = camt_statement(ACCOUNT, "7.00 CRDT", closing="7.00")
    with pytest.raises(SluiceError, match="STATEMENT_FILE_PART"):
        take(house, clock, (CAMT % (good + good))[:-40], account=None)
    assert count(house, "statement") == 0


def test_only_for_accounts_of_ones_own_organisations(house: sa.Engine, clock: ManualClock) -> None:
    with pytest.raises(SluiceError, match="STATEMENT_ACCOUNT_UNKNOWN"):
        take(house, clock, ONE, user="sid")
    with pytest.raises(SluiceError, match="STATEMENT_ACCOUNT_UNKNOWN"):
        take(house, clock, MT940 % ACCOUNT, user="sid", account=None)


def enter(
    engine: sa.Engine,
    clock: ManualClock,
    *lines: HandLine,
    closing: int,
    opening: int | None = None,
    user: str = "accountant",
    number: str = ACCOUNT,
) -> Imported:
    """Enter lines by hand."""
    with db.transaction(engine) as session:
        account = session.execute(
            sa.text("SELECT id FROM bank_account WHERE number = :n"), {"n": number}
        ).scalar_one()
        return filing.enter_by_hand(
            session, user, account, lines, closing, clock.now(), opening=opening, reason="by post"
        )


def test_bookings_entered_by_hand_are_marked_so_and_continue_what_is_known(
    house: sa.Engine, clock: ManualClock
) -> None:
    lines = (HandLine(DAY, "credit", 10_000, remittance="a"), HandLine(DAY, "debit", 3_000))
    assert enter(house, clock, *lines, closing=7_000, opening=0).new_lines == 2
    assert value(house, "SELECT DISTINCT source FROM statement") == "manual"
    assert value(house, "SELECT count(*) FROM audit_entry WHERE action = 'statements.by_hand'") == 1
    assert enter(house, clock, HandLine(DAY, "credit", 500), closing=7_500).state == "accepted"
    with pytest.raises(SluiceError, match="HAND_DIFFERS"):
        enter(house, clock, HandLine(DAY, "credit", 500), closing=9_999)
    assert (count(house), count(house, "statement")) == (3, 2)


def test_by_hand_is_not_for_who_pays_out_nor_for_direct_accounts(
    house: sa.Engine, clock: ManualClock
) -> None:
    line = HandLine(DAY, "credit", 1)
    for user, number, code in (
        ("cashier", ACCOUNT, "NOT_PERMITTED"),
        ("accountant", "6200000001", "ACCOUNT_DIRECT"),
        ("accountant", ACCOUNT, "OPENING_NEEDED"),
    ):
        with pytest.raises(SluiceError) as caught:
            enter(house, clock, line, closing=1, user=user, number=number)
        assert caught.value.code == code
    with pytest.raises(SluiceError, match="LINE_INVALID"):
        enter(house, clock, HandLine(DAY, "credit", 0), closing=1, opening=1)
