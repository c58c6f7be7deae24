"""QRYSTM: statements as rows with a running balance."""

from lxml import etree

from simulators.bank.books import Account, Booking
from simulators.bank.clock import moment
from simulators.bank.statements import Statement
from simulators.common.money import to_major
from simulators.common.xml import add


def add_statement(
    parent: etree._Element, account: Account, statement: Statement, bookings: list[Booking]
) -> None:
    """Append one STM."""
    currency = account.currency
    stated = add(parent, "STM")
    add(stated, "SEQ", str(statement.sequence))
    add(stated, "STMDATE", f"{moment(statement.to_at):%Y%m%d}")
    add(stated, "CCY", currency)
    add(stated, "OPENBAL", to_major(statement.opening, currency))
    add(stated, "CLOSEBAL", to_major(statement.closing, currency))
    details = add(stated, "DETAIL")
    for booking in bookings:
        _row(details, booking, currency)


def _row(details: etree._Element, booking: Booking, currency: str) -> None:
    booked = booking.entry
    day = f"{moment(booking.booked_at):%Y%m%d}"
    row = add(details, "ROW")
    add(row, "BANKSEQ", booking.bank_reference)
    add(row, "TXDATE", day)
    add(row, "VALDATE", day)
    add(row, "DCFLAG", "D" if booked.amount < 0 else "C")
    add(row, "AMT", to_major(abs(booked.amount), currency))
    add(row, "BAL", to_major(booking.balance, currency))
    add(row, "OPPACC", booked.counterparty_account)
    add(row, "OPPNAME", booked.counterparty_name)
    as_one = booked.item_count > 0
    add(row, "REFNO", booked.message_id if as_one else booked.instruction_id)
    summary = booked.remittance
    if booked.return_code:
        summary = f"退票 {booked.return_code} {booked.return_text} {booked.remittance}".strip()
    elif as_one:
        summary = f"批量{booked.item_count}笔"
    add(row, "SUMMARY", summary)
