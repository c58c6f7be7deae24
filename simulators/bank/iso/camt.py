"""camt.053 statements and camt.052 balance reports."""

from lxml import etree

from simulators.bank.books import Account, Booking, Entry
from simulators.bank.clock import moment
from simulators.bank.iso.documents import document, to_bytes
from simulators.bank.statements import Statement
from simulators.common.money import to_major
from simulators.common.xml import add

# Bank transaction codes of the ISO external code set: family and sub-family in domain PMNT.
_CODES = {
    "payment": ("ICDT", "DMCT"),
    "collection": ("IDDT", "PMDD"),
    "receipt": ("RCDT", "DMCT"),
    "return": ("ICDT", "RRTN"),
    "debit": ("MDOP", "CHRG"),
}
_TEXTS = {
    "payment": "付款 / payment",
    "collection": "代收 / collection",
    "receipt": "来账 / incoming credit",
    "return": "退票 / returned",
    "debit": "扣款 / debit",
}


def _time(instant: int) -> str:
    return moment(instant).isoformat(timespec="seconds")


def _date(instant: int) -> str:
    return moment(instant).date().isoformat()


def _amount(parent: etree._Element, minor: int, currency: str, tag: str = "Amt") -> None:
    """Amount without sign; its direction stands beside it."""
    add(parent, tag, to_major(abs(minor), currency)).set("Ccy", currency)


def _indicator(parent: etree._Element, minor: int) -> None:
    add(parent, "CdtDbtInd", "DBIT" if minor < 0 else "CRDT")


def _balance(parent: etree._Element, code: str, minor: int, currency: str) -> etree._Element:
    balance = add(parent, "Bal")
    add(add(add(balance, "Tp"), "CdOrPrtry"), "Cd", code)
    _amount(balance, minor, currency)
    _indicator(balance, minor)
    return add(balance, "Dt")


def _account(parent: etree._Element, account: Account) -> None:
    holder = add(parent, "Acct")
    add(add(add(holder, "Id"), "Othr"), "Id", account.number)
    add(holder, "Ccy", account.currency)
    if account.name:
        add(holder, "Nm", account.name[:70])


def balance_report(account: Account, held: int, now: int, message_id: str) -> bytes:
    """camt.052.001.02 with ITBD (book) and ITAV (book less payments not processed yet)."""
    root = document("camt.052.001.02")
    body = add(root, "BkToCstmrAcctRpt")
    header = add(body, "GrpHdr")
    add(header, "MsgId", message_id)
    add(header, "CreDtTm", _time(now))
    report = add(body, "Rpt")
    add(report, "Id", message_id)
    add(report, "CreDtTm", _time(now))
    _account(report, account)
    book = account.balance or 0
    for code, minor in (("ITBD", book), ("ITAV", book - held)):
        add(_balance(report, code, minor, account.currency), "DtTm", _time(now))
    return to_bytes(root)


def statement_document(
    account: Account, statement: Statement, bookings: list[Booking], letter: str
) -> bytes:
    """camt.053.001.02 of one statement, one Ntry per booking."""
    root = document("camt.053.001.02")
    body = add(root, "BkToCstmrStmt")
    header = add(body, "GrpHdr")
    add(header, "MsgId", f"{letter}STM{statement.id:012d}")
    add(header, "CreDtTm", _time(statement.to_at))
    stated = add(body, "Stmt")
    add(stated, "Id", f"{account.number[-24:]}-{statement.sequence:06d}")
    add(stated, "ElctrncSeqNb", str(statement.sequence))
    add(stated, "CreDtTm", _time(statement.to_at))
    period = add(stated, "FrToDt")
    add(period, "FrDtTm", _time(statement.from_at))
    add(period, "ToDtTm", _time(statement.to_at))
    _account(stated, account)
    currency = account.currency
    opening_at = statement.from_at if statement.sequence > 1 else statement.to_at
    add(_balance(stated, "OPBD", statement.opening, currency), "Dt", _date(opening_at))
    for code in ("CLBD", "CLAV"):
        add(_balance(stated, code, statement.closing, currency), "Dt", _date(statement.to_at))
    for booking in bookings:
        _entry(stated, booking, currency)
    return to_bytes(root)


def _entry(parent: etree._Element, booking: Booking, currency: str) -> None:
    booked = booking.entry
    line = add(parent, "Ntry")
    _amount(line, booked.amount, currency)
    _indicator(line, booked.amount)
    add(line, "Sts", "BOOK")
    add(add(line, "BookgDt"), "Dt", _date(booking.booked_at))
    add(add(line, "ValDt"), "Dt", _date(booking.booked_at))
    add(line, "AcctSvcrRef", booking.bank_reference)
    domain = add(add(line, "BkTxCd"), "Domn")
    add(domain, "Cd", "PMNT")
    family = add(domain, "Fmly")
    family_code, sub_family_code = _CODES[booked.kind]
    add(family, "Cd", family_code)
    add(family, "SubFmlyCd", sub_family_code)
    details = add(line, "NtryDtls")
    if booked.item_count:
        _batch(details, booked, currency)
    else:
        _transaction(details, booking)


def _batch(details: etree._Element, booked: Entry, currency: str) -> None:
    batch = add(details, "Btch")
    if booked.message_id:
        add(batch, "MsgId", booked.message_id)
    add(batch, "NbOfTxs", str(booked.item_count))
    _amount(batch, booked.amount, currency, "TtlAmt")
    _indicator(batch, booked.amount)


def _transaction(details: etree._Element, booking: Booking) -> None:
    booked = booking.entry
    transaction = add(details, "TxDtls")
    references = add(transaction, "Refs")
    if booked.message_id:
        add(references, "MsgId", booked.message_id)
    add(references, "AcctSvcrRef", booking.bank_reference)
    if booked.instruction_id:
        add(references, "InstrId", booked.instruction_id)
    if booked.end_to_end_id:
        add(references, "EndToEndId", booked.end_to_end_id)
    _parties(transaction, booked)
    if booked.remittance:
        add(add(transaction, "RmtInf"), "Ustrd", booked.remittance)
    text = _TEXTS[booked.kind]
    if booked.return_code:
        returned = add(transaction, "RtrInf")
        add(add(returned, "Rsn"), "Cd", booked.return_code)
        add(returned, "AddtlInf", booked.return_text[:105])
        text = f"{text} {booked.return_code} {booked.return_text}"
    add(transaction, "AddtlTxInf", text[:500])


def _parties(transaction: etree._Element, booked: Entry) -> None:
    """The counterparty in its role: creditor of what went out, debtor of what came in.

    In a return the roles are those of the original payment.
    """
    if not (booked.counterparty_name or booked.counterparty_account):
        return
    outgoing = booked.amount < 0
    if booked.kind == "return":
        outgoing = not outgoing
    role = "Cdtr" if outgoing else "Dbtr"
    parties = add(transaction, "RltdPties")
    if booked.counterparty_name:
        add(add(parties, role), "Nm", booked.counterparty_name)
    if booked.counterparty_account:
        account = add(add(parties, f"{role}Acct"), "Id")
        add(add(account, "Othr"), "Id", booked.counterparty_account)
